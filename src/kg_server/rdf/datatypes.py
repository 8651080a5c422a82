"""Datatypes of XML Schema 1.1 in RDF: lexical spaces, values, and their order.

The functions check the characters of a literal against the productions of XML Schema 1.1 Part 2.
The engine cannot do this: it accepts ``inf`` as a double, and keeps values instead of characters.
rdflib does not support years before 1 or after 9999.

White space is not part of a lexical space, so ``" 1 "`` is no ``xsd:integer``. Datatypes that RDF
does not recommend, such as ``xsd:QName``, are not checked (RDF 1.1 Concepts §5.1).
"""

from __future__ import annotations

import json
import math
import re
import struct
from calendar import isleap
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any
from xml.parsers import expat

from kg_server.rdf import namespaces as ns
from kg_server.rdf.characters import DIGITS, LETTERS, first, inner

_DAY_S = 86_400
_ZONE_S = 14 * 3600
"""A local time is at most 14 hours from UTC (XSD 1.1 Part 2 §3.3.7)."""
_CACHED = 1 << 16

_YEAR = r"(?P<year>-?(?:[1-9][0-9]{3,}|0[0-9]{3}))"
_MONTH, _DAY = r"(?P<month>0[1-9]|1[0-2])", r"(?P<day>0[1-9]|[12][0-9]|3[01])"
_CLOCK = (
    r"(?:(?P<hour>[01][0-9]|2[0-3]):(?P<minute>[0-5][0-9]):(?P<second>[0-5][0-9])"
    r"(?P<fraction>\.[0-9]+)?|(?P<midnight>24:00:00(?:\.0+)?))"
)
_ZONE = r"(?P<zone>Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_MOMENTS = {
    "dateTime": f"{_YEAR}-{_MONTH}-{_DAY}T{_CLOCK}{_ZONE}?",
    "dateTimeStamp": f"{_YEAR}-{_MONTH}-{_DAY}T{_CLOCK}{_ZONE}",
    "date": f"{_YEAR}-{_MONTH}-{_DAY}{_ZONE}?",
    "time": f"{_CLOCK}{_ZONE}?",
    "gYear": f"{_YEAR}{_ZONE}?",
    "gYearMonth": f"{_YEAR}-{_MONTH}{_ZONE}?",
    "gMonth": f"--{_MONTH}{_ZONE}?",
    "gMonthDay": f"--{_MONTH}-{_DAY}{_ZONE}?",
    "gDay": f"---{_DAY}{_ZONE}?",
}
_YEARS_MONTHS = r"(?:(?P<years>[0-9]+)Y)?(?:(?P<months>[0-9]+)M)?"
_DAYS_TIME = (
    r"(?:(?P<days>[0-9]+)D)?"
    r"(?:T(?=.)(?:(?P<hours>[0-9]+)H)?(?:(?P<minutes>[0-9]+)M)?(?:(?P<seconds>[0-9]+(?:\.[0-9]+)?)S)?)?"
)
_DURATIONS = {
    "duration": f"(?P<sign>-?)P(?=.){_YEARS_MONTHS}{_DAYS_TIME}",
    "yearMonthDuration": f"(?P<sign>-?)P(?=.){_YEARS_MONTHS}",
    "dayTimeDuration": f"(?P<sign>-?)P(?=.){_DAYS_TIME}",
}
_DECIMAL = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"
_FLOAT = rf"{_DECIMAL}(?:[eE][+-]?[0-9]+)?|[+-]?INF|NaN"
_B64 = "[A-Za-z0-9+/] ?"
_INTEGERS: dict[str, tuple[float, float]] = {
    "integer": (-math.inf, math.inf),
    "nonPositiveInteger": (-math.inf, 0),
    "negativeInteger": (-math.inf, -1),
    "nonNegativeInteger": (0, math.inf),
    "positiveInteger": (1, math.inf),
    **{
        name: bounds
        for bits, signed in ((64, "long"), (32, "int"), (16, "short"), (8, "byte"))
        for name, bounds in (
            (signed, (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)),
            (f"unsigned{signed.capitalize()}", (0, 2**bits - 1)),
        )
    },
}
"""The integer datatypes, with their least and greatest value."""
_STRINGS = {
    "string": r"(?s:.*)",
    "normalizedString": r"[^\t\n\r]*",
    "token": r"(?:[^\t\n\r ]+(?: [^\t\n\r ]+)*)?",
    "language": r"[a-zA-Z]{1,8}(?:-[a-zA-Z0-9]{1,8})*",
    "NMTOKEN": f"{inner(LETTERS + DIGITS + '_.-:')}+",
    "Name": f"{first(LETTERS + '_:')}{inner(LETTERS + DIGITS + '_.-:')}*",
    "NCName": f"{first(LETTERS + '_')}{inner(LETTERS + DIGITS + '_.-')}*",
}
_LEXICAL = {
    name: re.compile(pattern)
    for name, pattern in {
        **_STRINGS,
        **_MOMENTS,
        **_DURATIONS,
        **dict.fromkeys(_INTEGERS, "[+-]?[0-9]+"),
        "boolean": "true|false|1|0",
        "decimal": _DECIMAL,
        "float": _FLOAT,
        "double": _FLOAT,
        "hexBinary": "(?:[0-9a-fA-F]{2})*",
        "base64Binary": (
            rf"(?:(?:(?:{_B64}){{4}})*(?:(?:{_B64}){{3}}[A-Za-z0-9+/]|(?:{_B64}){{2}}"
            rf"[AEIMQUYcgkosw048] ?=|{_B64}[AQgw] ?= ?=))?"
        ),
    }.items()
}
"""The productions of the lexical spaces; ``xsd:anyURI`` has no rules (XSD 1.1 Part 2 §3.3.17)."""


