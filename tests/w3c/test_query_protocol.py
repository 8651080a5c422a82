"""The query cases of the W3C test suite for the SPARQL 1.1 Protocol, in our own words.

Each test has the name of its case in the suite; where the suite loads graphs of its own, the
graphs of the shipped project stand in for them.
"""

from __future__ import annotations

import json
from urllib.parse import quote, urlencode
from xml.dom import minidom

import pytest

ABSENT = "http://kasei.us/2009/09/sparql/data/data0.rdf"
ONE = "https://diplomacy.example/graph/relations"
TWO = "https://diplomacy.example/graph/ontology/concepts"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
UPDATE = {"Content-Type": "application/sparql-update"}
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
DEFAULT, NAMED = "ASK { ?s ?p ?o }", "{ GRAPH ?g { ?s ?p ?o } }"


def test_query_get(endpoint):
    assert is_true(get(endpoint, {"query": "ASK {}"}))


def test_query_post_form(endpoint):
    """The dataset stands in the address, the query in the body; there is no such graph here."""
    body = urlencode({"query": "ASK {}"})

    assert is_true(endpoint.ask("POST", "/sparql", FORM, body))
    assert is_true(endpoint.ask("POST", f"/sparql?default-graph-uri={quote(ABSENT)}", FORM, body))


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
    both = urlencode([("named-graph-uri", ONE), ("named-graph-uri", TWO)])
    text = f"ASK {{ GRAPH ?g {{ <{STATE}> a ?x }} GRAPH ?h {{ <{CONCEPT}> a ?y }} }}"

    assert is_true(endpoint.ask("POST", f"/sparql?{both}", DIRECT, text))


def test_query_dataset_named_graphs_post_form(endpoint):
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


def test_query_multiple_dataset_of_named_graphs(endpoint):
    both = urlencode([("named-graph-uri", ONE), ("named-graph-uri", TWO)])
    graphs = f"GRAPH ?g {{ <{STATE}> a ?x }} GRAPH ?h {{ <{CONCEPT}> a ?y }}"

    assert is_true(
        endpoint.ask("POST", f"/sparql?{both}", DIRECT, f"ASK FROM <{ABSENT}> {{ {graphs} }}")
    )


@pytest.mark.parametrize(
    ("dataset", "text", "expected"),
    [
        ([("named-graph-uri", ONE)], DEFAULT, False),
        ([("default-graph-uri", ONE)], f"ASK {NAMED}", False),
        ([("default-graph-uri", ONE)], f"ASK FROM NAMED <{TWO}> {NAMED}", False),
        ([("named-graph-uri", ONE)], f"ASK FROM <{TWO}> {{ ?s ?p ?o }}", False),
        ([("named-graph-uri", ONE)], f"ASK FROM NAMED <{TWO}> {{ GRAPH <{TWO}> {{}} }}", False),
        ([("default-graph-uri", ABSENT)], DEFAULT, False),
        ([("named-graph-uri", ABSENT)], f"ASK {NAMED}", False),
        ([], f"ASK FROM <{TWO}> {{ <{CONCEPT}> ?p ?o }}", True),
        ([], f"ASK FROM NAMED <{TWO}> {{ <{CONCEPT}> ?p ?o }}", False),
    ],
)
def test_a_dataset_of_the_request_replaces_the_whole_dataset_of_the_query(
    endpoint, dataset, text, expected
):
    assert is_true(get(endpoint, [("query", text), *dataset])) is expected


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
        (";, ;q=1, text/csv;;q=0.5, ,", "text/csv"),
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
    utf_16 = {"Content-Type": "application/sparql-query; charset=UTF-16"}

    assert endpoint.ask("POST", "/sparql", DIRECT, body).status == 400
    assert endpoint.ask("POST", "/sparql", utf_16, body).status == 415
    assert endpoint.ask("POST", "/sparql", utf_16, "ASK {}".encode("utf-16-be")).status == 415
    assert endpoint.ask("GET", "/sparql?query=ASK%7B%7D%23%FF").status == 400


