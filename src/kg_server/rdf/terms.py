"""Conversion of RDF terms between rdflib, pyoxigraph and N-Triples."""

from __future__ import annotations

import copyreg
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
    return _literal(term.value, None, URIRef(term.datatype.value))


def _literal(text: str, language: str | None, datatype: URIRef | None) -> Literal:
    """Return a literal of rdflib with exactly this text.

    >>> str(_literal("01", None, URIRef(f"{ns.XSD}integer")))
    '01'
    >>> str(_literal("a  b", None, URIRef(f"{ns.XSD}token")))
    'a  b'
    """
    # normalize would turn "01"^^xsd:integer into "1" and hide it from sh:pattern.
    literal = Literal(text, lang=language, datatype=datatype, normalize=False)
    if str(literal) == text:
        return literal
    # rdflib 7.6 always collapses the white space of xsd:token and xsd:normalizedString.
    exact = str.__new__(Literal, text)
    exact.__setstate__((None, {"language": None, "datatype": datatype}))
    exact._value, exact._ill_typed = None, True
    return exact


def _reduced(literal: Literal) -> tuple[Any, ...]:
    return _literal, (str(literal), literal.language, literal.datatype)


# rdflib 7.6 normalizes a literal when it is unpickled: a focus node would be another one.
copyreg.pickle(Literal, _reduced)


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
