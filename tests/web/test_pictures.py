"""Charts as files: SVG that stands alone."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from ..conftest import ROOT

HTML = {"Accept": "text/html"}
CHARTS = [
    path.stem
    for path in sorted((ROOT / "queries").glob("*.rq"))
    if re.search(r"^#\+ view: (bars|timeline|map|graph) ", path.read_text("utf-8"), re.MULTILINE)
]
S = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("name", CHARTS)
def test_every_question_with_a_chart_has_it_as_a_file(client, name):
    response = client.get(f"/queries/{name}.svg")

    assert response.mimetype == "image/svg+xml"
    root = ElementTree.fromstring(response.data)  # noqa: S314
    assert root.tag == f"{S}svg"
    page = client.get(f"/queries/{name}", headers=HTML).text
    marks = r'<g class="(?:bar|moment)"|<path class="grid"'
    wide = "".join(re.findall(r'<div class="chart-wide".*?</div>', page, re.S))
    assert len(re.findall(marks, response.text)) == len(re.findall(marks, wide)) > 0


def test_the_file_says_what_it_shows_and_where_it_is_from(client):
    svg = client.get("/queries/trade.svg?state=CAN&other=AZE").text

    title = re.search("<title>(.+?)</title>", svg)[1]
    assert "Canada, Azerbaijan" in title
    assert "CC BY-SA 4.0" in svg
    assert "http://localhost/queries/trade?state=CAN&amp;other=AZE" in svg


def test_amounts_in_every_currency_are_in_the_file_each_below_its_name(client):
    svg = client.get("/queries/trade.svg?state=CAN&lang=en").text

    headings = re.findall(r'<text [^>]*class="heading">([^<]+)<', svg)
    drawings = re.findall(r'<svg [^>]*id="(chart-\d)"[^>]* y="([\d.]+)"', svg)
    assert len(headings) == len(drawings) == len(set(drawings)) == 2
    assert len({float(y) for _, y in drawings}) == 2


def test_the_file_has_its_own_style_and_needs_no_variable_or_script(client):
    response = client.get("/queries/trade.svg?state=CAN&other=AZE")

    assert "prefers-color-scheme: dark" in response.text
    assert "var(" not in response.text
    assert "light-dark(" not in response.text
    assert "<script" not in response.text
    policy = response.headers["Content-Security-Policy"]
    assert "script" not in policy
    assert "default-src 'none'" in policy


def test_hatching_and_links_of_the_file_lead_somewhere(client):
    svg = client.get("/queries/trade.svg?state=CAN&other=AZE").text

    ids = set(re.findall(r'id="([^"]+)"', svg))
    assert set(re.findall(r"url\(#([^)]+)\)", svg)) <= ids
    links = re.findall(r'<a href="([^"]+)"', svg)
    assert links
    assert all(link.startswith("http://localhost/") for link in links)


def test_a_question_without_a_chart_says_where_its_answer_is(client):
    response = client.get("/queries/who-serves.svg")

    assert response.status_code == 406
    assert "/queries/who-serves.csv" in response.json["detail"]


def test_the_page_offers_the_file_where_there_is_a_chart(client):
    chart = client.get("/queries/trade?state=CAN&other=AZE", headers=HTML).text
    table = client.get("/queries/who-serves", headers=HTML).text

    link = re.search(r'<a href="([^"]+)" type="image/svg\+xml" data-png="PNG">', chart)[1]
    assert client.get(link.replace("&amp;", "&")).status_code == 200
    assert "data-png" not in table
