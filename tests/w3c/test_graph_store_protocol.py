"""The read cases of the W3C test suite for the SPARQL 1.1 Graph Store HTTP Protocol."""

from __future__ import annotations

import pytest
from rdflib import Graph

NAME = "https://diplomacy.example/graph/relations"
INDIRECT, DIRECT = f"/graphs?graph={NAME}", "/graph/relations"


@pytest.mark.parametrize("path", [INDIRECT, DIRECT, "/graphs?default"])
@pytest.mark.parametrize(
    "media_type", ["text/turtle", "application/n-triples", "application/rdf+xml"]
)
def test_get_of_a_graph_returns_it_in_the_format_asked_for(endpoint, path, media_type):
    reply = endpoint.ask("GET", path, {"Accept": media_type})

    assert (reply.status, reply.media_type) == (200, media_type)
    assert len(Graph().parse(data=reply.body, format=media_type)) > 1000


NAMES = (
    "https:%2F%2Fdiplomacy.example%2Fgraph%2Frelations",
    NAME.replace("relations", "%72elations"),
)


@pytest.mark.parametrize("name", NAMES)
def test_a_graph_is_named_by_its_iri_however_that_is_percent_encoded(endpoint, name):
    reply = endpoint.ask("GET", f"/graphs?graph={name}", {"Accept": "text/turtle"})

    assert (reply.status, reply.media_type) == (200, "text/turtle")


def test_the_iri_of_a_graph_is_percent_decoded_once_and_not_twice(endpoint):
    assert endpoint.ask("GET", f"/graphs?graph={NAME.replace('r', '%2572')}").status == 404


def test_a_parameter_that_the_protocol_does_not_have_is_ignored(endpoint):
    plain = endpoint.ask("GET", "/graphs?default", {"Accept": "application/n-triples"})
    reply = endpoint.ask("GET", "/graphs?default&output=ttl", {"Accept": "application/n-triples"})

    assert (reply.status, reply.media_type) == (200, "application/n-triples")
    assert sorted(reply.body.splitlines()) == sorted(plain.body.splitlines())


def test_nothing_acceptable_is_not_acceptable(endpoint):
    reply = endpoint.ask("GET", INDIRECT, {"Accept": "text/csv"})

    assert reply.status == 406
    assert "accept" in reply.headers["vary"].lower()


@pytest.mark.parametrize("path", ["/graphs?graph=urn:nowhere", "/graph/nowhere"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_graph_that_is_not_there_is_not_found(endpoint, method, path):
    assert endpoint.ask(method, path).status == 404


@pytest.mark.parametrize("path", [INDIRECT, DIRECT])
def test_head_of_a_graph_has_no_body(endpoint, path):
    reply = endpoint.ask("HEAD", path, {"Accept": "text/turtle"})

    assert (reply.status, reply.media_type, reply.body) == (200, "text/turtle", b"")


@pytest.mark.parametrize("path", ["/graphs", "/graphs?default&graph=urn:x", "/graphs?graph=rel"])
def test_a_request_that_names_no_graph_or_two_is_a_bad_request(endpoint, path):
    assert endpoint.ask("GET", path).status == 400


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "PATCH"])
@pytest.mark.parametrize("path", [INDIRECT, DIRECT, "/graphs?default", "/graphs", "/graph/new"])
def test_writing_is_not_allowed_yet(endpoint, method, path):
    reply = endpoint.ask(method, path, {"Content-Type": "text/turtle"}, "<urn:a> <urn:b> 1 .")

    assert reply.status == 405
    assert "GET" in reply.headers["allow"]


def test_direct_and_indirect_give_the_same(endpoint):
    replies = [endpoint.ask("GET", path, {"Accept": "text/turtle"}) for path in (INDIRECT, DIRECT)]

    assert replies[0].body == replies[1].body
