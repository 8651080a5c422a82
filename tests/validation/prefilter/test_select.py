"""The prefilter holds back what is all right, and lets through what is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from rdflib import Literal, URIRef

from kg_server.project import ProjectFile, Role
from kg_server.validation import graphs, pyshacl_engine
from kg_server.validation.corrections import shapes_graph
from kg_server.validation.prefilter import data as reading
from kg_server.validation.prefilter import queries, view
from kg_server.validation.prefilter.select import Prefilter, Search

PREFIXES = """@prefix ex: <https://e.org/> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
SELECT = "SELECT $this ?value { $this <https://e.org/p> ?value FILTER (isIRI(?value)) }"


def file(role: Role, text: str) -> ProjectFile:
    path = Path(f"{role.value}.ttl")
    content = (PREFIXES + text).encode()
    return ProjectFile(path, role, f"https://e.org/{role.value}", "turtle", content)


def suspects(data: str, shapes: str) -> set[str] | None:
    """Return the nodes that go to the validator; ``None`` where the prefilter cannot tell."""
    graph = shapes_graph.read((file(Role.SHAPES, shapes),))
    prefilter = Prefilter(
        reading.read((file(Role.DATA, data),)), graph, pyshacl_engine.targeted(graph)
    )
    found = set()
    for task in prefilter.tasks:
        if any(each == Search(each.constraint) for each in prefilter.searches(task.shape)):
            return None
        for nodes in prefilter.suspects(task).values():
            found.update(node.value.removeprefix("https://e.org/") for node in nodes)
    return found


def shape(constraint: str) -> str:
    return (
        f"ex:S a sh:NodeShape ; sh:targetClass ex:T ; sh:property [ sh:path ex:p ; {constraint} ] ."
    )


@pytest.mark.parametrize(
    ("constraint", "good", "bad"),
    [
        ("sh:minCount 1", "ex:p 1", "ex:q 1"),
        ("sh:minCount 2", "ex:p 1 , 2", "ex:p 1"),
        ("sh:maxCount 1", "ex:p 1", "ex:p 1 , 2"),
        ("sh:class ex:V", "ex:p ex:v", "ex:p ex:other"),
        ("sh:class ex:V", "ex:p ex:w", "ex:p 'v'"),
        ("sh:datatype xsd:integer", "ex:p 5", "ex:p 'five'"),
        ("sh:datatype xsd:date", "ex:p '2004-02-28'^^xsd:date", "ex:p '2004-02-30'^^xsd:date"),
        ("sh:datatype xsd:date", "ex:p '2000-02-29'^^xsd:date", "ex:p '1900-02-29'^^xsd:date"),
        ("sh:datatype rdf:langString", "ex:p 'x'@en", "ex:p 'x'"),
        ("sh:nodeKind sh:IRI", "ex:p ex:v", "ex:p 'v'"),
        ("sh:in ( ex:v 'v' )", "ex:p ex:v , 'v'", "ex:p 'v'@en"),
        ("sh:hasValue ex:v", "ex:p ex:v , 1", "ex:p 1"),
        ("sh:pattern '^[a-z]'", "ex:p 'v'", "ex:p 'V'"),
        ("sh:minLength 2", "ex:p 'vv'", "ex:p 'v'"),
        ("sh:maxLength 2", "ex:p 'vv'", "ex:p 'vvv'"),
        ("sh:minInclusive 2", "ex:p 2", "ex:p 1"),
        ("sh:maxExclusive 2", "ex:p 1.5", "ex:p 2"),
        ("sh:languageIn ( 'en' )", "ex:p 'x'@en-CA", "ex:p 'x'@bn"),
        ("sh:uniqueLang true", "ex:p 'x'@en , 'x'@bn", "ex:p 'x'@en , 'y'@en"),
        ("sh:equals ex:q", "ex:p 1 ; ex:q 1", "ex:p 1 ; ex:q 2"),
        ("sh:disjoint ex:q", "ex:p 1 ; ex:q 2", "ex:p 1 ; ex:q 1"),
        ("sh:lessThan ex:q", "ex:p 1 ; ex:q 2", "ex:p 2 ; ex:q 2"),
        ("sh:node [ sh:nodeKind sh:IRI ]", "ex:p ex:v", "ex:p 1"),
        ("sh:property [ sh:path ex:q ; sh:minCount 1 ]", "ex:p ex:v", "ex:p ex:other"),
        ("sh:or ( [ sh:nodeKind sh:IRI ] [ sh:in ( 1 ) ] )", "ex:p ex:v , 1", "ex:p 2"),
        ("sh:and ( [ sh:nodeKind sh:IRI ] [ sh:class ex:V ] )", "ex:p ex:v", "ex:p ex:other"),
        ("sh:xone ( [ sh:nodeKind sh:IRI ] [ sh:class ex:V ] )", "ex:p ex:other", "ex:p ex:v"),
        ("sh:not [ sh:class ex:V ]", "ex:p ex:other", "ex:p ex:v"),
        (
            "sh:qualifiedValueShape [ sh:class ex:V ] ; sh:qualifiedMinCount 1",
            "ex:p ex:v , 1",
            "ex:p 1",
        ),
        (
            "sh:qualifiedValueShape [ sh:class ex:V ] ; sh:qualifiedMaxCount 0",
            "ex:p 1",
            "ex:p ex:v",
        ),
    ],
)
def test_only_the_node_that_violates_goes_to_the_validator(constraint, good, bad):
    data = (
        f"ex:good a ex:T ; {good} . ex:bad a ex:T ; {bad} . "
        "ex:v a ex:V ; ex:q 1 . ex:w a ex:W . ex:W rdfs:subClassOf ex:V ."
    )

    assert suspects(data, shape(constraint)) == {"bad"}


