"""Stable names of blank nodes: from their triples, not from their number in a file.

The name of a shape has the shape above it, its path, and a hash of the violated constraint. The
name of a data node has a hash of the triples that lead to it, and one of its own triples. So
baselines and fingerprints survive edits elsewhere, such as one more value or shape beside the node.
A new fault does not pass as a known one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox
from rdflib import RDF, SH, BNode, URIRef

from kg_server.rdf import namespaces as ns
from kg_server.validation.report import NO_WAY, Finding

if TYPE_CHECKING:
    from rdflib import Graph

_DEPTH = 12
_TARGETS = ("targetClass", "targetNode", "targetSubjectsOf", "targetObjectsOf")
_IS_WORDS = frozenset(
    f"{ns.SH}{name}" for name in ("message", "name", "description", "order", "group", "severity")
)
_ANNOTATIONS = (ns.RDFS, ns.SKOS, ns.DCTERMS)
"""Predicates and namespaces that are no part of a shape's name: texts may change."""
_FIRST, _REST = f"{ns.RDF}first", f"{ns.RDF}rest"
_IN_ORDER = {f"{ns.SH}path", _FIRST} | {
    f"{ns.SH}{name}Path" for name in ("inverse", "zeroOrMore", "oneOrMore", "zeroOrOne")
}
"""Predicates whose lists are ordered; all other lists of a shapes graph are sets."""
_MOST_STEPS = 100
"""Most steps to a blank node from the nearest named node that its name depends on."""
_MOST_MEMBERS = 10_000


def lasting(findings: Iterable[Finding], facts: ox.Store, shapes: Graph) -> tuple[Finding, ...]:
    """Return the findings with stable names of blank nodes."""
    of_shapes = ShapeNames(shapes)
    data = Names(facts, of_shapes)
    return tuple(
        replace(
            each,
            focus_node=data.name(each.focus_node),
            value=None if each.value is None else data.name(each.value),
            source_shape=of_shapes.name(each.source_shape, each.component),
            source_constraint=None
            if each.source_constraint is None
            else of_shapes.name(each.source_constraint),
            details=lasting(each.details, facts, shapes) if each.details else (),
            other_value=None if each.other_value is None else data.name(each.other_value),
        )
        for each in findings
    )


class ShapeNames:
    """Names for the blank nodes of a shapes graph."""

    def __init__(self, shapes: Graph) -> None:
        self._shapes = shapes
        self._named: dict[tuple[str, str], str] = {}
        self._contents = _Contents(self._statements, _is_blank, _in_any_order)

    def name(self, term: str, component: str = "") -> str:
        """Return the stable name of a shape; any other term as it is.

        Args:
            term: the shape, in N-Triples syntax.
            component: the violated constraint component, in N-Triples syntax. Only its parameters
                are in the hash, so that the others may change.
        """
        if not term.startswith("_:"):
            return term
        key = term, component
        if key not in self._named:
            node = BNode(term[2:])
            own = self._contents.of(node, partial(_is_parameter, component))[:8]
            self._named[key] = f"_:{'.'.join([*self._parts(node, frozenset()), own])}"
        return self._named[key]

    def _parts(self, node: Any, seen: frozenset[Any]) -> Iterator[str]:
        """Yield the parts of a name: those of the shape above, then the step from there."""
        leading = [each for each in self._leading(node) if each[0] != node]
        if not leading or node in seen or len(seen) > _DEPTH:
            yield self._target(node)
            return
        above, predicate = min(leading, key=self._rank)
        if _is_blank(above):
            yield from self._parts(above, seen | {node})
        else:
            yield _local(str(above))
        yield self._label(node, predicate)

    def _leading(self, node: Any) -> Iterator[tuple[Any, Any]]:
        """Yield the subjects and predicates that refer to a node, or to the list that has it."""
        for above, predicate in self._shapes.subject_predicates(node):
            if predicate != RDF.first:
                yield above, predicate
                continue
            head = above
            for _ in range(_MOST_MEMBERS):
                before = next(iter(self._shapes.subjects(RDF.rest, head)), None)
                if before is None:
                    break
                head = before
            yield from self._shapes.subject_predicates(head)

    def _rank(self, leading: tuple[Any, Any]) -> tuple[bool, str, str]:
        """Return a sort key without the label of a blank node."""
        above, predicate = leading
        blank = _is_blank(above)
        return blank, self._contents(above) if blank else str(above), str(predicate)

    def _label(self, node: Any, predicate: Any) -> str:
        path = self._shapes.value(node, SH.path)
        if path is None:
            return _local(str(predicate))
        if _is_blank(path):
            return f"path{self._contents(path)[:6]}"
        return _local(str(path))

    def _target(self, node: Any) -> str:
        for name in _TARGETS:
            for value in sorted(self._shapes.objects(node, URIRef(ns.SH + name)), key=str):
                return _local(str(value))
        return "shape"

    def _statements(self, node: Any) -> Iterator[tuple[str, Any]]:
        for predicate, value in self._shapes.predicate_objects(node):
            name = str(predicate)
            if name not in _IS_WORDS and not name.startswith(_ANNOTATIONS):
                yield name, value


