"""Neighbourhood: a local copy of those triples of a SPARQL service that a validator reads.

The validator looks up triple patterns. Patterns that are not here yet are recorded, fetched
together with all their triples, and the validator runs again. As soon as no pattern is missing, its
findings are those that it would have on the whole graph.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import pyoxigraph as ox

from kg_server.errors import EngineUnavailable, Problem, ProjectFault
from kg_server.formats import Kind, named
from kg_server.sparql.query import Query
from kg_server.validation import graphs
from kg_server.validation.prefilter import data
from kg_server.validation.prefilter.data import Facts
from kg_server.validation.prefilter.view import View

if TYPE_CHECKING:
    from rdflib import Graph

    from kg_server.store import Store

T = TypeVar("T")
Pattern = tuple[Any, Any, Any]
"""Subject, predicate and object as pyoxigraph's terms; ``None`` for any."""

_FORMAT = named("ntriples", Kind.GRAPH)
NODES = 200
"""Most nodes in one query."""
MOST_TRIPLES = 200_000
"""A pattern with more triples is not fetched."""
_OTHER_LABELS = "the service gives blank nodes other labels in each answer"
_NO_WAY = "the service cannot be asked for a blank node to which no known path leads"
_TOO_MANY = f"a constraint looks at more than {MOST_TRIPLES:,} triples of one pattern"


@dataclass(frozen=True, slots=True)
class _Way:
    """Path to blank nodes: a query cannot name them.

    ``start`` is an IRI, or a pattern that binds ``?n0``; ``path`` has the predicates from there.
    """

    start: str
    path: tuple[str, ...] = ()

    def pattern(self, starts: Sequence[str]) -> str:
        """Return the pattern that binds the last node, from each of the starts."""
        if starts:
            parts = [f"VALUES ?n0 {{ {' '.join(starts)} }}"]
        else:
            parts = [f"{{ {self.start} }} FILTER(isBlank(?n0))"]
        for number, predicate in enumerate(self.path):
            parts.append(f"?n{number} {predicate} ?n{number + 1} . FILTER(isBlank(?n{number + 1}))")
        return " ".join(parts)

    @property
    def last(self) -> str:
        """The variable of the last node."""
        return f"?n{len(self.path)}"


