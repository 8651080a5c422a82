"""SPARQL queries of a table: a page of things, their values, counts, facets, the whole table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from kg_server.things.columns import NAMES, Column
from kg_server.things.filters import LABEL, Filter, Vocabulary, pattern

NAME_IRIS = frozenset(map(str, NAMES))
_NAME_PATH = "|".join(f"<{each}>" for each in NAMES)
SEPARATOR = " | "
"""Separator between the values of one cell."""


@dataclass(frozen=True, slots=True)
class Table:
    """The definition of a table: a class, its columns, filters and order.

    ``sort`` is a column and whether it descends. ``None`` sorts by the things' IRIs, a column of
    ``None`` by their names. ``languages`` are those of names, preferred language first.
    ``only_named``: instances that are blank nodes are left out. ``scanned`` is the filter whose
    property is read as a whole, before the class is looked at.
    """

    class_iri: str
    columns: tuple[Column, ...] = ()
    filters: tuple[Filter, ...] = ()
    vocabulary: Vocabulary = field(default_factory=Vocabulary)
    languages: tuple[str, ...] = ()
    sort: tuple[Column | None, bool] | None = None
    only_named: bool = False
    scanned: Filter | None = None

    @property
    def where(self) -> str:
        """The patterns that things of the table match."""
        ordered = sorted(self.filters, key=lambda each: each is not self.scanned)
        lines = [pattern(each, n, self.vocabulary) for n, each in enumerate(ordered)]
        if self.scanned:
            lines.append(f"FILTER EXISTS {{ ?thing a <{self.class_iri}> }}")
        else:
            lines.insert(0, f"?thing a <{self.class_iri}> .")
        if self.only_named:
            lines.append("FILTER(ISIRI(?thing))")
        return "\n  ".join(lines)


def count(table: Table) -> str:
    """Return the query for the number of things, as ``?n``."""
    return f"SELECT (COUNT(DISTINCT ?thing) AS ?n) WHERE {{\n  {table.where}\n}}\n"


def page(table: Table, limit: int, offset: int) -> str:
    """Return the query for one page of things, in their order."""
    window = f"LIMIT {limit}" + (f" OFFSET {offset}" if offset else "")
    if table.sort is None:
        return f"SELECT DISTINCT ?thing WHERE {{\n  {table.where}\n}}\nORDER BY ?thing\n{window}\n"
    column, descends = table.sort
    word = "DESC" if descends else "ASC"
    value = _name(table) if column is None else f"OPTIONAL {{ ?thing <{column.iri}> ?key }}"
    best = "MAX" if descends else "MIN"
    return (
        f"SELECT ?thing ({best}(?key) AS ?first) WHERE {{\n  {_things(table)}\n  {value}\n}}\n"
        f"GROUP BY ?thing\n"
        f"ORDER BY (!BOUND(?first)) {word}(?first) ?thing\n{window}\n"
    )


def cells(things: Sequence[str], columns: Sequence[Column]) -> str:
    """Return the query for the values of things: ``?thing ?property ?value``."""
    names = " ".join(f"<{each}>" for each in things)
    # With VALUES in place of the FILTER, the engine (pyoxigraph 0.5.13) reads whole properties.
    properties = ", ".join(f"<{each.iri}>" for each in columns)
    return (
        f"SELECT ?thing ?property ?value WHERE {{\n  VALUES ?thing {{ {names} }}\n"
        f"  ?thing ?property ?value FILTER(?property IN ({properties}))\n}}\n"
    )


def matching(table: Table, most: int) -> str:
    """Return the query for the things of a table, without an order: ``?thing``.

    The engine (pyoxigraph 0.5.13) needs 20 microseconds a thing to sort, ten times what Python
    needs.
    """
    return f"SELECT DISTINCT ?thing WHERE {{\n  {table.where}\n}}\nLIMIT {most}\n"


def names(table: Table) -> str:
    """Return the query for the names of the things of a table: ``?thing ?name``."""
    path = "|".join(f"<{each}>" for each in table.vocabulary.names if each in NAME_IRIS)
    if not path:
        return ""
    return f"SELECT ?thing ?name WHERE {{\n  {table.where}\n  ?thing {path} ?name\n}}\n"


def cells_of_page(table: Table, columns: Sequence[Column], limit: int, offset: int) -> str:
    """Return the query for the values of a page of things that may be blank nodes."""
    properties = ", ".join(f"<{each.iri}>" for each in columns)
    return (
        f"SELECT ?thing ?property ?value WHERE {{\n  {{ {page(table, limit, offset)} }}\n"
        f"  ?thing ?property ?value FILTER(?property IN ({properties}))\n}}\n"
    )


def facets(
    table: Table,
    columns: Sequence[Column],
    most: int,
    *,
    things: Sequence[str] | None = None,
    own: frozenset[str] = frozenset(),
) -> str:
    """Return the query for the most common values of columns: ``?property ?value ?n``.

    Args:
        table: the table.
        columns: the columns whose values are counted.
        most: how many values are returned.
        things: all things of the table, if they are known and few.
        own: the properties that only things of the class have; they need no look at the class.
    """
    inner, each_way = "", ""
    if things is not None:
        inner = f"VALUES ?thing {{ {' '.join(f'<{each}>' for each in things)} }}"
    elif table.filters:
        inner = _things(table)
    else:
        each_way = f"?thing a <{table.class_iri}> . "
    ways = " UNION ".join(
        f"{{ {'' if each.iri in own else each_way}?thing <{each.iri}> ?value "
        f"BIND(<{each.iri}> AS ?property) }}"
        for each in columns
    )
    return (
        "SELECT ?property ?value (COUNT(*) AS ?n) WHERE {\n"
        f"  {inner}\n  {ways}\n}}\n"
        f"GROUP BY ?property ?value\nORDER BY DESC(?n) ?value\nLIMIT {most}\n"
    )


def whole(table: Table, things: Sequence[str] | None = None) -> str:
    """Return the query for the whole table: ``?iri``, ``?label`` and a variable for each column.

    The rows have the order of the page. Several values of one thing share a cell. With
    ``things``, the table has only these.
    """
    named = None if things is None else f"VALUES ?thing {{ {' '.join(f'<{i}>' for i in things)} }}"
    scope = f"?thing a <{table.class_iri}> ." if named is None else named
    parts = [_value(each, named or "") for each in table.columns]
    names = " ".join(f"?{each.name}" for each in table.columns)
    name = (
        f"OPTIONAL {{ SELECT ?thing (SAMPLE(?key) AS ?{LABEL}) WHERE {{ {scope} {_name(table)} }} "
        "GROUP BY ?thing }"
    )
    key, order = _order(table, scope)
    lines = "\n  ".join((named or _things(table), name, *parts, *key))
    head = f"SELECT (?thing AS ?iri) ?{LABEL} {names}"
    return f"{head} WHERE {{\n  {lines}\n}}\nORDER BY {order}\n"


def _order(table: Table, scope: str) -> tuple[tuple[str, ...], str]:
    """Return the patterns and the keys by which the whole table is sorted."""
    if table.sort is None:
        return (), "?thing"
    column, descends = table.sort
    word, best = ("DESC", "MAX") if descends else ("ASC", "MIN")
    if column is None:
        return (), f"(!BOUND(?{LABEL})) {word}(?{LABEL}) ?thing"
    key = (
        f"OPTIONAL {{ SELECT ?thing ({best}(?key) AS ?sorted) WHERE {{ {scope} "
        f"?thing <{column.iri}> ?key }} GROUP BY ?thing }}"
    )
    return (key,), f"(!BOUND(?sorted)) {word}(?sorted) ?thing"


def _things(table: Table) -> str:
    return f"{{ SELECT DISTINCT ?thing WHERE {{\n  {table.where}\n  }} }}"


def _value(column: Column, scope: str) -> str:
    reach = f"?thing <{column.iri}>"
    if column.is_single:
        return f"OPTIONAL {{ {reach} ?{column.name} }}"
    value = "?each" if column.name == "value" else "?value"
    joined = f'(GROUP_CONCAT(DISTINCT STR({value}); SEPARATOR="{SEPARATOR}") AS ?{column.name})'
    return (
        f"OPTIONAL {{ SELECT ?thing {joined} WHERE {{ {scope} {reach} {value} }} GROUP BY ?thing }}"
    )


def _name(table: Table) -> str:
    """Return the pattern for a thing's name, ``?key``, in the first language that has one."""
    ways = [
        f"OPTIONAL {{ ?thing {_NAME_PATH} ?n{n} FILTER(LANGMATCHES(LANG(?n{n}), '{language}')) }}"
        for n, language in enumerate(table.languages)
    ]
    names = ", ".join(f"?n{n}" for n in range(len(table.languages)))
    other = f"OPTIONAL {{ ?thing {_NAME_PATH} ?other }}"
    return f"{' '.join(ways)} {other} BIND(COALESCE({names}, ?other) AS ?key)"
