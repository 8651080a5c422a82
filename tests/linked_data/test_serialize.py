"""Documents in every format, without loss: small ones nested, large ones flat."""

from __future__ import annotations

import json

import pyoxigraph as ox
import pytest
from rdflib import RDF, RDFS, BNode, Dataset, Graph, Literal, URIRef
from rdflib.compare import isomorphic

from kg_server.formats import Kind, named
from kg_server.linked_data import documents, jsonld, serialize, vocabularies
from kg_server.linked_data.documents import Document

BASE = "https://diplomacy.example/"
PREFIXES = {"owl": "http://www.w3.org/2002/07/owl#", "dip": f"{BASE}ns/diplomacy#"}


@pytest.fixture(scope="module")
def large(store, project):
    """The document of the ontology, whose lists and restrictions are blank nodes."""
    site = documents.Site.of(store, BASE, project.profile)
    ontology = next(e for e in vocabularies.vocabularies(site) if e.iri == f"{BASE}ns/diplomacy")
    document = vocabularies.document(site, ontology)
    for number in range(serialize.MOST_TRIPLES_NESTED):
        document.graph.add((URIRef(f"urn:n:{number}"), RDFS.label, Literal(number)))
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


IRI = "https://e.org/vocabulary"
EX = {"ex": "https://e.org/ns#"}
PARSERS = {"turtle": "turtle", "ntriples": "nt", "rdfxml": "xml", "jsonld": "json-ld"}
DATASETS = {"nquads": "nquads", "trig": "trig"}
SMALL, LARGE = 20, serialize.MOST_TRIPLES_NESTED


def vocabulary(terms):
    """Return a document with as many terms, each with a restriction on a blank node."""
    graph = Graph()
    for number in range(terms):
        term, node = URIRef(f"https://e.org/ns#T{number}"), BNode()
        graph.add((term, RDFS.label, Literal(f"Line\u2028and {number}", lang="en")))
        graph.add((term, RDFS.subClassOf, node))
        graph.add((node, RDF.value, Literal(number)))
    return Document(IRI, IRI, graph)


@pytest.mark.parametrize("terms", [SMALL, LARGE])
@pytest.mark.parametrize("name", [*PARSERS, *DATASETS])
def test_a_document_comes_back_from_every_format(name, terms):
    document = vocabulary(terms)
    form = named(name, Kind.GRAPH)
    context = jsonld.context(Graph(), EX)

    content = serialize.render(document, form, EX, context, in_graph=False)

    read = Dataset() if name in DATASETS else Graph()
    read.parse(data=content, format=(PARSERS | DATASETS)[name])
    graph = read.default_graph if isinstance(read, Dataset) else read
    assert len(graph) == len(document.graph)
    if terms == SMALL:  # comparing large graphs takes rdflib a minute
        assert isomorphic(graph, document.graph)
    assert set(graph.objects(None, RDFS.label)) == set(document.graph.objects(None, RDFS.label))


@pytest.mark.parametrize("terms", [SMALL, LARGE])
def test_a_document_is_the_same_bytes_whatever_its_blank_nodes_are_called(terms):
    context = jsonld.context(Graph(), EX)

    written = [
        serialize.render(vocabulary(terms), named(name, Kind.GRAPH), EX, context, in_graph=True)
        for name in ("turtle", "nquads")
        for _ in range(2)
    ]

    assert written[0] == written[1]
    assert written[2] == written[3]


def test_numbers_and_booleans_are_json_s_own_where_that_says_the_same():
    data = "<urn:t> <urn:p> 7 , true , 12345678901234567890 , 1.50 , 2e0 ."
    graph = Graph().parse(data=data, format="turtle")

    (node,) = jsonld._expanded(graph)
    values = [each["@value"] for each in node["urn:p"]]

    assert 7 in values
    assert True in values
    assert "12345678901234567890" in values
    assert isomorphic(Graph().parse(data=json.dumps([node]), format="json-ld"), graph)


def test_a_large_document_with_a_property_that_rdf_xml_cannot_name_is_refused():
    document = vocabulary(LARGE)
    document.graph.add((URIRef("urn:a"), URIRef("https://e.org/ns#1"), Literal("one")))

    with pytest.raises(serialize.NotAcceptable, match=r"the property https://e\.org/ns#1"):
        serialize.render(document, named("rdfxml", Kind.GRAPH), EX, {}, in_graph=False)
