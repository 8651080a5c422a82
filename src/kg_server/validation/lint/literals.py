"""Rules about literals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyoxigraph as ox

from kg_server.rdf import terms
from kg_server.validation.lint.context import Found, Material
from kg_server.validation.prefilter.values import LEXICAL, XSD


def ill_typed(material: Material) -> Iterator[Found]:
    """Yield literals whose text is not valid for their datatype (RDF 1.1 Concepts §3.3).

    The engine leaves those to be looked at that are not well-formed beyond doubt.
    """
    sure = " || ".join(
        f"(?type = <{XSD}{name}> && REGEX(STR(?value), {_quoted(f'^({pattern})$')}))"
        for name, pattern in LEXICAL.items()
    )
    query = (
        "SELECT ?subject ?predicate ?value WHERE { ?subject ?predicate ?value "
        "BIND (DATATYPE(?value) AS ?type) "
        f"FILTER (STRSTARTS(STR(?type), '{XSD}') && ?type != <{XSD}string> && !({sure})) }}"
    )
    found: Any = material.store.query(query)
    for solution in found:
        subject, predicate, value = (solution[place] for place in range(3))
        if is_ill_typed(value):
            kind = material.short(value.datatype.value)
            message = f'"{value.value}" is not valid for the datatype {kind}.'
            yield Found(subject, message, predicate, value)


def is_ill_typed(literal: ox.Literal) -> bool:
    """Tell whether a literal's text is outside of its datatype's lexical space.

    >>> is_ill_typed(ox.Literal("2005-02-29", datatype=ox.NamedNode(f"{XSD}date")))
    True
    """
    text = literal.value
    if literal.datatype.value.endswith(("date", "dateTime", "gYear", "gYearMonth")):
        text = text.removeprefix("-")  # rdflib knows no year before the first
    node = ox.Literal(text, datatype=literal.datatype)
    converted: Any = terms.to_rdflib(node)
    return bool(converted.ill_typed)


def _quoted(text: str) -> str:
    return str(ox.Literal(text))
