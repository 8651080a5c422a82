"""The description of the data set: right numbers, valid by the vocabularies, queryable."""

from __future__ import annotations

from pathlib import Path

import pyshacl
import pytest
from rdflib import DCAT, DCTERMS, RDF, SKOS, VOID, Graph, Namespace, URIRef

from kg_server.description import void
from kg_server.project import FACTS, load
from kg_server.rdf import namespaces as ns
from kg_server.sparql.query import Dataset
from kg_server.store import open_store
from kg_server.store.results import add_triples, rows

BASE = "https://diplomacy.example/"
SHAPES = Path(__file__).parent / "dcat-ap.ttl"
DATASET = URIRef(f"{BASE}dataset")
DIP = Namespace(f"{BASE}ns/diplomacy#")
DIP_CLASS = VOID["class"]


@pytest.fixture(scope="module")
def described(store):
    """The description and what the data say of the data set, as one graph."""
    graph = Graph()
    dataset = Dataset(default_graphs=(BASE + void.GRAPH,))
    add_triples(graph, store, "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }", dataset=dataset)
    about = "CONSTRUCT { ?this ?p ?o } WHERE { ?this ?p ?o }"
    add_triples(graph, store, about, this=DATASET.n3())
    return graph


@pytest.fixture(scope="module")
def facts(project):
    """What is counted: every graph but the shapes."""
    graph = Graph()
    for file in project.of_role(*FACTS):
        graph.parse(data=file.content, format=file.syntax)
    return graph


def test_the_description_is_valid_by_dcat_ap_and_void(described):
    shapes = Graph().parse(SHAPES)

    conforms, _, report = pyshacl.validate(described, shacl_graph=shapes)

    assert conforms, report
    for expected in (DCAT.Catalog, DCAT.Dataset, DCAT.DataService, VOID.Linkset):
        assert (None, RDF.type, expected) in described
    assert len(set(described.objects(DATASET, DCAT.distribution))) == 6


@pytest.mark.parametrize(
    ("subject", "predicate"),
    [
        (DATASET, DCTERMS.title),
        (URIRef(f"{BASE}sparql"), DCAT.endpointURL),
        (URIRef(f"{BASE}.well-known/void#dump-ttl"), DCAT.accessURL),
        (URIRef(f"{BASE}.well-known/void#publisher"), URIRef("http://xmlns.com/foaf/0.1/name")),
        (URIRef(f"{BASE}.well-known/void#class-dip-Mission"), VOID["class"]),
    ],
)
def test_the_shapes_of_the_vocabularies_see_what_is_missing(described, subject, predicate):
    broken = Graph() + described
    broken.remove((subject, predicate, None))

    assert len(broken) < len(described)
    assert not pyshacl.validate(broken, shacl_graph=Graph().parse(SHAPES))[0]


def test_the_numbers_are_those_of_the_graph(described, facts):
    numbers = {
        VOID.triples: len(facts),
        VOID.distinctSubjects: len(set(facts.subjects())),
        VOID.distinctObjects: len(set(facts.objects())),
        VOID.classes: len(set(facts.objects(None, RDF.type))),
        VOID.properties: len(set(facts.predicates())),
    }

    assert {each: described.value(DATASET, each).toPython() for each in numbers} == numbers


def test_every_class_has_its_number_of_instances(described, facts):
    found = {
        described.value(part, DIP_CLASS): described.value(part, VOID.entities).toPython()
        for part in described.objects(DATASET, VOID.classPartition)
    }

    expected = {
        each: len(set(facts.subjects(RDF.type, each))) for each in facts.objects(None, RDF.type)
    }
    assert found == expected


def test_every_property_has_its_number_of_triples(described, facts):
    found = {
        described.value(part, VOID.property): described.value(part, VOID.triples).toPython()
        for part in described.objects(DATASET, VOID.propertyPartition)
    }

    predicates = list(facts.predicates())
    assert found == {each: predicates.count(each) for each in predicates}


def test_every_property_of_a_class_has_its_number_of_triples(described, facts):
    mission = URIRef(f"{BASE}.well-known/void#class-dip-Mission")

    found = {
        described.value(part, VOID.property): described.value(part, VOID.triples).toPython()
        for part in described.objects(mission, VOID.propertyPartition)
    }
    missions = set(facts.subjects(RDF.type, DIP.Mission))
    predicates = [p for each in missions for p in facts.predicates(each)]
    assert found == {each: predicates.count(each) for each in predicates}


