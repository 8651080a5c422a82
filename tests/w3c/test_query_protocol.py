"""The query cases of the W3C test suite for the SPARQL 1.1 Protocol, in our own words.

Each test has the name of its case in the suite; where the suite loads graphs of its own, the
graphs of the shipped project stand in for them.
"""

from __future__ import annotations

import json
from urllib.parse import quote, urlencode

import pytest

ONE = "https://diplomacy.example/graph/relations"
TWO = "https://diplomacy.example/graph/ontology/concepts"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
DIRECT = {"Content-Type": "application/sparql-query"}


def get(endpoint, pairs, **headers):
    return endpoint.ask("GET", f"/sparql?{urlencode(pairs)}", headers)


def is_true(reply) -> bool:
    assert reply.status == 200, reply.body
    return json.loads(reply.body)["boolean"]


def in_default(iri: str) -> str:
    return f"ASK {{ <{iri}> ?p ?o }}"


STATE = "https://diplomacy.example/id/state/CAN"
CONCEPT = "https://diplomacy.example/def/Embassy"


def test_query_get(endpoint):
    assert is_true(get(endpoint, {"query": "ASK {}"}))


def test_query_post_form(endpoint):
    assert is_true(endpoint.ask("POST", "/sparql", FORM, urlencode({"query": "ASK {}"})))


def test_query_post_direct(endpoint):
    assert is_true(endpoint.ask("POST", "/sparql", DIRECT, "ASK {}"))


def test_query_post_direct_with_charset(endpoint):
    headers = {"Content-Type": "application/sparql-query; charset=UTF-8"}

    assert is_true(endpoint.ask("POST", "/sparql", headers, "ASK {}"))


def test_query_dataset_default_graph(endpoint):
    assert is_true(get(endpoint, [("query", in_default(STATE)), ("default-graph-uri", ONE)]))
    assert not is_true(get(endpoint, [("query", in_default(STATE)), ("default-graph-uri", TWO)]))


def test_query_dataset_default_graphs_get(endpoint):
    both = [("default-graph-uri", ONE), ("default-graph-uri", TWO)]
    text = f"ASK {{ <{STATE}> a ?x . <{CONCEPT}> a ?y }}"

    assert is_true(get(endpoint, [("query", text), *both]))


def test_query_dataset_default_graphs_post(endpoint):
    both = urlencode([("default-graph-uri", ONE), ("default-graph-uri", TWO)])
    text = f"ASK {{ <{STATE}> a ?x . <{CONCEPT}> a ?y }}"

    assert is_true(endpoint.ask("POST", f"/sparql?{both}", DIRECT, text))


def test_query_dataset_named_graphs_get(endpoint):
    both = [("named-graph-uri", ONE), ("named-graph-uri", TWO)]
    text = f"ASK {{ GRAPH <{ONE}> {{ <{STATE}> a ?x }} GRAPH <{TWO}> {{ <{CONCEPT}> a ?y }} }}"

    assert is_true(get(endpoint, [("query", text), *both]))


def test_query_dataset_named_graphs_post(endpoint):
    pairs = [("query", f"ASK {{ GRAPH <{ONE}> {{ <{STATE}> a ?x }} }}"), ("named-graph-uri", ONE)]

    assert is_true(endpoint.ask("POST", "/sparql", FORM, urlencode(pairs)))


def test_query_dataset_full(endpoint):
    pairs = [("default-graph-uri", TWO), ("named-graph-uri", ONE)]
    text = f"ASK {{ <{CONCEPT}> a ?y GRAPH ?g {{ <{STATE}> a ?x }} }}"

    assert is_true(get(endpoint, [("query", text), *pairs]))


def test_query_multiple_dataset(endpoint):
    """The protocol's dataset wins over the query's own."""
    text = f"ASK FROM <{TWO}> {{ <{STATE}> a ?x }}"

    assert is_true(get(endpoint, [("query", text), ("default-graph-uri", ONE)]))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT (1 AS ?x) {}", "application/sparql-results+json"),
        ("ASK {}", "application/sparql-results+json"),
        (f"DESCRIBE <{STATE}>", "text/turtle"),
        ("CONSTRUCT { <urn:s> <urn:p> 1 } WHERE {}", "text/turtle"),
    ],
)
def test_query_content_type(endpoint, text, expected):
    assert get(endpoint, {"query": text}).media_type == expected


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("application/sparql-results+xml", "application/sparql-results+xml"),
        ("text/csv", "text/csv"),
        ("text/tab-separated-values", "text/tab-separated-values"),
        ("application/json", "application/json"),
        ("text/turtle, */*;q=0.1", "application/sparql-results+json"),
        ("application/sparql-results+json;q=0.2, text/csv;q=0.9;charset=utf-8", "text/csv"),
        ("*/*, application/sparql-results+json;q=0", "application/sparql-results+xml"),
    ],
)
def test_the_result_comes_in_the_format_that_the_client_prefers(endpoint, accept, expected):
    assert get(endpoint, {"query": "ASK {}"}, Accept=accept).media_type == expected


def test_bad_multiple_queries(endpoint):
    pairs = [("query", "ASK {}"), ("query", "SELECT * {}")]

    assert get(endpoint, pairs).status == 400
    assert endpoint.ask("POST", "/sparql", FORM, urlencode(pairs)).status == 400


