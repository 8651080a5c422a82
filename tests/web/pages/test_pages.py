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

    assert "Azerbaijan · Canada yes" in page
    assert "Canada · Azerbaijan denied" in page
    assert "Canada has no embassy in Azerbaijan." in page
    assert "C6: date of establishment" in page
    assert "Last change:" in page


def test_the_trade_chart_hatches_what_is_disputed(client):
    page = client.get("/", headers=HTML).text

    bars = re.findall(
        r'<g class="bar" data-standing="(\w+)">.*?<rect class="series-\d (\w+)"', page, re.S
    )

    assert {"accepted", "background", "disputed"} == {standing for standing, _ in bars}
    assert all((look == "hatched") == (standing == "disputed") for standing, look in bars)


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
    [("bn", "কানাডা"), ("fr", "Relations diplomatiques, sources à"), ("de", "Questions to ask")],
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
    assert len(gzip.compress(response.data)) < 40_000  # 765 terms, in three languages
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

    assert "curl 'http://localhost/queries/missions.csv?state=CAN" in page
    assert "pandas.read_csv" in page
    assert "await fetch(" in page


def test_addresses_to_copy_lead_to_the_host_that_was_asked(client):
    page = client.get("/queries/missions?state=CAN", headers={**HTML, "Host": "kg.test:8080"})

    assert "http://kg.test:8080/queries/missions.csv" in page.text


@pytest.mark.parametrize("host", ["evil.example/x", "evil.example@x", "a b", '"><script>', "e.x:y"])
def test_a_host_that_is_none_is_not_repeated(client, host):
    page = client.get("/queries/missions?state=CAN", headers={**HTML, "Host": host})

    assert host not in page.text


def test_addresses_to_copy_lead_to_the_public_url_where_there_is_one(store, project):
    settings = Settings(public_url="https://kg.example.org/data/")
    client = create_app(Context(store, project, settings)).test_client()
    headers = {**HTML, "Host": "other.test"}

    page = client.get("/queries/missions?state=CAN", headers=headers).text
    described = client.get("/.well-known/void", headers={"Accept": "text/turtle"}).text

    assert "https://kg.example.org/data/queries/missions.csv" in page
    assert "other.test" not in page
    assert "sd:endpoint <https://kg.example.org/data/sparql>" in described
    assert client.get("/openapi.json").json["servers"] == [{"url": "https://kg.example.org/data"}]
    assert client.get("/x", headers={"Accept": "application/json"}).json["type"] == (
        "https://kg.example.org/data/problems/not-found"
    )


def test_where_a_link_may_be_relative_it_is(client):
    assert client.get("/openapi.json").json["servers"] == [{"url": "/"}]
    problem = client.get("/nowhere", headers={"Accept": "application/json"}).json
    assert problem["type"] == "/problems/not-found"


def test_services_are_described_where_they_are_reached_and_named_as_they_are_named(client):
    described = client.get("/.well-known/void", headers={"Accept": "text/turtle"}).text
    reconcile = client.get("/reconcile").json

    assert "<https://diplomacy.example/sparql> a " in described
    assert "sd:endpoint <http://localhost/sparql>" in described
    assert reconcile["view"]["url"].startswith("http://localhost/reconcile/")
    assert reconcile["suggest"]["entity"]["service_url"] == "http://localhost"
    assert reconcile["identifierSpace"] == "https://diplomacy.example/"


def test_amounts_in_different_currencies_are_not_drawn_to_one_scale(client):
    page = client.get("/queries/trade?state=CAN", headers=HTML).text

    assert page.count('<div class="chart-wide"') == 2


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


def test_a_home_page_whose_question_has_no_answer_says_why_and_shows_the_rest(tmp_path):
    (tmp_path / "kg.toml").write_text(
        'base-iri = "https://e.org/"\ndata = ["one.ttl"]\nqueries = ["about.rq"]\n'
        '[[home]]\nquery = "about"\nparameters = { thing = "nobody" }\n'
    )
    (tmp_path / "about.rq").write_text(
        "#+ title: About a thing\n#+ description: All of it.\n"
        "#+ param thing: thing(<https://e.org/T>); the thing; example X\n#+ result: A value\n"
        "SELECT $thing ?value WHERE { $thing ?p ?value } ORDER BY ?value\n"
    )
    (tmp_path / "one.ttl").write_text(
        '<https://e.org/x> a <https://e.org/T> ; <http://www.w3.org/2000/01/rdf-schema#label> "X".'
    )
    loaded = project.load([tmp_path])
    client = create_app(Context(open_store(loaded), loaded, Settings())).test_client()

    page = client.get("/", headers=HTML)

    assert page.status_code == 200
    assert "nobody" in html.unescape(page.text)
    assert "What is in this graph" in page.text


def test_a_graph_under_another_base_iri_links_to_its_own_pages():
    loaded = project.load([], "https://kg.example.org/")
    client = create_app(Context(open_store(loaded), loaded, Settings())).test_client()

    home, thing = (
        client.get("/", headers=HTML).text,
        client.get("/doc/state/CAN", headers=HTML).text,
    )

    assert 'href="/doc/conflict/C6"' in home
    assert "diplomacy.example" not in home
    assert "diplomacy.example" not in thing
