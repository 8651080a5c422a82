"""Read-only rdflib graph over a pyoxigraph store, for the validation of a few nodes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from rdflib import Graph, Literal, URIRef
from rdflib.store import Store

from kg_server.rdf import terms
from kg_server.validation import graphs

if TYPE_CHECKING:
    from kg_server.validation.prefilter.data import Facts


class View(Store):
    """rdflib store over the default graph of a pyoxigraph store.

    Plain strings have no datatype: rdflib finds a typed one unequal to that of the shapes.
    """

    context_aware = graph_aware = True  # rdflib queries only such stores

    def __init__(self, facts: Facts) -> None:
        super().__init__()
        self._facts = facts
        self._named = Graph(self, URIRef("urn:x-kg-server:facts"))
        """Named graph of all triples: pySHACL looks up blank nodes in named graphs."""
        self._term = lru_cache(1 << 16)(terms.to_rdflib)

    def triples(self, triple_pattern: Any, context: Any = None) -> Iterator[tuple[Any, Any]]:
        """Yield the triples of a pattern, each with the named graph."""
        del context  # there is one graph
        subject, predicate, _ = triple_pattern
        if isinstance(subject, Literal) or not isinstance(predicate, URIRef | None):
            return
        pattern = [None if each is None else terms.to_pyoxigraph(each) for each in triple_pattern]
        self.looked_up((pattern[0], pattern[1], pattern[2]))
        term, written = self._term, self._facts.written
        for quad in self._facts.store.quads_for_pattern(*pattern):
            triple = quad.subject, quad.predicate, quad.object
            for value in written.get(triple) or (quad.object,):
                if pattern[2] is None or pattern[2] == value:
                    yield (
                        (term(quad.subject), term(quad.predicate), term(value)),
                        iter((self._named,)),
                    )

    def looked_up(self, pattern: tuple[Any, Any, Any]) -> None:
        """Note a lookup of a pattern, in pyoxigraph's terms; a subclass may record it."""

    def __len__(self, context: Any = None) -> int:
        """Return 1: pySHACL asks very often, and only whether the graph is empty."""
        del context
        return 1

    def bind(self, prefix: str, namespace: Any, override: bool = True) -> None:
        """Keep no prefixes."""

    def namespace(self, prefix: str) -> None:
        """Know no prefixes."""

    def prefix(self, namespace: Any) -> None:
        """Know no prefixes."""

    def namespaces(self) -> Iterator[tuple[str, Any]]:
        """Know no prefixes."""
        return iter(())


def graph(facts: Facts) -> Graph:
    """Return a read-only rdflib graph of the facts, with the literals of the files."""
    return graphs.graph(View(facts))
