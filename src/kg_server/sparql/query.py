"""A SPARQL query as a store takes it: text, format, dataset and bindings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from kg_server.formats import Format


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

    ``format`` is what the answer is written in. ``bindings`` gives variables (without ``?``) their
    values as terms in N-Triples syntax, as if the query had been written with them; ``prefixes``
    hold where the query does not declare them itself; ``timeout_s`` is the time that evaluation
    may take, ``None`` without limit.
    """

    text: str
    format: Format
    base_iri: str | None = None
    dataset: Dataset = Dataset()
    bindings: Mapping[str, str] = field(default_factory=dict)
    prefixes: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float | None = None
