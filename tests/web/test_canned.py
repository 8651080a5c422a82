"""Canned queries over HTTP."""

import csv
import io
import json
import re
from pathlib import Path

import pyoxigraph
import pytest
import rdflib

from kg_server import canned
from kg_server import project as projects
from kg_server.canned import names
from kg_server.config import Settings
from kg_server.description import queries
from kg_server.web.app import create_app
from kg_server.web.context import Context
from kg_server.web.pages import layout, tables

from ..conftest import described_store

ROOT = Path(__file__).resolve().parents[2]
QUERIES = canned.load(projects.load([ROOT]).queries)
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def links(response):
    return {
        rel: address
        for address, rel in re.findall(r'<([^>]*)>; rel="(\w+)"', response.headers["Link"])
    }


def rows(response):
    return list(csv.DictReader(io.StringIO(response.text)))


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_every_query_answers_its_example_in_every_format(client, query):
    for extension in ("json", "xml", "csv", "tsv", "html"):
        response = client.get(f"/queries/{query.name}.{extension}", query_string=query.example)

        assert response.status_code == 200
        assert response.text
        assert response.headers["ETag"]


@pytest.mark.parametrize(
    "state", ["CAN", "ca", "Canada", "কানাডা", "https://diplomacy.example/id/state/CAN"]
)
def test_a_state_is_found_by_any_of_its_names(client, state):
    response = client.get("/queries/missions.csv", query_string={"state": state})

    assert {row["state"] for row in rows(response)} == {"https://diplomacy.example/id/state/CAN"}


@pytest.mark.parametrize(
    ("address", "parameter"),
    [
        ("/queries/missions.json", "state"),
        ("/queries/missions.json?state=", "state"),
        ("/queries/missions.json?state=Atlantis", "state"),
        ("/queries/missions.json?state=CAN&state=AZE", "state"),
        ("/queries/missions.json?state=CAN&colour=red", "colour"),
        ("/queries/missions.json?state=CAN&limit=0", "limit"),
        ("/queries/missions.json?state=CAN&limit=10&limit=20", "limit"),
        ("/queries/missions.json?state=CAN&offset=-1", "offset"),
        ("/queries/missions.json?state=CAN&limit=٣", "limit"),
        ("/queries/trade.json?state=CAN&year=08", "year"),
        ("/queries/sources.json?lang=en_GB", "lang"),
    ],
)
def test_a_wrong_parameter_is_a_problem_that_names_it(client, address, parameter):
    response = client.get(address)

    assert response.status_code == 400
    assert response.content_type == "application/problem+json"
    assert response.json["parameter"] == parameter


def test_a_misspelt_state_is_answered_with_those_near_it(client):
    response = client.get("/queries/missions.json?state=Azerbajan")

    assert "Azerbaijan" in response.json["suggestions"]


def test_a_value_cannot_leave_its_term(client):
    attack = "https://x.example/> ?p ?o } } SELECT * { ?s ?p ?o } #"
    response = client.get("/queries/claims-about.csv", query_string={"thing": attack})

    assert response.status_code == 400


def test_pages_are_linked_from_the_first_to_the_last(client):
    address, seen = "/queries/conflicts.csv?limit=20", []
    while address:
        response = client.get(address)
        seen.extend(rows(response))
        address = links(response).get("next")

    assert seen == rows(client.get("/queries/conflicts.csv"))
    assert links(response)["prev"] == "/queries/conflicts.csv?limit=20&offset=20"
    assert links(response)["first"] == "/queries/conflicts.csv?limit=20&offset=0"
    assert links(response)["last"] == "/queries/conflicts.csv?limit=20&offset=40"


def test_the_source_of_a_query_is_served_as_it_is(client):
    response = client.get("/queries/trade.rq")

    assert response.mimetype == "application/sparql-query"
    assert response.text == (ROOT / "queries" / "trade.rq").read_text(encoding="utf-8")
    assert "trade.rq" in client.get("/queries/trade.csv?state=CAN").headers["Link"]


def test_a_representation_that_the_client_has_is_not_sent_again(client):
    first = client.get("/queries/sources.csv")

    again = client.get("/queries/sources.csv", headers={"If-None-Match": first.headers["ETag"]})

    assert (again.status_code, again.data) == (304, b"")
    assert client.get("/queries/sources.tsv").headers["ETag"] != first.headers["ETag"]


