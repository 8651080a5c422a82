"""A canned query's answer as people see it: its chart, and how to ask for it from code."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from rdflib import Literal
from rdflib.term import Node

from kg_server.web.pages import charts
from kg_server.web.pages.tables import Row, Table
from kg_server.web.pages.terms import Labels, link, readable_end

_STANDING = "standing"
_EVIDENCE = ("claim", "observation", "event")


@dataclass(frozen=True, slots=True)
class Panel:
    """One drawing of a result; ``title`` is the currency of its amounts, if they have one."""

    title: str | None
    chart: charts.Chart


def panels(hint: Sequence[str], table: Table, labels: Labels) -> tuple[Panel, ...]:
    """Return the charts that a query's header asks for; none if there is nothing to draw.

    Amounts in different currencies go to charts of their own.

    Args:
        hint: ``bars GROUP VALUE [SERIES]`` or ``timeline EARLIEST LATEST LABEL``, with names of
            columns.
        table: the answer.
        labels: the labels of the page.
    """
    kind, *columns = hint or ("",)
    if kind == "timeline" and len(columns) >= 3:
        drawn = charts.timeline(_moments(columns, table, labels))
        return (Panel(None, drawn),) if drawn else ()
    if kind != "bars" or len(columns) < 2:
        return ()
    currencies: list[Node | None] = [*_distinct("currency", table)] or [None]
    found = (
        (each, charts.bars(_bars(columns, table, labels, each), labels.compact))
        for each in currencies
    )
    return tuple(
        Panel(labels.show(currency).text if currency else None, drawn)
        for currency, drawn in found
        if drawn
    )


def readable(table: Table) -> Table:
    """Return a table without the columns that only give labels of things beside them.

    >>> from kg_server.formats import Kind
    >>> readable(Table(Kind.BINDINGS, ("seat", "seatLabel"), (), (), 0)).columns
    ('seat',)
    """
    kept = [
        index
        for index, name in enumerate(table.columns)
        if not (name.endswith("Label") and name.removesuffix("Label") in table.columns)
    ]
    columns = tuple(table.columns[index] for index in kept)
    rows = tuple(tuple(row[index] for index in kept) for row in table.rows)
    return replace(table, columns=columns, rows=rows)


def series(hint: Sequence[str], table: Table, labels: Labels) -> tuple[str, ...]:
    """Return the names of the bars' colours, as many as there are colours for."""
    if len(hint) < 4 or hint[0] != "bars":
        return ()
    return tuple(labels.show(term).text for term in _distinct(hint[3], table)[:3])


def code(address: str, values: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return how to ask a canned query from a shell, from Python and from JavaScript.

    Args:
        address: the absolute address of the query, without extension.
        values: its parameters.

    >>> code("https://e.org/queries/missions", {"state": "CAN"})[0][1]
    "curl 'https://e.org/queries/missions.csv?state=CAN'"
    """
    query = f"?{urlencode(values)}" if values else ""
    csv, found = f"{address}.csv{query}", f"{address}.json{query}"
    python = f"import pandas\n\nprint(pandas.read_csv({json.dumps(csv)}))"
    script = (
        f"const response = await fetch({json.dumps(found)});\n"
        "const { results } = await response.json();\n"
        "console.table(results.bindings);"
    )
    quoted = csv.replace("'", "'\\''")
    return [("curl", f"curl '{quoted}'"), ("Python", python), ("JavaScript", script)]


def _bars(
    columns: Sequence[str], table: Table, labels: Labels, currency: Node | None
) -> list[charts.Bar]:
    group, value, *rest = columns
    colours = _distinct(rest[0], table) if rest else []
    found = []
    for row in table.terms:
        number = row.get(value)
        if row.get("currency") != currency:
            continue
        length = charts.drawable(str(number)) if isinstance(number, Literal) else None
        if group in row and number is not None and length is not None:
            parts = [labels.show(row[name]).text for name in _naming(row, rest, table)]
            found.append(
                charts.Bar(
                    labels.show(row[group]).text,
                    " · ".join(parts),
                    length,
                    labels.show(number).text,
                    min(colours.index(row[rest[0]]), 2) + 1 if rest and rest[0] in row else 1,
                    _standing(row),
                    _href(row, labels),
                )
            )
    return found


def _moments(columns: Sequence[str], table: Table, labels: Labels) -> list[charts.Moment]:
    earliest, _, label = columns
    found: dict[tuple[str, str], charts.Moment] = {}
    for row in table.terms:
        date = row.get("date") or row.get(earliest)
        if date is not None and label in row:
            name = labels.show(row[label]).text
            moment = charts.Moment(
                name, str(date), labels.show(date).text, _standing(row), _href(row, labels)
            )
            known = found.get((name, str(date)))
            if known is None or known.standing == "Background":
                found[name, str(date)] = moment
    return list(found.values())


def _naming(row: Row, rest: Sequence[str], table: Table) -> list[str]:
    """Return the columns that tell a bar from the others of its group."""
    wanted = [*rest, "otherLabel"]
    return [name for name in wanted if name in row and name in table.columns]


def _distinct(column: str, table: Table) -> list[Node]:
    return list(dict.fromkeys(row[column] for row in table.terms if column in row))


def _standing(row: Row) -> str:
    return readable_end(str(row[_STANDING])) if _STANDING in row else "Accepted"


def _href(row: Row, labels: Labels) -> str | None:
    names = [name for name in _EVIDENCE if name in row]
    return link(str(row[names[0]]), labels.base_iri) if names else None
