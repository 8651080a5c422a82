"""The rules of the ontology derive what `dip:evidence def:Derived` says, and no more."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest

from kg_server import project as projects
from kg_server.project import Role

ROOT = Path(__file__).parents[1]
DEFAULTS = {"claims", "concepts", "polarity", "standing"}
"""Rules beside whose triples others of the same predicates are written by hand."""
RULES = sorted((ROOT / "ontology" / "rules").glob("*.rq"))
BASE = "https://diplomacy.example/"
PREFIXES = f"""
@prefix dip: <{BASE}ns/diplomacy#> .
@prefix def: <{BASE}def/> .
@prefix : <{BASE}id/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""


def fixpoint(turtle: str) -> ox.Store:
    """Return a small world with all that the rules derive from it, and the ontology."""
    store = ox.Store()
    for path in sorted((ROOT / "ontology").glob("*.ttl")):
        store.bulk_load(path=str(path), format=ox.RdfFormat.TURTLE)
    store.load((PREFIXES + turtle).encode(), ox.RdfFormat.TURTLE)
    size = -1
    while size != len(store):
        size = len(store)
        for rule in RULES:
            found = store.query(rule.read_text(encoding="utf-8"))
            store.extend([ox.Quad(*each) for each in found])
    return store


def holds(store: ox.Store, pattern: str) -> bool:
    head = PREFIXES.replace("@prefix", "PREFIX").replace("> .", ">")
    return bool(store.query(f"{head} ASK {{ {pattern} }}"))


CONCEPT = ':c a skos:Concept ; skos:prefLabel "tax"@en ; skos:topConceptOf :list'
MISSION = ":m dip:sendingState :A ; dip:receivingState :B ; dip:missionKind def:Embassy"


@pytest.mark.parametrize(
    ("facts", "pattern", "expected"),
    [
        (f"{MISSION} .", ":A dip:hasEmbassyIn :B", True),
        (f'{MISSION} ; dip:endDate "2012"^^xsd:gYear .', ":A dip:hasEmbassyIn :B", False),
        (f"{MISSION} ; dip:seat :p . :p dip:inState :C .", ":A dip:hasEmbassyIn :C", False),
        (MISSION.replace("Embassy", "Consulate") + " .", ":A dip:hasEmbassyIn :B", False),
        (":x dip:viaMission :m ; dip:receivingState :C .", ":m dip:serves :C", True),
        (
            ':x dip:viaMission :m ; dip:receivingState :C ; dip:endDate "2020"^^xsd:gYear .',
            ":m dip:serves :C",
            False,
        ),
        (
            ":r a dip:DiplomaticRelation ; dip:hasParty :A , :B .",
            ":B dip:hasDiplomaticRelationWith :A",
            True,
        ),
        (
            ":r a dip:DiplomaticRelation ; dip:hasParty :A , :B .",
            ":A dip:hasDiplomaticRelationWith :A",
            False,
        ),
        (
            ':r a dip:DiplomaticRelation ; dip:hasParty :A , :B ; dip:endDate "1955"^^xsd:gYear .',
            ":A dip:hasDiplomaticRelationWith :B",
            False,
        ),
        (":A dip:hasForeignRelationsWith :B .", ":B dip:hasForeignRelationsWith :A", True),
        (":x dip:member :A ; dip:organization :O .", ":A dip:memberOf :O", True),
        (
            ':x dip:member :A ; dip:organization :O ; dip:endDate "1972"^^xsd:gYear .',
            ":A dip:memberOf :O",
            False,
        ),
        (":C1 dip:contests :F1 ; dip:evidenceFor :X1 .", ":C1 dip:involves :F1 , :X1", True),
        (":F7 a dip:Claim .", ':F7 dip:claimNumber "F7"', True),
        (':F7 a dip:Claim ; dip:claimNumber "F6" .', ':F7 dip:claimNumber "F7"', False),
        (":F7 a dip:Claim .", ":F7 dip:polarity def:Positive", True),
        (":F7 a dip:Claim ; dip:polarity def:Negative .", ":F7 dip:polarity def:Positive", False),
        (":F7 a dip:Claim .", ":F7 dip:standing def:Accepted", True),
        (":X7 a dip:Claim .", ":X7 dip:standing def:Accepted", False),
        (":X7 a dip:Claim .", ":X7 dip:standing def:Background", True),
        (":F7 a dip:Claim ; dip:standing def:Disputed .", ":F7 dip:standing def:Accepted", False),
        (
            "<urn:s> a dip:Source . <urn:s/p> a dip:Passage .",
            "<urn:s/p> dip:passageOf <urn:s>",
            True,
        ),
        ("<urn:s/p> a dip:Passage .", "<urn:s/p> dip:passageOf <urn:s>", False),
        (
            "<urn:s/S10> a dip:Passage ; dip:startOffset 0 .",
            "<urn:s/S10> dip:sentenceNumber 10",
            True,
        ),
        ("<urn:s/S10> a dip:Passage .", "<urn:s/S10> dip:sentenceNumber 10", False),
        (
            "<urn:s/p10> a dip:Passage ; dip:startOffset 0 .",
            "<urn:s/p10> dip:sentenceNumber 10",
            False,
        ),
        (f"{CONCEPT} .", ':c rdfs:label "tax"@en ; skos:inScheme :list', True),
        (f"{CONCEPT} .", ":c skos:inScheme :other", False),
    ],
)
def test_what_follows_is_derived_and_nothing_else(facts: str, pattern: str, expected: bool) -> None:
    assert holds(fixpoint(facts), pattern) is expected


