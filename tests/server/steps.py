"""A step before the application, asked as an ASGI application of its own."""

from __future__ import annotations

import asyncio

import httpx

from kg_server.config import Settings
from kg_server.errors import Problem
from kg_server.server.exchange import Exchange, Handler
from kg_server.server.request import Request


class Last:
    """The step behind the one that is tried: says what came to it.

    ``wait`` holds its answers back until it is set.
    """

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []
        self.wait = asyncio.Event()
        self.wait.set()

    async def __call__(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)
        await self.wait.wait()
        await exchange.respond(200, [("Content-Type", "text/plain")], b"the last step")


def client(step: Handler, settings: Settings | None = None) -> httpx.AsyncClient:
    """Return a client of a step."""

    async def app(scope, receive, send) -> None:
        exchange = Exchange(Request(scope), receive, send, settings or Settings())
        try:
            await step(exchange)
        except Problem as problem:
            await exchange.refuse(problem)

    return application(app)


def application(app) -> httpx.AsyncClient:
    """Return a client of an ASGI application."""
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 0))  # no connection
    return httpx.AsyncClient(transport=transport, base_url="http://kg.example")
