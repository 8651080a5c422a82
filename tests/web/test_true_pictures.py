"""Charts of canned queries: no row vanishes, and no standing is made up."""

from __future__ import annotations

import pytest

from kg_server import canned
from kg_server.config import Settings
from kg_server.web.context import Context
from kg_server.web.pages import results, tables
from kg_server.web.pages.charts import Chart
from kg_server.web.pages.terms import Labels

STANDINGS = {"accepted", "disputed", "background"}


@pytest.fixture(scope="module")
def context(store, project):
    return Context(store, project, Settings())


def drawn(context, name):
    """Return the table of a canned query's example, and its charts."""
    query = context.queries[name]
    text = canned.bind(query, query.example.items(), context.names)
    labels = Labels(context.site, "en")
    table = tables.answer(context.store, text, labels, timeout_s=30)
    panels = results.panels(query.view, table, labels)
    return table, [panel.chart for panel in panels if isinstance(panel.chart, Chart)]


def charted(context):
    kinds = ("bars", "timeline")
    return [
        name for name, each in context.queries.items() if each.view[:1] in [(k,) for k in kinds]
    ]


def test_there_are_questions_with_charts(context):
    assert len(charted(context)) >= 4


def test_every_row_is_drawn_or_said_to_be_left_out(context):
    for name in charted(context):
        table, found = drawn(context, name)
        view = context.queries[name].view

        marks = sum(len(chart.rows) for chart in found)

        left_out = results.left_out(view, table)
        if view[0] == "bars":
            assert marks + left_out == len(table.terms), name
        else:  # the same event on the same date is one mark
            assert marks <= len(table.terms) - left_out, name


def test_no_mark_has_a_standing_that_its_row_has_not(context):
    for name in charted(context):
        table, found = drawn(context, name)

        looks = {row.item.standing for chart in found for row in chart.rows}

        assert looks <= set(table.looks), name


def test_a_deficit_is_drawn_to_the_left_of_zero(client):
    page = client.get("/queries/trade-balance", headers={"Accept": "text/html"}).text

    assert 'class="axis"' in page
