"""Names of blank nodes that last: by what is said of them, not by their number in a file.

A shape without a name is called by the shape above it, its path and a hash of its contents, a node
of the data by what leads to it and by its contents. Baselines and fingerprints so survive edits
elsewhere, such as one more value or shape beside it, and a new fault does not pass as known.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox
from rdflib import RDF, SH, BNode, URIRef

from kg_server.rdf import namespaces as ns
from kg_server.validation.report import Finding

if TYPE_CHECKING:
    from rdflib import Graph

_DEPTH = 12
_TARGETS = ("targetClass", "targetNode", "targetSubjectsOf", "targetObjectsOf")
_IS_WORDS = frozenset(
    f"{ns.SH}{name}" for name in ("message", "name", "description", "order", "group", "severity")
)
"""Predicates that may change and leave a shape what it is."""


def lasting(findings: Iterable[Finding], facts: ox.Store, shapes: Graph) -> tuple[Finding, ...]:
    """Return findings whose blank nodes have names that last."""
    of_shapes = ShapeNames(shapes)
    data = Names(facts, of_shapes)
    return tuple(
        replace(
            each,
            focus_node=data.name(each.focus_node),
            value=None if each.value is None else data.name(each.value),
            source_shape=of_shapes.name(each.source_shape),
            source_constraint=None
            if each.source_constraint is None
            else of_shapes.name(each.source_constraint),
            details=lasting(each.details, facts, shapes) if each.details else (),
            other_value=None if each.other_value is None else data.name(each.other_value),
        )
        for each in findings
    )


class ShapeNames:
    """Names for the shapes and constraints without one."""

    def __init__(self, shapes: Graph) -> None:
        self._shapes = shapes
        self._named: dict[str, str] = {}

    def name(self, term: str) -> str:
        """Return the name of a shape; of anything but a blank node itself."""
        if not term.startswith("_:"):
            return term
        if term not in self._named:
            parts = list(self._parts(BNode(term[2:]), frozenset()))
            self._named[term] = f"_:{'.'.join(parts)}"
        return self._named[term]

    def _parts(self, node: Any, seen: frozenset[Any]) -> Iterator[str]:
        """Yield the parts of a name: of the shape above, then what tells this one from others."""
        leading = sorted(self._shapes.subject_predicates(node), key=str)
        if not leading or node in seen or len(seen) > _DEPTH:
            yield self._target(node)
            yield _hash(self._contents(node, _DEPTH))[:8]
            return
        above, predicate = leading[0]
        if str(predicate) in (f"{ns.RDF}first", f"{ns.RDF}rest"):
            above, predicate = self._list(node)
        if str(above) == str(node):
            yield _hash(self._contents(node, _DEPTH))[:8]
            return
        if _is_blank(above):
            yield from self._parts(above, seen | {node})
        else:
            yield _local(str(above))
        yield self._label(node, predicate)
        if not seen:
            yield _hash(self._contents(node, _DEPTH))[:8]

    def _list(self, node: Any) -> tuple[Any, Any]:
        """Return the shape whose list a node is a member of, with the predicate."""
        head = next(iter(self._shapes.subjects(RDF.first, node)), node)
        for _ in range(10_000):
            before = next(iter(self._shapes.subjects(RDF.rest, head)), None)
            if before is None:
                break
            head = before
        return next(iter(sorted(self._shapes.subject_predicates(head), key=str)), (node, RDF.first))

    def _label(self, node: Any, predicate: Any) -> str:
        path = self._shapes.value(node, SH.path)
        if path is None:
            return _local(str(predicate))
        if _is_blank(path):
            return f"path{_hash(self._contents(path, _DEPTH))[:6]}"
        return _local(str(path))

    def _target(self, node: Any) -> str:
        for name in _TARGETS:
            for value in sorted(self._shapes.objects(node, URIRef(ns.SH + name)), key=str):
                return _local(str(value))
        return "shape"

    def _contents(self, node: Any, depth: int) -> str:
        if not depth:
            return "[]"
        said = [
            f"{predicate} {self._contents(value, depth - 1) if _is_blank(value) else value.n3()}"
            for predicate, value in self._shapes.predicate_objects(node)
            if str(predicate) not in _IS_WORDS
        ]
        return f"[{';'.join(sorted(said))}]"


class Names:
    """Names for the blank nodes of a store; of those that it does not have, as of shapes."""

    def __init__(self, store: ox.Store, others: ShapeNames) -> None:
        self._store, self._others = store, others
        self._named: dict[str, str] = {}

    def name(self, term: str) -> str:
        """Return the name of a term in N-Triples syntax; of anything but a blank node itself."""
        if not term.startswith("_:"):
            return term
        if term not in self._named:
            node = ox.BlankNode(term[2:])
            patterns = ((node, None, None), (None, None, node))
            is_here = any(True for each in patterns for _ in self._store.quads_for_pattern(*each))
            self._named[term] = self._lasting(node) if is_here else self._others.name(term)
        return self._named[term]

    def _lasting(self, node: ox.BlankNode) -> str:
        return f"_:n{_hash(f'{self._way(node, 0)} {self._contents(node, _DEPTH)}')}"

    def _way(self, node: Any, depth: int) -> str:
        """Return what leads to a node; empty if nothing does, or more than one thing."""
        leading = list(self._store.quads_for_pattern(None, None, node, None))
        if len(leading) != 1 or depth > _DEPTH:
            return ""
        (quad,) = leading
        is_blank = isinstance(quad.subject, ox.BlankNode)
        above = self._way(quad.subject, depth + 1) if is_blank else str(quad.subject)
        return f"{above} {quad.predicate}"

    def _contents(self, node: Any, depth: int) -> str:
        """Return what is said of a node, and of those that it leads to."""
        if not depth:
            return "[]"
        said = []
        for _, predicate, value, _ in self._store.quads_for_pattern(node, None, None, None):
            blank = isinstance(value, ox.BlankNode)
            said.append(f"{predicate} {self._contents(value, depth - 1) if blank else value}")
        return f"[{';'.join(sorted(said))}]"


def _is_blank(term: Any) -> bool:
    return isinstance(term, BNode)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _local(iri: str) -> str:
    """Return the last part of an IRI, of letters that a blank node's name may have."""
    last = re.split(r"[/#:]", iri.rstrip("/#"))[-1]
    return re.sub(r"[^\w-]", "_", last) or "x"
