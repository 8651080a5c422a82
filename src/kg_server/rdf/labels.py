"""One spelling for comparing names: without case, without the accents of alphabets."""

from __future__ import annotations

import re
import unicodedata

# Only the general blocks of combining marks, which Latin, Greek and Cyrillic use for accents.
# The marks of Bengali and its sisters, of Arabic and of Hebrew have blocks of their own: there
# they are vowels, and a name without them is another name.
_ACCENTS = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]+")
_LETTERS = str.maketrans({"ı": "i", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe"})


def fold(text: str) -> str:
    """Return ``text`` as it is compared: compatibility forms, case and accents folded away.

    >>> fold("TÜRKİYE") == fold(" Turkiye")
    True
    >>> fold("কানাডা") == fold("কনড")
    False
    """
    if not text.isascii():
        text = _ACCENTS.sub("", unicodedata.normalize("NFKD", text.casefold()))
        text = unicodedata.normalize("NFC", text).translate(_LETTERS)
    return " ".join(text.casefold().split())
