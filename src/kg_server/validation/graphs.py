"""Project files as rdflib graphs, which is what pySHACL judges rightly."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from kg_server.errors import ProjectFault
from kg_server.project import ProjectFile, Role

if TYPE_CHECKING:
    import pyoxigraph
    from rdflib import Graph
    from rdflib.store import Store
    from rdflib.term import Node


# rdflib logs a traceback for each ill-formed literal; that is for the shapes to say.
logging.getLogger("rdflib.term").setLevel(logging.ERROR)


def graph(store: Store | str = "default") -> Graph:
    """Return a graph that parses each query once; empty, or over a store of rdflib.

    pySHACL 0.40 hands over the same text of a SPARQL constraint for every focus node, and
    parsing it takes rdflib 12 ms: 95 % of a validation.
    """
    from rdflib import Graph as RdflibGraph

    class PreparedGraph(RdflibGraph):
        def query(self, query_object: Any, *args: Any, **kwargs: Any) -> Any:
            if isinstance(query_object, str):
                query_object = _prepared(query_object)
            return super().query(query_object, *args, **kwargs)

    return PreparedGraph(store)


@cache
def _prepared(text: str) -> Any:
    from rdflib.plugins.sparql import prepareQuery

    return prepareQuery(text)


def n_triples(term: Node) -> str:
    r"""Return a term in N-Triples syntax (RDF 1.1 N-Triples §3), always on one line.

    >>> from rdflib import Literal
    >>> n_triples(Literal('a "b"\nc', lang="en"))
    '"a \\"b\\"\\nc"@en'
    """
    from rdflib import Literal

    if not isinstance(term, Literal):
        return term.n3()
    # rdflib's n3() is Turtle: with a line break in it, the text stands in three quotes.
    text = str(term)
    for character, escape in (("\\", "\\\\"), ("\n", "\\n"), ("\r", "\\r"), ('"', '\\"')):
        text = text.replace(character, escape)
    suffix = f"@{term.language}" if term.language else ""
    return f'"{text}"{suffix}' + (f"^^<{term.datatype}>" if term.datatype else "")


def read(files: Sequence[ProjectFile], what: str) -> Graph:
    """Read files into one rdflib graph: over a pyoxigraph store, pySHACL gives wrong verdicts.

    Named graphs are merged. Blank nodes are numbered in the order of their file.

    Raises:
        ProjectFault: there are no such files, they have no triples, or one is not well-formed.
    """
    if not files or (what == "data" and not any(f.role is Role.DATA for f in files)):
        raise ProjectFault(f"there are no {what} files")
    merged = graph()
    for file in files:
        parse_into(merged, file)
    if not len(merged):
        raise ProjectFault(f"the {what} files have no triples")
    return merged


def parse_into(merged: Graph, file: ProjectFile) -> None:
    """Add a file's triples, and its prefixes, to a graph.

    Raises:
        ProjectFault: the file is not well-formed; says line and column.
    """
    prefixes: dict[str, str] = {}
    for triple in triples(file, prefixes):
        merged.add(triple)
    for prefix, namespace in prefixes.items():
        merged.bind(prefix, namespace)


def triples(file: ProjectFile, prefixes: dict[str, str]) -> Iterator[tuple[Node, Node, Node]]:
    """Yield a file's triples in their order; afterwards ``prefixes`` has those it declares.

    Parsing is pyoxigraph's, three times as fast as rdflib's on the shipped files and stricter.

    Raises:
        ProjectFault: the file is not well-formed; says line and column.
    """
    terms = _Terms(file)
    for quad in parsed(file, prefixes):
        yield terms(quad.subject), terms(quad.predicate), terms(quad.object)


def parsed(file: ProjectFile, prefixes: dict[str, str] | None = None) -> Iterator[pyoxigraph.Quad]:
    """Yield a file's quads as pyoxigraph reads them; afterwards ``prefixes`` has its prefixes.

    Raises:
        ProjectFault: the file is not well-formed, says line and column; or it has triple terms.
    """
    import pyoxigraph

    syntax = getattr(pyoxigraph.RdfFormat, _SYNTAXES[file.syntax])
    try:
        parser = pyoxigraph.parse(file.content, format=syntax, base_iri=file.graph_iri)
        for quad in parser:
            if isinstance(quad.object, pyoxigraph.Triple):
                message = "triple terms (RDF 1.2) cannot be validated"
                raise ProjectFault(message, path=file.path)
            yield quad
    except SyntaxError as error:
        raise ProjectFault(
            error.msg, path=file.path, line=error.lineno, column=error.offset
        ) from error
    if prefixes is not None:
        prefixes.update(parser.prefixes)


def blank_prefix(file: ProjectFile) -> str:
    """Return how the names of a file's blank nodes begin; a number follows, in order of mention.

    Two files may both have a ``_:b0``, and both mean their own.
    """
    return f"b{hashlib.sha256(file.graph_iri.encode()).hexdigest()[:8]}n"


_SYNTAXES = {
    "turtle": "TURTLE",
    "ntriples": "N_TRIPLES",
    "nquads": "N_QUADS",
    "trig": "TRIG",
    "rdfxml": "RDF_XML",
    "jsonld": "JSON_LD",
}
_XSD_STRING = "http://www.w3.org/2001/XMLSchema#string"


class _Terms:
    """Turns pyoxigraph's terms of one file into rdflib's, each distinct term once."""

    def __init__(self, file: ProjectFile) -> None:
        self._known: dict[Any, Any] = {}
        self._prefix = blank_prefix(file)
        self._blanks = 0

    def __call__(self, term: Any) -> Any:
        found = self._known.get(term)
        if found is None:
            found = self._known[term] = self._convert(term)
        return found

    def _convert(self, term: Any) -> Node:
        import pyoxigraph
        from rdflib import BNode

        if isinstance(term, pyoxigraph.BlankNode):
            self._blanks += 1
            return BNode(f"{self._prefix}{self._blanks}")
        return to_rdflib(term)


def to_rdflib(term: Any) -> Node:
    """Return a term of pyoxigraph as one of rdflib; a blank node keeps its name."""
    import pyoxigraph
    from rdflib import BNode, Literal, URIRef

    if isinstance(term, pyoxigraph.NamedNode):
        return URIRef(term.value)
    if isinstance(term, pyoxigraph.BlankNode):
        return BNode(term.value)
    if term.language:
        return Literal(term.value, lang=term.language)
    if term.datatype.value == _XSD_STRING:
        # RDF 1.1 §3.3 holds "open" and "open"^^xsd:string to be one literal, rdflib does
        # not: sh:in and sh:hasValue would never match.
        return Literal(term.value)
    # normalize would turn "01"^^xsd:integer into "1" and hide it from sh:pattern.
    return Literal(term.value, datatype=URIRef(term.datatype.value), normalize=False)


def to_pyoxigraph(term: Node) -> Any:
    """Return a term of rdflib as one of pyoxigraph."""
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
