"""Reconciliation: matches names in a table to things (W3C CG Reconciliation API 0.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import unquote

from flask import Blueprint, Response, redirect, render_template, request
from rdflib import VOID, XSD, URIRef
from werkzeug.wrappers import Response as AnyResponse

from kg_server.errors import BadRequest, NotFound
from kg_server.formats import JSON
from kg_server.linked_data import documents, vocabularies
from kg_server.project.profile import in_language
from kg_server.rdf import addresses, datatypes
from kg_server.rdf.labels import fold
from kg_server.rdf.prefixes import local_name
from kg_server.search.index import CLASSES, EXACT, PROPERTIES, Hit, Index
from kg_server.sparql.terms import is_iri, literal
from kg_server.store.results import rows, values
from kg_server.web import caching, extension
from kg_server.web.context import Context
from kg_server.web.extension import named
from kg_server.web.pages import layout, overview

MAX_QUERIES = 100
"""Most queries in one batch."""
MAX_TEXT = 500
"""Longer names are cut: no label is as long."""
_MAX_CANDIDATES = 50
_SUGGESTIONS = 20
_MOST_SKIPPED = 1000
_DEFAULT_TYPES = 5
"""Number of classes that are proposed for a column of names: those with the most things."""
_MOST_BEARERS = 5000
"""Most things that are read for the queries of a batch that have properties and no name."""

_NAMING = "rdfs:label|skos:prefLabel|skos:altLabel|skos:notation"
_NAMED_VALUES = f"""
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT ?thing ?property ?value ?name WHERE {{
  {{ %s }}
  OPTIONAL {{ ?value {_NAMING} ?name }}
}}
"""
_BEARERS = """
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT ?number ?thing WHERE { %s }
"""
_BEARS = f"""
  {{ VALUES ?value {{ %(terms)s }} ?thing <%(property)s> ?value }}
  UNION {{ VALUES ?name {{ %(terms)s }} ?value {_NAMING} ?name . ?thing <%(property)s> ?value }}
"""
_PROPERTIES_SHARE = 0.4
"""Weight of a query's properties in a score; the rest is that of the name."""
_GUESSED = tuple(map(str, (XSD.integer, XSD.decimal, XSD.boolean, XSD.gYear, XSD.date, XSD.anyURI)))
"""Datatypes to try for a value of which a query gives only the text."""
_MIDNIGHT = "t00:00:00z"

Condition = tuple[str, tuple[str, ...]]
"""A property, and texts; a thing meets the condition if one of them is the property's value."""


def register(routes: Blueprint, context: Context, index: Callable[[], Index]) -> None:
    """Answer at ``/reconcile`` and below."""

    @routes.route("/reconcile", methods=["GET", "POST"])
    def reconcile() -> Response:
        queries, extended = request.values.get("queries"), request.values.get("extend")
        if extended is not None:
            return _fresh(context.json(extension.extend(extended, context, index())))
        if queries is not None:
            candidates = match_all(_read(queries), index(), context)
            return _fresh(context.json({key: {"result": each} for key, each in candidates.items()}))
        return _manifest(context, index())

    @routes.get("/reconcile/suggest/<kind>")
    def reconcile_suggest(kind: str) -> Response:
        return _fresh(context.json(_suggestions(kind, context, index())))

    @routes.get("/reconcile/properties")
    def reconcile_properties() -> Response:
        return _fresh(context.json(extension.proposals(context, index())))

    @routes.get("/reconcile/preview")
    def reconcile_preview() -> Response:
        iri = _asked(context, index())
        path = _page(iri, context, index())
        language = request.args.get("lang", "en")
        page = render_template(
            "preview.html",
            iri=iri,
            label=index().label(iri, language),
            types=[named(each, index())["name"] for each in index().types_of(iri)],
            page=path,
        )
        response = Response(page, mimetype="text/html")
        # OpenRefine shows this page in a frame of its own page.
        response.headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors *"
        return response

    @routes.get("/reconcile/view")
    def reconcile_view() -> AnyResponse:
        iri = _asked(context, index())
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
        "defaultTypes": [named(iri, index) for iri in common[:_DEFAULT_TYPES]],
        "view": {"url": f"{address}reconcile/view?id={{{{id}}}}"},
        "preview": {
            "url": f"{address}reconcile/preview?id={{{{id}}}}",
            "width": 400,
            "height": 120,
        },
        "suggest": suggest,
        "extend": {"propose_properties": properties, "property_settings": extension.SETTINGS},
        "batchSize": MAX_QUERIES,
    }


