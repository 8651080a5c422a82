"""Choice of labels by language, and comparison of names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rdflib import Literal
    from rdflib.term import Node

# Only the general blocks of combining marks, which Latin, Greek and Cyrillic use for accents.
# Bengali and related scripts, Arabic and Hebrew have marks in their own blocks. Those marks are
# vowels: without them, a name is another name.
_ACCENTS = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]+")
_LETTERS = str.maketrans({"ı": "i", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe"})


def fold(text: str) -> str:
    """Return ``text`` for comparison: without compatibility forms, case and accents.

    >>> fold("TÜRKİYE") == fold(" Turkiye")
    True
    >>> fold("জাদুঘর") == fold("জদঘর")
    False
    """
    if not text.isascii():
        text = _ACCENTS.sub("", unicodedata.normalize("NFKD", text.casefold()))
        text = unicodedata.normalize("NFC", text).translate(_LETTERS)
    return " ".join(text.casefold().split())


def rank(language: str | None, languages: Sequence[str]) -> int:
    """Return the rank of a label's language among a reader's languages; 0 is best.

    A label in the language of a region is one in the language, and the other way round.

    >>> rank("fr-CA", ["en", "fr"]), rank(None, ["en", "fr"]), rank("de", ["en", "fr"])
    (1, 2, 3)
    >>> rank("zh-hant", ["en", "zh-Hans", "zh-Hant"]), rank("pt", ["pt-BR", "en"])
    (2, 0)
    """
    if not language:
        return len(languages)
    tag = language.lower()
    code = tag.partition("-")[0]
    for wanted in (tag, code):  # nearly always enough
        if wanted in languages:
            return languages.index(wanted)
    tags = [each.lower() for each in languages]
    if tag in tags:
        return tags.index(tag)
    codes = [each.partition("-")[0] for each in tags]
    return codes.index(code) if code in codes else len(languages) + 1


def pick(texts: Iterable[Node], languages: Sequence[str]) -> Literal | None:
    """Return the best literal for a reader of these languages; ``None`` if there is none.

    Literals in the reader's languages precede literals without a language. Among equals, the first
    in alphabetical order wins, so that the choice is always the same.
    """
    literals: list[Any] = [each for each in texts if hasattr(each, "language")]
    return min(literals, key=lambda each: (rank(each.language, languages), str(each)), default=None)


def best(texts: Iterable[Node], languages: Sequence[str]) -> str:
    """Return the best text for a reader of these languages; empty if there is none."""
    label = pick(texts, languages)
    return "" if label is None else str(label)
