"""Details of problems in the reader's language.

Problems are raised in English, often far from any page. ``translations/problems.LANGUAGE.toml`` has
their sentences as templates, in which ``{name}`` stands for any text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from kg_server.project.profile import Said
from kg_server.web.pages import layout

_GAP = re.compile(r"{(\w+)}")
_MOST = 2000
"""Longer details are not translated."""
_Template = tuple[re.Pattern[str], str]


def told(detail: str, language: str) -> Said:
    """Return a detail in a language if all of its sentences have a translation; else in English.

    >>> told("There is no column 'b'. Near it: a.", "fr").text
    "Il n’y a pas de colonne 'b'. À côté : a."
    >>> told("Something else.", "fr").language
    'en'
    """
    translated = _translated(detail, _templates(language)) if len(detail) <= _MOST else None
    return Said(detail, "en") if translated is None else Said(translated, language)


def _translated(text: str, templates: Sequence[_Template]) -> str | None:
    """Translate a text sentence by sentence; return ``None`` if one has no translation."""
    for pattern, translation in templates:
        match = pattern.match(text)
        if not match:
            continue
        rest = text[match.end() :].lstrip()
        others = _translated(rest, templates) if rest else ""
        if others is not None:
            gaps = {
                name: _translated(value, templates) or value
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
    """Return a pattern that matches a sentence of the template at the beginning of a text."""
    *parts, last = _GAP.split(template)  # words and names of gaps by turns
    words = (re.escape(part) if n % 2 == 0 else f"(?P<{part}>.+?)" for n, part in enumerate(parts))
    # A gap at the end has all that follows, even if that is more than one sentence.
    end = re.escape(last) + r"(?=\s|$)" if last else "$"
    return re.compile("".join(words) + end, re.DOTALL)
