"""Any answer as a table of a page."""

from __future__ import annotations

import pytest

from kg_server.errors import ResultTooLarge
from kg_server.linked_data.documents import Site
from kg_server.web.pages import tables
from kg_server.web.pages.terms import Labels

BASE = "https://diplomacy.example/"


@pytest.fixture
def ask(store, project):
    site = Site.of(store, BASE, project.profile)

    def answer(text):
        return tables.answer(store, text, Labels(site, "en"), timeout_s=10)

    return answer


def test_solutions_are_rows_with_gaps_where_nothing_is_bound(ask):
    table = ask(f"SELECT ?s ?n {{ VALUES (?s ?n) {{ (<{BASE}id/state/CAN> 1) (UNDEF 2.5) }} }}")

    assert table.columns == ("s", "n")
    assert [row[0] and row[0].text for row in table.rows] == ["Canada", None]
    assert table.numeric == (False, True)


@pytest.mark.parametrize(
    ("text", "expected"), [("ASK {}", True), ("ASK { ?s <urn:none> ?o }", False)]
)
def test_an_ask_is_yes_or_no(ask, text, expected):
    assert ask(text).boolean is expected


def test_triples_are_rows_of_three(ask):
    table = ask(f"DESCRIBE <{BASE}id/place/ottawa>")

    assert table.columns == ("subject", "predicate", "object")
    assert table.boolean is None
    assert table.total == len(table.rows) > 2


def test_a_page_shows_the_first_rows_and_counts_all(ask):
    table = ask("SELECT ?s { ?s ?p ?o } LIMIT 700")

    assert (len(table.rows), table.total) == (tables.MOST_ROWS, 700)


def test_a_row_that_names_a_doubt_is_marked(ask):
    table = ask(f"SELECT ?x {{ VALUES ?x {{ <{BASE}def/Disputed> <{BASE}def/Accepted> }} }}")

    assert table.looks == ("disputed", "accepted")


def test_a_result_too_large_for_a_page_is_refused(ask):
    with pytest.raises(ResultTooLarge, match="LIMIT"):
        ask("SELECT * { ?s ?p ?o . ?a ?b ?c } LIMIT 40000")
