"""The Store protocol: SPARQL text in, bytes of a standard format out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Protocol

from kg_server.sparql.query import Query

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
    """The content hash of what is stored (``project.Project.version``)."""

    def query(self, query: Query) -> Answer:
        """Evaluate a query.

        Raises:
            MalformedQuery: the text is not a SPARQL 1.1 query; says line and column.
            NestedTooDeeply: the engine cannot follow the query; says line and column.
            NotAcceptable: the format of the query cannot carry an answer of its kind.
            QueryTimeout, MemoryExceeded, QueryCrashed, ResultTooLarge, Overloaded: a limit was
                met, in backends that have limits.
        """
        ...

    def graph_names(self) -> tuple[str, ...]:
        """Return the IRIs of the named graphs, sorted."""
        ...

    def close(self) -> None:
        """Give back what the store holds: processes, sockets, memory."""
        ...


class EmbeddedStore(Store, Protocol):
    """A store in this process: graphs can be added, and a forked child can evaluate queries."""

    def add_graph(self, graph_iri: str, ntriples: bytes) -> None:
        """Add a named graph that describes the data.

        It joins the default graph for queries that ask for a description (``discovery``), and has
        no triple that is there already.
        """
        ...

    def evaluated(self, query: Query) -> str:
        """Return the text that is evaluated in place of a query's own: it means the same."""
        ...

    def evaluate(self, query: Query) -> Writer:
        """Start a query; return what writes its result without holding the rows.

        Raises:
            MalformedQuery, NotAcceptable: as ``query``. The writer raises ``EvaluationFailed``.
        """
        ...
