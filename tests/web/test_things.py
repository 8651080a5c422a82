"""Tables of things: columns from shapes, filters, facets, order, paging, formats."""

from __future__ import annotations

import csv
import io
import json
import re

import pyoxigraph
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg_server import project
from kg_server.config import Settings
from kg_server.web.app import create_app
from kg_server.web.context import Context

from ..conftest import described_store
from .test_caching import CountingStore

DATA = """@prefix m: <https://museums.example/ns#> .
@prefix id: <https://museums.example/id/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .

id:paris a m:City ; rdfs:label "Paris" .
id:oslo a m:City ; rdfs:label "Oslo"@en , "Oslo"@fr .
id:louvre a m:Museum ; rdfs:label "Louvre Museum"@en , "musée du Louvre"@fr ;
    m:city id:paris ; m:visitors 8900000 ; m:opened "1793-08-10"^^xsd:date ; m:tag "art" , "old" .
id:orsay a m:Museum ; rdfs:label "Musée d'Orsay"@fr ;
    m:city id:paris ; m:visitors 3200000 ; m:opened "1986-12-09"^^xsd:date .
id:munch a m:Museum ; rdfs:label "Munch Museum"@en ;
    m:city id:oslo ; m:visitors 850000 ; m:licence "free" .
"""
SHAPES = """@prefix m: <https://museums.example/ns#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .

m:MuseumShape a sh:NodeShape ; sh:targetClass m:Museum ;
    sh:property [ sh:path m:visitors ; sh:name "Visitors a year"@en ; sh:order 2 ;
        sh:datatype xsd:integer ; sh:maxCount 1 ] ,
      [ sh:path m:city ; sh:name "City"@en , "Ville"@fr ; sh:order 1 ; sh:class m:City ] .
"""
MUSEUM = "/things/Museum"


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    root = tmp_path_factory.mktemp("museums")
    (root / "kg.toml").write_text(
        'base-iri = "https://museums.example/"\ndata = ["data.ttl"]\nshapes = ["shapes.ttl"]\n'
        "ontology = []\n"
    )
    (root / "data.ttl").write_text(DATA)
    (root / "shapes.ttl").write_text(SHAPES)
    loaded = project.load([root])
    return create_app(Context(described_store(loaded), loaded, Settings())).test_client()


def names(client, query: str) -> list[str]:
    """Return the ends of the IRIs of a table's things, in their order."""
    page = client.get(f"{MUSEUM}?{query}", headers={"Accept": "text/html"}).get_data(as_text=True)
    return re.findall(r'<th scope="row"><a href="[^"]*/(\w+)"', page)


def table(client, query: str = "") -> list[dict[str, str]]:
    content = client.get(f"{MUSEUM}.csv?{query}").get_data(as_text=True)
    return list(csv.DictReader(io.StringIO(content)))


def test_the_classes_are_listed_with_their_counts(client):
    document = client.get("/things/?format=json").get_json()

    assert document["classes"][0] == {
        "class": "https://museums.example/ns#Museum",
        "count": 3,
        "table": MUSEUM,
    }


def test_columns_come_in_the_order_of_the_shapes_and_then_by_use(client):
    header = client.get(f"{MUSEUM}.csv").get_data(as_text=True).splitlines()[0]

    assert header.split(",")[:4] == ["iri", "label", "city", "visitors"]
    assert set(header.split(",")[4:]) == {"opened", "tag", "licence"}


