"""A query explained: the matches of each pattern by itself, and what is costly."""

from __future__ import annotations

import pytest

STATES = "PREFIX dip: <https://diplomacy.example/ns/diplomacy#> SELECT * { ?s a dip:State . %s }"


def explained(client, query):
    return client.post("/sparql/explain", data={"query": query})


def test_each_pattern_has_the_number_of_its_own_matches(client):
    found = explained(client, STATES % "?s dip:nothing ?o").json

    assert found["patterns"] == [
        {"pattern": "?s a dip:State", "matches": 18},
        {"pattern": "?s dip:nothing ?o", "matches": 0},
    ]
    assert found["costly"] == []


def test_a_pattern_that_may_be_without_matches_is_marked(client):
    rest = "OPTIONAL { ?s dip:no ?o } MINUS { ?s dip:none ?o } FILTER EXISTS { ?s dip:nil ?o }"
    patterns = explained(client, STATES % rest).json["patterns"]

    optional = {each["pattern"] for each in patterns if each.get("optional")}
    assert optional == {"?s dip:no ?o", "?s dip:none ?o"}


def test_a_pattern_in_a_group_of_union_is_marked(client):
    rest = "{ ?s dip:no ?o } UNION { ?s dip:none ?o OPTIONAL { ?s dip:nil ?o } } { ?s dip:code ?o }"
    patterns = explained(client, STATES % rest).json["patterns"]

    assert [each["pattern"] for each in patterns if each.get("union")] == [
        "?s dip:no ?o",
        "?s dip:none ?o",
        "?s dip:nil ?o",
    ]
    assert [each["pattern"] for each in patterns if each.get("optional")] == ["?s dip:nil ?o"]


def test_a_pattern_is_counted_in_the_graph_that_it_is_matched_in(client):
    found = explained(client, "SELECT * { GRAPH <urn:none> { ?s ?p ?o . ?o a ?c } }").json

    assert found["patterns"] == [
        {"pattern": "GRAPH <urn:none> { ?s ?p ?o }", "matches": 0},
        {"pattern": "GRAPH <urn:none> { ?o a ?c }", "matches": 0},
    ]


def test_what_is_costly_is_said(client):
    found = explained(client, STATES % "?a ?b ?c").json

    assert any("share no variable" in each for each in found["costly"])


@pytest.mark.parametrize(
    ("query", "detail"),
    [("", "'query' is missing"), ("SELECT * { ?s ?p }", "line 1, column 18")],
)
def test_what_is_no_query_is_not_explained(client, query, detail):
    response = explained(client, query)

    assert response.status_code == 400
    assert detail in response.json["detail"]


def test_a_query_sent_by_a_browsers_form_is_answered_by_a_page(client):
    response = client.post(
        "/sparql", data={"query": STATES % ""}, headers={"Accept": "text/html,*/*;q=0.8"}
    )

    assert response.mimetype == "text/html"
    assert ">Canada<" in response.text