def test_bad_query_method(endpoint):
    reply = endpoint.ask("PUT", f"/sparql?{urlencode({'query': 'ASK {}'})}")

    assert reply.status == 405
    assert {"GET", "HEAD", "POST"} <= set(reply.headers["allow"].replace(",", " ").split())


def test_bad_query_missing_form_type(endpoint):
    headers = {"Content-Type": "text/plain"}

    assert endpoint.ask("POST", "/sparql", headers, urlencode({"query": "ASK {}"})).status == 415


def test_bad_query_missing_direct_type(endpoint):
    assert endpoint.ask("POST", "/sparql", {"Content-Type": ""}, "ASK {}").status == 415


def test_bad_query_wrong_media_type(endpoint):
    headers = {"Content-Type": "application/json"}

    assert endpoint.ask("POST", "/sparql", headers, '{"query": "ASK {}"}').status == 415


def test_bad_query_non_utf8(endpoint):
    body = "ASK {}# é".encode("utf-16")

    assert endpoint.ask("POST", "/sparql", DIRECT, body).status == 400
    assert endpoint.ask("GET", "/sparql?query=ASK%7B%7D%23%FF").status == 400


def test_bad_query_syntax(endpoint):
    reply = get(endpoint, {"query": "ASK {\n  ?s ?p }"})

    problem = json.loads(reply.body)
    assert (reply.status, reply.media_type) == (400, "application/problem+json")
    assert (problem["line"], problem["column"]) == (2, 10)


@pytest.mark.parametrize(
    ("path", "headers", "body"),
    [
        ("/sparql", FORM, urlencode({"update": "CLEAR ALL"})),
        ("/sparql", {"Content-Type": "application/sparql-update"}, "CLEAR ALL"),
        ("/sparql", FORM, urlencode({"query": "CLEAR ALL"})),
        ("/sparql?using-graph-uri=" + quote(ONE), DIRECT, "ASK {}"),
    ],
)
def test_an_update_is_refused_with_a_problem_that_says_so(endpoint, path, headers, body):
    reply = endpoint.ask("POST", path, headers, body)

    assert reply.status == 403
    assert json.loads(reply.body)["type"].endswith("/problems/update-refused")


@pytest.mark.parametrize(
    "pairs",
    [
        {"query": "ASK {}", "default-graph-uri": "not an iri"},
        {"query": "ASK {}", "named-graph-uri": "/relative"},
        {"query": "ASK {}", "timeout": "soon"},
        {"query": "ASK {}", "timeout": "-1"},
        {"query": "ASK {}", "unknown": "1"},
        {"default-graph-uri": ONE},
    ],
)
def test_a_parameter_that_is_wrong_is_a_bad_request(endpoint, pairs):
    assert get(endpoint, pairs).status == 400


def test_nothing_acceptable_is_not_acceptable(endpoint):
    reply = get(endpoint, {"query": "ASK {}"}, Accept="image/png")

    assert reply.status == 406
    assert "text/csv" in json.loads(reply.body)["detail"]


def test_head_is_get_without_the_body(endpoint):
    path = f"/sparql?{urlencode({'query': 'ASK {}'})}"

    head, full = endpoint.ask("HEAD", path), endpoint.ask("GET", path)

    assert (head.status, head.body) == (200, b"")
    assert head.headers["etag"] == full.headers["etag"]


def test_a_preflight_request_is_granted(endpoint):
    reply = endpoint.ask(
        "OPTIONS",
        "/sparql",
        {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"},
    )

    assert reply.status in (200, 204)
    assert reply.headers["access-control-allow-origin"] == "*"
    assert "POST" in reply.headers["access-control-allow-methods"]


@pytest.mark.parametrize("text", ["ASK {}", "ASK {", "DROP ALL"])
def test_other_origins_may_read_every_answer_errors_too(endpoint, text):
    reply = get(endpoint, {"query": text}, Origin="https://app.example")

    assert reply.headers["access-control-allow-origin"] == "*"


def test_a_client_that_has_the_answer_is_told_so(endpoint):
    first = get(endpoint, {"query": "ASK {}"})

    again = get(endpoint, {"query": "ASK {}"}, **{"If-None-Match": f"W/{first.headers['etag']}"})
    other = get(endpoint, {"query": "ASK {}"}, Accept="text/csv")

    assert (again.status, again.body) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert other.headers["etag"] != first.headers["etag"]
    assert "accept" in first.headers["vary"].lower()


def test_an_answer_that_may_differ_the_next_time_is_not_kept(endpoint):
    reply = get(endpoint, {"query": "SELECT (RAND() AS ?x) {}"})

    assert "etag" not in reply.headers
    assert "public" not in reply.headers["cache-control"]


def test_relative_iris_are_resolved_against_the_base_iri(endpoint):
    assert is_true(get(endpoint, {"query": "ASK { <id/state/CAN> ?p ?o }"}))


def test_the_format_parameter_wins_over_accept(endpoint):
    reply = get(endpoint, {"query": "ASK {}", "format": "csv"}, Accept="application/json")

    assert reply.media_type == "text/csv"
