"""What the graph in ``data/relations.ttl`` promises beyond the shapes."""

import functools
import itertools
import re
from pathlib import Path

import pytest
from rdflib import OWL, RDF, RDFS, SKOS, BNode, Graph, Literal, Namespace, URIRef

ROOT = Path(__file__).parents[1]
DIP = Namespace("https://diplomacy.example/ns/diplomacy#")
DEF = Namespace("https://diplomacy.example/def/")
ID = "https://diplomacy.example/id/"
DCT = Namespace("http://purl.org/dc/terms/")
ARTICLE = URIRef(f"{ID}source/bnwiki-azerbaijan-canada")
DISPUTED = {f"F{number}" for number in (8, 13, 14, 17, 18, 29, 30, 31, 33, 34, 36, 37)}
BENGALI = re.compile(r"[\u0980-\u09ff]")


@functools.cache
def graph() -> Graph:
    return Graph().parse(ROOT / "data" / "relations.ttl", format="turtle")


@functools.cache
def ontology() -> Graph:
    return Graph().parse(ROOT / "ontology" / "diplomacy.ttl", format="turtle")


@functools.cache
def claims() -> dict[str, URIRef]:
    return {str(number): claim for claim, number in graph().subject_objects(DIP.claimNumber)}


def statement(claim: URIRef) -> tuple[URIRef, URIRef, URIRef | Literal]:
    subject, predicate, value = (
        graph().value(claim, part) for part in (RDF.subject, RDF.predicate, RDF.object)
    )
    return subject, predicate, value


def numbers_with(predicate: URIRef, value: URIRef) -> set[str]:
    return {number for number, claim in claims().items() if (claim, predicate, value) in graph()}


def sources(claim: URIRef) -> set[URIRef]:
    return set(graph().objects(claim, DIP.statedIn / DIP.passageOf))


def properties(evidence: URIRef) -> list[URIRef]:
    return sorted(ontology().subjects(DIP.evidence, evidence))


def test_all_44_facts_and_34_claims_of_other_sources_are_there():
    expected = {f"F{n}" for n in range(1, 45)} | {f"X{n}" for n in range(1, 35)}

    assert set(claims()) == expected
    assert len(list(graph().subjects(RDF.type, DIP.Claim))) == len(expected)
    for number, claim in claims().items():
        assert claim == URIRef(f"{ID}claim/{number}")


def test_facts_are_the_articles_and_the_rest_other_sources():
    for number, claim in claims().items():
        assert (sources(claim) == {ARTICLE}) is number.startswith("F"), number
        assert sources(claim), number


def test_standing_and_polarity_are_as_the_evidence_has_them():
    facts = {number for number in claims() if number.startswith("F")}

    assert numbers_with(DIP.standing, DEF.Disputed) == DISPUTED
    assert numbers_with(DIP.standing, DEF.Accepted) == facts - DISPUTED
    assert numbers_with(DIP.standing, DEF.Background) == set(claims()) - facts
    assert numbers_with(DIP.polarity, DEF.Negative) == {"F5"}


def test_all_12_conflicts_are_there_and_each_disputed_claim_is_in_one():
    conflicts = set(graph().subjects(RDF.type, DIP.Conflict))
    involved = set(graph().objects(None, DIP.involves))

    assert conflicts == {URIRef(f"{ID}conflict/C{number}") for number in range(1, 13)}
    assert {claims()[number] for number in DISPUTED} <= involved
    assert involved <= set(claims().values())


@pytest.mark.parametrize("number", [f"F{n}" for n in range(1, 45) if n != 5])
def test_what_a_fact_says_is_asserted(number):
    assert statement(claims()[number]) in graph()


def test_the_denial_is_a_negative_assertion_and_not_asserted():
    subject, predicate, value = statement(claims()["F5"])
    (denial,) = graph().subjects(RDF.type, OWL.NegativePropertyAssertion)

    assert graph().value(denial, OWL.sourceIndividual) == subject
    assert graph().value(denial, OWL.assertionProperty) == predicate
    assert graph().value(denial, OWL.targetIndividual) == value
    assert (subject, predicate, value) not in graph()


def test_values_of_other_sources_for_the_articles_things_are_not_asserted():
    for number in ("X2", "X9", "X12"):
        assert statement(claims()[number]) not in graph(), number


