"""Linked data over HTTP: redirects, formats, links, spellings."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pyoxigraph as ox
import pytest
from pyld import jsonld
from rdflib import Graph
from rdflib.compare import isomorphic
from rdflib.util import from_n3

from kg_server import formats
from kg_server.formats import Kind

BASE = "https://diplomacy.example/"


def links(response):
    """Return the targets of a Link header by relation."""
    found = {}
    for target, relation in re.findall(r'<([^>]*)>; rel="([^"]*)"', response.headers["Link"]):
        found.setdefault(relation, []).append(target)
    return found


def parsed(response, form):
    graph = Graph()
    for quad in ox.parse(response.data, format=ox.RdfFormat.from_media_type(form.media_type)):
        graph.add(tuple(from_n3(str(term)) for term in quad.triple))
    return graph


@pytest.mark.parametrize(
    ("thing", "document"),
    [
        ("/id/state/CAN", "/doc/state/CAN"),
        ("/id/trade/bnwiki/2008-CAN-to-AZE", "/doc/trade/bnwiki/2008-CAN-to-AZE"),
        ("/id/source/bnwiki-azerbaijan-canada/S7", "/doc/source/bnwiki-azerbaijan-canada/S7"),
        ("/def/Embassy", "/doc/def/Embassy"),
        ("/id/state/%43AN", "/doc/state/CAN"),
        ("/id/state", "/doc/state/"),
        ("/id/state/", "/doc/state/"),
    ],
)
def test_a_thing_redirects_to_the_document_about_it(client, thing, document):
    response = client.get(thing)

    assert (response.status_code, response.headers["Location"]) == (303, document)


@pytest.mark.parametrize(
    ("address", "canonical"),
    [
        ("/id/state/CAN/", "/id/state/CAN"),
        ("/doc/state/CAN/", "/doc/state/CAN"),
        ("/doc/state", "/doc/state/"),
        ("/ns/diplomacy/", "/ns/diplomacy"),
        ("/id/state/CAN/?x=1", "/id/state/CAN?x=1"),
    ],
)
def test_another_spelling_redirects_for_good_to_the_canonical_one(client, address, canonical):
    response = client.get(address)

    assert (response.status_code, response.headers["Location"]) == (308, canonical)


def test_a_redirect_says_which_formats_the_description_has(client):
    found = links(client.get("/id/state/CAN"))

    assert found["describedby"][0] == "/doc/state/CAN"
    assert "/doc/state/CAN.ttl" in found["alternate"]


@pytest.mark.parametrize("form", formats.of_kind(Kind.GRAPH), ids=lambda form: form.name)
@pytest.mark.parametrize("path", ["/doc/state/CAN", "/doc/state/", "/ns/diplomacy", "/ns/shapes"])
def test_a_document_is_the_same_graph_in_every_format(client, path, form):
    response = client.get(path, headers={"Accept": form.media_type})
    with_extension = client.get(
        response.headers.get("Content-Location", path), headers={"Accept": form.media_type}
    )
    expected = client.get(path, headers={"Accept": "application/n-triples"})

    assert response.content_type == form.content_type
    assert with_extension.data == response.data
    assert isomorphic(parsed(response, form), parsed(expected, formats.named("nt", Kind.GRAPH)))


def test_trig_keeps_the_statements_in_a_graph_named_like_the_document(client):
    response = client.get("/doc/claim/F14.trig")

    names = {quad.graph_name for quad in ox.parse(response.data, format=ox.RdfFormat.TRIG)}
    assert names == {ox.NamedNode(f"{BASE}doc/claim/F14")}


@pytest.mark.parametrize("form", ["nquads", "trig"])
def test_a_client_that_negotiates_a_format_of_datasets_finds_the_triples_in_the_default_graph(
    client, form
):
    media_type = formats.named(form, Kind.GRAPH).media_type
    response = client.get("/doc/claim/F14", headers={"Accept": media_type})

    quads = list(ox.parse(response.data, format=ox.RdfFormat.from_media_type(media_type)))
    assert {quad.graph_name for quad in quads} == {ox.DefaultGraph()}
    assert "Content-Location" not in response.headers
    assert response.headers["ETag"] != client.get(f"/doc/claim/F14.{form[:2]}").headers.get("ETag")


def test_json_ld_is_a_tree_around_the_topic_with_plain_names(client):
    document = json.loads(client.get("/doc/relation/AZE-CAN.jsonld").data)

    topic = document["primaryTopic"]
    assert document["id"] == f"{BASE}doc/relation/AZE-CAN"
    assert topic["label"]["en"] == "Azerbaijan-Canada relations"
    assert {each["claimNumber"] for each in topic["claims"]} >= {"F2", "F14"}
    assert document["@context"]["startDate"] == {"@id": "dip:startDate"}


@pytest.mark.parametrize("path", ["/doc/state/CAN", "/doc/def/", "/ns/diplomacy", "/ns/shapes"])
def test_a_json_ld_processor_reads_the_same_graph_without_fetching_a_context(client, path):
    def refuse(url, _options):
        raise AssertionError(f"{url} was fetched")

    document = json.loads(client.get(path, headers={"Accept": "application/ld+json"}).data)
    options = {"format": "application/n-quads", "documentLoader": refuse}
    nquads = jsonld.to_rdf(document, options)
    expected = client.get(path, headers={"Accept": "application/n-triples"})

    assert isomorphic(
        Graph().parse(data=nquads, format="nt"), Graph().parse(data=expected.data, format="nt")
    )


def test_every_thing_of_the_graph_is_read_by_a_json_ld_processor(client):
    things = client.get("/sitemap.xml").get_data(as_text=True).split("<loc>")[1:]
    paths = [
        each.split("</loc>")[0].removeprefix("http://localhost/")
        for each in things
        if "/doc/" in each
    ]

    for path in paths:
        if path.endswith("/"):
            continue
        document = client.get(f"/{path}.jsonld").get_data(as_text=True)
        expected = client.get(f"/{path}.nt").data
        nquads = jsonld.to_rdf(json.loads(document), {"format": "application/n-quads"})
        assert isomorphic(
            Graph().parse(data=nquads, format="nt"), Graph().parse(data=expected, format="nt")
        ), path
    assert len(paths) > 250


def test_links_name_the_thing_its_type_its_licence_and_its_formats(client):
    found = links(client.get("/doc/state/CAN", headers={"Accept": "text/turtle"}))

    assert found["canonical"] == [f"{BASE}doc/state/CAN"]
    assert found["cite-as"] == [f"{BASE}id/state/CAN"]
    assert found["type"] == [f"{BASE}ns/diplomacy#State"]
    assert found["license"] == ["https://creativecommons.org/licenses/by-sa/4.0/"]
    assert found["collection"] == [f"{BASE}dataset"]
    assert "/doc/state/CAN.ttl" not in found["alternate"]
    assert len(found["alternate"]) == 6


def test_the_canonical_name_does_not_depend_on_the_host(client):
    response = client.get("/doc/state/CAN.nt", base_url="http://elsewhere.test/")

    assert b"elsewhere" not in response.data
    assert f"<{BASE}id/state/CAN>".encode() in response.data
    assert "elsewhere" not in response.headers["Link"]


def test_a_client_that_has_the_document_is_told_so(client):
    first = client.get("/doc/state/CAN.ttl")
    second = client.get("/doc/state/CAN.ttl", headers={"If-None-Match": first.headers["ETag"]})

    assert second.status_code == 304
    assert second.data == b""


def test_formats_and_languages_have_entity_tags_of_their_own(client):
    tags = {
        client.get(
            "/doc/state/CAN", headers={"Accept": accept, "Accept-Language": language}
        ).headers["ETag"]
        for accept in ("text/turtle", "application/ld+json", "text/html")
        for language in ("en", "bn")
    }

    assert len(tags) == 4


def test_a_page_varies_by_language_and_data_does_not(client):
    page = client.get("/doc/state/CAN", headers={"Accept": "text/html"})
    data = client.get("/doc/state/CAN", headers={"Accept": "text/turtle"})

    assert {"Accept", "Accept-Language"} <= set(page.vary.as_set(preserve_casing=True))
    assert set(data.vary.as_set(preserve_casing=True)) == {"Accept"}


@pytest.mark.parametrize(
    ("address", "near"),
    [
        ("/id/state/CAM", f"{BASE}id/state/CAN"),
        ("/doc/state/can", f"{BASE}id/state/CAN"),
        ("/def/Embasy", f"{BASE}def/Embassy"),
        ("/doc/claim/F99.ttl", f"{BASE}id/claim/F9"),
    ],
)
def test_an_unknown_thing_is_not_found_and_the_nearest_names_are_told(client, address, near):
    response = client.get(address)

    assert response.status_code == 404
    assert near in response.json["nearest"]


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/doc/state/CAN?page=0", 400),
        ("/doc/state/CAN?page=two", 400),
        ("/doc/state/CAN?page=2", 404),
        ("/doc/state/?page=2", 404),
        ("/ns/nothing", 404),
        ('/ns/x"> } DROP ALL', 404),
        ("/id/%3E%20%7D%20%7B", 404),
        ("/id/state/%FF", 400),
    ],
)
def test_an_address_that_leads_nowhere_says_so(client, address, status):
    assert client.get(address).status_code == status


def test_a_format_that_nobody_offers_is_refused(client):
    assert client.get("/doc/state/CAN", headers={"Accept": "image/png"}).status_code == 406


def test_a_page_tells_search_engines_what_it_is_about_and_shows_no_markup_of_the_data(client):
    page = client.get("/doc/state/CAN", headers={"Accept": "text/html"}).get_data(as_text=True)

    (embedded,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.S)
    described = json.loads(embedded)
    assert described["mainEntity"]["@id"] == f"{BASE}id/state/CAN"
    assert "কানাডা" in described["mainEntity"]["alternateName"]


_DIGESTS = """
import hashlib, sys
from pathlib import Path
from kg_server import config, project
from kg_server.store import open_store
from kg_server.web.app import create_app
from kg_server.web.context import Context
loaded = project.load([Path(sys.argv[1])])
client = create_app(Context(open_store(loaded), loaded, config.Settings())).test_client()
for path in ("/doc/state/CAN", "/ns/diplomacy", "/doc/state/"):
    for extension in ("ttl", "nt", "rdf", "jsonld", "nq", "trig", "html"):
        name = path + ("index" if path.endswith("/") else "") + "." + extension
        response = client.get(name)
        assert response.status_code == 200, name
        print(name, hashlib.sha256(response.data).hexdigest(), response.headers["ETag"])
