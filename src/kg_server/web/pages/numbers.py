"""Numbers in the digits and groups of a language."""

from __future__ import annotations

import re
from decimal import Decimal

from babel.numbers import format_decimal, format_scientific

DIGITS = {"bn": str.maketrans("0123456789", "০১২৩৪৫৬৭৮৯")}
"""Digits of the languages whose numbers Babel writes with Latin ones."""

_NUMBER = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{0,9})?")
"""Numbers that are written in words' digits; anything longer or stranger stays as it is."""
_EXPONENT = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{0,18})?[eE][+-]?[0-9]{1,3}", re.ASCII)


def number(text: str, language: str) -> str:
    """Return a number in the digits and groups of a language, as it is where it is no number.

    >>> number("19713000.0", "fr").replace(chr(0x202F), " ")
    '19 713 000'
    >>> number("1168000.0", "bn")
    '১১,৬৮,০০০'
    """
    digits = DIGITS.get(language, {})
    if _EXPONENT.fullmatch(text):
        shown = format_scientific(Decimal(text), locale=language, decimal_quantization=False)
        return shown.translate(digits)
    if not _NUMBER.fullmatch(text):
        return text
    value = Decimal(text)
    whole = value.to_integral_value()
    shown = format_decimal(
        whole if whole == value else value, locale=language, decimal_quantization=False
    )
    return shown.translate(digits)
