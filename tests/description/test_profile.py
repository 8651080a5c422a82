"""What a project says of itself: its manifest first, then its data; else nothing."""

from __future__ import annotations

import pytest

from kg_server import project as projects
from kg_server.description import profile as profiles
from kg_server.description import void
from kg_server.project.profile import Profile
from kg_server.store import open_store

PREFIXES = """@prefix dct: <http://purl.org/dc/terms/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix ex: <https://e.org/> .
@prefix vann: <http://purl.org/vocab/vann/> . @prefix dcat: <http://www.w3.org/ns/dcat#> .
"""
ONTOLOGY = """ex:o a owl:Ontology ; dct:title "Terms"@en , "Termes"@fr ; dct:license ex:licence ;
  vann:preferredNamespacePrefix "mus" ; vann:preferredNamespaceUri "https://e.org/ns#" ."""
DATASET = 'ex:d a dcat:Dataset ; dct:title "Museums"@en .'


def profile(tmp_path, turtle: str, manifest: str = "") -> Profile:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.ttl").write_text(PREFIXES + turtle)
    (tmp_path / "kg.toml").write_text(manifest)
    project = projects.load([tmp_path])
    store = open_store(project)
    for graph_iri, ntriples in void.described(store, project):
        store.add_graph(graph_iri, ntriples)
    names = (project.base_iri + void.GRAPH, project.base_iri + void.QUERIES)
    return profiles.completed(project, store, names)


def test_a_data_set_speaks_before_the_ontology(tmp_path):
    found = profile(tmp_path, ONTOLOGY + DATASET)

    assert found.title == {"en": "Museums"}
    assert found.licence == "https://e.org/licence"


def test_an_ontology_speaks_where_there_is_no_data_set(tmp_path):
    found = profile(tmp_path, ONTOLOGY)

    assert found.title == {"en": "Terms", "fr": "Termes"}
    assert found.prefixes["mus"] == "https://e.org/ns#"


def test_the_manifest_speaks_first(tmp_path):
    manifest = 'title = "Mine"\nlicence = "CC0"\nlanguages = ["de"]'

    found = profile(tmp_path, ONTOLOGY, manifest)

    assert (found.title, found.licence, found.languages) == ({"": "Mine"}, "CC0", ("de",))


@pytest.mark.parametrize("turtle", ["ex:a ex:b ex:c .", 'ex:a rdfs:label "a"@de .'])
def test_what_nobody_says_is_not_said(tmp_path, turtle):
    found = profile(tmp_path, turtle)

    assert (found.title, found.description, found.licence) == ({}, {}, None)


def test_two_ontologies_do_not_speak_for_each_other(tmp_path):
    found = profile(tmp_path, ONTOLOGY + 'ex:p a owl:Ontology ; dct:title "Other" .')

    assert found.title == {}


def test_languages_are_those_of_the_labels(tmp_path):
    found = profile(tmp_path, 'ex:a rdfs:label "a"@de , "b"@fr . ex:b rdfs:label "b"@de .')

    assert found.languages[:1] == ("de",)
