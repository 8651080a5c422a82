"""Copy of the graph in a SPARQL service: it is validated here, as files are.

An engine may take minutes for the query of one constraint, where a copy reads each triple once.
A copy is used only if it has as many triples as the service counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pyoxigraph as ox

from kg_server.errors import Problem
from kg_server.project import ProjectFile, Role
from kg_server.sparql.query import Dataset
from kg_server.validation.endpoint.neighbourhood import groups
from kg_server.validation.paths import Objects
from kg_server.validation.run import Tell, Validation

if TYPE_CHECKING:
    from kg_server.validation.endpoint.prefilter import Service
    from kg_server.validation.report import Finding

_LEAST, _MOST = 200_000, 5_000_000
"""Triples of a graph that is always copied, and of the largest that is."""
_TRIPLE_BYTES = 1_500
"""Memory for each triple of a copy, with all processes that validate it."""
_WHOLE = 100_000
"""Most triples that are asked for at one time; Virtuoso 7.2 gives no million."""
_SUBJECTS = 500
"""Subjects whose triples are asked for together."""
_ALL = "CONSTRUCT { ?s ?p ?o } { %s ?s ?p ?o }"
_NAMES = "SELECT DISTINCT ?s { ?s ?p ?o FILTER(isIRI(?s)) }"
_BLANK = "FILTER(isBlank(?s))"


class ValidationOfCopy(Validation):
    """Validation without the rules and places, which are of files."""

    def _lint(self) -> type[tuple[Finding, ...]]:
        return tuple

    def _located(self, findings: Sequence[Finding], _objects: Objects) -> Sequence[Finding]:
        return findings


def most_copied(free_bytes: int) -> int:
    """Return the number of triples of the largest graph to copy: half of the memory holds it.

    >>> most_copied(8 << 30)
    2863311
    """
    return min(max(_LEAST, free_bytes // 2 // _TRIPLE_BYTES), _MOST)


def copied(service: Service, role: Role, graphs: Sequence[str], tell: Tell) -> ProjectFile | None:
    """Return the triples of some graphs as a file; ``None`` if the service does not give them all.

    Args:
        service: the service.
        role: the role of these graphs.
        graphs: their IRIs; empty for the default graph of the service.
        tell: receives the step under way, and the part of it that is done.

    Raises:
        ProjectFault: the service gives no answer.
    """
    dataset = Dataset(tuple(graphs)) if graphs else None
    parts, fetched = [], 0
    try:
        count = service.count("?s ?p ?o", dataset=dataset)
        for triples in _parts(service, dataset, count):
            parts.append(ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES) or b"")
            fetched += len(triples)
            tell(f"Fetching {count:,} triples", min(fetched / max(count, 1), 1))
    except (Problem, SyntaxError):
        return None
    if fetched != count:
        return None
    return ProjectFile(
        path=Path(role.value),
        role=role,
        graph_iri=f"urn:x-kg-server:{role.value}",
        syntax="ntriples",
        content=b"".join(parts),
    )


def _parts(service: Service, dataset: Dataset | None, count: int) -> Iterator[set[ox.Triple]]:
    """Yield all triples; by their subjects, if the service does not give them at one time.

    Raises:
        Problem, SyntaxError: the service does not give them, or not as RDF.
        ProjectFault: it gives no answer.
    """
    if count <= _WHOLE:
        with suppress(Problem):
            yield set(service.triples(_ALL % "", dataset))
            return
    names = service.pages(_NAMES, ("s",), dataset)
    for group in groups(names, _SUBJECTS):
        yield _of_subjects(service, group, dataset)
    blank = set(service.triples(_ALL % _BLANK, dataset))
    again = set(service.triples(_ALL % _BLANK, dataset))
    yield blank | again  # too many, if blank nodes have other labels in each answer


def _of_subjects(service: Service, names: Sequence[str], dataset: Dataset | None) -> set[ox.Triple]:
    try:
        return set(service.triples(_ALL % f"VALUES ?s {{ {' '.join(names)} }}", dataset))
    except Problem:
        if len(names) == 1:
            raise
        middle = len(names) // 2
        halves = names[:middle], names[middle:]
        return set().union(*(_of_subjects(service, half, dataset) for half in halves))
