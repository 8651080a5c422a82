"""PySHACL checks the constraints that it is aimed at, on their focus nodes, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pyshacl.constraints import ALL_CONSTRAINT_PARAMETERS
from rdflib import SH, Graph, URIRef

from kg_server.project import Role
from kg_server.validation import aiming, graphs, pyshacl_engine
from kg_server.validation.aiming import Aims
from kg_server.validation.corrections import shapes_graph
from kg_server.validation.prefilter import data as reading
from kg_server.validation.prefilter.patterns import PARAMETERS
from kg_server.validation.prefilter.select import Prefilter

from .conftest import file

SHAPES = """
ex: sh:declare [ sh:prefix "ex" ; sh:namespace "https://e.org/"^^xsd:anyURI ] .
ex:S a sh:NodeShape ; sh:targetClass ex:T ; sh:nodeKind sh:BlankNode ; sh:node ex:N ;
    sh:property ex:P , ex:Q ; sh:sparql ex:One , ex:Other .
ex:N a sh:NodeShape ; sh:targetClass ex:T ; sh:property ex:P ; sh:hasValue ex:v .
ex:P a sh:PropertyShape ; sh:path ex:p ; sh:minCount 1 .
ex:Q a sh:PropertyShape ; sh:path ex:q ; sh:minCount 1 .
ex:One a sh:SPARQLConstraint ; sh:prefixes ex: ; sh:select "SELECT $this { $this a ex:T }" .
ex:Other a sh:SPARQLConstraint ; sh:prefixes ex: ; sh:select "SELECT $this { $this a ex:T }" .
"""
DATA = "ex:a a ex:T . ex:b a ex:T . ex:c a ex:T ."


def e(name: str) -> URIRef:
    return URIRef(f"https://e.org/{name}")


def shapes(text: str = SHAPES) -> Graph:
    return shapes_graph.read((file(Role.SHAPES, text),))


def found(aims: Aims | None) -> set[tuple[str, str, str]]:
    """Return focus node, shape and kind of constraint (or the query) of each finding."""
    data = graphs.read((file(Role.DATA, DATA),), "data")
    return {
        (
            each.focus_node[15:-1],
            each.source_shape[15:-1],
            each.source_constraint[15:-1] if each.source_constraint else each.component[28:-20],
        )
        for each in pyshacl_engine.findings(data, shapes(), aims)
    }


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        ((SH.nodeKind, SH.BlankNode), {("a", "S", "NodeKind")}),
        ((SH.property, e("P")), {("a", "P", "MinCount")}),
        ((SH.sparql, e("One")), {("a", "S", "One")}),
        ((SH.node, e("N")), {("a", "S", "Node")}),
        ((SH.pattern, e("x")), set()),
    ],
)
def test_only_one_constraint_is_checked_on_only_one_node(constraint, expected):
    assert found({e("S"): {constraint: {e("a")}}}) == expected


def test_each_constraint_has_nodes_of_its_own():
    aim = {
        (SH.property, e("P")): {e("a")},
        (SH.property, e("Q")): {e("b")},
        (SH.sparql, e("One")): {e("b")},
        (SH.sparql, e("Other")): {e("c")},
    }

    assert found({e("S"): aim}) == {
        *(("a", "P", "MinCount"), ("b", "Q", "MinCount"), ("b", "S", "One"), ("c", "S", "Other")),
    }


def test_what_a_shape_is_aimed_at_does_not_hold_where_it_is_nested():
    aims = {
        e("S"): {(SH.node, e("N")): {e("a")}},
        e("N"): {(SH.property, e("P")): {e("b")}},
    }

    assert found(aims) == {("a", "S", "Node"), ("b", "P", "MinCount")}


def test_all_constraints_or_all_targets_can_be_aimed_at():
    everything = found(None)

    some = found({e("S"): {None: {e("a")}}, e("N"): None})

    assert some == {each for each in everything if each[0] == "a" or each[1] in ("N", "P")}
    assert len(some) < len(everything)


def test_pyshacl_is_itself_again_afterwards():
    before = found(None)

    found({})

    assert found(None) == before


def test_shapes_are_as_they_were():
    by = shapes()
    before = set(by)

    pyshacl_engine.findings(graphs.graph(), by, pyshacl_engine.probes(by))

    assert set(by) == before


def test_shares_are_alike_and_together_all():
    nodes = frozenset(e(str(number)) for number in range(100))
    some = frozenset((e("a"), e("b"), e("c")))
    one, other = (SH.sparql, e("One")), (SH.sparql, e("Other"))
    aims: Aims = {e("S"): {one: nodes, other: nodes}, e("N"): {one: some}, e("M"): None}

    shares = aiming.shares(aims, 3)

    assert {aiming.count(each) for each in shares} == {34, 35}
    for shape, aim in aims.items():
        parts = [each[shape] for each in shares if shape in each]
        if aim is None:
            assert parts == [None]
        else:
            listed = [(each, node) for part in parts for each in part or () for node in part[each]]
            assert sorted(listed) == sorted((each, node) for each in aim for node in aim[each])


def test_a_constraint_that_no_query_can_say_leaves_the_others_to_the_prefilter(judged_both_ways):
    text = f"{SHAPES} ex:Q sh:pattern '^\\\\w' . ex:S sh:sparql ex:Hard . ex:Hard sh:select "
    text += "'SELECT $this { { $this <https://e.org/p> 1 } UNION { $this <https://e.org/q> 2 } }' ."
    by = shapes(text)
    data = f"{DATA} ex:a ex:p 1 ; ex:q 1 . ex:b ex:p 1 . ex:c ex:q 1 ."

    aims = Prefilter(reading.read((file(Role.DATA, data),)), by, pyshacl_engine.targeted(by)).aims()

    aim, everything = aims[e("S")], {e("a"), e("b"), e("c")}
    assert aim is not None
    assert aim[SH.property, e("P")] == {e("c")}
    assert aim[SH.property, e("Q")] == aim[SH.sparql, e("Hard")] == everything
    prefiltered, alone = judged_both_ways([data], text)
    assert {replace(each, details=()) for each in prefiltered} == {
        replace(each, details=()) for each in alone
    }


def test_each_parameter_of_pyshacl_is_prefiltered_or_belongs_to_one_that_is():
    with_others = {
        *(SH.qualifiedMinCount, SH.qualifiedMaxCount, SH.qualifiedValueShapesDisjoint),
        SH.ignoredProperties,
    }

    assert {str(each) for each in {*ALL_CONSTRAINT_PARAMETERS} - with_others} == PARAMETERS
