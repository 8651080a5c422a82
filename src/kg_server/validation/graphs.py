"""Project files as rdflib graphs, the input of pySHACL."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pyoxigraph
from rdflib import BNode
from rdflib import Graph as RdflibGraph

from kg_server.errors import ProjectFault
from kg_server.project import ProjectFile
from kg_server.project.parsing import blank_prefix, parsed
from kg_server.rdf.terms import to_rdflib
from kg_server.validation import prepared

if TYPE_CHECKING:
    from rdflib import Graph
    from rdflib.store import Store
    from rdflib.term import Node


# rdflib logs a traceback for each ill-typed literal; a finding reports it instead.
logging.getLogger("rdflib.term").setLevel(logging.ERROR)


def graph(store: Store | str = "default") -> Graph:
    """Return an rdflib graph over a store; it parses each query only once.

    pySHACL 0.40 passes the text of a SPARQL constraint again for every focus node. To parse it
    takes rdflib 12 ms, 95 % of a validation.
    """

    class PreparedGraph(RdflibGraph):
        def query(self, query_object: Any, *args: Any, **kwargs: Any) -> Any:
            if isinstance(query_object, str):
                query_object = prepared.query(query_object)
            return super().query(query_object, *args, **kwargs)

    return PreparedGraph(store)


def read(files: Sequence[ProjectFile], what: str) -> Graph:
    """Read files into one rdflib graph: over a pyoxigraph store, pySHACL gives wrong results.

    Named graphs are merged. Blank nodes are numbered in the order of the file.

    Raises:
        ProjectFault: there are no such files, they have no triples, or one is not well-formed.
    """
    if not files:
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
        ProjectFault: the file is not well-formed; has line and column.
    """
    prefixes: dict[str, str] = {}
    for triple in triples(file, prefixes):
        merged.add(triple)
    for prefix, namespace in prefixes.items():
        merged.bind(prefix, namespace)


def triples(file: ProjectFile, prefixes: dict[str, str]) -> Iterator[tuple[Node, Node, Node]]:
    """Yield a file's triples in their order; at the end, ``prefixes`` has the declared prefixes.

    pyoxigraph parses: it is stricter than rdflib, and three times as fast on the shipped files.

    Raises:
        ProjectFault: the file is not well-formed; has line and column.
    """
    terms = _Terms(file)
    for quad in parsed(file, prefixes):
        yield terms(quad.subject), terms(quad.predicate), terms(quad.object)


class _Terms:
    """Converter from pyoxigraph's terms to rdflib's; each term of a file is converted once."""

    def __init__(self, file: ProjectFile) -> None:
        self._known: dict[Any, Any] = {}
        self._prefix = blank_prefix(file)
        self._blanks = 0

    def __call__(self, term: Any) -> Any:
        converted = self._known.get(term)
        if converted is None:
            converted = self._known[term] = self._convert(term)
        return converted

    def _convert(self, term: Any) -> Node:
        if isinstance(term, pyoxigraph.BlankNode):
            self._blanks += 1
            return BNode(f"{self._prefix}{self._blanks}")
        return to_rdflib(term)
