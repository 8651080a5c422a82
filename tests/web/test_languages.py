"""Pages of the reference project in French and Bengali: nothing that is translated is English."""

from __future__ import annotations

import re
from html import unescape

import pytest

HTML = {"Accept": "text/html"}


def page_of(client, path, language):
    mark = "&" if "?" in path else "?"
    return unescape(client.get(f"{path}{mark}lang={language}", headers=HTML).text)


@pytest.mark.parametrize("language", ["bn", "fr"])
def test_no_text_of_a_header_is_english_on_the_page_of_a_question(client, language):
    queries = client.get("/queries/", headers={"Accept": "application/json"}).json["queries"]
    every = page_of(client, "/queries/", language)

    for query in queries:
        page = page_of(client, f"/queries/{query['name']}", language)
        for key in ("title", "descriptions", "results"):
            assert query[key][language] in page, (query["name"], key)
            assert query[key]["en"] not in page.replace("Une source", ""), (query["name"], key)
        assert query["descriptions"][language] in every


@pytest.mark.parametrize(
    ("path", "english", "french"),
    [
        ("/queries/trade?state=CAN", "imports", "importations"),
        ("/queries/trade-balance", "not computable", "non calculable"),
        ("/queries/claims-about", "object", "objet"),
        ("/queries/timeline", "month", "mois"),
        ("/queries/comparisons", "not known", "inconnu"),
    ],
)
def test_a_word_of_an_answer_is_shown_by_its_label(client, path, english, french):
    cells = re.findall(r"<td[^>]*><bdi[^>]*>([^<]*)</bdi></td>", page_of(client, path, "fr"))

    assert any(cell.startswith(french) for cell in cells)
    assert not [cell for cell in cells if cell.startswith(english)]


def test_topics_are_headings_in_the_readers_language(client):
    assert "<h2><bdi>Traités</bdi></h2>" in page_of(client, "/queries/", "fr")


def test_a_workbook_says_in_the_readers_language_what_it_is(client):
    text = client.get("/queries/trade.md?state=CAN&lang=fr").text

    assert "# Commerce d'un État" in text
    assert "Citer ainsi" in text


def test_the_vocabulary_defines_its_terms_in_the_readers_language(client):
    page = client.get("/ns/diplomacy?lang=fr", headers=HTML).text

    assert page.count("<p><bdi>") > 100
    assert '<p><bdi lang="en">' not in page


def test_an_export_in_another_language_has_another_entity_tag(client):
    tags = {
        client.get("/things/State?format=labelled", headers={"Accept-Language": tag}).headers[
            "ETag"
        ]
        for tag in ("en", "fr", "bn")
    }

    assert len(tags) == 3
