"""Charts of canned queries: no row vanishes, and no standing is made up."""

from __future__ import annotations

import html
import re

import pytest

from kg_server import canned
from kg_server import project as projects
from kg_server.config import Settings
from kg_server.linked_data.documents import Site
from kg_server.web.app import create_app
from kg_server.web.context import Context
from kg_server.web.pages import results, tables
from kg_server.web.pages.charts import Chart
from kg_server.web.pages.terms import Labels

from ..conftest import described_store

MARKS = {"map": "places", "graph": "links"}
HTML = {"Accept": "text/html"}
HEAD = "#+ title: {0}\n#+ description: {0}.\n#+ result: A work\n#+ view: {1}\n"
WORKS = """PREFIX : <https://e.org/ns#>
SELECT ?work ?year ?price ?kind ?unit ?day ?lat ?long ?by WHERE {
  ?work a :Work OPTIONAL { ?work :year ?year } OPTIONAL { ?work :price ?price }
  OPTIONAL { ?work :kind ?kind } OPTIONAL { ?work :unit ?unit } OPTIONAL { ?work :day ?day }
  OPTIONAL { ?work :lat ?lat } OPTIONAL { ?work :long ?long } OPTIONAL { ?work :by ?by }
} ORDER BY ?work
"""
VIEWS = {
    "prices": "bars year price kind",
    "days": "timeline day day work",
    "places": "map lat long work",
    "makers": "graph work by",
}
ODD = {
    "numbers": (
        "bars of amount",
        "?of ?amount",
        """("a" 5) ("b" -7.5) ("c" 0) ("d" UNDEF) (UNDEF 3) ("e" "many") ("f" "1_000") ("g" "NaN")
        ("h" 1e308) ("i" -1e308) ("j" 5e-324) ("k" 123456789012345678901234567890) ("a" 6)""",
    ),
    "currencies": (
        "bars of amount",
        "?of ?amount ?currencyCode ?unit",
        '("a" 5 "EUR" "kg") ("b" 9e8 "JPY" "kg") ("c" 4 "EUR" "t") ("d" 3 UNDEF UNDEF)',
    ),
    "colours": (
        "bars year amount maker",
        "?year ?amount ?maker",
        " ".join(f'({1990 + n % 2} {n} "m{n}")' for n in range(6)),
    ),
    "spans": (
        "timeline from to what",
        "?from ?to ?what",
        """("1990-05-01"^^xsd:date "1992"^^xsd:gYear "a") (UNDEF "1995"^^xsd:gYear "b")
        ("1991"^^xsd:gYear UNDEF "c") ("1991"^^xsd:gYear UNDEF "c") ("12000"^^xsd:gYear UNDEF "d")
        ("-0044-03-15"^^xsd:date UNDEF "e") ("2020-02-30"^^xsd:date UNDEF "f") ("199" UNDEF "g")
        ("2001-01-01T10:00:00Z"^^xsd:dateTime UNDEF "h") ("9999-12-31"^^xsd:date UNDEF "i")""",
    ),
    "shores": (
        "map north east name",
        "?north ?east ?name",
        '(35 179.9 "a") (35 -179.9 "b") (10 170 "c") (35 179.9 "d") ("NaN"^^xsd:double 0 "e")',
    ),
    "namesakes": (
        "bars thing amount",
        "?thing ?amount",
        """(<http://www.wikidata.org/entity/Q1> 1) (:a 2) (<https://f.org/a> 3)
        ("same" 4) ("same" 5)""",
    ),
    "pairs": (
        "graph one other",
        "?one ?other",
        "(:a :b) (:b :a) (:a :b) (:a UNDEF) " + " ".join(f"(:a :c{n})" for n in range(70)),
    ),
}
"""Answers that are hard to draw: view, columns and values."""
ODD_QUERY = """PREFIX : <https://e.org/id/> PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
SELECT {0} WHERE {{ VALUES ({0}) {{ {1} }} }}
"""
DATA = """@prefix : <https://e.org/ns#> . @prefix id: <https://e.org/id/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
id:a a :Work ; :year 1990 ; :price 5 ; :kind "oil" ; :unit "EUR" ; :day "1990-05-01"^^xsd:date .
id:b a :Work ; :year 1990 ; :price -7 ; :kind "oil" ; :unit "EUR" ; :day "1991"^^xsd:gYear .
id:c a :Work ; :year 1991 ; :price 9 ; :kind "ink" ; :unit "USD" ; :lat 40.4 ; :long -3.7 .
id:d a :Work ; :year 1991 ; :kind "ink" ; :lat 48.9 ; :long 2.3 ; :by id:x .
id:e a :Work ; :price "many" ; :day "one day" ; :lat 95 ; :long 0 ; :by id:x .
id:x a :Maker .
"""
CLAIMED = """@prefix : <https://e.org/ns#> . @prefix id: <https://e.org/id/> .
id:a a :Price ; :value 1 ; :standing :Yes . id:b a :Price ; :value -2 ; :standing :No .
id:c a :Price ; :value 3 ; :standing :Odd . id:d a :Price ; :value 4 .
"""
PRICES = """PREFIX : <https://e.org/ns#>
SELECT ?price ?value ?standing {
  ?price a :Price ; :value ?value OPTIONAL { ?price :standing ?standing }
}
"""
SUMS = """PREFIX : <https://e.org/ns#>
SELECT ?one ?other (?v + ?w AS ?sum) ?oneStanding ?otherStanding {
  ?one :value ?v ; :standing ?oneStanding . ?other :value ?w ; :standing ?otherStanding
}
"""
NUMBERS = " ".join(map(str, range(101)))
MANY = f'SELECT ?n (1 AS ?one) (IF(?n < 9, "EUR", ?no) AS ?unit) {{ VALUES ?n {{ {NUMBERS} }} }}'


