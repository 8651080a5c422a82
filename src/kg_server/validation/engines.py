"""Comparison with other SHACL engines: a difference calls for a person.

``pyshacl`` is pySHACL without the prefilter: it checks the prefilter. ``shacl-rust`` is an
independent engine (extra ``engines``). It is young, so a difference is as often its own error.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from kg_server import processes
from kg_server.errors import ProjectFault
from kg_server.project import FACTS, Project, Role
from kg_server.validation import graphs, ill_formed, pyshacl_engine
from kg_server.validation.corrections import shapes_graph
from kg_server.validation.report import RULES_IRI, Finding, Report

if TYPE_CHECKING:
    from rdflib import Graph

Judgement = tuple[str, str, str, str]
"""Focus node, shape, constraint component and severity; blank nodes have no name."""


def disagreement(name: str, project: Project, report: Report, timeout_s: float) -> str:
    """Return the differences between a report and the results of another engine, in words.

    Args:
        name: the name of the other engine.
        project: the project that was validated.
        report: its report; the text is empty if the other engine agrees with it.
        timeout_s: the time limit of the other engine, in seconds.

    Raises:
        ProjectFault: the engine is not installed, cannot use the shapes, or takes too long.
    """
    data = graphs.read(project.of_role(*FACTS), "data")
    shapes = shapes_graph.read(project.of_role(Role.SHAPES))
    ill_formed.take_out(shapes)
    pyshacl_engine.prepare()
    work = ENGINES[name](data, shapes)
    late = f"{name} was given up after {timeout_s:g} seconds"
    theirs = processes.result(processes.start(work), time.monotonic() + timeout_s, late)
    ours = {_of(each) for each in report.findings if not each.rule.startswith(RULES_IRI)}
    sides = (("only here", ours - theirs), (f"only by {name}", theirs - ours))
    lines = [
        f"  {where}: {' '.join(each)}" for where, judgements in sides for each in sorted(judgements)
    ]
    return "".join(f"{line}\n" for line in lines)


def _pyshacl(data: Graph, shapes: Graph) -> Callable[[], set[Judgement]]:
    return lambda: {_of(each) for each in pyshacl_engine.findings(data, shapes)}


def _shacl_rust(data: Graph, shapes: Graph) -> Callable[[], set[Judgement]]:
    try:
        import shacl_rust
    except ImportError as error:
        message = "shacl-rust is not installed: pip install 'kg-server[engines]'"
        raise ProjectFault(message) from error
    texts = [graph.serialize(format="nt") for graph in (data, shapes)]
    return partial(_results_of_rust, shacl_rust.validate, *texts)


def _results_of_rust(validate: Any, data: str, shapes: str) -> set[Judgement]:
    report = validate(data, shapes, data_format="nt", shapes_format="nt")
    return {
        _judgement(
            each["focusNode"],
            each.get("sourceShape", ""),
            each["sourceConstraintComponent"],
            each["severity"],
        )
        for each in report["results"]
    }


ENGINES: dict[str, Callable[[Graph, Graph], Callable[[], set[Judgement]]]] = {
    "pyshacl": _pyshacl,
    "shacl-rust": _shacl_rust,
}
"""The engines by name. Each returns the work for a child process."""


def _of(finding: Finding) -> Judgement:
    severity = finding.severity.value
    return _judgement(finding.focus_node, finding.source_shape, finding.component, severity)


def _judgement(focus: str, shape: str, component: str, severity: str) -> Judgement:
    named = ["_:" if each.startswith("_:") else each for each in (focus, shape, component)]
    return named[0], named[1], named[2], severity.strip("<>").rpartition("#")[2]