@dataclass(frozen=True, slots=True)
class _Value:
    """A value; only values of the same ``kind`` can be compared."""

    kind: str
    key: Any


@dataclass(frozen=True, slots=True)
class _Moment:
    """A point in time: seconds since the start of the first year, and whether they are in UTC."""

    seconds: int
    fraction: Decimal
    zoned: bool

    def moved(self, seconds: int) -> tuple[int, Decimal]:
        """Return the point this many seconds later, as whole seconds and fraction."""
        return self.seconds + seconds, self.fraction


def is_ill_typed(text: str, datatype: str) -> bool:
    """Tell whether a text is outside of the lexical space of its datatype (RDF 1.1 Concepts §3.3).

    No text is ill-typed for an unknown datatype.

    Args:
        text: the lexical form.
        datatype: the datatype's IRI.

    >>> is_ill_typed("2005-02-29", f"{ns.XSD}date"), is_ill_typed("-0044-03-15", f"{ns.XSD}date")
    (True, False)
    """
    name = datatype.removeprefix(ns.XSD)
    if name == datatype:
        return datatype in _CHECKS and not _CHECKS[datatype](text)
    lexical = _LEXICAL.get(name)
    return lexical is not None and _value(text, name) is None


def compare(one: tuple[str, str], other: tuple[str, str]) -> int | None:
    """Return the order of two literals: -1, 0 or 1; ``None`` if they cannot be compared.

    Numbers are compared after promotion to a common type (XPath F&O §6.3), strings by code points.
    Dates, times and durations follow the partial orders of XSD 1.1 Part 2: a time without a zone
    is uncertain by 14 hours. Values of different kinds, ill-typed values, ``NaN`` and values of
    other datatypes cannot be compared.

    Args:
        one: lexical form and datatype's IRI.
        other: lexical form and datatype's IRI.

    >>> compare(("10", f"{ns.XSD}byte"), ("9.5", f"{ns.XSD}decimal"))
    1
    >>> compare(("2020-01-01", f"{ns.XSD}date"), ("2020-01-01T12:00:00", f"{ns.XSD}dateTime"))
    """
    left, right = (
        _value(text, iri.removeprefix(ns.XSD)) if iri.startswith(ns.XSD) else None
        for text, iri in (one, other)
    )
    if left is None or right is None or left.kind != right.kind:
        return None
    return _ORDERS.get(left.kind, _total)(left.key, right.key)


@lru_cache(_CACHED)
def _value(text: str, name: str) -> _Value | None:
    """Return the value of a literal of ``xsd:name``; ``None`` if it is ill-typed or unknown."""
    lexical = _LEXICAL.get(name)
    match = lexical.fullmatch(text) if lexical else None
    if match is None:
        return None
    if name in _INTEGERS:
        least, greatest = _INTEGERS[name]
        number = Decimal(text)
        return _Value("number", number) if least <= number <= greatest else None
    if name in _MOMENTS:
        moment = _moment(match.groupdict())
        return _Value(name.removesuffix("Stamp"), moment) if moment else None
    if name in _DURATIONS:
        return _Value("duration", _duration(match.groupdict()))
    if name in _STRINGS:
        return _Value("string", text)
    return _Value(*_OTHERS[name](text)) if name in _OTHERS else _Value("", None)


class _Single(float):
    """An ``xsd:float``; other numbers are converted to float before the comparison."""


def _single(number: str | Decimal) -> _Single:
    try:
        return _Single(struct.unpack("f", struct.pack("f", float(number)))[0])
    except OverflowError:
        return _Single(math.copysign(math.inf, float(number)))


