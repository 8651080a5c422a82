"""Grammar of RDF/XML, where the engine's parser is lenient or slow: each fault with its line.

pyoxigraph 0.5 accepts a document that ends in the middle, and attributes that do not go together
(RDF 1.1 XML Syntax §7.2.10 to §7.2.21). Its messages on XML that is not well-formed have no line.
Its time grows with the square of the depth of elements: 25 s for 2 MB of nested ones. It also looks
through all namespaces at each element.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Set
from pathlib import Path
from urllib.parse import urljoin
from xml.parsers import expat

from kg_server.errors import ProjectFault

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns# "
_XML = "http://www.w3.org/XML/1998/namespace "
_NOT_ON_NODES = frozenset(f"{_RDF}{name}" for name in ("datatype", "resource", "parseType"))
_NOT_ON_PROPERTIES = frozenset(f"{_RDF}{name}" for name in ("about", "bagID"))
_DATATYPE, _PARSE_TYPE, _ID = f"{_RDF}datatype", f"{_RDF}parseType", f"{_RDF}ID"


_NODES, _PROPERTIES, _XML_ONLY, _NOTHING = range(4)
"""Kinds of children that an element may have."""
_INSIDE_OF_PROPERTY = {None: _NODES, "Resource": _PROPERTIES, "Collection": _NODES}
"""By the value of rdf:parseType."""
_RELATIVE_BASE = re.compile(
    rb"""(\bxml:base\s*=\s*["'])(?![A-Za-z][A-Za-z0-9+.-]*:)([^"'&<]*)["']"""
)
_MOST_NAMESPACES = 1_000
_DEEPEST = 2_000
"""Most elements within each other; files that people or programs write have some ten."""


def check(path: Path, content: bytes) -> None:
    """Refuse a document that is not well-formed, is too deep, or has attributes that do not fit.

    Raises:
        ProjectFault: it is such a document. The fault has line and column.
    """
    _Grammar(path).check(content)


def place(content: bytes, fails: Callable[[bytes], bool]) -> tuple[int, int]:
    """Return line and column of the tag or text at which a parser fails that gives no place.

    Args:
        content: a document that is well-formed XML.
        fails: tells whether the parser fails at the beginning of a document; it takes one that
            ends between two tags.
    """
    parser = expat.ParserCreate("UTF-8")
    starts: list[tuple[int, int, int]] = []

    def note(*_: object) -> None:
        line, column = parser.CurrentLineNumber, parser.CurrentColumnNumber + 1
        starts.append((parser.CurrentByteIndex, line, column))

    parser.StartElementHandler = parser.EndElementHandler = parser.CharacterDataHandler = note
    parser.Parse(content, True)
    failing = bisect_left(range(1, len(starts)), 1, key=lambda at: fails(content[: starts[at][0]]))
    _, line, column = starts[failing]
    return line, column


def with_whole_bases(content: bytes, base_iri: str) -> bytes:
    """Return a document whose ``xml:base`` are absolute, which the engine needs (XML Base §4).

    Args:
        content: the document.
        base_iri: the base IRI of the document.
    """

    def whole(match: re.Match[bytes]) -> bytes:
        nonlocal base_iri
        head: bytes = match[1]
        joined: str = urljoin(base_iri, match[2].decode())
        base_iri = joined if match.start() == first else base_iri
        return head + joined.encode() + head[-1:]

    relative = _RELATIVE_BASE.search(content)
    first = relative.start() if relative else -1
    return _RELATIVE_BASE.sub(whole, content)


class _Grammar:
    """Follows the striped syntax: nodes in properties in nodes. A big file has many elements."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._inside: list[int] = []
        self._parser = expat.ParserCreate("UTF-8", " ")
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.StartNamespaceDeclHandler = self._declare
        self._parser.EndNamespaceDeclHandler = self._end_of_scope
        self._namespaces = 0

    def check(self, content: bytes) -> None:
        try:
            self._parser.Parse(content, True)
        except expat.ExpatError as error:
            message = f"not well-formed XML: {expat.ErrorString(error.code)}"
            raise ProjectFault(
                message, path=self._path, line=error.lineno, column=error.offset + 1
            ) from error

    def _declare(self, _prefix: str | None, _namespace: str) -> None:
        self._namespaces += 1
        if self._namespaces > _MOST_NAMESPACES:
            self._fail(f"there are more than {_MOST_NAMESPACES:,} namespaces")

    def _end_of_scope(self, _prefix: str | None) -> None:
        self._namespaces -= 1

    def _end(self, _name: str) -> None:
        self._inside.pop()

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        kind = self._inside[-1] if self._inside else _NODES
        inside = kind
        if kind == _PROPERTIES:
            inside = self._of_property(attributes) if attributes else _NODES
        elif kind == _NODES:
            if self._inside or name != f"{_RDF}RDF":
                if not _NOT_ON_NODES.isdisjoint(attributes):
                    self._refuse(attributes, _NOT_ON_NODES, "an element of a node")
                inside = _PROPERTIES
        elif kind == _NOTHING:
            self._fail("an element with rdf:datatype has text only, no elements")
        self._inside.append(inside)
        if len(self._inside) > _DEEPEST:
            self._fail(f"elements are nested more than {_DEEPEST:,} deep")

    def _of_property(self, attributes: dict[str, str]) -> int:
        if not _NOT_ON_PROPERTIES.isdisjoint(attributes):
            self._refuse(attributes, _NOT_ON_PROPERTIES, "an element of a property")
        if _DATATYPE not in attributes:
            return _INSIDE_OF_PROPERTY.get(attributes.get(_PARSE_TYPE), _XML_ONLY)
        if len(attributes) > 1:
            others = {name for name in attributes if not name.startswith(_XML)}
            self._refuse(attributes, others - {_DATATYPE, _ID}, "an element with rdf:datatype")
        return _NOTHING

    def _refuse(self, attributes: dict[str, str], refused: Set[str], what: str) -> None:
        for name in attributes:
            if name in refused:
                shown = name.replace(_RDF, "rdf:").rpartition(" ")[2]
                self._fail(f"{what} cannot have the attribute {shown}")

    def _fail(self, message: str) -> None:
        raise ProjectFault(
            message,
            path=self._path,
            line=self._parser.CurrentLineNumber,
            column=self._parser.CurrentColumnNumber + 1,
        )