def test_head_and_options_are_answered(client):
    head = client.head("/queries/sources.csv")
    options = client.options("/queries/sources")

    assert (head.status_code, head.data) == (200, b"")
    assert options.status_code == 200
    assert set(options.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


@pytest.mark.parametrize("name", ["nothing", "../trade", "trade.exe?state=CAN", "missions."])
def test_what_is_not_there_is_not_found_or_not_acceptable(client, name):
    assert client.get(f"/queries/{name}").status_code in (400, 404, 406)


def test_the_list_is_a_page_json_and_rdf(client):
    page = client.get("/queries/", headers=BROWSER)
    listed = client.get("/queries/?format=json").json["queries"]
    graph = rdflib.Graph().parse(data=client.get("/queries/?format=ttl").text, format="turtle")

    executables = {
        str(each).rpartition("/")[2]
        for each in graph.subjects(rdflib.RDF.type, rdflib.SH.SPARQLExecutable)
    }
    assert {each["name"] for each in listed} == executables == set(QUERIES)
    assert all(f'href="/queries/{name}"' in page.text for name in QUERIES)


@pytest.mark.parametrize("format_", ["turtle", "nt", "rdf", "jsonld", "nq", "trig"])
def test_the_list_is_the_same_graph_in_every_syntax(client, store, format_):
    response = client.get(f"/queries/?format={format_}")

    syntax = pyoxigraph.RdfFormat.from_media_type(response.mimetype)
    triples = {quad.triple for quad in pyoxigraph.parse(response.data, format=syntax)}
    expected = queries.as_graph(
        QUERIES, "https://diplomacy.example/", names.of_queries(QUERIES.values(), store)
    )
    assert len(triples) == len(set(expected.splitlines()))


def test_a_page_without_parameters_shows_its_example_and_says_what_it_takes(client):
    page = client.get("/queries/missions", headers=BROWSER)

    assert page.status_code == 200
    assert '<option value="CAN" selected>Canada</option>' in page.text
    assert "Embassy of Canada, Ankara" in page.text


def test_a_form_may_be_sent_with_fields_left_empty(client):
    page = client.get("/queries/trade?state=CAN&other=&year=&lang=bn", headers=BROWSER)

    assert page.status_code == 200
    assert "১২" in page.text or "কানাডীয়" in page.text


def test_a_hostile_value_stays_text_on_the_page(client):
    response = client.get(
        "/queries/missions", headers=BROWSER, query_string={"state": "<script>alert(1)</script>"}
    )

    assert response.status_code == 400
    assert "<script>alert" not in response.text


def test_the_examples_of_the_list_work(client):
    for each in client.get("/queries/?format=json").json["queries"]:
        address = each["example"].removeprefix("https://diplomacy.example")
        response = client.get(address, headers={"Accept": "application/json"})

        assert response.status_code == 200
        assert json.loads(response.data)["results"]["bindings"]


@pytest.mark.parametrize(
    ("path", "accept"),
    [
        ("/queries/missions", "text/turtle"),
        ("/queries/missions", "text/turtle, */*;q=0.1"),
        ("/queries/missions.ttl", "*/*"),
        ("/queries/missions?format=ttl", "text/html"),
    ],
)
def test_the_name_of_a_query_leads_to_a_description_where_rdf_is_asked_for(client, path, accept):
    response = client.get(path, headers={"Accept": accept})

    assert response.mimetype == "text/turtle"
    assert "<https://diplomacy.example/queries/missions> a sh:" in response.text
    assert "SPARQLSelectExecutable" in response.text


def test_the_name_of_a_query_leads_to_its_answer_for_any_other_client(client):
    answer = client.get("/queries/missions?state=CAN", headers={"Accept": "*/*"})

    assert answer.mimetype == "application/sparql-results+json"


def test_fields_have_meanings_for_labels_and_choices_in_the_language_of_the_reader(client):
    page = client.get("/queries/missions?lang=fr", headers=BROWSER).text
    kinds = client.get("/queries/conflicts?lang=bn", headers=BROWSER).text

    assert "L&#39;État dont on cherche les missions" in page
    assert '<option value="AZE">Azerbaïdjan</option>' in page
    assert '<option value="sent">envoyées</option>' in page
    assert '<option value="" selected>যেকোনো</option>' in kinds
    assert '<option value="DateConflict">' in kinds


def test_a_choice_is_recognized_by_any_of_its_names(client):
    for name in ("Canada", "কানাডা", "https://diplomacy.example/id/state/CAN"):
        page = client.get("/queries/missions", query_string={"state": name}, headers=BROWSER)

        assert '<option value="CAN" selected>Canada</option>' in page.text


def test_a_mistake_comes_back_with_the_form_filled_in_and_the_field_marked(client):
    page = client.get("/queries/trade?state=France&year=2008", headers=BROWSER)

    assert page.status_code == 400
    assert "France is not in this graph. Of the kind “state” it has 18." in page.text
    assert '<option value="France" selected>' in page.text
    assert 'value="2008"' in page.text
    assert page.text.count('aria-invalid="true"') == 1


def test_suggestions_are_links_that_ask_again(client):
    page = client.get("/queries/trade?state=Kanada&year=2008", headers=BROWSER)
    (address,) = re.findall(r'<a href="([^"]*)"><bdi>Canada</bdi></a>', page.text)

    assert page.status_code == 400
    assert client.get(address.replace("&amp;", "&"), headers=BROWSER).status_code == 200


def test_a_field_that_is_needed_and_was_left_empty_is_marked(client):
    page = client.get("/queries/trade?state=&year=2008", headers=BROWSER)

    assert page.status_code == 400
    assert "This field is needed." in page.text


@pytest.mark.parametrize("name", ["USA", "France", "Atlantis"])
def test_a_name_is_not_taken_for_one_that_is_spelt_otherwise(client, name):
    assert not client.get(f"/queries/missions.json?state={name}").json["suggestions"]


def heads(page):
    table = re.search(r"<thead>.*?</thead>", page.text, re.DOTALL)[0]
    return re.findall(r"<th[^>]*>([^<]*)</th>", table)


def test_the_same_value_in_every_row_is_said_once_and_the_answer_stands_first(client):
    page = client.get("/queries/trade-balance?state=CAN&other=AZE", headers=BROWSER)

    assert "The same in every row shown" in page.text
    assert not {"state", "other"} & set(heads(page))
    assert "balance" in heads(page)[:3]


def test_things_stand_where_their_labels_do_in_the_query(client):
    page = client.get("/queries/recognitions", headers=BROWSER)

    assert heads(page).index("recognized") < heads(page).index("source")


def test_column_heads_are_words(client):
    for query in QUERIES:
        page = client.get(f"/queries/{query}", headers=BROWSER)

        assert all(head == head.lower() for head in heads(page) if len(head) > 3), query


def test_a_misspelt_query_form_is_told_the_one_it_may_have_been(client):
    problem = client.get("/sparql?query=SELCT+*+%7B+%3Fs+%3Fp+%3Fo+%7D").json

    assert problem["detail"].endswith("Did you mean SELECT?")


def test_completion_knows_the_properties_of_each_class(client):
    document = client.get("/completion.json").json
    dip = "https://diplomacy.example/ns/diplomacy#"

    assert dip + "signatory" in document["classes"][dip + "Treaty"]
    assert dip + "conflictKind" not in document["classes"][dip + "Treaty"]


def test_names_of_other_sites_say_where_they_lead(client):
    page = client.get("/doc/state/AZE", headers=BROWSER).text

    assert "Wikidata Q227" in page


@pytest.mark.parametrize("language", ["bn", "fr"])
def test_no_column_of_an_answer_has_an_english_name_on_a_page_in_another_language(
    client, project, language
):
    heads = set()
    for query in canned.load(project.queries).values():
        values = {**query.example, "lang": language}
        page = client.get(f"/queries/{query.name}", query_string=values, headers=BROWSER).text
        heads |= {*re.findall(r'<th scope="col"[^>]*>([^<]+)<', page)}

    english = {tables.heading(name) for query in QUERIES.values() for name in columns(query)}
    same = {text for text, translated in layout.messages(language).items() if text == translated}
    own = {texts.get(language) for texts in project.profile.columns.values()}

    assert len(heads) > 20
    assert not (heads & english) - same - own


def columns(query):
    return {name.removesuffix("Label") for name in re.findall(r"[?$](\w+)", query.source)}


@pytest.mark.parametrize("accept", ["*/*", "text/turtle", "application/n-triples"])
def test_the_list_of_no_queries_says_that_there_are_none(tmp_path, accept):
    (tmp_path / "d.ttl").write_text("<https://e.org/a> <https://e.org/b> 1 .")
    loaded = projects.load([tmp_path / "d.ttl"])
    client = create_app(Context(described_store(loaded), loaded, Settings())).test_client()

    listed = client.get("/queries/", headers={"Accept": accept}).get_data(as_text=True)

    assert listed == "# This project has no canned queries.\n"


def test_a_field_that_is_given_twice_is_said_to_be(client):
    page = client.get("/queries/trade?state=CAN&state=AZE", headers={"Accept": "text/html"})

    assert page.status_code == 400
    assert "is given more than once" in page.text
    assert "is not in this graph" not in page.text
