"""Advice: what makes a query take long, and what to write instead."""

from __future__ import annotations

import pytest

from kg_server.sparql import advice


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("?a <p> ?b . ?c <q> ?d", "they share no variable. Join them by a pattern between them"),
        ("?a <p> ?b FILTER NOT EXISTS { ?b <q>/<r> ?c FILTER(?c > ?a) }", "Write MINUS { … }"),
        ("?a <p> ?b FILTER EXISTS { ?b <q>/<r> ?c FILTER(?c > ?a) }", "{ SELECT DISTINCT … {"),
        (
            "?a <p> ?b OPTIONAL { ?b <q>/<r> ?c } FILTER(!BOUND(?c))",
            "MINUS { … } in place of it",
        ),
        ("?a <p>* ?b", "is followed from every node. Name where it starts or ends."),
        ("?a <p>* ?b . ?a a <C>", 'is followed from every match of "?a a <C>". Name where'),
        ("?a ?p ?b", '"?a ?p ?b" can match every triple.'),
        ("?a ?p ?b . ?b <q> 1", '"?a ?p ?b" is looked up for every match of "?b <q> 1". Name its'),
        ("?a <p> ?b OPTIONAL { ?c <q> ?d }", "they share no variable"),
        ("?a <p> ?b { ?c <q> ?d } UNION { ?c <r> ?d }", "they share no variable"),
        ("{ ?a <p> ?b } UNION { ?a <q> ?b . ?c <r> 1 }", "they share no variable"),
    ],
)
def test_a_costly_construct_is_named_with_what_to_write_instead(body, said):
    (first, *_) = advice.on(f"SELECT * {{ {body} }}")

    assert said in first


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { ?a <p> ?b . ?b <q> ?c OPTIONAL { ?c <r> ?d } MINUS { ?x <s> ?c } }",
        "SELECT * { ?a <p> ?b OPTIONAL { ?b <q> ?c } ?c <r> ?d }",
        "SELECT * { ?a <p> ?b { SELECT ?b ?c { ?b <q> ?c } } ?c <r> ?d . <x> <p>* ?d }",
        "SELECT * { ?a <p> ?b FILTER NOT EXISTS { ?b <q>/<r> ?c } FILTER EXISTS { ?a <q> 1 } }",
        "SELECT * { ?a <p> ?b FILTER(!BOUND(?x)) VALUES ?p { <q> } ?b ?p ?c }",
        "SELECT * { ?a <p> ?b BIND(STR(?b) AS ?x) ?c <q> ?x }",
        "SELECT * { ?a <p> ?b VALUES (?b ?x) { (1 2) } ?c <q> ?x }",
        "SELECT * { VALUES ?a { <x> <y> } ?a ?p ?b }",
        "SELECT * { ?a ?p ?b } VALUES ?a { <x> }",
        "SELECT * { ?s ?p ?o } LIMIT 10",
        "ASK { ?s ?p ?o }",
        "DESCRIBE <x>",
        "SELECT * { ?a <p> ?b . ?c <q> ?d",
    ],
)
def test_nothing_is_said_of_what_is_cheap_or_no_query(text):
    assert advice.on(text) == []
