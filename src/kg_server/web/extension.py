"""Data extension: new columns for a table whose names were matched to things.

Part of the reconciliation service (W3C CG Reconciliation API 0.2 §7).
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from flask import request
from rdflib import RDF, VOID, XSD, Graph, Literal, URIRef
from rdflib.term import Node

from kg_server.errors import BadRequest
from kg_server.rdf import datatypes
from kg_server.search.index import Index
from kg_server.sparql.terms import is_iri
from kg_server.store.results import rows, values
from kg_server.web.context import Context
from kg_server.web.pages.terms import Labels

MOST_PROPERTIES = 20
MOST_VALUES = 20
_MOST_IDS = 1000
_PROPOSED = 50
_MOST_WHOLE = 2**31 - 1
"""OpenRefine 3.8 reads larger numbers modulo 2³²."""
_MOST_EXACT = 2**53

_EXTENSION = """
SELECT ?thing ?property ?value WHERE { %s FILTER(!ISBLANK(?value)) }
"""
_WHOLE_NUMBERS = frozenset((XSD.integer, XSD.int, XSD.long, XSD.nonNegativeInteger))
_NUMBERS = frozenset((XSD.decimal, XSD.double, XSD.float))
_DAY = re.compile(r"(-?(?:[1-9][0-9]*)?[0-9]{4}-(?:1[0-2]|0[1-9])-(?:3[01]|0[1-9]|[12][0-9]))(.*)")
_TIME = re.compile(
    r"T(?:2[0-3]|[01][0-9]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?"
    r"(?:Z|[+-](?:2[0-3]|[01][0-9]):[0-5][0-9])?"
)
"""A time as the specification's schema of responses has it."""

SETTINGS = [
    {
        "name": "limit",
        "label": "Limit",
        "type": "number",
        "default": 0,
        "help_text": f"Values at most; 0: as many as there are, up to {MOST_VALUES}",
    }
]
"""Settings of a property, which the manifest declares."""


def extend(text: str, context: Context, index: Index) -> dict[str, Any]:
    """Return the values of properties of things (§7.4).

    Args:
        text: the query as JSON: ``ids`` of things, and ``properties``.
        context: the graph.
        index: its names.

    Raises:
        BadRequest: the text is not such a query, or has too many things or properties.
    """
    query = _read(text)
    things = [iri for iri in dict.fromkeys(query["ids"]) if is_iri(iri)]
    properties = [each["id"] for each in query["properties"] if is_iri(each["id"])]
    nodes: dict[tuple[str, str], list[Node]] = {}
    labels = Labels(context.site, request.values.get("lang", "en"))
    if things and properties:
        named = f"VALUES ?thing {{ {values(map(URIRef, things))} }}"
        branches = (
            f"{{ {named} BIND(<{each}> AS ?property) ?thing <{each}> ?value }}"
            for each in properties
        )
        for row in rows(context.store, _EXTENSION % " UNION ".join(branches)):
            nodes.setdefault((str(row["thing"]), str(row["property"])), []).append(row["value"])
    labels.load([*properties, *(term for each in nodes.values() for term in each)])
    return {
        "meta": [_meta(each["id"], context, index, labels) for each in query["properties"]],
        "rows": {
            iri: {
                each["id"]: _cells(nodes.get((iri, each["id"]), []), each, labels)
                for each in query["properties"]
            }
            for iri in query["ids"]
        },
    }


def _meta(property_iri: str, context: Context, index: Index, labels: Labels) -> dict[str, Any]:
    """Return the name of a property, and the class of its values if they are things."""
    if not is_iri(property_iri):
        return {"id": property_iri, "name": property_iri}
    meta: dict[str, Any] = {"id": property_iri, "name": labels.of(property_iri).text}
    if class_iri := _class_of_values(property_iri, context.description[0]):
        meta["type"] = named(class_iri, index)
    return meta


def _class_of_values(property_iri: str, description: Graph) -> str | None:
    """Return the class of most values of a property; among equals, the class of fewest things."""
    counted: Counter[str] = Counter()
    for properties in description.subjects(VOID.property, URIRef(property_iri)):
        for part in description.objects(properties, VOID.classPartition):
            class_iri = str(description.value(part, VOID["class"]))
            counted[class_iri] += _number(description, part, VOID.triples)

    def size(class_iri: str) -> int:
        parts = description.subjects(VOID["class"], URIRef(class_iri))
        return max((_number(description, part, VOID.entities) for part in parts), default=0)

    best = max(counted.values(), default=0)
    return min((each for each in counted if counted[each] == best), key=size, default=None)


def _number(graph: Graph, subject: Node, predicate: Node) -> int:
    return int(str(graph.value(subject, predicate) or 0))