def test_a_closed_shape_and_a_query_are_prefiltered_too():
    closed = "ex:S a sh:NodeShape ; sh:targetClass ex:T ; sh:closed true ; "
    closed += "sh:ignoredProperties ( rdf:type ) ; sh:property [ sh:path ex:p ] ."
    asked = f'ex:S a sh:NodeShape ; sh:targetClass ex:T ; sh:sparql [ sh:select """{SELECT}""" ] .'

    assert suspects("ex:a a ex:T ; ex:p 1 . ex:b a ex:T ; ex:q 1 .", closed) == {"b"}
    assert suspects("ex:a a ex:T ; ex:p 1 . ex:b a ex:T ; ex:p ex:v .", asked) == {"b"}


@pytest.mark.parametrize(
    "constraint",
    [
        r"sh:pattern '^\\w+$'",
        "sh:pattern '(?i)x'",
        "sh:minCount 9",
        "sh:qualifiedValueShape [ sh:class ex:V ] ; sh:qualifiedMinCount 1 ; "
        "sh:qualifiedValueShapesDisjoint true",
        "sh:not [ sh:datatype xsd:integer ]",
    ],
)
def test_what_a_query_cannot_say_with_certainty_goes_to_the_validator_whole(constraint):
    assert suspects("ex:a a ex:T .", shape(constraint)) is None


@pytest.mark.parametrize(
    "query",
    [
        "SELECT $this { $this ?p ?o } LIMIT 1",
        "SELECT $this { OPTIONAL { $this ?p ?o } }",
        "SELECT $this { { SELECT $this { $this ?p ?o } } }",
        "SELECT ?value { $this <urn:p> ?value }",
        "SELECT $this (COUNT(?o) AS ?n) { $this ?p ?o }",
        "SELECT ?value { ?value <urn:p> $this }",
        "SELECT $this { $this <urn:p> ?v . { ?x ?y ?z FILTER (?x = $this) } }",
        "SELECT $this { $this <urn:p> ?v . FILTER ($currentShape != ?v) }",
    ],
)
def test_a_query_that_depends_on_what_is_bound_in_advance_is_not_asked_for_all(query):
    assert not queries.is_plain(query)


