"""The pieces that an OpenAPI document is made of: parameters, responses, operations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kg_server import errors
from kg_server.canned.parameters import TYPES, Parameter
from kg_server.errors import Problem
from kg_server.formats import HTML, Kind, of_kind

Node = dict[str, Any]

OVERLOAD = (errors.Overloaded, errors.QueryTimeout, errors.ResultTooLarge)
JSON = "application/json"
IRI = r"^[A-Za-z][A-Za-z0-9+.\-]*:[^\s<>\"{}|\\^`]+$"


def field_schema(parameter: Parameter) -> Node:
    """Return the JSON Schema of a parameter's text."""
    if parameter.choices:
        return {"type": "string", "enum": list(parameter.choices)}
    if parameter.type == "iri":
        return {"type": "string", "pattern": IRI}
    return dict(TYPES[parameter.type].schema)


def query(name: str, description: str, schema: Node, *, required: bool = False) -> Node:
    """Return a parameter of the query string."""
    return {
        "name": name,
        "in": "query",
        "required": required,
        "description": description,
        "schema": schema,
    }


def format_parameter(kind: Kind, *, html: bool = True, others: Iterable[str] = ()) -> Node:
    """Return the parameter that chooses a format: one of a kind, or one of ``others``."""
    names = [*dict.fromkeys([*(each.name for each in of_kind(kind, html=html)), *others])]
    return query("format", "Wins over Accept", {"type": "string", "enum": names})


LIMIT = query("limit", "Rows at most", {"type": "integer", "minimum": 1, "maximum": 100_000})
OFFSET = query("offset", "Rows left out", {"type": "integer", "minimum": 0, "maximum": 10**9})


def content(kind: Kind, *, html: bool = True) -> Node:
    """Return every media type in which an answer of a kind comes."""
    return {
        media_type: {"schema": _schema_of(media_type)}
        for each in of_kind(kind, html=html)
        for media_type in (each.media_type, *(() if each.is_page else each.aliases))
    }


def _schema_of(media_type: str) -> Node:
    return {"$ref": "#/components/schemas/Results"} if "results+json" in media_type else {}


def answer(description: str, kind: Kind, *, html: bool = True) -> Node:
    """Return the response of a query of a kind."""
    return {"description": description, "content": content(kind, html=html)}


def gives(description: str, *media_types: str, schema: Node | None = None) -> Node:
    """Return a response in some media types."""
    return {
        "description": description,
        "content": {each: {"schema": schema or {}} for each in media_types},
    }


def problems(*kinds: type[Problem]) -> Node:
    """Return the responses for problems, by status; every address can fail with 500."""
    by_status: dict[str, list[str]] = {}
    every: tuple[type[Problem], ...] = (*kinds, Problem)
    for kind in every:
        meaning = (kind.__doc__ or "").strip().partition("\n")[0]
        by_status.setdefault(str(kind.status), []).append(
            meaning if kind is not Problem else kind.title
        )
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {
            "description": " ".join(dict.fromkeys(meanings)),
            "content": {"application/problem+json": {"schema": schema}, HTML.media_type: {}},
        }
        for status, meanings in sorted(by_status.items())
    }


def operation(name: str, tag: str, summary: str, **members: Any) -> Node:
    """Return an operation."""
    return {"operationId": name, "tags": [tag], "summary": summary, **members}


def get(name: str, tag: str, summary: str, *, parameters: list[Node], responses: Node) -> Node:
    """Return the operations of an address that has GET only."""
    return {"get": operation(name, tag, summary, parameters=parameters, responses=responses)}


SCHEMAS: Mapping[str, Node] = {
    "Problem": {
        "type": "object",
        "description": "RFC 9457",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": {"type": "string"},
        },
    },
    "Results": {
        "type": "object",
        "description": "SPARQL 1.1 Query Results JSON Format",
        "required": ["head"],
        "properties": {
            "head": {"type": "object"},
            "boolean": {"type": "boolean"},
            "results": {
                "type": "object",
                "required": ["bindings"],
                "properties": {"bindings": {"type": "array", "items": {"type": "object"}}},
            },
        },
    },
}
