r"""Translation of XPath regular expressions, which SPARQL and SHACL use, to Python patterns.

XPath F&O 3.1 §5.6.1 adds anchors, reluctant quantifiers, groups and back-references to XML Schema
1.1 Part 2 appendix G. Python reads some expressions differently, without an error: ``[a-z-[x]]`` is
no subtraction, ``$`` matches before a final line break, and ``\w`` matches the underscore.
elementpath supplies the Unicode categories and blocks; its own translator gets ``[^a\S]`` wrong
(5.1).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

_LAST = 0x10FFFF
_SPACE = "\t\n\r "
_SINGLE = {"n": "\n", "r": "\r", "t": "\t", **{each: each for each in "\\|.?*+(){}$-[]^"}}
"""Single-character escapes (XSD 1.1 Part 2 §G.4.2.1)."""
_NAME_START = (
    ":A-Z_a-z\xc0-\xd6\xd8-\xf6\xf8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d\u2070-\u218f"
    "\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_NAME = f"{_NAME_START}-.0-9\xb7\u0300-\u036f\u203f-\u2040"
_QUANTIFIER = re.compile(r"(?:[?*+]|\{[0-9]+(?:,[0-9]*)?\})\??")

Ranges = list[tuple[int, int]]
"""Sorted ranges of code points that do not touch."""


@lru_cache(1 << 10)
def compiled(pattern: str, flags: str = "") -> re.Pattern[str]:
    r"""Return a Python pattern for an XPath regular expression; use it with ``search``.

    Args:
        pattern: the regular expression.
        flags: any of ``s``, ``m``, ``i``, ``x`` and ``q`` (F&O §5.6.2).

    Raises:
        ValueError: the expression or the flags are not well-formed; the message says why.

    >>> bool(compiled(r"^\p{L}+$").search("Köln")), bool(compiled("^abc$").search("abc\n"))
    (True, False)
    """
    for flag in flags:
        if flag not in "smixq":
            raise ValueError(f"{flag!r} is not one of the flags s, m, i, x and q")
    options = re.IGNORECASE if "i" in flags else re.NOFLAG
    if "q" in flags:
        return re.compile(re.escape(pattern), options)
    text = _without_space(pattern) if "x" in flags else pattern
    try:
        return re.compile(_Translator(text, flags).translation(), options)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(str(error)) from error


def _without_space(pattern: str) -> str:
    """Return a pattern without the white space outside of its character classes."""
    kept, depth, escaped = [], 0, False
    for character in pattern:
        if not escaped:
            depth += (character == "[") - (character == "]")
        if depth > 0 or character not in _SPACE:
            kept.append(character)
            escaped = character == "\\" and not escaped
    return "".join(kept)


@dataclass(slots=True)
class _Translator:
    """A translator that reads a pattern from left to right."""

    text: str
    flags: str
    place: int = 0
    groups: int = 0
    closed: set[int] = field(default_factory=set)
    """The capturing groups that a back-reference may refer to."""

    def translation(self) -> str:
        translated = self._expression()
        if self.place < len(self.text):
            raise ValueError(f"there is a ) too many at character {self.place + 1}")
        return translated

    def _next(self) -> str:
        """Take the next character and return it."""
        if self.place == len(self.text):
            raise ValueError("it ends too early")
        self.place += 1
        return self.text[self.place - 1]

    def _take(self, text: str) -> bool:
        """Take a text if it comes next."""
        is_next = self.text.startswith(text, self.place)
        self.place += len(text) if is_next else 0
        return is_next

    def _expression(self) -> str:
        """Return the translation up to the end, or to a closing parenthesis."""
        parts = []
        while self.place < len(self.text) and self.text[self.place] != ")":
            if self._take("|"):
                parts.append("|")
                continue
            atom = self._atom()
            quantifier = _QUANTIFIER.match(self.text, self.place)
            self.place = quantifier.end() if quantifier else self.place
            parts.append(f"(?:{atom}){quantifier[0]}" if quantifier else atom)
        return "".join(parts)

    def _atom(self) -> str:
        character = self._next()
        if character == ".":
            return "(?s:.)" if "s" in self.flags else r"[^\n\r]"
        if character == "^":
            return r"(?:\A|(?<=\n)(?!\Z))" if "m" in self.flags else r"\A"
        if character == "$":
            return r"(?:\Z|(?=\n))" if "m" in self.flags else r"\Z"
        if character == "(":
            return self._group()
        if character == "[":
            return self._set(self._class())
        if character == "\\":
            return self._escape()
        if character in "?*+{}]":
            raise ValueError(f"{character} cannot stand at character {self.place}")
        return re.escape(character)

    def _group(self) -> str:
        number = 0
        if not self._take("?:"):
            if self._take("?"):
                raise ValueError("XPath has no (?...) but (?:...)")
            self.groups += 1
            number = self.groups
        inner = self._expression()
        if not self._take(")"):
            raise ValueError("a ) is missing")
        if not number:
            return f"(?:{inner})"
        self.closed.add(number)
        return f"({inner})"

    def _escape(self) -> str:
        digits = re.compile("[1-9][0-9]*").match(self.text, self.place)
        if not digits:
            return self._set(self._escaped())
        number = digits[0]
        while len(number) > 1 and int(number) > self.groups:
            number = number[:-1]
        if int(number) not in self.closed:
            raise ValueError(f"there is no group {number} before \\{number}")
        self.place += len(number)
        return rf"(?({number})\{number})"  # an unmatched group is empty

    def _set(self, ranges: Ranges) -> str:
        """Return a set of characters, to which the flag ``i`` no longer applies."""
        if not ranges:
            return r"(?!)"
        text = "".join(
            f"{re.escape(chr(first))}-{re.escape(chr(last))}"
            if last > first
            else re.escape(chr(first))
            for first, last in ranges
        )
        single = len(ranges) == 1 and ranges[0][0] == ranges[0][1]
        if single:  # a single letter means an uppercase category
            return text
        return f"(?-i:[{text}])" if "i" in self.flags else f"[{text}]"

    def _escaped(self) -> Ranges:
        """Return the characters of an escape, after its backslash (XSD 1.1 Part 2 §G.4.2)."""
        character = self._next()
        if character in _SINGLE:
            return self._folded(ord(_SINGLE[character]), ord(_SINGLE[character]))
        if character in "pP":
            name = re.compile(r"\{([A-Za-z0-9-]+)\}").match(self.text, self.place)
            if not name:
                raise ValueError(f"\\{character} takes a category, such as \\{character}{{L}}")
            self.place = name.end()
            ranges = _unicode(name[1])
        elif character.lower() in _MULTIPLE:
            ranges = _multiple(character.lower())
        else:
            raise ValueError(f"XPath has no escape \\{character}")
        return _complement(ranges) if character.isupper() else ranges

    def _class(self) -> Ranges:
        """Return the characters of a class, after its opening bracket (§G.4.1)."""
        negative = self._take("^")
        ranges: Ranges = []
        begun = self.place
        while not self.text.startswith("]", self.place) or self.place == begun:
            if self.text.startswith("-[", self.place) and self.place > begun:
                break
            ranges += self._part()
        ranges = _merged(ranges)
        if negative:
            ranges = _complement(ranges)
        if self._take("-["):
            without = self._class()
            ranges = _complement(_merged(_complement(ranges) + without))
            if not self.text.startswith("]", self.place):
                raise ValueError("a subtraction must be the last in its class")
        if not self._take("]"):
            raise ValueError("a ] is missing")
        return ranges

    def _part(self) -> Ranges:
        """Return a character, a range or an escape of a class."""
        character = self._next()
        if character in "[]":
            raise ValueError(f"{character} must be written \\{character} in a class")
        if character == "\\" and self.text[self.place : self.place + 1] not in _SINGLE:
            return self._escaped()
        first = ord(_SINGLE[self._next()] if character == "\\" else character)
        follows = self.text[self.place : self.place + 2]
        if len(follows) < 2 or follows[0] != "-" or follows[1] in "[]":
            return self._folded(first, first)
        self.place += 1
        last = self._end_of_range()
        if last < first:
            raise ValueError(f"the range {chr(first)}-{chr(last)} is the wrong way round")
        return self._folded(first, last)

    def _end_of_range(self) -> int:
        character = self._next()
        if character != "\\":
            return ord(character)
        escaped = self._next()
        if escaped not in _SINGLE:
            raise ValueError(f"\\{escaped} cannot end a range")
        return ord(_SINGLE[escaped])

    def _folded(self, first: int, last: int) -> Ranges:
        """Return a range; with the flag ``i``, include the other cases of its letters."""
        if "i" not in self.flags:
            return [(first, last)]
        letters = (chr(each) for each in range(first, last + 1))
        cases = (case for each in letters for case in (each.lower(), each.upper()))
        return [(first, last), *((ord(case), ord(case)) for case in cases if len(case) == 1)]


_MULTIPLE = "sdwic"


@lru_cache
def _multiple(letter: str) -> Ranges:
    """Return the characters of a multi-character escape (§G.4.2.5)."""
    if letter == "d":
        return _unicode("Nd")
    if letter == "w":
        return _complement(_merged(_unicode("P") + _unicode("Z") + _unicode("C")))
    texts = {"s": _SPACE, "i": _NAME_START, "c": _NAME}
    return _Translator(texts[letter].replace("-.", r"\-.") + "]", "")._class()


@lru_cache
def _unicode(name: str) -> Ranges:
    """Return the characters of a Unicode category or block (§G.4.2.2)."""
    from elementpath.regex import RegexError, unicode_subset

    try:
        points = unicode_subset(name).codepoints
    except RegexError as error:
        raise ValueError(f"there is no category or block {name}") from error
    # elementpath's ranges end before their second number.
    return _merged(
        (each, each) if isinstance(each, int) else (each[0], each[1] - 1) for each in points
    )


def _merged(ranges: Iterable[tuple[int, int]]) -> Ranges:
    merged: Ranges = []
    for first, last in sorted(ranges):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = merged[-1][0], max(last, merged[-1][1])
        else:
            merged.append((first, last))
    return merged


def _complement(ranges: Ranges) -> Ranges:
    starts = [0, *(last + 1 for _, last in ranges)]
    ends = [*(first - 1 for first, _ in ranges), _LAST]
    return [(first, last) for first, last in zip(starts, ends, strict=True) if first <= last]
