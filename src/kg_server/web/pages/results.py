"""Views of a canned query's answer: charts, rows left out of charts, cards, and code to copy."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from rdflib import Literal
from rdflib.term import Node

from kg_server.web.pages import charts, drawings
from kg_server.web.pages.dates import days
from kg_server.web.pages.layout import translate
from kg_server.web.pages.numbers import DIGITS
from kg_server.web.pages.tables import Row, Table
from kg_server.web.pages.terms import Labels, Shown

STANDING, CLAIM, SOURCE, POLARITY = "standing", "claim", "source", "polarity"
"""Columns of canned queries with the standing of a row, its claim, the source of the claim, and
whether the claim denies its statement."""
_UNIT = re.compile("((^|_)([cC]urrency|[uU]nit)|Currency|Unit)(_?([cC]ode|Symbol|Name|Label))?$")
"""Columns with the unit of an amount: amounts in different units get charts of their own."""
LEFT_OUT = (
    "{count} of {total} rows are not in the chart: they have no number or date that can be drawn."
)
ONE_LEFT_OUT = (
    "One of {total} rows is not in the chart: it has no number or date that can be drawn."
)
_COLOURS = 3
_RANKS = {"disputed": 0, "accepted": 1, "unknown": 2, "": 3, "background": 4}
"""The row of several that has the mark that they share: the one with the least rank."""
_MOST_ITEMS = 4
_WORDS = 24
"""Least characters of a literal that counts as words to read, not as a code or a number."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One drawing of a result; ``title`` is the unit of its amounts, if they have one."""

    title: str | None
    chart: charts.Chart | drawings.Map | drawings.Links
    narrow: charts.Chart | drawings.Map | drawings.Links
    """The same chart for a phone."""


@dataclass(frozen=True, slots=True)
class Item:
    """One row of a card: its words, its other cells, its standing."""

    words: Shown | None
    others: tuple[Shown, ...]
    badge: Shown | None
    look: str


@dataclass(frozen=True, slots=True)
class Card:
    """Rows with the same title: the title, the cells that they have in common, and their rows."""

    title: tuple[Shown, ...]
    common: tuple[Shown, ...]
    items: tuple[Item, ...]
    more: int


@dataclass(frozen=True, slots=True)
class _Notes:
    """Sentences of a kind of charts, each for one row and for several."""

    missing: tuple[str, str]
    none: str
    shared: tuple[str, str] = ("", "")
    more: tuple[str, str] = ("", "")


_NOTES = {
    "bars": _Notes(
        missing=(ONE_LEFT_OUT, LEFT_OUT),
        none="There is no chart: no row has a number that can be drawn.",
    ),
    "timeline": _Notes(
        missing=(ONE_LEFT_OUT, LEFT_OUT),
        none="There is no chart: no row has a date that can be drawn.",
        shared=(
            "One row says the same as another of the same date, and shares its mark.",
            "{count} rows say the same as others of the same date, and share their marks.",
        ),
    ),
    "map": _Notes(
        missing=(
            "One of {total} rows is not on the map: it has no place.",
            "{count} of {total} rows are not on the map: they have no place.",
        ),
        none="There is no map: no row has a place.",
    ),
    "graph": _Notes(
        missing=(
            "One of {total} rows is not drawn: it has no link.",
            "{count} of {total} rows are not drawn: they have no link.",
        ),
        none="There is no graph: no row has a link.",
        shared=(
            "One row repeats a link of another.",
            "{count} rows repeat links of others.",
        ),
        more=(
            "One more link is not drawn.",
            "{count} more links are not drawn.",
        ),
    ),
}
"""Sentences about rows without a mark of their own, by the kind of the chart."""
_NAMELESS = (
    "On the map, one place has no room for its name; the table has it.",
    "On the map, {count} places have no room for their names; the table has them.",
)


_DRAWN: Mapping[str, Callable[..., drawings.Map | drawings.Links | None]] = {
    "map": drawings.places,
    "graph": drawings.links,
}


