"""One odd shape among others: a finding at its place, while all others are run."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg_server import project as projects
from kg_server import validation
from kg_server.project import Role

PREFIXES = """@prefix ex: <https://e.org/> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
"""
SOUND = """ex:Sound a sh:NodeShape ; sh:targetClass ex:T ; sh:property ex:Sound-q .
ex:Sound-q a sh:PropertyShape ; sh:path ex:q ; sh:minCount 1 .
"""
ODD = [
    "sh:property [ sh:minCount 1 ]",
    "sh:property [ sh:path ex:p , ex:q ; sh:minCount 1 ]",
    "sh:property [ sh:path [ sh:inversepath ex:p ] ; sh:minCount 1 ]",
    "sh:property [ sh:path ex:p ; sh:maxCuont 1 ]",
    'sh:property [ sh:path ex:p ; sh:minCount "one" ]',
    'sh:property [ sh:path ex:p ; sh:pattern "[a" ]',
    "sh:property ex:Nowhere",
    "sh:node ex:Node",
    "sh:minCount 1",
    "sh:or ()",
    "sh:and 'x'",
    "sh:nodeKind sh:Iri",
    'sh:sparql [ sh:select "SELEC $this" ]',
    'sh:sparql [ sh:select "SELECT $this { $this no:prefix ?x }" ]',
    'sh:sparql [ sh:select "SELECT ?x { ?x ?y ?z }" ]',
    'sh:sparql [ sh:select "SELECT (1 AS $this) { ?x ?y ?z }" ]',
    'sh:sparql [ sh:select "SELECT $this { $this a ?t FILTER(<urn:f>(?t)) }" ]',
    "sh:sparql []",
    "ex:p 1 . ex:C a sh:ConstraintComponent ; sh:parameter [ sh:path ex:p ]",
    "sh:property [ sh:path ex:p ; sh:lessThan 5 ]",
    "ex:o 1 . ex:D a sh:ConstraintComponent ; sh:parameter [ sh:path ex:o ] ;"
    ' sh:validator [ sh:ask "ASK { FILTER(no:f($value)) }" ]',
    "sh:ignoredProperties ex:p",
]
"""What a shape has that pySHACL gives up at, or leaves out without a word."""


@pytest.fixture
def validated(tmp_path, monkeypatch):
    """Return a function that validates two nodes by shapes, the second of which is sound."""
    monkeypatch.chdir(tmp_path)
    Path("data.ttl").write_text(PREFIXES + "ex:a a ex:T ; ex:p 1 . ex:b a ex:T ; ex:q 1 .")

    def run(shapes):
        Path("shapes.ttl").write_text(PREFIXES + shapes)
        chosen = {Role.DATA: [Path("data.ttl")], Role.SHAPES: [Path("shapes.ttl")]}
        project = projects.load(chosen=chosen)
        return validation.validate(project, jobs=1, use_cache=False).findings

    return run


def test_every_odd_shape_is_found_and_none_stops_the_others(validated):
    shapes = [
        f"ex:S{number} a sh:NodeShape ; sh:targetClass ex:T ; {odd} .\n"
        for number, odd in enumerate(ODD)
    ]
    first = (PREFIXES + SOUND).count("\n") + 1

    found = validated("".join((SOUND, *shapes)))

    odd = {each.place.line - first for each in found if each.kind.endswith("ill-formed-shape")}
    sound = [each.focus_node for each in found if each.source_shape.endswith("Sound-q>")]
    assert set(range(len(ODD))) - odd == set()
    assert sound == ["<https://e.org/a>"]


@pytest.mark.parametrize(
    "odd", ['sh:sparql [ sh:select "SELECT (1 AS $this) {}" ]', "sh:node ex:S"]
)
def test_a_shape_that_fails_at_every_node_is_one_finding(validated, odd):
    found = validated(f"{SOUND} ex:S a sh:NodeShape ; sh:targetClass ex:T ; {odd} .")

    assert [each.focus_node for each in found if "Sound" not in each.source_shape] == [
        "<https://e.org/S>"
    ]


@pytest.mark.parametrize(
    "alone",
    [
        "sh:qualifiedValueShape [ sh:class ex:T ]",
        "sh:qualifiedMinCount 1",
        "sh:qualifiedValueShapesDisjoint true",
        'sh:flags "i"',
        "sh:ignoredProperties ( ex:p )",
    ],
)
def test_a_part_of_a_constraint_alone_is_no_constraint(validated, alone):
    found = validated(
        f"{SOUND} ex:S a sh:NodeShape ; sh:targetClass ex:T ; "
        f"sh:property [ sh:path ex:p ; {alone} ] ."
    )

    assert [each.focus_node for each in found] == ["<https://e.org/a>"]


@pytest.mark.parametrize("odd", ["sh:target 5", "sh:rule 5", "sh:js 5", "sh:expression 5"])
def test_a_literal_where_a_node_belongs_stops_nothing(validated, odd):
    found = validated(f"{SOUND} ex:Sound {odd} .")

    assert [each.severity.value for each in found] == ["Violation", "Warning"]


@pytest.mark.parametrize(
    ("combined", "causes"),
    [
        ("sh:node ex:Named", 1),
        ("sh:and ( ex:Named [ sh:nodeKind sh:IRI ] )", 1),
        ("sh:or ( ex:Named [ sh:class ex:U ] )", 2),
        ("sh:xone ( ex:Named [ sh:class ex:U ] )", 2),
        ("sh:xone ( [ sh:nodeKind sh:IRI ] [ sh:nodeKind sh:BlankNodeOrIRI ] ex:Named )", 0),
        ("sh:and ( [ sh:node ex:Named ] )", 1),
    ],
)
def test_what_nested_shapes_found_is_the_cause(validated, combined, causes):
    named = "ex:Named a sh:NodeShape ; sh:property [ sh:path ex:name ; sh:minCount 1 ] ."

    found = validated(f"{named} ex:S a sh:NodeShape ; sh:targetNode ex:a ; {combined} .")

    assert [len(each.details) for each in found] == [causes]
    assert all(each.place for finding in found for each in finding.details)
