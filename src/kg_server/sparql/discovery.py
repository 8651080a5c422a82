"""Queries for the server's own description, recognised by the terms that they use."""

from __future__ import annotations

import re

from kg_server.rdf import namespaces as ns
from kg_server.sparql import lexer
from kg_server.sparql.query import Query

_NAMESPACES = (
    ns.VOID,
    ns.VOID_EXT,
    ns.SD,
)
"""Vocabularies of data sets and services; a query with one of their terms gets the description."""
_EXECUTABLES = frozenset(
    ns.SH + name
    for name in (
        *("SPARQLExecutable", "SPARQLSelectExecutable", "SPARQLAskExecutable"),
        *("SPARQLConstructExecutable", "select", "ask", "construct", "Parameter", "parameter"),
        *("PrefixDeclaration", "declare", "namespace", "prefix", "prefixes"),
    )
)
"""The terms of SHACL that describe queries and prefixes (SHACL §5.2.1, SHACL-AF §5, §7)."""
_DECLARATION = re.compile(r"(?i)\bPREFIX\s+([\w.-]*):\s*<([^>]*)>")


def asks_for_description(query: Query) -> bool:
    """Tell whether a query uses a term that describes data sets, services or queries."""
    mentioned = "".join((query.text, *query.bindings.values()))
    if not query.prefixes and not any(each in mentioned for each in (*_NAMESPACES, ns.SH)):
        return False
    prefixes = {**query.prefixes, **dict(_DECLARATION.findall(query.text))}
    named = lexer.iris(mentioned, prefixes) - set(prefixes.values())
    return any(each in _EXECUTABLES or each.startswith(_NAMESPACES) for each in named)
