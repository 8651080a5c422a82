"""Validation within the process of the tests: what `kg-server validate` finds by SHACL, quickly.

The prefilter and pySHACL work as they do for the command, without processes of their own: hundreds
of small changes are validated in the time that the command takes for some.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pyoxigraph as ox
from rdflib import Graph
from rdflib.term import Node

from kg_server import project as projects
from kg_server.project import ProjectFile, Role
from kg_server.sparql import lexer
from kg_server.validation import graphs, pyshacl_engine
from kg_server.validation.prefilter import data as facts
from kg_server.validation.prefilter import queries, view
from kg_server.validation.prefilter.select import Prefilter, Search
from kg_server.validation.report import Finding

ROOT = Path(__file__).resolve().parents[2]
BASE = "https://diplomacy.example/"


@cache
def shipped() -> projects.Project:
    return projects.load([ROOT])


@cache
def shapes_but(*stems: str) -> Graph:
    """Return the shapes of the project without those of some files."""
    files = shipped().of_role(Role.SHAPES)
    return graphs.read([each for each in files if each.path.stem not in stems], "shapes")


@cache
def shapes_of(*stems: str) -> Graph:
    """Return the shapes of some files."""
    files = shipped().of_role(Role.SHAPES)
    return graphs.read([each for each in files if each.path.stem in stems], "shapes")


def data_file(text: str, path: Path = ROOT / "data" / "case.ttl") -> ProjectFile:
    """Return Turtle as a file of data."""
    return ProjectFile(path, Role.DATA, f"{BASE}graph/data/{path.name}", "turtle", text.encode())


def findings(data: Sequence[ProjectFile], shapes: Graph) -> tuple[Finding, ...]:
    """Judge files of data, with the ontology beside them, by shapes."""
    read = facts.read(data)
    if read.altered:
        read = facts.read([*data, *shipped().of_role(Role.ONTOLOGY)])
        return findings_of(Prefilter(read, shapes, pyshacl_engine.targeted(shapes)), read, shapes)
    read.ontology = _ontology()
    read.store.bulk_extend(read.ontology)
    prefilter = Prefilter(read, shapes, pyshacl_engine.targeted(shapes))
    vars(prefilter)["_searches"] = _searches(shapes)  # they depend on the ontology only
    return findings_of(prefilter, read, shapes)


def findings_of(prefilter: Prefilter, read: facts.Facts, shapes: Graph) -> tuple[Finding, ...]:
    """Return what pySHACL finds where the prefilter lets it look."""
    aims = prefilter.aims()
    if not any(aim is None or aim for aim in aims.values()):
        return ()
    return pyshacl_engine.findings(view.graph(read), shapes, aims)


@cache
def _ontology() -> set[ox.Quad]:
    read = facts.read(shipped().of_role(Role.ONTOLOGY))
    assert not read.altered
    return read.ontology


@cache
def _searches(_shapes: Graph) -> dict[Node, tuple[Search, ...]]:
    """Return the searches of some shapes, as far as they are known."""
    return {}


_KINDS = (
    *("accreditation", "activity", "claim", "comparison", "conflict", "event", "mission", "organ"),
    *("place", "post", "programme", "recognition", "relation", "source", "state", "trade"),
    "treaty",
)
PREFIXES = "".join(f"@prefix {kind}: <{BASE}id/{kind}/> .\n" for kind in _KINDS) + (
    f"@prefix dip: <{BASE}ns/diplomacy#> .\n@prefix def: <{BASE}def/> .\n"
    "@prefix dct: <http://purl.org/dc/terms/> .\n"
    "@prefix owl: <http://www.w3.org/2002/07/owl#> .\n"
    "@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .\n"
    "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .\n"
    "@prefix skos: <http://www.w3.org/2004/02/skos/core#> .\n"
    "@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n"
)


class _Remembering(Prefilter):
    """Asks again only what the triples that were changed may answer otherwise.

    The solutions of a query depend on the triples of its patterns. They stay as they are while no
    triple is changed whose predicate the query names, if each pattern names its predicates.
    """

    def __init__(self, read: facts.Facts, shapes: Graph, targeted: Sequence[Node]) -> None:
        super().__init__(read, shapes, targeted)
        self._known: dict[str, list[Any]] = {}

    def edited(self, changed: Iterable[ox.Quad]) -> None:
        """Note which triples are not as they are in the shipped graph."""
        self._changed = {_local(each.predicate.value) for each in changed}
        self._focus = {}

    def _select(self, query: str) -> Any:
        named = _predicates(query)
        if named is None or not named.isdisjoint(self._changed):
            return super()._select(query)
        if query not in self._known:
            self._known[query] = list(super()._select(query))
        return iter(self._known[query])


@cache
def _predicates(query: str) -> frozenset[str] | None:
    """Return at least the local names of the predicates of a query; ``None`` if it may take any."""
    if queries.takes_any_predicate(query):
        return None
    tokens = lexer.significant(query)
    return frozenset(
        "type" if each.text == "a" else _local(each.text.strip("<>"))
        for each in tokens
        if each.kind in ("iri", "name", "word")
    )


def _local(name: str) -> str:
    return re.split("[#/:]", name)[-1]


@cache
def _graph() -> facts.Facts:
    return facts.read(shipped().of_role(Role.DATA, Role.DERIVED, Role.ONTOLOGY))


@cache
def _suspects_of(shapes: Graph) -> _Remembering:
    return _Remembering(_graph(), shapes, pyshacl_engine.targeted(shapes))


def quads(turtle: str) -> set[ox.Quad]:
    """Read triples written with the prefixes of the data."""
    return set(ox.parse((PREFIXES + turtle).encode(), ox.RdfFormat.TURTLE))


def after(minus: str, plus: str, shapes: Graph, *, anew: bool = False) -> tuple[Finding, ...]:
    """Judge the shipped graph without some triples of it and with others.

    Args:
        minus: the triples to take away, in Turtle; each is in the graph.
        plus: the triples to put in.
        shapes: the shapes.
        anew: whether everything is asked, also what the triples cannot have changed.
    """
    store = _graph().store
    taken, put = quads(minus), quads(plus)
    assert all(each in store for each in taken), [each for each in taken if each not in store]
    new = {each for each in put if each not in store}
    for each in taken:
        store.remove(each)
    store.extend(new)
    try:
        if anew:
            prefilter = Prefilter(_graph(), shapes, pyshacl_engine.targeted(shapes))
            return findings_of(prefilter, _graph(), shapes)
        remembering = _suspects_of(shapes)
        remembering.edited(taken | new)
        return findings_of(remembering, _graph(), shapes)
    finally:
        for each in new:
            store.remove(each)
        store.extend(taken)


def triples_of(iri: str) -> list[ox.Quad]:
    """Return the triples of the shipped graph with a subject."""
    return list(_graph().store.quads_for_pattern(ox.NamedNode(iri), None, None))


def text_of(quad: ox.Quad, language: str) -> str:
    """Return the one text that the shipped graph has with a subject and predicate in a language."""
    quads = _graph().store.quads_for_pattern(quad.subject, quad.predicate, None)
    (text,) = (q.object.value for q in quads if getattr(q.object, "language", "") == language)
    return str(text)
