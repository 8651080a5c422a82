"""Prefilter over a SPARQL service, which evaluates its queries."""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, TypeVar

import pyoxigraph as ox
from rdflib import BNode, Graph, URIRef

from kg_server.errors import EngineUnavailable, Problem, ProjectFault, ResultTooLarge
from kg_server.formats import Kind, named
from kg_server.rdf import namespaces as ns
from kg_server.rdf import terms
from kg_server.sparql import lexer
from kg_server.sparql.query import Dataset, Query
from kg_server.store import results
from kg_server.validation.endpoint.neighbourhood import groups
from kg_server.validation.prefilter import values
from kg_server.validation.prefilter.data import Facts
from kg_server.validation.prefilter.select import Prefilter, Search, Task

if TYPE_CHECKING:
    from rdflib.term import Node

    from kg_server.store import Store
    from kg_server.validation.aiming import Constraint

T = TypeVar("T")
_N_TRIPLES = named("ntriples", Kind.GRAPH)
_IS = "urn:x-kg-server:is"
_SUBCLASSES = f"SELECT ?kind ?other {{ ?kind <{ns.RDFS}subClassOf> ?other FILTER(isIRI(?kind)) }}"
_WELL_FORMED = re.compile(rf"<{re.escape(values.WELL_FORMED_IRI)}>\(\?\w+\)")


class Service:
    """A store with a deadline for all queries.

    Args:
        store: the service.
        until: the deadline, in seconds of the monotonic clock.
        limit_s: the time limit of one query, seconds.
    """

    def __init__(self, store: Store, until: float, limit_s: float) -> None:
        self._store, self._until, self._limit_s = store, until, limit_s

    @property
    def left_s(self) -> float:
        """The time limit of the next query, seconds."""
        return max(min(self._limit_s, self._until - time.monotonic()), 0.01)

    def nodes(self, query: str) -> set[Node]:
        """Return the values of ``?this`` in the solutions of a SELECT query.

        Blank nodes have the labels of CONSTRUCT results, which may differ from those of rows.

        Raises:
            Problem: the service refuses the query, or its answer is not complete.
            ProjectFault: the service cannot be reached.
        """
        start = lexer.after_prologue(query)
        head, inner = query[:start], f"WHERE {{ {{ {query[start:]} }} FILTER"
        outer = f"{head}SELECT DISTINCT ?this {inner}"
        try:
            focus = {row["this"] for row in self.rows(query)}
        except ResultTooLarge:
            names = self.pages(f"{outer}(isIRI(?this)) }}", ("this",))
            focus = {row["this"] for row in self.rows(f"{outer}(!isIRI(?this)) }}")}
            focus |= {URIRef(name[1:-1]) for name in names}
        blank = {each for each in focus if isinstance(each, BNode)}
        if not blank:
            return focus
        labelled = f"{head}CONSTRUCT {{ ?this <{_IS}> ?this }} {inner}(isBlank(?this)) }}"
        return (focus - blank) | self._subjects(labelled)

    def _subjects(self, text: str) -> set[Node]:
        graph = Graph()
        self._reached(lambda: results.add_triples(graph, self._store, text, timeout_s=self.left_s))
        return set(graph.subjects())

    def rows(self, text: str, dataset: Dataset | None = None) -> list[dict[str, Node]]:
        """Return the solutions of a SELECT.

        Raises:
            Problem, ProjectFault: as ``nodes``.
        """
        solutions = self._reached(
            lambda: results.rows(self._store, text, dataset=dataset, timeout_s=self.left_s)
        )
        return [dict(row) for row in solutions]

    def pages(self, text: str, names: Sequence[str], dataset: Dataset | None = None) -> list[str]:
        """Return the rows of a SELECT in TSV, page by page, without a limit.

        Raises:
            Problem, ProjectFault: as ``nodes``.
        """
        lines = partial(results.lines, self._store, text, names, dataset=dataset)
        return self._reached(lambda: list(lines(timeout_s=self.left_s)))

    def triples(self, text: str, dataset: Dataset | None = None) -> list[ox.Triple]:
        """Return the triples of a CONSTRUCT.

        Raises:
            Problem, ProjectFault: as ``nodes``.
            SyntaxError: an IRI is none.
        """
        query = Query(text, _N_TRIPLES, dataset=dataset or Dataset(), timeout_s=self.left_s)
        answer = self._reached(lambda: self._store.query(query).read())
        return [each.triple for each in ox.parse(answer, format=ox.RdfFormat.N_TRIPLES)]

    def count(self, pattern: str, counted: str = "*", dataset: Dataset | None = None) -> int:
        """Return the number of solutions of a pattern.

        Raises:
            Problem, ProjectFault: as ``nodes``.
        """
        (row,) = self.rows(f"SELECT (COUNT({counted}) AS ?n) {{ {pattern} }}", dataset)
        return int(str(row["n"]))

    def _reached(self, ask: Callable[[], T]) -> T:
        try:
            return ask()
        except EngineUnavailable as problem:
            raise ProjectFault(problem.detail) from problem


