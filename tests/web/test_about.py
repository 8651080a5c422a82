"""The page about the site."""

from __future__ import annotations

import json
import re
import shlex
from html import unescape

import pytest

HTML = {"Accept": "text/html"}


def test_each_standing_is_explained_and_its_claims_are_counted(client):
    page = client.get("/about", headers=HTML).text

    for look in ("accepted", "disputed", "background"):
        assert f'id="{look}"' in page
    assert "Nothing held speaks against the claim" in page
    counted = re.findall(r"<p class=\"small quiet\">Claims: ([0-9,]+)</p>", page)
    assert sum(int(each.replace(",", "")) for each in counted) > 0


def test_sources_licence_and_citation_are_told(client):
    page = client.get("/about", headers=HTML).text

    assert re.search(r"Factbook.*\(Claims: [0-9]+\)", page)
    assert 'rel="license">CC BY-SA 4.0' in page
    assert "@misc{" in page


@pytest.mark.parametrize("path", ["/doc/claim/F14", "/doc/relation/AZE-CAN", "/conflicts", "/"])
def test_badges_lead_to_what_they_mean(client, path):
    page = client.get(path, headers=HTML).text

    assert '<a class="badge disputed" href="/about#disputed">' in page


def test_the_lines_for_programs_work(client):
    page = client.get("/about", headers=HTML).text

    code = unescape(re.search(r"<code[^>]*>(curl .+?)</code>", page, re.DOTALL)[1])
    lines = [shlex.split(line) for line in code.splitlines()]
    assert len(lines) == 5
    for _, address, *options in lines:
        names = dict(zip(options[::2], options[1::2], strict=True))
        accept = names.get("-H", "Accept: */*").removeprefix("Accept: ")
        if sent := names.get("--data-urlencode"):
            name, _, value = sent.partition("=")
            answer = client.post(address, data={name: value}, headers={"Accept": accept})
        else:
            answer = client.get(address, headers={"Accept": accept})
        assert answer.status_code == 200, address


def test_the_graph_is_cited_as_a_whole(client):
    (item,) = json.loads(client.get("/about?format=csl").text)

    assert item["title"] == "Diplomatic relations, cited"


def test_a_graph_without_evidence_has_no_empty_parts(plain):
    page = plain.get("/about", headers=HTML).text

    for part in ("standings", "sources", "licence"):
        assert f'id="{part}"' not in page
    for part in ("counts", "citing", "programs"):
        assert f'id="{part}"' in page


def test_the_page_is_in_the_reader_s_language(client):
    page = client.get("/about", headers=HTML | {"Accept-Language": "fr"}).text

    assert "À propos de ce site" in page
    assert "acceptée" in page
