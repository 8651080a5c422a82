"""Entity tags, and how often a page asks the store."""

from __future__ import annotations

import pytest

from kg_server.config import Settings
from kg_server.web import caching, responses
from kg_server.web.app import create_app
from kg_server.web.context import Context

HTML = {"Accept": "text/html"}
MOST_QUERIES = 8


class CountingStore:
    """Passes queries on to a store and keeps their texts."""

    def __init__(self, store) -> None:
        self._store, self.version = store, store.version
        self.texts: list[str] = []

    def query(self, query):
        self.texts.append(query.text)
        return self._store.query(query)

    def graph_names(self):
        return self._store.graph_names()

    def close(self) -> None:
        self._store.close()


@pytest.mark.parametrize(
    "path",
    ["/", "/things/", "/doc/state/CAN", "/doc/state/AZE?drawing=whole", "/doc/claim/F14",
     "/doc/def/Embassy", "/doc/state/",
     "/ns/diplomacy", "/ns/shapes", "/conflicts", "/validation", "/queries/", "/doc/claim/",
     "/queries/trade?state=CAN", "/sparql", "/search?q=canada"],
)  # fmt: skip
def test_a_page_asks_the_store_at_most_eight_times(store, project, path):
    counted = CountingStore(store)
    client = create_app(Context(counted, project, Settings())).test_client()
    client.get("/problems/", headers=HTML)  # what all pages share is read once
    counted.texts.clear()

    response = client.get(path, headers=HTML)

    assert response.status_code == 200
    assert len(counted.texts) <= MOST_QUERIES, "\n----\n".join(counted.texts)


@pytest.mark.parametrize(
    ("path", "accept"),
    [
        ("/doc/state/CAN", "text/turtle"),
        ("/openapi.json", "*/*"),
        ("/queries/?format=json", "*/*"),
        ("/opensearch.xml", "*/*"),
        ("/completion.json", "*/*"),
        ("/context.jsonld", "*/*"),
        ("/queries/missions.csv?state=CAN", "*/*"),
        ("/sparql?query=ASK%7B%7D", "*/*"),
        ("/", "text/html"),
    ],
)
def test_another_edition_of_the_software_has_other_entity_tags(client, monkeypatch, path, accept):
    before = client.get(path, headers={"Accept": accept})
    monkeypatch.setattr(caching, "software", lambda: "another")

    headers = {"Accept": accept, "If-None-Match": before.headers["ETag"]}
    after = client.get(path, headers=headers)

    assert after.status_code == 200
    assert after.headers["ETag"] != before.headers["ETag"]


@pytest.mark.parametrize(
    ("header", "etag", "expected"),
    [
        ('"a,b"', "a,b", True),
        ('"x", "a,b"', "a,b", True),
        ('"a,b"', "a", False),
        ('W/"a"', "a", True),
        ("*", "a", True),
        ("", "a", False),
    ],
)
def test_a_comma_within_an_entity_tag_is_part_of_it(header, etag, expected):
    assert responses.matches(header, etag) is expected


def test_a_client_of_xhtml_gets_what_a_client_of_html_gets(client):
    html = client.get("/doc/state/CAN", headers=HTML)
    xhtml = client.get("/doc/state/CAN", headers={"Accept": "application/xhtml+xml"})

    assert xhtml.data == html.data
    assert 'schema.org/AboutPage>; rel="type"' in xhtml.headers["Link"]


@pytest.mark.parametrize("path", ["/ns/shapes", "/doc/state/CAN", "/doc/state/"])
def test_a_document_is_written_once_however_it_is_asked_for(monkeypatch, store, project, path):
    client = create_app(Context(store, project, Settings())).test_client()
    first = client.get(path, headers={"Accept": "application/ld+json"})
    monkeypatch.setattr(Context, "written", lambda *_, **__: pytest.fail("written again"))

    again = client.get(path, headers={"Accept": "application/ld+json;q=0.5, zz/zz"})
    known = client.get(
        path, headers={"Accept": "application/ld+json", "If-None-Match": first.headers["ETag"]}
    )

    assert (first.status_code, again.status_code, known.status_code) == (200, 200, 304)
    assert again.data == first.data
    assert known.data == b""


def test_what_is_too_large_is_written_again():
    written, times = caching.Written(), []

    for _ in range(2):
        written.get("a", lambda: times.append(1) or b"x" * (3 << 20))

    assert len(times) == 2
