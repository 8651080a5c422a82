"""Validation with pySHACL, on given focus nodes."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from functools import partial
from typing import TYPE_CHECKING, Any

from rdflib import OWL, RDF, SH, Graph, URIRef

from kg_server.errors import ProjectFault
from kg_server.rdf import terms
from kg_server.validation import aiming, graphs, paths, wording
from kg_server.validation.aiming import Aim, Aims
from kg_server.validation.report import ILL_FORMED, Finding, Severity, unchecked

if TYPE_CHECKING:
    from rdflib.term import Node


# pySHACL logs each error that it raises to standard error; a finding reports it instead.
logging.getLogger("pyshacl-validate").disabled = True

_DETAILS = 5
"""Most levels of nested results in a report."""
_MOST_FAILURES = 20
"""Most nodes of one shape at which pySHACL fails that have a finding each."""
_UNUSABLE = "the shapes cannot be used: "
_PROBE = URIRef("urn:uuid:00000000-0000-0000-0000-000000000000")
"""A node without triples."""

Run = Callable[[Aims], tuple[Finding, ...]]


def targets() -> tuple[Node, ...]:
    """Return the properties that give a shape its focus nodes (SHACL §2.1.3)."""
    return SH.targetNode, SH.targetClass, SH.targetSubjectsOf, SH.targetObjectsOf, SH.target


def targeted(shapes: Graph) -> list[Node]:
    """Return the shapes that have targets, sorted."""
    nodes: set[Node] = set()
    for target in targets():
        nodes.update(shapes.subjects(target, None))
    return sorted(nodes, key=str)


def findings(
    data: Graph,
    shapes: Graph,
    aims: Aims | None = None,
    *,
    advanced: bool = False,
) -> tuple[Finding, ...]:
    """Run pySHACL; results of nested shapes are the details of the others.

    A shape that pySHACL cannot use is a finding, and does not stop the others.

    Args:
        data: the data graph; rules add to it in place.
        shapes: the shapes graph.
        aims: the shapes and focus nodes to check; ``None``: all shapes on all their targets.
        advanced: whether to evaluate SHACL Advanced Features: rules, SPARQL targets, functions.

    Raises:
        ProjectFault: no shape can be used.
    """

    def run(some: Graph, aims: Aims | None) -> tuple[Finding, ...]:
        return _findings(data, some, aims, advanced=advanced)

    try:
        return run(shapes, aims)
    except ProjectFault:
        pass
    aims = dict.fromkeys(targeted(shapes)) if aims is None else aims
    try:
        run(shapes, {})
    except (
        ProjectFault
    ):  # it fails at a shape without targets: each other shape is run with those that it uses
        gathered: list[Finding] = []
        for shape, aim in aims.items():
            used = _used(shapes, shape)
            gathered += _of_shape(used, shape, aim, partial(run, used))
        return tuple(gathered)
    return _of_shapes(shapes, aims, partial(run, shapes))


def _used(shapes: Graph, shape: Node) -> Graph:
    """Return the part of a shapes graph that one shape needs, with prefixes and components."""
    part = graphs.graph()
    waiting = [shape, *shapes.subjects(RDF.type, OWL.Ontology)]
    waiting += shapes.subjects(SH.parameter)
    seen: set[Node] = set()
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            for triple in shapes.triples((node, None, None)):
                part.add(triple)
                waiting.append(triple[2])
    return part


def _of_shapes(shapes: Graph, aims: Aims, run: Run) -> tuple[Finding, ...]:
    """Return the findings of some shapes; bisect to find the shape at which pySHACL fails."""
    listed = list(aims.items())
    if len(listed) == 1:
        return _of_shape(shapes, *listed[0], run)
    try:
        return run(aims)
    except ProjectFault:
        middle = len(listed) // 2
        one, other = dict(listed[:middle]), dict(listed[middle:])
        return _of_shapes(shapes, one, run) + _of_shapes(shapes, other, run)


def _of_shape(shapes: Graph, shape: Node, aim: Aim | None, run: Run) -> tuple[Finding, ...]:
    """Return the findings of one shape; bisect to find the nodes at which pySHACL fails."""
    try:
        return run({shape: aim})
    except ProjectFault as fault:
        failure = _failure(shape, shape, fault)
    if aim is None:
        others = [target for target in targets() if target != SH.targetNode]
        if any((shape, target, None) in shapes for target in others):
            return (failure,)
        aim = {None: frozenset(shapes.objects(shape, SH.targetNode))}
    try:
        run({shape: {None: {_PROBE}}})
    except ProjectFault:  # it fails at every node
        return (failure,)
    failures = 0

    def halves(nodes: list[Node]) -> tuple[Finding, ...]:
        nonlocal failures
        try:
            return run({shape: {each: some & set(nodes) for each, some in aim.items()}})
        except ProjectFault as fault:
            if len(nodes) == 1:
                failures += 1
                return (_failure(nodes[0], shape, fault),)
            if failures >= _MOST_FAILURES:
                return (_failure(shape, shape, fault),)
        middle = len(nodes) // 2
        return halves(nodes[:middle]) + halves(nodes[middle:])

    return halves(sorted(aiming.nodes(aim), key=str))


def _failure(focus: Node, shape: Node, fault: ProjectFault) -> Finding:
    """Return the finding that a shape cannot be used, for all nodes or for one."""
    message = f"This could not be checked: {fault.message.removeprefix(_UNUSABLE)}"
    by = "" if focus == shape else terms.n_triples(shape)
    return unchecked(ILL_FORMED, terms.n_triples(focus), message, shape=by)


def _findings(
    data: Graph, shapes: Graph, aims: Aims | None, *, advanced: bool
) -> tuple[Finding, ...]:
    import pyshacl
    from pyshacl.shapes_graph import ShapesGraph

    from kg_server.validation.corrections import components, messages, property_paths

    added = [each for each in ShapesGraph.system_triples if each not in shapes]
    try:
        with (
            components.applied(),
            messages.applied(),
            property_paths.applied(),
            redirect_stdout(io.StringIO()),  # it prints errors, which would be in the report
            aiming.applied(aims),
        ):
            _, report, text = pyshacl.validate(
                data,
                shacl_graph=shapes,
                inplace=True,
                do_owl_imports=False,
                advanced=advanced,
            )
    except Exception as error:
        raise ProjectFault(f"{_UNUSABLE}{_first_line(error)}") from error
    finally:
        for each in added:
            shapes.remove(each)
    if not isinstance(report, Graph):
        raise ProjectFault(f"{_UNUSABLE}{text}")
    return tuple(_finding(report, result, shapes) for result in report.objects(None, SH.result))


def check_shapes(shapes: Graph) -> tuple[Finding, ...]:
    """Check that pySHACL can use the shapes; return a finding for each that it cannot use.

    Each shape is run on a node without triples, so that pySHACL compiles constraints and queries.
    """
    probed = findings(graphs.graph(), shapes, probes(shapes))
    return tuple(each for each in probed if each.component == ILL_FORMED)


def probes(shapes: Graph) -> Aims:
    """Return aims of all shapes with targets, at a node without triples."""
    return {shape: {None: {_PROBE}} for shape in targeted(shapes)}


def prepare() -> None:
    """Import the modules that ``findings`` needs, before a child process may open no more files."""
    import pyshacl.constraints.advanced  # noqa: F401  # pySHACL imports these late
    import pyshacl.functions.shacl_function  # noqa: F401
    import pyshacl.rules.sparql  # noqa: F401
    import pyshacl.rules.triple  # noqa: F401

    from kg_server.validation.corrections import components, messages, property_paths  # noqa: F401


def _finding(report: Graph, result: Node, shapes: Graph, depth: int = _DETAILS) -> Finding:
    def text(predicate: Any) -> str | None:
        term = report.value(result, predicate)
        return None if term is None else terms.n_triples(term)

    path = report.value(result, SH.resultPath)
    severities = {SH.Violation: Severity.VIOLATION, SH.Warning: Severity.WARNING}
    severities[SH.Info] = Severity.INFO
    severity: Any = report.value(result, SH.resultSeverity)
    return Finding(
        severity=severities.get(severity, Severity.VIOLATION),
        focus_node=text(SH.focusNode) or "",
        path=None if path is None else paths.written(report, path),
        value=text(SH.value),
        source_shape=text(SH.sourceShape) or "",
        source_constraint=text(SH.sourceConstraint),
        component=text(SH.sourceConstraintComponent) or "",
        message=_message(report, result, shapes),
        own_severity=None if severity in severities else text(SH.resultSeverity),
        details=tuple(sorted(_details(report, result, shapes, depth), key=repr)) if depth else (),
    )


def _details(report: Graph, result: Node, shapes: Graph, depth: int) -> Iterator[Finding]:
    """Yield the details of a result: the findings of nested shapes (SHACL §3.6.2.6)."""
    for detail in report.objects(result, SH.detail):
        yield _finding(report, detail, shapes, depth - 1)


def _message(report: Graph, result: Node, shapes: Graph) -> str:
    """Return the message of a result; that of the query is preferred to that of the shape."""
    messages = list(report.objects(result, SH.resultMessage))
    if len(messages) > 1:
        source = report.value(result, SH.sourceShape)
        own = {str(each) for each in shapes.objects(source, SH.message)}
        messages = [each for each in messages if str(each) not in own] or messages
    return str(wording.best(messages, ("en",))) if messages else ""


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
