"""Files of other projects through ``kg-server validate``, beside pySHACL alone: time and agreement.

    python -m benchmarks.foreign NAME=PATH[,PATH...] ...

Each argument is a project: a name, and its files or directories. A line of a Markdown table says
how many triples there are, how long each takes, what kg-server finds by shapes and by its rules,
and how many results only one of the two has.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import Path

import pyshacl
from rdflib import RDF, SH

from kg_server import project as projects
from kg_server import validation
from kg_server.errors import KgError
from kg_server.project import FACTS, Project, Role
from kg_server.validation import graphs
from kg_server.validation.report import RULES_IRI

_HEAD = (
    *("project", "triples", "kg-server", "pySHACL alone", "by shapes", "by rules"),
    *("only here", "only there"),
)
_TIMEOUT_S = 600.0

Result = tuple[str, str]
"""Focus node, a blank one without its name, and constraint component."""


def reference(project: Project) -> tuple[float, Counter[Result]]:
    """Return how long pySHACL takes by itself, and what it finds."""
    data = graphs.read(project.of_role(*FACTS), "data")
    shapes = graphs.read(project.of_role(Role.SHAPES), "shapes")
    begun = time.monotonic()
    _, report, _ = pyshacl.validate(data, shacl_graph=shapes, inplace=True)
    took_s = time.monotonic() - begun
    found: Counter[Result] = Counter()
    for result in report.objects(None, SH.result):
        if (result, RDF.type, SH.ValidationResult) in report:
            focus = str(report.value(result, SH.focusNode).n3())
            found[_result(focus, str(report.value(result, SH.sourceConstraintComponent)))] += 1
    return took_s, found


def _result(focus: str, component: str) -> Result:
    named = "_:" if focus.startswith("_:") else focus
    return named, component.strip("<>").rpartition("#")[2]


def row(name: str, paths: list[Path]) -> str:
    """Validate a project both ways; return its line of the table."""
    try:
        project = projects.load(paths)
        begun = time.monotonic()
        report = validation.validate(project, timeout_s=_TIMEOUT_S, use_cache=False)
        took_s = time.monotonic() - begun
    except KgError as error:
        return f"| {name} | {error} |"
    rules = [each for each in report.findings if each.rule.startswith(RULES_IRI)]
    ours = Counter(
        _result(each.focus_node, each.component) for each in report.findings if each not in rules
    )
    cells = [name, f"{report.triples:,}", f"{took_s:.1f} s"]
    if not project.of_role(Role.SHAPES):
        cells += ["no shapes", "0", str(len(rules)), "-", "-"]
    else:
        try:
            theirs_s, theirs = reference(project)
            cells += [f"{theirs_s:.1f} s", str(ours.total()), str(len(rules))]
            cells += [str((ours - theirs).total()), str((theirs - ours).total())]
        except Exception as error:  # noqa: BLE001  # whatever it is, the table says so
            words = str(error).splitlines()[0][:60]
            cells += [f"fails: {words}", str(ours.total()), str(len(rules)), "-", "-"]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Print the table."""
    print(f"| {' | '.join(_HEAD)} |")
    print("| --- |" + " ---: |" * (len(_HEAD) - 1))
    for argument in sys.argv[1:]:
        name, _, paths = argument.partition("=")
        print(row(name, [Path(each) for each in paths.split(",")]), flush=True)


if __name__ == "__main__":
    main()