@pytest.mark.parametrize(("language", "heading"), [("en", "City"), ("fr", "Ville")])
def test_a_heading_is_the_name_that_the_shape_gives_in_the_language_of_the_reader(
    client, language, heading
):
    page = client.get(MUSEUM, headers={"Accept": "text/html", "Accept-Language": language})

    assert f"<bdi>{heading}</bdi></a></th>" in page.get_data(as_text=True)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("city=Paris", {"louvre", "orsay"}),
        ("city=https://museums.example/id/oslo", {"munch"}),
        ("city=id:oslo", {"munch"}),
        ("city=Paris&city=Oslo", {"louvre", "orsay", "munch"}),
        ("city__not=Paris", {"munch"}),
        ("city__contains=par", {"louvre", "orsay"}),
        ("label=Munch+Museum", {"munch"}),
        ("label__contains=LOUVRE", {"louvre"}),
        ("label__starts=mus", {"louvre", "orsay"}),
        ("label__contains=o&city__not=Oslo", {"louvre", "orsay"}),
        ("label__contains=o&tag__missing=&visitors__gt=1", {"orsay"}),
        ("tag__contains=L&label__starts=lou", {"louvre"}),
        ("label__contains=oslo", set()),
        ("visitors=3200000", {"orsay"}),
        ("visitors__gt=900000", {"louvre", "orsay"}),
        ("visitors__le=850000", {"munch"}),
        ("opened=1986", {"orsay"}),
        ("opened__ge=1900", {"orsay"}),
        ("opened__lt=1793-08-11", {"louvre"}),
        ("licence__missing=", {"louvre", "orsay"}),
        ("licence=free", {"munch"}),
        ("tag=art&visitors__gt=1", {"louvre"}),
        ("city=", {"louvre", "orsay", "munch"}),
        ("city=Rome", set()),
    ],
)
def test_a_filter_leaves_the_things_that_it_means(client, query, expected):
    assert set(names(client, query)) == expected
    assert {row["iri"].rpartition("/")[2] for row in table(client, query)} == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("sort=visitors", ["munch", "orsay", "louvre"]),
        ("sort=-visitors", ["louvre", "orsay", "munch"]),
        ("sort=label", ["louvre", "munch", "orsay"]),
        ("sort=opened", ["louvre", "orsay", "munch"]),
    ],
)
def test_a_table_is_sorted_by_a_column_and_what_lacks_it_comes_last(client, query, expected):
    assert names(client, query) == expected


@pytest.mark.parametrize(
    "query", ["", "sort=visitors", "sort=-visitors", "sort=label", "sort=-label", "sort=city"]
)
def test_a_download_has_the_rows_of_the_page_in_its_order(client, query):
    def ends(window: str) -> list[str]:
        return [row["iri"].rpartition("/")[2] for row in table(client, query + window)]

    assert ends("") == names(client, query)
    assert ends("&limit=2&offset=1") == names(client, query)[1:]


@pytest.mark.parametrize(
    ("query", "language", "told"),
    [
        ("visitors__gt=5", "en", "Visitors a year is more than 5"),
        ("visitors__lt=5", "fr", "Visitors a year est moins de 5"),
        ("opened__gt=1900", "en", "opened is after 1900"),
        ("city=https://museums.example/id/paris", "en", "City is Paris"),
        ("city__not=id:oslo", "fr", "Ville n’est pas Oslo"),
    ],
)
def test_a_filter_is_told_in_words(client, query, language, told):
    page = client.get(
        f"{MUSEUM}?{query}", headers={"Accept": "text/html", "Accept-Language": language}
    )

    assert f"<li><bdi>{told}</bdi>" in page.text


def test_a_form_adds_its_filter_to_those_there_are(client):
    page = client.get(
        f"{MUSEUM}?city=Paris&sort=visitors&offset=1&licence=&tag__missing=",
        headers={"Accept": "text/html"},
    )

    kept = re.findall(r'<input type="hidden" name="(\w+)" value="(\w*)">', page.text)
    assert kept == [("city", "Paris"), ("sort", "visitors"), ("tag__missing", "")]


def test_a_workbook_names_the_filters_of_its_table(client):
    told = client.get(f"{MUSEUM}?visitors__gt=5&format=md").text

    assert "is more than 5" in told.partition("\n")[0]


def test_a_page_shows_a_part_and_links_to_the_rest(client):
    page = client.get(f"{MUSEUM}?limit=2", headers={"Accept": "text/html"}).get_data(as_text=True)

    assert page.count('<th scope="row">') == 2
    assert 'rel="next" href="/things/Museum?limit=2&amp;offset=2"' in page


