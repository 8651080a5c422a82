"""Literals that a SPARQL service takes for one: of those beside each other, it keeps one.

RDF tells literals apart by lexical form, datatype and language tag (RDF 1.1 Concepts §3.3). Engines
that store values do not: for Virtuoso 7.2, 1958 and 1958-01-01 are one. No table of engines says
which these are. The literals with the same subject and predicate are written into a graph for
trials, and the service counts what it keeps.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

import pyoxigraph as ox

Trial = Callable[[Iterable[Iterable[bytes]]], list[int]]
"""Takes sets of literals (N-Triples); returns how many of each set a service keeps."""


@dataclass(frozen=True, slots=True)
class Merged:
    """A literal that a service does not keep beside another one; the terms are N-Triples.

    ``subject_and_predicate`` are those of both literals.
    """

    graph_iri: str
    subject_and_predicate: str
    literal: str
    kept: str


def once(ntriples: bytes) -> bytes:
    """Return triples without those whose literal the embedded store takes for an earlier one."""
    groups = [_lines(*each) for each in _beside(ntriples).items()]
    lines = [line for group in groups for line in group]
    everything = ox.Store()
    everything.load(b"\n".join(lines), format=ox.RdfFormat.N_TRIPLES)
    if len(everything) == len(lines):
        return ntriples
    dropped = set()
    for group in groups:
        store = ox.Store()
        for line in group:
            before = len(store)
            store.load(line, format=ox.RdfFormat.N_TRIPLES)
            if len(store) == before:
                dropped.add(line)
    return without(ntriples, dropped)


def without(lines: bytes, dropped: Collection[bytes]) -> bytes:
    """Return lines of N-Triples or N-Quads without some of them."""
    kept = lines.splitlines(keepends=True)
    return b"".join(line for line in kept if line.rstrip(b"\n") not in dropped)


def merged(graphs: Mapping[str, bytes], trial: Trial) -> list[Merged]:
    """Return the literals that a service would not keep; of those it takes for one, the longest is.

    Args:
        graphs: IRIs of graphs, and their N-Triples, each triple ``once``.
        trial: asks the service.
    """
    groups = [
        (name, key, sorted(literals, key=lambda each: (-len(each.partition(b"^^")[0]), each)))
        for name, ntriples in graphs.items()
        for key, literals in _beside(ntriples).items()
    ]
    kept = trial(literals for _, _, literals in groups)
    fewer = [each for each, count in zip(groups, kept, strict=True) if count < len(each[2])]
    pairs = [pair for _, _, literals in fewer for pair in combinations(literals, 2)]
    counts = dict(zip(pairs, trial(pairs), strict=True))
    dropped = []
    for name, key, literals in fewer:
        lost: set[bytes] = set()
        for longer, shorter in combinations(literals, 2):
            if counts[longer, shorter] < 2 and not {longer, shorter} & lost:
                lost.add(shorter)
                dropped.append(
                    Merged(
                        graph_iri=name,
                        subject_and_predicate=key.decode(),
                        literal=shorter.decode(),
                        kept=longer.decode(),
                    )
                )
    return dropped


def _beside(ntriples: bytes) -> dict[bytes, list[bytes]]:
    """Return literals that are no strings, where a subject and predicate has several of them."""
    groups: dict[bytes, dict[bytes, None]] = {}
    for line in ntriples.splitlines():
        if line.endswith(b"> .") and b'"^^<' in line:
            subject, predicate, literal = line[:-2].split(b" ", 2)
            if literal.startswith(b'"'):
                groups.setdefault(subject + b" " + predicate, {})[literal] = None
    return {key: list(literals) for key, literals in groups.items() if len(literals) > 1}


def _lines(key: bytes, literals: Iterable[bytes]) -> list[bytes]:
    return [b"%s %s ." % (key, literal) for literal in literals]
