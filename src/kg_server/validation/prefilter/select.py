"""Selection of the focus nodes that may violate each shape."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Container, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache, partial
from itertools import starmap
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from kg_server.rdf import datatypes, terms
from kg_server.sparql import conditions, exists
from kg_server.validation.prefilter import data, queries, values
from kg_server.validation.prefilter.branches import (
    ALTERED_IRI,
    DOUBTFUL_IRI,
    REVALUED_IRI,
    WRITTEN_IRI,
    Bad,
)
from kg_server.validation.prefilter.data import Facts
from kg_server.validation.prefilter.patterns import Patterns
from kg_server.validation.prefilter.values import NotExpressible

if TYPE_CHECKING:
    from rdflib import Graph
    from rdflib.term import Node

    from kg_server.validation.aiming import Aim, Aims, Constraint


_FEW = 64
"""A query lists the focus nodes of several targets if there are at most so many."""


_ABSENT = "FILTER NOT EXISTS { ?this ?to ?value } FILTER NOT EXISTS { ?other ?from ?this }"
"""A branch that matches focus nodes without triples.

To engines, a path of length zero does not lead from such a node to itself; in SHACL it does.
"""


@dataclass(frozen=True, slots=True)
class Search:
    """Search for the suspects of one constraint; ``None``: of all constraints of a shape.

    ``branches`` are patterns that match them, ``queries`` whole queries. Both ``None``: the
    prefilter cannot express the constraint, so every focus node is a suspect.
    """

    constraint: Constraint | None
    branches: tuple[str, ...] | None = None
    queries: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """A shape and the patterns of its targets (``?this``); ``whole``: none can express them."""

    shape: Node
    targets: tuple[str, ...]
    whole: bool = False


class Prefilter:
    """Selection of the focus nodes that may violate a shape.

    Args:
        facts: data and ontology.
        shapes: the shapes graph.
        targeted: the shapes that have targets.
    """

    def __init__(self, facts: Facts, shapes: Graph, targeted: Sequence[Node]) -> None:
        self._facts, self._shapes, self._targeted = facts, shapes, targeted
        self._focus: dict[tuple[str, ...], frozenset[Any]] = {}
        self._searches: dict[Node, tuple[Search, ...]] = {}
        has_queries = any(shapes.triples((None, values.term("sparql"), None)))
        self._altered = data.altered(facts, odd=has_queries)
        altered = self._altered
        self._functions: dict[ox.NamedNode, Callable[..., Any]] = {
            ox.NamedNode(ALTERED_IRI): partial(_among, altered.values, altered.datatypes),
            ox.NamedNode(REVALUED_IRI): partial(_among, altered.revalued, altered.datatypes),
            ox.NamedNode(DOUBTFUL_IRI): partial(_among, altered.doubtful, altered.datatypes),
            ox.NamedNode(WRITTEN_IRI): lambda term, predicate: altered.datatypes.get(
                (predicate.value, term)  # None is an error
            ),
            ox.NamedNode(values.WELL_FORMED_IRI): _is_well_formed,
        }

    @cached_property
    def tasks(self) -> tuple[Task, ...]:
        """Tasks of all shapes."""
        return tuple(self._task(shape) for shape in self._targeted)

    def prepare(self) -> None:
        """Read all constraints; this process remembers what does not depend on the data."""
        for task in self.tasks:
            for search in self.searches(task.shape):
                deque(map(_rewritten, search.queries or ()), 0)

    def focus_nodes(self) -> set[Any]:
        """Return the focus nodes of all shapes (SHACL §2.1.3)."""
        nodes: set[Any] = set()
        return nodes.union(*(self._nodes(*task.targets) for task in self.tasks))

    def idle(self) -> list[Node]:
        """Return the shapes without a focus node."""
        return [
            task.shape for task in self.tasks if task.targets and not self._nodes(*task.targets)
        ]

    def looks_at_data(self) -> bool:
        """Tell whether a focus node is in the data files, or named by ``sh:targetNode``.

        Focus nodes of the ontology do not count: its own shapes always have some.
        """
        if any(self._shapes.triples((None, values.term("targetNode"), None))):
            return True
        return any(self._is_of_data(node) for node in self.focus_nodes())

    def suspects(self, task: Task) -> dict[Constraint | None, frozenset[Any]]:
        """Return the focus nodes that may violate each constraint, as pyoxigraph's terms.

        Constraints that no focus node may violate are left out.
        """
        if not self._nodes(*task.targets):
            return {}
        by_constraint = {
            each.constraint: self._suspects(each, task) for each in self.searches(task.shape)
        }
        return {constraint: nodes for constraint, nodes in by_constraint.items() if nodes}

    def aims(self) -> Aims:
        """Return the suspects of all shapes."""
        return {task.shape: None if task.whole else aim(self.suspects(task)) for task in self.tasks}

    def cost(self, task: Task) -> int:
        """Estimate the cost of a task, to divide the work."""
        described = sum(1 for _ in self._shapes.predicates(task.shape))
        return len(self._nodes(*task.targets)) * described

    def _suspects(self, search: Search, task: Task) -> frozenset[Any]:
        focus = self._nodes(*task.targets)
        if search.branches is None and search.queries is None:
            return focus
        suspects: set[Any] = set()
        for target in self._bound(task):
            for branch in search.branches or ():
                query = f"SELECT DISTINCT ?this WHERE {{ {target} {branch} }}"
                suspects.update(solution[0] for solution in self._select(query))
        try:
            for query in search.queries or ():
                suspects.update(solution["this"] for solution in self._select(query))
        except (SyntaxError, RuntimeError):  # rdflib may read it, or know its functions
            return focus
        return focus.intersection(suspects)

    def _is_of_data(self, node: Any) -> bool:
        store, ontology = self._facts.store, self._facts.ontology
        if not isinstance(node, ox.Literal):
            for quad in store.quads_for_pattern(node, None, None):
                if quad not in ontology:
                    return True
        return any(quad not in ontology for quad in store.quads_for_pattern(None, None, node))

    def _nodes(self, *targets: str) -> frozenset[Any]:
        """Return the focus nodes of targets; the same targets return the same set object."""
        if targets not in self._focus:
            query = f"SELECT DISTINCT ?this WHERE {{ {{ {' } UNION { '.join(targets)} }} }}"
            solutions = self._select(query) if targets else ()
            self._focus[targets] = frozenset(solution[0] for solution in solutions)
        return self._focus[targets]

    def _bound(self, task: Task) -> Sequence[str]:
        """Return patterns for the focus nodes of a shape; one with their IRIs if they are few."""
        if len(task.targets) < 2:
            return task.targets
        focus = self._nodes(*task.targets)
        if len(focus) <= _FEW and all(isinstance(each, ox.NamedNode) for each in focus):
            return (f"VALUES ?this {{ {' '.join(map(str, focus))} }}",)
        return tuple(filter(self._nodes, task.targets))

    def _select(self, query: str) -> Any:
        return self._facts.store.query(_rewritten(query), custom_functions=self._functions)

    def _task(self, shape: Node) -> Task:
        try:
            targets = tuple(self._targets(shape))
        except NotExpressible:
            return Task(shape, (), whole=True)
        # A literal is a focus node in the form in which the files write it.
        altered = any(str(each) in self._facts.altered for each in self._objects_of(shape))
        return Task(shape, targets, whole=altered)

    def searches(self, shape: Node) -> tuple[Search, ...]:
        """Return the searches for the constraints of a shape."""
        if shape not in self._searches:
            facts = self._facts
            patterns = Patterns(
                shapes=self._shapes,
                subclasses=self._subclasses,
                altered=facts.altered,
                merged=facts.merged,
            )
            try:
                searches = tuple(starmap(self._search, patterns.each(shape)))
            except NotExpressible:
                searches = (Search(None),)
            if searches and all(each == Search(each.constraint) for each in searches):
                searches = (Search(None),)
            if (shape, values.term("targetNode"), None) in self._shapes:
                searches = tuple(map(_with_absent, searches))
            self._searches[shape] = searches
        return self._searches[shape]

    def _search(self, constraint: Constraint, bad: Bad | None) -> Search:
        if constraint[0] != values.term("sparql"):
            return Search(constraint, None if bad is None else bad.branches)
        try:
            texts = queries.for_all(self._shapes, constraint[1], self._altered)
        except NotExpressible:
            return Search(constraint)
        return Search(constraint, queries=tuple(texts))

    def _objects_of(self, shape: Node) -> list[Node]:
        return sorted(self._shapes.objects(shape, values.term("targetObjectsOf")), key=str)

    def _targets(self, shape: Node) -> Iterator[str]:
        def named(name: str) -> list[Node]:
            return sorted(self._shapes.objects(shape, values.term(name)), key=str)

        nodes = " ".join(values.iri(node) for node in named("targetNode"))
        if nodes:
            yield f"VALUES ?this {{ {nodes} }}"
        for each in named("targetClass"):
            kinds = " ".join(values.iri(kind) for kind in self._subclasses(each))
            yield f"VALUES ?kind {{ {kinds} }} ?this a ?kind ."
        for predicate in named("targetSubjectsOf"):
            yield f"?this {values.iri(predicate)} ?any ."
        for predicate in self._objects_of(shape):
            yield f"?any {values.iri(predicate)} ?this ."

    def _subclasses(self, node: Node) -> Sequence[Node]:
        """Return a class and its subclasses in the data (SHACL §4.1.1)."""
        query = (
            "SELECT DISTINCT ?kind WHERE { ?kind "
            f"<http://www.w3.org/2000/01/rdf-schema#subClassOf>* {values.iri(node)} }}"
        )
        subclasses = {terms.to_rdflib(solution[0]) for solution in self._select(query)}
        return sorted({node, *(each for each in subclasses if values.is_iri(each))}, key=str)


def _with_absent(search: Search) -> Search:
    """Return a search that also matches focus nodes without triples."""
    if search.branches is None and search.queries is None:
        return search
    return replace(search, branches=(*(search.branches or ()), _ABSENT))


@lru_cache(1 << 12)
def _rewritten(query: str) -> str:
    return conditions.in_turn(conditions.cheap_first(exists.rewritten(query)))


def aim(suspects: Mapping[Constraint | None, frozenset[Any]]) -> Aim:
    """Convert suspects to rdflib's terms; the same set is converted once."""
    converted: dict[int, frozenset[Node]] = {}
    for nodes in suspects.values():
        if id(nodes) not in converted:
            converted[id(nodes)] = frozenset(map(terms.to_rdflib, nodes))
    return {constraint: converted[id(nodes)] for constraint, nodes in suspects.items()}


def _among(literals: Set[ox.Literal], altered: Container[Any], term: Any, predicate: Any) -> Any:
    """Tell whether a term is one of ``literals``, and altered as a value of the predicate."""
    named = isinstance(predicate, ox.NamedNode)
    return ox.Literal(term in literals and (not named or (predicate.value, term) in altered))


def _is_well_formed(term: Any) -> ox.Literal:
    return ox.Literal(not datatypes.is_ill_typed(term.value, term.datatype.value))
