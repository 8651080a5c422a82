"""Search, suggestions and reconciliation over HTTP."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from kg_server.config import Settings
from kg_server.project import Project, ProjectFile, Role
from kg_server.store import open_store
from kg_server.web.app import create_app
from kg_server.web.context import Context

BASE = "https://diplomacy.example/"
HERE = "http://localhost/"
"""Where the test client asks."""
CANADA = BASE + "id/state/CAN"
STATE = BASE + "ns/diplomacy#State"
BROWSER = {"Accept": "text/html,*/*;q=0.8"}


def results(client, **parameters):
    response = client.get("/search", query_string=parameters | {"format": "json"})
    return response.json["results"]


def test_a_thing_is_found_with_its_type_and_its_page(client):
    first = results(client, q="কানাডা", lang="bn")[0]

    assert first["iri"] == CANADA
    assert first["label"] == "কানাডা"
    assert first["type"] == STATE
    assert first["typeLabel"] == "রাষ্ট্র"
    assert first["page"] == "/doc/state/CAN"


@pytest.mark.parametrize(
    ("text", "language", "label", "kind"),
    [
        ("Canada has no embassy", "en", "Claim F5", "claim"),
        ("Affirmation F5", "fr", "Affirmation F5", "affirmation"),
        ("embassy", "en", "embassy", "concept"),
    ],
)
def test_what_is_found_has_the_name_of_its_kind(client, text, language, label, kind):
    kinds = {each["label"]: each["typeLabel"] for each in results(client, q=text, lang=language)}

    assert kinds[label] == kind


def test_an_empty_result_leads_to_things_before_terms(client):
    page = client.get("/search?q=nothing-is-called-this&lang=fr", headers=BROWSER).text

    assert page.index(">affirmation<") < page.index(">passage<")
    assert "Statement" not in page
    assert "ObjectProperty" not in page


@pytest.mark.parametrize("type_", ["Mission", "mission", BASE + "ns/diplomacy#Mission"])
def test_the_type_is_named_by_its_iri_or_its_local_name(client, type_):
    found = results(client, q="embassy", type=type_)

    assert found
    assert {each["type"] for each in found} == {BASE + "ns/diplomacy#Mission"}


@pytest.mark.parametrize(
    ("query", "status", "parameter"),
    [
        ("", 400, "q"),
        ("q=a&limit=0", 400, "limit"),
        ("q=a&limit=1e9", 400, "limit"),
        ("q=a&type=Unicorn", 400, "type"),
        ("q=a&colour=red", 400, "colour"),
        ("q=a&q=b", 400, "q"),
        ("q=" + "a" * 501, 400, "q"),
    ],
)
def test_a_wrong_parameter_is_named(client, query, status, parameter):
    response = client.get(f"/search?{query}", headers={"Accept": "application/json"})

    assert (response.status_code, response.json["parameter"]) == (status, parameter)


def test_the_page_lists_links_and_shows_the_text_as_text(client):
    found = client.get("/search?q=canada", headers=BROWSER)
    hostile = client.get("/search", query_string={"q": "<script>x</script>"}, headers=BROWSER)

    assert 'href="/doc/state/CAN"' in found.text
    assert "<script>x" not in hostile.text
    assert hostile.status_code == 200


def test_neither_page_nor_json_is_not_acceptable(client):
    assert client.get("/search?q=a", headers={"Accept": "image/png"}).status_code == 406


def test_a_browser_s_search_field_gets_suggestions(client):
    response = client.get("/search/suggest?q=azer")

    text, completions, descriptions, addresses = response.json
    assert text == "azer"
    assert completions[0] == "Azerbaijan"
    assert len(completions) == len(descriptions) == len(addresses) > 1
    assert addresses[0] == HERE + "doc/state/AZE"


def test_the_search_describes_itself_to_browsers(client):
    response = client.get("/opensearch.xml")
    root = ElementTree.fromstring(response.data)  # noqa: S314  # our own document

    templates = {each.get("rel"): each.get("template") for each in root if each.tag.endswith("Url")}
    assert response.mimetype == "application/opensearchdescription+xml"
    assert templates["suggestions"] == HERE + "search/suggest?q={searchTerms}"


def batch(client, queries, method="post"):
    pairs = {"queries": json.dumps(queries)}
    if method == "post":
        return client.post("/reconcile", data=pairs)
    return client.get("/reconcile", query_string=pairs)


def test_the_manifest_leads_to_every_service(client):
    manifest = client.get("/reconcile").json

    assert "0.2" in manifest["versions"]
    assert set(manifest["suggest"]) == {"entity", "type", "property"}
    for kind in manifest["suggest"].values():
        assert client.get(kind["service_path"] + "?prefix=a").status_code == 200
    for what in ("view", "preview"):
        path = manifest[what]["url"].removeprefix(HERE).replace("{{id}}", CANADA)
        assert client.get("/" + path).status_code in (200, 303)


@pytest.mark.parametrize("method", ["get", "post"])
def test_names_are_matched_in_a_batch(client, method):
    response = batch(
        client,
        {
            "q0": {"query": "Canada", "type": STATE, "limit": 3},
            "q1": {"query": "আজারবাইজান"},
            "q2": {"query": "embassy", "limit": 2},
            "q3": {"query": "Atlantis", "type": [{"id": STATE}]},
        },
        method,
    )

    found = {key: value["result"] for key, value in response.json.items()}
    assert found["q0"][0] | {"type": []} == {
        "id": CANADA, "name": "Canada", "type": [], "score": 100.0, "match": True
    }  # fmt: skip
    assert found["q1"][0]["id"] == BASE + "id/state/AZE"
    assert len(found["q2"]) == 2
    assert found["q3"] == []
    assert response.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize(
    "queries",
    [
        "not json", "[]", '{"q0": "Canada"}', '{"q0": {}}', '{"q0": {"query": 1}}',
        '{"q0": {"query": "a", "limit": 0}}', '{"q0": {"query": "a", "limit": true}}',
        '{"q0": {"query": "a", "type": 3}}', "[" * 100_000,
        '{"q0": {"query": "a", "properties": {"pid": "x"}}}',
        '{"q0": {"query": "a", "properties": [{"pid": "urn:x"}]}}',
        json.dumps({f"q{n}": {"query": "a"} for n in range(101)}),
    ],
)  # fmt: skip
def test_a_batch_that_cannot_be_read_is_a_bad_request(client, queries):
    response = client.post("/reconcile", data={"queries": queries})

    assert (response.status_code, response.json["parameter"]) == (400, "queries")


@pytest.mark.parametrize("form", [b"queries=%7B%7D&a=\xff", b"queries=%7B%7D" + b"&a=1" * 1000])
def test_a_form_that_cannot_be_read_is_a_bad_request(client, form):
    type_ = "application/x-www-form-urlencoded"

    assert client.post("/reconcile", data=form, content_type=type_).status_code == 400


def test_types_and_properties_are_suggested(client):
    types = client.get("/reconcile/suggest/type?prefix=miss").json["result"]
    properties = client.get("/reconcile/suggest/property?prefix=send").json["result"]

    assert types[0]["id"] == BASE + "ns/diplomacy#Mission"
    assert properties[0]["id"] == BASE + "ns/diplomacy#sendingState"
    assert client.get("/reconcile/suggest/entity").status_code == 400
    assert client.get("/reconcile/suggest/colour?prefix=a").status_code == 404


def test_what_is_unknown_has_no_preview(client):
    assert client.get("/reconcile/preview?id=urn:x").status_code == 404
    assert client.get("/reconcile/view?id=https://evil.example/").status_code == 404


def test_the_preview_may_be_shown_in_another_page(client):
    response = client.get("/reconcile/preview", query_string={"id": CANADA})

    assert "frame-ancestors *" in response.headers["Content-Security-Policy"]
    assert "Canada" in response.text


def test_a_query_with_many_types_takes_one_search(client):
    types = [STATE, *(f"http://x/{number}" for number in range(300))]
    queries = {f"q{n}": {"query": "canada embassy", "type": types[1:]} for n in range(100)}
    queries["q0"] = {"query": "Canada", "type": types}

    # A search for each of them, several milliseconds, would take minutes.
    found = client.post("/reconcile", data={"queries": json.dumps(queries)}).json

    assert found["q0"]["result"][0]["id"] == CANADA
    assert found["q1"] == {"result": []}


@pytest.mark.parametrize("type_", [None, "", [], [None], {"id": None}])
def test_a_query_without_a_type_is_of_any(client, type_):
    queries = json.dumps({"q": {"query": "Canada", "type": type_}})

    found = client.post("/reconcile", data={"queries": queries}).json

    assert found["q"]["result"][0]["id"] == CANADA


@pytest.fixture(scope="module")
def hostile():
    label = "<http://www.w3.org/2000/01/rdf-schema#label>"
    text = f"<javascript:alert(1)> a <urn:Thing> ; {label} 'evil'@en ."
    file = ProjectFile(Path("f.ttl"), Role.DATA, f"{BASE}graph/f", "turtle", text.encode())
    project = Project((file,), BASE, "v1")
    return create_app(Context(open_store(project), project, Settings())).test_client()


def test_a_name_that_is_a_script_leads_nowhere(hostile):
    name = {"id": "javascript:alert(1)"}

    page = hostile.get("/search?q=evil", headers=BROWSER).text
    preview = hostile.get("/reconcile/preview", query_string=name).text
    view = hostile.get("/reconcile/view", query_string=name)

    assert ">evil</a>" in page
    assert "evil" in preview
    assert 'href="javascript' not in page + preview
    assert view.headers["Location"] == "/doc?iri=javascript%3Aalert%281%29"


DIP = BASE + "ns/diplomacy#"


def extension(client, ids, properties, **settings):
    wanted = {"ids": ids, "properties": [{"id": each, **settings} for each in properties]}
    return client.post("/reconcile", data={"extend": json.dumps(wanted)})


def test_a_table_gets_columns_from_the_things_that_its_names_were_matched_to(client):
    capital, code = DIP + "capital", DIP + "iso3166alpha3"

    answer = extension(client, [CANADA, BASE + "id/state/NONE"], [capital, code]).json

    assert [each["name"] for each in answer["meta"]] == ["capital", "ISO 3166-1 alpha-3 code"]
    assert answer["rows"][CANADA][code] == [{"str": "CAN"}]
    assert answer["rows"][CANADA][capital] == [{"id": BASE + "id/place/ottawa", "name": "Ottawa"}]
    assert answer["rows"][BASE + "id/state/NONE"] == {capital: [], code: []}


def test_texts_of_a_column_are_in_one_language(client):
    label = "http://www.w3.org/2000/01/rdf-schema#label"

    answer = extension(client, [CANADA], [label], settings={"limit": "1"}).json

    assert answer["rows"][CANADA][label] == [{"str": "Canada"}]


@pytest.mark.parametrize(
    "text", ["no json", "[]", "{}", '{"ids": [1], "properties": []}', '{"ids": ["x"]}']
)
def test_an_extension_that_cannot_be_read_is_a_bad_request(client, text):
    response = client.post("/reconcile", data={"extend": text})

    assert (response.status_code, response.json["parameter"]) == (400, "extend")


def test_properties_of_a_class_are_proposed_for_columns(client):
    proposed = client.get("/reconcile/properties", query_string={"type": STATE, "limit": 50}).json

    assert DIP + "iso3166alpha3" in {each["id"] for each in proposed["properties"]}
    assert all(each["name"] for each in proposed["properties"])


def test_the_classes_proposed_for_a_column_are_those_of_most_things(client):
    types = client.get("/reconcile").json["defaultTypes"]

    assert len(types) == 5
    assert not {DIP + "Claim", "http://www.w3.org/2002/07/owl#Class"} & {e["id"] for e in types}


def test_a_search_finds_texts_and_shows_kinds_by_their_labels(client):
    page = client.get("/search?q=evasion&lang=fr", headers=BROWSER).text

    assert "/doc/claim/" in page
    assert "http://www.w3.org/2002/07/owl#" not in page


def test_a_search_that_finds_nothing_leads_on(client):
    page = client.get("/search?q=Kanadda", headers=BROWSER).text
    far = client.get("/search?q=zzzzzzz", headers=BROWSER).text

    assert 'href="/doc/state/CAN"' in page
    assert "Nothing was found." in far
    assert 'href="/queries/' in far
    assert 'href="/things/?class=' in far


def test_questions_are_found_by_their_words(client):
    assert 'href="/queries/trade-balance"' in client.get("/search?q=balance", headers=BROWSER).text


def test_a_page_shows_no_other_text_beside_a_label_that_has_the_words(client):
    page = client.get("/search?q=canada&lang=fr", headers={"Accept": "text/html"}).text
    by_code = client.get("/search?q=ankara embassy&lang=fr", headers={"Accept": "text/html"}).text

    assert "Ambassade du Canada, Ankara" in page
    assert "Embassy of Canada, Ankara" not in page
    assert "Embassy of Canada, Ankara" in by_code


def test_the_kind_of_a_result_is_named_by_its_label(client):
    claim, scheme = (
        client.get("/search", query_string={"q": text, "format": "json", "limit": 1}).json[
            "results"
        ]
        for text in ("Claim F14", "Kinds of mission")
    )

    assert claim[0]["typeLabel"] == "claim"
    assert scheme[0]["typeLabel"] == "list of concepts"


def test_a_result_in_another_direction_does_not_mix_with_the_words_after_it(client):
    page = client.get("/search?q=canada", headers={"Accept": "text/html"}).text

    assert '<a dir="auto" href="/doc/state/CAN"' in page
