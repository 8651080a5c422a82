"""Positions of the keys of JSON-LD, by the IRIs that the document's own context maps them to."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import urljoin

from kg_server.rdf import namespaces as ns

_TOKEN = re.compile(r'[\s,:]*+(?P<token>"(?:[^"\\]|\\.)*+"|[{}\[\]]|[^\s{}\[\],:"]++)', re.DOTALL)


@dataclass(slots=True)
class Node:
    """A JSON object that is a node: its expanded name, ``None`` for a blank node.

    Each member of a list is a node, too, with ``rdf:first`` and ``rdf:rest``.
    """

    name: str | None
    offset: int
    statements: list[Statement] = field(default_factory=list)


@dataclass(slots=True)
class Statement:
    """A predicate with one value and its offset; the value is one of ``texts``, or a node."""

    predicate: str
    offset: int
    texts: tuple[str, ...] = ()
    node: Node | None = None


class _Value(NamedTuple):
    """A JSON value with its offset; an object is a list of key, offset and value."""

    offset: int
    data: Any


class _Term(NamedTuple):
    """Definition of a key in a context."""

    iri: str
    container: str = ""
    context: _Value | None = None


_Terms = dict[str, _Term]


def nodes(text: str) -> list[Node]:
    """Return the nodes of a document in order; none if its own context does not explain it."""
    try:
        tree = _tree(text)
        walk = _Walk()
        walk.top(tree, {}, "")
    except (ValueError, IndexError, RecursionError):
        return []
    return walk.nodes


def _tree(text: str) -> _Value:
    tokens = [(match["token"], match.start("token")) for match in _TOKEN.finditer(text)]
    tokens.reverse()
    return _parse(tokens)


def _parse(left: list[tuple[str, int]]) -> _Value:
    sign, offset = left.pop()
    if sign == "{":
        members = []
        while left[-1][0] != "}":
            key, place = left.pop()
            members.append((json.loads(key), place, _parse(left)))
        left.pop()
        return _Value(offset, members)
    if sign == "[":
        items = []
        while left[-1][0] != "]":
            items.append(_parse(left))
        left.pop()
        return _Value(offset, tuple(items))
    return _Value(offset, json.loads(sign))


class _Walk:
    """Collects the nodes of a document."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []

    def top(self, value: _Value, terms: _Terms, vocabulary: str) -> None:
        """Collect nodes without a predicate: of the document, ``@graph`` and ``@included``."""
        for item in value.data if isinstance(value.data, tuple) else (value,):
            if isinstance(item.data, list):
                self._node(item, terms, vocabulary)

    def _node(self, value: _Value, terms: _Terms, vocabulary: str) -> Node:
        for key, _, inner in value.data:
            if key == "@context":
                terms, vocabulary = _context(inner, terms, vocabulary)
        around = terms, vocabulary
        terms, vocabulary = _by_type(value, terms, vocabulary)
        members = list(_unnested(value, terms))
        names = [inner.data for key, _, inner in members if _iri(key, terms, "") == "@id"]
        written = names[0] if names and isinstance(names[0], str) else None
        node = Node(None if written is None else _name(written, terms), value.offset)
        self.nodes.append(node)
        for key, place, inner in members:
            predicate = _iri(key, terms, vocabulary)
            if predicate == "@type":
                for each in inner.data if isinstance(inner.data, tuple) else (inner,):
                    texts = _texts(each, terms, vocabulary)
                    node.statements.append(Statement(f"{ns.RDF}type", each.offset, texts))
            elif predicate in ("@graph", "@included"):
                self.top(inner, terms, vocabulary)
            elif predicate == "@reverse":
                self._reverse(node, inner, terms, vocabulary)
            elif not predicate.startswith("@"):
                term = terms.get(key, _Term(key))
                # A context by type holds for this node only, one by property for all below.
                within = _context(term.context, *around) if term.context else around
                for each, at in _items(inner, place, term.container):
                    scope = within if isinstance(each.data, list) else (terms, vocabulary)
                    self._add(
                        node,
                        predicate,
                        each,
                        place=at,
                        container=term.container,
                        terms=scope[0],
                        vocabulary=scope[1],
                    )
        return node

    def _add(
        self,
        node: Node,
        predicate: str,
        value: _Value,
        *,
        place: int,
        container: str,
        terms: _Terms,
        vocabulary: str,
    ) -> None:
        members = {_iri(key, terms, ""): inner for key, _, inner in _members(value)}
        if "@list" in members or container == "@list":
            items = _flat(members.get("@list", value))
            node.statements.append(
                self._list(predicate, items, place=place, terms=terms, vocabulary=vocabulary)
            )
        elif "@value" in members or not isinstance(value.data, list):
            texts = _texts(members.get("@value", value), terms, vocabulary)
            node.statements.append(Statement(predicate, place, texts))
        else:
            statement = Statement(predicate, place)
            node.statements.append(statement)
            statement.node = self._node(value, terms, vocabulary)

    def _list(
        self, predicate: str, items: list[_Value], *, place: int, terms: _Terms, vocabulary: str
    ) -> Statement:
        """Return the statement of a list; each member has a node of its own."""
        first = statement = Statement(predicate, place, (f"{ns.RDF}nil",))
        for item in items:
            cell = Node(None, item.offset)
            self.nodes.append(cell)
            statement.texts, statement.node = (), cell
            self._add(
                cell,
                f"{ns.RDF}first",
                item,
                place=item.offset,
                container="",
                terms=terms,
                vocabulary=vocabulary,
            )
            statement = Statement(f"{ns.RDF}rest", item.offset, (f"{ns.RDF}nil",))
            cell.statements.append(statement)
        return first

    def _reverse(self, node: Node, value: _Value, terms: _Terms, vocabulary: str) -> None:
        for key, place, inner in _members(value):
            for each, at in _items(inner, place, ""):
                if isinstance(each.data, list):
                    other = self._node(each, terms, vocabulary)
                    other.statements.append(Statement(_iri(key, terms, vocabulary), at, node=node))


