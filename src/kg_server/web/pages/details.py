"""Details of problems in the reader's language.

Problems are raised in English, often far from any page. ``translations/problems.LANGUAGE.toml`` has
their sentences as templates, in which ``{name}`` stands for any text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

from kg_server.project.profile import TaggedText
from kg_server.web.pages import layout

_GAP = re.compile(r"{(\w+)}")
_MOST = 2000
"""Longer details are not translated."""
_REMEMBERED = 512
"""Texts whose translations are kept."""
_Template = tuple[re.Pattern[str], str]


def translated(detail: str, language: str) -> TaggedText:
    """Return a detail in a language if all of its sentences have a translation; else in English.

    >>> translated("There is no column 'b'. Near it: a.", "fr").text
    "Il n’y a pas de colonne 'b'. À côté : a."
    >>> translated("Something else.", "fr").language
    'en'
    """
    translation = _translation(detail, language) if len(detail) <= _MOST else None
    return TaggedText(detail, "en") if translation is None else TaggedText(translation, language)


def localized(document: Mapping[str, Any], language: str) -> dict[str, Any]:
    """Return a problem document with title and detail in a language (RFC 9457 §3.1).

    >>> document = {"title": "Nothing here", "detail": "There is no column 'b'. Near it: a."}
    >>> localized(document, "fr")["detail"]
    "Il n’y a pas de colonne 'b'. À côté : a."
    """
    title = layout.translate(document["title"], language)
    return {**document, "title": title, "detail": translated(document["detail"], language).text}


@lru_cache(_REMEMBERED)
def _translation(text: str, language: str) -> str | None:
    """Translate a text sentence by sentence; return ``None`` if one has no translation.

    Several templates may fit a sentence, so that the same rest is translated again, by the cache.
    """
    for pattern, translation in _templates(language):
        match = pattern.match(text)
        if not match:
            continue
        rest = text[match.end() :].lstrip()
        others = _translation(rest, language) if rest else ""
        if others is not None:
            gaps = {
                name: _translation(value, language) or value
                for name, value in match.groupdict().items()
            }
            return f"{translation.format(**gaps)} {others}".rstrip()
    return None


@cache
def _templates(language: str) -> tuple[_Template, ...]:
    """Return patterns and translations, those with most words of their own first."""
    messages = layout.messages(f"problems.{language}")
    ranked = sorted(messages.items(), key=lambda each: -len(_GAP.sub("", each[0])))
    return tuple((_pattern(template), translation) for template, translation in ranked)


def _pattern(template: str) -> re.Pattern[str]:
    """Return a pattern that matches a sentence of the template at the beginning of a text.

    A gap ends where the words after it come first. If the rest does not fit from there on, it fits
    from nowhere further on, so that nothing is tried again (atomic groups).
    """
    first, *parts = _GAP.split(template)  # words and names of gaps by turns
    # A gap at the end has all that follows, even if that is more than one sentence.
    words = [re.escape(each) for each in (first, *parts[1::2])]
    words[-1] = words[-1] + r"(?=\s|$)" if words[-1] else "$"
    gaps = (f"(?>(?P<{name}>.+?){end})" for name, end in zip(parts[::2], words[1:], strict=True))
    return re.compile(words[0] + "".join(gaps), re.DOTALL)