def panels(hint: Sequence[str], table: Table, labels: Labels) -> tuple[Panel, ...]:
    """Return the charts that a query's header asks for; none if there is nothing to draw.

    Amounts in different currencies go to charts of their own.

    Args:
        hint: ``bars GROUP VALUE [SERIES [COLUMN ...]]``, ``timeline EARLIEST LATEST LABEL``,
            ``map LATITUDE LONGITUDE [LABEL]`` or ``graph SOURCE TARGET [LABEL]``, with names of
            columns; the columns after the series tell bars of one group apart.
        table: the answer.
        labels: the labels of the page.
    """
    kind, *columns = hint or ("",)
    if kind == "timeline" and len(columns) >= 3:
        moments = _moments(columns, table, labels)
        years = _years(labels.language)
        drawn = charts.timeline(moments, years)
        narrow = charts.timeline(moments, years, charts.NARROW)
        return (Panel(None, drawn, narrow),) if drawn and narrow else ()
    if kind in _DRAWN and len(columns) >= 2:
        wide, slim = (
            _DRAWN[kind](columns, table, labels, width)
            for width in (charts.WIDE.width, charts.NARROW.width)
        )
        return (Panel(None, wide, slim),) if wide and slim else ()
    if kind != "bars" or len(columns) < 2:
        return ()
    of_units = _of_units(table)
    units = list(dict.fromkeys(_unit(row, of_units) for row in table.terms))
    panels_ = []
    for each in units:
        bars = _bars(columns, table, labels, (of_units, each))
        drawn = charts.bars(bars, labels.compact)
        narrow = charts.bars(bars, labels.compact, charts.NARROW)
        if drawn and narrow:
            title = " · ".join(labels.show(part).text for part in each if part) or None
            if len(units) > 1 and not title:
                title = translate("unit not stated", labels.language)
            panels_.append(Panel(title, drawn, narrow))
    return tuple(panels_)


def notes(
    hint: Sequence[str],
    table: Table,
    drawn: Sequence[Panel],
    language: str,
    *,
    is_part: bool = False,
) -> tuple[str, ...]:
    """Return what a reader of charts has to know: which rows have no mark of their own, and why.

    Args:
        hint: as for ``panels``.
        table: the answer.
        drawn: its panels.
        language: the language of the sentences.
        is_part: whether the answer has more rows than the table.
    """
    sentences = []
    total = len(table.terms)
    if drawn:
        marks, missing, more = _counted(hint, table, drawn)
        shared = total - marks - missing - more
        words = _NOTES[drawn[0].chart.kind]
        counts = ((missing, words.missing), (shared, words.shared), (more, words.more))
        sentences = [
            translate(one if count == 1 else many, language, count=count, total=total)
            for count, (one, many) in counts
            if count
        ]
        nameless = _nameless(drawn[0].chart)
        if nameless:
            sentences.append(translate(_NAMELESS[nameless > 1], language, count=nameless))
    elif total and hint[:1] and hint[0] in _NOTES:
        sentences = [translate(_NOTES[hint[0]].none, language)]
    return (*sentences, *([part(total, language)] if is_part and total else []))


def _counted(hint: Sequence[str], table: Table, drawn: Sequence[Panel]) -> tuple[int, int, int]:
    """Return the numbers of marks, of rows that cannot be drawn, and of marks there is no room for.

    What else there is shares the mark of another row.
    """
    chart = drawn[0].chart
    if isinstance(chart, drawings.Map):
        return len(chart.places), chart.missing, 0
    if isinstance(chart, drawings.Links):
        return len(chart.links), chart.missing, chart.more
    kind, *columns = hint
    marks = sum(len(each.chart.rows) for each in drawn if isinstance(each.chart, charts.Chart))
    if kind == "bars":
        return marks, sum(_length(row, columns) is None for row in table.terms), 0
    missing = sum(not _dates(row, columns) or columns[2] not in row for row in table.terms)
    return marks, missing, 0


def _nameless(chart: charts.Chart | drawings.Map | drawings.Links) -> int:
    """Return the number of places on a map that have a name, but no room for it."""
    if not isinstance(chart, drawings.Map):
        return 0
    return sum(bool(each.name) and not each.label for each in chart.places)


def _years(language: str) -> Callable[[int], str]:
    """Return a function that writes years in the digits of a language."""
    return lambda year: str(year).translate(DIGITS.get(language, {}))


def part(count: int, language: str) -> str:
    """Return the sentence that says that an answer has more rows than are shown."""
    if count == 1:
        return translate("Only one row is shown here; there are more.", language)
    return translate("Only {count} rows are shown here; there are more.", language, count=count)


