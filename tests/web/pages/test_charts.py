"""Charts: every mark where its value is."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kg_server.web.pages import charts
from kg_server.web.pages.charts import Bar, Moment


def bar(value, *, group="2008", standing="accepted"):
    return Bar(group, "AZE → CAN", value, str(value), 1, standing)


def moment(date, *, standing="accepted", label="event"):
    return Moment(label, date, date, standing)


def test_nothing_to_draw_is_no_chart():
    assert charts.bars([], str) is None
    assert charts.timeline([moment("never")]) is None


def test_a_bar_is_as_long_as_its_value():
    short, long = charts.bars([bar(25), bar(100)], str).rows

    assert long.width == 4 * short.width


def test_bars_stand_under_the_names_of_their_groups():
    chart = charts.bars([bar(1), bar(2), bar(3, group="2009")], str)

    assert [heading.text for heading in chart.headings] == ["2008", "2009"]
    places = sorted([row.y for row in chart.rows] + [heading.y for heading in chart.headings])
    assert len(set(places)) == 5
    assert chart.height > places[-1]


def test_groups_of_one_bar_without_a_label_are_named_beside_it():
    chart = charts.bars([Bar(each, "", 1, "1", 1, "") for each in "ab"], str)

    assert [row.item.label for row in chart.rows] == ["a", "b"]
    assert not chart.headings


def test_the_numbers_of_the_axis_are_those_that_were_meant():
    chart = charts.bars([bar(-2), bar(1)], str)

    texts = [tick.text for tick in chart.ticks]
    assert texts == ["-2.4", "-1.8", "-1.2", "-0.6", "0.0", "0.6", "1.2"]


def test_what_is_doubted_is_hatched_and_what_another_source_says_is_hollow():
    standings = ("accepted", "disputed", "background")

    rows = charts.bars([bar(1, standing=each) for each in standings], str).rows

    assert [row.look for row in rows] == ["full", "hatched", "hollow"]


def test_a_date_is_drawn_as_long_as_it_may_mean():
    chart = charts.timeline([moment("1992-07-10"), moment("1992"), moment("2004-09")])

    widths = {row.item.date: row.width for row in chart.rows}

    assert widths["1992-07-10"] < widths["2004-09"] < widths["1992"]


def test_dates_are_in_their_order():
    dates = ["2004-09", "1992", "1991-12-25", "1992-07-10"]

    rows = charts.timeline([moment(each) for each in dates]).rows

    assert [row.item.date for row in rows] == ["1991-12-25", "1992", "1992-07-10", "2004-09"]


@example([5e-324], charts.WIDE)
@given(
    st.lists(st.floats(min_value=-1e15, max_value=1e15), min_size=1, max_size=20),
    st.sampled_from([charts.WIDE, charts.NARROW]),
)
def test_every_bar_is_inside_the_drawing(values, layout):
    chart = charts.bars([bar(value) for value in values], str, layout)

    assert len(chart.rows) == len(values)
    assert all(row.x >= layout.left - 1.1 for row in chart.rows)
    assert all(row.x + row.width <= layout.width - layout.right + 1.1 for row in chart.rows)
    assert 2 <= len(chart.ticks) <= 12


def test_bars_go_to_both_sides_of_zero():
    chart = charts.bars([bar(18.5), bar(-1168), bar(0)], str)

    surplus, deficit, nothing = chart.rows
    assert (surplus.x, nothing.x) == (chart.zero, chart.zero)
    assert deficit.x + deficit.width == pytest.approx(chart.zero, abs=0.2)
    assert deficit.text_x > chart.zero
    assert [tick.text for tick in chart.ticks if tick.x == chart.zero] == ["0.0"]


@example(["9999-12-31"], charts.WIDE)
@given(
    st.lists(st.dates().map(str), min_size=1, max_size=20),
    st.sampled_from([charts.WIDE, charts.NARROW]),
)
def test_every_date_is_inside_the_drawing(dates, layout):
    chart = charts.timeline([moment(each) for each in dates], str, layout)

    assert len(chart.rows) == len(dates)
    assert all(layout.left <= row.x <= layout.width - layout.right + 1 for row in chart.rows)
    assert len(chart.ticks) <= 12
