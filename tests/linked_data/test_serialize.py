"""Documents in their formats: a large one is written flat, and says the same."""

from __future__ import annotations

import json

import pyoxigraph as ox
import pytest

from kg_server.formats import Kind, named
from kg_server.linked_data import documents, serialize, vocabularies

BASE = "https://diplomacy.example/"
PREFIXES = {"owl": "http://www.w3.org/2002/07/owl#", "dip": f"{BASE}ns/diplomacy#"}


@pytest.fixture(scope="module")
def large(store, project):
    """The document of the ontology, whose lists and restrictions are blank nodes."""
    site = documents.Site.of(store, BASE, project.profile)
    ontology = next(e for e in vocabularies.vocabularies(site) if e.iri == f"{BASE}ns/diplomacy")
    document = vocabularies.document(site, ontology)
    assert len(document.graph) > serialize.MOST_TRIPLES_NESTED
    return document


def written(document, form):
    form = named(form, Kind.GRAPH)
    return serialize.render(document, form, PREFIXES, {"@context": {}}, in_graph=False)


def triples(content, syntax):
    dataset = ox.Dataset(ox.parse(content, format=syntax))
    dataset.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return set(dataset)


@pytest.mark.parametrize(
    ("form", "syntax"),
    [
        ("jsonld", ox.RdfFormat.JSON_LD),
        ("turtle", ox.RdfFormat.TURTLE),
        ("rdfxml", ox.RdfFormat.RDF_XML),
    ],
)
def test_a_large_document_says_in_each_format_what_it_says_in_n_triples(large, form, syntax):
    expected = triples(written(large, "ntriples"), ox.RdfFormat.N_TRIPLES)

    assert triples(written(large, form), syntax) == expected


def test_a_large_document_in_json_ld_has_short_names_and_each_subject_once(large):
    content = json.loads(written(large, "jsonld"))

    subjects = [node["@id"] for node in content["@graph"]]
    assert len(subjects) == len(set(subjects))
    assert content["@context"]["owl"] == {"@id": PREFIXES["owl"], "@prefix": True}
    (ontology,) = [node for node in content["@graph"] if node["@id"] == f"{BASE}ns/diplomacy"]
    assert ontology["@type"] == "owl:Ontology"
    assert ontology["owl:versionInfo"] == "0.2.0"
