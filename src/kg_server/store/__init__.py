"""The Store seam: SPARQL text in, bytes of a standard format out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from kg_server.formats import Format, Kind


@dataclass(frozen=True, slots=True)
class Dataset:
    """The RDF dataset of a query, as the protocol gives it (SPARQL 1.1 Protocol §2.1.4).

    Graph IRIs; empty both means that the protocol gives none, so that FROM or else the store's
    own default dataset holds.
    """

    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.default_graphs or self.named_graphs)


@dataclass(frozen=True, slots=True)
class Query:
    """What a store is asked.

    ``formats`` gives, for each kind of answer that the query could have, the format to write;
    ``bindings`` gives variables (without ``?``) their values as terms in N-Triples syntax, as if
    the query had been written with them; ``prefixes`` hold where the query does not declare them
    itself; ``timeout_s`` is the time that evaluation may take, ``None`` without limit.
    """

    text: str
    formats: Mapping[Kind, Format]
    base_iri: str | None = None
    dataset: Dataset = Dataset()
    bindings: Mapping[str, str] = field(default_factory=dict)
    prefixes: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float | None = None


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
