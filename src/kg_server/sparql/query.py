"""A SPARQL query as a store takes it: text, format, dataset and bindings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from kg_server.formats import Format


@dataclass(frozen=True, slots=True)
class Dataset:
    """The RDF dataset of a query, as the protocol gives it (SPARQL 1.1 Protocol §2.1.4).

    Both tuples have graph IRIs. If both are empty, the protocol gives no dataset; the query's FROM,
    or else the store's default dataset, applies.
    """

    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.default_graphs or self.named_graphs)


@dataclass(frozen=True, slots=True)
class Query:
    """A query for a store.

    ``format`` is the format of the result. ``bindings`` maps variables (without ``?``) to terms in
    N-Triples syntax, which replace them in the query. ``prefixes`` apply unless the query declares
    them itself. ``timeout_s`` limits the evaluation, ``None`` for no limit.
    """

    text: str
    format: Format
    base_iri: str | None = None
    dataset: Dataset = Dataset()
    bindings: Mapping[str, str] = field(default_factory=dict)
    prefixes: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float | None = None
