"""The page about the interfaces of this site: examples to copy, addresses, limits."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from flask import Blueprint, Response, render_template

from kg_server.formats import HTML
from kg_server.web.context import Context
from kg_server.web.pages import layout, results
from kg_server.web.pages.questions import title

_EVERYTHING = "SELECT ?class (COUNT(*) AS ?count) WHERE { ?thing a ?class } GROUP BY ?class"


def blueprint(context: Context) -> Blueprint:
    """Answer at ``/api``."""
    routes = Blueprint("api", __name__)

    @routes.get("/api")
    def interfaces() -> Response:
        about, page, code = example(context)
        page = render_template(
            "api.html",
            about=about,
            page=page,
            examples=code,
            addresses=addresses(context),
            seconds=f"{context.settings.query_timeout_s:g}",
        )
        return context.cacheable(Response(page, content_type=HTML.content_type), context.etag(HTML))

    return routes


def example(context: Context) -> tuple[str, str, list[tuple[str, str]]]:
    """Return the examples' title, the address of their page, and their code in each language.

    The examples run the first query of the home page. Without one they run the first canned query,
    and without any canned query they count the things of each class by SPARQL.
    """
    language = layout.page_language()
    first = context.home[0] if context.home else None
    query = first.query if first else next(iter(context.queries.values()), None)
    if query is None:
        asked = urlencode({"query": _EVERYTHING})
        code = results.query_code(f"{context.address}sparql", _EVERYTHING)
        return "", f"/sparql?{asked}", code
    values = dict(first.given) if first else query.example_without_defaults
    given = f"?{urlencode(values)}" if values else ""
    code = results.code(f"{context.address}queries/{query.name}", values)
    return title(query, language), f"/queries/{query.name}{given}", code


def addresses(context: Context) -> list[tuple[str, str, str]]:
    """Return the name, the path and an example of each interface that there is, in English."""
    rows = []
    if query := next(iter(context.queries.values()), None):
        given = urlencode(query.example_without_defaults)
        shown = f"queries/{query.name}.csv" + (f"?{given}" if given else "")
        rows.append(("Questions", "/queries/", shown))
    if context.overview.classes:
        rows.append(("Tables of things", "/things/", "things/"))
    things = [iri for each in context.overview.classes for iri in each.examples]
    if things:
        shown = f"doc?iri={quote(things[0], safe=':/')}&format=turtle"
        rows.append(("One thing, by its IRI", "/doc?iri=", shown))
    ask = urlencode({"query": _EVERYTHING, "format": "csv"})
    return [
        *rows,
        ("SPARQL", "/sparql", f"sparql?{ask}"),
        ("Search", "/search", "search?q=a&format=json"),
        ("Reconciliation, for OpenRefine", "/reconcile", "reconcile"),
        ("Whole graph", "/dump.ttl", "dump.ttl"),
    ]
