"""Maps and graphs of answers as geometry, which templates turn into SVG without scripts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rdflib import Literal

from kg_server.web.pages.charts import breadth, fitted
from kg_server.web.pages.tables import Row, Table
from kg_server.web.pages.terms import Labels, Shown

MOST_LINKS = 60
"""Links beyond so many are not drawn, and the page says so."""

_MARGIN, _LINE, _MARK = 60, 18, 7
_TALLEST, _FLATTEST = 720, 240
_LEAST_NAME = 40
"""Pixels that a name needs at least before it is cut."""
_MERIDIAN, _PARALLEL = 70, 22
"""Least distances of the lines of a map, whose texts stand beside each other."""
_SLIM = 700
"""Drawings narrower than this are for phones."""
_NODE = 26


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
    width: int
    kind: str = "map"

    @property
    def is_narrow(self) -> bool:
        """Tell whether the drawing is for a phone."""
        return self.width < _SLIM


@dataclass(frozen=True, slots=True)
class End:
    """A thing at one end of links; ``room`` is the width of its name."""

    x: float
    y: float
    shown: Shown
    room: float


@dataclass(frozen=True, slots=True)
class Link:
    """Link between two things: its line, and the middle and the width of its text."""

    path: str
    text: str
    x: float
    y: float
    room: float


@dataclass(frozen=True, slots=True)
class Links:
    """Things, what they link to, and lines between them.

    The linking things stand to the left. On a phone, linked things stand below them instead.
    """

    sources: tuple[End, ...]
    targets: tuple[End, ...]
    links: tuple[Link, ...]
    height: int
    more: int
    """Number of links that are not drawn."""
    missing: int
    """Number of rows that lack a thing at one end."""
    width: int
    kind: str = "graph"

    @property
    def is_narrow(self) -> bool:
        """Tell whether the drawing is for a phone."""
        return self.width < _SLIM


def places(columns: Sequence[str], table: Table, labels: Labels, width: int) -> Map | None:
    """Return the map of an answer; ``None`` if no row has a latitude and a longitude.

    Args:
        columns: the columns of latitude and longitude in degrees, and of the name, if there is one.
        table: the answer.
        labels: the labels of the page.
        width: the width of the drawing.
    """
    latitude, longitude, *rest = columns
    located = []
    for row in table.terms:
        north, east = _degrees(row, latitude, 90), _degrees(row, longitude, 180)
        if north is not None and east is not None:
            located.append((north, east, _name(row, rest, labels), _thing(row, labels)))
    if not located:
        return None
    return _map(located, len(table.terms) - len(located), width)


def links(columns: Sequence[str], table: Table, labels: Labels, width: int) -> Links | None:
    """Return the links of an answer; ``None`` if there are none.

    Args:
        columns: the columns of the linking and the linked thing, and of what the link is called.
        table: the answer.
        labels: the labels of the page.
        width: the width of the drawing.
    """
    source, target, *rest = columns
    linking = [row for row in table.terms if source in row and target in row]
    names = labels.apart(row[each] for row in linking for each in (source, target))
    pairs = [(names[row[source]], names[row[target]], _text(row, rest, labels)) for row in linking]
    distinct = list(dict.fromkeys(pairs))
    if not distinct:
        return None
    drawn = distinct[:MOST_LINKS]
    more, missing = len(distinct) - len(drawn), len(table.terms) - len(linking)
    arrange = _below if width < _SLIM else _beside
    sources, targets, links, height = arrange(drawn, width)
    return Links(
        sources=sources,
        targets=targets,
        links=links,
        height=height,
        more=more,
        missing=missing,
        width=width,
    )


_Arranged = tuple[tuple[End, ...], tuple[End, ...], tuple[Link, ...], int]


def _beside(drawn: Sequence[tuple[Shown, Shown, str]], width: int) -> _Arranged:
    """Return linking things to the left, linked ones to the right, the links, and the height."""
    column = width * 5 // 16
    lefts = list(dict.fromkeys(one for one, _, _ in drawn))
    rights = list(dict.fromkeys(other for _, other, _ in drawn))
    height = max(len(lefts), len(rights)) * _NODE + 20
    left, right = (dict(_spread(ends, height)) for ends in (lefts, rights))
    begin, end = column + 10, width - column - 10
    room = end - begin - 2 * _LINE
    return (
        tuple(End(x=begin, y=y, shown=shown, room=column - 6) for shown, y in left.items()),
        tuple(End(x=end, y=y, shown=shown, room=column - 6) for shown, y in right.items()),
        tuple(
            Link(
                path=f"M{begin} {y}L{end} {to_y}",
                text=text,
                x=width / 2,
                y=(y + to_y) / 2,
                room=room,
            )
            for y, to_y, text in _apart(
                (left[one], right[other], text) for one, other, text in drawn
            )
        ),
        height,
    )


def _apart(links: Iterable[tuple[float, float, str]]) -> Iterator[tuple[float, float, str]]:
    """Yield links, without texts that would lie upon another one in the middle."""
    taken: list[float] = []
    for y, to_y, text in links:
        middle = (y + to_y) / 2
        free = all(abs(middle - each) >= _LINE for each in taken)
        if text and free:
            taken.append(middle)
        yield y, to_y, text if free else ""


def _below(drawn: Sequence[tuple[Shown, Shown, str]], width: int) -> _Arranged:
    """Return linking things, each above the things that it links to, the links, and the height."""
    sources: list[End] = []
    targets: list[End] = []
    lines: list[Link] = []
    y = _NODE / 2
    for one in dict.fromkeys(one for one, _, _ in drawn):
        top = y
        sources.append(End(x=10, y=top, shown=one, room=width - 26))
        for _, other, text in (each for each in drawn if each[0] == one):
            if text:
                y += _LINE
            y += _NODE
            targets.append(End(x=34, y=y, shown=other, room=width - 50))
            lines.append(
                Link(path=f"M10 {top}V{y}H34", text=text, x=30, y=y - _LINE - 2, room=width - 36)
            )
        y += _NODE + 4
    return tuple(sources), tuple(targets), tuple(lines), round(y)


def _map(located: Sequence[tuple[float, float, str, str | None]], missing: int, width: int) -> Map:
    first = _first_meridian([each[1] for each in located])
    located = [(each[0], first + (each[1] - first) % 360, *each[2:]) for each in located]
    north, south = max(each[0] for each in located), min(each[0] for each in located)
    east, west = max(each[1] for each in located), first
    if (north, east) == (south, west):  # a point alone has some land around it
        north, south, east, west = north + 0.5, south - 0.5, east + 0.5, west - 0.5
    # A degree of longitude is shorter away from the equator.
    narrow = max(math.cos(math.radians((north + south) / 2)), 0.1)
    wide, high = (east - west) * narrow, north - south
    room = width - 2 * _MARGIN - (120 if width > _SLIM else 0)
    scale = min(
        room / max(wide, 0.01), (min(_TALLEST, 1.5 * width) - 2 * _MARGIN) / max(high, 0.01)
    )
    height = round(max(high * scale + 2 * _MARGIN, _FLATTEST))
    left = (width - wide * scale) / 2
    top = (height - high * scale) / 2

    def x_of(degrees: float) -> float:
        return round(left + (degrees - west) * narrow * scale, 1)

    def y_of(degrees: float) -> float:
        return round(top + (north - degrees) * scale, 1)

    points = [(x_of(each[1]), y_of(each[0]), each[2], each[3]) for each in located]
    meridians = _round_degrees(west, east, wide * scale / _MERIDIAN)
    parallels = _round_degrees(south, north, high * scale / _PARALLEL)
    return Map(
        places=tuple(_labelled(points, width)),
        meridians=tuple(
            Line(x_of(each), _compass((each + 180) % 360 - 180, "E", "W")) for each in meridians
        ),
        parallels=tuple(Line(y_of(each), _compass(each, "N", "S")) for each in parallels),
        height=height,
        missing=missing,
        width=width,
    )


def _first_meridian(degrees: Iterable[float]) -> float:
    """Return the longitude where a map begins in the west: east of the widest gap of all.

    >>> _first_meridian([-4.5, 2.3, 100.0]), _first_meridian([-179.9, 0.5, 179.9])
    (-4.5, 0.5)
    """
    around = sorted(set(degrees))
    gaps = [(east - west, east) for west, east in pairwise(around)]
    return max([(around[0] + 360 - around[-1], around[0]), *gaps])[1]


def _labelled(
    points: Sequence[tuple[float, float, str, str | None]], width: int
) -> Iterator[Place]:
    """Give each point its label, unless it would lie upon another one or upon a mark."""
    taken: list[tuple[float, float, float]] = []
    for place, (x, y, name, href) in enumerate(points):
        begin = x + 10
        others = [each for n, each in enumerate(points) if n != place and abs(each[1] - y) < _LINE]
        marks = [each[0] for each in others if each[0] + _MARK > begin]
        marks += [x for each in points[:place] if each[:2] == (x, y)]  # one mark, one name
        room = min([width, *(each - _MARK for each in marks)]) - begin
        label = fitted(name, room) if breadth(name) <= room or room >= _LEAST_NAME else ""
        end = begin + breadth(label)
        free = all(
            abs(y - its_y) > _LINE or end < its_begin or begin > its_end
            for its_begin, its_end, its_y in taken
        )
        if label and free:
            taken.append((begin, end, y))
        yield Place(x=x, y=y, name=name, label=label if free else "", href=href)


def _round_degrees(low: float, high: float, most: float = 6) -> list[float]:
    """Return round numbers of degrees: as many as there is room for, and at most seven.

    >>> _round_degrees(-9.6, -2.3), _round_degrees(-9.6, -2.3, 2)
    ([-8, -6, -4], [-5])
    """
    span = max(high - low, 0.01)
    step = next(
        each for each in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 90)
        if span / each <= min(most, 6) or each == 90
    )  # fmt: skip
    first = math.ceil(low / step)
    return [round(n * step, 2) for n in range(first, math.floor(high / step) + 1)]


def _compass(degrees: float, positive: str, negative: str) -> str:
    """Return degrees as maps write them.

    >>> _compass(-4.5, "E", "W"), _compass(0, "N", "S"), _compass(-180, "E", "W")
    ('4.5° W', '0°', '180°')
    """
    side = positive if degrees > 0 else negative
    return f"{abs(degrees):g}°" + (f" {side}" if degrees % 180 else "")


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
