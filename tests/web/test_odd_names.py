"""Classes and properties whose names addresses and variables cannot have as they are."""

from __future__ import annotations

import csv
import html
import io
import re
from urllib.parse import quote

import pytest
from rdflib import Graph, URIRef

from kg_server import project as projects
from kg_server.config import Settings
from kg_server.rdf import addresses
from kg_server.web.app import create_app
from kg_server.web.context import Context

from ..conftest import described_store

BROWSER = {"Accept": "text/html"}
BASE = "https://odd.example/"
NAMES = (
    *("a%20b", "per%25cent", "q%22uote", "qu?es=1&x=2", "ha#sh", "%E4%B8%AD", "名前", "com,ma"),
    *("..", "a'b", "(par)", "pl+us", "²", "a__b", "doc/x", "things/x", "queries/q", "dump.ttl"),
    *("value", "thing", "iri", "key", "label", "format", "a-b", "a_b", "about", "validation.ttl"),
)


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    """Each name is a class, used and not described, and a property, used and not described."""
    root = tmp_path_factory.mktemp("odd")
    lines = [
        f"<{BASE}i/{number}> a <{BASE}{name}> , <{BASE}All> ; <{BASE}p/{name}> 'v' ;"
        f" <{BASE}p/{name}> <{BASE}i/{(number + 1) % len(NAMES)}> ."
        for number, name in enumerate(NAMES)
    ]
    (root / "kg.toml").write_text(f'base-iri = "{BASE}"\ndata = ["odd.ttl"]\n')
    (root / "odd.ttl").write_text("\n".join(lines))
    loaded = projects.load([root])
    return create_app(Context(described_store(loaded), loaded, Settings())).test_client()


def links_of(client, address):
    response = client.get(address, headers=BROWSER, follow_redirects=True)
    assert response.status_code == 200, address
    found = re.findall(r'href="(/[^"]*)"', response.text)
    return {html.unescape(each).partition("#")[0] for each in found}


def test_every_class_has_a_table(odd):
    tables = [each for each in links_of(odd, "/things/") if each.startswith("/things/")]
    assert len(tables) > len(NAMES)

    for each in tables:
        address = f"{each}{'&' if '?' in each else '?'}format=rows"
        assert odd.get(address).status_code == 200, each


def test_every_class_and_property_has_a_document(odd):
    linked = set().union(*(links_of(odd, f"/i/{number}") for number in range(0, len(NAMES), 2)))
    apart = r"[?&](format|lang)=|\.rdf$|^/(static|embed|things|dump|\.well|sparql|queries/$)"
    followed = {each for each in linked if not re.search(apart, each)}
    assert len(followed) > 2 * len(NAMES) // 2

    for each in followed:
        links_of(odd, each)


def test_a_property_that_is_only_used_is_described_by_its_uses(odd):
    response = odd.get("/p/a'b", headers={"Accept": "text/turtle"}, follow_redirects=True)
    json_ld = odd.get("/p/a'b", headers={"Accept": "application/ld+json"}, follow_redirects=True)

    graph = Graph().parse(data=response.data, format="turtle")
    number = NAMES.index("a'b")
    assert len(list(graph.triples((None, URIRef(f"{BASE}p/a'b"), None)))) == 2
    assert (URIRef(f"{BASE}i/{number}"), URIRef(f"{BASE}p/a'b"), None) in graph
    assert set(Graph().parse(data=json_ld.data, format="json-ld")) == set(graph)


def test_a_table_of_all_these_properties_is_read_as_data(odd):
    response = odd.get("/things/All.csv")

    (head, *rows) = csv.reader(io.StringIO(response.text))
    assert response.status_code == 200, response.text
    assert len(head) == len(set(head)) == len(NAMES) + 2
    assert len(rows) == len(NAMES)
    assert sum(cell.startswith("v") or "| v" in cell for row in rows for cell in row) == len(NAMES)


def test_a_filter_of_each_column_finds_its_thing(odd):
    columns = odd.get("/things/All.csv?limit=1").text.partition("\r\n")[0].split(",")[2:]
    assert len(columns) == len(NAMES)

    for name in columns:
        found = odd.get(f"/things/All?{quote(name)}=v&sort={quote(name)}&format=rows").json
        assert len(found) == 1, name


def test_the_server_s_own_addresses_are_no_addresses_of_things(app):
    own = {rule.rule.split("/")[1] for rule in app.url_map.iter_rules()}
    fixed = {each for each in own if each and "<" not in each}

    assert len(fixed) > 20
    assert {each for each in fixed if addresses.is_local(f"{BASE}{each}", BASE)} == set()


def test_rdf_xml_is_offered_where_all_properties_have_names_in_xml_and_else_refused(odd):
    offered = 0
    for number, name in enumerate(NAMES):
        page = odd.get(f"/doc/i/{number}", headers=BROWSER)
        reply = odd.get(f"/doc/i/{number}.rdf")
        if reply.status_code == 200:
            offered += 1
            assert URIRef(f"{BASE}p/{name}") in set(
                Graph().parse(data=reply.data, format="xml").predicates()
            )
        else:
            assert reply.status_code == 406
            assert "because its IRI does not end in a name" in reply.json["detail"]
        assert (f"/doc/i/{number}.rdf" in page.text) == (reply.status_code == 200), name
        assert ("application/rdf+xml" in page.headers["Link"]) == (reply.status_code == 200), name

    assert len(NAMES) // 2 < offered < len(NAMES)


def test_a_dump_as_rdf_xml_says_what_there_is_instead(odd):
    reply = odd.get("/dump.rdf")

    assert reply.status_code == 404
    assert "There are: ttl, nt, nq, trig, jsonld." in reply.json["detail"]