@pytest.mark.parametrize(
    ("dates", "first", "last"),
    [
        ('"1992"^^xsd:gYear , "1992-07-10"^^xsd:date', "1992-01-01", "1992-12-31"),
        ('"2004-09"^^xsd:gYearMonth', "2004-09-01", "2004-09-30"),
        ('"2004-02"^^xsd:gYearMonth', "2004-02-01", "2004-02-29"),
        ('"1900-02"^^xsd:gYearMonth', "1900-02-01", "1900-02-28"),
        ('"1991-12-25"^^xsd:date', "1991-12-25", "1991-12-25"),
    ],
)
def test_bounds_are_the_first_and_the_last_day_that_the_dates_may_mean(
    dates: str, first: str, last: str
) -> None:
    store = fixpoint(f":e dip:date {dates} .")

    for name, expected in (("earliest", first), ("latest", last)):
        quads = store.quads_for_pattern(None, ox.NamedNode(f"{BASE}ns/diplomacy#{name}"), None)
        assert [quad.object.value for quad in quads] == [expected]


def test_a_claim_is_labelled_by_its_number_in_three_languages() -> None:
    store = fixpoint(":F7 a dip:Claim .")

    label = ox.NamedNode("http://www.w3.org/2000/01/rdf-schema#label")
    quads = store.quads_for_pattern(ox.NamedNode(f"{BASE}id/F7"), label, None)
    assert {(str(quad.object.language), quad.object.value) for quad in quads} == {
        ("bn", "দাবি F7"),
        ("en", "Claim F7"),
        ("fr", "Affirmation F7"),
    }


def test_each_property_that_is_derived_has_a_rule() -> None:
    derived = ox.NamedNode(f"{BASE}def/Derived")
    evidence = ox.NamedNode(f"{BASE}ns/diplomacy#evidence")
    properties = [quad.subject for quad in fixpoint("").quads_for_pattern(None, evidence, derived)]
    texts = "".join(each.read_text(encoding="utf-8") for each in RULES)

    assert properties
    for each in properties:
        assert f"dip:{each.value.rpartition('#')[2]} " in texts, each


def test_the_shipped_graph_says_nothing_derived_that_does_not_follow() -> None:
    """What the files say by hand and what is derived at loading are the same statements."""
    files = projects.load([ROOT]).of_role(Role.DATA, Role.DERIVED)
    store = ox.Store()
    for file in files:
        store.load(file.content, ox.RdfFormat.TURTLE)
    for path in sorted((ROOT / "ontology").glob("*.ttl")):
        store.bulk_load(path=str(path), format=ox.RdfFormat.TURTLE)

    for rule in RULES:
        found = {ox.Quad(*each) for each in store.query(rule.read_text(encoding="utf-8"))}
        assert all(quad in store for quad in found), rule.stem
        if rule.stem not in DEFAULTS | {"claim-labels", "memberships", "symmetric"}:
            predicates = {each.predicate for each in found}
            said = {quad for p in predicates for quad in store.quads_for_pattern(None, p, None)}
            assert found
            assert said == found, rule.stem
