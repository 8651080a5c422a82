"""Changing any fact of the source of record in the shipped graph makes validation fail.

The whole graph is validated each time: pySHACL's choice of focus nodes also filters the nodes that
nested shapes see, so that a partial run could pass wrongly. The shapes are a choice, what spans
claims, evidence and denials: fewer shapes find less, never more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest
from pyshacl import validate
from rdflib import OWL, RDF, SH, Graph, Literal, URIRef
from rdflib.term import Node

from kg_server.validation import graphs

ROOT = Path(__file__).resolve().parents[1]
DIP = "https://diplomacy.example/ns/diplomacy#"
ID = "https://diplomacy.example/id/"
LAYERS = ("claim", "dates", "denial", "evidence", "prefixes")
NUMBERS = [f"F{number}" for number in range(1, 45)]
CANADA, AZERBAIJAN = URIRef(f"{ID}state/CAN"), URIRef(f"{ID}state/AZE")
DENIED = "F5"

Triple = tuple[Node, Node, Node]


@cache
def shipped() -> Graph:
    graph = graphs.graph()
    for path in (ROOT / "data" / "relations.ttl", *sorted((ROOT / "ontology").glob("*.ttl"))):
        graph.parse(path)
    return graph


@cache
def shapes() -> Graph:
    graph = Graph()
    for layer in LAYERS:
        graph.parse(ROOT / "ontology" / "shapes" / f"{layer}.ttl")
    graph.remove((None, SH.property, None))
    return graph


def claim(number: str) -> URIRef:
    return URIRef(f"{ID}claim/{number}")


def claimed(number: str) -> Triple:
    """Return the statement that a claim makes."""
    graph, node = shipped(), claim(number)
    subject, predicate, value = (
        graph.value(node, part) for part in (RDF.subject, RDF.predicate, RDF.object)
    )
    assert subject is not None
    assert predicate is not None
    assert value is not None
    return subject, predicate, value


@contextmanager
def changed(*, without: Iterable[Triple] = (), having: Iterable[Triple] = ()) -> Iterator[Graph]:
    """Lend the shipped graph with triples taken away and others put in."""
    graph = shipped()
    taken = [triple for triple in without if triple in graph]
    put = [triple for triple in having if triple not in graph]
    for triple in taken:
        graph.remove(triple)
    for triple in put:
        graph.add(triple)
    try:
        yield graph
    finally:
        for triple in put:
            graph.remove(triple)
        for triple in taken:
            graph.add(triple)


def violations(graph: Graph) -> list[str]:
    """Return focus node and messages of every violation, a line each."""
    _, report, _ = validate(graph, shacl_graph=shapes(), inplace=True)
    assert isinstance(report, Graph)
    return [
        " ".join(map(str, (report.value(each, SH.focusNode), *report[each : SH.resultMessage])))
        for each in report.subjects(SH.resultSeverity, SH.Violation)
    ]


def wrong_type(value: Node) -> Node:
    """Return a term of another kind than this one."""
    return CANADA if isinstance(value, Literal) else Literal(str(value))


def test_the_shipped_graph_is_not_violated_to_begin_with() -> None:
    assert violations(shipped()) == []


@pytest.mark.parametrize("number", NUMBERS)
def test_dropping_a_claim_is_found_and_named(number: str) -> None:
    subject, _, _ = claimed(number)
    own = list(shipped().triples((claim(number), None, None)))

    with changed(without=own) as graph:
        found = violations(graph)

    names = (str(subject), str(claim(number)), f"Claim {number} is missing")
    assert any(name in line for line in found for name in names), found


@pytest.mark.parametrize("number", [each for each in NUMBERS if each != DENIED])
def test_a_fact_of_a_wrong_type_is_found_and_named(number: str) -> None:
    subject, predicate, value = claimed(number)
    wrong = (subject, predicate, wrong_type(value))

    with changed(without=[(subject, predicate, value)], having=[wrong]) as graph:
        found = violations(graph)

    assert any(str(subject) in line and str(predicate) in line for line in found), found


def test_a_denial_of_a_wrong_type_is_found_and_named() -> None:
    _, _, target = claimed(DENIED)
    denial = shipped().value(None, OWL.targetIndividual, target)
    assert denial is not None
    right = (denial, OWL.targetIndividual, target)
    wrong = (denial, OWL.targetIndividual, wrong_type(target))

    with changed(without=[right], having=[wrong]) as graph:
        found = violations(graph)

    assert any(str(claim(DENIED)) in line for line in found), found


def test_asserting_what_is_denied_is_found_and_named() -> None:
    with changed(having=[claimed(DENIED)]) as graph:
        found = violations(graph)

    line = f"{CANADA} {DIP}hasEmbassyIn {AZERBAIJAN} is asserted and denied at once"
    assert any(line in each for each in found), found


def test_an_embassy_seated_where_one_is_denied_is_found_and_named() -> None:
    mission, seat = URIRef(f"{ID}mission/CAN-AZE-embassy"), URIRef(f"{ID}place/baku")
    embassy = [
        (mission, URIRef(f"{DIP}sendingState"), CANADA),
        (mission, URIRef(f"{DIP}missionKind"), URIRef("https://diplomacy.example/def/Embassy")),
        (mission, URIRef(f"{DIP}seat"), seat),
        (seat, URIRef(f"{DIP}inState"), AZERBAIJAN),
    ]

    with changed(having=embassy) as graph:
        found = violations(graph)

    assert any("It is denied" in each and str(mission) in each for each in found), found
