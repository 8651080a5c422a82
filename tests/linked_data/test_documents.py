"""What the documents of things hold."""

from __future__ import annotations

import pytest
from rdflib import DCTERMS, FOAF, OWL, RDF, RDFS, Graph, Literal, Namespace, URIRef
from rdflib.compare import isomorphic

from kg_server import project
from kg_server.linked_data import documents, vocabularies
from kg_server.project import Role
from kg_server.store import open_store

BASE = "https://diplomacy.example/"
DIP = Namespace(f"{BASE}ns/diplomacy#")
DEF = Namespace(f"{BASE}def/")


@pytest.fixture(scope="module")
def site(store, project):
    return documents.Site.of(store, BASE, project.profile)


@pytest.fixture(scope="module")
def ontology(site):
    return next(e for e in vocabularies.vocabularies(site) if e.iri == f"{BASE}ns/diplomacy")


def described(site, path, page=1):
    iri = documents.find(site, path)
    outlined = documents.outline(site, iri, page) if iri else None
    return documents.complete(site, outlined) if outlined else None


def test_a_document_names_its_topic_its_licence_and_its_data_set(site):
    document = described(site, "state/CAN")

    this = URIRef(f"{BASE}doc/state/CAN")
    assert set(document.graph.predicate_objects(this)) == {
        (RDF.type, FOAF.Document),
        (FOAF.primaryTopic, URIRef(f"{BASE}id/state/CAN")),
        (DCTERMS.license, URIRef("https://creativecommons.org/licenses/by-sa/4.0/")),
        (DCTERMS.isPartOf, URIRef(f"{BASE}dataset")),
    }


def test_a_code_has_the_licence_of_the_code_lists(site):
    document = described(site, "def/Embassy")

    assert document.licence == "https://creativecommons.org/licenses/by/4.0/"


def test_a_document_has_what_points_to_its_topic(site):
    graph = described(site, "state/CAN").graph

    seat = URIRef(f"{BASE}id/mission/AZE-CAN-embassy")
    assert (seat, DIP.receivingState, URIRef(f"{BASE}id/state/CAN")) in graph


def test_a_document_says_who_claims_what_and_with_what_standing(site):
    graph = described(site, "relation/AZE-CAN").graph

    claim = URIRef(f"{BASE}id/claim/F14")
    passage = URIRef(f"{BASE}id/source/bnwiki-azerbaijan-canada/S7")
    assert (claim, DIP.standing, DEF.Disputed) in graph
    assert (claim, DIP.statedIn, passage) in graph
    assert (passage, DIP.passageOf, URIRef(f"{BASE}id/source/bnwiki-azerbaijan-canada")) in graph
    assert (URIRef(f"{BASE}id/conflict/C6"), DIP.involves, claim) in graph


def test_a_document_has_the_labels_of_everything_that_it_mentions(site):
    graph = described(site, "mission/AZE-CAN-embassy").graph

    assert (URIRef(f"{BASE}id/place/ottawa"), RDFS.label, Literal("অটোয়া", "bn")) in graph
    assert (DIP.sendingState, RDFS.label, Literal("sending state", "en")) in graph


def test_a_denial_is_in_the_documents_of_both_states_with_all_its_parts(site):
    for state in ("CAN", "AZE"):
        graph = described(site, f"state/{state}").graph
        (denial,) = graph.subjects(RDF.type, OWL.NegativePropertyAssertion)
        assert set(graph.predicates(denial)) == {
            RDF.type,
            OWL.sourceIndividual,
            OWL.assertionProperty,
            OWL.targetIndividual,
        }


def test_nothing_is_known_of_what_the_graph_does_not_mention(site):
    assert described(site, "state/XXX") is None
    assert described(site, "state/CAN", page=2) is None


def test_the_ontology_s_document_is_its_files(site, project, ontology):
    document = vocabularies.document(site, ontology)

    expected = Graph()
    written = [f for f in project.files if f.role is Role.ONTOLOGY]
    files = [f for f in written if f.path.stem not in ("concepts", "currencies")]
    for file in files:
        expected.parse(data=file.content, format="turtle")
    assert len(files) == 4
    assert isomorphic(document.graph, expected)


def test_the_current_version_of_the_ontology_is_at_its_version_s_address(client):
    document = client.get("/ns/diplomacy/0.2.0", headers={"Accept": "text/turtle"})

    assert f"<{BASE}ns/diplomacy>; rel" in document.headers["Link"]
    assert client.get("/ns/diplomacy/9.9.9").status_code == 404


@pytest.fixture(scope="module")
def crowded(tmp_path_factory):
    """A graph in which 100,000 missions and a list point to one state."""
    path = tmp_path_factory.mktemp("crowded") / "crowd.nt"
    state = f"<{BASE}id/state/HUB>"
    with path.open("w") as file:
        file.writelines(
            f"<{BASE}id/mission/M{number}> <{DIP.receivingState}> {state} .\n"
            for number in range(100_000)
        )
        file.writelines(
            f"<{BASE}id/mission/M{number}> <{DIP.seat}> <{BASE}id/place/town> .\n"
            for number in range(1_000)
        )
        file.write(f'{state} <{DIP.capital}> _:x .\n_:x <{RDFS.label}> "somewhere" .\n')
    return documents.Site(open_store(project.load([path])), BASE)


def test_a_thing_with_a_hundred_thousand_links_has_small_pages(crowded):
    document = described(crowded, "state/HUB")

    size = len(document.graph.serialize(format="turtle"))
    assert document.has_more
    assert size < 100_000
    assert (None, RDFS.label, Literal("somewhere")) in document.graph


def test_the_pages_of_a_document_together_have_every_link(crowded, monkeypatch):
    monkeypatch.setattr(documents, "PAGE_STATEMENTS", 300)
    town = URIRef(f"{BASE}id/place/town")

    found = set()
    page, has_more = 0, True
    while has_more:
        page += 1
        document = described(crowded, "place/town", page)
        found |= set(document.graph.subjects(DIP.seat, town))
        has_more = document.has_more

    assert page == 4
    assert len(found) == 1_000


def test_a_page_links_to_its_neighbours(crowded):
    graph = described(crowded, "state/HUB", page=2).graph

    this = URIRef(f"{BASE}doc/state/HUB")
    view = URIRef(f"{this}?page=2")
    assert graph.value(this, documents.HYDRA.view) == view
    assert graph.value(view, documents.HYDRA.next) == URIRef(f"{this}?page=3")
    assert graph.value(view, documents.HYDRA.previous) == this