def _by_type(value: _Value, terms: _Terms, vocabulary: str) -> tuple[_Terms, str]:
    """Return terms and vocabulary inside a node, by type-scoped contexts (JSON-LD 1.1 §4.1.8)."""
    in_scope = terms, vocabulary
    for key, _, inner in value.data:
        if _iri(key, terms, "") == "@type":
            kinds = [each.data for each in _flat(inner) if isinstance(each.data, str)]
            for kind in sorted(kinds):
                context = terms[kind].context if kind in terms else None
                in_scope = _context(context, *in_scope) if context else in_scope
    return in_scope


def _unnested(value: _Value, terms: _Terms) -> Iterator[tuple[str, int, _Value]]:
    """Yield the members of an object, and those of objects under ``@nest``."""
    for key, place, inner in value.data:
        if _iri(key, terms, "") != "@nest":
            yield key, place, inner
            continue
        for each in _flat(inner):
            if isinstance(each.data, list):
                yield from _unnested(each, terms)


def _members(value: _Value) -> list[tuple[str, int, _Value]]:
    return value.data if isinstance(value.data, list) else []


def _texts(value: _Value, terms: _Terms, vocabulary: str) -> tuple[str, ...]:
    """Return the possible values of a scalar: its text, or the IRIs that it may stand for."""
    if isinstance(value.data, bool | int | float):
        return (json.dumps(value.data),)
    if not isinstance(value.data, str):
        return ()
    return value.data, _name(value.data, terms), _iri(value.data, terms, vocabulary)


def _name(text: str, terms: _Terms) -> str:
    """Expand the name of a node, with the base of its context."""
    iri = _iri(text, terms, "")
    base = terms.get("@base")
    return joined(base.iri, iri) if base and not iri.startswith("_:") else iri


def joined(base: str, iri: str) -> str:
    """Resolve a reference (RFC 3986 §5); return an invalid one, such as ``http://[x``, as it is."""
    try:
        return urljoin(base, iri)
    except ValueError:
        return iri


def _flat(value: _Value) -> list[_Value]:
    return list(value.data) if isinstance(value.data, tuple) else [value]


def _items(value: _Value, place: int, container: str) -> Iterator[tuple[_Value, int]]:
    """Yield the values of a key, each with its offset; a single object has that of its key."""
    if container in ("@language", "@index") and isinstance(value.data, list):
        for _, at, inner in value.data:
            yield from _items(inner, at, "")
    elif container == "@list":
        yield value, place
    elif isinstance(value.data, tuple):
        for each in value.data:
            yield from _items(each, each.offset, "")
    elif inner := next((each for key, _, each in _members(value) if key == "@set"), None):
        yield from _items(inner, place, "")
    else:
        yield value, place if isinstance(value.data, list) else value.offset


def _context(value: _Value, terms: _Terms, vocabulary: str) -> tuple[_Terms, str]:
    extended, vocabulary = dict(terms), vocabulary
    for each in value.data if isinstance(value.data, tuple) else (value,):
        if not isinstance(each.data, list):
            continue
        for key, _, inner in each.data:
            if key == "@vocab" and isinstance(inner.data, str):
                vocabulary = inner.data
            elif isinstance(inner.data, str):  # a term, or @base
                extended[key] = _Term(inner.data)
            elif isinstance(inner.data, list):
                members = {name: each for name, _, each in inner.data}
                iri = members["@id"].data if "@id" in members else key
                container = members["@container"].data if "@container" in members else ""
                kept = container if isinstance(container, str) else ""
                if isinstance(iri, str):
                    extended[key] = _Term(iri, kept, members.get("@context"))
    return extended, vocabulary


def _iri(name: str, terms: _Terms, vocabulary: str, depth: int = 0) -> str:
    """Expand a key or a compact IRI; return anything else as it is."""
    if name in terms and terms[name].iri != name and depth < 8:
        return _iri(terms[name].iri, terms, vocabulary, depth + 1)
    prefix, colon, local = name.partition(":")
    if colon and prefix in terms and not local.startswith("//") and depth < 8:
        return _iri(terms[prefix].iri, terms, vocabulary, depth + 1) + local
    return name if colon or name.startswith("@") or not vocabulary else vocabulary + name
