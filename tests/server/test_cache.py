"""The response cache, in front of a step that would answer otherwise."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

from kg_server.server.cache import Cached, ResponseCache, Stored
from kg_server.server.exchange import Exchange

from .steps import Last, client

TAGGED = [("Content-Type", "text/plain"), ("ETag", '"v1"'), ("Cache-Control", "public")]


class Serving:
    """Says which graph is in service; a reload is another number."""

    generation = edition = 1

    def current(self):
        return SimpleNamespace(generation=self.generation, edition=self.edition)


class Keeping:
    """The step behind the cache: counts, answers and keeps."""

    def __init__(self, cache: ResponseCache) -> None:
        self._cache, self.asked = cache, 0

    async def __call__(self, exchange: Exchange) -> None:
        self.asked += 1
        body = f"answer {self.asked}".encode()
        if exchange.key:
            self._cache.put(exchange.key, Stored(200, TAGGED, body))
        await exchange.respond(200, TAGGED, body)


def replies(*requests, serving: Serving | None = None, max_bytes: int = 1 << 20):
    async def ask():
        cache = ResponseCache(max_bytes, max_bytes)
        step = Cached(serving or Serving(), cache, Keeping(cache))
        async with client(step) as asking:
            return [await each(asking) for each in requests]

    return asyncio.run(ask())


def get(path: str = "/", **headers: str):
    return lambda asking: asking.get(path, headers=headers)


def test_what_was_answered_is_answered_from_the_cache():
    assert [reply.text for reply in replies(get(), get())] == ["answer 1", "answer 1"]


def test_a_head_has_the_headers_of_what_is_kept_and_no_body():
    _, head = replies(get(), lambda asking: asking.head("/"))

    assert (head.text, head.headers["Content-Length"], head.headers["ETag"]) == ("", "8", '"v1"')


def test_a_client_that_has_what_is_kept_is_told_so():
    _, known, other = replies(
        get(), get(**{"If-None-Match": 'W/"v1"'}), get(**{"If-None-Match": '"v2"'})
    )

    assert (known.status_code, known.text) == (304, "")
    assert (other.status_code, other.text) == (200, "answer 1")


def test_other_requests_have_other_answers():
    first, other, accept, insisting = replies(
        get(), get("/?format=ttl"), get(Accept="text/csv"), get(**{"If-Match": '"v1"'})
    )

    assert first.text == "answer 1"
    assert [other.text, accept.text, insisting.text] == ["answer 2", "answer 3", "answer 4"]


def test_what_an_address_does_not_read_makes_no_other_answer():
    path = "/ns/shapes.jsonld"
    paths = [path, f"{path}?x=1", f"{path}?x=2&other=3", f"{path}?%78=1"]

    answers = replies(*map(get, paths), get(path, Cookie="session=1"), get(path, Cookie="lang=bn"))

    assert [each.text for each in answers] == ["answer 1"] * 5 + ["answer 2"]


def test_headers_that_negotiate_the_same_have_one_answer():
    html = "text/html,*/*;q=0.8"

    answers = replies(
        get(Accept=html, **{"Accept-Language": "en-GB"}),
        get(Accept=f"{html},image/avif;q=0.7", **{"Accept-Language": "de, en;q=0.3"}),
        get(Accept="text/html;q=0.9, */*;q=0.1"),
        get(Accept=html, **{"Accept-Language": "fr"}),
    )

    assert [each.text for each in answers] == ["answer 1"] * 3 + ["answer 2"]


def test_the_application_sees_no_more_of_a_header_than_the_key():
    last = Last()

    async def ask():
        async with client(Cached(Serving(), ResponseCache(1 << 20, 1 << 20), last)) as asking:
            headers = {"Accept": "text/html, image/x-mine", "Accept-Language": "fr-x-mine, zz"}
            await asking.get("/", headers=headers)

    asyncio.run(ask())

    seen = last.exchanges[0].request.headers
    assert (seen["accept"], seen["accept-language"]) == ("text/html", "fr")


def test_a_reload_and_a_late_report_empty_the_cache():
    serving = Serving()

    async def reload(asking):
        serving.generation = 2
        return await asking.get("/")

    async def report(asking):
        serving.edition = 2
        return await asking.get("/")

    assert [each.text for each in replies(get(), reload, report, serving=serving)] == [
        "answer 1",
        "answer 2",
        "answer 3",
    ]


def test_an_answer_that_is_too_large_is_not_kept():
    assert [each.text for each in replies(get(), get(), max_bytes=100)] == ["answer 1", "answer 2"]
