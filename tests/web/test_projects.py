"""Three projects of different kinds, each walked link by link: all that a page says is its own."""

from __future__ import annotations

import html
import json
import re
from urllib.parse import quote

import pytest
from rdflib import Graph, Literal, URIRef
from rdflib.namespace import DCTERMS, RDFS, SKOS

from kg_server import project as projects
from kg_server.config import Settings
from kg_server.web.app import create_app
from kg_server.web.context import Context

from ..conftest import ROOT, described_store

BROWSER = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}
TURTLE = {"Accept": "text/turtle"}
DIPLOMACY = re.compile(
    r"diplom|embass|treat(?:y|ies)|\bstates?\b|azerb|canad|\bdip:|\bdef:|mission|recogni[sz]ed|"
    r"\btrade\b|দূতাবাস|ambassade|\bÉtats?\b",
    re.IGNORECASE,
)
THESAURUS, ZOO = "https://thesaurus.example/", "https://zoo.example/"


def served(path):
    loaded = projects.load([path])
    return create_app(Context(described_store(loaded), loaded, Settings())).test_client()


@pytest.fixture(scope="module")
def thesaurus():
    return served(ROOT / "tests" / "projects" / "thesaurus")


@pytest.fixture(scope="module")
def zoo():
    return served(ROOT / "tests" / "projects" / "zoo")


def walk(client, *, most):
    """Follow every link of the server from the home page; return each page's text by address."""
    pages, queue, queued = {}, ["/"], {"/"}
    while queue and len(pages) < most:
        address = queue.pop(0)
        response = client.get(address, headers=BROWSER, follow_redirects=True)
        assert response.status_code == 200, address
        pages[address] = response.get_data().decode(errors="replace")
        if response.mimetype != "text/html":
            continue
        for link in re.findall(r'(?:href|action)="(/[^"]*)"', pages[address]):
            target = html.unescape(link).partition("#")[0]
            if target not in queued and not target.startswith("/static") and "lang=" not in target:
                queued.add(target)
                queue.append(target)
    return pages


def links_of(client, address):
    text = client.get(address, headers=BROWSER).text
    return set(map(html.unescape, re.findall(r'href="([^"]+)"', text)))


@pytest.mark.parametrize("name", ["thesaurus", "zoo"])
def test_no_link_of_another_project_is_dead_and_no_word_is_of_diplomacy(request, name):
    pages = walk(request.getfixturevalue(name), most=400)

    assert len(pages) > 60
    words = {each[0] for text in pages.values() for each in DIPLOMACY.finditer(text)}
    assert words == set()


def test_no_link_of_the_reference_project_is_dead(client):
    assert len(walk(client, most=60)) == 60


@pytest.mark.parametrize(
    ("name", "title", "description", "licence"),
    [
        (
            "thesaurus",
            "Musical instruments",
            "A small thesaurus of musical instruments.",
            "https://creativecommons.org/publicdomain/zero/1.0/",
        ),
        (
            "zoo",
            "The animals of a small zoo",
            "Classes of animals, and the animals of one zoo.",
            "https://creativecommons.org/licenses/by/4.0/",
        ),
    ],
)
def test_title_description_and_licence_are_the_project_s_own(
    request, name, title, description, licence
):
    client = request.getfixturevalue(name)
    page = client.get("/", headers=BROWSER).text

    assert f"<title>{title}</title>" in page
    assert description in page
    assert f'<a href="{licence}" rel="license">' in page
    assert client.get("/openapi.json").json["info"]["title"] == title
    assert client.get("/reconcile").json["name"] == title
    assert f"<Description>{title}" in client.get("/opensearch.xml").text


def test_a_table_lists_things_without_a_name_only_where_none_has_one(zoo):
    classes = zoo.get("/things/Class", headers=BROWSER).text
    meals = zoo.get("/things/Meal", headers=BROWSER).text

    assert '<th scope="row"><bdi>…' not in classes
    assert "no name (a blank node) and is not listed" in classes
    assert "not listed" not in meals
    assert '<td class="number"><bdi>7</bdi></td>' in meals
    counted = {
        each["table"]: each["count"] for each in zoo.get("/things/?format=json").json["classes"]
    }
    assert counted["/things/Class"] == 3
    assert counted["/things/Meal"] == 1


def test_nothing_known_is_nothing_said(tmp_path):
    (tmp_path / "kg.toml").write_text('base-iri = "https://e.org/"\ndata = ["one.ttl"]\n')
    (tmp_path / "one.ttl").write_text(
        '<https://e.org/x> a <https://e.org/T> ; <https://e.org/p> "one" .'
    )
    client = served(tmp_path)

    page = client.get("/", headers=BROWSER).text

    assert 'rel="license"' not in page
    assert "CC BY" not in page
    assert "Questions" not in page
    assert "Conflicts" not in page
    assert "Vocabulary" not in page
    (described,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page)
    assert json.loads(described).keys().isdisjoint(("license", "description", "creator"))
    description = Graph().parse(data=client.get("/.well-known/void", headers=TURTLE).text)
    dataset = URIRef("https://e.org/dataset")
    for unknown in (DCTERMS.description, DCTERMS.license, DCTERMS.publisher):
        assert description.value(dataset, unknown) is None


def test_navigation_leads_to_what_there_is(thesaurus, zoo):
    assert "/queries/" in links_of(thesaurus, "/")
    assert "/queries/" not in links_of(zoo, "/")
    assert "/animals" in links_of(zoo, "/")
    assert "/conflicts" not in links_of(thesaurus, "/") | links_of(zoo, "/")
    assert zoo.get("/conflicts", headers=BROWSER).status_code == 404


