"""Limits of a request, before anything is computed for it."""

from __future__ import annotations

import asyncio

import pytest

from kg_server.config import Settings
from kg_server.server.limits import Limits

from .steps import Last, client

SETTINGS = Settings(max_body_bytes=1000, max_uri_bytes=100, body_timeout_s=0.2)


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "expected"),
    [
        ("GET", "/", {}, b"", 200),
        ("GET", "/?" + "x" * 100, {}, b"", 414),
        ("POST", "/", {}, b"x" * 1000, 200),
        ("POST", "/", {}, b"x" * 1001, 413),
        ("GET", "/", {"X": "x" * 40_000}, b"", 431),
        ("GET", "/", {"Host": "a b"}, b"", 400),
        ("GET", "/", {"Host": ""}, b"", 400),
        ("POST", "/", {"Content-Encoding": "gzip"}, b"x", 415),
    ],
)
def test_what_is_beyond_a_limit_is_a_problem(method, path, headers, body, expected):
    async def ask() -> int:
        async with client(Limits(SETTINGS, Last()), SETTINGS) as asking:
            reply = await asking.request(method, path, headers=headers, content=body)
            return reply.status_code

    assert asyncio.run(ask()) == expected


def test_a_browser_gets_the_problem_of_a_too_long_address_as_a_page():
    async def ask():
        async with client(Limits(SETTINGS, Last()), SETTINGS) as asking:
            return await asking.get("/" + "x" * 20_000, headers={"Accept": "text/html,*/*;q=0.8"})

    reply = asyncio.run(ask())

    assert reply.status_code == 414
    assert reply.headers["Content-Type"].startswith("text/html")
    assert "frame-ancestors 'none'" in reply.headers["Content-Security-Policy"]
    assert "<h1>The address is too long</h1>" in reply.text
    assert "as the body of a POST" in reply.text


def test_bodies_under_way_share_their_memory_and_give_it_back():
    async def ask() -> list[int]:
        last = Last()
        async with client(Limits(SETTINGS, last, bodies_bytes=1500), SETTINGS) as asking:
            last.wait.clear()
            first = asyncio.create_task(asking.post("/", content=b"x" * 900))
            while not last.exchanges:
                await asyncio.sleep(0)
            refused = await asking.post("/", content=b"x" * 900)
            last.wait.set()
            replies = [await first, refused, await asking.post("/", content=b"x" * 900)]
        assert refused.headers["Retry-After"]
        return [reply.status_code for reply in replies]

    assert asyncio.run(ask()) == [200, 503, 200]


def test_a_body_that_does_not_come_is_a_timeout():
    async def never():
        yield b"x"
        await asyncio.sleep(60)

    async def ask() -> int:
        async with client(Limits(SETTINGS, Last()), SETTINGS) as asking:
            return (await asking.post("/", content=never())).status_code

    assert asyncio.run(ask()) == 408


def test_a_header_whose_name_has_an_underscore_is_not_seen():
    async def ask() -> dict[str, str]:
        last = Last()
        async with client(Limits(SETTINGS, last), SETTINGS) as asking:
            await asking.get("/", headers={"Accept_Language": "bn", "Accept-Language": "fr"})
        return last.exchanges[0].request.headers

    headers = asyncio.run(ask())
    assert headers["accept-language"] == "fr"
    assert "accept_language" not in headers


def test_a_refusal_is_in_the_language_that_the_client_asks_for():
    async def ask(accept: str):
        async with client(Limits(SETTINGS, Last()), SETTINGS) as asking:
            return await asking.get(
                "/" + 9000 * "x", headers={"Accept-Language": "fr", "Accept": accept}
            )

    problem, page = asyncio.run(ask("application/json")), asyncio.run(ask("text/html"))

    assert problem.json()["title"] == "L’adresse est trop longue"
    assert '<html lang="fr">' in page.text
    assert "L’adresse est trop longue" in page.text
