"""Facts as claims: who says so, whether it stands, what contradicts it."""

from __future__ import annotations

import pytest

from kg_server.linked_data.documents import Site
from kg_server.web.pages import claims

BASE = "https://diplomacy.example/"


def iri(name):
    return f"{BASE}id/{name}"


@pytest.fixture(scope="module")
def site(store, project):
    return Site.of(store, BASE, project.profile)


@pytest.fixture(scope="module")
def canada(site):
    return claims.about(site, iri("state/CAN"))


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


def test_a_denial_is_known_as_one(site):
    claim = claims.evidence(site, [iri("claim/F5")]).claims[iri("claim/F5")]

    assert claim.is_negative
    assert [place.iri.rpartition("/")[2] for place in claim.passages] == ["S2", "S8"]


def test_what_contradicts_a_claim_is_apart_from_what_supports_it(site):
    evidence = claims.about(site, iri("claim/F14"))

    ((conflict, sides),) = evidence.around(iri("claim/F14"))

    assert conflict.iri == iri("conflict/C6")
    assert {word: [claim.number for claim in of] for word, of in sides} == {
        "contradicts": ["X2"],
        "supports": ["X1"],
    }


def test_a_project_without_a_vocabulary_of_evidence_has_no_claims(store):
    site = Site(store, BASE)

    assert claims.about(site, iri("state/CAN")) == claims.Evidence()
    assert claims.all_conflicts(site) == claims.Evidence()


def test_every_disputed_claim_has_something_said_against_it(site):
    evidence = claims.all_conflicts(site)

    disputed = [claim for claim in evidence.claims.values() if claim.is_disputed]

    assert len(disputed) == 12
    assert all(evidence.around(claim.iri) for claim in disputed)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("claim/F14", ["F14"]),
        ("conflict/C6", ["F14", "X1", "X2"]),
        ("source/bnwiki-azerbaijan-canada/S2", ["F3", "F4", "F5", "F45", "F48"]),
        ("mission/AZE-CAN-embassy", ["F4", "F19", "F20", "F48", "X14", "X17", "X42", "X57", "X58"]),
    ],
)
def test_any_kind_of_thing_has_its_claims(site, name, expected):
    assert numbers(claims.about(site, iri(name))) == expected


def test_an_unknown_thing_has_none(site):
    assert claims.about(site, iri("state/ZZZ")).asked == ()


def test_passages_are_numbered_in_the_order_they_are_first_cited(canada):
    notes = claims.Notes(canada)
    places = [place.iri for place in canada.claims[canada.asked[0]].passages]

    assert notes.number(places[0]) == 1
    assert notes.number(iri("source/bnwiki-azerbaijan-canada/S7")) == 2
    assert notes.number(places[0]) == 1
    assert notes.passages[0].iri == places[0]