def test_linksets_say_how_many_things_are_the_same_elsewhere(described, facts):
    linkset = URIRef(f"{BASE}.well-known/void#links-wikidata-exactMatch")

    wikidata = [o for o in facts.objects(None, SKOS.exactMatch) if "wikidata.org" in str(o)]
    assert described.value(linkset, VOID.triples).toPython() == len(wikidata) > 10
    assert (linkset, VOID.objectsTarget, None) in described


def test_examples_and_lists_are_things_of_the_graph(described, facts):
    examples = set(described.objects(DATASET, VOID.exampleResource))

    assert len(examples) > 10
    assert all((each, None, None) in facts for each in examples)


def test_query_editors_find_the_prefixes_without_naming_a_graph(store):
    # SPARQL editor of the Swiss Institute of Bioinformatics, its query for prefixes.
    found = rows(
        store,
        """
        PREFIX sh: <http://www.w3.org/ns/shacl#>
        SELECT DISTINCT ?prefix ?namespace
        WHERE { [] sh:namespace ?namespace ; sh:prefix ?prefix } ORDER BY ?prefix
        """,
    )

    by_prefix = {str(row["prefix"]): str(row["namespace"]) for row in found}
    assert by_prefix["dip"] == f"{BASE}ns/diplomacy#"
    assert by_prefix["state"] == f"{BASE}id/state/"
    assert len(by_prefix) == len(found)


def test_query_editors_find_examples_with_their_meaning(store):
    # The same editor's query for examples.
    found = rows(
        store,
        """
        PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
        PREFIX sh: <http://www.w3.org/ns/shacl#>
        SELECT DISTINCT ?sq ?comment ?query
        WHERE {
          ?sq a sh:SPARQLExecutable ; rdfs:comment ?comment ; sh:select|sh:ask|sh:construct ?query
        }
        """,
    )

    assert len(found) >= 15
    assert f"{BASE}queries/missions" in {str(row["sq"]) for row in found}


def test_query_editors_find_which_class_has_which_property_leading_to_what(store):
    # The same editor's query for classes and predicates.
    found = rows(
        store,
        """
        PREFIX void: <http://rdfs.org/ns/void#>
        PREFIX void-ext: <http://ldf.fi/void-ext#>
        SELECT DISTINCT ?subjectClass ?prop ?objectClass ?objectDatatype ?triples
        WHERE {
          ?cp void:class ?subjectClass ; void:propertyPartition ?pp .
          ?pp void:property ?prop ; void:triples ?triples .
          OPTIONAL {
            { ?pp void:classPartition [ void:class ?objectClass ] }
            UNION { ?pp void-ext:datatypePartition [ void-ext:datatype ?objectDatatype ] }
          }
        }
        """,
    )

    triples = {(row["subjectClass"], row["prop"], row.get("objectClass")) for row in found}
    assert (DIP.Mission, DIP.sendingState, DIP.State) in triples
    datatypes = {
        row["objectDatatype"]
        for row in found
        if (row["subjectClass"], row["prop"]) == (DIP.DiplomaticRelation, DIP.startDate)
    }
    assert {str(each).rpartition("#")[2] for each in datatypes} == {"date", "gYear"}


def test_the_service_is_described_with_its_graphs_and_formats(described, store):
    sd = Namespace(ns.SD)
    service = URIRef(f"{BASE}sparql")

    names = set(described.objects(None, sd.name))
    assert (service, RDF.type, sd.Service) in described
    assert {str(each) for each in names} == set(store.graph_names())
    assert len(set(described.objects(service, sd.resultFormat))) == 10


def test_the_sizes_of_the_default_graph_and_the_named_ones_are_true(described, store):
    sd = Namespace(ns.SD)
    (default,) = described.objects(None, sd.defaultGraph)
    sizes = {
        str(name): described.value(described.value(each, sd.graph), VOID.triples)
        for each, name in described.subject_objects(sd.name)
    }
    counted = rows(store, "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g")

    assert {str(row["g"]): row["n"] for row in counted} == sizes
    (whole,) = rows(store, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }")
    assert described.value(default, VOID.triples) == whole["n"]


def test_the_default_graph_has_the_triples_of_the_project_and_no_others(store, facts):
    (counted,) = rows(store, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }")

    assert int(counted["n"]) == len(facts)


def test_data_that_say_nothing_of_themselves_are_described_all_the_same(tmp_path):
    path = tmp_path / "data.nt"
    path.write_text('<https://e.example/a> <https://e.example/p> "x" .\n')

    loaded = load([path])
    (_, triples), _ = void.described(open_store(loaded), loaded)

    graph = Graph().parse(data=triples, format="nt")
    assert graph.value(URIRef(f"{loaded.base_iri}dataset"), DCTERMS.title)
