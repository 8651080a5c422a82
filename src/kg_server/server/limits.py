"""Limits of a request: length of its address and headers, size and time of its body."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from kg_server.config import Settings
from kg_server.errors import (
    BadRequest,
    BodyTimeout,
    BodyTooLarge,
    Overloaded,
    Problem,
    UriTooLong,
)
from kg_server.server.exchange import Exchange, Handler
from kg_server.server.request import Request

_WITHOUT_BODY = ("GET", "HEAD", "OPTIONS")
BODIES_BYTES = 64 << 20
"""Memory limit of the bodies of all requests under way in one HTTP worker, bytes."""


_LINGER_S, _LINGER_BYTES = 2.0, 32 << 20
"""Seconds and bytes that a refused client may still send."""


class Limits:
    """Refuses requests that are too long or too slow, and reads their bodies.

    Args:
        settings: the limits.
        after: the next step.
        bodies_bytes: most bytes of all bodies under way.
    """

    def __init__(
        self, settings: Settings, after: Handler, bodies_bytes: int = BODIES_BYTES
    ) -> None:
        self._settings, self._after, self._left_bytes = settings, after, bodies_bytes

    async def __call__(self, exchange: Exchange) -> None:
        """Answer a request within the limits.

        Raises:
            UriTooLong, BodyTooLarge, BodyTimeout, Overloaded: a limit is exceeded.
            BadRequest: the request is ill-formed (``Request.check``), or its body is cut off.
        """
        request = exchange.request
        if request.method in _WITHOUT_BODY:
            self._check(request)
            request.is_whole = True
            await self._after(exchange)
            return
        try:
            request.body = await self._checked_body(exchange)
            request.is_whole = True
            await self._after(exchange)
        finally:
            self._left_bytes += exchange.body_bytes
            exchange.body_bytes = 0

    def _check(self, request: Request) -> None:
        request.check()
        if len(request.path) + len(request.query_string) > self._settings.max_uri_bytes:
            raise UriTooLong(
                f"The address is longer than {self._settings.max_uri_bytes} bytes. "
                "Send the query as the body of a POST."
            )

    async def _checked_body(self, exchange: Exchange) -> bytes:
        try:
            self._check(exchange.request)
            return await self._read(exchange)
        except BodyTimeout:
            raise
        except Problem:
            await _let_send(exchange)
            raise

    async def _read(self, exchange: Exchange) -> bytes:
        request, settings = exchange.request, self._settings
        if (request.declared_bytes or 0) > settings.max_body_bytes:
            raise self._too_large()
        parts = []
        try:
            async with asyncio.timeout(settings.body_timeout_s):
                while part := await exchange.read():
                    self._take(exchange, len(part))
                    parts.append(part)
        except TimeoutError as error:
            raise BodyTimeout(
                f"The request's body did not arrive within {settings.body_timeout_s:g} seconds."
            ) from error
        if part is None:
            raise BadRequest("The request's body is cut off, or its chunks are ill-formed.")
        return b"".join(parts)

    def _take(self, exchange: Exchange, size: int) -> None:
        exchange.body_bytes += size
        self._left_bytes -= size
        if exchange.body_bytes > self._settings.max_body_bytes:
            raise self._too_large()
        if self._left_bytes < 0:
            raise Overloaded(
                "Too many large requests are under way. Try again in a few seconds.",
                headers={"Retry-After": "2"},
            )

    def _too_large(self) -> BodyTooLarge:
        limit = self._settings.max_body_bytes
        return BodyTooLarge(f"The request's body is larger than {limit} bytes.")


async def _let_send(exchange: Exchange) -> None:
    """Read and drop the rest of a body, because many clients read no answer before they sent all.

    If the connection were closed before, it would be reset and the answer lost (RFC 9112 §9.6).
    """
    request, left = exchange.request, _LINGER_BYTES
    # A client that sent ``Expect: 100-continue`` (RFC 9110 §10.1.1) reads the answer first.
    if request.header("expect") or (request.declared_bytes or 0) > left:
        return
    with suppress(TimeoutError):
        async with asyncio.timeout(_LINGER_S):
            while left > 0 and (part := await exchange.read()):
                left -= len(part)