class Names:
    """Names for the blank nodes of a store; ``others`` names those that the store does not have."""

    def __init__(self, store: ox.Store, others: ShapeNames) -> None:
        self._store, self._others = store, others
        self._named: dict[str, str] = {}
        self._contents = _Contents(self._statements, lambda term: isinstance(term, ox.BlankNode))

    def name(self, term: str) -> str:
        """Return the stable name of a blank node in N-Triples syntax; any other term as it is."""
        if not term.startswith("_:"):
            return term
        if term not in self._named:
            node = ox.BlankNode(term[2:])
            patterns = ((node, None, None), (None, None, node))
            is_here = any(True for each in patterns for _ in self._store.quads_for_pattern(*each))
            self._named[term] = self._lasting(node) if is_here else self._others.name(term)
        return self._named[term]

    def _lasting(self, node: ox.BlankNode) -> str:
        way = self._way(node)
        return f"_:n{_hash(way)[: len(NO_WAY)] if way else NO_WAY}{self._contents(node)}"

    def _way(self, node: Any) -> str:
        """Return the path to a node from the nearest named node; empty if there is none.

        The position in a list is no part of it. Of a long path, the last steps are enough.
        """
        steps: list[str] = []
        seen: set[Any] = set()
        while node not in seen:
            if len(steps) == _MOST_STEPS:
                return " ".join(steps)
            seen.add(node)
            leading = list(self._store.quads_for_pattern(None, None, node, None))
            if not leading:
                break
            first = min(leading, key=self._rank) if len(leading) > 1 else leading[0]
            node, predicate = first.subject, first.predicate.value
            if predicate != _REST:
                steps.append(predicate)
            if not isinstance(node, ox.BlankNode):
                return " ".join([*steps, node.value])
        return ""

    def _rank(self, leading: Any) -> tuple[bool, str, str]:
        """Return a sort key without the label of a blank node."""
        above, blank = leading.subject, isinstance(leading.subject, ox.BlankNode)
        return blank, self._contents(above) if blank else above.value, leading.predicate.value

    def _statements(self, node: Any) -> Iterator[tuple[str, Any]]:
        for _, predicate, value, _ in self._store.quads_for_pattern(node, None, None, None):
            yield predicate.value, value


class _Contents:
    """Hashes of blank nodes, from their triples and those of the blank nodes that they lead to.

    Args:
        statements: returns the predicates of a node with their values.
        is_blank: tells whether a term is a blank node.
        is_unordered: tells whether a predicate takes lists without an order.
    """

    def __init__(
        self,
        statements: Callable[[Any], Iterable[tuple[str, Any]]],
        is_blank: Callable[[Any], bool],
        is_unordered: Callable[[str], bool] = lambda _predicate: False,
    ) -> None:
        self._statements, self._is_blank = statements, is_blank
        self._is_unordered = is_unordered
        # Without this cache, time grows exponentially where blank nodes refer to one another.
        self._known: dict[tuple[Any, int], str] = {}

    def __call__(self, node: Any, depth: int = _DEPTH) -> str:
        """Return the hash of a node, with nodes at most ``depth`` steps away."""
        key = node, depth
        if key not in self._known:
            self._known[key] = self.of(node, lambda _predicate: True, depth)
        return self._known[key]

    def of(self, node: Any, counts: Callable[[str], bool], depth: int = _DEPTH) -> str:
        """Return the hash of a node by those of its predicates that ``counts`` accepts."""
        statements = [
            f"{name} {self._text(name, value, depth)}"
            for name, value in self._statements(node)
            if counts(name)
        ]
        return _hash("\n".join(sorted(statements)))

    def _text(self, predicate: str, value: Any, depth: int) -> str:
        if not self._is_blank(value):
            return str(value) if isinstance(value, ox.NamedNode | ox.Literal) else str(value.n3())
        if not depth:
            return "[]"
        members = self._members(value)
        if members is None:
            return self(value, depth - 1)
        texts = [self._text(_FIRST, each, depth - 1) for each in members]
        return f"({' '.join(sorted(texts) if self._is_unordered(predicate) else texts)})"

    def _members(self, head: Any) -> list[Any] | None:
        """Return the members of a list; ``None`` if the node is no well-formed list."""
        members: list[Any] = []
        while self._is_blank(head):
            statements = sorted(self._statements(head), key=lambda each: each[0])
            if [name for name, _ in statements] != [_FIRST, _REST] or len(members) > _MOST_MEMBERS:
                return None
            members.append(statements[0][1])
            head = statements[1][1]
        return members


def _is_parameter(component: str, predicate: str) -> bool:
    """Tell whether a predicate is a parameter of a component; true if the component is empty."""
    name = component.strip("<>").removeprefix(ns.SH).removesuffix("ConstraintComponent")
    if not component:
        return True
    if not component.startswith(f"<{ns.SH}"):  # a custom component, with parameters of its own
        return not predicate.startswith((ns.SH, ns.RDF))
    own = predicate.removeprefix(ns.SH)
    if name.startswith("Qualified"):
        return own.startswith("qualifiedValueShape") or own == name[:1].lower() + name[1:]
    return own == name[:1].lower() + name[1:] or (name == "Pattern" and own == "flags")


def _in_any_order(predicate: str) -> bool:
    """Tell whether a predicate of a shapes graph takes lists without an order; paths have one."""
    return predicate not in _IN_ORDER


def _is_blank(term: Any) -> bool:
    return isinstance(term, BNode)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _local(iri: str) -> str:
    """Return the last part of an IRI, in letters that a blank node label may have."""
    last = re.split(r"[/#:]", iri.rstrip("/#"))[-1]
    return re.sub(r"[^\w-]", "_", last) or "x"
