"""What stands before the application in an HTTP worker: limits, cache, streaming.

An RSGI callable (Granian's own interface), because WSGI tells nothing of a client that went
away and lets a slow body hold a thread. Everything that is not in the cache is answered by the
Flask application, in a bounded pool of threads.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import logging
import sys
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Protocol
from urllib.parse import unquote_to_bytes

from kg_server import metrics
from kg_server.config import Settings
from kg_server.errors import BodyTimeout, BodyTooLarge, Overloaded, Problem, UriTooLong
from kg_server.store.cache import ResponseCache, Stored
from kg_server.store.sandbox import Ticket, ticket
from kg_server.web import connections

Headers = list[tuple[str, str]]
WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

log = logging.getLogger("kg_server.front")
access = logging.getLogger("kg_server.access")

_GZIP_MIN_BYTES = 1400
"""Below this a response fits one packet, and compressing it pays nothing."""
_COMPRESSIBLE = ("text/", "application/", "image/svg+xml")
_HASHED = 16


class Serving(Protocol):
    """What gives the application for the graph that is in service now."""

    def current(self) -> tuple[int, WsgiApp]:
        """Return the graph's number and its application.

        Raises:
            Overloaded: nothing is in service yet.
        """
        ...


@dataclass(slots=True)
class Request:
    """One request as it came, with its body read."""

    scope: Any
    body: bytes = b""
    started: float = field(default_factory=time.perf_counter)

    def header(self, name: str) -> str:
        """Return a header's value, empty when there is none."""
        return self.scope.headers.get(name) or ""

    def key(self, generation: int) -> tuple[object, ...] | None:
        """Return the cache's key for this request; ``None`` when it cannot be cached."""
        if self.scope.method not in ("GET", "HEAD", "POST"):
            return None
        return (
            generation,
            "POST" if self.scope.method == "POST" else "GET",
            self.scope.path,
            self.scope.query_string,
            self.body,
            self.header("content-type") if self.body else "",
            self.header("accept"),
            self.header("accept-language"),
            self.header("cookie"),
            self.gzip,
        )

    @property
    def gzip(self) -> bool:
        """Whether the client takes gzip (RFC 9110 §12.5.3)."""
        for coding in self.header("accept-encoding").lower().split(","):
            name, _, weight = coding.partition(";")
            if name.strip() in ("gzip", "*"):
                return weight.strip().replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
        return False


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
        self._room = settings.evaluators * 4 + settings.queue_length
        self._under_way = 0

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        """Answer one request."""
        if scope.proto != "http":
            return
        request = Request(scope)
        try:
            generation, app = self._serving.current()
            await self._read(request, protocol)
            key = request.key(generation)
            stored = self._cache.get(key) if key else None
            if stored:
                self._send_stored(request, protocol, stored)
                return
            if self._under_way >= self._room:
                raise _full()
        except Problem as problem:
            self._refuse(request, protocol, problem)
            return
        self._under_way += 1
        try:
            await self._answer(request, protocol, app, key)
        finally:
            self._under_way -= 1

    async def _read(self, request: Request, protocol: Any) -> None:
        """Read the body, within its limits of size and time.

        Raises:
            UriTooLong, BodyTooLarge, BodyTimeout: a limit is met.
        """
        limits, scope = self._settings, request.scope
        if len(scope.path) + len(scope.query_string) > limits.max_uri_bytes:
            raise UriTooLong(
                f"The address is longer than {limits.max_uri_bytes} bytes. "
                "Send the query as the body of a POST."
            )
        if scope.method in ("GET", "HEAD", "OPTIONS"):
            return
        if int(request.header("content-length") or 0) > limits.max_body_bytes:
            raise _too_large(limits)
        chunks, size = [], 0
        try:
            async with asyncio.timeout(limits.body_timeout_s):
                async for chunk in protocol:
                    size += len(chunk)
                    if size > limits.max_body_bytes:
                        raise _too_large(limits)
                    chunks.append(chunk)
        except TimeoutError as error:
            raise BodyTimeout("The request's body did not arrive in time.") from error
        request.body = b"".join(chunks)

    async def _answer(
        self, request: Request, protocol: Any, app: WsgiApp, key: tuple[object, ...] | None
    ) -> None:
        """Run the application in a thread; stop its query when the client goes away."""
        loop = asyncio.get_running_loop()
        hold = Ticket()
        exchange = _Exchange(self, request, protocol, loop, key)
        context = copy_context()
        context.run(ticket.set, hold)
        working = loop.run_in_executor(self._threads, context.run, exchange.run, app)
        leaving = asyncio.ensure_future(protocol.client_disconnect())
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
        if _matches(request.header("if-none-match"), stored.etag):
            kept = ("etag", "cache-control", "vary", "content-location", "access-control")
            headers = [each for each in stored.headers if each[0].lower().startswith(kept)]
            protocol.response_empty(304, headers)
            self.record(request, 304, 0, cached=True)
        elif request.scope.method == "HEAD":
            protocol.response_empty(stored.status, stored.headers)
            self.record(request, stored.status, 0, cached=True)
        else:
            protocol.response_bytes(stored.status, stored.headers, stored.body)
            self.record(request, stored.status, len(stored.body), cached=True)

    def _refuse(self, request: Request, protocol: Any, problem: Problem) -> None:
        """Answer a problem that keeps a request from the application."""
        document = problem.document(self._settings.base_iri)
        headers = [
            ("content-type", "application/problem+json"),
            ("access-control-allow-origin", "*"),
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            *problem.headers.items(),
        ]
        body = json.dumps(document, ensure_ascii=False, indent=1).encode() + b"\n"
        protocol.response_bytes(problem.status, headers, body)
        self.record(request, problem.status, len(body))

    def keep(self, key: tuple[object, ...] | None, stored: Stored) -> None:
        """Put a response into the cache, if it says that it may be kept."""
        cache_control = next((v for n, v in stored.headers if n.lower() == "cache-control"), "")
        cookie = any(name.lower() == "set-cookie" for name, _ in stored.headers)
        if key and stored.etag and cache_control.startswith("public") and not cookie:
            self._cache.put(key, stored)
            metrics.CACHE_BYTES.set(self._cache.size_bytes)

    @property
    def keep_bytes(self) -> int:
        """Responses up to this size are gathered for the cache, bytes."""
        return self._cache.max_entry_bytes

    @property
    def send_timeout_s(self) -> float:
        """How long a client may take to accept one chunk."""
        return self._settings.send_timeout_s

    def record(self, request: Request, status: int, size: int, *, cached: bool = False) -> None:
        """Count a request, and log it: access log, slow-query log."""
        seconds = time.perf_counter() - request.started
        metrics.REQUESTS.labels(request.scope.method, str(status)).inc()
        metrics.REQUEST_SECONDS.observe(seconds)
        metrics.RESPONSE_BYTES.inc(size)
        slow = seconds > self._settings.slow_query_s
        if slow or access.isEnabledFor(logging.INFO):
            line = _line(request, status, size, seconds, cached=cached, full=slow)
            if slow:
                log.warning("slow %s", line)
            access.info(line)


