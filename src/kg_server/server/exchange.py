"""A request and its answer: a whole body, a stream of parts, or a problem."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from html import escape
from typing import Any, Protocol

from kg_server.config import Settings
from kg_server.errors import Problem
from kg_server.server import access_log, compression, connections
from kg_server.server.compression import Headers
from kg_server.server.request import Request
from kg_server.sparql.protocol import Operation
from kg_server.web import caching, parameters
from kg_server.web.pages import details
from kg_server.web.responses import COMMON_HEADERS

log = logging.getLogger("kg_server.front")

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
RawHeaders = list[tuple[bytes, bytes]]

PART_BYTES = 1 << 16
"""A streamed answer is given to the HTTP server in parts of this size."""
_PAGE = """<!DOCTYPE html>
<html lang="{language}"><meta charset="utf-8"><title>{title}</title>
<h1>{title}</h1>
<p>{detail}</p>
<p><a href="{type}">{type}</a></p>
"""
"""The page of a problem that the application does not see."""
_POLICY = "default-src 'none'; frame-ancestors 'none'"
_SOON_S = 0.05
"""Seconds for one part after which the server checks that the client still reads."""
_CLIENT_LEFT = 499
"""Status in logs and metrics of a request whose client left before the answer; it is never sent."""


class Handler(Protocol):
    """One step before the application: answers a request, or hands it to the next step."""

    async def __call__(self, exchange: Exchange) -> None:
        """Answer a request.

        Raises:
            Problem: the request is refused; ``Front`` answers with the problem.
        """
        ...


class Exchange:
    """One request and its answer.

    ``key`` is the key of the answer in the cache and ``operation`` the SPARQL operation; both are
    ``None`` until they are known. ``body_bytes`` counts against the memory limit of all bodies.

    Args:
        request: the request.
        receive: returns the next event of the client (ASGI).
        send: sends an event of the answer (ASGI).
        settings: the limits.
    """

    __slots__ = ("_receive", "_send", "_settings", "body_bytes", "key", "operation", "request")

    def __init__(self, request: Request, receive: Receive, send: Send, settings: Settings) -> None:
        self.request, self._receive, self._send, self._settings = request, receive, send, settings
        self.key: bytes | None = None
        self.operation: Operation | None = None
        self.body_bytes = 0

    async def respond(self, status: int, headers: Headers, body: bytes = b"") -> None:
        """Answer with a complete body."""
        if self.request.method == "HEAD":
            headers, body = compression.sized(headers, status, len(body)), b""
        await self.send_whole(status, raw(headers), body)

    async def send_whole(
        self, status: int, headers: RawHeaders, body: bytes, *, cached: bool = False
    ) -> None:
        """Send an answer unchanged; ``headers`` are encoded."""
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})
        access_log.record(self._settings, self.request, status, len(body), cached=cached)

    async def refuse(self, problem: Problem) -> None:
        """Answer with a problem (RFC 9457)."""
        document = problem.document(self._settings.public_url or "/")
        language = parameters.relevant_language(self.request.header("accept-language"))
        if language:
            document = details.localized(document, language)
        is_page = "text/html" in self.request.header("accept").lower()
        media_type = "text/html; charset=utf-8" if is_page else "application/problem+json"
        headers = [
            ("Content-Type", media_type),
            *([("Content-Security-Policy", _POLICY)] if is_page else []),
            ("Cache-Control", caching.NEVER),
            ("Vary", "Accept, Accept-Language"),
            *COMMON_HEADERS.items(),
            *problem.headers.items(),
        ]
        text = json.dumps(document, ensure_ascii=False, indent=1) + "\n"
        if is_page:
            texts = {key: escape(str(document[key])) for key in ("type", "title", "detail")}
            text = _PAGE.format(language=language or "en", **texts)
        body = text.encode()
        await self.respond(problem.status, headers, body)

    def stream(self, status: int, headers: Headers) -> Stream:
        """Return a stream that sends an answer in parts."""
        return Stream(
            self.request, self._send, settings=self._settings, status=status, headers=headers
        )

    async def read(self) -> bytes | None:
        """Return the next part of the body: empty at its end, ``None`` if the client left."""
        event = await self._receive()
        while event["type"] == "http.request" and not event.get("body"):
            if not event.get("more_body"):
                return b""
            event = await self._receive()
        return bytes(event["body"]) if event["type"] == "http.request" else None

    async def left(self) -> None:
        """Return when the client has left."""
        request = self.request
        await connections.until_left(request.client, request.server[1], self._disconnected)

    def record_left(self) -> None:
        """Count and log that the client left before the answer."""
        access_log.record(self._settings, self.request, _CLIENT_LEFT, 0)

    async def _disconnected(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass


class Stream:
    """An answer in parts, sent as fast as the client reads (back-pressure).

    Granian buffers four parts; then ``send`` waits (2.8, ASGI).
    """

    def __init__(
        self, request: Request, send: Send, *, settings: Settings, status: int, headers: Headers
    ) -> None:
        self._request, self._send, self._settings, self._status = request, send, settings, status
        self._headers, self._packer = compression.streamed(request.coding, headers)
        self._in_thread = not isinstance(self._packer, compression.Plain)
        self._sent_bytes = 0
        self._begun = False
        self._connection: socket.socket | None = None

    async def write(self, data: bytes) -> None:
        """Send a part; returns when there is room for the next one.

        Raises:
            TimeoutError: the client takes too long for ``PART_BYTES``.
            ConnectionError: the client has left.
        """
        if not self._begun:
            await self._begin()
        # Compression takes milliseconds, which would delay other requests on the event loop.
        threaded = self._in_thread and len(data) >= PART_BYTES
        pack = self._packer.compress
        packed = await asyncio.to_thread(pack, data) if threaded else pack(data)
        for start in range(0, len(packed), PART_BYTES):
            await self._pass_on(packed[start : start + PART_BYTES])

    async def end(self) -> None:
        """Send the end of the answer."""
        if not self._begun:
            await self._begin()
        rest = self._packer.flush()
        if rest:
            await self._pass_on(rest)
        await self._send({"type": "http.response.body", "body": b""})
        self._close()

    def cut(self, error: BaseException) -> None:
        """Reset the connection, so that the client does not take the parts for the whole answer."""
        connections.abort(self._request.client, self._request.server[1])
        log.warning("response cut after %d bytes: %s", self._sent_bytes, error)
        self._close()

    async def _begin(self) -> None:
        self._begun = True
        start = {"status": self._status, "headers": raw(self._headers)}
        await self._send({"type": "http.response.start", **start})

    async def _pass_on(self, part: bytes) -> None:
        self._sent_bytes += len(part)
        sent = self._send({"type": "http.response.body", "body": part, "more_body": True})
        sending = asyncio.ensure_future(sent)
        try:
            done, _ = await asyncio.wait({sending}, timeout=_SOON_S)
            if not done:
                await self._wait_for_reader(sending)
            await sending
        finally:
            sending.cancel()

    async def _wait_for_reader(self, sending: asyncio.Future[None]) -> None:
        """Wait until a part is sent, as long as the client receives something.

        ``send`` returns only when much of the kernel's buffer is empty. So this method asks the
        kernel how many bytes the client has received.
        """
        request = self._request
        if self._connection is None:
            self._connection = connections.find(request.client, request.server[1])
        received = connections.acked_bytes(self._connection)
        while not (await asyncio.wait({sending}, timeout=self._settings.send_timeout_s))[0]:
            before, received = received, connections.acked_bytes(self._connection)
            if received - before < PART_BYTES:
                raise TimeoutError("the client takes too long")

    def _close(self) -> None:
        if self._connection:
            self._connection.close()
        access_log.record(self._settings, self._request, self._status, self._sent_bytes)


def raw(headers: Headers) -> RawHeaders:
    """Return headers encoded, with names in lower case (ASGI)."""
    return [
        (name.lower().encode("latin-1"), value.encode("latin-1", "replace"))
        for name, value in headers
    ]
