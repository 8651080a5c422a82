"""Rules of a project: CONSTRUCT queries that derive triples, run until nothing new comes.

They run in the order of their names over data, ontology and what they have derived, in a child
process that can open nothing and ends at a deadline. What a rule derives first becomes a file of
its own in N-Triples, to be loaded into the named graph ``graph/derived/<rule>``.
"""

from __future__ import annotations

import mmap
import re
import signal
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, NoReturn

import pyoxigraph as ox

from kg_server import processes
from kg_server.errors import ProjectFault, UpdateRefused
from kg_server.project.files import FACTS, Project, ProjectFile, QueryFile, Role
from kg_server.project.parsing import check_query, parsed
from kg_server.sparql import keywords

ROUNDS = 1000
"""Rounds after which a rule that still derives something new is refused as endless."""
DEADLINE_S = 60.0
"""Time limit of all rules of a project, seconds."""
MOST_TRIPLES = 5_000_000
"""Most triples that the rules of a project may derive."""
_MEMORY_BYTES = 2 << 30
"""Memory limit of the rules, bytes, beyond the graph that they start from."""
_PER_BYTE = 16
"""Most bytes of memory that a store needs for a byte of a file."""

_ONE_GRAPH = frozenset(("turtle", "ntriples", "rdfxml"))
"""Syntaxes whose triples have no graph."""
_BEYOND_THE_GRAPH = frozenset(("GRAPH", "FROM", "SERVICE"))
_LATE = "late"


def with_derived(project: Project) -> Project:
    """Return the project with a file for each rule that derived something.

    Raises:
        ProjectFault: a rule is not well-formed or no CONSTRUCT, has no end or makes blank nodes,
            or a file is not well-formed. The fault has file and line.
    """
    if not project.derive:
        return project
    for number, rule in enumerate(project.derive):
        _check(rule, project.derive[:number])
    running = mmap.mmap(-1, 4)  # shared with the child: which rule runs
    work = partial(_derive, project, running, processes.address_space())
    child = processes.start(work)
    try:
        derived = processes.result(child, time.monotonic() + DEADLINE_S, _LATE)
    except ProjectFault as fault:
        if str(fault) != _LATE:
            raise
        rule = project.derive[int.from_bytes(running[:], "big")]
        _refuse(rule, f"was still running when the rules had taken {DEADLINE_S:g} seconds", fault)
    finally:
        child.end()
    return replace(project, files=(*project.files, *_files(project, derived)))


def _files(project: Project, derived: Mapping[str, bytes]) -> list[ProjectFile]:
    return [
        ProjectFile(
            path=rule.path,
            role=Role.DERIVED,
            graph_iri=f"{project.base_iri}graph/derived/{rule.path.stem}",
            syntax="ntriples",
            content=derived[rule.path.stem],
        )
        for rule in project.derive
        if derived.get(rule.path.stem)
    ]


def _check(rule: QueryFile, others: tuple[QueryFile, ...]) -> None:
    """Refuse what is no rule, before it runs."""
    if any(rule.path.stem == other.path.stem for other in others):
        _refuse(rule, f"another rule is called {rule.path.stem!r} already")
    try:
        form = keywords.form_of(rule.text)
    except UpdateRefused:
        form = None
    if form is not keywords.Form.CONSTRUCT:
        _refuse(rule, "a rule is a CONSTRUCT query")
    if keywords.uses(rule.text, _BEYOND_THE_GRAPH):
        _refuse(rule, "a rule sees the default graph only: no GRAPH, FROM or SERVICE")
    if keywords.is_volatile(rule.text):
        message = "a rule derives the same triples each time: no RAND, NOW, UUID, STRUUID or BNODE"
        _refuse(rule, message)


def _refuse(rule: QueryFile, message: str, cause: Exception | None = None) -> NoReturn:
    """Raise a fault at the line where the query begins."""
    lines = rule.text.split("\n")
    starts = (n for n, line in enumerate(lines, 1) if re.match(r"(?i)\s*CONSTRUCT\b", line))
    raise ProjectFault(message, path=rule.path, line=next(starts, 1)) from cause


def _derive(project: Project, running: mmap.mmap, space: int) -> dict[str, bytes]:
    """Return what each rule derives, in N-Triples, sorted."""
    signal.alarm(int(DEADLINE_S) + 5)  # the parent may be gone by then
    for rule in project.derive:
        check_query(rule.text, rule.path, project.profile.prefixes)
    own = sum(len(file.content) for file in project.files) * _PER_BYTE + _MEMORY_BYTES
    processes.limit_address_space(space + own)
    store = _loaded(project)
    derived: dict[str, list[ox.Triple]] = {rule.path.stem: [] for rule in project.derive}
    for _ in range(ROUNDS):
        before = len(store)
        for number, rule in enumerate(project.derive):
            running[:] = number.to_bytes(4, "big")
            new = _new(rule, store, project.base_iri)
            store.extend(ox.Quad(*triple) for triple in new)
            derived[rule.path.stem] += new
            if sum(map(len, derived.values())) > MOST_TRIPLES:
                _refuse(rule, f"the rules derive more than {MOST_TRIPLES:,} triples")
        if len(store) == before:
            return {name: _ntriples(triples) for name, triples in derived.items()}
    last = next(rule for rule in project.derive if _new(rule, store, project.base_iri))
    example = next(iter(_new(last, store, project.base_iri)))
    _refuse(last, f"has no end: round {ROUNDS} still derives new triples, such as {example}")


def _loaded(project: Project) -> ox.Store:
    """Return data and ontology in the default graph of a store, in which no triple is twice."""
    store = ox.Store()
    for file in project.of_role(*FACTS):
        quads = parsed(file)
        if file.syntax not in _ONE_GRAPH:
            quads = (ox.Quad(*quad.triple) for quad in quads)
        store.bulk_extend(quads)
    return store


def _new(rule: QueryFile, store: ox.Store, base_iri: str) -> list[ox.Triple]:
    """Return the triples that a rule derives and that the store does not have."""
    try:
        result: Any = store.query(rule.text, base_iri=base_iri)
        derived: dict[ox.Triple, None] = {}
        for triple in result:
            if ox.Quad(*triple) in store:
                continue
            if isinstance(triple.subject, ox.BlankNode) or isinstance(triple.object, ox.BlankNode):
                message = (
                    f"derives a triple with a blank node, {triple}. Each round would make new "
                    "ones, without end. Leave them out with FILTER(!isBlank(?x)), or make an IRI "
                    "with IRI(CONCAT(…))"
                )
                _refuse(rule, message)
            derived[triple] = None
            if len(derived) > MOST_TRIPLES:
                _refuse(rule, f"the rules derive more than {MOST_TRIPLES:,} triples")
    except (OSError, RuntimeError, ValueError) as error:
        _refuse(rule, f"cannot be evaluated: {error}", error)
    return list(derived)


def _ntriples(triples: list[ox.Triple]) -> bytes:
    return "".join(sorted(f"{triple} .\n" for triple in triples)).encode()
