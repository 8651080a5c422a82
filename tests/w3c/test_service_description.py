"""The cases of the W3C test suite for SPARQL 1.1 Service Description."""

from __future__ import annotations

import re

from rdflib import RDF, Graph, Namespace

SD = Namespace("http://www.w3.org/ns/sparql-service-description#")


def described(endpoint, accept="text/turtle") -> Graph:
    reply = endpoint.ask("GET", "/sparql", {"Accept": accept})
    assert reply.status == 200
    return Graph().parse(data=reply.body, format=reply.media_type)


def test_returns_rdf(endpoint):
    assert len(described(endpoint)) > 0


def test_it_is_the_same_in_every_syntax(endpoint):
    whole = described(endpoint)

    for media_type in ("application/n-triples", "application/rdf+xml", "application/ld+json"):
        assert len(described(endpoint, media_type)) == len(whole)
    for media_type in ("application/n-quads", "application/trig"):
        reply = endpoint.ask("GET", "/sparql", {"Accept": media_type})
        assert (reply.status, reply.media_type) == (200, media_type)


def test_has_endpoint_triple(endpoint):
    graph = described(endpoint)

    services = set(graph.subjects(RDF.type, SD.Service))

    assert len(services) == 1
    (address,) = graph.objects(services.pop(), SD.endpoint)
    assert re.fullmatch(r"http://(localhost|127\.0\.0\.1:[0-9]+)/sparql", address)


def test_conforms_to_schema(endpoint):
    graph = described(endpoint)
    (service,) = graph.subjects(RDF.type, SD.Service)

    assert set(graph.objects(service, SD.supportedLanguage)) == {SD.SPARQL11Query}
    assert str(graph.value(service, SD.defaultEntailmentRegime)).endswith("entailment/Simple")
    for predicate in (SD.supportedLanguage, SD.resultFormat, SD.defaultDataset):
        values = set(graph.objects(service, predicate))
        assert values, predicate


def test_every_result_format_that_is_named_can_be_had(endpoint):
    from kg_server.formats import FORMATS

    graph = described(endpoint)
    (service,) = graph.subjects(RDF.type, SD.Service)

    named = {str(each) for each in graph.objects(service, SD.resultFormat)}

    assert named == {each.iri for each in FORMATS}


def test_every_named_graph_that_is_named_can_be_had(endpoint):
    graph = described(endpoint)

    names = {str(name) for name in graph.objects(None, SD.name)}

    assert "https://diplomacy.example/graph/relations" in names
    for name in names:
        assert endpoint.ask("GET", f"/graphs?graph={name}", {"Accept": "text/turtle"}).status == 200
