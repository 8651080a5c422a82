"""The page of a thing: summary, facts by property, inverse links in words, the drawing."""

from __future__ import annotations

import html
import itertools
import re

import pytest

from kg_server import project as projects
from kg_server.config import Settings
from kg_server.web.app import create_app
from kg_server.web.context import Context
from kg_server.web.pages.network import Group, drawings
from kg_server.web.pages.terms import Shown, natural

from ...conftest import described_store

HTML = {"Accept": "text/html"}
WORKS = 30


@pytest.fixture(scope="module")
def museums(tmp_path_factory):
    """A client of a graph whose properties read in every way from the other end."""
    root = tmp_path_factory.mktemp("museums")
    (root / "kg.toml").write_text('base-iri = "https://e.org/"\ndata = ["d.ttl"]\n')
    works = "".join(
        f':work{n} a :Work ; rdfs:label "Work {n}" ; :shownIn :louvre .\n' for n in range(WORKS)
    )
    (root / "d.ttl").write_text(f"""
@prefix : <https://e.org/id/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
:louvre a :Museum ; rdfs:label "Louvre" ; :twin :prado ; rdfs:seeAlso
    <https://archive.example/item/7> , <http://www.wikidata.org/entity/Q19675> .
:prado a :Museum ; rdfs:label "Prado" ; :twin :louvre .
:city a :City ; rdfs:label "Paris" ; :has :louvre .
:guide a :Book ; rdfs:label "Guide" ; :topic :louvre ; :about :louvre .
:twin a owl:ObjectProperty , owl:SymmetricProperty ; rdfs:label "twin" .
:has a owl:ObjectProperty ; rdfs:label "has museum" ; owl:inverseOf :in .
:in a owl:ObjectProperty ; rdfs:label "stands in" .
:topic a owl:ObjectProperty ; rdfs:label "topic" .
:about a owl:ObjectProperty ; rdfs:label "tells of" .
:shownIn a owl:ObjectProperty ; rdfs:label "shows up" .
<https://e.org/dataset> <http://rdfs.org/ns/void#exampleResource> :louvre .
{works}""")
    loaded = projects.load([root])
    return create_app(Context(described_store(loaded), loaded, Settings())).test_client()


def page_of(client, address, language="en"):
    return html.unescape(client.get(address, headers={**HTML, "Accept-Language": language}).text)


def words(text):
    plain = re.sub(r"<[^>]+>", "", text).translate(dict.fromkeys((0x2068, 0x2069)))
    return " ".join(plain.split())


def headings(page, section):
    part = re.search(rf'<h2 id="{section}">.*?</section>', page, re.S)[0]
    return [words(each) for each in re.findall(r"<dt>(.*?)</dt>", part, re.S)]


def test_a_summary_stands_before_the_facts(client):
    page = page_of(client, "/doc/state/AZE")
    summary = re.search(r'<section class="card summary".*?</section>', page, re.S)

    assert summary.start() < page.index('id="facts"')
    assert "Azerbaijan-Canada tax convention" in summary[0]
    assert re.search(r"trade observation \(\d+\)", words(summary[0]))


def test_facts_are_grouped_by_property_and_those_about_others_apart_and_folded(client):
    page = page_of(client, "/doc/state/AZE")
    facts = page[page.index('id="facts"') : page.index('id="neighbourhood"')]
    own, others = facts.split("Related facts")

    assert "whose “beneficiary” is this (3)" in words(own)
    assert re.search(r'<details class="group">\s*<summary><bdi>Accreditation of', others)
    assert re.search(r'<details class="group" open>.*?1 disputed', others, re.S)


def test_facts_are_counted_by_standing_and_the_counts_add_up(client):
    page = page_of(client, "/doc/state/AZE")
    facts = re.findall(r'<li class="fact (\w+)"', page)
    filters = dict(re.findall(r'id="show-(\w+)"[^>]*>[^(]*\((\d+)\)', page))

    assert int(filters.pop("all")) == len(facts)
    assert {look: int(count) for look, count in filters.items()} == {
        look: facts.count(look) for look in set(facts)
    }


def test_a_conflict_unfolds_where_it_comes_first(client):
    page = page_of(client, "/doc/state/AZE")
    folds = re.findall(r'<details class="against"( open)?>\s*<summary><bdi>(C\d+)', page)
    names = [name for _, name in folds]

    assert len(names) > len(set(names))
    assert [name for opened, name in folds if opened] == list(dict.fromkeys(names))


def test_a_claim_that_says_the_same_is_not_said_to_contradict(client):
    page = page_of(client, "/doc/claim/F14")
    contradicts = re.search(r'Contradicted by</p>\s*<ul class="contradicts">(.*?)</ul>', page, re.S)
    supports = re.search(r'Also said by</p>\s*<ul class="supports">(.*?)</ul>', page, re.S)

    assert "10 August 1992" in contradicts[1]
    assert "10 July 1992" in supports[1]


