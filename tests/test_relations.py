"""What the graph in ``data/relations.ttl`` promises beyond the shapes."""

import functools
import hashlib
import itertools
import re
import unicodedata
from collections import Counter
from pathlib import Path

import pytest
from rdflib import OWL, RDF, RDFS, SKOS, BNode, Graph, Literal, Namespace, URIRef

from kg_server import project as projects
from kg_server.project import Role

ROOT = Path(__file__).parents[1]
DIP = Namespace("https://diplomacy.example/ns/diplomacy#")
DEF = Namespace("https://diplomacy.example/def/")
ID = "https://diplomacy.example/id/"
DCT = Namespace("http://purl.org/dc/terms/")
ARTICLE = URIRef(f"{ID}source/bnwiki-azerbaijan-canada")
DATA_SET = URIRef("https://diplomacy.example/dataset")
DISPUTED = {f"F{number}" for number in (13, 14, 29, 30, 31, 33, 34, 36, 37, 38, 58, 59)}
CONFLICTS = {1, 2, 3, 5, 6, 7, 9, 13}
CAVEATS = set(range(1, 21)) - CONFLICTS
LANGUAGES = {"bn", "en", "fr"}
DERIVED = {DIP.hasDiplomaticRelationWith, DIP.hasEmbassyIn, DIP.serves, DIP.earliest, DIP.latest}
BENGALI = re.compile(r"[\u0980-\u09ff]")


@functools.cache
def graph() -> Graph:
    """Return the data, with what the rules derive from them."""
    found = Graph()
    for file in projects.load([ROOT]).of_role(Role.DATA, Role.DERIVED):
        found.parse(data=file.content, format=file.syntax)
    return found


@functools.cache
def ontology() -> Graph:
    graph = Graph()
    for path in sorted((ROOT / "ontology").glob("*.ttl")):
        graph.parse(path, format="turtle")
    return graph


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


def numbers(node: URIRef, predicate: URIRef) -> set[str]:
    return {
        str(graph().value(claim, DIP.claimNumber)) for claim in graph().objects(node, predicate)
    }


def conflict(number: int) -> URIRef:
    return URIRef(f"{ID}conflict/C{number}")


def covered(subject: URIRef, predicate: URIRef, value: URIRef | Literal) -> bool:
    """Tell whether a positive, unrejected claim about the subject states the triple."""
    symmetric = (predicate, RDF.type, OWL.SymmetricProperty) in ontology()
    for claim in claims().values():
        if (claim, DIP.polarity, DEF.Positive) not in graph():
            continue
        if (claim, DIP.standing, DEF.Rejected) in graph():
            continue
        said = statement(claim)
        if said == (subject, predicate, value):
            return True
        if symmetric and said == (value, predicate, subject):
            return True
        if said[0] == subject and (claim, DIP.alsoStates, predicate) in graph():
            return True
    return False


def domain_triples() -> list[tuple[URIRef, URIRef, URIRef | Literal]]:
    """Return the triples that the ontology says are backed by evidence and are not derived."""
    return [
        triple
        for triple in graph()
        if ontology().value(triple[1], DIP.evidence) and triple[1] not in DERIVED
    ]


def test_all_44_facts_are_there_with_what_they_presuppose_and_what_other_sources_say():
    expected = {f"F{n}" for n in range(1, 63)} | {f"X{n}" for n in range(1, 77)}

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


def test_conflicts_contest_what_is_disputed_and_nothing_else():
    conflicts = set(graph().subjects(RDF.type, DIP.Conflict))
    contested = [numbers(node, DIP.contests) for node in conflicts]

    assert conflicts == {conflict(number) for number in CONFLICTS}
    assert all(contested)
    assert set().union(*contested) == DISPUTED
    for node in conflicts:
        assert numbers(node, DIP.evidenceAgainst), node


def test_a_conflict_involves_the_claims_on_its_sides():
    sides = (DIP.contests, DIP.evidenceFor, DIP.evidenceAgainst)

    for number in CONFLICTS:
        parts = [numbers(conflict(number), side) for side in sides]
        assert numbers(conflict(number), DIP.involves) == set().union(*parts)
        assert sum(map(len, parts)) == len(set().union(*parts)), "one side each"