"""


def test_the_same_entity_tag_means_the_same_bytes_after_a_restart(pytestconfig):
    runs = [
        subprocess.run(
            [sys.executable, "-c", _DIGESTS, pytestconfig.rootpath],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]

    assert runs[0].count("\n") == 21
    assert runs[0] == runs[1]


def test_over_http_the_document_of_any_name_is_found_by_its_iri(live):
    iri = f"{BASE}ns/diplomacy%23Mission"
    reply = live.ask("GET", f"/doc?iri={iri}&utm_source=x", {"Accept": "text/turtle"})
    other = live.ask("GET", f"/doc?iri={BASE}ns/diplomacy%23State", {"Accept": "text/turtle"})

    assert b"dip:Mission a " in reply.body
    assert b"dip:State a " in other.body


def test_over_http_an_encoded_slash_is_no_slash(live):
    assert live.ask("GET", "/id/state/CAN").status == 303
    assert live.ask("GET", "/id/state%2FCAN").status == 404


def test_a_forged_host_is_in_nobody_else_s_answer(live):
    for host in ("forged.example", f"127.0.0.1:{live.port}", "forged.example"):
        page = live.ask("GET", "/queries/trade", {"Host": host, "Accept": "text/html"})
        assert f"curl &#39;http://{host}/queries/trade".encode() in page.body
        assert (host == "forged.example") == (b"forged" in page.body)
