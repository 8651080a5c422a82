"""Views for frames of other sites: the answer of a question, a claim, a dispute.

Tables of things are in the module ``things``.

These pages have no script and no form, and are the only ones that other sites may frame.
"""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request

from kg_server import canned
from kg_server.errors import NotFound
from kg_server.formats import HTML
from kg_server.linked_data import documents
from kg_server.rdf import addresses
from kg_server.sparql import protocol
from kg_server.web import canned_pages, citation
from kg_server.web.context import Context
from kg_server.web.pages import claims, layout
from kg_server.web.pages.terms import Labels

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'none'; "
    "base-uri 'none'; frame-ancestors *"
)


def blueprint(context: Context) -> Blueprint:
    """Answer at ``/embed/queries/NAME``, ``/embed/doc/…`` and ``/embed/doc?iri=…``."""
    routes = Blueprint("embed", __name__)

    @routes.get("/embed/queries/<name>")
    def question(name: str) -> Response:
        asked = canned_pages.asked_page(context, canned.find(context.queries, name))
        page = render_template("embed_answer.html", **asked.shown, cited=asked.cited)
        return framed(context, page, asked.text)

    @routes.get("/embed/doc")
    def by_iri() -> Response:
        iri = request.args.get("iri", "")
        protocol.absolute_iri(iri, "iri")
        return _thing(context, iri)

    @routes.get("/embed/doc/<path:name>")
    def thing(name: str) -> Response:
        iri = documents.find(context.site, name)
        if iri is None:
            raise context.unknown(next(addresses.thing_iris(name, context.site.base_iri)))
        return _thing(context, iri)

    return routes


def is_frame(path: str) -> bool:
    """Tell whether a path is one of these views: its errors are shown in the frame, too."""
    return path.startswith("/embed/")


def _thing(context: Context, iri: str) -> Response:
    """Answer with a claim or a conflict for a frame.

    Raises:
        NotFound: the IRI is neither a claim nor a conflict.
    """
    evidence = claims.about(context.site, iri)
    conflict = next((each for each in evidence.conflicts if each.iri == iri), None)
    claim = evidence.claims.get(iri)
    if conflict is None and claim is None:
        raise NotFound(
            f"{iri} cannot be embedded: it is neither a claim nor a conflict. Answers of questions "
            "can be embedded too, at /embed/queries/NAME."
        )
    labels = Labels(context.site, layout.page_language())
    labels.load([iri, *evidence.terms()])
    page = render_template(
        "embed_claim.html",
        conflict=conflict,
        claim=claim,
        evidence=evidence,
        labels=labels,
        cited=citation.of_thing(context, iri, evidence, labels),
    )
    return framed(context, page, iri)


def framed(context: Context, page: str, *parts: object) -> Response:
    """Return a page that other sites may frame; ``parts`` are what it depends on."""
    response = Response(page, content_type=HTML.content_type)
    response.headers["Content-Security-Policy"] = POLICY
    return context.cacheable(response, context.etag(HTML, *parts, citation.today()))
