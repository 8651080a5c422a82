"""Citations: of answers, of things, of claims with source and passage."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from itertools import accumulate

import pytest

from kg_server.web.citation import Citation

HTML = {"Accept": "text/html"}
CSL = "application/vnd.citationstyles.csl+json"
CITED = Citation(
    title="50 % of {A_B} & more",
    site="Museums",
    address="https://e.org/queries/x?city=Paris%20(FR)&a=1",
    version="0123456789abcdef",
    retrieved=date(2026, 11, 28),
    licence="https://creativecommons.org/licenses/by/4.0/",
    sources=("The guide, p. 3: “Half of it.”",),
    changed="2025-03",
)


def test_a_citation_as_text_says_all_that_a_reader_needs():
    assert CITED.text == (
        "50 % of {A_B} & more. Museums. Version 0123456789ab. "
        "https://e.org/queries/x?city=Paris%20(FR)&a=1. Retrieved 2026-11-28. "
        "Licence: CC BY 4.0 <https://creativecommons.org/licenses/by/4.0/>. "
        "Source: The guide, p. 3: “Half of it.”"
    )


def test_bibtex_escapes_what_latex_would_obey_and_leaves_the_address_alone():
    assert "title = {{50 \\% of \\{A\\_B\\} \\& more}}" in CITED.bibtex
    assert "url = {https://e.org/queries/x?city=Paris%20(FR)&a=1}" in CITED.bibtex
    assert "year = {2025}" in CITED.bibtex
    braces = re.sub(r"\\[{}]", "", CITED.bibtex)
    assert braces.count("{") == braces.count("}")


@pytest.mark.parametrize("title", ["a { b", "a } b", "} and {", "{{ and }"])
def test_braces_of_a_title_without_their_partner_leave_the_field_whole(title):
    entry = replace(CITED, title=title).bibtex

    depths = list(accumulate({"{": 1, "}": -1}.get(letter, 0) for letter in entry))
    assert depths[-1] == 0  # BibTeX counts escaped braces, too
    assert min(depths[: entry.rindex("}")]) >= 0
    assert depths[entry.index(",\n  howpublished")] == 1


def test_csl_json_has_dates_in_parts():
    assert CITED.csl["accessed"] == {"date-parts": [[2026, 11, 28]]}
    assert CITED.csl["issued"] == {"date-parts": [[2025, 3]]}


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("/queries/trade?state=CAN&other=AZE", "(Canada, Azerbaijan)"),
        ("/doc/state/CAN", "Canada"),
        ("/conflicts", "Conflicts"),
        ("/things/State?label__contains=an", "state (state contains an)"),
        ("/doc?iri=https://diplomacy.example/ns/diplomacy%23Mission", "mission"),
    ],
)
def test_an_answer_and_a_thing_are_cited_in_both_formats(client, path, title):
    joint = "&" if "?" in path else "?"

    bibtex = client.get(f"{path}{joint}format=bibtex")
    csl = client.get(f"{path}{joint}format=csl")

    assert bibtex.mimetype == "application/x-bibtex"
    assert bibtex.text.startswith("@misc{")
    assert csl.mimetype == CSL
    (item,) = json.loads(csl.text)
    assert title in item["title"]
    assert item["URL"].startswith("http://localhost/")
    assert "format=" not in item["URL"]
    assert client.get(item["URL"], headers=HTML).status_code == 200


def test_a_claim_is_cited_with_its_source_passage_and_words(client):
    (item,) = json.loads(client.get("/doc/claim/F14", headers={"Accept": CSL}).text)

    assert "1992" in item["title"]
    assert re.search(r"Source: .+, .+: “.+”", item["note"])
    assert "CC BY-SA 4.0" in item["note"]


@pytest.mark.parametrize("path", ["/queries/trade?state=CAN", "/doc/claim/F14", "/doc/state/CAN"])
def test_a_page_shows_how_to_cite_it(client, path):
    page = client.get(path, headers=HTML).text

    assert "<summary>Cite</summary>" in page
    assert "@misc{" in page
    links = re.findall(r'<a href="([^"]+)" rel="nofollow">(?:BibTeX|CSL-JSON)<', page)
    assert len(links) == 2
    for link in links:
        assert client.get(link.replace("&amp;", "&")).status_code == 200


def test_every_fact_of_a_page_leads_to_its_citation(client):
    page = client.get("/doc/relation/AZE-CAN", headers=HTML).text

    assert page.count('#cite" aria-label="Cite ') == page.count('<li class="fact')


def test_the_words_of_a_citation_are_in_the_reader_s_language(client):
    page = client.get("/doc/claim/F14?lang=fr", headers=HTML).text

    assert "Consulté le" in page


def test_a_page_in_a_browser_is_revalidated_when_the_day_changes(client, monkeypatch):
    before = client.get("/doc/state/CAN", headers=HTML).headers["ETag"]
    monkeypatch.setattr("kg_server.web.citation.today", lambda: date(2099, 1, 1))

    assert client.get("/doc/state/CAN", headers=HTML).headers["ETag"] != before


def test_the_author_of_a_citation_is_who_made_the_data_set(client):
    (item,) = json.loads(client.get("/doc/state/CAN?format=csl").text)

    assert item["author"] == [{"literal": "The kg-server maintainers"}]
    bibtex = client.get("/doc/state/CAN?format=bibtex").text
    assert "author = {{The kg-server maintainers}}" in bibtex


def test_a_graph_that_names_no_author_and_no_licence_is_cited_without_them(plain):
    (item,) = json.loads(plain.get("/doc/a?format=csl").text)

    assert "author" not in item
    assert "author" not in plain.get("/doc/a?format=bibtex").text
    assert "Licence" not in item["note"]
    assert "Source" not in item["note"]


def test_answers_to_different_values_are_different_entries(client):
    addresses = [f"/queries/trade?state={each}&format=csl" for each in ("AZE", "CAN")]
    entries = [json.loads(client.get(each).text)[0]["id"] for each in addresses]

    assert len(set(entries)) == 2


def test_a_wrong_parameter_is_refused_in_a_citation_too(client):
    assert client.get("/queries/trade?state=Atlantis&format=bibtex").status_code == 400


def test_a_quotation_that_ends_a_sentence_has_one_full_stop():
    twice = replace(CITED, sources=CITED.sources * 2)

    assert "“Half of it.” Source: The guide" in twice.text
    assert twice.csl["note"].endswith("“Half of it.” Source: The guide, p. 3: “Half of it.”")
