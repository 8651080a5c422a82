"""Reconciliation: names in a table to things of the graph (W3C CG Reconciliation API 0.2)."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request
from rdflib import RDF, VOID, XSD, Literal, URIRef
from rdflib.term import Node
from werkzeug.wrappers import Response as AnyResponse

from kg_server.errors import BadRequest, NotFound
from kg_server.formats import JSON
from kg_server.linked_data import vocabularies
from kg_server.project.profile import in_language
from kg_server.rdf import addresses
from kg_server.rdf.labels import fold
from kg_server.rdf.prefixes import local_name
from kg_server.search.index import CLASSES, EXACT, PROPERTIES, Hit, Index
from kg_server.store.results import rows, values
from kg_server.web import caching
from kg_server.web.context import Context
from kg_server.web.pages import overview
from kg_server.web.pages.terms import Labels

MAX_QUERIES = 100
"""Most queries in one batch."""
MAX_TEXT = 500
"""Longer names are cut: no label is as long."""
_MAX_CANDIDATES = 50
_DEFAULT_TYPES = 5
"""Number of classes that are proposed for a column of names: those of most things."""
_MOST_IDS = 1000
_MOST_PROPERTIES = 20
_MOST_VALUES = 20

_EXTENSION = """
SELECT ?thing ?property ?value WHERE { %s }
"""
_NAMED_VALUES = """
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT ?thing ?property ?value ?name WHERE {
  { %s }
  OPTIONAL { ?value rdfs:label|skos:prefLabel|skos:altLabel|skos:notation ?name }
}
"""
_PROPERTIES_SHARE = 0.4
"""Weight of a query's properties in a score; the rest is that of the name."""
_NUMBERS = {
    **dict.fromkeys((XSD.integer, XSD.int, XSD.long, XSD.nonNegativeInteger), "int"),
    **dict.fromkeys((XSD.decimal, XSD.double, XSD.float), "float"),
}


def register(routes: Blueprint, context: Context, index: Callable[[], Index]) -> None:
    """Answer at ``/reconcile`` and below."""

    @routes.route("/reconcile", methods=["GET", "POST"])
    def reconcile() -> Response:
        queries, extension = request.values.get("queries"), request.values.get("extend")
        if extension is not None:
            return _fresh(context.json(extend(_read_extension(extension), context)))
        if queries is not None:
            found = match_all(_read(queries), index(), context)
            return _fresh(context.json({key: {"result": each} for key, each in found.items()}))
        return _manifest(context, index())

    @routes.get("/reconcile/suggest/<kind>")
    def reconcile_suggest(kind: str) -> Response:
        return _fresh(context.json({"result": _suggestions(kind, context, index())}))

    @routes.get("/reconcile/properties")
    def reconcile_properties() -> Response:
        return _fresh(context.json(_proposals(context, index())))

    @routes.get("/reconcile/preview")
    def reconcile_preview() -> Response:
        iri = _known(request.args.get("id", ""), index())
        path = _page(iri, context, index())
        language = request.args.get("lang", "en")
        page = render_template(
            "preview.html",
            iri=iri,
            label=index().label(iri, language),
            types=[_named(each, index())["name"] for each in index().types_of(iri)],
            page=path,
        )
        response = Response(page, mimetype="text/html")
        # The table's program shows this page inside its own.
        response.headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors *"
        return response

    @routes.get("/reconcile/view")
    def reconcile_view() -> AnyResponse:
        iri = _known(request.args.get("id", ""), index())
        return redirect(_page(iri, context, index()), 303)


def _page(iri: str, context: Context, index: Index) -> str:
    return addresses.page_path(iri, context.site.base_iri, is_term=index.is_term(iri))


def _manifest(context: Context, index: Index) -> Response:
    response = context.json(manifest(context, index))
    return context.cacheable(response, context.etag(JSON))


def manifest(context: Context, index: Index) -> dict[str, Any]:
    """Return the service manifest (Reconciliation API 0.2 §3)."""
    address, base_iri = context.address, context.site.base_iri
    service_url = address.rstrip("/")
    vocabulary = vocabularies.main(context.vocabularies) if context.vocabularies else None
    suggest = {
        kind: {"service_url": service_url, "service_path": f"/reconcile/suggest/{kind}"}
        for kind in ("entity", "type", "property")
    }
    properties = {"service_url": service_url, "service_path": "/reconcile/properties"}
    evidence = context.site.evidence
    hidden = {evidence.claim, evidence.passage} if evidence else set()
    common = [iri for iri in index.commonest(50) if not _is_of_models(iri) and iri not in hidden]
    return {
        "versions": ["0.1", "0.2"],
        "name": in_language(context.profile.title, ("en",)) or base_iri,
        "identifierSpace": base_iri,
        "schemaSpace": vocabulary.iri if vocabulary else base_iri,
        "defaultTypes": [_named(iri, index) for iri in common[:_DEFAULT_TYPES]],
        "view": {"url": f"{address}reconcile/view?id={{{{id}}}}"},
        "preview": {
            "url": f"{address}reconcile/preview?id={{{{id}}}}",
            "width": 400,
            "height": 120,
        },
        "suggest": suggest,
        "extend": {"propose_properties": properties, "property_settings": _SETTINGS},
        "batchSize": MAX_QUERIES,
    }


