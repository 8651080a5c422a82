"""Names beyond ASCII, with dots, with percent signs: all lead to their documents."""

from __future__ import annotations

import unicodedata

import pytest
from rdflib import Graph, Literal, URIRef

from kg_server import project
from kg_server.config import Settings
from kg_server.web.app import create_app
from kg_server.web.context import Context

from ..conftest import described_store

BASE = "https://diplomacy.example/"
NAMES = {
    "bengali": "id/state/কানাডা",
    "composed": "id/state/Türkiye",
    "encoded": "id/place/New%20York",
    "dotted": "id/source/report.ttl",
    "version": "id/source/v1.2",
    "punctuated": "id/place/St._John's_(N.L.),_a+b",
}


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    path = tmp_path_factory.mktemp("names") / "names.nt"
    label = "<http://www.w3.org/2000/01/rdf-schema#label>"
    lines = [f'<{BASE}{name}> {label} "{key}" .\n' for key, name in NAMES.items()]
    path.write_text("".join(lines), "utf-8")
    loaded = project.load([path], BASE)
    store = described_store(loaded)
    return create_app(Context(store, loaded, Settings())).test_client()


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("/id/state/কানাডা", "bengali"),
        ("/id/state/%E0%A6%95%E0%A6%BE%E0%A6%A8%E0%A6%BE%E0%A6%A1%E0%A6%BE", "bengali"),
        ("/id/state/T%C3%BCrkiye", "composed"),
        ("/id/state/Tu%CC%88rkiye", "composed"),
        ("/id/place/New%20York", "encoded"),
        ("/id/source/report.ttl", "dotted"),
        ("/id/source/v1.2", "version"),
        ("/id/place/St._John's_(N.L.),_a+b", "punctuated"),
        ("/id/place/St._John%27s_%28N.L.%29%2C_a%2Bb", "punctuated"),
    ],
)
def test_every_spelling_of_a_name_leads_to_its_document(client, address, key):
    response = client.get(address)
    document = client.get(response.headers["Location"], headers={"Accept": "text/turtle"})

    graph = Graph().parse(data=document.data, format="turtle")
    label = URIRef("http://www.w3.org/2000/01/rdf-schema#label")
    assert response.status_code == 303
    assert response.headers["Location"].isascii()
    assert (URIRef(BASE + NAMES[key]), label, Literal(key)) in graph


@pytest.mark.parametrize("key", NAMES)
def test_every_name_can_be_asked_for_in_a_format_by_extension(client, key):
    location = client.get("/" + NAMES[key]).headers["Location"]

    response = client.get(f"{location}.nt")

    assert response.mimetype == "application/n-triples"
    assert f"<{BASE}{NAMES[key]}>".encode() in response.data
    assert response.headers["Link"].isascii()


def test_decomposed_letters_are_the_name_that_the_graph_uses(client):
    decomposed = unicodedata.normalize("NFD", "/id/state/Türkiye")

    assert client.get(decomposed).headers["Location"] == "/doc/state/T%C3%BCrkiye"