def _cells(nodes: list[Node], column: Mapping[str, Any], labels: Labels) -> list[dict[str, Any]]:
    """Return values as cells; of texts in several languages, only those in the best one."""
    settings = column.get("settings")
    limit = str(settings.get("limit")) if isinstance(settings, dict) else ""
    texts = [each for each in nodes if isinstance(each, Literal) and each.language]
    best = labels.pick(texts)
    others = [each for each in texts if best and each.language != best.language]
    kept = [each for each in nodes if each not in others]
    most = number_or(limit, 0)
    ordered = sorted(kept, key=str)[: min(most or MOST_VALUES, MOST_VALUES)]
    return [_cell(each, labels) for each in ordered]


def _cell(term: Node, labels: Labels) -> dict[str, Any]:
    text = str(term)
    if not isinstance(term, Literal):
        return {"id": text, "name": labels.of(text).text}
    if term.datatype is None or datatypes.is_ill_typed(text, str(term.datatype)):
        return {"str": text}
    if term.datatype in _WHOLE_NUMBERS or term.datatype in _NUMBERS:
        return _number_cell(text, is_whole=term.datatype in _WHOLE_NUMBERS)
    if term.datatype in (XSD.date, XSD.dateTime):
        return _date_cell(text)
    return {"bool": text in ("true", "1")} if term.datatype == XSD.boolean else {"str": text}


def _number_cell(text: str, *, is_whole: bool) -> dict[str, Any]:
    """Return a number as the API has it, or its text if readers of JSON would change it."""
    number = float(text)
    if is_whole and abs(number) <= _MOST_WHOLE:
        return {"int": int(number)}
    exact = math.isfinite(number) and (not is_whole or abs(number) < _MOST_EXACT)
    return {"float": number} if exact else {"str": text}


def _date_cell(text: str) -> dict[str, str]:
    """Return a date as the API has it, with a time: a day begins at midnight UTC."""
    day = _DAY.fullmatch(text)
    if day and not day[2].startswith("T"):
        text = f"{day[1]}T00:00:00{day[2] or 'Z'}"
        day = _DAY.fullmatch(text)
    return {"date": text} if day and _TIME.fullmatch(day[2]) else {"str": text}


def _read(text: str) -> dict[str, Any]:
    """Read a request for data extension.

    Raises:
        BadRequest: the text is not a JSON object with ``ids`` and ``properties``, or has too many.
    """
    query = json_object(text, "extend")
    ids, properties = query.get("ids"), query.get("properties")
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
    if len(query["ids"]) > _MOST_IDS or len(query["properties"]) > MOST_PROPERTIES:
        raise BadRequest(
            f"A request has at most {_MOST_IDS} ids and {MOST_PROPERTIES} properties.",
            parameter="extend",
        )
    return query


def proposals(context: Context, index: Index) -> dict[str, Any]:
    """Return the properties that things of a class have, the commonest first (§7.2).

    Without a class, the properties of all things are returned. OpenRefine does not encode the IRI
    of the class in its request, so that ``#`` and the local name do not arrive. Then the properties
    of all classes in that namespace are returned.
    """
    graph, class_iri = context.description[0], request.args.get("type", "")
    limit = request.args.get("limit", "")
    classes = {str(each) for each in graph.objects(None, VOID["class"])}
    if class_iri in classes:
        classes = {class_iri}
    elif class_iri:
        classes = {each for each in classes if each.startswith(f"{class_iri}#")}
    counted: Counter[str] = Counter()
    for each in classes:
        for part in graph.subjects(VOID["class"], URIRef(each)):
            for properties in graph.objects(part, VOID.propertyPartition):
                name = str(graph.value(properties, VOID.property))
                counted[name] += _number(graph, properties, VOID.triples)
    most = number_or(limit, _PROPOSED)
    ranked = sorted(counted, key=lambda iri: (-counted[iri], iri))
    shown = [iri for iri in ranked if iri != str(RDF.type)][:most]
    return {
        "type": class_iri,
        "limit": most,
        "properties": [named(iri, index) for iri in shown],
    }


def named(iri: str, index: Index) -> dict[str, str]:
    """Return a class or property as the API names it."""
    return {"id": iri, "name": index.name(iri)}


def number_or(text: str, default: int) -> int:
    """Return a text of digits as a number, at most nine digits of it; else the default."""
    return int(text[:9]) if text.isascii() and text.isdigit() else default


def json_object(text: str, parameter: str) -> dict[str, Any]:
    """Return the JSON object that a parameter holds.

    Raises:
        BadRequest: the text is not a JSON object.
    """
    try:
        parsed = json.loads(text)
        json.dumps(parsed, ensure_ascii=False).encode()  # an escape may be half a character
    except (ValueError, RecursionError) as error:
        raise BadRequest(
            f"The parameter {parameter!r} is not JSON.", parameter=parameter
        ) from error
    if not isinstance(parsed, dict):
        raise BadRequest(f"The parameter {parameter!r} is not a JSON object.", parameter=parameter)
    return parsed
