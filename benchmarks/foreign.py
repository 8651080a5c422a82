"""Files of other projects through ``kg-server validate``, beside pySHACL alone: time and agreement.

    python -m benchmarks.foreign [--timeout 600] NAME=PATH[,PATH...] ...

Each argument is a project: a name, and its files or directories. A line of a Markdown table says
how many triples there are, the processor time of each in seconds (other programs may run beside),
what kg-server finds by shapes and by its rules, and how many results only one of the two has.
Results are the same if focus node, path, value, component and shape are; blank nodes are named by
their contents. Those of one alone are listed on standard error. Files that are not well-formed are
left out for pySHACL, which would not start.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pyshacl
from rdflib import SH, Graph

from kg_server import processes, validation
from kg_server import project as projects
from kg_server.errors import KgError, ProjectFault
from kg_server.project import FACTS, Project, Role, parsing
from kg_server.rdf import terms
from kg_server.validation import graphs, naming, paths
from kg_server.validation.prefilter import data as reading
from kg_server.validation.report import RULES_IRI, Finding, Severity

_HEAD = (
    *("project", "triples", "kg-server", "pySHACL alone", "by shapes", "by rules"),
    *("only here", "only there"),
)
_MOST_LISTED = 20

Result = tuple[str, str | None, str | None, str, str]
"""Focus node, path, value, constraint component and shape."""


def reference(project: Project, timeout_s: float) -> tuple[float, Counter[Result]]:
    """Return how long pySHACL takes by itself, and what it finds.

    Raises:
        ProjectFault: it fails, or takes too long.
    """
    project = replace(project, files=tuple(filter(_is_readable, project.files)))
    data = graphs.read(project.of_role(*FACTS), "data")
    shapes = graphs.read(project.of_role(Role.SHAPES), "shapes")
    child = processes.start(partial(_judged, data, shapes))
    late = f"more than {timeout_s:g} s"
    took_s, found = processes.result(child, time.monotonic() + timeout_s, late)
    facts = reading.read(project.of_role(*FACTS))
    return took_s, Counter(map(_result, naming.lasting(found, facts.store, shapes)))


def _judged(data: Graph, shapes: Graph) -> tuple[float, list[Finding]]:
    begun = _cpu_s()
    _, report, _ = pyshacl.validate(data, shacl_graph=shapes, inplace=True)
    took_s = _cpu_s() - begun
    if not isinstance(report, Graph):
        raise ProjectFault(str(report))
    return took_s, list(_findings(report))


def _is_readable(file: projects.ProjectFile) -> bool:
    try:
        return len(list(parsing.parsed(file))) > 0
    except KgError:
        return False


def _cpu_s() -> float:
    """Return the processor time of this process and of its children that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _findings(report: Graph) -> Iterable[Finding]:
    for result in report.objects(None, SH.result):
        focus, value, shape, component = (
            None if term is None else terms.n_triples(term)
            for term in (
                report.value(result, predicate)
                for predicate in (
                    *(SH.focusNode, SH.value, SH.sourceShape),
                    SH.sourceConstraintComponent,
                )
            )
        )
        path = report.value(result, SH.resultPath)
        yield Finding(
            severity=Severity.VIOLATION,
            focus_node=focus or "",
            path=None if path is None else paths.written(report, path),
            value=value,
            source_shape=shape or "",
            source_constraint=None,
            component=component or "",
            message="",
        )


def _result(finding: Finding) -> Result:
    each = finding
    return each.focus_node, each.path, each.value, each.component, each.source_shape


def row(name: str, files: list[Path], timeout_s: float) -> str:
    """Validate a project both ways; return its line of the table."""
    try:
        project = projects.load(files)
        begun = _cpu_s()
        report = validation.validate(project, timeout_s=timeout_s, use_cache=False)
        took_s = _cpu_s() - begun
    except KgError as error:
        return f"| {name} | {error} |"
    rules = [each for each in report.findings if each.source_shape.startswith(f"<{RULES_IRI}")]
    ours = Counter(_result(each) for each in report.findings if each not in rules)
    cells = [name, f"{report.triples:,}", f"{took_s:.1f} s"]
    if not project.of_role(Role.SHAPES):
        return f"| {' | '.join([*cells, 'no shapes', '0', str(len(rules)), '-', '-'])} |"
    try:
        theirs_s, theirs = reference(project, timeout_s)
        cells += [f"{theirs_s:.1f} s", str(ours.total()), str(len(rules))]
        cells += [str((ours - theirs).total()), str((theirs - ours).total())]
        _list(name, "kg-server", ours - theirs)
        _list(name, "pySHACL", theirs - ours)
    except Exception as error:  # noqa: BLE001  # whatever it is, the table says so
        words = (str(error).splitlines() or [repr(error)])[0][:60]
        cells += [f"fails: {words}", str(ours.total()), str(len(rules)), "-", "-"]
    return f"| {' | '.join(cells)} |"


def _list(name: str, engine: str, results: Counter[Result]) -> None:
    for each in sorted(results.elements(), key=str)[:_MOST_LISTED]:
        print(f"{name}: only {engine}: {' '.join(map(str, each))}", file=sys.stderr)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("projects", nargs="+", metavar="NAME=PATH[,PATH...]")
    parser.add_argument("--timeout", type=float, default=600.0)
    arguments = parser.parse_args()
    print(f"| {' | '.join(_HEAD)} |")
    print("| --- |" + " ---: |" * (len(_HEAD) - 1))
    for argument in arguments.projects:
        name, _, files = argument.partition("=")
        with tempfile.TemporaryDirectory() as empty:
            os.environ["XDG_CACHE_HOME"] = empty
            print(
                row(name, [Path(each) for each in files.split(",")], arguments.timeout), flush=True
            )


if __name__ == "__main__":
    main()
