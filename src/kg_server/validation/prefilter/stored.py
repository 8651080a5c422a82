"""Literals in the store, which keeps numbers, booleans and dates by value."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import cast

import pyoxigraph as ox

from kg_server.rdf import namespaces as ns

_UNCHANGED = {
    f"{ns.XSD}{name}": re.compile(pattern)
    for name, pattern in {
        "integer": r"0|-?[1-9][0-9]{0,17}",
        "decimal": r"0|-?[1-9][0-9]{0,15}|(?!-?0\.0*$)-?(0|[1-9][0-9]{0,12})\.[0-9]{0,5}[1-9]",
        "boolean": r"true|false",
        "date": r"[0-9]{4}-[0-9]{2}-[0-9]{2}",
        "gYear": r"[0-9]{4}",
        "gYearMonth": r"[0-9]{4}-[0-9]{2}",
    }.items()
}
"""Lexical forms that the store certainly does not alter."""


def is_kept(literal: ox.Literal) -> bool:
    """Tell whether the store returns a literal unaltered."""
    datatype = literal.datatype.value
    if not datatype.startswith(ns.XSD) or datatype == f"{ns.XSD}string":
        return True
    sure = _UNCHANGED.get(datatype)
    if sure and sure.fullmatch(literal.value):
        return True
    return stored(literal) == literal


@lru_cache(1 << 16)
def stored(literal: ox.Literal) -> ox.Literal:
    """Return a literal as the store returns it."""
    node = ox.NamedNode("urn:x")
    store = ox.Store()
    store.add(ox.Quad(node, node, literal))
    return cast("ox.Literal", next(iter(store)).object)
