"""Answers to take home: names in place of IRIs, spreadsheets, Markdown, plain rows."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from xml.etree import ElementTree

import pytest

from kg_server import project
from kg_server.config import Settings
from kg_server.web.app import create_app
from kg_server.web.context import Context

from ..conftest import described_store

DATA = """@prefix m: <https://museums.example/ns#> .
@prefix id: <https://museums.example/id/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .

id:dhaka a m:City ; rdfs:label "ঢাকা"@bn , "Dhaka"@en .
id:national a m:Museum ; rdfs:label "জাতীয় জাদুঘর"@bn , "National Museum"@en ; m:city id:dhaka ;
    m:visitors 1200000 ; m:opened "1913-08-07"^^xsd:date ; m:note "=1+1" .
"""
QUERY = """#+ title: Museums with their cities
#+ description: Every museum.
#+ result: One museum.
PREFIX m: <https://museums.example/ns#>
SELECT ?museum ?city ?visitors ?opened ?note
WHERE { ?museum a m:Museum ; m:city ?city ; m:visitors ?visitors ; m:opened ?opened ; m:note ?note }
ORDER BY ?museum
"""
KINDS = """#+ title: Museums by kind
#+ description: Every museum.
#+ result: One museum.
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
SELECT ?museum ?kindLabel ?year ?kind
WHERE { ?museum a <https://museums.example/ns#Museum>
  BIND("national" AS ?kind) BIND("জাতীয়" AS ?kindLabel) BIND("1913"^^xsd:gYear AS ?year) }
ORDER BY ?museum
"""
MUSEUM = "https://museums.example/id/national"
SHEET = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    root = tmp_path_factory.mktemp("museums")
    (root / "queries").mkdir()
    (root / "kg.toml").write_text(
        'base-iri = "https://museums.example/"\nlicence = "CC0"\ndata = ["data.ttl"]\n'
        "shapes = []\nontology = []\n"
    )
    (root / "data.ttl").write_text(DATA)
    (root / "queries" / "museums.rq").write_text(QUERY)
    (root / "queries" / "kinds.rq").write_text(KINDS)
    loaded = project.load([root])
    return create_app(Context(described_store(loaded), loaded, Settings())).test_client()


def test_csv_with_labels_has_names_and_the_iris_last(client):
    content = client.get("/queries/museums.csv?labels=1").get_data().decode("utf-8-sig")

    (row,) = csv.DictReader(io.StringIO(content))
    assert list(row) == ["museum", "city", "visitors", "opened", "note", "museum_iri", "city_iri"]
    assert (row["museum"], row["city"]) == ("National Museum", "Dhaka")
    assert row["city_iri"] == "https://museums.example/id/dhaka"


def test_names_are_in_the_language_of_the_reader(client):
    headers = {"Accept-Language": "bn"}

    content = client.get("/queries/museums.csv?labels=1", headers=headers).get_data()

    assert content.startswith("\ufeff".encode())
    assert "জাতীয় জাদুঘর,ঢাকা" in content.decode()


def test_the_language_of_names_can_be_part_of_an_address(client):
    content = client.get("/queries/museums.csv?labels=1&lang=bn").get_data(as_text=True)

    assert "জাতীয় জাদুঘর,ঢাকা" in content


def test_no_text_of_a_spreadsheet_is_a_formula(client):
    content = client.get("/queries/museums.csv?labels=1").get_data(as_text=True)
    book = client.get("/queries/museums.xlsx").get_data()

    assert "'=1+1" in content
    with zipfile.ZipFile(io.BytesIO(book)) as parts:
        assert b"<f>" not in parts.read("xl/worksheets/sheet1.xml")


def test_plain_csv_is_that_of_sparql(client):
    content = client.get("/queries/museums.csv").get_data(as_text=True)

    assert content.splitlines()[1].startswith("https://museums.example/id/national,")


def test_a_workbook_has_numbers_dates_and_a_sheet_that_says_what_it_is(client):
    response = client.get("/queries/museums.xlsx")

    assert response.headers["Content-Disposition"].startswith("attachment; filename=")
    with zipfile.ZipFile(io.BytesIO(response.get_data())) as parts:
        sheet = ElementTree.fromstring(parts.read("xl/worksheets/sheet1.xml"))  # noqa: S314
        texts = parts.read("xl/sharedStrings.xml").decode()
    cells = {cell.get("r"): cell for cell in sheet.iterfind(".//m:c", SHEET)}
    assert cells["C2"].get("t") is None  # a number
    assert cells["C2"].findtext("m:v", namespaces=SHEET) == "1200000"
    assert cells["D2"].findtext("m:v", namespaces=SHEET) == "4968"  # 1913-08-07
    for needed in ("Museums with their cities", "CC0", "Version of the graph", "Cite as"):
        assert needed in texts


def test_plain_rows_are_objects(client):
    (row,) = json.loads(client.get("/queries/museums?format=rows").get_data())

    assert row["visitors"] == 1200000
    assert row["museum"] == "National Museum"


def test_markdown_is_a_table_with_its_source(client):
    content = client.get("/queries/museums.md").get_data(as_text=True)

    assert "| National Museum | Dhaka | 1200000 | 1913-08-07 | =1+1 |" in content
    assert "Licence: CC0" in content


def test_a_table_of_things_can_be_taken_home_too(client):
    workbook = client.get("/things/Museum.xlsx").data

    assert "| National Museum |" in client.get("/things/Museum.md").text
    assert b"National Museum" in zipfile.ZipFile(io.BytesIO(workbook)).read("xl/sharedStrings.xml")


def test_the_page_offers_what_people_open_first(client):
    page = client.get("/queries/museums", headers={"Accept": "text/html"}).get_data(as_text=True)

    assert page.index(">CSV</a>") < page.index(">XLSX</a>") < page.index(">SPARQL CSV</a>")


def test_a_year_is_a_number_and_a_code_is_its_words(client):
    (row,) = json.loads(client.get("/queries/kinds?format=rows").get_data())

    assert row == {"museum": "National Museum", "kind": "জাতীয়", "year": 1913, "museum_iri": MUSEUM}


def test_a_thing_stands_where_its_label_stood(client):
    row, *_ = json.loads(client.get("/queries/kinds?format=rows").get_data())

    assert list(row) == ["museum", "kind", "year", "museum_iri"]