def cards(view: Sequence[str], table: Table, given: Iterable[str] = ()) -> tuple[Card, ...]:
    """Return a result as cards: rows with the same thing make one.

    Args:
        view: ``cards``, and the columns that together are the title of a card; without any, those
            that were given, or else the first with things.
        table: the answer.
        given: columns whose values were asked for.
    """
    shown = readable(table)
    titles = set(view[1:] or given)
    of_titles = [n for n, name in enumerate(shown.columns) if name in titles]
    key = of_titles or [_first_thing(shown)]
    groups: dict[tuple[str, ...], list[int]] = {}
    for index, row in enumerate(shown.rows):
        name = tuple(cell.iri or cell.text if cell else "" for cell in (row[n] for n in key))
        groups.setdefault(name, []).append(index)
    return tuple(_card(shown, rows, key) for rows in groups.values())


def _first_thing(table: Table) -> int:
    """Return the first column of things; the very first if there is none."""
    cells = table.rows[0] if table.rows else ()
    return next((n for n, cell in enumerate(cells) if cell and cell.iri), 0)


def _card(table: Table, rows: Sequence[int], key: Sequence[int]) -> Card:
    cells = [table.rows[index] for index in rows]
    rest = [n for n, name in enumerate(table.columns) if n not in key and name != POLARITY]
    common = [n for n in rest if len({row[n] for row in cells}) == 1 and not _stands(table, n)]
    if len(rows) == 1:  # all cells are common: words and standing still make one row
        common = [n for n in common if _is_code(cells[0][n])]
    varied = [n for n in rest if n not in common]
    items = [_item(table, index, varied) for index in rows] if varied else []
    kept = tuple(dict.fromkeys(each for each in items if each.words or each.others))
    return Card(
        title=tuple(cell for n in key if (cell := cells[0][n])),
        # Without the name of its column, a tick says nothing.
        common=tuple(c for n in common if (c := cells[0][n]) and c.text not in ("✓", "✗")),
        items=kept[:_MOST_ITEMS],
        more=max(len(kept) - _MOST_ITEMS, 0),
    )


def _item(table: Table, index: int, columns: Sequence[int]) -> Item:
    cells = [(n, cell) for n in columns if (cell := table.rows[index][n])]
    badge = next((cell for n, cell in cells if _stands(table, n)), None)
    texts = [cell for _, cell in cells if not _is_code(cell) and cell.iri is None]
    words = max(texts, key=lambda cell: len(cell.text), default=None)
    things = [(table.columns[n], cell) for n, cell in cells if cell.iri and cell is not badge]
    cited = [cell for name, cell in things if name in (CLAIM, SOURCE)]
    others = tuple(cited or [cell for _, cell in things])
    if words is None:  # a row of short values: all of them are what it says
        others = tuple(cell for _, cell in cells if cell is not badge)
    return Item(words=words, others=others, badge=badge, look=table.looks[index])


def _stands(table: Table, column: int) -> bool:
    """Tell whether a column has the standings from which ``looks`` were read."""
    return table.columns[column] == STANDING


def _is_code(cell: Shown | None) -> bool:
    return cell is None or (cell.iri is None and len(cell.text) < _WORDS)


def readable(table: Table) -> Table:
    """Return a table without the columns that only give labels of the cells beside them.

    A thing has its label from the graph. A word, such as a direction, is replaced by its label.

    >>> from kg_server.formats import Kind
    >>> readable(Table(Kind.BINDINGS, ("seat", "seatLabel"), (), (), (), 0)).columns
    ('seat',)
    >>> row = (Shown("both"), Shown("les deux sens"))
    >>> readable(Table(Kind.BINDINGS, ("way", "wayLabel"), (), (row,), (), 1)).rows[0][0].text
    'les deux sens'
    """
    columns = table.columns
    beside = {name: columns.index(f"{name}Label") for name in columns if f"{name}Label" in columns}
    kept = [n for n, name in enumerate(columns) if n not in beside.values()]

    def cell(row: Sequence[Shown | None], n: int) -> Shown | None:
        label = beside.get(columns[n])
        is_word = label is not None and (thing := row[n]) is not None and thing.iri is None
        return row[label] or row[n] if label is not None and is_word else row[n]

    rows = tuple(tuple(cell(row, n) for n in kept) for row in table.rows)
    return replace(table, columns=tuple(columns[n] for n in kept), rows=rows)


