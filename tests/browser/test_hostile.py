"""Hostile data: whatever a literal or an IRI holds, a page shows it and does nothing else."""

from __future__ import annotations

import pytest
from browsing import serving

from kg_server import project

HOSTILE = (
    r"""
@prefix dip: <https://diplomacy.example/ns/diplomacy#> .
@prefix def: <https://diplomacy.example/def/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .

<https://diplomacy.example/id/state/EVIL> a dip:State ;
    rdfs:label "</title></script><script>window.hacked=1</script>"@en ,
        "<img src=x onerror=window.hacked=1>"@bn ;
    rdfs:comment "\u202Egnirts desrever\u202C \u0000 ${7*7} {{7*7}} <b>bold</b>" ;
    dip:iso3166alpha3 "\" onmouseover=\"window.hacked=1" ;
    rdfs:seeAlso <javascript:window.hacked=1> , <data:text/html,%%3Cscript%%3E> ,
        <https://diplomacy.example/id/state/'onclick='window.hacked=1> ;
    dip:capital <https://diplomacy.example/id/place/long> ;
    dip:hasForeignRelationsWith <https://diplomacy.example/id/state/CAN> .

<https://diplomacy.example/id/place/long> a dip:Place ;
    rdfs:label "%s"@en ; dip:amount "NaN"^^xsd:decimal , "1e999999999"^^xsd:double .

<https://diplomacy.example/id/claim/EVIL> a dip:Claim , rdf:Statement ;
    dip:claimNumber "\"><script>window.hacked=1</script>" ;
    rdf:subject <https://diplomacy.example/id/state/EVIL> ;
    rdf:predicate dip:capital ;
    rdf:object <https://diplomacy.example/id/place/long> ;
    dip:polarity def:Positive ; dip:standing def:Disputed ;
    dip:statedIn <https://diplomacy.example/id/source/evil> ;
    dip:restatement "<svg onload=window.hacked=1>"@en .

<https://diplomacy.example/id/source/evil> a dip:Passage ;
    dip:restatement "]]><iframe src=javascript:window.hacked=1>"@en .

<https://diplomacy.example/id/trade/evil> a dip:TradeObservation ;
    dip:exporter <https://diplomacy.example/id/state/CAN> ;
    dip:importer <https://diplomacy.example/id/state/AZE> ;
    dip:year "<script>window.hacked=1</script>" ; dip:currency <javascript:window.hacked=1> ;
    dip:amount "NaN"^^xsd:double , "many" , 1e308 .

<https://diplomacy.example/id/claim/EVIL2> a dip:Claim , rdf:Statement ;
    rdf:subject <https://diplomacy.example/id/trade/evil> ; rdf:predicate dip:amount ;
    rdf:object "many" ; dip:polarity def:Positive ; dip:standing <javascript:window.hacked=1> .

<https://diplomacy.example/id/claim/EVIL3> a dip:Claim , rdf:Statement ;
    rdf:subject <https://diplomacy.example/id/trade/evil> ; rdf:predicate dip:amount ;
    rdf:object 1e308 ; dip:polarity def:Positive ; dip:standing def:Disputed .

<https://diplomacy.example/id/conflict/EVIL> a dip:Conflict ;
    rdfs:label "\u202E<script>window.hacked=1</script>"@en ;
    dip:conflictKind def:DateConflict ;
    dip:involves <https://diplomacy.example/id/claim/EVIL> ;
    dip:reason "<script>window.hacked=1</script>"@en .
""".replace("\\u0000", "")
    % ("a very long label " * 6000)
)

PAGES = [
    "/",
    "/queries/trade?state=CAN",
    "/doc/trade/evil",
    "/doc/state/EVIL",
    "/doc/place/long",
    "/doc/claim/EVIL",
    "/doc/state/CAN",
    "/conflicts",
    "/sparql?query=SELECT%20*%20WHERE%20%7B%3Chttps%3A%2F%2Fdiplomacy.example%2Fid%2Fstate%2FEVIL%3E%20%3Fp%20%3Fo%7D",
    "/sparql?query=%3C%2Ftextarea%3E%3Cscript%3Ewindow.hacked%3D1%3C%2Fscript%3E",
    "/nothing/%3Cscript%3Ewindow.hacked=1%3C/script%3E",
    "/?lang=%22%3E%3Cscript%3Ewindow.hacked=1%3C/script%3E",
]


@pytest.fixture(scope="module")
def hostile_site(tmp_path_factory):
    file = tmp_path_factory.mktemp("hostile") / "hostile.ttl"
    file.write_text(HOSTILE, "utf-8")
    with serving(project.home(), file) as address:
        yield address


@pytest.mark.parametrize("page", PAGES)
def test_hostile_data_runs_nothing(browser, hostile_site, page):
    browser.open(hostile_site + page)
    browser.until(lambda: browser.run("return document.readyState") == "complete")

    assert browser.run("return window.hacked") is None
    assert not [each for each in browser.complaints() if "Security Policy" in each]
    links = browser.run(
        "return [...document.querySelectorAll('[href]')].map((a) => a.href.baseVal ?? a.href)"
    )
    assert links
    assert not [link for link in links if link.lower().startswith(("javascript:", "data:"))]
    assert browser.text("h1")


def test_text_that_runs_right_to_left_stays_in_its_place(browser, hostile_site):
    browser.open(f"{hostile_site}/doc/state/EVIL")

    isolated = browser.run(
        "return [...document.querySelectorAll('bdi')]"
        ".some((each) => each.textContent.includes('gnirts'))"
    )

    assert isolated


def test_a_literal_of_100_kb_is_cut_and_can_be_unfolded(browser, hostile_site):
    browser.width(360)

    browser.open(f"{hostile_site}/doc/place/long")

    assert len(browser.text("h1")) < 400
    assert browser.run("return document.documentElement.scrollWidth") <= 360


def test_the_editor_shows_hostile_terms_as_text(browser, hostile_site):
    browser.open(
        hostile_site + next(page for page in PAGES if page.startswith("/sparql?query=SELECT"))
    )
    browser.until(lambda: browser.every("#results [data-view=table]"))

    assert "<script>" in browser.text("#results")
    assert browser.run("return window.hacked") is None
