"""SPARQL constraints (SHACL §5) that can be evaluated once for all focus nodes."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from kg_server.sparql import lexer
from kg_server.validation.prefilter import values
from kg_server.validation.prefilter.values import Unsievable

if TYPE_CHECKING:
    from rdflib import Graph
    from rdflib.term import Node

_OTHERWISE = re.compile(
    r"\b(MINUS|VALUES|SERVICE|OPTIONAL|UNION|GRAPH|LIMIT|OFFSET|FROM|COUNT\s*\(\s*\*)",
    re.IGNORECASE,
)
_BARE = {"iri": "<>", "name": "x:y", "blank": "x:y", "string": " ", "comment": " "}
_ANY_PREDICATE = re.compile(
    r"([$?]\w+|[>y])\s+[$?]\w+\s+([$?\w<\"']|x:y)|;\s*[$?]\w+\s|[\w>]\s+!\s*\(?\s*(x:y|<>|\^|a\b)"
)
"""A variable between two terms, or after a semicolon: a predicate, or something like one. Or a
negated property set."""
_STANDARD = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "owl": "http://www.w3.org/2002/07/owl#",
}
"""Prefixes that pySHACL declares in every query."""


def for_all(shapes: Graph, shape: Node, altered: Collection[str]) -> list[str]:
    """Return the queries of a shape's SPARQL constraints, to be asked with ``$this`` unbound.

    With ``$this`` bound in advance (SHACL §5.3.1) a query has a solution for a focus node only if
    it has one for it unbound, as long as the first pattern binds it and nothing in the query hides
    a variable or depends on how many solutions there are.

    Args:
        shapes: the shapes graph.
        shape: the shape.
        altered: the predicates with values that the store has altered, so that neither their
            characters nor their datatypes count.

    Raises:
        Unsievable: a query is not of that kind.
    """
    found = []
    for constraint in shapes.objects(shape, values.term("sparql")):
        if values.flag(shapes, constraint, "deactivated"):
            continue
        for text in shapes.objects(constraint, values.term("select")):
            query, prefixes = str(text), declared(shapes, constraint)
            if not is_plain(query) or _reads_as_written(query, prefixes, altered):
                raise Unsievable("a query")
            heads = (f"PREFIX {name}: <{space}>\n" for name, space in prefixes.items())
            found.append("".join(heads) + query)
    return found


def _reads_as_written(query: str, prefixes: Mapping[str, str], altered: Collection[str]) -> bool:
    """Tell whether a query may look at a literal that the store has altered."""
    if not altered:
        return False
    if _ANY_PREDICATE.search(_bare(query).partition("{")[2].rpartition("}")[0]):
        return True
    return not lexer.iris(query, prefixes).isdisjoint(altered)


def is_plain(query: str) -> bool:
    """Tell whether a query can be asked for all focus nodes at once.

    >>> is_plain("SELECT $this { $this <urn:p> ?v . FILTER NOT EXISTS { ?v <urn:q> $this } }")
    True
    >>> is_plain("SELECT $this { { $this <urn:p> ?v } UNION { $this <urn:q> ?v } }")
    False
    """
    bare = _bare(query)
    head, brace, body = bare.partition("{")
    if not brace or _OTHERWISE.search(bare) or len(re.findall(r"(?i)\bSELECT\b", bare)) != 1:
        return False
    if re.search(r"[$?](shapesGraph|currentShape|failure|PATH)\b", bare):
        return False
    if not re.search(r"[$?]this\b", head) or not re.match(r"\s*[$?]this\s+[^\s{}.]", body):
        return False
    inner = [body[: found.start()] for found in re.finditer(r"\{", body)]
    if not all(re.search(r"(?i)\bEXISTS\s*$", before) for before in inner):
        return False
    grouped = re.search(r"(?i)\bGROUP\s+BY\b([^{}]*?)(?:\bHAVING\b|\bORDER\b|$)", body)
    if grouped:
        return bool(re.search(r"[$?]this\b", grouped[1]))
    return "(" not in head and not re.search(r"(?i)\bHAVING\b", body)


def _bare(query: str) -> str:
    """Return a query without strings and comments, and with the same for all IRIs and names."""
    return "".join(_BARE.get(token.kind, token.text) for token in lexer.tokens(query))


def declared(shapes: Graph, constraint: Node) -> dict[str, str]:
    """Return the prefixes of a constraint (SHACL §5.2.1), as pySHACL declares them.

    Raises:
        Unsievable: one is declared in two ways.
    """
    from rdflib import OWL, RDF

    holders = {*shapes.objects(constraint, values.term("prefixes"))}
    if holders:
        holders.update(shapes.subjects(RDF.type, OWL.Ontology))
    found = dict(_STANDARD)
    for holder in sorted(holders, key=str):
        for each in shapes.objects(holder, values.term("declare")):
            prefix = shapes.value(each, values.term("prefix"))
            namespace = shapes.value(each, values.term("namespace"))
            if prefix is None or found.get(str(prefix), str(namespace)) != str(namespace):
                raise Unsievable("prefixes")
            found[str(prefix)] = str(namespace)
    return found
