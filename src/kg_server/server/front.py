"""What stands before the application in an HTTP worker: limits, cache, streaming.

An RSGI callable (Granian's own interface), because WSGI tells nothing of a client that went
away and lets a slow body hold a thread. Everything that is not in the cache is answered by the
Flask application, in a bounded pool of threads.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

from kg_server import metrics
from kg_server.config import Settings
from kg_server.errors import (
    BadRequest,
    BodyTimeout,
    BodyTooLarge,
    NotAcceptable,
    Overloaded,
    Problem,
    UriTooLong,
)
from kg_server.sandbox.call import Conversation
from kg_server.sandbox.client import Mailbox
from kg_server.sandbox.store import Ticket, ticket
from kg_server.server import access_log, compression, connections
from kg_server.server.backpressure import Outgoing
from kg_server.server.cache import ResponseCache, Stored
from kg_server.server.generation import Served, Serving
from kg_server.server.request import Request
from kg_server.server.wsgi import Exchange, WsgiApp
from kg_server.sparql import protocol as operations
from kg_server.web import caching, responses

log = logging.getLogger("kg_server.front")

_LOOK_S = 1.0
_WATCHED = ("/health/live", "/metrics")
"""What must be answered even under overload: who asks would take a busy server for a dead one."""


class Front:
    """The RSGI application.

    Args:
        serving: gives the Flask application.
        settings: the limits.
    """

    def __init__(self, serving: Serving, settings: Settings) -> None:
        self._serving, self._settings = serving, settings
        self._cache = ResponseCache(settings.cache_bytes, settings.cache_entry_bytes)
        self._threads = ThreadPoolExecutor(settings.evaluators * 4, "request")
        self._own_thread = ThreadPoolExecutor(1, "watch")
        self.keep_bytes = self._cache.max_entry_bytes
        self._room = settings.evaluators * 4 + settings.queue_length
        self._under_way = 0

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Turn to a new graph soon after a reload, even while nobody asks (Granian calls this)."""
        loop.call_later(_LOOK_S, self.__rsgi_init__, loop)
        with contextlib.suppress(Problem):
            self._serving.current()

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Let threads whose clients left come to their end (Granian calls this at the end).

        They wait for what was to be done on this loop, and the process waits for them.
        """
        loop.run_until_complete(loop.run_in_executor(None, self._threads.shutdown))

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        """Answer one request."""
        if scope.proto != "http":
            return
        request = Request(scope)
        try:
            request.check()
            await self._read(request, protocol)
            served = self._serving.current()  # not before, for a reload may come while we read
            key = request.key(served.generation)
            stored = self._cache.get(key) if key else None
            if stored:
                self._send_stored(request, protocol, stored)
                return
            if self._under_way >= self._room and scope.path not in _WATCHED:
                raise _full()
            asked = self._asked(request, served)
        except Problem as problem:
            self.refuse(request, protocol, problem)
            return
        self._under_way += 1
        served.enter()
        try:
            if asked:
                await self._query(request, protocol, served.mailbox, asked, key)
            else:
                await self._answer(request, protocol, served.app, key)
        finally:
            self._under_way -= 1
            served.leave()

    def _asked(self, request: Request, served: Served) -> responses.Asked | None:
        """Return the query of a plain SPARQL request; ``None`` leaves it to the application."""
        scope = request.scope
        if scope.path != "/sparql" or scope.method not in ("GET", "POST"):
            return None
        accept = request.header("accept")
        if "html" in accept or "html" in scope.query_string or request.header("if-match"):
            return None
        operation = operations.operation(
            scope.method, scope.query_string, request.header("content-type"), request.body
        )
        if operation.text is None:
            return None
        with contextlib.suppress(NotAcceptable):  # until we know that it is a query
            return responses.asked(
                operation,
                accept,
                version=served.store.version,
                base_iri=served.base_iri,
                limit_s=self._settings.query_timeout_s,
            )
        return None

    async def _query(
        self,
        request: Request,
        protocol: Any,
        mailbox: Mailbox,
        asked: responses.Asked,
        key: bytes | None,
    ) -> None:
        """Answer a query on the event loop, without a thread."""
        headers = asked.headers()
        tags = request.header("if-none-match")
        plain = compression.plain_tags(request.coding, tags)
        if tags and request.scope.method == "GET" and responses.matches(plain, asked.etag):
            protocol.response_empty(304, compression.not_modified(request.coding, headers, tags))
            self.record(request, 304, 0)
            return
        conversation = mailbox.ask(asked.query, lambda: _left(request, protocol))
        try:
            chunk, ended = await conversation.first()
            if ended:
                headers, chunk = compression.whole(request.coding, headers, chunk)
                if asked.etag:
                    self._put(key, Stored(200, headers, compression.value(headers, "etag"), chunk))
                protocol.response_bytes(200, headers, chunk)
                self.record(request, 200, len(chunk))
            else:
                await self._stream(request, protocol, headers, conversation, chunk)
        except Problem as problem:
            metrics.DISCONNECTS.inc(conversation.cancelled)
            metrics.STOPPED.labels(problem.slug).inc()
            self.refuse(request, protocol, problem)
        finally:
            conversation.close()

    async def _stream(
        self,
        request: Request,
        protocol: Any,
        headers: compression.Headers,
        conversation: Conversation,
        chunk: bytes,
    ) -> None:
        headers, packer = compression.streamed(request.coding, headers)
        transport = protocol.response_stream(200, headers)
        size = 0
        try:
            with self.outgoing(transport, request) as outgoing:
                while chunk:
                    packed = packer.compress(chunk)
                    size += len(packed)
                    if packed:
                        await outgoing.send(packed)
                    chunk = await conversation.more()
                await outgoing.send(packer.flush())
        except (Problem, OSError, RuntimeError, TimeoutError) as error:
            # What was sent so far must not be taken for the whole: end without the last chunk.
            connections.abort(request.scope.client, request.scope.server)
            log.warning("response cut after %d bytes: %s", size, error)
        self.record(request, 200, size)

    def outgoing(self, transport: Any, request: Request) -> Outgoing:
        """Return what sends a response in parts."""
        scope = request.scope
        return Outgoing(transport, scope.client, scope.server, self._settings.send_timeout_s)

    async def _read(self, request: Request, protocol: Any) -> None:
        """Read the body, within its limits of size and time.

        Raises:
            UriTooLong, BodyTooLarge, BodyTimeout: a limit is met.
            BadRequest: the body is not whole (RFC 9112 §8).
        """
        limits, scope = self._settings, request.scope
        if len(scope.path) + len(scope.query_string) > limits.max_uri_bytes:
            raise UriTooLong(
                f"The address is longer than {limits.max_uri_bytes} bytes. "
                "Send the query as the body of a POST."
            )
        if scope.method in ("GET", "HEAD", "OPTIONS"):
            return
        if (request.declared_bytes or 0) > limits.max_body_bytes:
            raise _too_large(limits)
        chunks, size, ends = [], 0, 0
        try:
            async with asyncio.timeout(limits.body_timeout_s):
                async for chunk in protocol:
                    size += len(chunk)
                    if size > limits.max_body_bytes:
                        raise _too_large(limits)
                    chunks.append(chunk)
                    ends += not chunk
        except TimeoutError as error:
            raise BodyTimeout("The request's body did not arrive in time.") from error
        if not request.is_whole(size, ends):
            raise BadRequest("The request's body is cut off, or its chunks are ill-formed.")
        request.body = b"".join(chunks)

    async def _answer(
        self, request: Request, protocol: Any, app: WsgiApp, key: bytes | None
    ) -> None:
        """Run the application in a thread; stop its query when the client goes away."""
        loop = asyncio.get_running_loop()
        hold = Ticket()
        exchange = Exchange(self, request, protocol, loop, key)
        context = copy_context()
        context.run(ticket.set, hold)
        threads = self._own_thread if request.scope.path in _WATCHED else self._threads
        working = loop.run_in_executor(threads, context.run, exchange.run, app)
        leaving = asyncio.ensure_future(_left(request, protocol))
        done, _ = await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if working not in done:
            metrics.DISCONNECTS.inc()
            hold.cancel()
        leaving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await leaving
        await working

    def _send_stored(self, request: Request, protocol: Any, stored: Stored) -> None:
        metrics.CACHE_HITS.inc()
        tags = request.header("if-none-match")
        known = compression.plain_tags(request.coding, tags)
        etag = compression.plain_tags(request.coding, stored.etag).removeprefix("W/").strip('"')
        # A POST selects no representation that a condition could be about (RFC 9110 §13.2.1).
        if request.scope.method != "POST" and responses.matches(known, etag):
            headers = compression.not_modified(request.coding, stored.headers, tags)
            protocol.response_empty(304, headers)
            self.record(request, 304, 0, cached=True)
        elif request.scope.method == "HEAD":
            headers = compression.sized(stored.headers, stored.status, len(stored.body))
            protocol.response_empty(stored.status, headers)
            self.record(request, stored.status, 0, cached=True)
        else:
            protocol.response_bytes(stored.status, stored.headers, stored.body)
            self.record(request, stored.status, len(stored.body), cached=True)

    def refuse(self, request: Request, protocol: Any, problem: Problem) -> None:
        """Answer a problem in place of a response."""
        document = problem.document(self._settings.base_iri)
        headers = [
            ("Content-Type", "application/problem+json"),
            ("Cache-Control", caching.NEVER),
            ("Vary", "Accept"),
            *responses.COMMON_HEADERS.items(),
            *problem.headers.items(),
        ]
        body = json.dumps(document, ensure_ascii=False, indent=1).encode() + b"\n"
        protocol.response_bytes(problem.status, headers, body)
        self.record(request, problem.status, len(body))

    def keep(self, key: bytes | None, stored: Stored) -> None:
        """Put a response into the cache, if it says that it may be kept."""
        cache_control = next((v for n, v in stored.headers if n.lower() == "cache-control"), "")
        cookie = any(name.lower() == "set-cookie" for name, _ in stored.headers)
        if stored.etag and cache_control.startswith("public") and not cookie:
            self._put(key, stored)

    def _put(self, key: bytes | None, stored: Stored) -> None:
        if key:
            self._cache.put(key, stored)
            metrics.CACHE_BYTES.set(self._cache.size_bytes)

    def record(self, request: Request, status: int, size: int, *, cached: bool = False) -> None:
        """Count and log a request."""
        access_log.record(self._settings, request, status, size, cached=cached)


def _left(request: Request, protocol: Any) -> Coroutine[Any, Any, None]:
    scope = request.scope
    return connections.until_left(scope.client, scope.server, protocol.client_disconnect)


def _too_large(limits: Settings) -> BodyTooLarge:
    return BodyTooLarge(f"The request's body is larger than {limits.max_body_bytes} bytes.")


def _full() -> Overloaded:
    return Overloaded(
        "Too many requests are waiting. Try again in a few seconds.", headers={"Retry-After": "2"}
    )
