"""What is said of queries that failed."""

import pytest

from kg_server.formats import Kind, named
from kg_server.sandbox import failures
from kg_server.sparql.query import Query


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT (COUNT(*) AS ?n) { ?s <urn:p> ?o }", "LIMIT does not help an aggregate"),
        ("SELECT ?s { ?s <urn:p> ?o }", "add a LIMIT"),
    ],
)
def test_a_limit_is_proposed_only_where_it_helps(text, expected):
    query = Query(text, named("json", Kind.BINDINGS), timeout_s=1)

    assert expected in failures.timed_out(query).detail


@pytest.mark.parametrize(
    ("seconds", "told"), [(1, "after 1 second. "), (2.5, "after 2.5 seconds. ")]
)
def test_one_second_is_no_plural(seconds, told):
    query = Query("ASK {}", named("json", Kind.BINDINGS), timeout_s=seconds)

    assert told in failures.timed_out(query).detail