def _is_of_models(iri: str) -> bool:
    return iri.startswith(overview.LANGUAGES_OF_MODELS)


def match_all(
    queries: Mapping[str, Any], index: Index, context: Context
) -> dict[str, list[dict[str, Any]]]:
    """Return the candidates for each query of a batch, best first (§4.2).

    All queries of a batch share one budget of work, so that a large batch costs no more than a
    small one. One SPARQL query reads the properties of all candidates.
    """
    batch = max(1, len(queries) // 10)
    conditions = {key: _conditions(query) for key, query in queries.items()}
    nameless = {key: conditions[key] for key, query in queries.items() if not query.get("query")}
    bearers = _bearers([each for some in nameless.values() for each in some], context)
    by_query = {
        key: _of_types(bearers, conditions[key], query, index)
        if key in nameless
        else _hits(query, index, batch)
        for key, query in queries.items()
    }
    iris = {hit.iri for key, hits in by_query.items() if conditions[key] for hit in hits}
    held = _values_of(iris, {pid for each in conditions.values() for pid, _ in each}, context)
    return {
        key: _ranked(by_query[key], conditions[key], held, index, by_name=key not in nameless)[
            :limit
        ]
        for key, query in queries.items()
        for limit in (query.get("limit", 5),)
    }


def _hits(query: Mapping[str, Any], index: Index, batch: int) -> list[Hit]:
    """Return the things that have the name of a query, and more of them if it has properties.

    One search covers all types of the query, so that its time is bounded.
    """
    limit = query.get("limit", 5)
    most = max(limit, 10) if query.get("properties") else limit
    count = min(max(most, 2), _MAX_CANDIDATES)
    text, types = query["query"][:MAX_TEXT], _types(query)
    return index.search(text, types=types, limit=count, batch=batch)[:most]


def _of_types(
    bearers: Mapping[Condition, list[str]],
    conditions: Iterable[Condition],
    query: Mapping[str, Any],
    index: Index,
) -> list[Hit]:
    """Return the things that meet one of the conditions and have one of the query's types."""
    types = _types(query)
    iris = dict.fromkeys(iri for each in conditions for iri in bearers[each])
    hits = map(index.hit, iris)
    return [hit for hit in hits if types is None or not types.isdisjoint(hit.types)]


def _types(query: Mapping[str, Any]) -> frozenset[str] | None:
    given = query.get("type")
    given = given if isinstance(given, list) else [given or None]
    names = (each["id"] if isinstance(each, dict) and "id" in each else each for each in given)
    types = [name for name in names if name is not None]
    if not all(isinstance(each, str) for each in types):
        raise BadRequest("A query's 'type' is the IRI of a class.", parameter="queries")
    return frozenset(types) or None


def _conditions(query: Mapping[str, Any]) -> list[Condition]:
    """Return the properties of a query with the values that each may have.

    A value is a text, a number, a truth value, or a thing as ``{"id": …}``.

    Raises:
        BadRequest: the query is ill-formed: it needs a name or properties, and a limit above 0;
            properties are a list of objects with ``pid`` and ``v``, and not too many.
    """
    name, properties = query.get("query", ""), query.get("properties") or []
    if (
        not isinstance(name, str)
        or not (name or properties)
        or not _is_count(query.get("limit", 5))
    ):
        raise BadRequest(
            "A query is an object with 'query', a text, or 'properties', or both, and perhaps"
            " 'type', an IRI, and 'limit', a number above 0.",
            parameter="queries",
        )
    is_right = isinstance(properties, list) and all(
        isinstance(each, dict) and isinstance(each.get("pid"), str) and "v" in each
        for each in properties
    )
    if not is_right or len(properties) > extension.MOST_PROPERTIES:
        raise BadRequest(
            f"A query's 'properties' are a list of at most {extension.MOST_PROPERTIES} objects"
            ' such as {"pid": "http://www.w3.org/2004/02/skos/core#notation", "v": "FR"}.',
            parameter="queries",
        )
    conditions = []
    for each in properties:
        alternatives = each["v"] if isinstance(each["v"], list) else [each["v"]]
        texts = [
            text for value in alternatives[: extension.MOST_VALUES] for text in _texts_of(value)
        ]
        if is_iri(each["pid"]) and texts:
            conditions.append((each["pid"], tuple(texts)))
    return conditions


def _bearers(conditions: list[Condition], context: Context) -> dict[Condition, list[str]]:
    """Return the things that meet each condition."""
    bearers: dict[Condition, list[str]] = {each: [] for each in conditions}
    if not bearers:
        return bearers
    languages = tuple(dict.fromkeys((*context.profile.languages, *layout.LANGUAGES)))
    most, parts = max(_MOST_BEARERS // len(conditions), 1), []
    for number, (pid, texts) in enumerate(bearers):
        terms = " ".join(term for text in texts for term in _terms(text, languages))
        bears = _BEARS % {"terms": terms, "property": pid}
        parts.append(f"{{ {{ SELECT DISTINCT ?thing WHERE {{ {bears} FILTER(ISIRI(?thing)) }}"
                     f" LIMIT {most} }} BIND({number} AS ?number) }}")  # fmt: skip
    each = list(bearers)
    for row in rows(context.store, _BEARERS % " UNION ".join(parts)):
        bearers[each[int(str(row["number"]))]].append(str(row["thing"]))
    return bearers


def _terms(text: str, languages: Iterable[str]) -> Iterable[str]:
    """Yield the terms that a text may be: literals of several kinds, or an IRI."""
    yield literal(text)
    yield from (f"{literal(text)}@{language}" for language in languages)
    for kind in _GUESSED:
        if not datatypes.is_ill_typed(text, kind):
            yield literal(text, kind)
    if is_iri(text):
        yield f"<{text}>"


def _texts_of(value: Any) -> list[str]:
    """Return the texts of a value; for a date of OpenRefine, which has a time, the day as well."""
    if isinstance(value, dict):
        value = value.get("id") or value.get("name")
    if isinstance(value, bool):
        return ["true" if value else "false"]
    text = str(value)[:MAX_TEXT].strip() if isinstance(value, str | int | float) else ""
    day = text[: -len(_MIDNIGHT)] if text.lower().endswith(_MIDNIGHT) else ""
    return [each for each in (text, day) if each]


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
    held: dict[tuple[str, str], set[str]] = {}
    for row in rows(context.store, _NAMED_VALUES % " UNION ".join(branches)):
        texts = held.setdefault((str(row["thing"]), str(row["property"])), set())
        value = row["value"]
        texts.add(fold(str(value)))
        if isinstance(value, URIRef):
            texts.add(fold(local_name(value)))
        if "name" in row:
            texts.add(fold(str(row["name"])))
    return held


def _ranked(
    hits: list[Hit],
    conditions: list[Condition],
    held: Mapping[tuple[str, str], set[str]],
    index: Index,
    *,
    by_name: bool,
) -> list[dict[str, Any]]:
    """Return hits as candidates, best first.

    ``match`` is true for the only candidate with exactly this name and all the properties. Without
    a name, the properties are the whole score.
    """
    shares = {hit.iri: _share(hit.iri, conditions, held) for hit in hits}
    exact = [hit for hit in hits if hit.score == EXACT and shares[hit.iri] == 1]
    weight = (_PROPERTIES_SHARE if by_name else 1.0) if conditions else 0.0
    scores = {hit.iri: (1 - weight) * hit.score + weight * EXACT * shares[hit.iri] for hit in hits}
    return [
        _candidate(hit, scores[hit.iri], index, match=exact == [hit])
        for hit in sorted(hits, key=lambda hit: -scores[hit.iri])
    ]


def _share(
    iri: str, conditions: list[Condition], held: Mapping[tuple[str, str], set[str]]
) -> float:
    """Return the fraction of the conditions that a thing meets, from 0 to 1."""
    met = [
        any(fold(text) in held.get((iri, pid), ()) for text in texts) for pid, texts in conditions
    ]
    return sum(met) / len(met) if met else 1.0


def _candidate(hit: Hit, score: float, index: Index, *, match: bool) -> dict[str, Any]:
    return {
        "id": hit.iri,
        "name": hit.label,
        "type": [named(each, index) for each in hit.types],
        "score": round(score, 1),
        "match": match,
    }


def _read(text: str) -> dict[str, dict[str, Any]]:
    """Read a batch of queries.

    Raises:
        BadRequest: the text is not a JSON object of queries, or has too many.
    """
    queries = extension.json_object(text, "queries")
    if not all(isinstance(query, dict) for query in queries.values()):
        raise BadRequest(
            "The parameter 'queries' is an object of queries by key, such as"
            ' {"q0": {"query": "a name"}}.',
            parameter="queries",
        )
    if len(queries) > MAX_QUERIES:
        raise BadRequest(f"A batch has at most {MAX_QUERIES} queries.", parameter="queries")
    return queries


def _suggestions(kind: str, context: Context, index: Index) -> dict[str, Any]:
    """Return the entities, types or properties whose name begins with ``prefix=`` (§6).

    If there are more, ``cursor`` is the number to continue from.
    """
    types = {"entity": None, "type": CLASSES, "property": PROPERTIES}
    if kind not in types:
        raise NotFound(
            f"There are no suggestions of {kind[:80]!r}. There are: entity, property, type."
        )
    prefix, cursor = request.args.get("prefix", ""), request.args.get("cursor", "")
    if not prefix:
        raise BadRequest(
            "The parameter 'prefix' is missing: the first letters of a name.", parameter="prefix"
        )
    skipped = extension.number_or(cursor, 0)
    last = min(skipped, _MOST_SKIPPED) + _SUGGESTIONS
    # Up to half of the hits may be terms of vocabularies, which are not entities.
    hits = index.search(prefix[:MAX_TEXT], types=types[kind], limit=2 * last + 1)
    fitting = [hit for hit in hits if kind != "entity" or not index.is_term(hit.iri)]
    suggestions = [
        {
            "id": hit.iri,
            "name": hit.label,
            "description": ", ".join(named(each, index)["name"] for each in hit.types),
            "notable": [named(each, index) for each in hit.types],
        }
        for hit in fitting[skipped:last]
    ]
    if not skipped:
        suggestions += _used(kind, prefix, context, shown={hit.iri for hit in hits}, index=index)
    return {"result": suggestions, **({"cursor": last} if len(fitting) > last else {})}


def _used(
    kind: str, prefix: str, context: Context, *, shown: set[str], index: Index
) -> list[dict[str, Any]]:
    """Return terms of other vocabularies that the graph uses but gives no names."""
    predicate = {"type": VOID["class"], "property": VOID.property}.get(kind)
    if predicate is None:
        return []
    terms = {str(each) for each in context.description[0].objects(None, predicate)} - shown
    beginning = prefix.casefold()
    near = sorted(iri for iri in terms if local_name(iri).casefold().startswith(beginning))
    return [{**named(iri, index), "description": iri, "notable": []} for iri in near[:20]]


def _asked(context: Context, index: Index) -> str:
    """Return the IRI of the thing that ``id=`` names.

    OpenRefine does not encode the IRI: ``&`` and ``+`` belong to it, and ``#`` with the local name
    does not arrive. Then the IRI of the namespace is returned, which has a document.

    Raises:
        NotFound: there is no such thing.
    """
    rest = request.query_string.decode("latin-1").partition("id=")[2]
    iris = [each for each in dict.fromkeys((request.args.get("id", ""), unquote(rest))) if each]
    for iri in iris:
        if iri in index or (is_iri(iri) and documents.known(context.site, [iri])):
            return iri
    for iri in iris:
        if addresses.is_local(iri, context.site.base_iri) and index.has_names_in(f"{iri}#"):
            return iri
    raise NotFound(f"No data about {request.args.get('id', '')[:200]!r}.")


def _is_count(number: object) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and number > 0


def _fresh(response: Response) -> Response:
    response.headers["Cache-Control"] = caching.FRESH
    return response