def test_a_text_is_looked_for_in_a_property_before_the_class_where_few_other_things_have_it(client):
    few = client.get(f"{MUSEUM}?tag__contains=a&format=rq").text
    none = client.get(f"{MUSEUM}?city__contains=a&format=rq").text

    assert "FILTER EXISTS { ?thing a <https://museums.example/ns#Museum> }" in few
    assert "FILTER EXISTS" not in none


def test_facets_count_their_values_and_lead_to_them(client):
    page = client.get(MUSEUM, headers={"Accept": "text/html"}).get_data(as_text=True)

    assert "city=https%3A%2F%2Fmuseums.example%2Fid%2Fparis" in page
    assert re.search(r"<bdi>Paris</bdi></a> <span class=\"quiet\">\(2\)", page)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("town=Paris", "There is no column 'town'"),
        ("city__like=Paris", "There is no operator 'like'"),
        ("visitors__gt=many", "takes a number"),
        ("opened__ge=soon", "takes a year or a date"),
        ("sort=town", "There is no column 'town' to sort by"),
        ("limit=0", "The parameter 'limit' takes a whole number"),
        ("limit=1&limit=2", "limit"),
    ],
)
def test_what_cannot_be_asked_is_told_with_the_way_out(client, query, message):
    response = client.get(f"{MUSEUM}?{query}")

    assert response.status_code == 400
    assert message in response.get_json()["detail"]


def test_a_filtered_download_evaluates_its_filters_once(tmp_path):
    (tmp_path / "data.ttl").write_text(DATA)
    loaded = project.load([tmp_path / "data.ttl"])
    store = CountingStore(described_store(loaded))
    client = create_app(Context(store, loaded, Settings())).test_client()

    found = client.get(f"{MUSEUM}?label__contains=MUSEUM&format=rows")
    none = client.get(f"{MUSEUM}?label__contains=castle&format=rows")

    assert [row["label"] for row in found.json] == ["Louvre Museum", "Munch Museum"]
    assert none.json == []
    values = [text for text in store.texts if "?visitors" in text]
    assert ["FILTER(CONTAINS" in text for text in values] == [False, False]


def test_a_class_that_nothing_is_of_is_not_there(client):
    assert client.get("/things/Zoo").status_code == 404
    assert client.get("/things/?class=https://museums.example/ns%23Zoo").status_code == 404


def test_several_values_of_a_thing_stand_in_one_cell(client):
    (louvre,) = table(client, "tag=art")

    assert set(louvre["tag"].split(" | ")) == {"art", "old"}


def test_plain_rows_have_numbers_and_nulls(client):
    rows = json.loads(client.get(f"{MUSEUM}?format=rows&licence=free").get_data())

    assert rows[0]["visitors"] == 850000
    assert rows[0]["opened"] is None


def test_a_table_can_be_saved_as_a_question(client):
    content = client.get(f"{MUSEUM}?format=rq&city=Paris").get_data(as_text=True)

    assert content.startswith("#+ title: Museum")
    pyoxigraph.Store().query(content)


def test_an_unchanged_table_is_not_sent_again(client):
    first = client.get(f"{MUSEUM}.csv?city=Paris")

    again = client.get(f"{MUSEUM}.csv?city=Paris", headers={"If-None-Match": first.headers["ETag"]})

    assert again.status_code == 304


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["city", "label", "tag", "visitors", "opened", "licence"]),
    st.sampled_from(["", "__not", "__contains", "__starts", "__gt", "__le"]),
    st.text(max_size=40),
)
def test_no_value_leaves_its_literal(client, column, operator, value):
    response = client.get(MUSEUM, query_string={f"{column}{operator}": value, "format": "json"})

    assert response.status_code in (200, 400)
    if response.status_code == 200:
        found = {row["iri"]["value"] for row in response.get_json()["results"]["bindings"]}
        assert found <= {
            f"https://museums.example/id/{name}" for name in ("louvre", "orsay", "munch")
        }
