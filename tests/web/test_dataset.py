"""The data set over HTTP: description, dumps, sitemap, robots, context."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.robotparser import RobotFileParser
from xml.etree import ElementTree

import pyoxigraph as ox
import pytest
from rdflib import DCAT, RDF, VOID, Graph, URIRef
from rdflib.compare import isomorphic

from kg_server.web import dataset

# rdflib 7.6's own reader of JSON-LD still uses the class that rdflib deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")

BASE = "https://diplomacy.example/"
HERE = "http://localhost/"
"""Where the test client asks."""
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


@pytest.mark.parametrize("path", ["/", "/.well-known/void", "/sparql"])
@pytest.mark.parametrize(
    "media_type", ["text/turtle", "application/ld+json", "application/rdf+xml"]
)
def test_the_description_is_at_three_places_in_every_format(client, path, media_type):
    response = client.get(path, headers={"Accept": media_type})
    parsers = {"application/ld+json": "json-ld", "application/rdf+xml": "xml"}

    graph = Graph().parse(data=response.data, format=parsers.get(media_type, "turtle"))
    assert response.mimetype == media_type
    assert {VOID.Dataset, DCAT.Dataset} <= set(graph.objects(URIRef(f"{BASE}dataset"), RDF.type))
    assert (URIRef(f"{BASE}sparql"), RDF.type, DCAT.DataService) in graph


def test_the_description_is_conditional(client):
    first = client.get("/.well-known/void", headers={"Accept": "text/turtle"})
    headers = {"Accept": "text/turtle", "If-None-Match": first.headers["ETag"]}

    assert client.get("/.well-known/void", headers=headers).status_code == 304


def test_the_home_page_links_to_the_description_and_the_dumps(client):
    response = client.get("/", headers={"Accept": "text/html"})

    header = response.headers["Link"]
    assert '</.well-known/void>; rel="describedby"' in header
    assert '</dump.ttl>; rel="item"; type="text/turtle"' in header
    assert '<https://creativecommons.org/licenses/by-sa/4.0/>; rel="license"' in header


def test_the_home_page_has_a_dataset_for_search_engines(client):
    page = client.get("/", headers={"Accept": "text/html"}).get_data(as_text=True)

    (embedded,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.S)
    described = json.loads(embedded)
    assert described["@type"] == "Dataset"
    assert described["name"] == "Diplomatic relations, cited"
    assert {each["encodingFormat"] for each in described["distribution"]} >= {"text/turtle"}


def test_the_data_set_redirects_to_its_description(client):
    response = client.get("/dataset")

    assert (response.status_code, response.headers["Location"]) == (303, "/")


@pytest.mark.parametrize("extension", ["ttl", "nt", "nq", "trig", "jsonld"])
def test_the_whole_graph_can_be_taken_home(client, extension):
    response = client.get(f"/dump.{extension}")

    syntax = ox.RdfFormat.from_extension(extension)
    assert len(list(ox.parse(response.data, format=syntax))) > 3_000
    assert (
        '<https://creativecommons.org/licenses/by-sa/4.0/>; rel="license"'
        in response.headers["Link"]
    )
    assert response.headers["Content-Disposition"].endswith(f'.{extension}"')


def test_a_dump_is_streamed_and_not_made_for_who_has_it(client):
    response = client.get("/dump.nt", buffered=False)
    headers = {"If-None-Match": response.headers["ETag"]}

    assert response.is_streamed
    assert "Content-Length" not in response.headers
    assert client.get("/dump.nt", headers=headers).status_code == 304
    assert client.head("/dump.nt").data == b""


def test_the_dump_with_triple_terms_says_which_version_of_rdf_it_is(client):
    response = client.get("/dump-rdf12.ttl")

    reifies = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#reifies")
    found = [
        q for q in ox.parse(response.data, format=ox.RdfFormat.TURTLE) if q.predicate == reifies
    ]
    assert response.content_type == "text/turtle; charset=utf-8; version=1.2"
    written = Path(__file__).parents[2] / "data" / "relations.ttl"
    assert len(found) == written.read_text().count("\nclaim:") > 100


@pytest.mark.parametrize("path", ["/dump.xyz", "/dump.html", "/dump-rdf12.jsonld"])
def test_a_dump_that_is_not_made_is_not_found(client, path):
    assert client.get(path).status_code == 404


def test_the_sitemap_has_every_document_by_its_canonical_address(client):
    tree = ElementTree.fromstring(client.get("/sitemap.xml").data)  # noqa: S314  # our own

    addresses = [loc.text for loc in tree.iter(f"{SITEMAP}loc")]
    assert len(addresses) == len(set(addresses)) > 250
    assert {f"{HERE}", f"{HERE}doc/state/CAN", f"{HERE}ns/shapes", f"{HERE}doc/def/"} <= set(
        addresses
    )
    for address in addresses:
        assert client.get("/" + address.removeprefix(HERE)).status_code == 200, address


def test_a_long_sitemap_is_an_index_of_parts(client, monkeypatch):
    whole = client.get("/sitemap.xml").data.count(b"<loc>")
    monkeypatch.setattr(dataset, "SITEMAP_URLS", 100)

    index = ElementTree.fromstring(client.get("/sitemap.xml").data)  # noqa: S314  # our own
    parts = [loc.text.removeprefix(HERE) for loc in index.iter(f"{SITEMAP}loc")]

    assert index.tag == f"{SITEMAP}sitemapindex"
    assert sum(client.get("/" + part).data.count(b"<loc>") for part in parts) == whole
    assert client.get("/sitemap-99.xml").status_code == 404


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/", True),
        ("/doc/state/CAN", True),
        ("/dump.ttl", True),
        ("/sparql", True),
        ("/sparql?query=ASK%20%7B%7D", False),
        ("/search?q=x", False),
    ],
)
def test_robots_may_read_pages_and_dumps_and_ask_no_queries(client, path, allowed):
    robots = RobotFileParser()
    robots.parse(client.get("/robots.txt").get_data(as_text=True).splitlines())

    assert robots.can_fetch("AnyBot", BASE.rstrip("/") + path) is allowed
    assert robots.site_maps() == [f"{HERE}sitemap.xml"]


def test_the_published_context_reads_the_documents_terms(client):
    context = client.get("/context.jsonld")
    document = json.loads(client.get("/doc/mission/AZE-CAN-embassy.jsonld").data)

    terms = context.json["@context"]
    assert context.mimetype == "application/ld+json"
    assert terms["sendingState"] == {"@id": "dip:sendingState", "@type": "@id"}
    assert document["@context"].items() <= terms.items()
    with_published = Graph().parse(
        data=json.dumps({**document, "@context": terms}), format="json-ld"
    )
    plain = Graph().parse(data=client.get("/doc/mission/AZE-CAN-embassy.nt").data, format="nt")
    assert isomorphic(with_published, plain)
