"""Places of the keys of JSON-LD, by the IRIs that a document's own context gives them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from kg_server.rdf import namespaces as ns

_TOKEN = re.compile(r'[\s,:]*+(?P<token>"(?:[^"\\]|\\.)*+"|[{}\[\]]|[^\s{}\[\],:"]++)', re.DOTALL)


class Statement(NamedTuple):
    """A key with one of its values: the name of its object, ``None`` for a blank node."""

    subject: str | None
    predicate: str
    value: str | None
    node: int
    offset: int


class _Value(NamedTuple):
    """A JSON value with where it stands; an object has triples of key, place and value."""

    offset: int
    data: Any


def statements(text: str) -> Iterator[Statement]:
    """Yield the statements of a document, as far as its own context explains them.

    Contexts by type or by property, and ``@reverse``, are left out: they have no places.
    """
    try:
        tree = _tree(text)
    except (ValueError, IndexError, RecursionError):
        return
    yield from _of(tree, {}, "")


def _tree(text: str) -> _Value:
    found = [(match["token"], match.start("token")) for match in _TOKEN.finditer(text)]
    found.reverse()
    return _parse(found)


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


def _of(value: _Value, terms: dict[str, str], vocabulary: str) -> Iterator[Statement]:
    if isinstance(value.data, tuple):
        for item in value.data:
            yield from _of(item, terms, vocabulary)
        return
    if isinstance(value.data, list):
        yield from _of_node(value, terms, vocabulary)


def _of_node(value: _Value, terms: dict[str, str], vocabulary: str) -> Iterator[Statement]:
    for key, _, inner in value.data:
        if key == "@context":
            terms, vocabulary = _context(inner, terms, vocabulary)
    subject = next(
        (inner.data for key, _, inner in value.data if _iri(key, terms, "") == "@id"), None
    )
    name = _iri(subject, terms, "") if isinstance(subject, str) else None
    for key, place, inner in value.data:
        predicate = _iri(key, terms, vocabulary)
        if predicate == "@type":
            for each in _items(inner):
                kind = _iri(each.data, terms, vocabulary) if isinstance(each.data, str) else None
                yield Statement(name, f"{ns.RDF}type", kind, value.offset, each.offset)
        elif predicate in ("@graph", "@included"):
            yield from _of(inner, terms, vocabulary)
        elif not predicate.startswith("@"):
            for each in _items(inner):
                yield from _statement(name, predicate, each, value.offset, place, terms)
                yield from _of(each, terms, vocabulary)


def _statement(
    name: str | None, predicate: str, each: _Value, node: int, place: int, terms: dict[str, str]
) -> Iterator[Statement]:
    value = each.data
    if isinstance(value, list):
        members = {key: inner.data for key, _, inner in value}
        value = members.get("@id", members.get("@value"))
        if "@id" in members and isinstance(value, str):
            value = _iri(value, terms, "")
    text = json.dumps(value) if isinstance(value, bool | int | float) else value
    offset = place if isinstance(each.data, list) else each.offset
    yield Statement(name, predicate, text if isinstance(text, str) else None, node, offset)


def _items(value: _Value) -> Iterator[_Value]:
    if isinstance(value.data, tuple):
        for each in value.data:
            yield from _items(each)
        return
    if isinstance(value.data, list):
        for key, _, inner in value.data:
            if key in ("@list", "@set"):
                yield from _items(inner)
                return
    yield value


def _context(value: _Value, terms: dict[str, str], vocabulary: str) -> tuple[dict[str, str], str]:
    found, vocabulary = dict(terms), vocabulary
    for each in value.data if isinstance(value.data, tuple) else (value,):
        if not isinstance(each.data, list):
            continue
        for key, _, inner in each.data:
            if key == "@vocab" and isinstance(inner.data, str):
                vocabulary = inner.data
            elif isinstance(inner.data, str):
                found[key] = inner.data
            elif isinstance(inner.data, list):
                iri = next((each.data for name, _, each in inner.data if name == "@id"), None)
                if isinstance(iri, str):
                    found[key] = iri
    return found, vocabulary


def _iri(name: str, terms: dict[str, str], vocabulary: str, depth: int = 0) -> str:
    """Return the IRI of a key or a compact IRI; of anything else what it says."""
    if name in terms and terms[name] != name and depth < 8:
        return _iri(terms[name], terms, vocabulary, depth + 1)
    prefix, colon, local = name.partition(":")
    if colon and prefix in terms and not local.startswith("//") and depth < 8:
        return _iri(terms[prefix], terms, vocabulary, depth + 1) + local
    return name if colon or name.startswith("@") or not vocabulary else vocabulary + name
