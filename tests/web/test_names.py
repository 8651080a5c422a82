"""Names beyond ASCII, with dots, with percent signs: all lead to their documents."""

from __future__ import annotations

import html
import unicodedata
from urllib.parse import quote

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

ODD = [
    f"{BASE}id/plant/a%2Fb",
    f"{BASE}id/plant/x%3D1",
    f"{BASE}id/plant/100%25",
    f"{BASE}id/plant/trail/",
    f"{BASE}other/deep/item",
    f"{BASE}other//twice",
    f"{BASE}item?number=5",
    f"{BASE}search",
    f"{BASE}ns#Plant",
    "https://elsewhere.example/x%20y",
]


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    root = tmp_path_factory.mktemp("names")
    path = root / "names.nt"
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


@pytest.mark.parametrize(
    "iri",
    ODD,
)
def test_any_name_has_a_document_and_search_leads_to_it(odd, iri):
    (hit,) = odd.get("/search", query_string={"q": iri, "format": "json"}).json["results"]
    page = odd.get(hit["page"], headers={"Accept": "text/html"}, follow_redirects=True)
    data = odd.get(f"/doc?iri={quote(iri, safe='')}", headers={"Accept": "text/turtle"})

    label = URIRef("http://www.w3.org/2000/01/rdf-schema#label")
    assert page.status_code == 200
    assert html.escape(iri) in page.text
    graph = Graph().parse(data=data.data, format="turtle")
    assert (URIRef(iri), label, Literal(iri)) in graph


@pytest.mark.parametrize(
    ("path", "iri"),
    [
        ("/id/plant/a%2Fb", "id/plant/a%2Fb"),
        ("/id/plant/x%3D1", "id/plant/x%3D1"),
        ("/id/plant/100%25", "id/plant/100%25"),
        ("/id/plant/trail/", "id/plant/trail/"),
        ("/other/deep/item", "other/deep/item"),
        ("/other//twice", "other//twice"),
        ("/item?number=5", "item?number=5"),
        ("/ns", "ns#Plant"),
    ],
)
def test_a_name_is_asked_for_at_its_own_path(odd, path, iri):
    response = odd.get(path, headers={"Accept": "text/turtle"}, follow_redirects=True)

    assert response.status_code == 200
    label = URIRef("http://www.w3.org/2000/01/rdf-schema#label")
    graph = Graph().parse(data=response.data, format="turtle")
    assert (URIRef(BASE + iri), label, Literal(BASE + iri)) in graph


def test_two_names_whose_documents_would_have_one_path_have_documents_of_their_own(odd):
    twin = odd.get("/twin/x", headers={"Accept": "text/turtle"}, follow_redirects=True)
    named = odd.get("/id/twin/x", headers={"Accept": "text/turtle"}, follow_redirects=True)

    assert f"<{BASE}twin/x>".encode() in twin.data
    assert b'"the other"' in named.data
    assert b'"the other"' not in twin.data


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    """A graph of names that are unlike ``/id/KIND/KEY``."""
    root = tmp_path_factory.mktemp("odd")
    label = "<http://www.w3.org/2000/01/rdf-schema#label>"
    a = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <https://e.org/Plant>"
    lines = [f'<{iri}> {label} "{iri}" .\n<{iri}> {a} .\n' for iri in ODD]
    lines += [f'<{BASE}twin/x> {label} "one" .\n', f'<{BASE}id/twin/x> {label} "the other" .\n']
    (root / "names.nt").write_text("".join(lines), "utf-8")
    (root / "kg.toml").write_text(f'base-iri = "{BASE}"\ndata = ["names.nt"]\n')
    loaded = project.load([root])
    return create_app(Context(described_store(loaded), loaded, Settings())).test_client()


def test_decomposed_letters_are_the_name_that_the_graph_uses(client):
    decomposed = unicodedata.normalize("NFD", "/id/state/Türkiye")

    assert client.get(decomposed).headers["Location"] == "/doc/state/T%C3%BCrkiye"