class ServicePrefilter(Prefilter):
    """Selection of the focus nodes in a service that may violate a shape.

    Literals are compared as the service returns them, so none counts as altered.

    Args:
        service: the service.
        shapes: the shapes graph.
        targeted: the shapes that have targets.
    """

    def __init__(self, service: Service, shapes: Graph, targeted: Sequence[Node]) -> None:
        super().__init__(Facts(), shapes, targeted)
        self._service = service
        if any(shapes.triples((None, values.term("sparql"), None))):
            self._altered = replace(self._altered, odd=self._odd())

    def suspects_by_constraint(self, task: Task) -> dict[Constraint | None, dict[Node, str]]:
        """Return the focus nodes that may violate each constraint, each with one of its targets.

        If the service refuses the query of a constraint, they are all focus nodes.

        Raises:
            Problem: the service refuses the query of the targets, or its answer is not complete.
            ProjectFault: the service cannot be reached.
        """
        suspects: dict[Constraint | None, dict[Node, str]] = {}
        everything: dict[Node, str] | None = None
        for search in self.searches(task.shape):
            try:
                nodes = self._suspects_of(search, task)
            except Problem:
                nodes = None
            if nodes is None:
                everything = self._focus_nodes(task, ("",)) if everything is None else everything
                nodes = everything
            if nodes:
                suspects[search.constraint] = nodes
        return suspects

    def _suspects_of(self, search: Search, task: Task) -> dict[Node, str] | None:
        """Return the suspects of a search; ``None``: every focus node."""
        if search.branches is None and search.queries is None:
            return None
        suspects = self._focus_nodes(task, search.branches or ())
        for query in search.queries or ():
            nodes = self._service.nodes(query)
            for target in task.targets:
                suspects |= dict.fromkeys(self._of_target(target, nodes - suspects.keys()), target)
        return suspects

    def _focus_nodes(self, task: Task, branches: Iterable[str]) -> dict[Node, str]:
        """Return the focus nodes for which a branch has a solution."""
        targets: dict[Node, str] = {}
        for branch in branches:
            for target in task.targets:
                text = f"SELECT DISTINCT ?this WHERE {{ {target} {branch} }}"
                for node in self._service.nodes(_WELL_FORMED.sub("false", text)):
                    targets.setdefault(node, target)
        return targets

    def _of_target(self, target: str, nodes: Iterable[Node]) -> set[Node]:
        """Return the nodes that are focus nodes of a target."""
        focus: set[Node] = set()
        iris = [terms.n_triples(each) for each in nodes if isinstance(each, URIRef)]
        for group in groups(iris):
            listed = " ".join(group)
            text = f"SELECT DISTINCT ?this WHERE {{ VALUES ?this {{ {listed} }} {target} }}"
            focus |= self._service.nodes(text)
        if others := {each for each in nodes if not isinstance(each, URIRef)}:
            text = f"SELECT DISTINCT ?this WHERE {{ {target} FILTER(!isIRI(?this)) }}"
            focus |= others & self._service.nodes(text)
        return focus

    @cached_property
    def targets(self) -> tuple[str, ...]:
        """The patterns of all focus nodes."""
        return tuple(dict.fromkeys(each for task in self.tasks for each in task.targets))

    def idle(self) -> list[Node]:
        """Return the shapes without a focus node in the service.

        Raises:
            Problem, ProjectFault: as ``suspects_by_constraint``.
        """
        has_node = {
            each: bool(self._service.rows(f"SELECT ?this {{ {each} }} LIMIT 1"))
            for each in self.targets
        }
        return [
            task.shape
            for task in self.tasks
            if task.targets and not any(has_node[each] for each in task.targets)
        ]

    def focus_count(self) -> int:
        """Return the number of focus nodes of all shapes.

        Raises:
            Problem, ProjectFault: as ``suspects_by_constraint``.
        """
        if not self.targets:
            return 0
        union = " UNION ".join(f"{{ {each} }}" for each in self.targets)
        return self._service.count(union, "DISTINCT ?this")

    def _odd(self) -> frozenset[str]:
        """Return the predicates of values that engines may read differently."""
        solutions = self._service.rows(
            "SELECT DISTINCT ?predicate { ?any ?predicate ?value "
            f"FILTER(isLiteral(?value) && !({values.is_plain('?value')})) }}"
        )
        return frozenset(str(row["predicate"]) for row in solutions)

    def _subclasses(self, node: Node) -> Sequence[Node]:
        subclasses, waiting = {node}, [node]
        while waiting:
            for each in self._narrower.get(str(waiting.pop()), ()):
                if each not in subclasses:
                    subclasses.add(each)
                    waiting.append(each)
        return sorted((each for each in subclasses if not isinstance(each, BNode)), key=str)

    @cached_property
    def _narrower(self) -> Mapping[str, Sequence[Node]]:
        """Direct subclasses of each class in the service."""
        narrower_of: dict[str, list[Node]] = defaultdict(list)
        for line in self._service.pages(_SUBCLASSES, ("kind", "other")):
            narrower, _, wider = line.partition("\t")
            if wider.startswith("<"):
                narrower_of[wider[1:-1]].append(URIRef(narrower[1:-1]))
        return narrower_of
