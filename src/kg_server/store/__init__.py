"""The Store seam: SPARQL text in, bytes of a standard format out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from kg_server.formats import Format, Kind
from kg_server.sparql.query import Query


@dataclass(frozen=True, slots=True)
class Answer:
    """A query's result: its kind, the format chosen for it, and its bytes, chunk by chunk."""

    kind: Kind
    format: Format
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
            NotAcceptable: the answer is of a kind for which ``query.formats`` has no format.
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
