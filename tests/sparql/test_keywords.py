"""What the keywords of a SPARQL text tell."""

from __future__ import annotations

import pytest

from kg_server.sparql import keywords


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT (RAND() AS ?x) {}", True),
        ("ask { filter(now() > ?x) }", True),
        ("SELECT ?brand { ?brand <urn:now> 'uuid' }", False),
        ("ASK {}", False),
    ],
)
def test_a_query_that_answers_differently_each_time_is_told_by_its_functions(text, expected):
    assert keywords.is_volatile(text) is expected
