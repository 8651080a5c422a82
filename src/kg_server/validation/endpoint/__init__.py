"""SHACL validation of a graph that a SPARQL service holds.

A graph that fits into memory is copied and validated here (``copy``). For a larger one, the service
evaluates the prefilter's queries, and pySHACL runs here, on triples that are fetched as it asks for
them (``neighbourhood``). A query that the service does not answer, or only in part, is a finding,
and its nodes count as not checked.
"""

from __future__ import annotations

import os
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from rdflib import BNode, Literal

from kg_server import processes
from kg_server.errors import Problem, ProjectFault
from kg_server.processes import Child
from kg_server.project import Project, ProjectFile, Role
from kg_server.rdf import terms
from kg_server.sparql.query import Dataset
from kg_server.validation import ill_formed, languages, naming, pyshacl_engine, wording
from kg_server.validation import shapes as shapes_lint
from kg_server.validation.corrections import shapes_graph
from kg_server.validation.endpoint.copy import ValidationOfCopy, copied, most_copied
from kg_server.validation.endpoint.neighbourhood import Neighbourhood, Pattern, groups
from kg_server.validation.endpoint.prefilter import Service, ServicePrefilter
from kg_server.validation.report import ILL_FORMED, UNANSWERED, Finding, Report, unchecked
from kg_server.validation.run import Tell, checking, rank

if TYPE_CHECKING:
    import pyoxigraph as ox
    from rdflib.term import Node

    from kg_server.store import Store
    from kg_server.validation.aiming import Constraint
    from kg_server.validation.prefilter.select import Task

Asked = tuple[Sequence["Suspect"], Sequence["ox.Quad"], Sequence[Pattern]]
"""Suspects to validate, and the triples and complete patterns that were fetched since."""

_TOGETHER = 500
"""Suspects that are validated at one time."""
_PART = 50
"""Suspects that are validated again together, if one of them lacked triples."""
_ROUNDS = 50
"""Most times that missing triples are fetched for the same suspects."""
_NO_SHAPES = "there are no shapes: name them, as in --shapes shapes.ttl"
_NO_TRIPLES = "the service holds no triples that could be checked"
_NOTHING_LOOKED_AT = "no shape has a node of the graph to look at: nothing would be checked"
_UNKNOWN_TARGETS = "a service cannot be asked for its focus nodes"
_TRIPLE = re.compile(r'<[^<>\x00-\x20]*> <[^<>\x00-\x20]*> (<[^<>\x00-\x20]*>|".*)')
_PLACED = 100
"""Triples or nodes whose graphs one query looks up."""
_LATE = "the time was over (--timeout)"


def validate(
    store: Store,
    project: Project,
    address: str,
    *,
    data_graphs: Sequence[str] = (),
    ontology_graphs: Sequence[str] = (),
    copied_up_to: int | None = None,
    timeout_s: float,
    language: str | None = None,
    tell: Tell = lambda _what, _done: None,
    say: Callable[[str], None] = lambda _way: None,
) -> Report:
    """Validate the default graph of a service against the shapes of a project.

    Args:
        store: the service.
        project: the shapes, with their contents.
        address: the service's address, for the report.
        data_graphs: the named graphs with data; empty if they are not known.
        ontology_graphs: the named graphs with the ontology, if these are known.
        copied_up_to: most triples of a graph that is copied; ``None``: as fit into memory.
        timeout_s: the time limit, seconds.
        language: the language of messages, if the shapes have it.
        tell: receives the name of the step under way, and its progress.
        say: receives the sentence where the graph is checked.

    Raises:
        ProjectFault: there are no shapes, no triples or no focus nodes, or the service does not
            answer.
    """
    begun = time.monotonic()
    spoken = languages(language, project.profile.languages)
    service = Service(store, begun + timeout_s, limit_s=timeout_s / 4)
    try:
        triples = service.count("?s ?p ?o")
    except Problem as problem:
        raise ProjectFault(f"nothing was checked: {problem.detail}") from problem
    if not triples:
        raise ProjectFault(_NO_TRIPLES)
    shapes = project.of_role(Role.SHAPES)
    if not shapes:
        raise ProjectFault(_NO_SHAPES)
    facts, jobs = None, os.cpu_count() or 1
    most = most_copied(processes.free_bytes()) if copied_up_to is None else copied_up_to
    if triples <= most:
        facts = _copies(service, data_graphs, ontology_graphs, tell)
    if facts:
        say(f"{triples:,} triples were fetched, and are checked here")
        files = (*facts, *(replace(each, role=Role.SHAPES) for each in shapes))
        left_s = begun + timeout_s - time.monotonic()
        report = ValidationOfCopy(
            replace(project, files=files),
            timeout_s=left_s,
            jobs=jobs,
            rules={},
            tell=tell,
            languages=spoken,
            inference="none",
            advanced=False,
        ).prefiltered()
    else:
        why = (
            "the service did not give all of its"
            if triples <= most
            else f"more than the {most:,} for which there is memory here:"
        )
        say(f"{why} {triples:,} triples, so it evaluates the queries of the shapes")
        validation = _Validation(
            store, service, shapes=shapes, until=begun + timeout_s, spoken=spoken, tell=tell
        )
        report = validation.report(triples, data_graphs)
    placed = _in_graphs(service, report.findings)
    return replace(
        report,
        findings=tuple(placed),
        data_files=0,
        triples=triples,
        service=address,
        seconds=time.monotonic() - begun,
    )


