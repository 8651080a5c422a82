"""Run a SHACL test suite: our validation beside pySHACL by itself.

    python benchmarks/shacl_suite.py data-shapes/data-shapes-test-suite/tests/manifest.ttl

The suite is that of the W3C (github.com/w3c/data-shapes). Of each case the verdict and every result
count: focus node, path, value, constraint component and severity; a case that expects a failure
wants one. The exit code is 1 when ours passes fewer cases than pySHACL, or other ones.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

if __name__ == "__main__":  # else "import http" of a library would find http.py beside this file
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from rdflib import RDF, SH, Graph, Namespace, URIRef

from kg_server.errors import ProjectFault
from kg_server.project import SYNTAXES, ProjectFile, Role
from kg_server.rdf import terms
from kg_server.validation import graphs, paths, pyshacl_engine
from kg_server.validation.corrections import shapes_graph
from kg_server.validation.prefilter import data as reading
from kg_server.validation.prefilter import view
from kg_server.validation.prefilter.select import Prefilter
from kg_server.validation.report import ILL_FORMED, Finding

MF = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
SHT = Namespace("http://www.w3.org/ns/shacl-test#")

Result = tuple[str, str | None, str | None, str, str]
"""Focus node, path, value, constraint component and severity; blank nodes have no name."""


@dataclass(frozen=True, slots=True)
class Case:
    """One case: its category and name, the files, and the results, ``None`` for a failure."""

    category: str
    name: str
    data: Path
    shapes: Path
    expected: Counter[Result] | None


def main() -> int:
    """Run the suite and print the table."""
    reader = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    reader.add_argument("manifest", type=Path)
    arguments = reader.parse_args()
    if not arguments.manifest.is_file():
        reader.error(f"there is no file {arguments.manifest}")
    logging.disable(logging.CRITICAL)  # pySHACL logs what it raises
    pyshacl_engine.prepare()
    counts: dict[str, Counter[str]] = {}
    different = []
    for case in cases(arguments.manifest.resolve()):
        ours, theirs = passes(case, with_prefilter), passes(case, by_itself)
        count = counts.setdefault(case.category, Counter())
        count.update({"cases": 1, "ours": int(ours), "theirs": int(theirs)})
        if not (ours and theirs):
            different.append((case, ours, theirs))
    print(table(counts))
    for case, ours, theirs in different:
        passed = {True: "passes", False: "fails"}
        print(f"{case.category}/{case.name}: ours {passed[ours]}, pySHACL {passed[theirs]}")
    return 1 if any(theirs and not ours for _, ours, theirs in different) else 0


def table(counts: dict[str, Counter[str]]) -> str:
    """Return a Markdown table of how many cases pass by category."""
    rows = [
        f"| {name} | {count['cases']} | {count['ours']} | {count['theirs']} |"
        for name, count in counts.items()
    ]
    total: Counter[str] = sum(counts.values(), Counter())
    rows.append(f"| all | {total['cases']} | {total['ours']} | {total['theirs']} |")
    head = "| category | cases | kg-server | pySHACL alone |\n| --- | ---: | ---: | ---: |\n"
    return head + "\n".join(rows) + "\n"


def cases(manifest: Path) -> Iterator[Case]:
    """Yield the cases of a manifest and of those that it includes."""
    graph = parse(manifest)
    here = URIRef(manifest.as_uri())
    for included in sorted(graph.objects(None, MF.include)):
        yield from cases(_path(included))
    for head in graph.objects(here, MF.entries):
        for entry in graph.items(head):
            if (entry, RDF.type, SHT.Validate) in graph:
                yield _case(manifest, graph, entry)


def _case(manifest: Path, graph: Graph, entry: Any) -> Case:
    action = graph.value(entry, MF.action)
    data, shapes = (_path(graph.value(action, each)) for each in (SHT.dataGraph, SHT.shapesGraph))
    result = graph.value(entry, MF.result)
    category = "/".join(manifest.parent.parts[-2:])
    name = str(entry).rpartition("/")[2]
    if result == SHT.Failure:
        return Case(category, name, data, shapes, None)
    expected = Counter(_expected(graph, each) for each in graph.objects(result, SH.result))
    return Case(category, name, data, shapes, expected)


def _expected(graph: Graph, result: Any) -> Result:
    def text(predicate: Any) -> str | None:
        term = graph.value(result, predicate)
        return None if term is None else _name(terms.n_triples(term))

    path = graph.value(result, SH.resultPath)
    severity = str(graph.value(result, SH.resultSeverity)).rpartition("#")[2]
    return (
        text(SH.focusNode) or "",
        None if path is None else _name(paths.written(graph, path)),
        text(SH.value),
        text(SH.sourceConstraintComponent) or "",
        severity,
    )


def passes(case: Case, run: Callable[[ProjectFile, Graph], tuple[Finding, ...]]) -> bool:
    """Tell whether a case comes out as expected."""
    try:
        found = run(file(case.data, Role.DATA), parse(case.shapes))
    except ProjectFault:
        return case.expected is None
    if any(each.component == ILL_FORMED for each in found):
        return case.expected is None
    return case.expected == Counter(
        (
            _name(each.focus_node),
            each.path and _name(each.path),
            each.value and _name(each.value),
            each.component,
            (each.own_severity or each.severity.value).strip("<>").rpartition("#")[2]
            or each.severity.value,
        )
        for each in found
    )


def by_itself(data: ProjectFile, shapes: Graph) -> tuple[Finding, ...]:
    """Judge by pySHACL alone."""
    return pyshacl_engine.findings(graphs.read((data,), "data"), shapes)


def with_prefilter(data: ProjectFile, shapes: Graph) -> tuple[Finding, ...]:
    """Judge as ``kg-server validate`` does, shapes that were never seen before included."""
    facts = reading.read((data,))
    prefilter = Prefilter(facts, shapes, pyshacl_engine.targeted(shapes))
    pyshacl_engine.findings(graphs.graph(), shapes, pyshacl_engine.probes(shapes))
    return pyshacl_engine.findings(view.graph(facts), shapes, prefilter.aims())


def file(path: Path, role: Role) -> ProjectFile:
    """Return a file of the suite, its own address as its base IRI."""
    return ProjectFile(
        path=path,
        role=role,
        graph_iri=path.as_uri(),
        syntax=SYNTAXES[path.suffix],
        content=path.read_bytes(),
    )


def parse(path: Path) -> Graph:
    """Read a file of the suite."""
    return shapes_graph.read((file(path, Role.SHAPES),))


def _path(node: Any) -> Path:
    return Path(unquote(urlsplit(str(node)).path))


def _name(text: str) -> str:
    return "_:" if text.startswith("_:") else text


if __name__ == "__main__":
    sys.exit(main())