def test_caveats_concern_claims_and_take_no_side():
    caveats = set(graph().subjects(RDF.type, DIP.Caveat))

    assert caveats == {conflict(number) for number in CAVEATS}
    for node in caveats:
        assert numbers(node, DIP.concerns), node
        assert not numbers(node, DIP.contests), node


@pytest.mark.parametrize("number", sorted(CONFLICTS | CAVEATS))
def test_a_reason_names_the_claims_that_it_is_about(number):
    node = conflict(number)
    spoken_of = numbers(node, DIP.involves) | numbers(node, DIP.concerns)

    for reason in graph().objects(node, DIP.reason):
        assert set(re.findall(r"\b[FX]\d+\b", str(reason))) <= set(claims())
    if number in CONFLICTS:
        (english,) = (each for each in graph().objects(node, DIP.reason) if each.language == "en")
        named = set(re.findall(r"\b[FX]\d+\b", str(english)))
        assert named & spoken_of, english


@pytest.mark.parametrize("number", [f"F{n}" for n in range(1, 63) if n != 5])
def test_what_a_fact_says_is_asserted(number):
    assert statement(claims()[number]) in graph()


@pytest.mark.parametrize("number", [f"F{n}" for n in range(1, 63)])
def test_what_a_claim_also_states_is_a_property_of_its_subject(number):
    subject, predicate, _ = statement(claims()[number])

    for also in graph().objects(claims()[number], DIP.alsoStates):
        assert graph().value(subject, also) is not None, also
        assert also != predicate or number == "F60"


def test_the_denial_is_a_negative_assertion_and_not_asserted():
    subject, predicate, value = statement(claims()["F5"])
    (denial,) = graph().subjects(RDF.type, OWL.NegativePropertyAssertion)

    assert graph().value(denial, OWL.sourceIndividual) == subject
    assert graph().value(denial, OWL.assertionProperty) == predicate
    assert graph().value(denial, OWL.targetIndividual) == value
    assert (subject, predicate, value) not in graph()


def test_values_of_other_sources_for_the_articles_things_are_not_asserted():
    for number in ("X2", "X9", "X12", "X36", "X37", "X38", "X45", "X55", "X75", "X76"):
        assert statement(claims()[number]) not in graph(), number


def test_only_azerbaijan_and_russia_are_named_as_successors():
    successors = set(graph().objects(None, DIP.successorState))

    assert successors == {URIRef(f"{ID}state/AZE"), URIRef(f"{ID}state/RUS")}


def test_the_tax_convention_has_signatories_and_no_parties():
    treaty = URIRef(f"{ID}treaty/AZE-CAN-2004-tax")

    assert len(list(graph().objects(treaty, DIP.signatory))) == 2
    assert not list(graph().objects(treaty, DIP.hasParty))


def test_each_domain_triple_is_stated_by_a_claim_about_its_subject():
    triples = domain_triples()

    assert len(triples) > 200
    assert [triple for triple in triples if not covered(*triple)] == []


def test_a_node_that_names_its_passage_is_claimed_from_that_passage():
    for node, passage in graph().subject_objects(DIP.statedIn):
        if (node, RDF.type, DIP.Claim) in graph():
            continue
        for claim in graph().subjects(RDF.subject, node):
            assert (claim, DIP.statedIn, passage) in graph(), (node, claim)


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


def test_each_sentence_has_a_digest_of_its_own():
    digests = Counter(
        str(graph().value(passage, DIP.digest))
        for passage in graph().subjects(DIP.passageOf, ARTICLE)
    )

    assert len(digests) == 27
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in digests)
    assert hashlib.sha256(b"").hexdigest() not in digests


def test_each_passage_is_cited_by_a_claim():
    cited = {
        passage for claim in claims().values() for passage in graph().objects(claim, DIP.statedIn)
    }

    assert set(graph().subjects(RDF.type, DIP.Passage)) == cited


def test_claims_passages_and_reasons_are_worded_in_three_languages():
    worded = list(graph().subjects(DIP.restatement)) + list(graph().subjects(DIP.reason))

    assert len(set(worded)) > 180
    for subject in set(worded):
        texts = [*graph().objects(subject, DIP.restatement), *graph().objects(subject, DIP.reason)]
        assert sorted(text.language for text in texts) == sorted(LANGUAGES), subject
        for text in texts:
            assert bool(BENGALI.search(text)) is (text.language == "bn"), text


