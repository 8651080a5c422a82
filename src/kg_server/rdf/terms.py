"""Conversion of RDF terms between rdflib, pyoxigraph, N-Triples and SPARQL."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rdflib.term import Identifier, Node


def n_triples(term: Node) -> str:
    r"""Return a term in N-Triples syntax (RDF 1.1 N-Triples §3), always on one line.

    >>> from rdflib import Literal
    >>> n_triples(Literal('a "b"\nc', lang="en"))
    '"a \\"b\\"\\nc"@en'
    """
    from rdflib import Literal

    if not isinstance(term, Literal):
        return term.n3()
    # rdflib's n3() writes Turtle: a text with a line break gets triple quotes.
    text = str(term)
    for character, escape in (("\\", "\\\\"), ("\n", "\\n"), ("\r", "\\r"), ('"', '\\"')):
        text = text.replace(character, escape)
    suffix = f"@{term.language}" if term.language else ""
    return f'"{text}"{suffix}' + (f"^^<{term.datatype}>" if term.datatype else "")


def literal(text: str, datatype: str | None = None) -> str:
    r"""Return a literal in SPARQL syntax.

    >>> print(literal('say "hi"'))
    "say \"hi\""
    """
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    escaped = escaped.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    # SPARQL 1.1 §19.2 replaces code point escapes before parsing. rdflib 7.6 does so also in
    # "\\u0022", where the backslash is itself escaped; the quote then ends the string. Every
    # processor reads the letter correctly as an escape of its own, in eight digits.
    escaped = re.sub(r"(?<=\\\\)[uU]", lambda match: f"\\U{ord(match[0]):08X}", escaped)
    return f'"{escaped}"^^<{datatype}>' if datatype else f'"{escaped}"'


_XSD_STRING = "http://www.w3.org/2001/XMLSchema#string"


def to_rdflib(term: Any) -> Identifier:
    """Return a pyoxigraph term as an rdflib term; a blank node keeps its label."""
    import pyoxigraph
    from rdflib import BNode, Literal, URIRef

    if isinstance(term, pyoxigraph.NamedNode):
        return URIRef(term.value)
    if isinstance(term, pyoxigraph.BlankNode):
        return BNode(term.value)
    if term.language:
        return Literal(term.value, lang=term.language)
    if term.datatype.value == _XSD_STRING:
        # "open" and "open"^^xsd:string are one literal (RDF 1.1 §3.3), but two for rdflib:
        # sh:in and sh:hasValue would never match.
        return Literal(term.value)
    # normalize would turn "01"^^xsd:integer into "1" and hide it from sh:pattern.
    return Literal(term.value, datatype=URIRef(term.datatype.value), normalize=False)


def to_pyoxigraph(term: Node) -> Any:
    """Return an rdflib term as a pyoxigraph term."""
    import pyoxigraph
    from rdflib import BNode, URIRef

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
