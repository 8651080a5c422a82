"""OpenAPI 3.1 document of the server's addresses.

The canned queries are described from their files, the fixed addresses from the table here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.metadata import version

from kg_server import errors
from kg_server.canned import CannedQuery
from kg_server.canned.parameters import TYPES, Parameter
from kg_server.formats import HTML, RESULT, Kind, of_kind
from kg_server.web import citation, exports
from kg_server.web.openapi.parts import (
    IRI,
    JSON,
    LIMIT,
    OFFSET,
    OVERLOAD,
    SCHEMAS,
    Node,
    answer,
    content,
    field_schema,
    format_parameter,
    get,
    gives,
    operation,
    problems,
    query,
)

_OTHERS = (*exports.FORMATS.values(), citation.BIBTEX, citation.CSL)
"""Formats of answers that SPARQL does not have."""
MEDIA_TYPE = "application/vnd.oai.openapi+json;version=3.1"


def document(queries: Iterable[CannedQuery], title: str, description: str, root: str) -> Node:
    """Return the OpenAPI document of a server.

    Args:
        queries: its canned queries.
        title: the title of the project.
        description: the description of the project, perhaps empty.
        root: the address of the server; relative to the document, or absolute.
    """
    paths = {f"/queries/{each.name}": _canned(each) for each in queries}
    return {
        "openapi": "3.1.1",
        "info": {
            "title": title,
            "version": version("kg-server"),
            "summary": "A graph served by kg-server: questions, search, SPARQL",
            **({"description": description} if description else {}),
        },
        "servers": [{"url": root.rstrip("/") or "/"}],
        "tags": [{"name": name} for name in ("queries", "search", "sparql", "operation")],
        "paths": {"/queries/": _listing(), **paths, **_FIXED},
        "components": {"schemas": SCHEMAS},
    }


def _canned(canned: CannedQuery) -> Node:
    window = [LIMIT, OFFSET] if canned.kind is Kind.BINDINGS else []
    others = [each for each in _OTHERS if canned.kind in each.kinds]
    form = format_parameter(canned.kind, others=[*(each.name for each in others), "svg"])
    parameters = [*map(_parameter, canned.parameters), *window, form]
    answered = answer(canned.result, canned.kind)
    answered["content"] |= {each.media_type: {} for each in others} | {"image/svg+xml": {}}
    return {
        "get": {
            "operationId": canned.name,
            "tags": ["queries"],
            "summary": canned.title,
            "description": f"{canned.description}\n\nAnswer: {canned.result}.",
            "parameters": parameters,
            "responses": {
                "200": answered,
                **problems(errors.BadRequest, errors.NotAcceptable, *OVERLOAD),
            },
        }
    }


def _parameter(parameter: Parameter) -> Node:
    schema = field_schema(parameter)
    if parameter.default is not None:
        schema["default"] = parameter.default
    described = {
        "name": parameter.name,
        "in": "query",
        "required": parameter.required,
        "description": f"{parameter.meaning}: {parameter.takes}",
        "schema": schema,
    }
    return described | ({"example": parameter.example} if parameter.example else {})


def _listing() -> Node:
    graph = content(Kind.GRAPH)
    responses = {
        "200": {"description": "The canned queries", "content": {JSON: {}, **graph}},
        **problems(errors.BadRequest, errors.NotAcceptable),
    }
    names = ["json", *(each.name for each in of_kind(Kind.GRAPH, html=True))]
    parameter = query("format", "Wins over Accept", {"type": "string", "enum": names})
    return {
        "get": operation(
            "queries", "queries", "Every canned query", parameters=[parameter], responses=responses
        )
    }


_ANY = Kind.GRAPH | RESULT
_LANG = query("lang", "Language of labels", dict(TYPES["language"].schema))
_SPARQL_RESPONSES: Mapping[str, Node] = {
    "200": answer("The query's answer; without a query, the service description", _ANY),
    **problems(
        errors.BadRequest,
        errors.MalformedQuery,
        errors.NestedTooDeeply,
        errors.UnknownFunction,
        errors.UpdateRefused,
        errors.ServiceRefused,
        errors.NotAcceptable,
        errors.QueryCrashed,
        errors.MemoryExceeded,
        *OVERLOAD,
    ),
}
_IRIS: Node = {"type": "array", "items": {"type": "string", "pattern": IRI}, "maxItems": 10}
_SPARQL_PARAMETERS = [
    query("query", "A SPARQL 1.1 query", {"type": "string"}),
    query("default-graph-uri", "Graphs that make the default graph", _IRIS),
    query("named-graph-uri", "Named graphs of the dataset", _IRIS),
    query("timeout", "Seconds", {"type": "number", "exclusiveMinimum": 0, "maximum": 3600}),
    format_parameter(_ANY, html=False),
]
_EXAMPLE = "SELECT ?class (COUNT(*) AS ?count) WHERE { ?s a ?class } GROUP BY ?class"
_SEARCH_PARAMETERS = [
    query("q", "The text to find", {"type": "string", "maxLength": 500}, required=True),
    query("type", "A class, by its IRI or local name", {"type": "string"}),
    _LANG,
    query("limit", "Things at most", {"type": "integer", "minimum": 1, "maximum": 100}),
]
_SEARCH_FORMAT = query("format", "Wins over Accept", {"type": "string", "enum": ["json", "html"]})
_BATCH: Node = {"type": "string", "description": "JSON: an object of queries by key"}
_BATCH_EXAMPLE = '{"q0": {"query": "the name of a thing", "limit": 3}}'
_OBJECT: Node = {"type": "object"}


_FIXED: Mapping[str, Node] = {
    "/search": get(
        "search",
        "search",
        "Things by label, in any language and script",
        parameters=[*_SEARCH_PARAMETERS, _SEARCH_FORMAT],
        responses={
            "200": gives("Things, the best match first", JSON, HTML.media_type, schema={}),
            **problems(errors.BadRequest, errors.NotAcceptable, *OVERLOAD),
        },
    ),
    "/search/suggest": get(
        "suggest",
        "search",
        "Suggestions for a search field (OpenSearch)",
        parameters=_SEARCH_PARAMETERS,
        responses={
            "200": gives(
                "Text, completions, descriptions, addresses",
                "application/x-suggestions+json",
                schema={"type": "array"},
            ),
            **problems(errors.BadRequest, *OVERLOAD),
        },
    ),
    "/opensearch.xml": get(
        "opensearch",
        "search",
        "Description of the search for browsers",
        parameters=[],
        responses={
            "200": gives("OpenSearch 1.1", "application/opensearchdescription+xml"),
            **problems(),
        },
    ),
    "/reconcile": {
        "get": operation(
            "reconcile",
            "search",
            "Manifest, or names matched to things (Reconciliation API 0.2)",
            parameters=[query("queries", "A batch", _BATCH) | {"example": _BATCH_EXAMPLE}],
            responses={
                "200": gives("Manifest or candidates", JSON, schema=_OBJECT),
                **problems(errors.BadRequest, *OVERLOAD),
            },
        ),
        "post": operation(
            "reconcileBatch",
            "search",
            "Names matched to things",
            requestBody={
                "required": True,
                "content": {
                    "application/x-www-form-urlencoded": {
                        "schema": {
                            "type": "object",
                            "properties": {"queries": _BATCH},
                            "required": ["queries"],
                        },
                        "example": {"queries": _BATCH_EXAMPLE},
                    }
                },
            },
            responses={
                "200": gives("Candidates by key", JSON, schema=_OBJECT),
                **problems(errors.BadRequest, errors.BodyTooLarge, *OVERLOAD),
            },
        ),
    },
    "/sparql": {
        "get": operation(
            "sparql",
            "sparql",
            "SPARQL 1.1 Protocol",
            parameters=[_SPARQL_PARAMETERS[0] | {"example": _EXAMPLE}, *_SPARQL_PARAMETERS[1:]],
            responses=_SPARQL_RESPONSES,
        ),
        "post": operation(
            "sparqlPost",
            "sparql",
            "SPARQL 1.1 Protocol, the query in the body",
            parameters=_SPARQL_PARAMETERS[1:],
            requestBody={
                "required": True,
                "content": {
                    "application/sparql-query": {"schema": {"type": "string"}, "example": _EXAMPLE}
                },
            },
            responses={
                **_SPARQL_RESPONSES,
                **problems(errors.BodyTooLarge, errors.UnsupportedMediaType),
            },
        ),
    },
    "/sparql/explain": get(
        "explain",
        "sparql",
        "The matches of each pattern of a query by itself, and what is costly",
        parameters=[_SPARQL_PARAMETERS[0] | {"required": True, "example": _EXAMPLE}],
        responses={
            "200": gives("Patterns with their matches, and advice", JSON, schema=_OBJECT),
            **problems(
                errors.BadRequest,
                errors.MalformedQuery,
                errors.NestedTooDeeply,
                errors.UnknownFunction,
                errors.UpdateRefused,
                errors.ServiceRefused,
                errors.QueryCrashed,
                errors.MemoryExceeded,
                *OVERLOAD,
            ),
        },
    ),
    "/health/ready": get(
        "ready",
        "operation",
        "Whether queries are answered",
        parameters=[],
        responses={
            "200": gives("Queries are answered", JSON, schema=_OBJECT),
            **problems(*OVERLOAD),
        },
    ),
}