@pytest.fixture(scope="module")
def reference(store, project):
    return Context(store, project, Settings())


@pytest.fixture(scope="module")
def works(tmp_path_factory):
    """A project without evidence that draws everything that can be drawn."""
    root = tmp_path_factory.mktemp("works")
    (root / "kg.toml").write_text(
        'base-iri = "https://e.org/"\ndata = ["d.ttl"]\nqueries = ["queries"]\n'
    )
    (root / "d.ttl").write_text(DATA)
    (root / "queries").mkdir()
    for name, view in VIEWS.items():
        (root / "queries" / f"{name}.rq").write_text(HEAD.format(name, view) + WORKS)
    for name, (view, columns, values) in ODD.items():
        text = HEAD.format(name, view) + ODD_QUERY.format(columns, values)
        (root / "queries" / f"{name}.rq").write_text(text)
    loaded = projects.load([root])
    return Context(described_store(loaded), loaded, Settings())


@pytest.fixture(params=["reference", "works"])
def context(request):
    return request.getfixturevalue(request.param)


def drawn(context, name):
    """Return the table of a canned query's example, and its charts."""
    query = context.queries[name]
    text = canned.bind(query, query.example.items(), context.names)
    labels = Labels(context.site, "en")
    table = tables.answer(context.store, text, labels, timeout_s=30)
    return table, results.panels(query.view, table, labels)


def charted(context):
    kinds = {"bars", "timeline", "map", "graph"}
    found = [
        name for name, each in context.queries.items() if each.view[:1] and each.view[0] in kinds
    ]
    assert len(found) >= 4
    return found


def counted(sentences):
    """How many rows the sentences under a chart speak of; rows on a map are only without a name."""
    counts = [each.split()[0] for each in sentences if not each.startswith("On the map")]
    return sum(int(each.replace("One", "1")) for each in counts)


def test_every_row_is_drawn_or_said_to_be_left_out(context):
    for name in charted(context):
        table, panels = drawn(context, name)
        marks = [
            mark
            for each in panels
            for mark in getattr(each.chart, MARKS.get(each.chart.kind, "rows"))
        ]
        said = results.notes(context.queries[name].view, table, panels, "en")

        assert len(marks) + counted(said) == len(table.terms), name


def test_the_page_says_how_many_rows_a_chart_leaves_out(works):
    client = create_app(works).test_client()

    prices = client.get("/queries/prices?lang=en", headers=HTML).text
    places = client.get("/queries/places?lang=en", headers=HTML).text
    makers = client.get("/queries/makers?lang=en", headers=HTML).text

    assert "2 of 5 rows are not in the chart" in prices
    assert "3 of 5 rows are not on the map" in places
    assert "3 of 5 rows are not drawn" in makers


