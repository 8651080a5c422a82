"""Reconciliation: names in a table to things of the graph (W3C CG Reconciliation API 0.2)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from kg_server.errors import BadRequest, NotFound
from kg_server.search import EXACT, Hit, Index
from kg_server.web import caching
from kg_server.web.context import Context
from kg_server.web.pages import terms

MAX_QUERIES = 100
"""How many queries one batch may have."""
MAX_TEXT = 500
"""Longer names are cut: no label is as long."""
_MAX_CANDIDATES = 50
_TYPES = "http://www.w3.org/2002/07/owl#Class"
_PROPERTIES = [
    "http://www.w3.org/2002/07/owl#ObjectProperty",
    "http://www.w3.org/2002/07/owl#DatatypeProperty",
]


def register(routes: Blueprint, context: Context, index: Callable[[], Index]) -> None:
    """Answer at ``/reconcile`` and below."""

    @routes.route("/reconcile", methods=["GET", "POST"])
    def reconcile() -> Response:
        queries = request.values.get("queries")
        if queries is None:
            return _fresh(context.json(manifest(context.project.base_iri)))
        return _fresh(context.json(_match_all(_read(queries), index())))

    @routes.get("/reconcile/suggest/<kind>")
    def reconcile_suggest(kind: str) -> Response:
        return _fresh(context.json({"result": _suggestions(kind, index())}))

    @routes.get("/reconcile/preview")
    def reconcile_preview() -> Response:
        iri = _known(request.args.get("id", ""), index())
        path = terms.link(iri, context.project.base_iri)
        language = request.args.get("lang", "en")
        page = render_template(
            "preview.html",
            iri=iri,
            label=index().label(iri, language),
            types=[index().label(each, language) for each in index().types_of(iri)],
            page=path,
        )
        response = Response(page, mimetype="text/html")
        # The table's program shows this page inside its own.
        response.headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors *"
        return response

    @routes.get("/reconcile/view")
    def reconcile_view() -> AnyResponse:
        iri = _known(request.args.get("id", ""), index())
        path = terms.link(iri, context.project.base_iri)
        if path is None:
            raise NotFound(f"{iri} leads to no page.")
        return redirect(path, 303)


def manifest(base_iri: str) -> dict[str, Any]:
    """Return the service manifest (Reconciliation API 0.2 §3)."""
    service = f"{base_iri}reconcile"
    suggest = {
        kind: {"service_url": base_iri.rstrip("/"), "service_path": f"/reconcile/suggest/{kind}"}
        for kind in ("entity", "type", "property")
    }
    return {
        "versions": ["0.2"],
        "name": "Diplomatic relations",
        "identifierSpace": f"{base_iri}id/",
        "schemaSpace": f"{base_iri}ns/diplomacy#",
        "defaultTypes": [{"id": f"{base_iri}ns/diplomacy#State", "name": "state"}],
        "view": {"url": f"{service}/view?id={{{{id}}}}"},
        "preview": {"url": f"{service}/preview?id={{{{id}}}}", "width": 400, "height": 120},
        "suggest": suggest,
        "batchSize": MAX_QUERIES,
    }


def match(query: Mapping[str, Any], index: Index, batch: int = 1) -> list[dict[str, Any]]:
    """Return the candidates for one query of a batch, best first (§4.2).

    ``match`` is true for a candidate that bears the very name while no other does.
    """
    limit = query.get("limit", 5)
    if not isinstance(query.get("query"), str) or not _is_count(limit):
        raise BadRequest(
            "A query is an object with 'query', a text, and perhaps 'type', an IRI, and 'limit',"
            " a number above 0.",
            parameter="queries",
        )
    hits = _of_types(query["query"], query.get("type"), limit, index, batch)
    exact = [hit for hit in hits if hit.score == EXACT]
    return [_candidate(hit, index, match=exact == [hit]) for hit in hits]


def _of_types(text: str, given: Any, limit: int, index: Index, batch: int = 1) -> list[Hit]:
    """Search once, however many types are given: the time that a query takes is bounded."""
    given = given if isinstance(given, list) else [given or None]
    names = (each["id"] if isinstance(each, dict) and "id" in each else each for each in given)
    types = [name for name in names if name is not None]
    if not all(isinstance(each, str) for each in types):
        raise BadRequest("A query's 'type' is the IRI of a class.", parameter="queries")
    count = min(max(limit, 2), _MAX_CANDIDATES)
    wanted = frozenset(types) or None
    return index.search(text[:MAX_TEXT], types=wanted, limit=count, batch=batch)[:limit]


def _candidate(hit: Hit, index: Index, *, match: bool) -> dict[str, Any]:
    return {
        "id": hit.iri,
        "name": hit.label,
        "type": [{"id": each, "name": index.label(each)} for each in hit.types],
        "score": round(hit.score, 1),
        "match": match,
    }


def _match_all(queries: Mapping[str, Any], index: Index) -> dict[str, Any]:
    """Answer a batch: its queries share the work of a few, so that a large one costs no more."""
    batch = max(1, len(queries) // 10)
    return {key: {"result": match(query, index, batch)} for key, query in queries.items()}


def _read(text: str) -> dict[str, dict[str, Any]]:
    """Read a batch.

    Raises:
        BadRequest: it is no JSON object of queries, or has too many.
    """
    try:
        queries = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadRequest("The parameter 'queries' is not JSON.", parameter="queries") from error
    if not isinstance(queries, dict) or not all(isinstance(q, dict) for q in queries.values()):
        raise BadRequest("The parameter 'queries' is no object of queries.", parameter="queries")
    if len(queries) > MAX_QUERIES:
        raise BadRequest(f"A batch has at most {MAX_QUERIES} queries.", parameter="queries")
    return queries


def _suggestions(kind: str, index: Index) -> list[dict[str, Any]]:
    """Return what a prefix may mean (§6): an entity, a type or a property."""
    types = {"entity": [], "type": [_TYPES], "property": _PROPERTIES}.get(kind)
    if types is None:
        raise NotFound("Suggestions are of entity, type or property.")
    prefix = request.args.get("prefix", "")
    if not prefix:
        raise BadRequest("The parameter 'prefix' is missing.", parameter="prefix")
    hits = _of_types(prefix, types, 20, index)
    return [
        {
            "id": hit.iri,
            "name": hit.label,
            "description": ", ".join(index.label(each) for each in hit.types),
            "notable": [{"id": each, "name": index.label(each)} for each in hit.types],
        }
        for hit in hits
    ]


def _known(iri: str, index: Index) -> str:
    if iri not in index:
        raise NotFound(f"There is nothing that is named {iri[:200]!r}.")
    return iri


def _is_count(number: object) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and number > 0


def _fresh(response: Response) -> Response:
    response.headers["Cache-Control"] = caching.FRESH
    return response
