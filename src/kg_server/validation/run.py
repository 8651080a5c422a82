"""One validation under way: the prefilter, pySHACL and the rules, each in processes of their own.

First the prefilter finds the focus nodes that may violate a shape, then pySHACL checks those. Both
work in forked processes, which can open no socket and no file and end at a deadline. The reasons: a
pattern may take exponential time, and ``FROM <url>`` in a constraint must reach nothing.
"""

from __future__ import annotations

import mmap
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from functools import partial
from itertools import chain
from typing import Any

from rdflib import SH, Graph
from rdflib.term import Node

from kg_server import processes
from kg_server.errors import ProjectFault
from kg_server.processes import Child
from kg_server.project import FACTS, Project, Role, manifest
from kg_server.rdf import terms
from kg_server.validation import (
    aiming,
    graphs,
    ill_formed,
    inferred,
    lint,
    locations,
    naming,
    pyshacl_engine,
    wording,
)
from kg_server.validation import shapes as shapes_lint
from kg_server.validation.aiming import Aim, Aims, Constraint
from kg_server.validation.corrections import shapes_graph
from kg_server.validation.lint.names import TYPE
from kg_server.validation.paths import Objects
from kg_server.validation.prefilter import data as reading
from kg_server.validation.prefilter import view
from kg_server.validation.prefilter.select import Prefilter, Task, aim
from kg_server.validation.report import ILL_FORMED, UNREAD, Finding, Report, Severity, unchecked

_VIEWED = 100
"""With so many triples for each suspect, pySHACL reads the prefilter's store: to convert all
triples to rdflib's would take longer."""
_SHARE = 20
"""Fewest suspects for each process."""

_TICK_S = 0.2

NO_SHAPES = (
    "there are no shapes and there is no ontology, so nothing would be checked: name the shapes, "
    "as in kg-server validate data.ttl --shapes shapes.ttl, or the ontology with --ontology"
)
_MOST_CLASSES = 5
"""Most classes that a message names."""
_MOST_LINES = 20
"""Most lines about parts of shapes that a message has."""
NO_DATA = (
    "there are no data, only shapes, so nothing would be checked: name the data, as in "
    "kg-server validate data.ttl --shapes shapes.ttl; to validate the shapes themselves by other "
    "shapes, name those with --shapes"
)
_NO_CONSTRAINTS = (
    "nothing would be checked: no shape with a target has a constraint that is evaluated, or all "
    "are deactivated"
)

Tell = Callable[[str, float | None], None]
"""Receives the name of the step under way, and the part of it that is done (0 to 1), if known."""