def test_no_mark_has_a_standing_that_its_row_has_not(context):
    for name in charted(context):
        table, panels = drawn(context, name)

        charts = [each.chart for each in panels if isinstance(each.chart, Chart)]
        looks = {row.item.standing for chart in charts for row in chart.rows}

        assert looks - {"unknown"} <= set(table.looks), name


def test_where_there_is_no_evidence_no_mark_has_a_standing(works):
    client = create_app(works).test_client()

    page = client.get("/queries/prices", headers=HTML).text

    assert set(re.findall(r'data-standing="(\w*)"', page)) == {""}
    assert "accepted" not in page


def test_a_deficit_is_drawn_to_the_left_of_zero(client):
    page = client.get("/queries/trade-balance", headers=HTML).text

    assert 'class="axis"' in page


def test_no_number_of_an_axis_loses_its_sign_at_the_edge_of_a_phone(client):
    page = client.get("/queries/trade-balance?lang=en", headers=HTML).text

    narrow = page[page.index('class="chart-narrow"') :]
    assert re.search(r'<text class="quiet" x="0" y="[0-9.]+">-1.2B</text>', narrow)


def test_two_bars_with_the_same_label_name_their_sources(client):
    page = html.unescape(client.get("/queries/trade?state=CAN&lang=en", headers=HTML).text)

    labels = re.findall(r"<title>(\d+: [^<]*), [\d,]+</title>", page.partition("-narrow")[0])
    both = [label for label in labels if label.startswith("2004: ")]
    assert len(set(both)) == len(both) > 1


@pytest.mark.parametrize(("language", "name"), [("en", "Canada"), ("bn", "কানাডা")])
def test_the_title_of_an_answer_names_things_by_their_labels(client, language, name):
    asked = f"state=CAN&lang={language}"

    assert f"({name})" in client.get(f"/embed/queries/trade?{asked}").text
    assert f"({name})" in client.get(f"/queries/trade?{asked}&format=bibtex").text


def test_where_one_bar_names_its_source_all_bars_of_the_chart_do(client):
    page = html.unescape(client.get("/queries/trade?state=CAN&lang=en", headers=HTML).text)

    labels = re.findall(r"<title>\d+: ([^<]*), [\d,]+</title>", page)
    assert "imports" in {label.partition(" · ")[0] for label in labels}
    assert [label for label in labels if " · " not in label] == []


def test_the_legend_of_a_chart_names_its_own_colours_and_gives_standings_none(client):
    page = client.get("/queries/trade?state=CAN&lang=fr", headers=HTML).text
    first = re.search(r'<figure class="card">.*?</figure>', page, re.S)[0]
    drawing, legend = first.split('<ul class="legend">')

    named = set(re.findall(r'<rect class="series-([1-3])', legend))
    assert named == set(re.findall(r'<rect class="series-([1-3])', drawing))
    assert 'class="series-0' in legend
    assert "les deux sens" in legend


def test_the_dates_of_a_timeline_stay_within_it(client):
    page = client.get("/queries/timeline", headers=HTML).text

    for width, body in re.findall(
        r'<svg class="chart" id="[^"]+" viewBox="0 0 (\d+) [^>]*>(.*?)</svg>', page, re.S
    ):
        texts = re.findall(
            r'<text x="([\d.]+)"[^>]*class="halo"( text-anchor="end")?>([^<]+)<', body
        )
        assert texts
        for x, ends, text in texts:
            assert float(x) + (0 if ends else 7.5 * len(text)) <= int(width), text


@pytest.fixture(scope="module")
def claimed(tmp_path_factory):
    """A client of a project in which some values have a standing, others an odd one or none."""
    root = tmp_path_factory.mktemp("claimed")
    evidence = 'claim = ":Price"\nstanding = ":standing"\naccepted = ":Yes"\ndisputed = ":No"\n'
    (root / "kg.toml").write_text(
        'base-iri = "https://e.org/"\ndata = ["d.ttl"]\nqueries = ["queries"]\n'
        f'[evidence]\n{evidence}[[home]]\nquery = "prices"\n'
    )
    (root / "d.ttl").write_text(CLAIMED)
    (root / "queries").mkdir()
    for name, view, text in (
        ("prices", "bars price value", PRICES),
        ("sums", "bars one sum other", SUMS),
        ("many", "bars n one", MANY),
    ):
        (root / "queries" / f"{name}.rq").write_text(HEAD.format(name, view) + text)
    loaded = projects.load([root])
    return create_app(Context(described_store(loaded), loaded, Settings())).test_client()


