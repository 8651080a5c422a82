"""The page about the interfaces: its examples and links work here."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urlsplit

import pytest

from kg_server.web.pages import layout

HTML = {"Accept": "text/html"}


def addresses(page):
    code = "\n".join(map(unescape, re.findall(r"<code data-copy[^>]*>(.*?)</code>", page, re.S)))
    return [urlsplit(each) for each in re.findall(r"https?://[^\s\"']+", code)]


@pytest.mark.parametrize("name", ["client", "plain"])
def test_the_examples_ask_this_server_and_are_answered(request, name):
    client = request.getfixturevalue(name)

    page = client.get("/api", headers=HTML).text
    asked = addresses(page)

    assert len(re.findall("<h3>", page)) == 5
    assert {each.netloc for each in asked} == {"localhost"}
    for each in asked:
        answer = client.get(f"{each.path}?{each.query}")
        assert answer.status_code == 200, each


@pytest.mark.parametrize("name", ["client", "plain"])
def test_every_address_of_the_list_leads_somewhere(request, name):
    client = request.getfixturevalue(name)
    page = client.get("/api", headers=HTML).text

    links = [unescape(each) for each in re.findall(r"<dd>.*?<a href=\"([^\"]+)\"", page)]

    assert len(links) >= 4
    for each in links:
        assert client.get(each, follow_redirects=True).status_code == 200, each


@pytest.mark.parametrize("language", layout.LANGUAGES)
def test_it_is_linked_from_every_page_and_about(client, language):
    about = client.get(f"/about?lang={language}", headers=HTML).text
    said = layout.translate("Use it from programs", language)

    assert about.count(f'<a href="/api">{said}</a>') == 2
    assert said in client.get(f"/api?lang={language}", headers=HTML).text
