"""Copy of a small graph in a SPARQL service: it is validated here, as files are.

An engine may take minutes for the queries of some constraints, where a copy of the whole graph
takes seconds. A copy is used only if it has as many triples as the service counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pyoxigraph as ox

from kg_server.errors import Problem, ResultTooLarge
from kg_server.project import ProjectFile, Role
from kg_server.sparql.query import Dataset
from kg_server.validation.endpoint.neighbourhood import groups
from kg_server.validation.paths import Objects
from kg_server.validation.run import Validation

if TYPE_CHECKING:
    from kg_server.validation.endpoint.prefilter import Service
    from kg_server.validation.report import Finding

_ALL = "CONSTRUCT { ?s ?p ?o } { %s ?s ?p ?o }"
_NAMES = "SELECT DISTINCT ?s { ?s ?p ?o FILTER(isIRI(?s)) }"
_BLANK = "FILTER(isBlank(?s))"


class ValidationOfCopy(Validation):
    """Validation without the rules and places, which are of files."""

    def _lint(self) -> type[tuple[Finding, ...]]:
        return tuple

    def _located(self, findings: Sequence[Finding], _objects: Objects) -> Sequence[Finding]:
        return findings


def copied(service: Service, role: Role, graphs: Sequence[str]) -> ProjectFile | None:
    """Return the triples of some graphs as a file; ``None`` if the service does not give them all.

    Args:
        service: the service.
        role: the role of these graphs.
        graphs: their IRIs; empty for the default graph of the service.

    Raises:
        ProjectFault: the service gives no answer.
    """
    dataset = Dataset(tuple(graphs)) if graphs else None
    try:
        triples = _triples(service, dataset)
        if len(triples) != service.count("?s ?p ?o", dataset=dataset):
            return None
    except (Problem, SyntaxError):
        return None
    content = ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES) or b""
    return ProjectFile(
        path=Path(role.value),
        role=role,
        graph_iri=f"urn:x-kg-server:{role.value}",
        syntax="ntriples",
        content=content,
    )


def _triples(service: Service, dataset: Dataset | None) -> set[ox.Triple]:
    """Return all triples; by their subjects, if there are more than the service gives at a time.

    Raises:
        Problem, SyntaxError: the service does not give them, or not as RDF.
        ProjectFault: it gives no answer.
    """
    try:
        return set(service.triples(_ALL % "", dataset))
    except ResultTooLarge:
        names = service.pages(_NAMES, ("s",), dataset)
    triples: set[ox.Triple] = set()
    for group in groups(names):
        triples |= _of_subjects(service, group, dataset)
    blank = set(service.triples(_ALL % _BLANK, dataset))
    again = set(service.triples(_ALL % _BLANK, dataset))
    return triples | blank | again  # too many, if blank nodes have other labels in each answer


def _of_subjects(service: Service, names: Sequence[str], dataset: Dataset | None) -> set[ox.Triple]:
    try:
        return set(service.triples(_ALL % f"VALUES ?s {{ {' '.join(names)} }}", dataset))
    except ResultTooLarge:
        if len(names) == 1:
            raise
        middle = len(names) // 2
        halves = names[:middle], names[middle:]
        return set().union(*(_of_subjects(service, half, dataset) for half in halves))