class Neighbourhood:
    """The triples fetched so far, and the patterns that are complete.

    Args:
        store: the service.
        until: the deadline of all queries, in seconds of the monotonic clock.
    """

    def __init__(self, store: Store, until: float) -> None:
        self._store, self._until = store, until
        self.facts = Facts()
        self.failed: dict[Pattern, str] = {}
        """Patterns that cannot be fetched, with the reason."""
        self._whole: set[Pattern] = set()
        self._news: tuple[list[ox.Quad], list[Pattern]] = [], []
        self._ways: dict[ox.BlankNode, _Way] = {}
        self._labels_last: bool | None = None

    def has(self, pattern: Pattern) -> bool:
        """Tell whether all triples of a pattern have been fetched."""
        subject, predicate, value = pattern
        wider = {
            (subject, None, None),
            (subject, predicate, None),
            (None, predicate, value),
            (None, predicate, None),
            (None, None, value),
        }
        return not self._whole.isdisjoint(wider)

    def starts_at(self, node: ox.BlankNode, target: str) -> None:
        """Record the pattern that binds a blank focus node to ``?this``."""
        self._ways.setdefault(node, _Way(target.replace("?this", "?n0")))

    def news(self) -> tuple[list[ox.Quad], list[Pattern]]:
        """Return the triples and complete patterns that were fetched since the last call."""
        news, self._news = self._news, ([], [])
        return news

    def take(self, triples: Iterable[ox.Quad], whole: Iterable[Pattern]) -> None:
        """Add the triples and complete patterns of another neighbourhood."""
        data.add(self.facts, triples)
        self._whole.update(whole)

    def _note(self, whole: Iterable[Pattern]) -> None:
        new = list(whole)
        self._whole.update(new)
        self._news[1].extend(new)

    def graph(self, missing: set[Pattern]) -> Graph:
        """Return an rdflib graph of the triples, which records missing patterns in ``missing``."""
        return graphs.graph(_Watched(self, missing))

    def fetch(self, patterns: Iterable[Pattern]) -> None:
        """Fetch all triples of patterns; record in ``failed`` those that cannot be fetched.

        Raises:
            ProjectFault: the service does not answer.
        """
        missing = [each for each in patterns if not self.has(each) and each not in self.failed]
        subjects: dict[Any, list[Pattern]] = defaultdict(list)
        for each in missing:
            subject, predicate, value = each
            if isinstance(subject, ox.NamedNode):
                subjects[subject].append(each)
            elif isinstance(subject, ox.BlankNode) or isinstance(value, ox.BlankNode):
                continue
            elif predicate is None and value is None:
                self.failed[each] = "a constraint looks at the whole graph"
            else:
                self._fetch_by_value(each)
        for group in groups(sorted(subjects, key=str)):
            self._fetch_subjects({node: subjects[node] for node in group})
        self._fetch_blank([each for each in missing if each not in self.failed])

    def _fetch_subjects(self, patterns: dict[Any, list[Pattern]]) -> None:
        nodes = " ".join(map(str, patterns))
        try:
            self._add(f"CONSTRUCT {{ ?s ?p ?o }} {{ VALUES ?s {{ {nodes} }} ?s ?p ?o }}")
        except Problem as problem:
            if len(patterns) == 1:
                for each in next(iter(patterns.values())):
                    self._fetch_alone(each, problem)
                return
            halves = list(patterns.items())
            self._fetch_subjects(dict(halves[: len(halves) // 2]))
            self._fetch_subjects(dict(halves[len(halves) // 2 :]))
        else:
            self._note((node, None, None) for node in patterns)

    def _fetch_alone(self, pattern: Pattern, problem: Problem) -> None:
        """Fetch one predicate of a node that has too many triples."""
        subject, predicate, _ = pattern
        if predicate is None:
            self.failed[pattern] = problem.detail
            return
        self._fetch_pattern((subject, predicate, None), pattern)

    def _fetch_by_value(self, pattern: Pattern) -> None:
        self._fetch_pattern(pattern, pattern)

    def _fetch_pattern(self, pattern: Pattern, wanted: Pattern) -> None:
        subject, predicate, value = (
            name if term is None else str(term)
            for name, term in zip(("?s", "?p", "?o"), pattern, strict=True)
        )
        text = f"{subject} {predicate} {value}"
        most = MOST_TRIPLES + 1
        try:
            quads = self._add(f"CONSTRUCT {{ {text} }} {{ {text} }} LIMIT {most}")
        except Problem as problem:
            self.failed[wanted] = problem.detail
            return
        if len(quads) >= most:
            self.failed[wanted] = _TOO_MANY
            return
        self._note([pattern])
        if pattern[0] is None:
            start = f"?n0 {'?p' if pattern[1] is None else predicate} {value}"
            for quad in quads:
                if isinstance(quad.subject, ox.BlankNode):
                    self._ways.setdefault(quad.subject, _Way(start))

    def _fetch_blank(self, missing: Sequence[Pattern]) -> None:
        """Fetch the triples that have a blank node as subject or object."""
        ways: dict[tuple[bool, str, tuple[str, ...]], list[Pattern]] = defaultdict(list)
        for each in missing:
            subject, _, value = each
            is_subject = isinstance(subject, ox.BlankNode)
            node = subject if is_subject else value
            if not isinstance(node, ox.BlankNode) or self.has(each):
                continue
            way = self._ways.get(node)
            if way is None or self._labels_last is False:
                self.failed[each] = _OTHER_LABELS if way else _NO_WAY
            else:
                start = "" if way.start.startswith("<") else way.start
                ways[is_subject, start, way.path].append(each)
        for (is_subject, start, path), patterns in ways.items():
            for group in groups(patterns):
                self._fetch_way(_Way(start, path), group, is_subject=is_subject)

    def _fetch_way(self, way: _Way, patterns: Sequence[Pattern], *, is_subject: bool) -> None:
        nodes = {each[0] if is_subject else each[2] for each in patterns}
        starts = [] if way.start else sorted({self._ways[node].start for node in nodes})
        triple = f"{way.last} ?p ?o" if is_subject else f"?s ?p {way.last}"
        try:
            quads = self._add(f"CONSTRUCT {{ {triple} }} {{ {way.pattern(starts)} {triple} }}")
        except Problem as problem:
            self.failed.update(dict.fromkeys(patterns, problem.detail))
            return
        reached: set[Any] = {quad.subject if is_subject else quad.object for quad in quads}
        if way.start and is_subject and not way.path:  # triples of a focus node
            for each in patterns:
                if each[0] not in reached:
                    self.failed[each] = _OTHER_LABELS
        else:
            reached |= nodes
        self._note((node, None, None) if is_subject else (None, None, node) for node in reached)

    def _add(self, text: str) -> list[ox.Quad]:
        """Send a CONSTRUCT query, and add its triples."""
        quads = self._ask(text)
        if self._labels_last is None and any(_blank_nodes(quads)):
            self._labels_last = set(quads) == set(self._ask(text))
        for quad in quads:
            if isinstance(quad.object, ox.BlankNode):
                self._lead_to(quad.object, quad)
        data.add(self.facts, quads)
        self._news[0].extend(quads)
        return quads

    def _lead_to(self, node: ox.BlankNode, quad: ox.Quad) -> None:
        """Record the path to a blank node by a triple whose subject has an IRI or a path."""
        predicate = str(quad.predicate)
        if isinstance(quad.subject, ox.NamedNode):
            self._ways.setdefault(node, _Way(str(quad.subject), (predicate,)))
        elif isinstance(quad.subject, ox.BlankNode) and (way := self._ways.get(quad.subject)):
            self._ways.setdefault(node, replace(way, path=(*way.path, predicate)))

    def _ask(self, text: str) -> list[ox.Quad]:
        left_s = max(self._until - time.monotonic(), 0.01)
        try:
            answer = self._store.query(Query(text, _FORMAT, timeout_s=left_s)).read()
        except EngineUnavailable as problem:
            raise ProjectFault(problem.detail) from problem
        triples = ox.parse(answer, format=ox.RdfFormat.N_TRIPLES, lenient=True)
        return [ox.Quad(each.subject, each.predicate, each.object) for each in triples]


def groups(items: Sequence[T], size: int = NODES) -> Iterator[Sequence[T]]:
    """Yield items in groups of a size; the last one may be smaller."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _blank_nodes(quads: Iterable[ox.Quad]) -> Iterator[bool]:
    for quad in quads:
        yield isinstance(quad.subject, ox.BlankNode) or isinstance(quad.object, ox.BlankNode)


class _Watched(View):
    """rdflib store over a neighbourhood that records missing patterns."""

    def __init__(self, neighbourhood: Neighbourhood, missing: set[Pattern]) -> None:
        super().__init__(neighbourhood.facts)
        self._neighbourhood, self._missing = neighbourhood, missing

    def looked_up(self, pattern: Pattern) -> None:
        """Record a pattern that is not complete."""
        if not self._neighbourhood.has(pattern):
            self._missing.add(pattern)
