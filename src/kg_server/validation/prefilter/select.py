"""The prefilter at work: shapes and facts in, the focus nodes that may violate each shape out."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence, Set
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from kg_server.rdf import datatypes, terms
from kg_server.sparql import exists
from kg_server.validation.prefilter import data, queries, values
from kg_server.validation.prefilter.branches import (
    ALTERED_IRI,
    DOUBTFUL_IRI,
    REVALUED_IRI,
    WRITTEN_IRI,
)
from kg_server.validation.prefilter.data import Facts
from kg_server.validation.prefilter.patterns import Patterns
from kg_server.validation.prefilter.values import NotExpressible

if TYPE_CHECKING:
    from rdflib import Graph
    from rdflib.term import Node


@dataclass(frozen=True, slots=True)
class Task:
    """Queries that find the suspects of one shape.

    ``targets`` are the patterns of its focus nodes (``?this``); ``branches`` those of what may
    violate it, ``queries`` whole queries for the same. Both ``None``: the prefilter cannot tell,
    every focus node may. ``whole``: not even those are known with certainty.
    """

    shape: Node
    targets: tuple[str, ...]
    branches: tuple[str, ...] | None = None
    queries: tuple[str, ...] | None = None
    whole: bool = False


class Prefilter:
    """Tells which focus nodes may violate which shape.

    Args:
        facts: data and ontology.
        shapes: the shapes graph.
        targeted: the shapes that have targets.
    """

    def __init__(self, facts: Facts, shapes: Graph, targeted: Sequence[Node]) -> None:
        self._facts, self._shapes, self._targeted = facts, shapes, targeted
        self._focus: dict[str, frozenset[Any]] = {}
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

    def focus_nodes(self) -> set[Any]:
        """Return every node that some shape looks at (SHACL §2.1.3)."""
        found: set[Any] = set()
        return found.union(*(self._nodes(each) for task in self.tasks for each in task.targets))

    def idle(self) -> list[Node]:
        """Return the shapes whose targets have no node here."""
        return [
            task.shape
            for task in self.tasks
            if task.targets and not any(map(self._nodes, task.targets))
        ]

    def looks_at_data(self) -> bool:
        """Tell whether a focus node is of the data, or named by a shape.

        The ontology has shapes of its own, so that some node is always looked at when data are
        taken with it.
        """
        if any(self._shapes.triples((None, values.term("targetNode"), None))):
            return True
        return any(self._is_of_data(node) for node in self.focus_nodes())

    def suspects(self, task: Task) -> set[Any]:
        """Return the focus nodes of a shape that may violate it, as pyoxigraph's terms."""
        if task.branches is None:
            return self._all(task)
        found: set[Any] = set()
        for target in task.targets:
            for branch in task.branches:
                query = f"SELECT DISTINCT ?this WHERE {{ {target} {branch} }}"
                found.update(solution[0] for solution in self._select(query))
        for query in task.queries or ():
            found.update(self._these(query, task))
        return found

    def cost(self, task: Task) -> int:
        """Return a guess of what a task costs, for dividing the work."""
        nodes = sum(len(self._nodes(each)) for each in task.targets)
        return nodes * (1 + len(task.branches or ()) + len(task.queries or ()))

    def _all(self, task: Task) -> set[Any]:
        return set().union(*(self._nodes(each) for each in task.targets))

    def _these(self, query: str, task: Task) -> Iterator[Any]:
        focus = self._all(task)
        return (this for solution in self._select(query) if (this := solution["this"]) in focus)

    def _is_of_data(self, node: Any) -> bool:
        store, ontology = self._facts.store, self._facts.ontology
        if not isinstance(node, ox.Literal):
            for quad in store.quads_for_pattern(node, None, None):
                if quad not in ontology:
                    return True
        return any(quad not in ontology for quad in store.quads_for_pattern(None, None, node))

    def _nodes(self, target: str) -> frozenset[Any]:
        if target not in self._focus:
            query = f"SELECT DISTINCT ?this WHERE {{ {target} }}"
            self._focus[target] = frozenset(solution[0] for solution in self._select(query))
        return self._focus[target]

    def _select(self, query: str) -> Any:
        text = exists.rewritten(query)
        return self._facts.store.query(text, custom_functions=self._functions)

    def _task(self, shape: Node) -> Task:
        facts = self._facts
        try:
            targets = tuple(self._targets(shape))
        except NotExpressible:
            return Task(shape, (), whole=True)
        if any(str(each) in facts.altered for each in self._objects_of(shape)):
            return Task(shape, targets, whole=True)  # literals are focus nodes, as they are written
        patterns = Patterns(self._shapes, self._subclasses, facts.altered, facts.merged)
        try:
            branches = patterns.bad(shape, leave=("sparql",)).branches
            asked = tuple(queries.for_all(self._shapes, shape, self._altered))
            for query in asked:
                self._select(query)  # is lazy: only parses
        except (NotExpressible, SyntaxError):
            return Task(shape, targets)
        return Task(shape, targets, branches, asked)

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
        """Return a class and all that are subclasses of it in the data, as ``sh:class`` asks."""
        query = (
            "SELECT DISTINCT ?kind WHERE { ?kind "
            f"<http://www.w3.org/2000/01/rdf-schema#subClassOf>* {values.iri(node)} }}"
        )
        found = {terms.to_rdflib(solution[0]) for solution in self._select(query)}
        return sorted({node, *(each for each in found if values.is_iri(each))}, key=str)


def _among(known: Set[ox.Literal], altered: Container[Any], term: Any, predicate: Any) -> Any:
    """Tell whether a term is among some, if it is altered as a value of the predicate."""
    named = isinstance(predicate, ox.NamedNode)
    return ox.Literal(term in known and (not named or (predicate.value, term) in altered))


def _is_well_formed(term: Any) -> ox.Literal:
    return ox.Literal(not datatypes.is_ill_typed(term.value, term.datatype.value))