class Validation:
    """One validation under way."""

    def __init__(
        self,
        project: Project,
        *,
        timeout_s: float,
        jobs: int,
        rules: Mapping[str, str],
        tell: Tell,
        languages: Sequence[str],
        inference: str,
        advanced: bool,
        repeated: bool = False,
    ) -> None:
        self._project, self._jobs, self._rules, self._tell = project, jobs, rules, tell
        self._advanced, self._inference, self._repeated = advanced, inference, repeated
        if repeated:
            pyshacl_engine.prepare()
        self._until = time.monotonic() + timeout_s
        self._late = f"the validation was given up after {timeout_s:g} seconds"
        if project.of_role(Role.SHAPES):
            self._late += "; is there a sh:pattern with nested repetitions, or a costly sh:sparql?"
        files = project.of_role(*FACTS)
        if not files:
            raise ProjectFault(NO_DATA)
        self._facts = reading.read(files, lambda count: tell(f"Read {count:,} triples", None))
        if not project.of_role(Role.SHAPES, Role.ONTOLOGY):
            raise ProjectFault(NO_SHAPES)
        shapes = project.of_role(Role.SHAPES)
        self._shapes = shapes_graph.read(shapes) if shapes else graphs.graph()
        self._are_known = shapes_lint.known_good(self._shapes)
        # This compiles all patterns here: the child processes can import nothing.
        self._ill_formed = ill_formed.take_out(
            self._shapes,
            queries=not self._are_known,
            inference=inference,
            advanced=advanced,
        )
        self._expanded = self._facts
        self._inferred: list[Any] = []
        self._contradictions: tuple[Finding, ...] = ()
        if inference != "none":
            self._infer()
        self._languages = languages
        self._spoken = wording.with_one_message(self._shapes, languages)
        self._looked_at: dict[Node, set[Node]] = {}

    def report(self, find: Callable[[Prefilter], list[Finding]]) -> Report:
        """Validate and lint; ``find`` returns the findings of the shapes."""
        if len(self._shapes):
            shapes_lint.check(self._shapes)
        try:
            checked = checking(self._shapes, self._ill_formed, advanced=self._advanced)
        except ProjectFault as fault:
            raise ProjectFault(fault.message + self._told_by("not-checked")) from fault
        prefilter = Prefilter(self._expanded, self._shapes, checked)
        if not self._advanced:
            idle_data = self._check_that_data_are_looked_at(prefilter.looks_at_data())
        with processes.beside(self._lint()) as linting:
            results = find(prefilter)
            (linted,) = self._finish([linting], "Linting")
        focus_nodes, idle = len(prefilter.focus_nodes()), prefilter.idle()
        if self._advanced:  # also those that rules and targets by query lead to
            looked_at = {each: self._looked_at.get(each, set()) for each in checked}
            focus_nodes = len(set().union(*looked_at.values()))
            idle = [shape for shape, nodes in looked_at.items() if not nodes]
            idle_data = self._check_that_data_are_looked_at(bool(focus_nodes))
        # A lint rule does not repeat what a shape has found about a triple.
        stated = {_about(each) for each in results if each.value}
        news = {each for each in linted if _about(each) not in stated}
        unusable = {each for each in results if each.component == ILL_FORMED}
        objects = wording.objects_of_facts(self._facts)
        words = wording.Words(self._shapes, objects, self._languages)
        worded = words.of(each for each in results if each.component != ILL_FORMED)
        # A shape that two others refer to gives each result twice.
        of_shapes = {*self._ill_formed, *self._contradictions}
        unsorted = {*worded, *news, *unusable, *idle_data, *of_shapes}
        findings = tuple(sorted(unsorted, key=rank))
        if not self._are_known and not any(each.component == ILL_FORMED for each in findings):
            shapes_lint.remember(self._shapes)
        if findings:
            located = self._located(findings, objects)
            findings = naming.lasting(located, self._facts.store, self._written_shapes())
        return Report(
            findings=findings,
            data_files=len(self._project.of_role(Role.DATA)),
            triples=len(self._facts.store),
            shapes=len(prefilter.tasks),
            focus_nodes=focus_nodes,
            seconds=0.0,
            idle=self._names(idle),
        )

    def _located(self, findings: Sequence[Finding], objects: Objects) -> Sequence[Finding]:
        """Return findings with their places in the files."""
        return locations.Places(self._project.files, objects).located(findings)

    def _names(self, shapes: Sequence[Node]) -> tuple[str, ...]:
        names = naming.ShapeNames(self._written_shapes()) if shapes else None
        return tuple(names.name(terms.n_triples(each)) for each in shapes) if names else ()

    def _written_shapes(self) -> Graph:
        """Return the shapes as written: names of blank nodes depend on ill-formed parts, too."""
        if not self._ill_formed:
            return self._shapes
        return shapes_graph.read(self._project.of_role(Role.SHAPES))

    def _check_that_data_are_looked_at(self, looked_at: bool) -> tuple[Finding, ...]:
        """Return a finding if no shape has a focus node in the data, but rules check an ontology.

        Raises:
            ProjectFault: no shape has a focus node in the data, and there is no ontology.
        """
        has_data = any(file.role is Role.DATA for file in self._project.files)
        if not has_data or not len(self._shapes) or self._ill_formed or looked_at:
            return ()
        queried = shapes_lint.has_queried_targets(self._shapes)
        if queried and self._advanced:
            return ()
        if queried:
            rule, fault = (
                "not-checked",
                "nothing would be checked: the shapes have targets of the SHACL Advanced Features "
                "(sh:target), which only --advanced looks at",
            )
        else:
            rule = "unreached-shape"
            fault = "no shape has a node of the data to look at: nothing would be checked."
            fault += self._targets()
        if not any(file.has_role(Role.ONTOLOGY) for file in self._project.files):
            raise ProjectFault(fault + self._told_by(rule))
        said = fault.replace("nothing would be checked", "only the rules were applied")
        message = said[:1].upper() + said[1:]
        return (unchecked(UNREAD, f"<{self._project.base_iri}graph/>", message),)

    def _told_by(self, rule: str) -> str:
        """Return a line for each finding of a rule about shapes, with its place."""
        only = dict.fromkeys(lint.RULES, "off") | {rule: "warning"}
        found = lint.run(self._project, self._facts, only, advanced=self._advanced)
        placed = locations.Places(self._project.files).located(found)
        lines = [f"{each.place}: {each.message}" for each in sorted(placed, key=_stands)]
        more = [f"and {len(lines) - _MOST_LINES} more"] if len(lines) > _MOST_LINES else []
        return "".join(f"\n  {line}" for line in (*lines[:_MOST_LINES], *more))

    def _targets(self) -> str:
        """Return a sentence with the target classes of the shapes, and the classes of the data."""
        checked = checking(self._shapes, (), advanced=self._advanced)
        classes_of = (self._shapes.objects(shape, SH.targetClass) for shape in checked)
        targets = sorted({str(each) for of_shape in classes_of for each in of_shape})
        types = self._facts.store.quads_for_pattern(None, TYPE, None)
        classes = sorted({str(getattr(quad.object, "value", "")) for quad in types})
        if not targets:
            return ""
        has = f"the data have {_shown(classes)}" if classes else "the data have no classes"
        return f" The shapes look for {_shown(targets)}; {has}."

    def prefiltered(self) -> Report:
        """Validate and lint; pySHACL checks the nodes that the prefilter suspects.

        A child process imports pySHACL while the prefilter works, and then validates.
        """
        if not len(self._shapes):
            return self.report(lambda _suspects_of: [])
        with processes.beside(self._check_aims, first=pyshacl_engine.prepare, waits=True) as first:
            return self.report(
                lambda prefilter: self._check_suspects(self._suspects(prefilter), first)
            )

    def alone(self, _suspects_of: Prefilter) -> list[Finding]:
        """Return the findings of pySHACL over all focus nodes, with the advanced features."""
        pyshacl_engine.prepare()
        data = self._all()
        work = partial(_alone, data, self._spoken, advanced=True)
        ((findings, self._looked_at),) = self._run([work], f"Validating {len(data):,} triples")
        return list(findings)

    def _suspects(self, prefilter: Prefilter) -> Aims:
        """Return the focus nodes that may violate each constraint of each shape."""
        aims: dict[Node, Aim | None] = {}
        if self._repeated:
            prefilter.prepare()
        tasks = sorted((task for task in prefilter.tasks if not task.whole), key=prefilter.cost)
        shares = [share for number in range(self._jobs) if (share := tasks[number :: self._jobs])]
        counts = mmap.mmap(-1, len(shares) or 1)  # shared with the children; a byte for each
        work = [
            partial(_suspects_of, prefilter, share, counts, place)
            for place, share in enumerate(shares)
        ]

        def done() -> float:
            return sum(counts[:]) / 255 / len(counts)

        for of_share in self._run(work, f"Filtering by {len(tasks)} shapes", done):
            for number, suspects in of_share:
                aims[prefilter.tasks[number].shape] = aim(suspects)
        return aims | {task.shape: None for task in prefilter.tasks if task.whole}

    def _check_suspects(self, aims: Aims, first: Child) -> list[Finding]:
        """Have pySHACL check the suspects, and shapes that this machine has not used before."""
        suspects = aiming.count(aims)
        count = min(self._jobs, suspects // _SHARE)
        children = []
        if count > 1:
            graph = self._graph(aims)
            judge = partial(pyshacl_engine.findings, graph, self._spoken)
            children = [
                processes.start(partial(judge, share), first=pyshacl_engine.prepare)
                for share in aiming.shares(aims, count)
            ]
        elif aims:
            first.give(aims)
            children = [first]
        if not self._are_known:
            check = partial(pyshacl_engine.check_shapes, self._shapes)
            children.append(processes.start(check, first=pyshacl_engine.prepare))
        return list(chain(*self._finish(children, f"Validating {suspects:,} nodes")))

    def _check_aims(self, aims: Aims) -> tuple[Finding, ...]:
        return pyshacl_engine.findings(self._graph(aims), self._spoken, aims)

    def _lint(self) -> Callable[[], tuple[Finding, ...]]:
        self._check_rules()
        return partial(lint.run, self._project, self._facts, self._rules, advanced=self._advanced)

    def _check_rules(self) -> None:
        """Check the levels of rules.

        Raises:
            ProjectFault: there is no such rule or level; says where the manifest has it.
        """
        profile = self._project.profile
        for name, level in self._project.rules.items():
            try:
                lint.levels({name: level})
            except ProjectFault as fault:
                line = manifest.line(profile.text.split("\n"), ("rules", name))
                raise ProjectFault(fault.message, path=profile.path, line=line) from fault
        lint.levels(self._rules)

    def _graph(self, aims: Aims) -> Graph:
        """Return the data graph for pySHACL."""
        if None not in aims.values() and aiming.count(aims) * _VIEWED <= len(self._facts.store):
            return view.graph(self._expanded)
        return self._all()

    def _all(self) -> Graph:
        """Return data and ontology with the inferred triples."""
        data = graphs.read(self._project.of_role(*FACTS), "data")
        for quad in self._inferred:
            subject, predicate, value = map(terms.to_rdflib, quad.triple)
            data.add((subject, predicate, value))
        return data

    def _infer(self) -> None:
        """Add the triples that data and ontology entail to those that shapes are checked on."""
        inferred.prepare()
        work = partial(inferred.infer, self._all(), self._inference)
        ((self._inferred, self._contradictions),) = self._run([work], "Inferring")
        self._expanded = reading.read(self._project.of_role(*FACTS))
        reading.add(self._expanded, self._inferred)

    def _run(
        self, work: Sequence[Callable[[], Any]], what: str, done: Callable[[], float] | None = None
    ) -> list[Any]:
        """Run each piece of work in a process of its own; return the results."""
        return self._finish([processes.start(each) for each in work], what, done)

    def _finish(
        self, children: Sequence[Child], what: str, done: Callable[[], float] | None = None
    ) -> list[Any]:
        """Wait for processes, and report their progress; return their results."""
        with ThreadPoolExecutor(len(children) or 1) as pool:
            result = partial(processes.result, until=self._until, late=self._late)
            waiting = [pool.submit(result, child) for child in children]
            try:
                while wait(waiting, timeout=_TICK_S).not_done:
                    self._tell(what, done() if done else None)
            except (
                BaseException
            ):  # Ctrl-C: the pool waits for threads, and those wait for the children
                for child in children:
                    child.kill()
                raise
            return [each.result() for each in waiting]


def checking(shapes: Graph, faults: Sequence[Finding], *, advanced: bool) -> list[Node]:
    """Return the shapes that have targets and a constraint.

    Args:
        shapes: the shapes graph.
        faults: the findings about its ill-formed parts.
        advanced: whether to evaluate SHACL Advanced Features.

    Raises:
        ProjectFault: there are shapes with targets and no faults, but no shape has a constraint.
    """
    targeted = pyshacl_engine.targeted(shapes)
    checked = shapes_lint.checking(shapes, targeted, advanced=advanced)
    if targeted and not checked and not faults:
        raise ProjectFault(_NO_CONSTRAINTS)
    return checked


def _alone(data: Graph, shapes: Graph, **options: Any) -> tuple[Any, dict[Node, set[Node]]]:
    """Return the findings of pySHACL, and the focus nodes of each shape."""
    with aiming.noted() as looked_at:
        return pyshacl_engine.findings(data, shapes, **options), dict(looked_at)


def _suspects_of(
    prefilter: Prefilter, tasks: Sequence[Task], counts: mmap.mmap, place: int
) -> list[tuple[int, dict[Constraint | None, frozenset[Any]]]]:
    """Return the number of each task that has suspects, with the suspects."""
    numbers = {id(task): number for number, task in enumerate(prefilter.tasks)}
    of_tasks = []
    for done, task in enumerate(tasks, 1):
        if suspects := prefilter.suspects(task):
            of_tasks.append((numbers[id(task)], suspects))
        counts[place] = 255 * done // len(tasks)
    return of_tasks


def _shown(iris: Sequence[str]) -> str:
    more = f" and {len(iris) - _MOST_CLASSES} more" if len(iris) > _MOST_CLASSES else ""
    return ", ".join(f"<{each}>" for each in iris[:_MOST_CLASSES]) + more


def _stands(finding: Finding) -> tuple[str, int, int]:
    place = finding.place
    return (place.shown_path, place.line, place.column) if place else ("", 0, 0)


def _about(finding: Finding) -> tuple[str, str | None, str | None]:
    return finding.focus_node, finding.path, finding.value


def rank(finding: Finding) -> tuple[object, ...]:
    """Return a sort key: severity, then focus node, shape and message."""
    weight, each = list(Severity).index(finding.severity), finding
    about = each.focus_node, each.source_shape, each.message, each.component
    return weight, *about, each.path or "", each.value or ""