def test_literals_that_the_store_alters_are_seen_as_they_are_written():
    data = file(Role.DATA, "ex:a ex:p 01 , 1 , 2.50 . ex:b ex:q 'x' .")
    facts = reading.read((data,))

    graph = view.graph(facts)

    expected = graphs.read((data,), "data")
    assert set(graph) == set(expected)
    assert len(set(graph.objects(URIRef("https://e.org/a"), None))) == 3
    written = Literal("2.50", datatype="http://www.w3.org/2001/XMLSchema#decimal", normalize=False)
    assert (None, None, written) in graph
    assert facts.merged == {"https://e.org/p"}


ALTERED = """ex:a a ex:T ; ex:p 01 , 1 . ex:b a ex:T ; ex:p 2.50 ; ex:q 2.5 .
    ex:c a ex:T ; ex:p "7"^^xsd:int . ex:d a ex:T ; ex:p 3 . ex:e a ex:T ; ex:p "9"^^xsd:byte ."""


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        ("sh:maxCount 1", {"a", "b"}),  # 2.50 may have become one with 2.5
        ("sh:minInclusive 1", set()),
        ("sh:minInclusive 2.6", {"a", "b"}),
        ("sh:datatype xsd:int", {"a", "b", "d", "e"}),
        ("sh:in ( 3 2.50 )", {"a", "b", "c", "e"}),
    ],
)
def test_of_literals_that_the_store_alters_only_those_in_doubt_are_looked_at(constraint, expected):
    assert suspects(ALTERED, shape(constraint)) == expected


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("$this ex:p ?v FILTER(?v > 8)", {"e"}),
        ("$this ex:p ?v FILTER(?v = 2.50)", {"b"}),
        ("$this ex:p ?v FILTER NOT EXISTS { $this a ex:T }", set()),
        ("$this ex:p ?v FILTER NOT EXISTS { $this ex:q ?v }", {"a", "b", "c", "d", "e"}),
        ("$this a ex:T ; ex:q ?v FILTER NOT EXISTS { ?other ex:p ?v }", {"b"}),
        ("$this ex:p ?v FILTER(STR(?v) = 'x')", {"a", "b", "c", "e"}),
        ("$this ex:p ?v FILTER(DATATYPE(?v) = ex:none)", {"a", "b", "c", "e"}),
        ("$this ex:p 2.50", {"b"}),
        ("$this ex:p ?v BIND(?v + 1 AS ?w) FILTER NOT EXISTS { $this ex:q ?w }", None),
        ("$this ex:p/^ex:p ?other FILTER(?other != $this)", None),
    ],
)
def test_of_a_query_only_nodes_that_it_leads_to_a_literal_in_doubt_are_looked_at(where, expected):
    prefix = '[ sh:prefix "ex" ; sh:namespace "https://e.org/"^^xsd:anyURI ]'
    asked = (
        "ex:S a sh:NodeShape ; sh:targetClass ex:T ; sh:sparql [ sh:prefixes ex: ; "
        f'sh:select "SELECT $this {{ {where} }}" ] . ex: sh:declare {prefix} .'
    )

    assert suspects(ALTERED, asked) == expected


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (
            "$this ex:n ?v BIND(CONCAT(SUBSTR(?v, 1, 1), '1') AS ?w) FILTER EXISTS { ?o ex:n ?w }",
            {"a"},
        ),
        ("$this ex:n ?v BIND(?v + 1 AS ?w) FILTER EXISTS { ?o ex:n ?w }", None),
    ],
)
def test_a_node_without_the_computed_text_is_not_looked_at(where, expected):
    prefix = '[ sh:prefix "ex" ; sh:namespace "https://e.org/"^^xsd:anyURI ]'
    asked = (
        "ex:S a sh:NodeShape ; sh:targetClass ex:T ; sh:sparql [ sh:prefixes ex: ; "
        f'sh:select "SELECT $this {{ {where} }}" ] . ex: sh:declare {prefix} .'
    )

    assert suspects('ex:a a ex:T ; ex:n "k2" , "k1" . ex:b a ex:T ; ex:n "m2" .', asked) == expected