def _copies(
    service: Service, data_graphs: Sequence[str], ontology_graphs: Sequence[str], tell: Tell
) -> list[ProjectFile] | None:
    """Return data and ontology as files; ``None`` if the service does not give all triples."""
    copies = [copied(service, Role.DATA, data_graphs, tell)]
    if ontology_graphs:
        copies.append(copied(service, Role.ONTOLOGY, ontology_graphs, tell))
    files = [each for each in copies if each]
    return files if len(files) == len(copies) else None


class Suspect(NamedTuple):
    """A focus node that may violate a constraint of a shape; ``None``: any of its constraints."""

    shape: Node
    constraint: Constraint | None
    node: Node


class _Validation:
    """One validation of a service under way."""

    def __init__(
        self,
        store: Store,
        service: Service,
        *,
        shapes: Sequence[ProjectFile],
        until: float,
        spoken: Sequence[str],
        tell: Tell,
    ) -> None:
        self._service, self._until, self._spoken, self._tell = service, until, spoken, tell
        self._shapes = shapes_graph.read(shapes)
        self._are_known = shapes_lint.known_good(self._shapes)
        self._ill_formed = ill_formed.take_out(
            self._shapes, queries=not self._are_known, inference="none"
        )
        shapes_lint.check(self._shapes)
        self._worded = wording.with_one_message(self._shapes, spoken)
        self._here = Neighbourhood(store, until)
        self._targets: dict[Node, str] = {}
        self._unchecked: Counter[tuple[Node, str]] = Counter()
        self._left: set[tuple[Node, Node]] = set()
        self._unasked: dict[Node, str] = {}
        pyshacl_engine.prepare()

    def report(self, triples: int, data_graphs: Sequence[str]) -> Report:
        """Validate, and return the report without its duration; ``triples`` is their number."""
        try:
            checked = checking(self._shapes, self._ill_formed, advanced=False)
            prefilter = ServicePrefilter(self._service, self._shapes, checked)
            self._check_that_data_are_looked_at(prefilter, data_graphs)
            nodes, idle = prefilter.focus_count(), prefilter.idle()
        except Problem as problem:
            raise ProjectFault(f"nothing was checked: {problem.detail}") from problem
        check = partial(pyshacl_engine.check_shapes, self._shapes)
        with processes.beside(check if not self._are_known else tuple) as child:
            suspects = list(self._all_suspects(prefilter))
            self._validator = processes.answering(self._answer)
            try:
                results = self._validate_suspects(suspects)
            finally:
                self._validator.end()
            results += self._checked_shapes(child)
        objects = wording.objects_of_facts(self._here.facts)
        words = wording.Words(self._shapes, objects, self._spoken)
        worded = words.of(each for each in results if each.component != ILL_FORMED)
        unusable = (each for each in results if each.component == ILL_FORMED)
        findings = {*worded, *unusable, *self._ill_formed, *self._unanswered_findings()}
        return Report(
            naming.lasting(sorted(findings, key=rank), self._here.facts.store, self._shapes),
            data_files=0,
            triples=triples,
            shapes=len(prefilter.tasks),
            focus_nodes=nodes,
            seconds=0.0,
            idle=tuple(naming.ShapeNames(self._shapes).name(terms.n_triples(x)) for x in idle),
            not_checked=self._unchecked.total() + len(self._unasked),
        )

    def _check_that_data_are_looked_at(
        self, prefilter: ServicePrefilter, data_graphs: Sequence[str]
    ) -> None:
        """Check that a shape has a focus node in the data.

        Raises:
            ProjectFault: no shape has a focus node.
        """
        dataset = Dataset(tuple(data_graphs)) if data_graphs else None
        if any(task.whole for task in prefilter.tasks) or self._ill_formed:
            return
        for target in prefilter.targets:
            if self._service.rows(f"SELECT ?this {{ {target} }} LIMIT 1", dataset):
                return
        raise ProjectFault(_NOTHING_LOOKED_AT)

    def _all_suspects(self, prefilter: ServicePrefilter) -> Iterator[Suspect]:
        """Yield the focus nodes that may violate a constraint."""
        names = naming.ShapeNames(self._shapes)
        for number, task in enumerate(prefilter.tasks):
            name = names.name(terms.n_triples(task.shape))
            step = f"Filtering by {len(prefilter.tasks)} shapes: {name}"
            self._tell(step, number / len(prefilter.tasks))
            if task.whole:
                self._unasked[task.shape] = _UNKNOWN_TARGETS
                continue
            for constraint, nodes in self._suspects(prefilter, task).items():
                for node, target in nodes.items():
                    self._targets.setdefault(node, target)
                    yield Suspect(task.shape, constraint, node)

    def _suspects(
        self, prefilter: ServicePrefilter, task: Task
    ) -> Mapping[Constraint | None, Mapping[Node, str]]:
        """Return the suspects of each constraint of a shape, each with its target."""
        if time.monotonic() >= self._until:
            self._unasked[task.shape] = _LATE
            return {}
        try:
            return prefilter.suspects_by_constraint(task)
        except Problem as problem:
            self._unasked[task.shape] = problem.detail
            return {}

    def _validate_suspects(self, suspects: Sequence[Suspect]) -> list[Finding]:
        findings: list[Finding] = []
        for start in range(0, len(suspects), _TOGETHER):
            self._tell(f"Validating {len(suspects):,} nodes", start / len(suspects))
            findings += self._validate_together(suspects[start : start + _TOGETHER])
        return findings

    def _validate_together(self, suspects: Sequence[Suspect]) -> list[Finding]:
        """Validate suspects; bisect them if some of their triples cannot be fetched."""
        if time.monotonic() >= self._until:
            return self._left_out(suspects, _LATE)
        self._fetch_focus_nodes(each.node for each in suspects)
        missing: set[Pattern] = set()
        results: list[Finding] = []
        for _ in range(_ROUNDS):
            try:
                findings, suspects, missing = self._validator.ask(
                    (suspects, *self._here.news()), self._until, _LATE
                )
            except ProjectFault:
                if time.monotonic() < self._until:
                    raise
                return results + self._left_out(suspects, _LATE)
            results += findings
            if not suspects:
                return results
            if missing <= self._here.failed.keys():
                break
            self._here.fetch(missing)
        if len(suspects) > 1:
            middle = len(suspects) // 2
            results += self._validate_together(suspects[:middle])
            return results + self._validate_together(suspects[middle:])
        reasons = (self._here.failed.get(each) for each in missing)
        reason = min(filter(None, reasons), default="it looks at too much")
        return results + self._left_out(suspects, reason)

    def _fetch_focus_nodes(self, nodes: Iterable[Node]) -> None:
        patterns: list[Pattern] = []
        for node in dict.fromkeys(nodes):
            term: Any = terms.to_pyoxigraph(node)
            if isinstance(node, BNode):
                self._here.starts_at(term, self._targets[node])
            if not isinstance(node, Literal):
                patterns.append((term, None, None))
        self._here.fetch(patterns)

    def _answer(self, asked: Asked) -> tuple[list[Finding], list[Suspect], set[Pattern]]:
        """Return pySHACL's findings, the suspects to validate again, and the missing patterns.

        One suspect of each constraint comes first: it shows which patterns the constraint reads.
        """
        suspects, triples, whole = asked
        self._here.take(triples, whole)
        samples = list({(each.shape, each.constraint): each for each in suspects}.values())
        if len(samples) < len(suspects):
            _, missing = self._findings_here(samples)
            if missing:
                return [], list(suspects), missing
        findings: list[Finding] = []
        waiting: list[Suspect] = []
        missing = set()
        for part in groups(suspects, _PART):
            findings_of_part, missed = self._findings_here(part)
            if missed:
                waiting += part
                missing |= missed
            else:
                findings += findings_of_part
        return findings, waiting, missing

    def _findings_here(
        self, suspects: Iterable[Suspect]
    ) -> tuple[tuple[Finding, ...], set[Pattern]]:
        """Return pySHACL's findings on the triples fetched so far, and the missing patterns."""
        missing: set[Pattern] = set()
        aims: dict[Node, dict[Constraint | None, set[Node]]] = {}
        for each in suspects:
            aims.setdefault(each.shape, {}).setdefault(each.constraint, set()).add(each.node)
        return pyshacl_engine.findings(self._here.graph(missing), self._worded, aims), missing

    def _checked_shapes(self, child: Child) -> tuple[Finding, ...]:
        """Return the findings about shapes that pySHACL cannot use."""
        findings: tuple[Finding, ...] = processes.result(child, self._until, _LATE)
        if not (self._are_known or findings or self._ill_formed):
            shapes_lint.remember(self._shapes)
        return findings

    def _left_out(self, suspects: Sequence[Suspect], reason: str) -> list[Finding]:
        pairs = {(each.shape, each.node) for each in suspects} - self._left
        self._left |= pairs
        self._unchecked.update((shape, reason) for shape, _ in pairs)
        return []

    def _unanswered_findings(self) -> Iterator[Finding]:
        for shape, reason in self._unasked.items():
            yield _unanswered(shape, "This shape was", reason)
        for (shape, reason), number in self._unchecked.items():
            nodes = f"{number:,} nodes were" if number > 1 else "A node was"
            yield _unanswered(shape, nodes, reason)


