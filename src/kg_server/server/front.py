"""The ASGI application of an HTTP worker: the steps in front of Flask.

Each step answers a request or hands it to the next: limits, cache, budget of the client, number of
requests at one time, plain SPARQL queries, and the Flask application.
"""

from __future__ import annotations

import asyncio
import json
import resource
from contextlib import suppress
from http import HTTPStatus

from kg_server.config import Settings
from kg_server.errors import Problem
from kg_server.processes import give_back
from kg_server.server.application import WATCHED, Application
from kg_server.server.budget import Budgets
from kg_server.server.cache import Cached, ResponseCache
from kg_server.server.crowd import Crowd
from kg_server.server.exchange import Exchange, Handler, Receive, Send
from kg_server.server.generation import Serving
from kg_server.server.limits import Limits
from kg_server.server.query import Queries
from kg_server.server.request import Request, Scope
from kg_server.web import caching
from kg_server.web.responses import COMMON_HEADERS
from kg_server.work import overloaded

_LOOK_S = 1.0
_TOUCHED_BYTES = 16 << 20
"""Bytes of new pages after which free memory is given back."""
_LIVE = "/health/live"
_LIVE_HEADERS = [
    ("Content-Type", "application/json"), ("Cache-Control", caching.NEVER), *COMMON_HEADERS.items(),
]  # fmt: skip
_LIVE_BODY = json.dumps({"status": "live"}).encode() + b"\n"


class Front:
    """The ASGI application.

    Args:
        serving: the graph in service, with its Flask application.
        settings: the limits.
        most_connections: most connections of the worker; 0 if they are not limited.
    """

    def __init__(self, serving: Serving, settings: Settings, most_connections: int = 0) -> None:
        self._serving, self._settings = serving, settings
        cache = ResponseCache(settings.cache_bytes, settings.cache_entry_bytes)
        self._application = Application(serving, settings, cache)
        room = Room(
            settings,
            Queries(serving=serving, settings=settings, cache=cache, after=self._application),
        )
        cached = Cached(serving, cache, Budgets(settings, room))
        self._crowd = Crowd(settings.port, most_connections, cached)
        self._first = Limits(settings, self._crowd)
        self._look: asyncio.TimerHandle | None = None
        self._touched, self._is_untidy = 0, False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or the start and the stop of the HTTP server (ASGI, lifespan)."""
        if scope["type"] == "http":
            await self._answer(
                Exchange(
                    request=Request(scope), receive=receive, send=send, settings=self._settings
                )
            )
        elif scope["type"] == "lifespan":
            await self._live(receive, send)

    async def _answer(self, exchange: Exchange) -> None:
        request = exchange.request
        try:
            if request.path == _LIVE and request.method in ("GET", "HEAD"):
                request.check()
                await exchange.respond(HTTPStatus.OK, _LIVE_HEADERS, _LIVE_BODY)
            else:
                await self._first(exchange)
        except Problem as problem:
            await exchange.refuse(problem)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        self._follow()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        if self._look:
            self._look.cancel()
        await self._application.close()
        await send({"type": "lifespan.shutdown.complete"})

    def _follow(self) -> None:
        """Switch to a new graph soon after a reload, even without requests; tidy up."""
        loop = asyncio.get_running_loop()
        self._look = loop.call_later(_LOOK_S, self._follow)
        self._crowd.look()
        touched = resource.getrusage(resource.RUSAGE_SELF).ru_minflt * resource.getpagesize()
        is_used = touched > self._touched + _TOUCHED_BYTES
        if is_used or self._is_untidy:  # once more after the last use
            self._touched, self._is_untidy = touched, is_used
            with suppress(RuntimeError):  # no thread can be started now
                loop.run_in_executor(None, give_back)
        with suppress(Problem):
            self._serving.current()


class Room:
    """Limits the number of requests under way in one HTTP worker.

    Args:
        settings: the number of evaluators, and the length of the queue.
        after: the next step.
    """

    def __init__(self, settings: Settings, after: Handler) -> None:
        self._places = settings.evaluators * 4 + settings.queue_length
        self._after = after

    async def __call__(self, exchange: Exchange) -> None:
        """Hand a request to the next step.

        Raises:
            Overloaded: too many requests are under way.
        """
        if self._places <= 0 and exchange.request.path not in WATCHED:
            raise overloaded("Too many requests are waiting. Try again in a few seconds.")
        self._places -= 1
        try:
            await self._after(exchange)
        finally:
            self._places += 1
