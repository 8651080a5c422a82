"""Nesting of JSON-LD: a document that is too deep for the engine is refused, with the place.

The time of pyoxigraph 0.5 grows with the square of the depth: 80 s for 20,000 nested objects. A
context whose terms are defined by one another, 20,000 in a row, ends its process.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kg_server.errors import ProjectFault

_DEEPEST = 500
"""Most objects and lists within each other; files that people or programs write have some ten."""
_LONGEST_CHAIN = 500
"""Most terms of a context of which each is defined by the next."""
_STRING = re.compile(rb'"(?:[^"\\]++|\\.?)*+"?', re.DOTALL)
_STRING_OR_BRACKET = re.compile(rb'"(?:[^"\\]++|\\.?)*+"?|[\[\]{}]', re.DOTALL)
_NO_BRACKET = bytes(set(range(256)) - set(b"[]{}"))


def check(path: Path, content: bytes) -> None:
    """Refuse a document whose objects and lists are nested too deeply.

    Raises:
        ProjectFault: they are. The fault has line and column.
    """
    # Of deeply nested files only, each bracket is looked at by itself.
    brackets = _STRING.sub(b"", content).translate(None, _NO_BRACKET)
    for _ in range(_DEEPEST):
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
        if not brackets:
            return
    depth = 0
    for match in _STRING_OR_BRACKET.finditer(content):
        sign = match[0]
        depth += (sign in b"[{") - (sign in b"]}")
        if depth > _DEEPEST:
            raise ProjectFault(
                f"objects and lists are nested more than {_DEEPEST:,} deep",
                path=path,
                line=content.count(b"\n", 0, match.start()) + 1,
                column=match.start() - content.rfind(b"\n", 0, match.start()),
            )


def check_terms(path: Path, text: str, offset: int, context: Any) -> None:
    """Refuse a context in which too many terms are defined by one another in a row.

    Args:
        path: the file.
        text: the text of the file.
        offset: the position of the context in the text.
        context: the context, as JSON.

    Raises:
        ProjectFault: there is such a row.
    """
    for each in context if isinstance(context, list) else [context]:
        is_long = isinstance(each, dict) and len(each) > _LONGEST_CHAIN
        if is_long and (term := _over_long(each)):
            raise ProjectFault(
                f"more than {_LONGEST_CHAIN:,} terms of the context are defined by one another "
                f"in a row; {term!r} is among them",
                path=path,
                line=text.count("\n", 0, offset) + 1,
            )


def _over_long(terms: Mapping[str, Any]) -> str | None:
    """Return a term from which too many others in a row are needed."""
    lengths: dict[str, int] = {}
    for start in terms:
        way = [(start, _needed(start, terms))]
        lengths.setdefault(start, 1)
        while way:
            name, needed = way[-1]
            following = next(needed, None)
            if following is None:
                way.pop()
                if way:
                    above = way[-1][0]
                    lengths[above] = max(lengths[above], lengths[name] + 1)
            elif following not in lengths:
                lengths[following] = 1
                way.append((following, _needed(following, terms)))
            else:
                lengths[name] = max(lengths[name], lengths[following] + 1)
            if len(way) > _LONGEST_CHAIN or lengths[name] > _LONGEST_CHAIN:
                return start
    return None


def _needed(name: str, terms: Mapping[str, Any]) -> Iterator[str]:
    """Yield the terms of a context that must be defined before a term is."""
    definition = terms[name]
    values = [name, definition]
    if isinstance(definition, dict):
        values += (definition.get(key) for key in ("@id", "@reverse", "@type", "@index"))
    for value in values:
        if isinstance(value, str):
            for other in (value, value.partition(":")[0]):
                if other != name and other in terms:
                    yield other
