"""SHACL validation: a project in, a ``Report`` out. CI and the server share this one path.

The work is done in forked processes that cannot open a socket or a file and that end at a
deadline: a pattern may take exponential time, and ``FROM <url>`` in a constraint must reach
nothing. Each takes a share of the shapes; a share is made by leaving out the *targets* of the
others, which stay usable by reference, so that every verdict is the same as in one run.
"""

from __future__ import annotations

import os
import pickle
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kg_server import isolation, loading, shapes_lint, verdicts
from kg_server.errors import ProjectFault
from kg_server.findings import Finding, Report, Severity
from kg_server.project import Project, Role

if TYPE_CHECKING:
    from rdflib import Graph
    from rdflib.term import Node

TIMEOUT_S = 120.0
"""How long a validation may take before it is given up."""


def validate(
    project: Project,
    *,
    timeout_s: float = TIMEOUT_S,
    jobs: int | None = None,
    use_cache: bool = True,
) -> Report:
    """Validate a project's data and ontology by its shapes.

    Args:
        project: the files.
        timeout_s: how long it may take, seconds.
        jobs: how many processes share the work; all cores when ``None``.
        use_cache: whether a report about the same contents, made by the same versions of the
            program and its engines, is taken from the user's cache directory and kept there.

    Raises:
        ProjectFault: a file is not well-formed, a shape is ill-formed, there are no data, no
            shapes or no focus nodes, or the time is over.
    """
    begun = time.monotonic()
    key = verdicts.key(project)
    report = verdicts.recall(key) if use_cache else None
    if report is None:
        report = _validate(project, timeout_s, jobs)
        if use_cache:
            verdicts.keep(key, report)
    return replace(report, seconds=time.monotonic() - begun)


def _validate(project: Project, timeout_s: float, jobs: int | None) -> Report:
    data = loading.read(project.of_role(Role.DATA), "data")
    own_nodes = data.all_nodes()
    for file in project.of_role(Role.ONTOLOGY):
        loading.parse_into(data, file)
    shapes = loading.read(project.of_role(Role.SHAPES), "shapes")
    shapes_lint.check(project.of_role(Role.SHAPES), shapes)
    targeted = focus_nodes(data, shapes)
    # The ontology has shapes of its own, so that some node is always looked at when data are
    # taken with it: only those of the data tell whether the data were checked.
    if not targeted & (own_nodes | _named_targets(shapes)):
        raise ProjectFault("no shape has a node of the data to look at: nothing would be checked")
    findings = validate_graphs(
        data, shapes, timeout_s=timeout_s, jobs=jobs, meta=not shapes_lint.known_good(shapes)
    )
    shapes_lint.remember(shapes)
    return Report(
        _located(project, findings),
        len(project.of_role(Role.DATA)),
        len(data),
        len(set(_shapes_with_targets(shapes))),
        len(targeted),
        seconds=0.0,
    )