_OTHERS: dict[str, Callable[[str], tuple[str, Any]]] = {
    "decimal": lambda text: ("number", Decimal(text)),
    "float": lambda text: ("number", _single(text)),
    "double": lambda text: ("number", float(text)),
    "boolean": lambda text: ("boolean", text in ("true", "1")),
}


def _moment(parts: dict[str, str | None]) -> _Moment | None:
    """Return the point in time of the parts (§E.3.3); ``None`` if there is no such day."""
    year = int(Decimal(parts.get("year") or 1972))  # int() refuses more than 4,300 digits
    month, day = int(parts.get("month") or 12), int(parts.get("day") or 1)
    if day > _days_in(year, month):
        return None
    seconds = _days(year, month, day) * _DAY_S
    if parts.get("midnight"):  # without a date, midnight stays on the same day
        seconds += _DAY_S if "year" in parts else 0
    seconds += 3600 * int(parts.get("hour") or 0) + 60 * int(parts.get("minute") or 0)
    seconds += int(parts.get("second") or 0) - _offset(parts.get("zone") or "Z")
    return _Moment(seconds, Decimal(parts.get("fraction") or 0), bool(parts.get("zone")))


def _days_in(year: int, month: int) -> int:
    if month == 2:
        return 29 if isleap(year) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def _days(year: int, month: int, day: int) -> int:
    """Return the days from 0000-03-01 to a date of the Gregorian calendar, for any year."""
    year -= month < 3
    return (
        365 * year
        + year // 4
        - year // 100
        + year // 400
        + (153 * ((month - 3) % 12) + 2) // 5
        + day
        - 1
    )


def _offset(zone: str) -> int:
    """Return the seconds by which a time zone is ahead of UTC."""
    if zone == "Z":
        return 0
    seconds = 3600 * int(zone[1:3]) + 60 * int(zone[4:6])
    return -seconds if zone[0] == "-" else seconds


def _duration(parts: dict[str, str | None]) -> tuple[int, Fraction]:
    """Return months and seconds (§3.3.6.1)."""
    sign = -1 if parts["sign"] else 1
    years, months, days, hours, minutes, seconds = (
        Fraction(Decimal(parts.get(name) or 0))
        for name in ("years", "months", "days", "hours", "minutes", "seconds")
    )
    minutes += 60 * (24 * days + hours)
    return sign * int(12 * years + months), sign * (60 * minutes + seconds)


def _total(one: Any, other: Any) -> int:
    return int(one > other) - int(one < other)


def _numbers(one: Any, other: Any) -> int | None:
    """Compare numbers after promotion to the same type (XPath F&O §6.3)."""
    if type(one) is not type(other):
        promoted = float if float in (type(one), type(other)) else _single
        one, other = promoted(one), promoted(other)
    return None if math.isnan(one) or math.isnan(other) else _total(one, other)


def _moments(one: _Moment, other: _Moment) -> int | None:
    """Compare points in time; ``None`` if 14 hours for a missing zone change the order."""
    if one.zoned == other.zoned:
        return _total(one.moved(0), other.moved(0))
    if one.moved(0) < other.moved(-_ZONE_S):
        return -1
    return 1 if one.moved(0) > other.moved(_ZONE_S) else None


def _durations(one: tuple[int, Fraction], other: tuple[int, Fraction]) -> int | None:
    """Compare durations by adding them to four dates (§3.3.6.1)."""
    orders = {
        _total(_after(start, one), _after(start, other))
        for start in ((1696, 9), (1697, 2), (1903, 3), (1903, 7))
    }
    return orders.pop() if len(orders) == 1 else None


def _after(start: tuple[int, int], duration: tuple[int, Fraction]) -> Fraction:
    months, seconds = duration
    year, month = divmod(12 * start[0] + start[1] - 1 + months, 12)
    return _days(year, month + 1, 1) * _DAY_S + seconds


_ORDERS: dict[str, Callable[[Any, Any], int | None]] = {
    "number": _numbers,
    "duration": _durations,
    **dict.fromkeys(_MOMENTS, _moments),
    "": lambda _one, _other: None,
}


def _is_xml(text: str) -> bool:
    """Tell whether a text is balanced XML that declares its namespaces (RDF 1.1 Concepts §5.3)."""
    parser = expat.ParserCreate(namespace_separator=" ")
    try:
        parser.Parse(f"<x>{text}</x>", True)
    except (expat.ExpatError, ValueError):
        return False
    return True


def _is_json(text: str) -> bool:
    """Tell whether a text is JSON (RFC 8259), which has no ``NaN``."""

    def refuse(constant: str) -> None:
        raise ValueError(constant)

    try:
        json.loads(text, parse_constant=refuse)
    except (ValueError, RecursionError):
        return False
    return True


_CHECKS = {f"{ns.RDF}XMLLiteral": _is_xml, f"{ns.RDF}JSON": _is_json}
