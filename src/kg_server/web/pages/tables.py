"""Results of any query as a table of a page, from the formats that every client gets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from rdflib import Graph, Literal
from rdflib.term import Node

from kg_server.errors import ResultTooLarge
from kg_server.formats import Kind, named
from kg_server.project.profile import Evidence
from kg_server.sparql import keywords
from kg_server.sparql.query import Dataset, Query
from kg_server.store import Answer, Store
from kg_server.store.results import solutions
from kg_server.web.pages.claims import look
from kg_server.web.pages.layout import translate
from kg_server.web.pages.terms import Labels, Shown

MOST_ROWS = 500
"""Most rows on a page; every data format has all."""

_STANDING = re.compile("(^s|S)tanding$")
"""Columns whose values are standings."""
ANSWER = "answer"
"""The column of a yes or no: it is shown even if it is the same in every row."""
_MOST_BYTES = 8 << 20

_RESULT = named("json", Kind.BINDINGS)
_GRAPH = named("ntriples", Kind.GRAPH)

Row = Mapping[str, Node]


@dataclass(frozen=True, slots=True)
class Result:
    """Answer of a query: its columns, and its first rows of terms by column.

    ``total`` is the number of rows of the whole result, of which a page shows ``MOST_ROWS``.
    """

    kind: Kind
    columns: tuple[str, ...]
    terms: tuple[Row, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Table:
    """A result as a page shows it: the cells and the standing of each row."""

    kind: Kind
    columns: tuple[str, ...]
    terms: tuple[Row, ...]
    rows: tuple[tuple[Shown | None, ...], ...]
    looks: tuple[str, ...]
    total: int

    @property
    def boolean(self) -> bool | None:
        """The answer of an ASK, ``None`` for other queries."""
        if self.kind is not Kind.BOOLEAN:
            return None
        return str(self.terms[0]["answer"]) == "true"

    @property
    def numeric(self) -> tuple[bool, ...]:
        """Flags of the columns that hold numbers only."""
        cells = [[row[n] for row in self.rows if row[n]] for n in range(len(self.columns))]
        return tuple(bool(each) and all(cell.is_number for cell in each if cell) for each in cells)


def answer(
    store: Store,
    text: str,
    labels: Labels,
    *,
    dataset: Dataset | None = None,
    timeout_s: float,
    most: int = MOST_ROWS,
) -> Table:
    """Have a query answered, and return the answer as a table; see ``ask`` for the errors."""
    base_iri = labels.site.base_iri
    result = ask(store, text, base_iri, dataset=dataset, timeout_s=timeout_s, most=most)
    labels.load(terms(result))
    return table(result, labels)


def ask(
    store: Store,
    text: str,
    base_iri: str,
    *,
    dataset: Dataset | None = None,
    timeout_s: float,
    most: int = MOST_ROWS,
) -> Result:
    """Have a query answered.

    Args:
        store: the store to ask.
        text: the query.
        base_iri: base for relative IRIs of the query.
        dataset: the dataset of the query.
        timeout_s: seconds that it may take.
        most: rows that are kept; the result counts all.

    Raises:
        ResultTooLarge: the answer is too large for a page.
        Problem: as ``Store.query``; ``UpdateRefused``.
    """
    kind = (keywords.form_of(text) or keywords.Form.SELECT).kind
    written = _GRAPH if kind is Kind.GRAPH else _RESULT
    query = Query(
        text=text,
        format=written,
        base_iri=base_iri,
        dataset=dataset or Dataset(),
        timeout_s=timeout_s,
    )
    content = _whole(store.query(query))
    columns, rows = _triples(content) if kind is Kind.GRAPH else _solutions(content)
    return Result(kind=kind, columns=columns, terms=tuple(rows[:most]), total=len(rows))


def terms(result: Result) -> Iterator[Node]:
    """Yield the terms whose labels a page of a result needs."""
    for row in result.terms:
        yield from row.values()


def table(result: Result, labels: Labels) -> Table:
    """Return a result as a page shows it; its labels have to be loaded."""
    cells = tuple(
        tuple(labels.show(row[name], name) if name in row else None for name in result.columns)
        for row in result.terms
    )
    return Table(
        kind=result.kind,
        columns=result.columns,
        terms=result.terms,
        rows=cells,
        looks=tuple(_look(labels.site.evidence, row, result.columns) for row in result.terms),
        total=result.total,
    )


def _look(evidence: Evidence | None, row: Row, columns: Iterable[str]) -> str:
    """Return the weakest standing of a row; empty if one of its standings is unknown."""
    weakest = look(evidence, row.values())
    named = [row.get(name) for name in columns if _STANDING.search(name)]
    is_known = all(look(evidence, [each]) for each in named)
    return weakest if weakest == "disputed" or is_known else ""


def arranged(table: Table) -> Table:
    """Return a table with each thing moved in front of its label.

    >>> arranged(Table(Kind.BINDINGS, ("seatLabel", "year", "seat"), (), (), (), 0)).columns
    ('seat', 'seatLabel', 'year')
    """
    columns = table.columns
    order: list[int] = []
    for index, name in enumerate(columns):
        column = name.removesuffix("Label")
        if column != name and column in columns:
            order.append(columns.index(column))
        order.append(index)
    return _with_columns(table, list(dict.fromkeys(order)))


def compact(table: Table) -> tuple[Table, tuple[tuple[str, Shown], ...]]:
    """Return a table without the columns that have no value, or the same one in every row.

    The names and values of the latter are returned beside it.
    """
    if len(table.rows) < 2:
        return table, ()
    columns = {
        n: {row[n] for row in table.rows} for n, name in enumerate(table.columns) if name != ANSWER
    }
    dropped = {n: next(iter(cells)) for n, cells in columns.items() if len(cells) == 1}
    kept = [n for n in range(len(table.columns)) if n not in dropped]
    if not kept:
        return table, ()
    same = tuple((table.columns[n], cell) for n, cell in dropped.items() if cell is not None)
    return _with_columns(table, kept), same


def named_column(name: str, labels: Labels) -> str:
    """Return the name of a column in the reader's language.

    The project names its own columns; the words that many queries use are interface text.
    """
    names = labels.site.columns.get(name, {})
    return names.get(labels.language) or translate(heading(name), labels.language)


def heading(name: str) -> str:
    """Return the name of a column as words.

    >>> heading("exportsStanding"), heading("source_url"), heading("IRI")
    ('exports standing', 'source url', 'IRI')
    """
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])|_+", " ", name)
    return words.lower() if words != name else name


def _with_columns(table: Table, kept: list[int]) -> Table:
    rows = tuple(tuple(row[n] for n in kept) for row in table.rows)
    return replace(table, columns=tuple(table.columns[n] for n in kept), rows=rows)


def _whole(answer: Answer) -> bytes:
    chunks: list[bytes] = []
    size = 0
    for chunk in answer.chunks:
        size += len(chunk)
        if size > _MOST_BYTES:
            raise ResultTooLarge(
                f"The result has more than {_MOST_BYTES:,} bytes, which is too much for a page. "
                "Ask for a data format, such as CSV, or add a LIMIT."
            )
        chunks.append(chunk)
    return b"".join(chunks)


def _solutions(content: bytes) -> tuple[tuple[str, ...], list[Row]]:
    result = solutions(content)
    if isinstance(result, bool):
        return ("answer",), [{"answer": Literal(result)}]
    return result[0], [*result[1]]


def _triples(content: bytes) -> tuple[tuple[str, ...], list[Row]]:
    graph = Graph()
    graph.parse(data=content, format="nt")
    names = ("subject", "predicate", "object")
    return names, [dict(zip(names, triple, strict=True)) for triple in sorted(graph)]
