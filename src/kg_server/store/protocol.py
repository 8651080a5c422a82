"""The Store protocol: SPARQL text in, bytes of a standard format out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Protocol

from kg_server.formats import Kind
from kg_server.sparql.query import Query
from kg_server.store.written import Graphs

Writer = Callable[[IO[bytes] | None], bytes]
"""Writes a result to a binary file; given ``None``, it returns the whole result instead."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A query's result in the format of the query: its bytes, chunk by chunk."""

    chunks: Iterator[bytes]

    def read(self) -> bytes:
        """Return the whole result; for tests and small answers."""
        return b"".join(self.chunks)


class Store(Protocol):
    """A dataset that can be queried. Every backend passes ``tests/store/test_contract.py``."""

    version: str
    """The hash of the project's contents (``project.Project.version``)."""

    def query(self, query: Query) -> Answer:
        """Evaluate a query.

        Raises:
            MalformedQuery: the text is not a SPARQL 1.1 query; gives line and column.
            NestedTooDeeply: the query would overflow the engine's stack; gives line and column.
            NotAcceptable: the format of the query cannot carry an answer of its kind.
            QueryTimeout, MemoryExceeded, QueryCrashed, ResultTooLarge, Overloaded: the query
                reached a limit, in backends that have limits.
        """
        ...

    def graph_names(self) -> tuple[str, ...]:
        """Return the IRIs of the named graphs, sorted."""
        ...

    def close(self) -> None:
        """Free the store's processes, sockets and memory."""
        ...


class EvaluatingStore(Store, Protocol):
    """A store by which a forked child can evaluate queries."""

    needs_network: bool
    """True if it asks other services; a child of any other store has no network."""

    def evaluated(self, query: Query) -> str:
        """Return the equivalent text that is evaluated in place of a query's own."""
        ...

    def evaluate(self, query: Query) -> Writer:
        """Start a query; return a writer that streams its result.

        Raises:
            MalformedQuery, NotAcceptable: as in ``query``. The writer raises ``EvaluationFailed``.
        """
        ...


class EmbeddedStore(EvaluatingStore, Protocol):
    """A store in this process, to which graphs can be added."""

    def add_graph(self, graph_iri: str, ntriples: bytes) -> None:
        """Add a named graph that describes the data.

        For queries that ask for a description (``discovery``), the default graph includes it. It
        must not repeat triples of the default graph.
        """
        ...

    def graphs(self) -> Graphs:
        """Return the graphs of the dataset; that of ``merged`` is without a name.

        Raises:
            ProjectFault: the name of a graph is a blank node, so that nobody else can ask for it.
        """
        ...

    def merged(self) -> bytes:
        """Return the triples that the default graph has beside its named graphs, as N-Triples."""
        ...

    def head(self, query: Query) -> tuple[Kind, tuple[str, ...]]:
        """Return the kind of a query's result, which is not read, and the names of its variables.

        Raises:
            MalformedQuery, NestedTooDeeply, UnknownFunction: as in ``query``.
        """
        ...
