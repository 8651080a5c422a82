"""Charts as geometry, which templates turn into SVG without scripts.

``results.panels`` makes them; ``results.left_out`` counts the rows that they leave out.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby

from kg_server.web.pages.dates import days, new_year, year_of

TOP, BOTTOM, ROW = 10, 34, 28
_LETTER, _BESIDE, _MARK = 7.5, 6, 14
"""The width of a letter, the space beside a mark, and the width of a small one."""
_NARROW_LETTERS = frozenset("fijlrtI.,:;!|'()[] ")
_WIDE_LETTERS = frozenset("mwMW@%")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_MOST = 1e300
"""Numbers from here on are not drawn: the sums of an axis would be infinite."""


LOOKS = {"disputed": "hatched", "background": "hollow", "unknown": "faint"}
"""Fillings of marks by standing; all others are filled whole."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Margins of a chart; ``label`` is the height of labels above marks."""

    width: int
    left: int
    right: int
    label: int = 0

    @property
    def label_room(self) -> int:
        """Width of a label: the whole of the chart where labels are above marks."""
        return self.width - 2 * self.left if self.label else self.left - 2 * _BESIDE

    @property
    def heading_room(self) -> int:
        """Width of a heading, whose letters are bold."""
        return round((self.width - self.left - _BESIDE) * 0.92)

    @property
    def most_ticks(self) -> int:
        """Most years on an axis; beside each other they need about 50 pixels."""
        return min(self.inner // 50, 8)

    @property
    def inner(self) -> int:
        """Width of the axis."""
        return self.width - self.left - self.right

    def scaled(self, value: float, low: float, high: float) -> float:
        """Return where a value of an axis from ``low`` to ``high`` is drawn."""
        return round(self.left + self.inner * (value - low) / (high - low), 1)


WIDE = Layout(width=960, left=320, right=140)
NARROW = Layout(width=340, left=6, right=104, label=18)
"""For phones: every label, mark and number is seen without scrolling."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A value to draw. ``text`` stands at its end; ``series`` counts from 1 and gives its colour.

    ``standing`` is ``disputed`` (drawn hatched), ``background`` (hollow), ``accepted``, ``unknown``
    (faint) or empty, where no row of the answer has a standing.
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
    """Something dated: ``date`` is a day, month or year as given, drawn as long as it may mean.

    ``until`` is the date on which it ends, where that is another one. ``unknown`` is the side
    without a date, ``start`` or ``end``: a line leads from the mark to that end of the axis.
    """

    label: str
    date: str
    text: str
    standing: str
    href: str | None = None
    until: str = ""
    unknown: str = ""


@dataclass(frozen=True, slots=True)
class Drawn:
    """One row of a chart: its mark from ``x`` over ``width``, in the row around ``y``."""

    item: Bar | Moment
    x: float
    width: float
    y: float
    text_x: float = 0.0
    """Position at which the text of the mark begins or ends, as ``anchor`` says."""
    anchor: str = "start"

    @property
    def look(self) -> str:
        """Fill of the mark: ``hatched``, ``hollow``, ``faint`` or ``full``."""
        return LOOKS.get(self.item.standing, "full")


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
    layout: Layout = WIDE
    bottom: int = BOTTOM
    zero: float = 0.0
    """Position at which bars begin."""

    @property
    def colours(self) -> frozenset[int]:
        """The colours that occur, for the legend."""
        return frozenset(row.item.series for row in self.rows if isinstance(row.item, Bar))

    @property
    def hatches(self) -> list[int]:
        """The colours that are hatched, for their patterns; the legend hatches the first two."""
        hatched = [row.item for row in self.rows if row.look == "hatched"]
        own = {item.series if isinstance(item, Bar) else 1 for item in hatched}
        return sorted(own | {0, 1}) if hatched else []

    @property
    def standings(self) -> tuple[str, ...]:
        """The standings that occur, for the legend."""
        occurring = {row.item.standing for row in self.rows}
        return tuple(each for each in ("accepted", *LOOKS) if each in occurring)


def bars(
    items: Sequence[Bar], words: Callable[[float], str], layout: Layout = WIDE
) -> Chart | None:
    """Draw values as horizontal bars to both sides of zero, under the names of their groups.

    The bars of a group stand together, where its first one stands. Groups of one bar without a
    label are named beside it. ``words`` writes a number of the axis.
    """
    if not items:
        return None
    places = {group: n for n, group in enumerate(dict.fromkeys(item.group for item in items))}
    items = sorted(items, key=lambda item: places[item.group])
    if not any(item.label for item in items) and len({item.group for item in items}) == len(items):
        items = [replace(item, group="", label=item.group) for item in items]
    if not any(item.label for item in items):
        layout = replace(layout, left=NARROW.left)  # no label needs a gutter
    low, top, step = axis(min(item.value for item in items), max(item.value for item in items))
    zero = layout.scaled(0, low, top)
    rows: list[Drawn] = []
    headings: list[Heading] = []
    y: float = TOP
    for group, members in groupby(items, key=lambda item: item.group):
        if group:
            headings.append(Heading(group, y + ROW / 2))
            y += ROW
        for item in members:
            y += layout.label if item.label else 0
            width = max(abs(layout.scaled(item.value, low, top) - zero), 1)
            x = zero - width if item.value < 0 else zero
            text_x, anchor = _beside(item.text, zero if item.value < 0 else x + width, layout)
            rows.append(
                Drawn(
                    item=item,
                    x=round(x, 1),
                    width=round(width, 1),
                    y=y + ROW / 2,
                    text_x=text_x,
                    anchor=anchor,
                )
            )
            y += ROW
    ticks = _ticks(low, top, step, words=words, layout=layout)
    return Chart(
        kind="bars",
        rows=tuple(rows),
        headings=tuple(headings),
        ticks=ticks,
        height=y + BOTTOM,
        layout=layout,
        zero=zero,
    )


def _ticks(
    low: float, top: float, step: float, *, words: Callable[[float], str], layout: Layout
) -> tuple[Tick, ...]:
    """Return the ticks of an axis: each step, or each second or third where texts are wide."""
    counts = range(round(low / step), round(top / step) + 1)
    # Products of floats, such as 3 × 0.6, are rounded to 12 digits.
    ticks = {n: float(f"{step * n:.12g}") + 0.0 for n in counts}
    widest = max(breadth(words(number)) for number in ticks.values()) + _BESIDE
    distance = layout.scaled(low + step, low, top) - layout.left
    longer = max(-counts.start, counts.stop - 1)  # its end stays, so that there is a scale
    every = min(math.ceil(widest / distance), longer)
    return tuple(
        Tick(layout.scaled(number, low, top), words(number))
        for n, number in ticks.items()
        if n % every == 0
    )


def timeline(
    items: Iterable[Moment], words: Callable[[int], str] = str, layout: Layout = WIDE
) -> Chart | None:
    """Draw dates in their order on one axis; items without a date are left out.

    ``words`` writes a year of the axis.
    """
    dated = [(span[0], item) for item in items if (span := days(item.date))]
    if not dated:
        return None
    dated.sort(key=lambda pair: (pair[0], pair[1].label))
    first_year = year_of(dated[0][0])
    last_year = max(year_of(_last(item, day)) for day, item in dated) + 1
    axis_days = new_year(first_year), new_year(last_year)
    height = ROW + layout.label
    rows = tuple(
        _moment(
            item,
            day,
            y=TOP + index * height + layout.label + ROW / 2,
            span=axis_days,
            layout=layout,
        )
        for index, (day, item) in enumerate(dated)
    )
    widest = max(breadth(words(year)) for year in (first_year, last_year)) + 2 * _BESIDE
    most = min(layout.most_ticks, int(layout.inner // widest))
    ticks = tuple(
        Tick(layout.scaled(new_year(year), *axis_days), words(year))
        for year in year_ticks(first_year, last_year, most)
    )
    return Chart(
        kind="timeline",
        rows=rows,
        headings=(),
        ticks=ticks,
        height=TOP + len(dated) * height + BOTTOM,
        layout=layout,
    )


def breadth(text: str) -> float:
    """Return about how many pixels a text of a chart is wide, rather more than fewer."""
    return sum(map(_breadth, text))


def fitted(text: str, room: float) -> str:
    """Return a text, or as much of it as a chart has room for, in pixels, with an ellipsis.

    >>> fitted("Anchor", 100), fitted("An anchor of a ship", 100)
    ('Anchor', 'An anchor of…')
    """
    if not text or breadth(text) <= room:
        return text
    room -= _LETTER
    kept = 0
    while (room := room - _breadth(text[kept])) >= 0:
        kept += 1
    return f"{text[:kept].rstrip()}…"


@lru_cache(4096)
def _breadth(letter: str) -> float:
    if unicodedata.category(letter) in ("Mn", "Me", "Cf"):
        return 0.0
    if unicodedata.east_asian_width(letter) in ("W", "F"):
        return 2 * _BESIDE + 1.5
    if letter in _NARROW_LETTERS:
        return _LETTER / 1.6
    is_wide = letter in _WIDE_LETTERS or letter.isupper()
    return _LETTER * (1.35 if is_wide else 1.0)


def drawable(text: str) -> float | None:
    """Return the value of a number that can be drawn; else ``None``, as for what is near infinity.

    >>> drawable("1168000.0"), drawable("NaN"), drawable("many"), drawable("1_000"), drawable("-1")
    (1168000.0, None, None, None, -1.0)
    """
    if not _NUMBER.fullmatch(text.strip()):
        return None
    value = float(text)
    return value if abs(value) < _MOST else None


def axis(low: float, high: float) -> tuple[float, float, float]:
    """Return both ends of an axis that holds zero and all values, and the step of its ticks.

    >>> axis(0, 1_168_295_000), axis(-1_169e6, 18.5e6)
    ((0.0, 1200000000.0, 300000000.0), (-1200000000.0, 300000000.0, 300000000.0))
    """
    if low >= 0:
        top = nice_top(high)
        return 0.0, top, top / 4 or top
    step = nice_top(max(-low, high) / 4) or max(-low, high)
    return -step * math.ceil(-low / step), step * math.ceil(max(high, 0.0) / step), step


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


def year_ticks(first: int, last: int, most: int = 8) -> list[int]:
    """Return round years, about as many as there is room for.

    >>> year_ticks(1991, 2005)
    [1992, 1994, 1996, 1998, 2000, 2002, 2004]
    >>> year_ticks(-753, 476, 4)
    [-500, 0]
    """
    span = max(last - first, 1)
    steps = (digit * 10**zeros for zeros in range(13) for digit in (1, 2, 5))
    step = next(each for each in steps if span / each <= max(most, 1))
    return list(range(-(-first // step) * step, last + 1, step))


def _moment(item: Moment, day: int, *, y: float, span: tuple[int, int], layout: Layout) -> Drawn:
    x = layout.scaled(day, *span)
    width = round(layout.scaled(_last(item, day) + 1, *span) - x, 1)
    after = x + max(width, _MARK) + _BESIDE
    if after + breadth(item.text) > layout.width:
        before = x - max(_MARK - width, 0) / 2 - _BESIDE
        if before < breadth(item.text):  # no room at either side: at the edge, upon the mark
            before = layout.width - _BESIDE
        return Drawn(item=item, x=x, width=width, y=y, text_x=round(before, 1), anchor="end")
    return Drawn(item=item, x=x, width=width, y=y, text_x=after)


def _last(item: Moment, day: int) -> int:
    """Return the last day of a moment, which may be said to end before it begins."""
    last = days(item.until or item.date)
    return max(day, last[1]) if last else day


def _beside(text: str, end: float, layout: Layout) -> tuple[float, str]:
    """Return where the text of a bar stands, and how: after its end, or at the edge if long."""
    x = round(end + _BESIDE, 1)
    fits = x + breadth(text) <= layout.width
    return (x, "start") if fits else (float(layout.width - _BESIDE), "end")
