"""Conversion of RDF terms between rdflib, pyoxigraph and N-Triples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyoxigraph
from rdflib import BNode, Literal, URIRef

from kg_server.rdf import namespaces as ns

if TYPE_CHECKING:
    from rdflib.term import Identifier, Node


def n_triples(term: Node) -> str:
    r"""Return a term in N-Triples syntax (RDF 1.1 N-Triples §3), always on one line.

    >>> from rdflib import Literal
    >>> n_triples(Literal('a "b"\nc', lang="en"))
    '"a \\"b\\"\\nc"@en'
    """
    if not isinstance(term, Literal):
        return term.n3()
    # rdflib's n3() writes Turtle: a text with a line break gets triple quotes.
    text = str(term)
    for character, escape in (("\\", "\\\\"), ("\n", "\\n"), ("\r", "\\r"), ('"', '\\"')):
        text = text.replace(character, escape)
    suffix = f"@{term.language}" if term.language else ""
    return f'"{text}"{suffix}' + (f"^^<{term.datatype}>" if term.datatype else "")


def to_rdflib(term: Any) -> Identifier:
    """Return a pyoxigraph term as an rdflib term; a blank node keeps its label."""
    if isinstance(term, pyoxigraph.NamedNode):
        return URIRef(term.value)
    if isinstance(term, pyoxigraph.BlankNode):
        return BNode(term.value)
    if term.language:
        return Literal(term.value, lang=term.language)
    if term.datatype.value == ns.XSD_STRING:
        # "open" and "open"^^xsd:string are one literal (RDF 1.1 §3.3), but two for rdflib:
        # sh:in and sh:hasValue would never match.
        return Literal(term.value)
    # normalize would turn "01"^^xsd:integer into "1" and hide it from sh:pattern.
    return Literal(term.value, datatype=URIRef(term.datatype.value), normalize=False)


def to_pyoxigraph(term: Node) -> Any:
    """Return an rdflib term as a pyoxigraph term."""
    if isinstance(term, URIRef):
        return pyoxigraph.NamedNode(str(term))
    if isinstance(term, BNode):
        return pyoxigraph.BlankNode(str(term))
    literal: Any = term
    if literal.language:
        return pyoxigraph.Literal(str(literal), language=literal.language)
    if literal.datatype is None:
        return pyoxigraph.Literal(str(literal))
    return pyoxigraph.Literal(str(literal), datatype=pyoxigraph.NamedNode(str(literal.datatype)))
