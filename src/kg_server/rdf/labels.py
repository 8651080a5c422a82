"""Labels: which one a reader gets, and how names are compared."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rdflib import Literal
    from rdflib.term import Node

# Only the general blocks of combining marks, which Latin, Greek and Cyrillic use for accents.
# The marks of Bengali and its sisters, of Arabic and of Hebrew have blocks of their own: there
# they are vowels, and a name without them is another name.
_ACCENTS = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]+")
_LETTERS = str.maketrans({"ı": "i", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe"})


def fold(text: str) -> str:
    """Return ``text`` as it is compared: compatibility forms, case and accents folded away.

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
    """Return the place of a label's language among those a reader takes, best first.

    >>> rank("fr-CA", ["en", "fr"]), rank(None, ["en", "fr"]), rank("de", ["en", "fr"])
    (1, 2, 3)
    """
    code = (language or "").partition("-")[0].lower()
    if code in languages:
        return languages.index(code)
    return len(languages) + bool(code)


def pick(texts: Iterable[Node], languages: Sequence[str]) -> Literal | None:
    """Return the literal that is best for a reader of these languages; ``None`` if there is none.

    Literals without a language come after those in one that the reader takes; among equals, the
    first in the alphabet wins, so that the choice is the same each time.
    """
    from rdflib import Literal

    literals = [each for each in texts if isinstance(each, Literal)]
    return min(literals, key=lambda each: (rank(each.language, languages), str(each)), default=None)


def best(texts: Iterable[Node], languages: Sequence[str]) -> str:
    """Return the best text for a reader of these languages; empty if there is none."""
    found = pick(texts, languages)
    return "" if found is None else str(found)
