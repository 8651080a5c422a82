"""pySHACL at work: the one that decides, on the focus nodes that it is given."""

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


# pySHACL logs what it raises, to standard error; that is told by findings.
logging.getLogger("pyshacl-validate").disabled = True

_DETAILS = 5
"""So many levels of nested results are kept."""
_MOST_FAILURES = 20
"""So many nodes of one shape that pySHACL fails at are told one by one."""
_UNUSABLE = "the shapes cannot be used: "
_PROBE = URIRef("urn:uuid:00000000-0000-0000-0000-000000000000")
"""A node of which nothing is said."""

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
    """Run pySHACL; only results at the top count, not what nested shapes add as details.

    A shape that it cannot use is a finding itself, and does not stop the others.

    Args:
        data: the data graph; it is expanded in place.
        shapes: the shapes graph.
        aims: what is checked; ``None``: all shapes on all their targets.
        advanced: whether SHACL Advanced Features count: rules, targets by query, functions.

    Raises:
        ProjectFault: the shapes cannot be used, not even one of them.
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
    except ProjectFault:  # it fails at a shape without targets: each is taken with what it uses
        gathered: list[Finding] = []
        for shape, aim in aims.items():
            used = _used(shapes, shape)
            gathered += _of_shape(used, shape, aim, partial(run, used))
        return tuple(gathered)
    return _of_shapes(shapes, aims, partial(run, shapes))


def _used(shapes: Graph, shape: Node) -> Graph:
    """Return the part of a shapes graph that a shape leads to, and what holds for all shapes."""
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
    """Return what some shapes find; those that pySHACL fails at are found by halves."""
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
    """Return what one shape finds; nodes that pySHACL fails at are found by halves."""
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
    except ProjectFault:  # it fails at any node
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
    """Return the finding that a shape cannot be used, at all or on one node."""
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
            redirect_stdout(io.StringIO()),  # it prints what it raises, into the report
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
    """Check that shapes can be used; return a finding for each that cannot.

    Each shape looks at a node of which nothing is said, which loads its constraints and parses its
    queries.
    """
    probed = findings(graphs.graph(), shapes, probes(shapes))
    return tuple(each for each in probed if each.component == ILL_FORMED)


def probes(shapes: Graph) -> Aims:
    """Return aims of all shapes with targets at a node of which nothing is said."""
    return {shape: {None: {_PROBE}} for shape in targeted(shapes)}


def prepare() -> None:
    """Import what ``findings`` could not in a child that can open no file."""
    import pyshacl.constraints.advanced
    import pyshacl.functions.shacl_function
    import pyshacl.rules.sparql
    import pyshacl.rules.triple  # noqa: F401  # which pySHACL imports late

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
        severities.get(severity, Severity.VIOLATION),
        text(SH.focusNode) or "",
        None if path is None else paths.written(report, path),
        text(SH.value),
        text(SH.sourceShape) or "",
        text(SH.sourceConstraint),
        text(SH.sourceConstraintComponent) or "",
        _message(report, result, shapes),
        own_severity=None if severity in severities else text(SH.resultSeverity),
        details=tuple(sorted(_details(report, result, shapes, depth), key=repr)) if depth else (),
    )


def _details(report: Graph, result: Node, shapes: Graph, depth: int) -> Iterator[Finding]:
    """Yield the findings of nested shapes that a result has as its details (SHACL §3.6.2.6)."""
    for detail in report.objects(result, SH.detail):
        yield _finding(report, detail, shapes, depth - 1)


def _message(report: Graph, result: Node, shapes: Graph) -> str:
    """Return the message of a result: that of the query, rather than that of the shape."""
    messages = list(report.objects(result, SH.resultMessage))
    if len(messages) > 1:
        source = report.value(result, SH.sourceShape)
        own = {str(each) for each in shapes.objects(source, SH.message)}
        messages = [each for each in messages if str(each) not in own] or messages
    return str(wording.best(messages, ("en",))) if messages else ""


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
