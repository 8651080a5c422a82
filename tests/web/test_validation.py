"""The validation of what is served, over HTTP."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import judging
import pyoxigraph as ox
import pytest
from rdflib import SH

from kg_server import project as projects
from kg_server import validation
from kg_server.config import Settings
from kg_server.store import open_store
from kg_server.web.app import create_app
from kg_server.web.context import Context


@pytest.fixture(scope="module")
def report(project):
    """The report on the graph with a state more, which lacks a label in Bengali."""
    state = (
        "<https://diplomacy.example/id/state/XAA> "
        "a <https://diplomacy.example/ns/diplomacy#State> ; "
        '<http://www.w3.org/2000/01/rdf-schema#label> "Anywhere"@en ; '
        '<https://diplomacy.example/ns/diplomacy#iso3166alpha3> "XAA" .'
    )
    files = (*project.files, judging.data_file(state))
    return validation.validate(replace(project, files=files), use_cache=False)


@pytest.fixture(scope="module")
def validated(store, project, report):
    return create_app(Context(store, project, Settings(), report)).test_client()


def test_a_reader_sees_the_findings_with_names_and_the_badge(validated):
    page = validated.get("/validation", headers={"Accept": "text/html"}).text

    assert "conforms" in page
    assert "Info" in page
    assert re.search(r'<td>\s*<a href="/doc/[^"]+">', page)


@pytest.mark.parametrize("form", ["ttl", "nt", "rdf", "jsonld", "nq", "trig"])
def test_a_program_reads_the_same_report_in_every_syntax(validated, report, form):
    response = validated.get(f"/validation.{form}")

    quads = list(ox.parse(response.data, format=ox.RdfFormat.from_extension(form)))

    assert response.status_code == 200
    assert sum(quad.predicate.value == str(SH.result) for quad in quads) == len(report.findings)
    assert validated.get(f"/validation.{form}").data == response.data


def test_json_is_to_be_had_too(validated):
    by_extension = validated.get("/validation.json")
    negotiated = validated.get("/validation", headers={"Accept": "application/json"})

    assert json.loads(by_extension.text) == json.loads(negotiated.text)


def test_without_validation_there_is_no_report(client):
    assert client.get("/validation.ttl").status_code == 404
    page = client.get("/validation", headers={"Accept": "text/html"})
    assert "without validation" in page.text


PEOPLE = """@prefix : <https://e.org/> . @prefix sh: <http://www.w3.org/ns/shacl#> .
:ann a :Person .
:Shape a sh:NodeShape ; sh:targetClass :Person ; sh:property :name , :age .
:name sh:path :hasName ; sh:minCount 1 ; sh:message "A person has a name."@en , "Un nom."@fr .
:age sh:path :hasAge ; sh:minCount 1 .
"""


def test_a_message_is_in_the_language_of_the_page_or_marked_with_its_own(tmp_path):
    prefixes, person, shapes = PEOPLE.split("\n", 2)
    (tmp_path / "data.ttl").write_text(f"{prefixes}\n{person}")
    (tmp_path / "shapes.ttl").write_text(f"{prefixes}\n{shapes}")
    files = projects.load([tmp_path / "data.ttl", tmp_path / "shapes.ttl"])
    context = Context(open_store(files), files, Settings(), validation.validate(files))
    client = create_app(context).test_client()

    pages = {
        language: re.findall(
            r"<td><bdi([^>]*)>(.*?)</bdi>",
            client.get(f"/validation?lang={language}", headers={"Accept": "text/html"}).text,
        )
        for language in ("en", "fr")
    }

    assert ("", "A person has a name.") in pages["en"]
    assert ("", "Un nom.") in pages["fr"]
    assert [mark for mark, text in pages["fr"] if "hasAge" in text] == [' lang="en"']