def test_bad_query_syntax(endpoint):
    reply = get(endpoint, {"query": "ASK {\n  ?s ?p }"})

    problem = json.loads(reply.body)
    assert (reply.status, reply.media_type) == (400, "application/problem+json")
    assert (problem["line"], problem["column"]) == (2, 9)


@pytest.mark.parametrize(
    ("path", "headers", "body"),
    [
        ("/sparql", FORM, urlencode({"update": "CLEAR ALL"})),
        ("/sparql", {"Content-Type": "application/sparql-update"}, "CLEAR ALL"),
        ("/sparql", FORM, urlencode({"query": "CLEAR ALL"})),
        ("/sparql?using-graph-uri=" + quote(ONE), DIRECT, "ASK {}"),
        ("/sparql?using-graph-uri=" + quote(ONE), UPDATE, "INSERT { ?s ?p 1 } WHERE { ?s ?p 2 }"),
        ("/sparql?using-named-graph-uri=" + quote(ONE), UPDATE, "WITH <urn:x> DELETE {} WHERE {}"),
        ("/sparql", UPDATE, "INSERT DATA { <s> <p> <o> }"),
        ("/sparql", {"Content-Type": "application/sparql-update; charset=UTF-16"}, "CLEAR NAMED"),
        ("/sparql", FORM, urlencode([("update", "CLEAR NAMED"), ("update", "CLEAR DEFAULT")])),
        ("/sparql", FORM, urlencode({"update": "CLEAR XYZ"})),
    ],
)
def test_an_update_is_refused_with_a_problem_that_says_so(endpoint, path, headers, body):
    reply = endpoint.ask("POST", path, headers, body)

    assert reply.status == 403
    assert json.loads(reply.body)["type"].endswith("/problems/update-refused")


def test_bad_update_get(endpoint):
    assert endpoint.ask("GET", "/sparql?update=CLEAR%20ALL").status == 403


@pytest.mark.parametrize("content_type", ["text/plain", ""])
@pytest.mark.parametrize("body", ["CLEAR NAMED", "update=CLEAR%20NAMED"])
def test_bad_update_wrong_or_missing_media_type(endpoint, content_type, body):
    assert endpoint.ask("POST", "/sparql", {"Content-Type": content_type}, body).status == 415


