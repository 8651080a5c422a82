"""Pages as a program without a browser sees them: what they say, and how they are sent."""

from __future__ import annotations

import gzip
import html
import json
import re
from pathlib import Path

import pytest

from kg_server import project
from kg_server.config import Settings
from kg_server.store import open_store
from kg_server.web.app import create_app
from kg_server.web.context import Context
from kg_server.web.pages import layout

BUILD = Path(layout.__file__).parent / "static" / "build"
SCRIPT_BYTES = 400_000
HTML = {"Accept": "text/html"}


def text_of(response):
    """The words of a page."""
    body = re.sub(r"<(script|style).*?</\1>", " ", response.text, flags=re.DOTALL)
    plain = html.unescape(re.sub(r"<[^>]+>", " ", body)).translate(dict.fromkeys((0x2068, 0x2069)))
    return " ".join(plain.split())


def test_the_home_page_tells_how_two_states_stand_to_each_other(client):
    page = text_of(client.get("/", headers=HTML))

    assert "Embassy of Azerbaijan in Canada yes" in page
    assert "Embassy of Canada in Azerbaijan no a source says that there is none" in page
    assert "Served by Embassy of Canada, Ankara" in page
    assert "All 12 conflicts" in page


def test_the_trade_chart_hatches_what_is_disputed(client):
    page = client.get("/", headers=HTML).text

    bars = re.findall(
        r'<g class="bar" data-standing="(\w+)">.*?<rect class="series-\d (\w+)"', page, re.S
    )

    assert {"Accepted", "Background", "Disputed"} == {standing for standing, _ in bars}
    assert all((look == "hatched") == (standing == "Disputed") for standing, look in bars)


def test_a_fact_names_its_source_and_its_standing(client):
    page = client.get("/doc/state/CAN", headers=HTML)

    (fact,) = re.findall(r'<li class="fact \w+" id="F5">.*?</li>', page.text, re.S)
    numbers = re.findall(r"#note-(\d+)", fact)

    assert "Canada has no embassy in Azerbaijan." in fact
    assert "accepted" in fact
    assert len(numbers) == 2
    for number in numbers:
        assert f'<li id="note-{number}">' in page.text


def test_a_disputed_fact_has_the_other_claim_beside_it(client):
    page = client.get("/doc/relation/AZE-CAN", headers=HTML).text

    fact = page[page.index('id="F14"') : page.index('id="X1"')]

    assert "10 August 1992" in fact
    assert "/doc/conflict/C6" in fact


@pytest.mark.parametrize(
    ("language", "expected"),
    [("bn", "কানাডা"), ("fr", "Commerce, tel que rapporté"), ("de", "Key dates")],
)
def test_the_home_page_is_in_the_language_of_its_reader(client, language, expected):
    assert expected in client.get("/", headers={**HTML, "Accept-Language": language}).text


def test_the_editor_completes_what_the_graph_has(client):
    response = client.get("/completion.json")
    document = json.loads(response.text)
    terms = {term["iri"]: term for term in document["terms"]}

    assert terms["https://diplomacy.example/ns/diplomacy#Mission"]["kind"] == "class"
    assert terms["https://diplomacy.example/ns/diplomacy#seat"]["kind"] == "property"
    assert terms["https://diplomacy.example/id/state/AZE"]["labels"]["bn"] == "আজারবাইজান"
    assert document["prefixes"]["state"] == "https://diplomacy.example/id/state/"
    assert len(gzip.compress(response.data)) < 20_000
    tag = response.headers["ETag"]
    assert client.get("/completion.json", headers={"If-None-Match": tag}).status_code == 304


def test_a_browser_gets_the_answer_to_the_query_of_an_address_as_a_page(client):
    query = "SELECT ?s { ?s a <https://diplomacy.example/ns/diplomacy#State> }"
    page = client.get("/sparql", query_string={"query": query}, headers=HTML)

    assert page.status_code == 200
    assert ">Canada<" in page.text


def test_a_program_gets_it_as_data(client):
    answer = client.get("/sparql", query_string={"query": "ASK {}"}, headers={"Accept": "*/*"})

    assert answer.json["boolean"] is True


def test_a_wrong_query_keeps_its_text_on_the_page_that_explains_it(client):
    page = client.get("/sparql", query_string={"query": "SELECT nonsense"}, headers=HTML)

    assert page.status_code == 400
    assert "SELECT nonsense" in page.text
    assert "line 1, column 8" in page.text


def test_the_language_switch_works_where_parameters_are_checked(client):
    assert client.get("/sparql?lang=bn", headers=HTML).status_code == 200
    assert client.get("/queries/trade?lang=bn", headers=HTML).status_code == 200


def test_a_query_page_shows_code_that_asks_the_same(client):
    page = html.unescape(client.get("/queries/missions?state=CAN", headers=HTML).text)

    assert "curl 'http://127.0.0.1:8000/queries/missions.csv?state=CAN" in page
    assert "pandas.read_csv" in page
    assert "await fetch(" in page


def test_addresses_to_copy_do_not_come_from_the_request(client):
    page = client.get("/queries/missions?state=CAN", headers={**HTML, "Host": "evil.example"})

    assert "evil.example" not in page.text


def test_amounts_in_different_currencies_are_not_drawn_to_one_scale(client):
    page = client.get("/queries/trade?state=CAN", headers=HTML).text

    assert page.count('<svg class="chart" id="chart-') == 2


def test_all_scripts_together_are_under_their_budget(client):
    files = [*BUILD.glob("*.js")] if BUILD.is_dir() else []

    # Without npm there is no build, and then no page may ask for one.
    assert bool(files) == bool("/static/build/" in client.get("/", headers=HTML).text)
    assert sum(len(gzip.compress(file.read_bytes())) for file in files) < SCRIPT_BYTES


def test_the_list_of_npm_packages_names_no_host():
    lock = Path(layout.__file__).parents[4] / "frontend" / "package-lock.json"

    packages = json.loads(lock.read_text())["packages"]

    assert len(packages) > 10
    assert not [name for name, each in packages.items() if "resolved" in each]


def test_a_graph_without_any_relation_has_pages_too(tmp_path):
    file = tmp_path / "one.ttl"
    file.write_text(
        "<https://diplomacy.example/id/state/ATL>"
        " a <https://diplomacy.example/ns/diplomacy#State> ;"
        ' <http://www.w3.org/2000/01/rdf-schema#label> "Atlantis"@en .'
    )
    loaded = project.load([file])
    client = create_app(Context(open_store(loaded), loaded, Settings())).test_client()

    pages = [
        client.get(address, headers=HTML)
        for address in ("/", "/conflicts", "/doc/state/ATL", "/sparql", "/queries/", "/validation")
    ]

    assert [page.status_code for page in pages] == [200] * 6
    assert "Atlantis" in pages[2].text


def test_a_graph_under_another_base_iri_links_to_its_own_pages():
    loaded = project.load([], "https://kg.example.org/")
    client = create_app(Context(open_store(loaded), loaded, Settings())).test_client()

    home, thing = (
        client.get("/", headers=HTML).text,
        client.get("/doc/state/CAN", headers=HTML).text,
    )

    assert 'href="/doc/mission/AZE-CAN-embassy"' in home
    assert "curl 'https://kg.example.org/queries/missions.csv" in html.unescape(home)
    assert "diplomacy.example" not in home
    assert "diplomacy.example" not in thing
