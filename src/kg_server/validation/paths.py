"""Property paths (SHACL §2.3.1): from the Turtle of a finding to SPARQL syntax."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from rdflib import RDF, BNode, Graph
from rdflib.term import Node

from kg_server.rdf import namespaces as ns

_TOKEN = re.compile(r"<[^<>\x00-\x20]*>|[()\[\];]")
_SIGNS = {"zeroOrMorePath": "*", "oneOrMorePath": "+", "zeroOrOnePath": "?"}

Objects = Callable[[str, str], list[str]]
"""Returns the values of a predicate at a node, all in N-Triples syntax."""
Pattern = tuple[str | None, str | None, str | None]
"""Subject, predicate and object in N-Triples syntax; ``None`` for any."""


@dataclass(frozen=True, slots=True)
class Path:
    """A path: ``kind`` is ``iri``, ``sequence``, or the local name of SHACL's term."""

    kind: str
    parts: tuple[Path, ...] = ()
    iri: str = ""

    def __str__(self) -> str:
        return _text(self)


@lru_cache(maxsize=1024)
def parse(text: str) -> Path | None:
    """Parse a path in Turtle; return ``None`` if the text is no path.

    >>> str(parse("( <urn:p> [ <http://www.w3.org/ns/shacl#inversePath> <urn:q> ] )"))
    '<urn:p>/^<urn:q>'
    """
    left = _TOKEN.findall(text)[::-1]
    try:
        path = _parse(left)
    except (IndexError, ValueError, RecursionError):
        return None
    return None if left else path


def written(graph: Graph, path: Node) -> str:
    """Return a path of a graph in Turtle."""
    if not isinstance(path, BNode):
        return path.n3()
    if (path, RDF.first, None) in graph:
        return f"( {' '.join(written(graph, each) for each in graph.items(path))} )"
    steps = sorted((str(predicate), value) for predicate, value in graph.predicate_objects(path))
    return f"[ {' ; '.join(f'<{step}> {written(graph, value)}' for step, value in steps)} ]"


def shown(text: str) -> str:
    """Return a path in SPARQL syntax, its IRIs in N-Triples syntax."""
    path = parse(text)
    return text if path is None else str(path)


def ends(path: Path, focus: str, objects: Objects) -> list[Pattern]:
    """Return the patterns of the last triples of a path, which have its values.

    Args:
        path: the path; one with ``*``, ``+`` or ``?`` has no such patterns.
        focus: the focus node, in N-Triples syntax.
        objects: returns the values of a predicate at a node.
    """
    if path.kind == "iri":
        return [(focus, path.iri, None)]
    if path.kind == "inversePath" and path.parts[0].kind == "iri":
        return [(None, path.parts[0].iri, focus)]
    if path.kind == "alternativePath":
        return [each for part in path.parts for each in ends(part, focus, objects)]
    if path.kind == "sequence" and all(part.kind == "iri" for part in path.parts):
        nodes = [focus]
        for part in path.parts[:-1]:
            nodes = [value for node in nodes for value in objects(node, part.iri)]
        return [(node, path.parts[-1].iri, None) for node in nodes]
    return []


def _parse(left: list[str]) -> Path:
    sign = left.pop()
    if sign.startswith("<"):
        return Path("iri", iri=sign)
    if sign == "(":
        parts = []
        while left[-1] != ")":
            parts.append(_parse(left))
        left.pop()
        return Path("sequence", tuple(parts))
    if sign != "[":
        raise ValueError(sign)
    kind = left.pop()[1:-1].removeprefix(ns.SH)
    inner = _parse(left)
    if left.pop() != "]":
        raise ValueError(kind)
    return Path(kind, inner.parts if kind == "alternativePath" else (inner,))


def _text(path: Path, *, inside: bool = False) -> str:
    if path.kind == "iri":
        return path.iri
    parts = [_text(part, inside=True) for part in path.parts]
    if path.kind == "inversePath":
        return f"^{parts[0]}"
    if path.kind in _SIGNS:
        return parts[0] + _SIGNS[path.kind]
    joined = ("|" if path.kind == "alternativePath" else "/").join(parts)
    return f"({joined})" if inside else joined
