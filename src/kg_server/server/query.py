"""Plain SPARQL queries, answered on the event loop without a thread."""

from __future__ import annotations

from contextlib import suppress
from http import HTTPStatus

from kg_server import metrics
from kg_server.config import Settings
from kg_server.errors import NotAcceptable, Problem
from kg_server.sandbox.call import Call
from kg_server.server import compression
from kg_server.server.cache import ResponseCache, Stored
from kg_server.server.exchange import Exchange, Handler
from kg_server.server.generation import Served, Serving
from kg_server.sparql import protocol
from kg_server.web import responses
from kg_server.web.responses import Asked
from kg_server.work import ClientLeft

_ON_THE_LOOP_BYTES = 1 << 14
"""Larger bodies are decoded in a thread: a large form takes up to 0.2 s."""


class Queries:
    """Answers queries to the SPARQL endpoint; the next step answers the rest.

    The rest is: pages, the service description, the method QUERY, ``If-Match``, and queries without
    an acceptable format. The next step gets the parsed operation in ``exchange.operation``.

    Args:
        serving: the graph in service.
        settings: the limits.
        cache: the response cache.
        after: the next step.
    """

    def __init__(
        self, serving: Serving, settings: Settings, cache: ResponseCache, after: Handler
    ) -> None:
        self._serving, self._settings, self._cache = serving, settings, cache
        self._after = after

    async def __call__(self, exchange: Exchange) -> None:
        """Answer a query.

        Raises:
            Problem: the query is refused, or fails.
        """
        served = self._serving.current()
        asked = self._asked(exchange, served)
        if asked:
            with served:
                await self._answer(exchange, served, asked)
        else:
            await self._after(exchange)

    def _asked(self, exchange: Exchange, served: Served) -> Asked | None:
        """Return the query of a plain request; ``None`` leaves it to the next step."""
        request = exchange.request
        if request.path != "/sparql" or request.method not in ("GET", "HEAD", "POST"):
            return None
        if "if-match" in request.headers or len(request.body) > _ON_THE_LOOP_BYTES:
            return None
        accept = request.header("accept")
        try:
            operation = protocol.operation(
                request.method, request.query_string, request.header("content-type"), request.body
            )
        except Problem:
            if protocol.prefers_page((), accept):
                return None  # the application answers with a page
            raise
        exchange.operation = operation
        if protocol.prefers_page(operation.format_names, accept):
            return None
        if operation.text is None:
            return None
        with suppress(NotAcceptable):  # the application first checks the syntax of the query
            return responses.asked(
                operation,
                accept,
                version=served.store.version,
                base_iri=served.base_iri,
                limit_s=self._settings.query_timeout_s,
            )
        return None

    async def _answer(self, exchange: Exchange, served: Served, asked: Asked) -> None:
        request = exchange.request
        tags = request.header("if-none-match")
        plain = compression.plain_tags(request.coding, tags)
        if tags and request.method != "POST" and responses.matches(plain, asked.etag):
            not_modified = compression.not_modified(request.coding, asked.headers(), tags)
            await exchange.respond(HTTPStatus.NOT_MODIFIED, not_modified)
            return
        call = served.store.client.ask(asked.query, exchange.left)
        try:
            await self._send(exchange, asked, call)
        except ClientLeft:
            metrics.count_disconnect()
            exchange.record_left()
        except Problem as problem:
            metrics.count_stopped(problem.slug)
            raise
        finally:
            call.close()

    async def _send(self, exchange: Exchange, asked: Asked, call: Call) -> None:
        """Send the answer of a call.

        Raises:
            Problem: the query failed before its answer began.
            ClientLeft: the client has left.
        """
        headers = asked.headers()
        chunk, ended = await call.first()
        if ended:
            headers, body = compression.whole(exchange.request.coding, headers, chunk)
            stored = Stored(HTTPStatus.OK, headers, body)
            if asked.etag and exchange.key:
                self._cache.put(exchange.key, stored)
            await stored.send(exchange)
        elif exchange.request.method == "HEAD":
            await exchange.respond(
                HTTPStatus.OK, compression.streamed(exchange.request.coding, headers)[0]
            )
        else:
            stream = exchange.stream(HTTPStatus.OK, headers)
            try:
                while chunk:
                    await stream.write(chunk)
                    chunk = await call.more()
                await stream.end()
            except (Problem, OSError, ClientLeft) as error:
                stream.cut(error)
                if isinstance(error, ClientLeft):
                    metrics.count_disconnect()