def test_every_ontology_is_listed_where_there_are_several(tmp_path):
    for folder, name in (("a", "x"), ("a", "y"), ("b", "z")):
        iri = f"https://many.example/{folder}/{name}"
        (tmp_path / f"{name}.ttl").write_text(
            "@prefix owl: <http://www.w3.org/2002/07/owl#> ."
            f"<{iri}> a owl:Ontology . <{iri}#C> a owl:Class . <{iri}#p> a owl:ObjectProperty ."
        )
    client = served(tmp_path)

    page = client.get("/vocabularies", headers=BROWSER).text

    assert "/vocabularies" in links_of(client, "/")
    headings = re.findall(r"<h2><code>(.*?)</code></h2>", page)
    assert headings == ["https://many.example/a/", "https://many.example/b/"]
    names = ("a/x", "a/y", "b/z")
    links = {f"/doc?iri={quote(f'https://many.example/{name}', safe='')}" for name in names}
    assert links <= links_of(client, "/vocabularies")
    for link in links:
        assert 'href="/vocabularies"' in client.get(link, headers=BROWSER).text
    assert page.count('<span class="quiet">(2)</span>') == 3


@pytest.mark.parametrize(
    ("name", "text", "iri"),
    [
        ("thesaurus", "Geige", f"{THESAURUS}instruments/violin"),
        ("thesaurus", "A/B clarinet", f"{THESAURUS}instruments/a%2Fb"),
        ("thesaurus", "Flute", f"{THESAURUS}instruments/flute/"),
        ("thesaurus", "Oud", "https://elsewhere.example/vocabulary#oud"),
        ("zoo", "Leo", f"{ZOO}animals#Leo"),
        ("zoo", "lion", f"{ZOO}animals#Lion"),
    ],
)
def test_a_thing_that_search_finds_has_a_page(request, name, text, iri):
    client = request.getfixturevalue(name)

    hits = client.get("/search", query_string={"q": text, "format": "json"}).json["results"]
    found = next(each for each in hits if each["iri"] == iri)
    page = client.get(found["page"], headers=BROWSER, follow_redirects=True)

    assert page.status_code == 200
    assert html.escape(found["label"]) in page.text


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("/instruments/violin", "Violin"),
        ("/instruments/a%2Fb", "A/B clarinet"),
        ("/instruments/flute/", "Flute"),
        ("/instruments/", "Musical instruments"),
    ],
)
def test_a_name_is_served_at_its_own_path_as_it_is_written(thesaurus, path, label):
    seen = thesaurus.get(path)
    response = thesaurus.get(path, headers=TURTLE, follow_redirects=True)

    graph = Graph().parse(data=response.data, format="turtle")
    labels = {*graph.objects(URIRef(f"{THESAURUS}{path[1:]}"))}
    assert seen.status_code == 303
    assert label in set(map(str, labels))


def test_an_encoded_slash_is_another_name_than_a_slash(thesaurus):
    assert thesaurus.get("/instruments/a/b").status_code == 404


def test_any_other_name_of_the_graph_has_a_document(thesaurus):
    iri = "https://elsewhere.example/vocabulary#oud"
    response = thesaurus.get(f"/doc?iri={quote(iri, safe='')}", headers=TURTLE)

    graph = Graph().parse(data=response.data, format="turtle")
    assert (URIRef(iri), SKOS.prefLabel, Literal("Oud", "en")) in graph
    assert thesaurus.get("/doc?iri=https://elsewhere.example/nothing").status_code == 404
    assert thesaurus.get("/doc?iri=nothing").status_code == 400
    assert thesaurus.get("/doc").status_code == 400


def test_a_hash_namespace_is_served_by_its_document(zoo):
    response = zoo.get("/animals", headers=TURTLE)

    graph = Graph().parse(data=response.data, format="turtle")
    assert (URIRef(f"{ZOO}animals#Leo"), RDFS.label, Literal("Leo", "en")) in graph
    page = zoo.get("/animals", headers=BROWSER).text
    assert 'id="Lion"' in page
    assert 'id="Leo"' in page


@pytest.mark.parametrize(("name", "prefix"), [("thesaurus", "ex"), ("zoo", "zoo")])
def test_prefixes_are_those_of_the_files(request, name, prefix):
    client = request.getfixturevalue(name)
    iri = {"thesaurus": f"{THESAURUS}instruments/violin", "zoo": f"{ZOO}animals#Leo"}[name]
    address = f"/doc?iri={quote(iri, safe='')}"

    turtle = client.get(address, headers=TURTLE).text
    document = json.loads(client.get(address, headers={"Accept": "application/ld+json"}).data)

    assert f"@prefix {prefix}: <" in turtle
    assert "ns1:" not in turtle
    assert prefix in client.get("/completion.json").json["prefixes"]
    assert prefix in json.dumps(document)


def test_the_json_ld_of_another_project_reads_like_json(zoo):
    address = f"/doc?iri={quote(ZOO + 'animals#Elsa', safe='')}&format=jsonld"

    topic = json.loads(zoo.get(address).data)["primaryTopic"]

    assert topic["type"] == "Lion"
    assert topic["parentOf"]["id"] == "zoo:Leo"
    assert topic["label"] == {"en": "Elsa"}


def test_the_home_page_counts_classes_and_names_examples(zoo):
    page = zoo.get("/", headers=BROWSER).text

    (classes,) = re.findall(r'<ul class="columns classes">.*?</ul>', page, re.S)
    assert ">lion<" in classes
    assert ">2</a>" in classes
    assert ">Leo<" in classes
    assert ">Elsa<" in classes


def test_a_class_that_has_no_label_is_called_by_its_name(thesaurus):
    hit = thesaurus.get("/search?q=violin&format=json").json["results"][0]

    assert hit["typeLabel"] == "concept"
    assert thesaurus.get("/reconcile").json["defaultTypes"][0]["name"] == "Concept"
