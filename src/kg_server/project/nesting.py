"""Nesting: a document that is too deep for the engine is refused, with the place.

The time of pyoxigraph 0.5 grows with the square of the depth of JSON-LD: 80 s for 20,000 nested
objects. A context whose terms are defined by one another, 20,000 in a row, ends its process; so do
20,000 triple terms (RDF 1.2) within each other. Python's reader of TOML takes half a minute for a
key of 20,000 parts.
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
_TURTLE_TOKEN = re.compile(
    rb"""
      \"{3}(?:[^"\\]++|\\.|"(?!""))*+\"{3} | '{3}(?:[^'\\]++|\\.|'(?!''))*+'{3}
    | "(?:[^"\\\r\n]++|\\.)*+" | '(?:[^'\\\r\n]++|\\.)*+'
    | <(?!<)[^<>\r\n]*+> | \#[^\r\n]*+ | \\.
    | (?P<mark><<|>>|\{\||~)
    """,
    re.VERBOSE | re.DOTALL,
)
"""Tokens of Turtle and its kin in which a sign of triple terms may stand, and these signs."""
_DEEPEST_TOML = 32
_QUOTED = re.compile(r"""\"(?:[^"\\\n]++|\\.)*+\"|'[^'\n]*+'""")
_TOML_TOKEN = re.compile(
    rf"""
      \#[^\n]*+
    | \"{{3}}(?:[^"\\]++|\\.|"(?!""))*+(?:\"{{3,5}})? | '{{3}}(?:[^']++|'(?!''))*+(?:'{{3,5}})?
    | (?P<digits>[0-9][0-9_]{{1000,}})
    | (?P<key>(?:[\w-]++|{_QUOTED.pattern})(?:[ \t]*+\.[ \t]*+(?:[\w-]++|{_QUOTED.pattern}))*+)
    | [\[\]{{}}]
    """,
    re.VERBOSE | re.DOTALL,
)
"""Comments, texts, long numbers, keys and simple values, and brackets of TOML."""
_NO_BRACKET = bytes(set(range(256)) - set(b"[]{}"))


def check(path: Path, content: bytes) -> None:
    """Refuse a document whose objects and lists are nested too deeply.

    Raises:
        ProjectFault: they are. The fault has line and column.
    """
    # Brackets are counted one by one only in deeply nested files.
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
            message = f"objects and lists are nested more than {_DEEPEST:,} deep"
            raise _fault(message, path, content, match.start())


def check_triple_terms(path: Path, content: bytes) -> None:
    """Refuse Turtle, TriG, N-Triples or N-Quads whose triple terms are nested too deeply.

    Raises:
        ProjectFault: they are. The fault has line and column.
    """
    if content.count(b"<<") <= _DEEPEST:
        return
    depth = 0
    for match in _TURTLE_TOKEN.finditer(content):
        depth += (match["mark"] == b"<<") - (match["mark"] == b">>")
        if depth > _DEEPEST:
            message = f"triple terms are nested more than {_DEEPEST:,} deep"
            raise _fault(message, path, content, match.start())


def no_triple_terms(path: Path, content: bytes) -> ProjectFault:
    """Return the fault that a file has triple terms, at the first of them where it is Turtle."""
    signs = (each for each in _TURTLE_TOKEN.finditer(content) if each["mark"])
    first = next(signs, None)
    message = "triple terms (RDF 1.2) cannot be validated"
    if first is None:
        return ProjectFault(message, path=path)
    return _fault(message, path, content, first.start())


def check_toml(path: Path, text: str) -> None:
    """Refuse TOML with keys of too many parts, values too deep, or numbers that are too long.

    Raises:
        ProjectFault: it has such. The fault has line and column.
    """
    depth = 0
    for match in _TOML_TOKEN.finditer(text):
        depth += (match[0] in ("[", "{")) - (match[0] in ("]", "}"))
        message = ""
        if match["digits"]:
            message = "this number has more than 1,000 digits"
        elif depth > _DEEPEST_TOML:
            message = f"values are nested more than {_DEEPEST_TOML} deep"
        elif match["key"] and _QUOTED.sub("", match[0]).count(".") >= _DEEPEST_TOML:
            message = f"this key has more than {_DEEPEST_TOML} parts"
        if message:
            raise ProjectFault(
                message,
                path=path,
                line=text.count("\n", 0, match.start()) + 1,
                column=match.start() - text.rfind("\n", 0, match.start()),
            )


def _fault(message: str, path: Path, content: bytes, offset: int) -> ProjectFault:
    line = content.count(b"\n", 0, offset) + 1
    column = offset - content.rfind(b"\n", 0, offset)
    return ProjectFault(message, path=path, line=line, column=column)


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