def series(hint: Sequence[str], table: Table, labels: Labels) -> tuple[str, ...]:
    """Return the names of the bars' colours; the last colour has all for which there is none."""
    if len(hint) < 4 or hint[0] != "bars":
        return ()
    first = {row[hint[3]]: row for row in reversed(table.terms) if hint[3] in row}
    names = [_named(first[term], hint[3], labels) for term in _distinct(hint[3], table)]
    if len(names) > _COLOURS:
        names[_COLOURS - 1 :] = [translate("others", labels.language)]
    return tuple(names)


def code(address: str, values: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return code that runs a canned query: for curl, Python, R, JavaScript and a spreadsheet.

    Args:
        address: the absolute address of the query, without extension.
        values: its parameters.

    >>> code("https://e.org/queries/museums", {"city": "Paris"})[0][1]
    "curl 'https://e.org/queries/museums.csv?city=Paris'"
    """
    given = f"?{urlencode(values)}" if values else ""
    labelled = urlencode({**values, "labels": "1"})
    rows = f"{address}?{urlencode({'format': 'rows', **values})}"
    csv = f"{address}.csv{given}"
    quoted = csv.replace("'", "'\\''")
    return [
        ("curl", f"curl '{quoted}'"),
        *_programs(csv, f"{address}.csv?{labelled}"),
        ("JavaScript", f"console.table(await (await fetch({json.dumps(rows)})).json());"),
    ]


def _programs(csv: str, labelled: str) -> list[tuple[str, str]]:
    """Return code that reads a CSV in Python, R and a spreadsheet, which gets labels for IRIs."""
    quoted = json.dumps(csv)
    return [
        ("Python", f"import pandas\n\nprint(pandas.read_csv({quoted}))"),
        ("R", f"print(read.csv({quoted}))"),
        ("Spreadsheet", f'=IMPORTDATA("{labelled}")'),
    ]


def query_code(endpoint: str, query: str) -> list[tuple[str, str]]:
    """Return code that runs a SPARQL query: for curl, Python, R, JavaScript and a spreadsheet.

    >>> query_code("https://e.org/sparql", "ASK {}")[0][1]
    "curl https://e.org/sparql --data-urlencode 'query=ASK {}' -H 'Accept: text/csv'"
    """
    quoted = "query=" + query.replace("'", "'\\''")
    curl = f"curl {endpoint} --data-urlencode '{quoted}' -H 'Accept: text/csv'"
    csv = f"{endpoint}?{urlencode({'query': query, 'format': 'csv'})}"
    answer = json.dumps(f"{endpoint}?{urlencode({'query': query, 'format': 'json'})}")
    script = (
        f"const {{ results }} = await (await fetch({answer})).json();\n"
        "console.table(results.bindings);"
    )
    return [("curl", curl), *_programs(csv, csv), ("JavaScript", script)]


def _of_units(table: Table) -> tuple[str, ...]:
    """Return the columns of units, without labels of others that are beside them."""
    units = [name for name in table.columns if _UNIT.search(name)]
    return tuple(name for name in units if name.removesuffix("Label") not in {*units} - {name})


def _unit(row: Row, of_units: Iterable[str]) -> tuple[Node | None, ...]:
    return tuple(row.get(name) for name in of_units)


def _bars(
    columns: Sequence[str],
    table: Table,
    labels: Labels,
    unit: tuple[tuple[str, ...], tuple[Node | None, ...]],
) -> list[charts.Bar]:
    group, value, *rest = columns
    names_sources, unstated = _has_twins(columns, table, unit), _unstated(table)
    source = SOURCE if SOURCE in table.columns else f"{SOURCE}Label"
    colours = _distinct(rest[0], table) if rest else []
    groups = labels.apart((row[group] for row in table.terms if group in row), group)
    bars = []
    for row, look in zip(table.terms, table.looks, strict=True):
        number, length = row.get(value), _length(row, columns)
        if _unit(row, unit[0]) == unit[1] and number is not None and length is not None:
            parts = [_named(row, name, labels) for name in _naming(row, rest, table)]
            if names_sources and source in row and source not in rest:
                parts.append(_named(row, source, labels))
            bars.append(
                charts.Bar(
                    group=groups[row[group]].text,
                    label=" · ".join(parts),
                    value=length,
                    text=labels.show(number).text,
                    series=min(colours.index(row[rest[0]]) + 1, _COLOURS)
                    if rest and rest[0] in row
                    else 1,
                    standing=look or unstated,
                    href=_href(row, labels),
                )
            )
    return bars


def _unstated(table: Table) -> str:
    """Return the standing of marks whose row has none: empty where no row has one."""
    return "unknown" if any(table.looks) else ""


def _has_twins(
    columns: Sequence[str],
    table: Table,
    unit: tuple[tuple[str, ...], tuple[Node | None, ...]],
) -> bool:
    """Tell whether two bars of a unit's chart have one label, so that its bars name sources."""
    group, _, *rest = columns
    counted = Counter(
        tuple(row.get(name) for name in (group, *rest))
        for row in table.terms
        if _unit(row, unit[0]) == unit[1] and _length(row, columns) is not None
    )
    return any(count > 1 for count in counted.values())


def _named(row: Row, name: str, labels: Labels) -> str:
    """Return the label of a value: that of the column beside it, where the answer has one."""
    term = row[name]
    return labels.show(row.get(f"{name}Label", term) if isinstance(term, Literal) else term).text


def _moments(columns: Sequence[str], table: Table, labels: Labels) -> list[charts.Moment]:
    label = columns[2]
    unstated = _unstated(table)
    names = labels.apart(row[label] for row in table.terms if label in row)
    moments: dict[tuple[str, ...], charts.Moment] = {}
    for row, look in zip(table.terms, table.looks, strict=True):
        dates, unknown = _dates(row, columns), _unknown(row, columns)
        if dates and label in row:
            moment = charts.Moment(
                label=names[row[label]].text,
                date=str(dates[0]),
                text=_period(dates, unknown, labels),
                standing=look or unstated,
                href=_href(row, labels),
                until=str(dates[-1]),
                unknown=unknown,
            )
            place = (moment.label, unknown, *map(str, dates))
            earlier = moments.get(place)
            if earlier is None or _RANKS[moment.standing] < _RANKS[earlier.standing]:
                moments[place] = moment
    return list(moments.values())


def _length(row: Row, columns: Sequence[str]) -> float | None:
    """Return the value of a row's bar; ``None`` where it has none."""
    number = row.get(columns[1])
    drawable = columns[0] in row and isinstance(number, Literal)
    return charts.drawable(str(number)) if drawable else None


def _dates(row: Row, columns: Sequence[str]) -> list[Node]:
    """Return the date of a row as it was given, or else its first and its last one, if they differ.

    Dates that cannot be drawn are left out.
    """
    given = [
        [date for name in names if (date := row.get(name)) is not None and days(str(date))]
        for names in (("date",), columns[:2])
    ]
    return list(dict.fromkeys(given[0] or given[1]))


def _unknown(row: Row, columns: Sequence[str]) -> str:
    """Return the side on which a row has no date: ``start``, ``end``, or empty if it has both."""
    if "date" in row or columns[0] == columns[1]:
        return ""
    return next(
        (side for side, name in zip(("start", "end"), columns[:2], strict=True) if name not in row),
        "",
    )


def _period(dates: Sequence[Node], unknown: str, labels: Labels) -> str:
    """Return the dates of a row in words, with a dash towards the side that has none."""
    shown = [labels.show(each, "year").text for each in dates]
    sides = [*([""] if unknown == "start" else []), *shown, *([""] if unknown == "end" else [])]
    return " – ".join(sides).strip()


def _naming(row: Row, rest: Sequence[str], table: Table) -> list[str]:
    """Return the columns that tell a bar from the others of its group."""
    return [name for name in rest if name in row and len(_distinct(name, table)) > 1]


def _distinct(column: str, table: Table) -> list[Node]:
    return list(dict.fromkeys(row[column] for row in table.terms if column in row))


def _href(row: Row, labels: Labels) -> str | None:
    """Return the address that a mark links to: that of its claim, if the answer names it."""
    claim = row.get(CLAIM)
    return labels.link(str(claim)) if claim is not None else None
