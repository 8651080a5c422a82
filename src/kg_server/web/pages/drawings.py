"""Maps and graphs of answers as geometry, which templates turn into SVG without scripts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rdflib import Literal

from kg_server.web.pages.charts import breadth, fitted
from kg_server.web.pages.tables import Row, Table
from kg_server.web.pages.terms import Labels, Shown

WIDTH = 960
MOST_LINKS = 60
"""Links beyond so many are not drawn, and the page says so."""

_MARGIN, _LINE = 60, 18
_TALLEST, _FLATTEST = 720, 240
_COLUMN, _NODE = 300, 26


@dataclass(frozen=True, slots=True)
class Place:
    """A point of a map; ``label`` is empty where there is no room for it."""

    x: float
    y: float
    name: str
    label: str
    href: str | None


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the grid: where it is, along one axis, and what it says."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Map:
    """Places in an equirectangular projection; north is up."""

    places: tuple[Place, ...]
    meridians: tuple[Line, ...]
    parallels: tuple[Line, ...]
    height: int
    missing: int
    """Number of rows without a place."""
    width: int = WIDTH
    kind: str = "map"


@dataclass(frozen=True, slots=True)
class End:
    """A thing at one end of links."""

    y: float
    shown: Shown


@dataclass(frozen=True, slots=True)
class Link:
    """Link between two things."""

    from_y: float
    to_y: float
    text: str


@dataclass(frozen=True, slots=True)
class Links:
    """Things to the left, what they link to at the right, and lines between them."""

    sources: tuple[End, ...]
    targets: tuple[End, ...]
    links: tuple[Link, ...]
    height: int
    more: int
    """Number of links that are not drawn."""
    missing: int
    """Number of rows that lack a thing at one end."""
    width: int = WIDTH
    column: int = _COLUMN
    kind: str = "graph"


def places(columns: Sequence[str], table: Table, labels: Labels) -> Map | None:
    """Return the map of an answer; ``None`` if no row has a latitude and a longitude.

    Args:
        columns: the columns of latitude and longitude in degrees, and of the name, if there is one.
        table: the answer.
        labels: the labels of the page.
    """
    latitude, longitude, *rest = columns
    located = []
    for row in table.terms:
        north, east = _degrees(row, latitude, 90), _degrees(row, longitude, 180)
        if north is not None and east is not None:
            located.append((north, east, _name(row, rest, labels), _thing(row, labels)))
    if not located:
        return None
    return _map(located, len(table.terms) - len(located))


def links(columns: Sequence[str], table: Table, labels: Labels) -> Links | None:
    """Return the links of an answer; ``None`` if there are none.

    Args:
        columns: the columns of the linking and the linked thing, and of what the link is called.
        table: the answer.
        labels: the labels of the page.
    """
    source, target, *rest = columns
    pairs = [
        (labels.show(row[source]), labels.show(row[target]), _text(row, rest, labels))
        for row in table.terms
        if source in row and target in row
    ]
    distinct = list(dict.fromkeys(pairs))
    if not distinct:
        return None
    drawn = distinct[:MOST_LINKS]
    lefts = list(dict.fromkeys(one for one, _, _ in drawn))
    rights = list(dict.fromkeys(other for _, other, _ in drawn))
    height = max(len(lefts), len(rights)) * _NODE + 20
    left, right = (dict(_spread(ends, height)) for ends in (lefts, rights))
    return Links(
        tuple(End(y, shown) for shown, y in left.items()),
        tuple(End(y, shown) for shown, y in right.items()),
        tuple(Link(left[one], right[other], text) for one, other, text in drawn),
        height,
        len(distinct) - len(drawn),
        sum(source not in row or target not in row for row in table.terms),
    )


def _map(located: Sequence[tuple[float, float, str, str | None]], missing: int) -> Map:
    north, south = max(each[0] for each in located), min(each[0] for each in located)
    east, west = max(each[1] for each in located), min(each[1] for each in located)
    # A degree of longitude is shorter away from the equator; a point alone has some land around it.
    narrow = max(math.cos(math.radians((north + south) / 2)), 0.1)
    wide, high = max((east - west) * narrow, 0.01), max(north - south, 0.01)
    scale = min((WIDTH - 2 * _MARGIN - 120) / wide, (_TALLEST - 2 * _MARGIN) / high)
    height = round(max(high * scale + 2 * _MARGIN, _FLATTEST))
    left = (WIDTH - wide * scale) / 2
    top = (height - high * scale) / 2

    def x_of(degrees: float) -> float:
        return round(left + (degrees - west) * narrow * scale, 1)

    def y_of(degrees: float) -> float:
        return round(top + (north - degrees) * scale, 1)

    points = [(x_of(each[1]), y_of(each[0]), each[2], each[3]) for each in located]
    return Map(
        tuple(_labelled(points)),
        tuple(Line(x_of(each), _compass(each, "E", "W")) for each in _round_degrees(west, east)),
        tuple(Line(y_of(each), _compass(each, "N", "S")) for each in _round_degrees(south, north)),
        height,
        missing,
    )


def _labelled(points: Iterable[tuple[float, float, str, str | None]]) -> Iterator[Place]:
    """Give each point its label, unless it would lie upon another."""
    taken: list[tuple[float, float, float]] = []
    for x, y, name, href in points:
        label = fitted(name, WIDTH - x - 10)
        end = x + 10 + breadth(label)
        free = all(
            abs(y - its_y) > _LINE or end < begin or x > its_end for begin, its_end, its_y in taken
        )
        if free:
            taken.append((x, end, y))
        yield Place(x, y, name, label if free else "", href)


def _round_degrees(low: float, high: float) -> list[float]:
    """Return at most seven round numbers of degrees.

    >>> _round_degrees(-9.6, -2.3)
    [-8, -6, -4]
    """
    span = max(high - low, 0.01)
    step = next(
        each for each in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 90)
        if span / each <= 6 or each == 90
    )  # fmt: skip
    first = math.ceil(low / step)
    return [round(n * step, 2) for n in range(first, math.floor(high / step) + 1)]


def _compass(degrees: float, positive: str, negative: str) -> str:
    """Return degrees as maps write them.

    >>> _compass(-4.5, "E", "W"), _compass(0, "N", "S")
    ('4.5° W', '0°')
    """
    side = positive if degrees > 0 else negative
    return f"{abs(degrees):g}° {side}" if degrees else "0°"


def _degrees(row: Row, column: str, most: int) -> float | None:
    try:
        value = float(str(row.get(column, "")))
    except ValueError:
        return None
    return value if math.isfinite(value) and abs(value) <= most else None


def _name(row: Row, columns: Sequence[str], labels: Labels) -> str:
    return _text(row, columns, labels) or next(
        (labels.show(term).text for term in row.values() if not isinstance(term, Literal)), ""
    )


def _text(row: Row, columns: Sequence[str], labels: Labels) -> str:
    return labels.show(row[columns[0]]).text if columns and columns[0] in row else ""


def _thing(row: Row, labels: Labels) -> str | None:
    """Return where the first thing of a row is found."""
    shown = (labels.show(term) for term in row.values() if not isinstance(term, Literal))
    return next((each.href for each in shown if each.href), None)


def _spread(ends: Sequence[Shown], height: int) -> Iterator[tuple[Shown, float]]:
    """Yield things with the heights at which they stand, evenly from top to bottom."""
    step = height / len(ends)
    for number, shown in enumerate(ends):
        yield shown, round((number + 0.5) * step, 1)