def test_a_value_without_a_known_standing_does_not_look_accepted(claimed):
    page = claimed.get("/queries/prices?lang=en", headers=HTML).text.partition("-narrow")[0]

    marks = re.findall(r'data-standing="(\w+)"><title>(\w+),.*?<rect class="([^"]+)"', page)
    assert {name: (standing, look.split()[-1]) for standing, name, look in marks} == {
        "a": ("accepted", "full"),
        "b": ("disputed", "hatched"),
        "c": ("unknown", "faint"),
        "d": ("unknown", "faint"),
    }
    assert "standing not stated" in claimed.get("/queries/prices?lang=en", headers=HTML).text
    assert b"standing not stated" in claimed.get("/queries/prices.svg?lang=en").data


def test_a_computed_value_stands_as_the_weakest_of_its_parts(claimed):
    page = claimed.get("/queries/sums?lang=en", headers=HTML).text.partition("-narrow")[0]

    found = re.findall(r'data-standing="(\w+)"><title>(\w+): (\w+),', page)
    stands = {one + other: standing for standing, one, other in found}
    assert (stands["aa"], stands["ab"], stands["ac"], stands["bc"]) == (
        *("accepted", "disputed", "unknown", "disputed"),
    )


def test_the_balance_of_the_reference_project_stands_as_its_figures_do(client):
    page = client.get("/queries/trade-balance?lang=en", headers=HTML).text

    assert set(re.findall(r'data-standing="(\w*)"', page)) == {"disputed", "background"}


def test_the_home_page_says_what_its_charts_leave_out(client):
    page = client.get("/?lang=en", headers=HTML).text

    assert re.search(r"\d+ of \d+ rows are not in the chart", page)


@pytest.mark.parametrize(
    ("window", "told"),
    [
        ("limit=1", "Only one row is shown here; there are more."),
        ("limit=5&offset=9999", "No rows."),
    ],
)
def test_a_part_of_one_row_or_none_is_told_rightly(claimed, window, told):
    page = claimed.get(f"/queries/many?lang=en&{window}", headers=HTML).text

    assert told in page
    assert "rows are shown here" not in page


@pytest.mark.parametrize("path", ["/queries/many", "/embed/queries/many", "/queries/many.svg"])
def test_a_chart_of_a_part_of_the_rows_says_that_there_are_more(claimed, path):
    shown = claimed.get(f"{path}?lang=en", headers={"Accept": "text/html, image/svg+xml"}).text

    assert "Only 100 rows are shown here; there are more." in shown


def test_bars_without_a_label_of_their_own_are_named_by_their_group(claimed):
    page = claimed.get("/queries/prices?lang=en", headers=HTML).text.partition("-narrow")[0]

    assert 'text-anchor="end">a</text>' in page
    assert 'class="heading"' not in page


def test_amounts_whose_unit_is_unknown_are_said_to_have_none(claimed):
    page = claimed.get("/queries/many?lang=en", headers=HTML).text

    assert re.findall("<h3>(.*?)</h3>", page) == ["EUR", "unit not stated"]


def wide(page):
    """A page without the drawings for phones."""
    return re.sub(r'<div class="chart-narrow".*?</div>', "", html.unescape(page), flags=re.S)


def titles(page):
    """The title of a page, and those of its marks, each once."""
    return re.findall(r"<title>([^<]+)</title>", wide(page))


def test_only_what_is_a_number_is_drawn_and_the_rest_is_counted(works):
    page = create_app(works).test_client().get("/queries/numbers?lang=en", headers=HTML).text

    assert "7 of 13 rows are not in the chart" in page
    drawn_ = titles(page)[1:]
    assert drawn_[:3] == ["a: 5", "a: 6", "b: -7.5"]
    assert "j: 5E-324" in drawn_


def test_amounts_in_different_units_never_share_a_scale(works):
    page = create_app(works).test_client().get("/queries/currencies?lang=en", headers=HTML).text

    assert re.findall("<h3>(.*?)</h3>", page) == [
        "EUR · kg",
        "JPY · kg",
        "EUR · t",
        "unit not stated",
    ]


