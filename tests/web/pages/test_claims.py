"""Facts as claims: who says so, whether it stands, what contradicts it."""

from __future__ import annotations

import pytest
from rdflib import URIRef

from kg_server.web.pages import claims

BASE = "https://diplomacy.example/"


def iri(name):
    return f"{BASE}id/{name}"


@pytest.fixture
def canada(store):
    return claims.about(store, BASE, iri("state/CAN"))


def numbers(evidence):
    return [evidence.claims[each].number for each in evidence.asked]


def test_a_state_has_the_claims_of_everything_it_takes_part_in(canada):
    found = numbers(canada)

    assert {"F3", "F5", "F14", "F20"} <= set(found)
    assert found.index("F3") < found.index("F14") < found.index("X2")


def test_its_own_claims_are_apart_from_those_of_what_it_takes_part_in(canada):
    own, others = canada.split(iri("state/CAN"))

    assert "F3" in {claim.number for claim in own}
    assert "F20" in {claim.number for claim in others}
    assert not {claim.iri for claim in own} & {claim.iri for claim in others}


def test_a_denial_is_known_as_one(store):
    has_embassy = URIRef(f"{BASE}ns/diplomacy#hasEmbassyIn")
    said = claims.of_statement(
        store, BASE, URIRef(iri("state/CAN")), has_embassy, URIRef(iri("state/AZE"))
    )

    (claim,) = (said.claims[each] for each in said.asked)

    assert claim.is_negative
    assert [place.rpartition("/")[2] for place in claim.passages] == ["S2", "S8"]


def test_every_disputed_claim_has_something_said_against_it(store):
    evidence = claims.all_conflicts(store, BASE)

    disputed = [claim for claim in evidence.claims.values() if claim.is_disputed]

    assert len(disputed) == 12
    assert all(evidence.against(claim.iri) for claim in disputed)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("claim/F14", ["F14"]),
        ("conflict/C6", ["F14", "X1", "X2"]),
        ("source/bnwiki-azerbaijan-canada/S2", ["F3", "F4", "F5", "F45", "F48"]),
        ("mission/AZE-CAN-embassy", ["F4", "F19", "F20", "F48", "X14", "X17", "X42", "X57", "X58"]),
    ],
)
def test_any_kind_of_thing_has_its_claims(store, name, expected):
    assert numbers(claims.about(store, BASE, iri(name))) == expected


def test_an_unknown_thing_has_none(store):
    assert claims.about(store, BASE, iri("state/ZZZ")).asked == ()


def test_passages_are_numbered_in_the_order_they_are_first_cited(canada):
    notes = claims.Notes(canada)
    places = list(canada.claims[canada.asked[0]].passages)

    assert notes.number(places[0]) == 1
    assert notes.number(iri("source/bnwiki-azerbaijan-canada/S7")) == 2
    assert notes.number(places[0]) == 1
    assert notes.passages[0].iri == places[0]
