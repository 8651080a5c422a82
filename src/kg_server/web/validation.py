"""The validation report of the graph: as a page, as RDF, as JSON (SHACL §3.6)."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request

from kg_server import formats
from kg_server.errors import NotFound, Overloaded, Problem
from kg_server.formats import HTML, JSON, Format, Kind, named
from kg_server.linked_data import serialize
from kg_server.rdf import namespaces as ns
from kg_server.rdf import transcode
from kg_server.validation import reports
from kg_server.validation.report import Report
from kg_server.web.context import Context
from kg_server.web.pages import findings
from kg_server.web.pages.layout import page_language
from kg_server.web.pages.terms import Labels

_TURTLE = named("turtle", Kind.GRAPH)
_PREFIXES = {"sh": ns.SH}


def blueprint(context: Context) -> Blueprint:
    """Answer at ``/validation``, by negotiation or with an extension."""
    routes = Blueprint("validation", __name__)

    @routes.get("/validation")
    @routes.get("/validation.<extension>")
    def validation(extension: str | None = None) -> Response:
        chosen = _choose(extension or request.args.get("format") or None)
        if chosen.is_page:
            return _page(context)
        if context.report is None:
            raise _no_report(context)
        response = Response(
            _written(context, context.report, chosen), content_type=chosen.content_type
        )
        # JSON tells how long it took.
        return context.cacheable(response, context.etag(chosen, context.report.seconds))

    return routes


def _no_report(context: Context) -> Problem:
    if context.is_validating:
        return Overloaded("The validation has not ended yet.", headers={"Retry-After": "5"})
    if context.unvalidated:
        return NotFound("The validation was given up, so there is no report.")
    return NotFound("This server was started without validation, so there is no report.")


def _choose(name: str | None) -> Format:
    if name is not None:
        return JSON if name == "json" else named(name, Kind.GRAPH, html=True)
    chosen = formats.negotiate(request.headers.get("Accept"), Kind.GRAPH, html=True)
    return JSON if chosen.media_type == JSON.media_type else chosen


def _written(context: Context, report: Report, chosen: Format) -> bytes:
    if chosen.name == JSON.name:
        return reports.as_json(report, context.project).encode()
    turtle = reports.turtle(report, context.project)
    if chosen.name == _TURTLE.name:
        return turtle.encode()
    # Blank nodes get the same labels each time, so that the same report is the same bytes.
    statements = transcode.triples([transcode.canonical(turtle.encode())])
    return serialize.flat(statements, chosen, _PREFIXES)


def _page(context: Context) -> Response:
    report = context.report
    labels = Labels(context.site, page_language())
    page = render_template(
        "validation.html",
        counts=None if report is None else findings.counts(report),
        findings=() if report is None else findings.shown(report, labels),
    )
    response = Response(page, content_type=HTML.content_type)
    return context.cacheable(response, context.etag(HTML))
