"""Where a query stops being SPARQL: the first token that cannot stand where it does."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg_server.errors import MalformedQuery
from kg_server.formats import Kind, named
from kg_server.project.profile import Profile
from kg_server.sparql.query import Query
from kg_server.store import open_store

from ..store.test_contract import small_project

PREFIXES = {"dip": "https://diplomacy.example/ns/diplomacy#"}
STORE = open_store(replace(small_project(), profile=Profile(prefixes=PREFIXES)))


def fault(text: str) -> MalformedQuery:
    formats = {kind: named("json" if kind is not Kind.GRAPH else "nt", kind) for kind in Kind}
    with pytest.raises(MalformedQuery) as caught:
        STORE.query(Query(text, formats))
    return caught.value


CASES = [
    ("SELECT * WHERE { ?s ?p ?o } LIMI 5", 1, 29, "Did you mean LIMIT?"),
    ("SELEC * {}", 1, 1, "Did you mean SELECT?"),
    ("SELECT * {\n  ?s ?p ?o\n  FILTR(?o > 3)\n}", 3, 3, "Did you mean FILTER?"),
    ("SELECT * {\r\n  ?s ?p ?o }\r\n}", 3, 1, "} cannot stand here. One } is too many."),
    ("SELECT * { ?s ?p ?o FILTER(?o > 3)) }", 1, 35, "One ) is too many."),
    ("ASK { ?s a ?c ?s ?p ?o }", 1, 15, "?s cannot stand here. Is a ; or . missing before it?"),
    ("ASK { ?s ?p 'a' 'b' }", 1, 17, "Is a , missing before it?"),
    ("ASK WHERE ?s ?p ?o }", 1, 11, "Is a { missing before it?"),
    ("ASK { ?s ?p ?o FILTER ?o > 3 }", 1, 23, "Is a ( missing before it?"),
    ("ASK { BIND('a' AS ?y ?z) }", 1, 22, "?z cannot stand here."),
    ("SELECT * {} LIMIT ten", 1, 19, "ten cannot stand here."),
    ("ASK { ?s ?p <a:b> <c:d> ?o }", 1, 19, "Is a ; or . missing before it?"),
    ("SELECT * {\n\t?s dip:x ?o }", 2, 5, "PREFIX dip: <https://diplomacy.example/ns/diplomacy#>"),
    (
        "SELECT * { ?s rdfs:label ?l }",
        1,
        15,
        "PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>",
    ),
    ("PREFIX a: <urn:a> ASK { ?s a:b ?o ; my:c ?x }", 1, 37, "The prefix my: is not declared."),
    ("# PREFIX my: <urn:a>\nASK { ?s my:b 'PREFIX my: <urn:a>' }", 2, 10, "my: is not declared."),
    ("SELECT (COUNT(?x) ?n) { ?x ?y ?z }", 1, 19, "?n cannot stand here"),
    ("SELECT * { ?s ?p 'কানাডা }", 1, 18, "This string has no end"),
    ("SELECT * { ?s ?p 'কানাডা' ?x }", 1, 27, "?x cannot stand here."),
    ("SELECT * { ?s ?p '💬' ?x }", 1, 22, "?x cannot stand here"),
    ("ASK { ?s a <http://a b> }", 1, 12, "is no IRI"),
    ("ASK { { ?s ?p (1 2", 1, 19, "The query ends too early. Missing: ) } }"),
    ("", 1, 1, "The query ends too early."),
    ("# nothing but this\n", 1, 19, "The query ends too early."),
    ("ASK {}}", 1, 7, "} cannot stand here."),
    ("SELECT ?s { ?s ?p ?o . } ORDER ?s", 1, 32, "?s cannot stand here."),
    ("SELECT ?s (COUNT(?o) AS ?n) { ?s ?p ?o }", 1, 8, "Add GROUP BY ?s, or aggregate it"),
    ("SELECT ?s ?p (COUNT(?o) AS ?n) { ?s ?p ?o } GROUP BY ?s", 1, 11, "Add GROUP BY ?p"),
    ("SELECT ?y (COUNT(?s) AS ?n) ?p\n{ ?s ?p ?o } GROUP BY (STR(?o) AS ?y)", 1, 29, "BY ?p"),
    ("SELECT * { { SELECT ?p (MAX(?o) AS ?m) { ?s ?p ?o } } }", 1, 21, "GROUP BY ?p"),
    ("SELECT (?x + 1 AS ?y) { ?s ?p ?x } GROUP BY ?s", 1, 47, "a variable that is unbound."),
    ("SELECT (1 AS ?s) { ?s ?p ?o }", 1, 30, "overrides an existing variable"),
    ("ASK { BIND(1 AS ?x) BIND(2 AS ?x) }", 1, 35, "} cannot stand here."),
]


@pytest.mark.parametrize(
    "text", ["ASK { BIND('a' AS ?y ?z) }", "SELECT * {} LIMIT ten", "SELECT ?x a:b { ?s ?p ?o }"]
)
def test_nothing_is_suggested_where_nothing_is_likely(text):
    assert "?" not in fault(f"PREFIX a: <urn:a> {text}").detail.partition("cannot stand here.")[2]


@pytest.mark.parametrize(("text", "line", "column", "words"), CASES, ids=[c[3] for c in CASES])
def test_a_malformed_query_is_answered_with_the_place_and_what_to_do(text, line, column, words):
    found = fault(text)

    assert (found.members["line"], found.members["column"]) == (line, column)
    assert words in found.detail, found.detail
    assert found.detail.startswith(f"line {line}, column {column}: ")


def test_the_caret_stands_under_the_place_with_tabs_too():
    near = fault("SELECT * {\n\t\t?s ?p LIMT }").members["near"]

    assert near == "\t\t?s ?p LIMT }\n\t\t      ^"


def test_a_long_line_is_shown_around_the_place():
    near = fault(f"ASK {{ {'?s ?p ?o . ' * 50} ; }}").members["near"]

    line, caret = near.split("\n")
    assert len(line) <= 100
    assert line[len(caret) - 1] == ";"


WHOLE = """PREFIX : <urn:x> SELECT ?s ( COUNT ( DISTINCT ?o ) AS ?n ) WHERE { ?s :p/:q* ?o ; a :C .
OPTIONAL { ?s :r 'text'@en , 1.5e3 } FILTER ( ?o != 'x' && ! BOUND ( ?z ) ) VALUES ?v { 1 2 } }
GROUP BY ?s ORDER BY DESC ( ?n ) LIMIT 10"""
PARTS = WHOLE.split()


def test_the_query_that_is_broken_is_a_query():
    STORE.query(Query(WHOLE, named("json", Kind.BINDINGS)))


@given(st.integers(0, len(PARTS)), st.sampled_from([" ", "\n", " # comment\n", "\t"]))
def test_what_stands_in_no_query_is_found_wherever_it_is_put(place, space):
    before = space.join(PARTS[:place]) + space
    text = f"{before}§{space}{space.join(PARTS[place:])}"

    found = fault(text)

    assert found.members["line"] == before.count("\n") + 1
    assert found.members["column"] == len(before) - before.rfind("\n")


def test_a_very_long_query_is_answered_with_the_place_that_the_engine_names():
    found = fault("ASK {\n" + "?s ?p ?o .\n" * 20_000 + "§ }")

    assert found.members["line"] == 20_002