def _located(project: Project, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    if not findings:
        return ()
    from kg_server import sources

    return sources.locate(project.of_role(Role.DATA, Role.ONTOLOGY), findings)


def validate_graphs(
    data: Graph,
    shapes: Graph,
    *,
    timeout_s: float = TIMEOUT_S,
    jobs: int | None = None,
    meta: bool = False,
) -> tuple[Finding, ...]:
    """Validate a data graph by a shapes graph; findings in order of severity and focus node.

    Args:
        data: the data graph; made by ``loading.graph()``, or it is slow.
        shapes: the shapes graph.
        timeout_s: how long it may take, seconds.
        jobs: how many processes share the work; all cores when ``None``.
        meta: whether to check the shapes by the shapes for shapes first (SHACL Appendix C).

    Raises:
        ProjectFault: the time is over, or the shapes cannot be used.
    """
    import pyshacl  # noqa: F401  # before the children are forked, so that it is imported once

    shares = list(_shares(shapes, jobs or os.cpu_count() or 1))
    work = [partial(_findings, data, share) for share in shares]
    if meta:
        _shapes_for_shapes()
        work.append(partial(_check_shapes, shapes))
    with ThreadPoolExecutor(len(work)) as pool:
        children = [isolation.start(each) for each in work]
        results = pool.map(lambda child: isolation.result(child, timeout_s), children)
        found: set[Finding] = set().union(*results)
    return tuple(sorted(found, key=_rank))


def _rank(finding: Finding) -> tuple[object, ...]:
    """Order findings: the worst first, then by what they are about."""
    weight, each = list(Severity).index(finding.severity), finding
    about = each.focus_node, each.source_shape, each.message, each.component
    return weight, *about, each.path or "", each.value or ""


def focus_nodes(data: Graph, shapes: Graph) -> set[Node]:
    """Return every node that some shape targets (SHACL §2.1.3)."""
    from rdflib import OWL, RDF, RDFS, SH

    found = _named_targets(shapes)
    classes = set(shapes.objects(None, SH.targetClass))
    for shape in shapes.subjects(RDF.type, SH.NodeShape):
        if (shape, RDF.type, RDFS.Class) in shapes or (shape, RDF.type, OWL.Class) in shapes:
            classes.add(shape)
    for each in classes:
        for subclass in data.transitive_subjects(RDFS.subClassOf, each):
            found.update(data.subjects(RDF.type, subclass))
    for predicate in shapes.objects(None, SH.targetSubjectsOf):
        found.update(data.subjects(predicate, None))
    for predicate in shapes.objects(None, SH.targetObjectsOf):
        found.update(data.objects(None, predicate))
    return found


def _named_targets(shapes: Graph) -> set[Node]:
    """Return the nodes that shapes name, which are looked at even where the data lack them."""
    from rdflib import SH

    return set(shapes.objects(None, SH.targetNode))


def _shapes_with_targets(shapes: Graph) -> Iterator[Node]:
    from rdflib import OWL, RDF, RDFS, SH

    for target in (
        SH.targetNode,
        SH.targetClass,
        SH.targetSubjectsOf,
        SH.targetObjectsOf,
        SH.target,
    ):
        yield from shapes.subjects(target, None)
    for kind in (RDFS.Class, OWL.Class):
        for shape in shapes.subjects(RDF.type, kind):
            if (shape, RDF.type, SH.NodeShape) in shapes:
                yield shape


def _targets() -> tuple[Node, ...]:
    from rdflib import SH

    return SH.targetNode, SH.targetClass, SH.targetSubjectsOf, SH.targetObjectsOf, SH.target


def _shares(shapes: Graph, jobs: int) -> Iterator[Graph]:
    """Divide the shapes that have targets among processes, the costly ones first."""
    from rdflib import OWL, RDF, RDFS

    targeted = sorted(
        set(_shapes_with_targets(shapes)), key=lambda shape: (-_cost(shapes, shape), shape)
    )
    count = max(1, min(jobs, len(targeted)))
    loads, homes = [0] * count, {}
    for shape in targeted:
        lightest = loads.index(min(loads))
        loads[lightest] += _cost(shapes, shape)
        homes[shape] = lightest
    for number in range(count):
        share = loading.graph()
        share += shapes
        for shape, home in homes.items():
            if home != number:
                for target in _targets():
                    share.remove((shape, target, None))
                for kind in (RDFS.Class, OWL.Class):
                    share.remove((shape, RDF.type, kind))
        yield share


def _cost(shapes: Graph, shape: Node) -> int:
    """Guess what a shape costs: SPARQL constraints weigh most."""
    from rdflib import SH

    sparql = sum(1 for _ in shapes.objects(shape, SH.sparql))
    return 1 + 8 * sparql + sum(1 for _ in shapes.objects(shape, SH.property))


def _findings(data: Graph, shapes: Graph) -> tuple[Finding, ...]:
    """Run pySHACL; only results at the top count, not what nested shapes add as details."""
    import pyshacl
    from rdflib import SH, Graph

    try:
        _, report, text = pyshacl.validate(
            data, shacl_graph=shapes, inplace=True, do_owl_imports=False, advanced=False
        )
    except Exception as error:
        raise ProjectFault(f"the shapes cannot be used: {_first_line(error)}") from error
    if not isinstance(report, Graph):
        raise ProjectFault(f"the shapes cannot be used: {text}")
    return tuple(_finding(report, result) for result in report.objects(None, SH.result))


def _finding(report: Graph, result: Node) -> Finding:
    from rdflib import SH

    def text(predicate: Any) -> str | None:
        term = report.value(result, predicate)
        return None if term is None else loading.n_triples(term)

    path = report.value(result, SH.resultPath)

    messages = sorted(str(message) for message in report.objects(result, SH.resultMessage))
    severity = str(report.value(result, SH.resultSeverity)).rpartition("#")[2]
    return Finding(
        Severity(severity) if severity in ("Warning", "Info") else Severity.VIOLATION,
        text(SH.focusNode) or "",
        None if path is None else path_text(report, path),
        text(SH.value),
        text(SH.sourceShape) or "",
        text(SH.sourceConstraint),
        text(SH.sourceConstraintComponent) or "",
        " ".join(messages),
    )


def path_text(graph: Graph, path: Node) -> str:
    """Return a property path (SHACL §2.3.1) in Turtle syntax."""
    from rdflib import RDF, BNode

    if not isinstance(path, BNode):
        return path.n3()
    if (path, RDF.first, None) in graph:
        return f"( {' '.join(path_text(graph, each) for each in graph.items(path))} )"
    steps = sorted((str(predicate), value) for predicate, value in graph.predicate_objects(path))
    return f"[ {' ; '.join(f'<{step}> {path_text(graph, value)}' for step, value in steps)} ]"


def _check_shapes(shapes: Graph) -> tuple[Finding, ...]:
    """Validate the shapes by the shapes for shapes, which pySHACL carries."""
    import pyshacl

    conforms, _, text = pyshacl.validate(
        shapes, shacl_graph=_shapes_for_shapes(), inplace=True, inference="rdfs"
    )
    if not conforms:
        raise ProjectFault(f"the shapes are ill-formed: {text}")
    return ()


@cache
def _shapes_for_shapes() -> Graph:
    """Return the shapes for shapes; read once, before a child is forked that can open no file."""
    import pyshacl
    import pyshacl.inference  # which pySHACL imports late, when a child could not
    from rdflib import Graph

    path = Path(pyshacl.__file__).parent / "assets" / "shacl-shacl.pickle"
    store, identifier = pickle.loads(path.read_bytes())  # noqa: S301  # a file of pySHACL
    merged = loading.graph()
    merged += Graph(store, identifier)
    return merged


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