def _in_graphs(service: Service, findings: Sequence[Finding]) -> list[Finding]:
    """Return findings with the named graphs of their triples, or else of their focus nodes."""
    triples = {each: _triple(each) for each in findings}
    nodes = {each.focus_node for each in triples if each.focus_node.startswith("<")}
    graphs = _graphs_of(service, "?s ?p ?o", filter(None, triples.values()))
    graphs |= _graphs_of(service, "?s", nodes)
    return [
        replace(each, graph=graphs.get(triple or "") or graphs.get(each.focus_node))
        for each, triple in triples.items()
    ]


def _graphs_of(service: Service, names: str, keys: Iterable[str]) -> dict[str, str]:
    """Return the first graph of each of the triples or nodes that is in one."""
    graphs: dict[str, str] = {}
    variables = names.replace("?", "").split()
    for group in groups(list(dict.fromkeys(keys)), _PLACED):
        listing = " ".join(f"({each})" for each in group)
        text = (
            f"SELECT DISTINCT {names} ?g {{ VALUES ({names}) {{ {listing} }} "
            "GRAPH ?g { ?s ?p ?o } } ORDER BY ?g"
        )
        try:
            rows = service.rows(text)
        except Problem:  # the finding has no graph then
            continue
        for row in rows:
            key = " ".join(terms.n_triples(row[name]) for name in variables)
            graphs.setdefault(key, terms.n_triples(row["g"]))
    return graphs


def _unanswered(shape: Node, what: str, reason: str) -> Finding:
    """Return the finding that a shape, or some of its focus nodes, could not be checked."""
    message = f"{what} not checked: {reason.rstrip('.')}."
    return unchecked(UNANSWERED, terms.n_triples(shape), message)


def _triple(finding: Finding) -> str | None:
    """Return the triple of a finding; ``None`` if it has a blank node."""
    parts = (finding.focus_node, finding.path, finding.value)
    written = " ".join(part or "_:" for part in parts)
    return written if _TRIPLE.fullmatch(written) else None
