"""The page of a table of things: rows of cells, links that sort, filter and turn pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from rdflib import URIRef
from rdflib.term import Identifier, Node

from kg_server.things.columns import Column
from kg_server.things.filters import LABEL, NUMBER_OPERATORS, OPERATORS, Filter, iri_of
from kg_server.things.queries import Table
from kg_server.web.pages import layout
from kg_server.web.pages.terms import Labels, Shown

MOST_VALUES = 5
"""Most values in a cell; the thing's own page has all."""
MOST_FACET_VALUES = 12

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Cell:
    """The values of one column of one thing; ``more`` is the number of those not shown."""

    values: tuple[Shown, ...] = ()
    more: int = 0


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a column: its heading, the link that sorts by it, the present order."""

    column: Column | None
    heading: str
    href: str
    order: str | None = None


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter in words, and the link that takes it away."""

    text: str
    href: str


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A value of a facet with its number of things, and the link that adds or removes it."""

    shown: Shown
    count: int
    href: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Facet:
    """A column with its commonest values."""

    heading: str
    values: tuple[FacetValue, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One thing and its cells."""

    thing: Shown
    cells: tuple[Cell, ...]


class Listing:
    """Makes the parts of the page from what the store answered.

    Args:
        path: the address of the table, without its query.
        pairs: the parameters of the request that stay: filters, class, order.
        table: what was asked.
        labels: the labels of the page; those of all terms have to be loaded.
    """

    def __init__(self, path: str, pairs: Pairs, table: Table, labels: Labels) -> None:
        self._path, self._pairs = path, [pair for pair in pairs if pair[0] != "offset"]
        self._table, self._labels = table, labels

    def heading(self, column: Column | None) -> str:
        """Return a column's heading: its ``sh:name``, or else its property's label."""
        if column is None:
            return self._labels.of(self._table.class_iri).text
        named = self._labels.pick(column.labels)
        return str(named) if named is not None else self._labels.of(column.iri).text

    def heads(self, columns: Sequence[Column]) -> list[Head]:
        """Return the heads of the table, that of the things first."""
        return [self._head(column) for column in (None, *columns)]

    def rows(
        self,
        things: Sequence[Identifier],
        columns: Sequence[Column],
        values: Iterable[Mapping[str, Identifier]],
    ) -> list[Row]:
        """Return the rows: each thing with the values of its columns."""
        nodes: dict[tuple[Identifier, str], list[Node]] = {}
        for row in values:
            nodes.setdefault((row["thing"], str(row["property"])), []).append(row["value"])
        return [
            Row(
                self._labels.show(thing),
                tuple(self._cell(each, nodes.get((thing, each.iri), [])) for each in columns),
            )
            for thing in things
        ]

    def values(self) -> list[URIRef]:
        """Return the things that filters name by IRI; their labels have to be loaded."""
        texts = (text for each in self._table.filters for text in each.values)
        return [URIRef(iri) for text in texts if (iri := iri_of(text, self._table.vocabulary))]

    def chips(self) -> list[Chip]:
        """Return the filters in words, each with a link that takes it away."""
        return [self._chip(each, text) for each in self._table.filters for text in each.values]

    def facets(
        self, columns: Sequence[Column], counts: Iterable[Mapping[str, Identifier]]
    ) -> list[Facet]:
        """Return the facets that have a choice to offer."""
        choices: dict[str, list[FacetValue]] = {each.iri: [] for each in columns}
        names = {each.iri: each.name for each in columns}
        for row in counts:
            iri = str(row["property"])
            if len(choices[iri]) < MOST_FACET_VALUES:
                choices[iri].append(self._facet_value(names[iri], row))
        return [
            Facet(self.heading(each), tuple(choices[each.iri]))
            for each in columns
            if len(choices[each.iri]) > 1 or any(value.is_chosen for value in choices[each.iri])
        ]

    def countable(self, columns: Sequence[Column]) -> list[tuple[str, str]]:
        """Return the headings of columns of things, each with a link that counts their values."""
        chosen = [each for each in columns if each.used and each.classes]
        return [(self.heading(each), self._with("facet", each.name)) for each in chosen]

    def _head(self, column: Column | None) -> Head:
        name = column.name if column else LABEL
        sort = self._table.sort
        present = sort is not None and sort[0] == column
        descends = present and sort is not None and sort[1]
        following = f"-{name}" if present and not descends else name
        order = ("descending" if descends else "ascending") if present else None
        return Head(
            column=column,
            heading=self.heading(column),
            href=self._with("sort", following),
            order=order,
        )

    def _cell(self, column: Column, values: Sequence[Node]) -> Cell:
        shown = sorted((self._labels.show(each, column.name) for each in values), key=_order)
        first = [each for each in shown if each.language in (None, self._labels.language)]
        best = first or shown
        return Cell(tuple(best[:MOST_VALUES]), max(0, len(best) - MOST_VALUES))

    def _chip(self, each: Filter, text: str) -> Chip:
        is_number = each.column is not None and each.column.is_number
        operators = {**OPERATORS, **NUMBER_OPERATORS} if is_number else OPERATORS
        operator = layout.translate(operators[each.operator], self._labels.language)
        iri = iri_of(text, self._table.vocabulary) if each.operator in ("", "not") else None
        value = self._labels.of(iri).text if iri else text
        words = f"{self.heading(each.column)} {operator} {value}".rstrip()
        return Chip(words, self._without(each.name, text))

    def _facet_value(self, name: str, row: Mapping[str, Identifier]) -> FacetValue:
        value = str(row["value"])
        chosen = (name, value) in self._pairs
        href = (
            self._without(name, value) if chosen else self._address([*self._pairs, (name, value)])
        )
        return FacetValue(
            shown=self._labels.show(row["value"], name),
            count=int(str(row["n"])),
            href=href,
            is_chosen=chosen,
        )

    def _with(self, name: str, value: str) -> str:
        others = [pair for pair in self._pairs if pair[0] != name]
        return self._address([*others, (name, value)])

    def _without(self, name: str, value: str) -> str:
        return self._address([pair for pair in self._pairs if pair != (name, value)])

    def _address(self, pairs: Pairs) -> str:
        return self._path + (f"?{urlencode(pairs)}" if pairs else "")


def _order(shown: Shown) -> tuple[bool, str]:
    return shown.language is None, shown.sort or shown.text