def test_a_colour_that_several_makers_share_is_named_after_none_of_them(works):
    page = create_app(works).test_client().get("/queries/colours?lang=en", headers=HTML).text

    legend = re.search(r'<ul class="legend">(.*?)</ul>', page, re.S)[1]
    assert re.sub(r"<[^>]+>|\s+", " ", legend).split() == ["m0", "m1", "others"]
    assert re.findall('class="heading"[^>]*>([^<]+)', page)[:2] == ["1990", "1991"]


def test_a_span_is_drawn_from_its_first_day_to_its_last_and_no_year_is_cut(works):
    page = create_app(works).test_client().get("/queries/spans?lang=en", headers=HTML).text

    assert titles(page)[1:] == [
        "-0044-03-15 –: e",
        "1 May 1990 – 1992: a",
        "1991 –: c",
        "– 1995: b",
        "1 January 2001, 10:00 UTC –: h",
        "31 December 9999 –: i",
        "12000 –: d",
    ]
    assert "2 of 10 rows are not in the chart" in page
    assert "One row says the same as another of the same date" in page


def test_a_line_leads_to_the_side_on_which_a_span_has_no_date(works):
    page = create_app(works).test_client().get("/queries/spans?lang=en", headers=HTML).text

    assert wide(page).count('<line class="axis"') == 6


def test_years_of_an_axis_have_the_digits_of_the_language(works):
    client = create_app(works).test_client()

    page = client.get("/queries/spans?lang=bn", headers=HTML).text

    assert re.findall(r'<text class="quiet"[^>]*>([^<]+)', wide(page))[:3] == ["০", "২০০০", "৪০০০"]


def test_things_with_the_same_label_are_told_apart(works):
    page = create_app(works).test_client().get("/queries/namesakes?lang=en", headers=HTML).text

    assert titles(page)[1:] == [
        "Wikidata Q1: 1",
        "a (https://e.org/id/a): 2",
        "a (https://f.org/a): 3",
        "same: 4",
        "same: 5",
    ]


def test_places_near_the_date_line_stand_beside_each_other(works):
    _, (panel,) = drawn(works, "shores")

    places = {each.name: each for each in panel.chart.places}
    assert places["c"].x < places["a"].x < places["b"].x
    assert {each.text for each in panel.chart.meridians} >= {"170° E", "180°"}


def test_a_map_says_how_many_of_its_places_have_no_name(works):
    page = create_app(works).test_client().get("/queries/shores?lang=en", headers=HTML).text

    assert "On the map, 2 places have no room for their names" in page


@pytest.mark.parametrize(
    ("view", "said"),
    [
        ("bars of odd", "no row has a number"),
        ("timeline odd odd of", "no row has a date"),
        ("map odd odd of", "no row has a place"),
        ("graph of nothing", "no row has a link"),
    ],
)
def test_an_answer_of_which_nothing_can_be_drawn_says_so(works, view, said):
    labels = Labels(works.site, "en")
    text = 'SELECT ?of ?odd ?nothing { VALUES (?of ?odd) { ("a" "?") } }'
    table = tables.answer(works.store, text, labels, timeout_s=30)
    hint = view.split()

    (sentence,) = results.notes(hint, table, results.panels(hint, table, labels), "en")

    assert said in sentence


def test_each_tick_of_an_axis_is_what_it_says():
    labels = Labels(Site(None, "https://e.org/"), "en")

    said = [labels.compact(each) for each in (0, 750e6, 1.5e9, 2.25e9, 3e9, 0.00075, 7.5e-7, 4e28)]

    assert said == ["0", "750M", "1.5B", "2.25B", "3B", "0.00075", "7.5E-7", "4E28"]


@pytest.mark.parametrize("name", sorted(ODD))
def test_a_chart_in_a_frame_and_as_a_file_says_what_the_page_says(works, name):
    client = create_app(works).test_client()
    table, panels = drawn(works, name)

    page, framed, file = (
        html.unescape(client.get(f"{path}?lang=en", headers=HTML).text)
        for path in (f"/queries/{name}", f"/embed/queries/{name}", f"/queries/{name}.svg")
    )

    assert titles(page)[1:] == titles(framed)[1:] == titles(file)[1:]
    for note in results.notes(works.queries[name].view, table, panels, "en"):
        assert [note in text for text in (page, framed, file)] == [True, True, True]
