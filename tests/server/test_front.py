"""The whole chain before the application, while there is no graph yet."""

from __future__ import annotations

import asyncio

import pytest

from kg_server.config import Settings
from kg_server.errors import Overloaded
from kg_server.server.front import Front, Room

from .steps import Last, application, client


class Loading:
    """Has no graph yet."""

    def current(self):
        raise Overloaded("The graph is being loaded.", headers={"Retry-After": "1"})


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/health/live", 200), ("/health/ready", 503), ("/", 503), ("/sparql?query=ASK%7B%7D", 503)],
)
def test_before_there_is_a_graph_the_server_lives_and_asks_for_patience(path, expected):
    async def ask():
        async with application(Front(Loading(), Settings())) as asking:
            return await asking.get(path)

    reply = asyncio.run(ask())
    assert reply.status_code == expected
    assert reply.headers["Cache-Control"] == "no-store"


def test_only_so_many_requests_are_under_way():
    async def ask() -> list[int]:
        last = Last()
        last.wait.clear()
        settings = Settings(evaluators=1, queue_length=1)
        async with client(Room(settings, last)) as asking:
            waiting = [asyncio.create_task(asking.get("/")) for _ in range(5)]
            while len(last.exchanges) < 5:
                await asyncio.sleep(0)
            statuses = [(await asking.get("/")).status_code]
            last.wait.set()
            return [*statuses, *[(await each).status_code for each in waiting]]

    assert asyncio.run(ask()) == [503, 200, 200, 200, 200, 200]