def test_each_statement_that_needs_a_claim_has_one():
    claimed = {statement(claim) for claim in claims().values()}

    assert properties(DEF.ByClaim)
    for predicate in properties(DEF.ByClaim):
        symmetric = (predicate, RDF.type, OWL.SymmetricProperty) in ontology()
        for subject, value in graph().subject_objects(predicate):
            converse = symmetric and (value, predicate, subject) in claimed
            assert (subject, predicate, value) in claimed or converse, (subject, predicate, value)


def test_each_description_is_of_a_thing_that_a_claim_or_a_passage_speaks_of():
    spoken_of = {end for claim in claims().values() for end in statement(claim)[::2]}

    assert properties(DEF.ByNode)
    for predicate in properties(DEF.ByNode):
        for subject in graph().subjects(predicate):
            assert subject in spoken_of or graph().value(subject, DIP.statedIn), subject


def test_the_sentences_are_numbered_from_0_to_26_in_order_without_overlap():
    passages = sorted(
        (graph().value(passage, DIP.sentenceNumber).toPython(), passage)
        for passage in graph().subjects(DIP.passageOf, ARTICLE)
    )
    spans = [
        (graph().value(p, DIP.startOffset).toPython(), graph().value(p, DIP.endOffset).toPython())
        for _, p in passages
    ]

    assert [number for number, _ in passages] == list(range(27))
    assert all(passage == URIRef(f"{ARTICLE}/S{number}") for number, passage in passages)
    assert all(start < end for start, end in spans)
    assert all(end <= start for (_, end), (start, _) in itertools.pairwise(spans))
    assert spans[13][1] == spans[14][0]  # sentence 14 follows without a space
    assert spans[0][0] == 0
    assert spans[-1][1] <= 2757


def test_each_sentence_is_cited_by_a_fact():
    cited = {
        passage for claim in claims().values() for passage in graph().objects(claim, DIP.statedIn)
    }

    assert set(graph().subjects(DIP.passageOf, ARTICLE)) <= cited


def test_nothing_is_quoted_claims_and_passages_are_restated_in_english():
    restated = set(graph().subjects(RDF.type, DIP.Claim)) | set(
        graph().subjects(RDF.type, DIP.Passage)
    )
    literals = [
        (predicate, value)
        for _, predicate, value in graph()
        if isinstance(value, Literal) and predicate not in (RDFS.label, DCT.title, DCT.description)
    ]

    assert len(restated) > 100
    for subject in restated:
        (words,) = graph().objects(subject, DIP.restatement)
        assert words.language == "en"
    for predicate, value in literals:
        assert not BENGALI.search(value), predicate


def test_everything_has_a_name_but_the_denial():
    nameless = {term for triple in graph() for term in triple if isinstance(term, BNode)}

    assert nameless == set(graph().subjects(RDF.type, OWL.NegativePropertyAssertion))


def test_everything_is_labelled_once_a_language_in_english_and_bengali():
    things = {
        thing
        for thing, kind in graph().subject_objects(RDF.type)
        if isinstance(thing, URIRef) and kind != RDF.Statement
    }

    assert len(things) > 150
    for thing in things:
        labels = [label.language for label in graph().objects(thing, RDFS.label)]
        assert len(labels) == len(set(labels)), thing
        assert {"bn", "en"} <= set(labels), thing


def test_states_have_a_code_french_labels_and_their_counterparts_elsewhere():
    states = set(graph().subjects(RDF.type, DIP.State))

    assert len(states) == 18
    for state in states:
        code = graph().value(state, DIP.iso3166alpha3) or graph().value(state, DIP.iso3166former)
        others = [str(iri) for iri in graph().objects(state, SKOS.exactMatch)]
        assert state == URIRef(f"{ID}state/{code}")
        assert "fr" in {label.language for label in graph().objects(state, RDFS.label)}
        assert any(iri.startswith("http://www.wikidata.org/entity/Q") for iri in others)


def test_relations_are_dated_as_precisely_as_the_article_dates_them():
    dates = set(graph().objects(URIRef(f"{ID}relation/AZE-CAN"), DIP.startDate))

    assert {date.n3(graph().namespace_manager) for date in dates} == {
        '"1992"^^xsd:gYear',
        '"1992-07-10"^^xsd:date',
    }


def test_other_dollars_are_not_canadian_dollars():
    canadian = set(graph().subjects(DIP.currency, DEF.CAD))
    amounts = set(graph().subjects(DIP.amount))

    assert canadian == {URIRef(f"{ID}trade/bnwiki/2004-total")}
    assert set(graph().subjects(DIP.currency, DEF.DollarUnspecified)) == amounts - canadian
    assert len(amounts) == 11
