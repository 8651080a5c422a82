"""ORDER BY over values of unlike kinds."""

from __future__ import annotations

import pytest

from kg_server.sparql import ordering


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT * {} ORDER BY ?a", "SELECT * {} ORDER BY (isNUMERIC(?a)) ?a"),
        ("SELECT * {} order by asc($a)", "SELECT * {} order by ASC(isNUMERIC($a)) asc($a)"),
        ("SELECT * {} ORDER BY STR(?a) (?a + 1)", "SELECT * {} ORDER BY STR(?a) (?a + 1)"),
        ("SELECT * {} ORDER BY DESC(COUNT(?a))", "SELECT * {} ORDER BY DESC(COUNT(?a))"),
        ("SELECT * { ?a ?p 'ORDER BY ?a' }", "SELECT * { ?a ?p 'ORDER BY ?a' }"),
        ("SELECT * {} # ORDER BY ?a", "SELECT * {} # ORDER BY ?a"),
        (
            "SELECT * { { SELECT ?a {} ORDER BY ?a } ?a ?b ?c } ORDER BY ?b LIMIT 1",
            "SELECT * { { SELECT ?a {} ORDER BY (isNUMERIC(?a)) ?a } ?a ?b ?c }"
            " ORDER BY (isNUMERIC(?b)) ?b LIMIT 1",
        ),
    ],
)
def test_a_variable_by_itself_gets_a_condition_before_it(text, expected):
    assert ordering.total(text) == expected