@pytest.mark.parametrize(
    "pairs",
    [
        {"query": "ASK {}", "default-graph-uri": "not an iri"},
        {"query": "ASK {}", "named-graph-uri": "/relative"},
        {"query": "ASK {}", "timeout": "soon"},
        {"query": "ASK {}", "timeout": "-1"},
        {"qeury": "ASK {}"},
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


@pytest.mark.parametrize(
    "extra",
    [
        [("output", "json"), ("results", "json")],
        [("infer", "true"), ("timeout", "0")],
        [("debug", "on"), ("should-sponge", ""), ("format", "")],
    ],
)
def test_a_parameter_that_some_clients_send_for_other_servers_is_no_bad_request(endpoint, extra):
    assert is_true(get(endpoint, [("query", "ASK {}"), *extra]))
    assert is_true(endpoint.ask("POST", "/sparql", FORM, urlencode([("query", "ASK {}"), *extra])))


@pytest.mark.parametrize(
    ("text", "names", "expected"),
    [
        ("ASK {}", ["tsv", "text/tab-separated-values"], "text/tab-separated-values"),
        ("ASK {}", ["srx"], "application/sparql-results+xml"),
        ("CONSTRUCT {} {}", ["json-ld", "application/ld+json"], "application/ld+json"),
        ("CONSTRUCT {} {}", ["rdf+xml", "application/rdf+xml"], "application/rdf+xml"),
        ("CONSTRUCT {} {}", ["xml"], "application/rdf+xml"),
        ("CONSTRUCT {} {}", ["json"], "application/ld+json"),
        ("CONSTRUCT {} {}", ["n3"], "text/turtle"),
        ("CONSTRUCT {} {}", ["nothing", "trig"], "application/trig"),
    ],
)
def test_a_format_may_be_said_in_the_words_of_sparqlwrapper(endpoint, text, names, expected):
    reply = get(endpoint, [("query", text), *(("format", name) for name in names)])

    assert (reply.status, reply.media_type) == (200, expected)


def test_format_html_leads_to_the_page(endpoint):
    reply = get(endpoint, {"query": "ASK {}", "format": "html"}, Accept="*/*")

    assert (reply.status, reply.media_type) == (200, "text/html")


@pytest.mark.parametrize("headers", [DIRECT, FORM])
def test_a_query_in_the_address_and_in_the_body_is_a_bad_request(endpoint, headers):
    body = "ASK {}" if headers is DIRECT else urlencode({"query": "ASK {}"})

    assert endpoint.ask("POST", "/sparql?query=ASK%7B%7D", headers, body).status == 400


def test_a_byte_order_mark_before_a_posted_query_is_ignored(endpoint):
    assert is_true(endpoint.ask("POST", "/sparql", DIRECT, "\ufeffASK {}".encode()))


def test_a_quoted_comma_or_semicolon_in_accept_separates_nothing(endpoint):
    accept = 'text/csv;x=";q=0, image/png", application/json;q=0.1'

    assert get(endpoint, {"query": "ASK {}"}, Accept=accept).media_type == "text/csv"


def test_the_method_query_is_a_get_with_a_body(endpoint):
    """RFC draft-ietf-httpbis-safe-method-w-body §2: safe, and conditional like GET."""
    first = endpoint.ask("QUERY", "/sparql", DIRECT, "ASK {}")

    known = {**DIRECT, "If-None-Match": first.headers["etag"]}

    assert is_true(first)
    assert is_true(endpoint.ask("QUERY", "/sparql", FORM, urlencode({"query": "ASK {}"})))
    assert endpoint.ask("QUERY", "/sparql", known, "ASK {}").status == 304
    assert endpoint.ask("QUERY", "/sparql", {"Content-Type": "text/csv"}, "ASK {}").status == 415


def test_options_says_what_may_be_asked_and_posted(endpoint):
    reply = endpoint.ask("OPTIONS", "/sparql")

    assert (reply.status, reply.body) == (200, b"")
    assert set(reply.headers["allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST", "QUERY"}
    assert "application/sparql-query" in reply.headers["accept-post"]
    assert '"application/sparql-query"' in reply.headers["accept-query"]
    assert not {"content-type", "vary"} & reply.headers.keys()


def test_a_carriage_return_comes_through_xml(endpoint):
    text = 'SELECT ("a\\r\\nb" AS ?x) {}'

    reply = get(endpoint, {"query": text, "format": "xml"})

    (literal,) = minidom.parseString(reply.body).getElementsByTagName("literal")  # noqa: S318  # our own answer
    assert literal.firstChild.data == "a\r\nb"


@pytest.mark.parametrize(
    ("text", "format_name", "said"),
    [
        ('SELECT ("\\u0001" AS ?x) {}', "xml", "U+0001"),
        ('SELECT ("\\uFFFE" AS ?x) {}', "xml", "U+FFFE"),
        ('CONSTRUCT { <urn:s> <urn:p> "\\u0001" } {}', "rdfxml", "U+0001"),
        ("CONSTRUCT { <urn:s> <http://e.org/p/> 1 } {}", "rdfxml", "predicate"),
    ],
)
def test_what_xml_cannot_say_is_not_acceptable_instead_of_ill_formed(
    endpoint, text, format_name, said
):
    reply = get(endpoint, {"query": text, "format": format_name})

    assert reply.status == 406
    assert said in json.loads(reply.body)["detail"]