class _Exchange:
    """Runs the application for one request, in a thread, and sends what it answers."""

    def __init__(
        self,
        front: Front,
        request: Request,
        protocol: Any,
        loop: asyncio.AbstractEventLoop,
        key: tuple[object, ...] | None,
    ) -> None:
        self._front, self._request, self._protocol = front, request, protocol
        self._loop, self._key = loop, key
        self._status, self._headers = 500, Headers()

    def run(self, app: WsgiApp) -> None:
        """Answer the request; whatever happens, the client gets an answer or a cut."""
        chunks = app(_environ(self._request), self._start_response)
        try:
            self._send(iter(chunks))
        finally:
            close = getattr(chunks, "close", None)
            if close:
                close()

    def _start_response(self, status: str, headers: Headers, exc_info: object = None) -> None:
        del exc_info
        self._status, self._headers = int(status[:3]), headers

    def _send(self, chunks: Iterator[bytes]) -> None:
        """Send small responses whole and keep them; stream the others."""
        gathered, size = [], 0
        for chunk in chunks:
            gathered.append(chunk)
            size += len(chunk)
            if size > self._front.keep_bytes:
                self._stream(gathered, chunks)
                return
        self._send_whole(b"".join(gathered))

    def _send_whole(self, body: bytes) -> None:
        if self._compress(len(body)):
            packer = _gzip()
            body = packer.compress(body) + packer.flush()
        head = self._request.scope.method == "HEAD"
        if self._status not in (204, 304) and not head:
            self._headers = _without(self._headers, "content-length")
            self._headers.append(("Content-Length", str(len(body))))
        stored = Stored(self._status, self._headers, _value(self._headers, "etag"), body)
        if self._status == 200 and not head:
            self._front.keep(self._key, stored)
        self._loop.call_soon_threadsafe(self._respond, body)

    def _respond(self, body: bytes) -> None:
        if body:
            self._protocol.response_bytes(self._status, self._headers, body)
        else:
            self._protocol.response_empty(self._status, self._headers)
        self._front.record(self._request, self._status, len(body))

    def _stream(self, gathered: list[bytes], chunks: Iterator[bytes]) -> None:
        packer = _gzip() if self._compress(1 << 20) else None
        self._headers = _without(self._headers, "content-length")
        transport = asyncio.run_coroutine_threadsafe(self._open(), self._loop).result()
        size = 0
        try:
            for chunk in _joined(gathered, chunks):
                packed = packer.compress(chunk) if packer else chunk
                size += len(packed)
                if packed:
                    self._pass_on(transport, packed)
            if packer:
                self._pass_on(transport, packer.flush())
        except BaseException as error:
            # What was sent so far must not be taken for the whole: end without the last chunk.
            connections.abort(self._request.scope.client, self._request.scope.server)
            log.warning("response cut after %d bytes: %s", size, error)
            if not isinstance(error, Problem | OSError | RuntimeError | TimeoutError):
                raise
        self._front.record(self._request, self._status, size)

    async def _open(self) -> Any:
        return self._protocol.response_stream(self._status, self._headers)

    def _pass_on(self, transport: Any, data: bytes) -> None:
        sending = asyncio.run_coroutine_threadsafe(_send_bytes(transport, data), self._loop)
        sending.result(self._front.send_timeout_s)

    def _compress(self, size: int) -> bool:
        """Decide about gzip, and change the headers accordingly (RFC 9110 §8.4, §8.8.3.3)."""
        media_type = _value(self._headers, "content-type")
        if not media_type.startswith(_COMPRESSIBLE) or self._status != 200:
            return False
        vary = ", ".join(filter(None, (_value(self._headers, "vary"), "Accept-Encoding")))
        self._headers = [*_without(self._headers, "vary"), ("Vary", vary)]
        head = self._request.scope.method == "HEAD"
        if size < _GZIP_MIN_BYTES or not self._request.gzip or head:
            return False
        etag = _value(self._headers, "etag").removesuffix('"')
        self._headers = [*_without(self._headers, "etag"), ("Content-Encoding", "gzip")]
        if etag:
            self._headers.append(("ETag", f'{etag}-gzip"'))
        return True