def test_each_restatement_can_be_read_by_itself():
    dangling = re.compile(
        r"^(It|That|This|They|The latter|The two|Another|The same|One of them|Or else)\b"
    )

    for claim in claims().values():
        (words,) = (
            each for each in graph().objects(claim, DIP.restatement) if each.language == "en"
        )
        assert not dangling.search(words), words


def test_all_text_is_composed():
    for value in {value for value in graph().objects() if isinstance(value, Literal)}:
        assert unicodedata.is_normalized("NFC", str(value)), value


def test_the_data_say_how_they_were_translated_and_what_was_not_checked():
    notes = " ".join(
        str(note) for note in graph().objects(DATA_SET, SKOS.editorialNote) if note.language == "en"
    )

    assert "No other translator has reviewed" in notes
    assert "Not checked" in notes
    for source in graph().subjects(RDF.type, DIP.Source):
        assert {note.language for note in graph().objects(source, SKOS.editorialNote)} == LANGUAGES
        address = list(graph().objects(source, RDFS.seeAlso))
        assert bool(address) is (source != ARTICLE), source


def test_everything_has_a_name_but_the_denial():
    nameless = {term for triple in graph() for term in triple if isinstance(term, BNode)}

    assert nameless == set(graph().subjects(RDF.type, OWL.NegativePropertyAssertion))


def test_everything_is_labelled_once_a_language_in_three_languages():
    things = {
        thing
        for thing, kind in graph().subject_objects(RDF.type)
        if isinstance(thing, URIRef) and kind != RDF.Statement
    }

    assert len(things) > 250
    for thing in things:
        labels = [label.language for label in graph().objects(thing, RDFS.label)]
        assert sorted(labels) == sorted(LANGUAGES), thing


def test_states_have_a_code_and_their_counterparts_elsewhere():
    states = set(graph().subjects(RDF.type, DIP.State))

    assert len(states) == 18
    for state in states:
        code = graph().value(state, DIP.iso3166alpha3) or graph().value(state, DIP.iso3166former)
        (item,) = graph().objects(state, SKOS.exactMatch)
        assert state == URIRef(f"{ID}state/{code}")
        assert str(item).startswith("http://www.wikidata.org/entity/Q")
    assert not list(graph().subject_objects(OWL.sameAs))


@pytest.mark.parametrize(
    ("key", "name"), [("SUHH", "USSR"), ("TUR", "Turkey"), ("TUR", "Turquie"), ("SUHH", "URSS")]
)
def test_states_are_found_by_their_other_names(key, name):
    names = {str(label) for label in graph().objects(URIRef(f"{ID}state/{key}"), SKOS.altLabel)}

    assert name in names


def test_relations_are_dated_as_precisely_as_the_article_dates_them():
    dates = set(graph().objects(URIRef(f"{ID}relation/AZE-CAN"), DIP.startDate))

    assert {date.n3(graph().namespace_manager) for date in dates} == {
        '"1992"^^xsd:gYear',
        '"1992-07-10"^^xsd:date',
    }


def test_other_dollars_are_not_canadian_dollars():
    canadian = set(graph().subjects(DIP.currency, DEF.CAD))
    amounts = set(graph().subjects(DIP.amount))

    assert canadian == {URIRef(f"{ID}trade/{source}/2004-total") for source in ("bnwiki", "enwiki")}
    assert set(graph().subjects(DIP.currency, DEF.DollarUnspecified)) == amounts - canadian
    assert len(amounts) == 12


def test_amounts_agree_with_the_articles_second_way_of_counting():
    glosses = dict(graph().subject_objects(DIP.amountGloss))

    assert len(glosses) == 5
    for node, gloss in glosses.items():
        amount = graph().value(node, DIP.amount).toPython()
        assert abs(amount - gloss.toPython()) < amount / 100, node


def test_a_trade_figure_is_reported_in_one_passage():
    for node in graph().subjects(RDF.type, DIP.TradeObservation):
        assert len(list(graph().objects(node, DIP.statedIn))) == 1, node
