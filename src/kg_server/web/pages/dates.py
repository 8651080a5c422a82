"""Dates of three precisions (XSD 1.1 §3.3.9-3.3.11) as days, for words and for drawings."""

from __future__ import annotations

import datetime
import re

_PARTS = re.compile(
    r"(-?\d{4,12})(?:-(\d\d)(?:-(\d\d)(?:T[0-9:.]+)?)?)?(?:Z|[+-]\d\d:\d\d)?", re.ASCII
)
_CYCLE_YEARS, _CYCLE_DAYS = 400, 146_097
"""The calendar repeats itself: so many years have so many days."""


def beginning(text: str) -> datetime.date | None:
    """Return the first day of a date, month or year, ``None`` if it is none of these.

    Years before 1 or after 9999 have no ``datetime.date``; see ``days``.

    >>> beginning("2004-09")
    datetime.date(2004, 9, 1)
    >>> beginning("-0044"), beginning("12000")
    (None, None)
    """
    parts = _parts(text)
    if parts is None or not datetime.MINYEAR <= parts[0] <= datetime.MAXYEAR:
        return None
    year, month, day = parts
    return datetime.date(year, month or 1, day or 1)


def days(text: str) -> tuple[int, int] | None:
    """Return the first and the last day of a date, month or year, ``None`` if it is none of these.

    Days are counted from the first of year 1. The year before that is 0 (XSD 1.1 §3.3.9).

    >>> days("0001-02")
    (32, 59)
    >>> days("0000-12-31"), days("2004-02-30")
    ((0, 0), None)
    """
    parts = _parts(text)
    if parts is None:
        return None
    year, month, day = parts
    first = _count(year, month or 1, day or 1)
    if day:
        return first, first
    after = (year, month + 1) if month and month < 12 else (year + 1, 1)
    return first, _count(*after) - 1


def new_year(year: int) -> int:
    """Return the first day of a year, counted as by ``days``."""
    return _count(year)


def year_of(day: int) -> int:
    """Return the year of a day that is counted as by ``days``.

    >>> year_of(1), year_of(0), year_of(-146_097)
    (1, 0, -400)
    """
    cycles, rest = divmod(day - 1, _CYCLE_DAYS)
    return datetime.date.fromordinal(rest + 1).year + cycles * _CYCLE_YEARS


def _parts(text: str) -> tuple[int, int, int] | None:
    """Return year, month and day, 0 for what is not given; ``None`` if there is no such day."""
    match = _PARTS.fullmatch(text)
    if match is None:
        return None
    year, month, day = (int(part or 0) for part in match.groups())
    try:
        _count(year, month if match[2] else 1, day if match[3] else 1)
    except ValueError:
        return None
    return year, month, day


def _count(year: int, month: int = 1, day: int = 1) -> int:
    cycles, rest = divmod(year - 1, _CYCLE_YEARS)
    return datetime.date(rest + 1, month, day).toordinal() + cycles * _CYCLE_DAYS
