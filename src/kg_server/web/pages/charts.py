"""Charts as geometry: what is drawn where. Templates turn it into SVG, so no script is needed."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from kg_server.web.pages.dates import beginning, ending

WIDTH = 960
LEFT, RIGHT, TOP, BOTTOM = 320, 140, 10, 34
ROW = 28


@dataclass(frozen=True, slots=True)
class Bar:
    """A value to draw. ``text`` stands at its end; ``series`` counts from 1 and gives its colour.

    ``standing`` is ``disputed`` (drawn hatched), ``background`` (hollow), ``accepted`` or empty.
    """

    group: str
    label: str
    value: float
    text: str
    series: int
    standing: str
    href: str | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """Something dated: ``date`` is a day, month or year as given, drawn as long as it may mean."""

    label: str
    date: str
    text: str
    standing: str
    href: str | None = None


@dataclass(frozen=True, slots=True)
class Drawn:
    """One row of a chart: its mark from ``x`` over ``width``, in the row around ``y``."""

    item: Bar | Moment
    x: float
    width: float
    y: float

    @property
    def look(self) -> str:
        """How the mark is filled: ``hatched``, ``hollow`` or ``full``."""
        return {"disputed": "hatched", "background": "hollow"}.get(self.item.standing, "full")


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark of the axis."""

    x: float
    text: str


@dataclass(frozen=True, slots=True)
class Heading:
    """The name of a group of rows."""

    text: str
    y: float


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart ready to be drawn."""

    kind: str
    rows: tuple[Drawn, ...]
    headings: tuple[Heading, ...]
    ticks: tuple[Tick, ...]
    height: float
    width: int = WIDTH
    left: int = LEFT
    right: int = RIGHT
    bottom: int = BOTTOM

    @property
    def standings(self) -> tuple[str, ...]:
        """The standings that occur, for the legend."""
        found = {row.item.standing for row in self.rows}
        return tuple(each for each in ("accepted", "disputed", "background") if each in found)


def bars(items: Sequence[Bar], words: Callable[[float], str]) -> Chart | None:
    """Draw values as horizontal bars, in the order given, under the names of their groups.

    ``words`` writes a number of the axis.
    """
    if not items:
        return None
    top = nice_top(max(item.value for item in items))
    rows: list[Drawn] = []
    headings: list[Heading] = []
    y: float = TOP
    for group, members in groupby(items, key=lambda item: item.group):
        headings.append(Heading(group, y + ROW / 2))
        y += ROW
        for item in members:
            width = max(_scaled(item.value, 0, top) - LEFT, 1)
            rows.append(Drawn(item, LEFT, round(width, 1), y + ROW / 2))
            y += ROW
    ticks = tuple(Tick(_scaled(top * n / 4, 0, top), words(top * n / 4)) for n in range(5))
    return Chart("bars", tuple(rows), tuple(headings), ticks, y + BOTTOM)


def timeline(items: Iterable[Moment]) -> Chart | None:
    """Draw dates in their order on one axis; what is not a date is left out."""
    dated = [(first, item) for item in items if (first := beginning(item.date))]
    if not dated:
        return None
    dated.sort(key=lambda pair: (pair[0], pair[1].label))
    first_year = dated[0][0].year
    last_year = max((ending(item.date) or day).year for day, item in dated) + 1
    start, end = datetime.date(first_year, 1, 1), datetime.date(min(last_year, 9999), 1, 1)
    rows = tuple(
        _moment(item, day, TOP + (index + 0.5) * ROW, start, end)
        for index, (day, item) in enumerate(dated)
    )
    ticks = tuple(
        Tick(_scaled(_days(datetime.date(year, 1, 1), start), 0, _days(end, start)), str(year))
        for year in year_ticks(first_year, min(last_year, 9999))
    )
    return Chart("timeline", rows, (), ticks, TOP + len(dated) * ROW + BOTTOM)


def drawable(text: str) -> float | None:
    """Return the value of a number that has a length: finite and not negative; else ``None``.

    >>> drawable("1168000.0"), drawable("NaN"), drawable("many"), drawable("-1")
    (1168000.0, None, None, None)
    """
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None


def nice_top(value: float) -> float:
    """Return a round number, at least ``value``, for the end of an axis.

    >>> nice_top(1_168_295_000)
    1200000000.0
    """
    if value <= 0 or not math.isfinite(value):
        return 1.0
    step: float = 10 ** math.floor(math.log10(value))
    rounds = (float(step * each) for each in (1, 1.2, 1.6, 2, 3, 4, 6, 8, 10))
    return next((each for each in rounds if each >= value), value)  # tiny ones have no step


def year_ticks(first: int, last: int) -> list[int]:
    """Return at most eight round years.

    >>> year_ticks(1991, 2005)
    [1992, 1994, 1996, 1998, 2000, 2002, 2004]
    """
    span = max(last - first, 1)
    step = next((each for each in (1, 2, 5, 10, 20, 50, 100, 500) if span / each <= 8), 1000)
    return [year for year in range(first, last + 1) if year % step == 0]


def _moment(
    item: Moment, day: datetime.date, y: float, start: datetime.date, end: datetime.date
) -> Drawn:
    total = _days(end, start)
    x = _scaled(_days(day, start), 0, total)
    last = ending(item.date) or day
    return Drawn(item, x, round(_scaled(_days(last, start) + 1, 0, total) - x, 1), y)


def _days(day: datetime.date, start: datetime.date) -> int:
    return (day - start).days


def _scaled(value: float, low: float, high: float) -> float:
    return round(LEFT + (WIDTH - LEFT - RIGHT) * (value - low) / (high - low), 1)