def test_a_claim_that_says_something_else_against_the_same_one_is_not_also_said(client):
    page = page_of(client, "/doc/claim/F31")
    beside = re.search(r'On the same side</p>\s*<ul class="sides">(.*?)</ul>', page, re.S)

    assert "19.713 million" in beside[1]
    assert "Also said by" not in page


def test_the_address_of_a_page_can_be_copied_where_the_name_leads_elsewhere(client):
    page = page_of(client, "/doc/claim/F14")
    there = client.get("/doc/claim/F14", headers=HTML, base_url="https://diplomacy.example").text

    assert re.search(r"Permanent address: <code[^>]*>http://localhost/doc/claim/F14<", page)
    assert "Permanent address" not in there


def test_counts_are_in_the_digits_of_the_language(client):
    page = page_of(client, "/doc/relation/AZE-CAN", "bn")

    assert re.search(r">৩ <bdi", page)
    assert "(৫)" in page
    assert "(5)" not in page


def test_links_from_others_read_from_this_end(museums):
    assert headings(page_of(museums, "/doc/louvre"), "incoming") == [
        f"whose “shows up” is this ({WORKS})",
        "stands in",
        "tells of this",
        "whose “topic” is this",
        "twin",
    ]
    assert "dont « topic » est ceci" in headings(page_of(museums, "/doc/louvre", "fr"), "incoming")


def test_the_description_of_the_data_set_is_no_link_to_its_examples(museums):
    assert "example resource" not in page_of(museums, "/doc/louvre")


def test_values_are_sorted_by_their_numbers_and_many_are_folded(museums):
    page = page_of(museums, "/doc/louvre")
    incoming = re.search(r'<h2 id="incoming">.*?</section>', page, re.S)[0]
    works = re.findall(r">Work (\d+)<", incoming)
    shown, folded = re.search(r"<dd>(.*?)<details>(.*?)</details>", incoming, re.S).groups()

    assert works == [str(n) for n in range(WORKS)]
    assert shown.count(">Work ") == 10
    assert "20 more" in folded


def test_an_iri_of_another_site_is_shown_with_the_name_of_the_site(museums):
    page = page_of(museums, "/doc/louvre")

    assert ">7 (archive.example)<" in page
    assert ">Wikidata Q19675<" in page


def test_the_drawing_starts_small_and_is_drawn_whole_by_a_link(museums):
    page = page_of(museums, "/doc/louvre")
    (more,) = set(re.findall(r"Draw (\d+) more", page))
    (link,) = set(re.findall(r'href="([^"]*drawing=whole[^"]*)"', page))
    whole = page_of(museums, link.partition("#")[0])

    def drawn(text):
        return text.count("<circle") // 2

    assert drawn(whole) - drawn(page) == int(more)
    assert "Draw" not in whole


def test_both_drawings_have_entity_tags_of_their_own(museums):
    small = museums.get("/doc/louvre", headers=HTML)
    whole = museums.get("/doc/louvre?drawing=whole", headers=HTML)

    assert small.headers["ETag"] != whole.headers["ETag"]


@pytest.mark.parametrize("is_whole", [True, False])
def test_no_two_labels_of_the_drawing_share_a_row_of_a_side(is_whole):
    groups = [
        Group(f"property {n}", "label", tuple(Shown(f"Thing {n} {m}") for m in range(n)))
        for n in range(1, 9)
    ]
    drawn = drawings(Shown("Middle"), groups[:5], groups, is_whole=is_whole)

    for each in (drawn.wide, drawn.narrow):
        rows = sorted((text.anchor, text.y) for text in each.texts)
        assert len(rows) > 20
        assert all(
            one[0] != other[0] or other[1] - one[1] >= 24 for one, other in itertools.pairwise(rows)
        )
        assert max(text.y for text in each.texts) < each.height
        assert min(text.y for text in each.texts) > 0


def test_a_thing_without_neighbours_has_no_drawing():
    assert drawings(Shown("Alone"), [], [], is_whole=False) is None


def test_a_list_of_claims_has_their_sentences_and_standings(client):
    page = page_of(client, "/doc/claim/")
    (fact,) = re.findall(r"<li[^>]*><p><a [^>]*><bdi>Claim F5</bdi>.*?</li>", page)

    assert words(fact) == "Claim F5: Canada has no embassy in Azerbaijan. accepted"


def test_a_name_near_an_unknown_one_is_shown_by_its_label(client):
    page = page_of(client, "/doc/state/CAM")

    assert "<bdi>Canada</bdi>" in page


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["F10", "F9", "F1"], ["F1", "F9", "F10"]),
        (["২", "১০", "1"], ["1", "২", "১০"]),
        (["b", "A", "c 2", "C 10"], ["A", "b", "c 2", "C 10"]),
        (["9" * 40, "8"], ["8", "9" * 40]),
    ],
)
def test_texts_are_sorted_as_people_count(texts, expected):
    assert sorted(texts, key=natural) == expected
