r"""Characters of names in XML, Turtle and SPARQL, as classes of regular expressions.

``re`` goes through every character of a range when it compiles a class. The grammars give ranges
of almost all characters; a class of the others, negated, compiles in a twelfth of the time. The
modules that a server imports have twenty such classes.
"""

from __future__ import annotations

from itertools import groupby

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
DIGITS = "0123456789"
_NEVER = (
    r"\u037E\u2000-\u200B\u200E-\u203E\u2041-\u206F\u2190-\u2BFF\u2FF0-\u3000\uD800-\uF8FF"
    r"\uFDD0-\uFDEF\uFFFE\uFFFF\U000F0000-\U0010FFFF\x80-\xB6\xB8-\xBF\xD7\xF7"
)
_NOT_FIRST = rf"{_NEVER}\xB7\u0300-\u036F\u203F\u2040"


def first(ascii_: str) -> str:
    """Return the class of characters that can begin a name (SPARQL 1.1 §19.8, PN_CHARS_BASE).

    Args:
        ascii_: the characters of ASCII in the class.
    """
    return f"[^{_but(ascii_)}{_NOT_FIRST}]"


def inner(ascii_: str) -> str:
    r"""Return the class of characters that a name can have further on (§19.8, PN_CHARS).

    Args:
        ascii_: the characters of ASCII in the class.

    >>> import re
    >>> re.findall(inner(LETTERS + "-"), "a-é·1_×")
    ['a', '-', 'é', '·']
    """
    return f"[^{_but(ascii_)}{_NEVER}]"


def _but(ascii_: str) -> str:
    """Return the other characters of ASCII, as ranges."""
    runs = [
        list(run)
        for is_in, run in groupby(range(128), lambda each: chr(each) in ascii_)
        if not is_in
    ]
    return "".join(rf"\x{run[0]:02x}-\x{run[-1]:02x}" for run in runs)
