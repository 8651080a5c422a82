"""Maps and graphs of answers: drawn by the server, each mark a link."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from kg_server import project as projects
from kg_server.config import Settings
from kg_server.store import open_store
from kg_server.web.app import create_app
from kg_server.web.context import Context

DATA = """
@prefix ex: <https://e.org/ns#> . @prefix id: <https://e.org/id/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
id:a rdfs:label "Bell Rock" ; ex:lat 56.433 ; ex:long -2.387 ; ex:keeper id:n .
id:b rdfs:label "Skerryvore" ; ex:lat 56.323 ; ex:long -7.115 ; ex:keeper id:n .
id:c rdfs:label "Fastnet" ; ex:lat 51.389 ; ex:long -9.603 .
id:d rdfs:label "Lost" ; ex:lat "unknown" ; ex:long 200 .
id:n rdfs:label "Northern Lighthouse Board" .
"""
MAP = """#+ title: Lights
#+ description: On the map.
#+ result: A light
#+ view: map lat long name
PREFIX ex: <https://e.org/ns#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
SELECT ?light ?name ?lat ?long { ?light rdfs:label ?name ; ex:lat ?lat ; ex:long ?long }
ORDER BY ?light
"""
GRAPH = """#+ title: Keepers
#+ description: Who keeps what.
#+ result: A light and its keeper
#+ view: graph light keeper
PREFIX ex: <https://e.org/ns#>
SELECT ?light ?keeper { ?light ex:keeper ?keeper } ORDER BY ?light
"""


FAN = """#+ title: Fan
#+ description: One thing with many others.
#+ result: A link
#+ view: graph one other how
SELECT ?one ?other ?how {
  VALUES (?one ?other ?how) { ("a" "b" "1st") ("a" "c" "2nd") ("a" "d" "3rd") ("a" "e" "4th") }
}
"""


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    root = tmp_path_factory.mktemp("lights")
    for name, text in (
        ("kg.toml", 'base-iri = "https://e.org/"\n'),
        ("data/a.ttl", DATA),
        ("queries/lights.rq", MAP),
        ("queries/keepers.rq", GRAPH),
        ("queries/fan.rq", FAN),
    ):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text)
    project = projects.load([root])
    return create_app(Context(open_store(project), project, Settings())).test_client()


def page(client, address):
    response = client.get(address, headers={"Accept": "text/html"})
    assert response.status_code == 200
    return response.text


def test_a_map_has_a_mark_for_each_place_north_above_south_and_east_to_the_right(client):
    html = page(client, "/queries/lights")

    marks = {
        name: (float(x), float(y))
        for name, x, y in re.findall(
            r'<title>([^<]+)</title><circle class="series-1" cx="([\d.]+)" cy="([\d.]+)"', html
        )
    }
    assert set(marks) == {"Bell Rock", "Skerryvore", "Fastnet"}
    assert marks["Fastnet"][0] < marks["Skerryvore"][0] < marks["Bell Rock"][0]
    assert marks["Fastnet"][1] > marks["Skerryvore"][1] > marks["Bell Rock"][1]


def test_a_map_says_which_rows_are_not_on_it(client):
    assert "rows is not on the map: it has no place." in page(client, "/queries/lights")


def test_a_mark_leads_to_its_thing(client):
    html = page(client, "/queries/lights")

    (address,) = set(re.findall(r'<a href="([^"]+)">\s*<g><title>Fastnet</title>', html))
    assert re.search(r"<h1[^>]*>.*Fastnet", page(client, address))


def test_a_graph_has_each_thing_once_and_a_line_for_each_link(client):
    html = page(client, "/queries/keepers")

    wide, narrow = re.findall(
        r'<svg class="chart" viewBox="[^"]*" role="group".*?</svg>', html, re.S
    )
    assert re.findall(r"<title>([^<]+)</title>", wide) == [
        "Bell Rock",
        "Skerryvore",
        "Northern Lighthouse Board",
    ]
    assert (wide.count("<path"), narrow.count("<path")) == (2, 2)


@pytest.mark.parametrize("name", ["lights", "keepers"])
def test_a_phone_gets_a_drawing_of_its_own_width(client, name):
    html = page(client, f"/queries/{name}")

    narrow = html[html.index('class="chart-narrow"') :]
    drawing = narrow[: narrow.index("</svg>")]
    assert 'viewBox="0 0 340 ' in drawing
    texts = re.findall(r'<text[^>]* x="([\d.]+)"[^>]*>([^<]+)<', drawing)
    assert texts
    assert all(float(x) < 340 for x, _ in texts)


def test_no_text_of_a_link_lies_upon_another(client):
    html = page(client, "/queries/fan")

    wide = html[html.index('class="chart-wide"') : html.index('class="chart-narrow"')]
    heights = [
        float(y) for y in re.findall(r'<text class="quiet halo" x="480.0" y="([\d.]+)"', wide)
    ]
    assert len(heights) > 1
    assert all(one + 18 <= other for one, other in pairwise(heights))