_SETTINGS = [
    {
        "name": "limit",
        "label": "Limit",
        "type": "number",
        "default": 0,
        "help_text": f"Values at most; 0: as many as there are, up to {_MOST_VALUES}",
    }
]


def _is_of_models(iri: str) -> bool:
    return iri.startswith(overview.LANGUAGES_OF_MODELS)


def _named(iri: str, index: Index) -> dict[str, str]:
    return {"id": iri, "name": index.name(iri)}


def extend(wanted: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Return the values of properties of things (Reconciliation API 0.2 §7)."""
    things = [iri for iri in dict.fromkeys(wanted["ids"]) if _is_iri(iri)]
    properties = [each["id"] for each in wanted["properties"] if _is_iri(each["id"])]
    found: dict[tuple[str, str], list[Node]] = {}
    labels = Labels(context.site, request.values.get("lang", "en"))
    if things and properties:
        named = f"VALUES ?thing {{ {values(map(URIRef, things))} }}"
        branches = (
            f"{{ {named} BIND(<{each}> AS ?property) ?thing <{each}> ?value }}"
            for each in properties
        )
        for row in rows(context.store, _EXTENSION % " UNION ".join(branches)):
            found.setdefault((str(row["thing"]), str(row["property"])), []).append(row["value"])
    labels.load([*properties, *(term for each in found.values() for term in each)])
    return {
        "meta": [{"id": each["id"], "name": labels.of(each["id"]).text if _is_iri(each["id"])
                  else each["id"]} for each in wanted["properties"]],
        "rows": {
            iri: {
                each["id"]: _cells(found.get((iri, each["id"]), []), each, labels)
                for each in wanted["properties"]
            }
            for iri in wanted["ids"]
        },
    }  # fmt: skip


def _cells(found: list[Node], wanted: Mapping[str, Any], labels: Labels) -> list[dict[str, Any]]:
    """Return values as cells; of texts in several languages those in the reader's."""
    settings = wanted.get("settings")
    limit = str(settings.get("limit")) if isinstance(settings, dict) else ""
    texts = [each for each in found if isinstance(each, Literal) and each.language]
    best = labels.pick(texts)
    others = [each for each in texts if best and each.language != best.language]
    kept = [each for each in found if each not in others]
    most = int(limit[:9]) if limit.isascii() and limit.isdigit() else 0
    ordered = sorted(kept, key=str)[: min(most or _MOST_VALUES, _MOST_VALUES)]
    return [_cell(each, labels) for each in ordered]


def _cell(term: Node, labels: Labels) -> dict[str, Any]:
    if isinstance(term, URIRef):
        return {"id": str(term), "name": labels.of(str(term)).text}
    if isinstance(term, Literal):
        text = str(term)
        kind = _NUMBERS.get(term.datatype) if term.datatype else None
        with suppress(ValueError):
            if kind:
                return {kind: int(text) if kind == "int" else float(text)}
        if term.datatype in (XSD.date, XSD.dateTime):
            return {"date": text}
        if term.datatype == XSD.boolean:
            return {"bool": text in ("true", "1")}
        return {"str": text}
    return {"str": ""}


def _read_extension(text: str) -> dict[str, Any]:
    """Read a request for data extension.

    Raises:
        BadRequest: it is no JSON object with ``ids`` and ``properties``, or has too many.
    """
    wanted = _json(text, "extend")
    ids, properties = wanted.get("ids"), wanted.get("properties")
    is_right = (
        isinstance(ids, list)
        and isinstance(properties, list)
        and all(isinstance(each, str) for each in ids)
        and all(isinstance(each, dict) and isinstance(each.get("id"), str) for each in properties)
    )
    if not is_right:
        raise BadRequest(
            "The parameter 'extend' is an object with 'ids', a list of IRIs, and 'properties', a"
            ' list of objects such as {"id": "http://www.w3.org/2004/02/skos/core#notation"}.',
            parameter="extend",
        )
    if len(wanted["ids"]) > _MOST_IDS or len(wanted["properties"]) > _MOST_PROPERTIES:
        raise BadRequest(
            f"A request has at most {_MOST_IDS} ids and {_MOST_PROPERTIES} properties.",
            parameter="extend",
        )
    return wanted


def _proposals(context: Context, index: Index) -> dict[str, Any]:
    """Return the properties that things of a class have, the commonest first (§7.1)."""
    graph, class_ = context.description[0], request.args.get("type", "")
    limit = request.args.get("limit", "")
    counted: Counter[str] = Counter()
    for part in graph.subjects(VOID["class"], URIRef(class_)):
        for each in graph.objects(part, VOID.propertyPartition):
            name, number = graph.value(each, VOID.property), graph.value(each, VOID.triples)
            if name is not None and number is not None:
                counted[str(name)] += int(str(number))
    most = int(limit) if limit.isascii() and limit.isdigit() else 50
    shown = [iri for iri, _ in counted.most_common() if iri != str(RDF.type)][:most]
    return {
        "type": class_,
        "limit": most,
        "properties": [_named(iri, index) for iri in shown],
    }


def _is_iri(text: str) -> bool:
    return bool(_IRI.fullmatch(text))


_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|^`\\]*")


def match_all(
    queries: Mapping[str, Any], index: Index, context: Context
) -> dict[str, list[dict[str, Any]]]:
    """Return the candidates for each query of a batch, best first (§4.2).

    The queries share the work of a few, so that a large batch costs no more. Properties of all
    candidates are read with one SPARQL query.
    """
    batch = max(1, len(queries) // 10)
    hits = {key: _hits(query, index, batch) for key, query in queries.items()}
    given = {key: _conditions(query) for key, query in queries.items()}
    iris = {hit.iri for key, found in hits.items() if given[key] for hit in found}
    known = _values_of(iris, {pid for each in given.values() for pid, _ in each}, context)
    return {
        key: _ranked(found, given[key], known, index)[: queries[key].get("limit", 5)]
        for key, found in hits.items()
    }


def _hits(query: Mapping[str, Any], index: Index, batch: int) -> list[Hit]:
    """Return what bears the name of a query; more of it where properties decide."""
    limit = query.get("limit", 5)
    if not isinstance(query.get("query"), str) or not _is_count(limit):
        raise BadRequest(
            "A query is an object with 'query', a text, and perhaps 'type', an IRI, and 'limit',"
            " a number above 0.",
            parameter="queries",
        )
    wanted = max(limit, 10) if query.get("properties") else limit
    return _of_types(query["query"], query.get("type"), wanted, index, batch)


def _conditions(query: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """Return the properties of a query with the values that each may have.

    A value is a text, a number, a truth value, or a thing as ``{"id": …}``.

    Raises:
        BadRequest: they are not a list of objects with ``pid`` and ``v``, or too many.
    """
    given = query.get("properties") or []
    is_right = isinstance(given, list) and all(
        isinstance(each, dict) and isinstance(each.get("pid"), str) and "v" in each
        for each in given
    )
    if not is_right or len(given) > _MOST_PROPERTIES:
        raise BadRequest(
            f"A query's 'properties' are a list of at most {_MOST_PROPERTIES} objects such as"
            ' {"pid": "http://www.w3.org/2004/02/skos/core#notation", "v": "FR"}.',
            parameter="queries",
        )
    found = []
    for each in given:
        wanted = each["v"] if isinstance(each["v"], list) else [each["v"]]
        texts = [_text_of(value) for value in wanted[:_MOST_VALUES]]
        if _is_iri(each["pid"]) and any(texts):
            found.append((each["pid"], [text for text in texts if text]))
    return found


def _text_of(value: Any) -> str:
    if isinstance(value, dict):
        value = value.get("id") or value.get("name")
    if isinstance(value, bool):
        return "true" if value else "false"
    return fold(str(value)[:MAX_TEXT]) if isinstance(value, str | int | float) else ""


def _values_of(
    iris: set[str], properties: set[str], context: Context
) -> dict[tuple[str, str], set[str]]:
    """Return the values of properties of things as folded texts, IRIs and names."""
    if not iris or not properties:
        return {}
    named = f"VALUES ?thing {{ {values(map(URIRef, iris))} }}"
    branches = (
        f"{{ {named} BIND(<{each}> AS ?property) ?thing <{each}> ?value }}"
        for each in sorted(properties)
    )
    found: dict[tuple[str, str], set[str]] = {}
    for row in rows(context.store, _NAMED_VALUES % " UNION ".join(branches)):
        texts = found.setdefault((str(row["thing"]), str(row["property"])), set())
        value = row["value"]
        texts.add(fold(str(value)))
        if isinstance(value, URIRef):
            texts.add(fold(local_name(value)))
        if "name" in row:
            texts.add(fold(str(row["name"])))
    return found


def _ranked(
    hits: list[Hit],
    conditions: list[tuple[str, list[str]]],
    known: Mapping[tuple[str, str], set[str]],
    index: Index,
) -> list[dict[str, Any]]:
    """Return hits as candidates, best first.

    ``match`` is true for a candidate that bears the very name, and has all the properties, while
    no other does.
    """
    shares = {hit.iri: _share(hit.iri, conditions, known) for hit in hits}
    exact = [hit for hit in hits if hit.score == EXACT and shares[hit.iri] == 1]
    weight = _PROPERTIES_SHARE if conditions else 0.0
    scores = {hit.iri: (1 - weight) * hit.score + weight * EXACT * shares[hit.iri] for hit in hits}
    return [
        _candidate(hit, scores[hit.iri], index, match=exact == [hit])
        for hit in sorted(hits, key=lambda hit: -scores[hit.iri])
    ]


def _share(
    iri: str, conditions: list[tuple[str, list[str]]], known: Mapping[tuple[str, str], set[str]]
) -> float:
    """Return which part of the conditions a thing meets."""
    met = [any(text in known.get((iri, pid), ()) for text in texts) for pid, texts in conditions]
    return sum(met) / len(met) if met else 1.0


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


def _candidate(hit: Hit, score: float, index: Index, *, match: bool) -> dict[str, Any]:
    return {
        "id": hit.iri,
        "name": hit.label,
        "type": [_named(each, index) for each in hit.types],
        "score": round(score, 1),
        "match": match,
    }


def _read(text: str) -> dict[str, dict[str, Any]]:
    """Read a batch.

    Raises:
        BadRequest: it is no JSON object of queries, or has too many.
    """
    queries = _json(text, "queries")
    if not all(isinstance(query, dict) for query in queries.values()):
        raise BadRequest("The parameter 'queries' is no object of queries.", parameter="queries")
    if len(queries) > MAX_QUERIES:
        raise BadRequest(f"A batch has at most {MAX_QUERIES} queries.", parameter="queries")
    return queries


def _json(text: str, parameter: str) -> dict[str, Any]:
    """Return the JSON object that a parameter holds.

    Raises:
        BadRequest: it holds none.
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadRequest(
            f"The parameter {parameter!r} is not JSON.", parameter=parameter
        ) from error
    if not isinstance(found, dict):
        raise BadRequest(f"The parameter {parameter!r} is no JSON object.", parameter=parameter)
    return found


def _suggestions(kind: str, context: Context, index: Index) -> list[dict[str, Any]]:
    """Return what a prefix may mean (§6): an entity, a type or a property."""
    types = {"entity": None, "type": CLASSES, "property": PROPERTIES}
    if kind not in types:
        raise NotFound("Suggestions are of entity, type or property.")
    prefix = request.args.get("prefix", "")
    if not prefix:
        raise BadRequest("The parameter 'prefix' is missing.", parameter="prefix")
    hits = index.search(prefix[:MAX_TEXT], types=types[kind], limit=20)
    found = [
        {
            "id": hit.iri,
            "name": hit.label,
            "description": ", ".join(_named(each, index)["name"] for each in hit.types),
            "notable": [_named(each, index) for each in hit.types],
        }
        for hit in hits
        if kind != "entity" or not index.is_term(hit.iri)
    ]
    return found + _used(kind, prefix, context, {hit.iri for hit in hits}, index)


def _used(
    kind: str, prefix: str, context: Context, known: set[str], index: Index
) -> list[dict[str, Any]]:
    """Return terms of other vocabularies that the graph uses but gives no names."""
    predicate = {"type": VOID["class"], "property": VOID.property}.get(kind)
    if predicate is None:
        return []
    terms = {str(each) for each in context.description[0].objects(None, predicate)} - known
    wanted = prefix.casefold()
    near = sorted(iri for iri in terms if local_name(iri).casefold().startswith(wanted))
    return [{**_named(iri, index), "description": iri, "notable": []} for iri in near[:20]]


def _known(iri: str, index: Index) -> str:
    if iri not in index:
        raise NotFound(f"There is nothing that is named {iri[:200]!r}.")
    return iri


def _is_count(number: object) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and number > 0


def _fresh(response: Response) -> Response:
    response.headers["Cache-Control"] = caching.FRESH
    return response