async def _send_bytes(transport: Any, data: bytes) -> None:
    await transport.send_bytes(data)


def _joined(gathered: list[bytes], chunks: Iterator[bytes]) -> Iterator[bytes]:
    yield b"".join(gathered)
    yield from chunks


def _gzip() -> Any:
    return zlib.compressobj(5, zlib.DEFLATED, 31)


def _environ(request: Request) -> dict[str, Any]:
    """Return the WSGI environment of a request (PEP 3333)."""
    scope = request.scope
    host, _, port = scope.server.rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope.path).decode("latin-1"),
        "RAW_URI": scope.path,
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": host,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope.headers.items():
        environ_name = "HTTP_" + name.upper().replace("-", "_")
        old = environ.get(environ_name)
        environ[environ_name] = f"{old}, {value}" if old else value
    environ["HTTP_HOST"] = scope.authority or environ.get("HTTP_HOST", scope.server)
    environ["CONTENT_TYPE"] = environ.pop("HTTP_CONTENT_TYPE", "")
    environ["CONTENT_LENGTH"] = str(len(request.body)) if request.body else ""
    environ.pop("HTTP_CONTENT_LENGTH", None)
    if "HTTP_IF_NONE_MATCH" in environ:
        environ["HTTP_IF_NONE_MATCH"] = environ["HTTP_IF_NONE_MATCH"].replace('-gzip"', '"')
    return environ


def _matches(if_none_match: str, etag: str) -> bool:
    """Compare weakly, as If-None-Match does (RFC 9110 §13.1.2)."""
    if not if_none_match or not etag:
        return False
    tags = {each.strip().removeprefix("W/") for each in if_none_match.split(",")}
    return "*" in tags or etag.removeprefix("W/") in tags


def _value(headers: Headers, name: str) -> str:
    return next((value for each, value in headers if each.lower() == name), "")


def _without(headers: Headers, name: str) -> Headers:
    return [each for each in headers if each[0].lower() != name]


def _too_large(limits: Settings) -> BodyTooLarge:
    return BodyTooLarge(f"The request's body is larger than {limits.max_body_bytes} bytes.")


def _full() -> Overloaded:
    return Overloaded(
        "Too many requests are waiting. Try again in a few seconds.", headers={"Retry-After": "2"}
    )


def _line(
    request: Request, status: int, size: int, seconds: float, *, cached: bool, full: bool
) -> str:
    """Return a request as one line of JSON."""
    scope = request.scope
    asked = f"{scope.query_string}\n".encode() + request.body
    line = {
        "client": scope.client.rpartition(":")[0],
        "method": scope.method,
        "path": scope.path,
        "status": status,
        "bytes": size,
        "ms": round(seconds * 1000, 2),
        "cached": cached,
        "query": sha256(asked).hexdigest()[:_HASHED],
    }
    if full:
        line["asked"] = asked.decode("utf-8", "replace")[:2000]
    return json.dumps(line, ensure_ascii=False)
