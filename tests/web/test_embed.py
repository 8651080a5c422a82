"""Views for frames of other sites."""

from __future__ import annotations

import re
from html import unescape

import pytest

HTML = {"Accept": "text/html"}
VIEWS = [
    "/embed/queries/trade?state=CAN&other=AZE",
    "/embed/queries/embassy-status?sending=AZE&receiving=CAN",
    "/embed/queries/who-serves",
    "/embed/doc/claim/F14",
    "/embed/doc/conflict/C6",
    "/embed/doc?iri=https://diplomacy.example/id/conflict/C6",
    "/embed/things/State?label__contains=a",
    "/embed/things/?class=https://diplomacy.example/ns/diplomacy%23State&limit=3",
]


@pytest.mark.parametrize("path", VIEWS)
def test_a_view_may_be_framed_has_no_script_and_leads_to_the_full_page(client, path):
    response = client.get(path)

    assert response.status_code == 200
    policy = response.headers["Content-Security-Policy"]
    assert "frame-ancestors *" in policy
    assert "script-src" not in policy
    assert "<script" not in response.text
    assert "<form" not in response.text
    full = unescape(re.search(r'<link rel="canonical" href="([^"]+)"', response.text)[1])
    assert client.get(full, headers=HTML).status_code == 200
    assert (
        f'<a href="{full.replace("&", "&amp;")}">Diplomatic relations, cited</a>' in response.text
    )


@pytest.mark.parametrize(
    "path", ["/", "/queries/trade", "/doc/claim/F14", "/conflicts", "/nothing"]
)
def test_no_other_page_may_be_framed(client, path):
    policy = client.get(path, headers=HTML).headers["Content-Security-Policy"]

    assert "frame-ancestors 'none'" in policy


def test_a_dispute_shows_both_sides_with_their_sources(client):
    page = client.get("/embed/doc/conflict/C6").text

    assert page.count("<section>") >= 2
    assert page.count('<li class="fact') >= 2
    for fact in page.split('<li class="fact')[1:]:
        assert '<p class="small quiet">' in fact


def test_a_claim_shows_what_contradicts_it(client):
    assert "Contradicted by" in client.get("/embed/doc/claim/F14").text


@pytest.mark.parametrize(
    ("path", "offered"),
    [
        ("/queries/trade?state=CAN&other=AZE", True),
        ("/doc/claim/F14", True),
        ("/doc/conflict/C6", True),
        ("/things/State?label__contains=a", True),
        ("/doc/state/CAN", False),
    ],
)
def test_the_full_page_offers_the_frame_where_there_is_one(client, path, offered):
    page = unescape(client.get(path, headers=HTML).text)

    found = re.search(r'<iframe src="([^"]+)" title="[^"]+"', page)
    assert bool(found) == offered
    if found:
        assert client.get(unescape(found[1])).status_code == 200


@pytest.mark.parametrize("path", ["/embed/doc/state/CAN", "/embed/doc/nobody", "/embed/queries/no"])
def test_what_cannot_be_embedded_is_not_found(client, path):
    response = client.get(path)

    assert response.status_code == 404
    assert response.json["detail"]


def test_a_view_is_in_the_reader_s_language(client):
    page = client.get("/embed/doc/claim/F14", headers={"Accept-Language": "fr"}).text

    assert '<html lang="fr"' in page
    assert "Contredit par" in page


@pytest.mark.parametrize(
    ("path", "status", "told"),
    [
        ("/embed/queries/nothing", 404, "nothing"),
        ("/embed/queries/trade?state=Francia", 400, "Francia"),
        ("/embed/doc/state/CAN", 404, "neither a claim nor a conflict"),
        ("/embed/doc?iri=x", 400, "absolute IRI"),
        ("/embed/things/Nothing", 404, "Nothing"),
        ("/embed/nothing", 404, "/embed/nothing"),
    ],
)
def test_a_frame_with_a_mistake_shows_what_is_wrong(client, path, status, told):
    response = client.get(path, headers=HTML)

    assert response.status_code == status
    assert "frame-ancestors *" in response.headers["Content-Security-Policy"]
    assert told in unescape(response.text)
    assert "<script" not in response.text
    assert "<form" not in response.text
