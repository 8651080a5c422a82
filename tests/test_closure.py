"""The OWL 2 RL closure of the shipped graph: nothing absurd and nothing inconsistent follows.

The rules of OWL 2 Profiles, section 4.3, for what the ontology uses, as SPARQL updates that run
until nothing new comes. A general reasoner takes the better part of an hour for the same.
"""

from __future__ import annotations

from functools import cache

import judging
import pyoxigraph
import pytest

from kg_server.project import FACTS

PREFIXES = """
PREFIX owl: <http://www.w3.org/2002/07/owl#>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
"""
RULES = {
    "eq-sym": ("?y owl:sameAs ?x", "?x owl:sameAs ?y"),
    "eq-trans": ("?x owl:sameAs ?z", "?x owl:sameAs/owl:sameAs ?z"),
    "eq-rep-s": ("?y ?p ?o", "?x owl:sameAs ?y ; ?p ?o"),
    "eq-rep-o": ("?s ?p ?y", "?x owl:sameAs ?y . ?s ?p ?x"),
    "prp-dom": ("?x a ?c", "?p rdfs:domain ?c . ?x ?p ?y"),
    "prp-rng": ("?y a ?c", "?p rdfs:range ?c . ?x ?p ?y FILTER(!isLiteral(?y))"),
    "prp-fp": (
        "?y owl:sameAs ?z",
        "?p a owl:FunctionalProperty . ?x ?p ?y , ?z "
        "FILTER(?y != ?z && !isLiteral(?y) && !isLiteral(?z))",
    ),
    "prp-ifp": (
        "?x owl:sameAs ?z",
        "?p a owl:InverseFunctionalProperty . ?x ?p ?y . ?z ?p ?y FILTER(?x != ?z)",
    ),
    "prp-symp": ("?y ?p ?x", "?p a owl:SymmetricProperty . ?x ?p ?y"),
    "prp-trp": ("?x ?p ?z", "?p a owl:TransitiveProperty . ?x ?p ?y . ?y ?p ?z"),
    "prp-spo1": ("?x ?q ?y", "?p rdfs:subPropertyOf ?q . ?x ?p ?y"),
    "prp-inv1": ("?y ?q ?x", "?p owl:inverseOf ?q . ?x ?p ?y"),
    "prp-inv2": ("?y ?p ?x", "?p owl:inverseOf ?q . ?x ?q ?y"),
    "cax-sco": ("?x a ?d", "?c rdfs:subClassOf ?d . ?x a ?c"),
    "cax-eqc1": ("?x a ?d", "?c owl:equivalentClass ?d . ?x a ?c"),
    "cax-eqc2": ("?x a ?c", "?c owl:equivalentClass ?d . ?x a ?d"),
    "cls-uni": ("?x a ?u", "?u owl:unionOf/rdf:rest*/rdf:first ?c . ?x a ?c"),
    "scm-sco": ("?a rdfs:subClassOf ?c", "?a rdfs:subClassOf/rdfs:subClassOf ?c"),
    "scm-dom1": ("?p rdfs:domain ?d", "?p rdfs:domain/rdfs:subClassOf ?d"),
    "scm-rng1": ("?p rdfs:range ?d", "?p rdfs:range/rdfs:subClassOf ?d"),
}
FALSE = {
    "eq-diff1": "?x owl:sameAs ?y ; owl:differentFrom ?y",
    "prp-fp of literals": "?p a owl:FunctionalProperty . ?x ?p ?y , ?z "
    "FILTER(isLiteral(?y) && isLiteral(?z) && ?y != ?z)",
    "prp-irp": "?p a owl:IrreflexiveProperty . ?x ?p ?x",
    "prp-asyp": "?p a owl:AsymmetricProperty . ?x ?p ?y . ?y ?p ?x",
    "prp-pdw": "?p owl:propertyDisjointWith ?q . ?x ?p ?y ; ?q ?y",
    "prp-npa1": "?n owl:sourceIndividual ?x ; owl:assertionProperty ?p ; "
    "owl:targetIndividual ?y . ?x ?p ?y",
    "cls-nothing2": "?x a owl:Nothing",
    "cax-dw": "?c owl:disjointWith ?d . ?x a ?c , ?d",
    "cax-adc": "?n a owl:AllDisjointClasses ; owl:members/rdf:rest*/rdf:first ?c , ?d . "
    "?x a ?c , ?d FILTER(?c != ?d)",
    "literal for a thing": "?p a owl:ObjectProperty . ?x ?p ?y FILTER(isLiteral(?y))",
}
ABSURD = {
    "a thing of another site is of a class of ours": "?x a ?c FILTER(isIRI(?x) && "
    "STRSTARTS(STR(?c), 'https://diplomacy.example/ns/') && "
    "!STRSTARTS(STR(?x), 'https://diplomacy.example/'))",
    "two things are one": "?x owl:sameAs ?y",
}


def closure(more: str = "") -> pyoxigraph.Store:
    """Return data, ontology, more triples and all that follows from them."""
    store = pyoxigraph.Store()
    for file in judging.shipped().of_role(*FACTS):
        store.load(file.content, format=pyoxigraph.RdfFormat.TURTLE)  # N-Triples are Turtle
    store.extend(judging.quads(more))
    before = -1
    while len(store) > before:
        before = len(store)
        for head, body in RULES.values():
            store.update(f"{PREFIXES} INSERT {{ {head} }} WHERE {{ {body} }}")
    return store


@cache
def shipped() -> pyoxigraph.Store:
    return closure()


def found(store: pyoxigraph.Store, pattern: str) -> list[str]:
    return [str(row) for row in store.query(f"{PREFIXES} SELECT * WHERE {{ {pattern} }}")]


def test_something_follows_from_the_graph() -> None:
    before = sum(file.content.count(b"\n") for file in judging.shipped().of_role(*FACTS))

    assert before > 1000
    assert found(shipped(), "<https://diplomacy.example/id/state/CAN> a ?class")
    actors = "?x a <https://diplomacy.example/ns/diplomacy#Actor>"
    assert len(found(shipped(), actors)) >= 18


@pytest.mark.parametrize("rule", FALSE)
def test_nothing_that_follows_is_inconsistent(rule: str) -> None:
    assert found(shipped(), FALSE[rule]) == []


@pytest.mark.parametrize("what", ABSURD)
def test_nothing_that_follows_is_absurd(what: str) -> None:
    assert found(shipped(), ABSURD[what]) == []


@pytest.mark.parametrize(
    ("more", "pattern"),
    [
        ("state:CAN dip:hasEmbassyIn state:AZE .", FALSE["prp-npa1"]),
        ("state:CAN dip:hasEmbassyIn state:CAN .", FALSE["prp-irp"]),
        (
            "state:CAN owl:sameAs <https://sws.geonames.org/6251999/> .",
            ABSURD["a thing of another site is of a class of ours"],
        ),
        ("post:CAN-TUR-ambassador dip:headOf place:ankara .", FALSE["cax-adc"]),
    ],
)
def test_what_is_absurd_or_inconsistent_would_be_found(more: str, pattern: str) -> None:
    assert found(closure(more), pattern)
