"""Dates of three precisions (XSD 1.1 §3.3.9-3.3.11) as days, for words and for drawings."""

from __future__ import annotations

import datetime
import re

_PARTS = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T[0-9:.]+)?)?)?(?:Z|[+-]\d\d:\d\d)?", re.ASCII)


def beginning(text: str) -> datetime.date | None:
    """Return the first day of a date, month or year, ``None`` if it is none of these.

    >>> beginning("2004-09")
    datetime.date(2004, 9, 1)
    >>> beginning("-0044"), beginning("12000")
    (None, None)
    """
    match = _PARTS.fullmatch(text)
    if match is None:
        return None
    year, month, day = (int(part or 1) for part in match.groups())
    try:
        return datetime.date(year, month, day)
    except ValueError:
        return None


def ending(text: str) -> datetime.date | None:
    """Return the last day of a date, month or year, ``None`` if it is none of these.

    >>> ending("2004-02")
    datetime.date(2004, 2, 29)
    """
    first = beginning(text)
    match = _PARTS.fullmatch(text)
    if first is None or match is None:
        return None
    _, month, day = match.groups()
    if day:
        return first
    next_year = first.month == 12 or not month
    after = (first.year + 1, 1) if next_year else (first.year, first.month + 1)
    return datetime.date(*after, 1) - datetime.timedelta(days=1)
