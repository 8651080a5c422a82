"""One request answered by the Flask application, in a thread beside the event loop."""

from __future__ import annotations

import asyncio
import io
import logging
import sys
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import quote, unquote_to_bytes

from kg_server.errors import Problem
from kg_server.server import compression, connections
from kg_server.server.backpressure import Outgoing
from kg_server.server.cache import Stored
from kg_server.server.request import Request

Headers = compression.Headers
WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

log = logging.getLogger("kg_server.front")

_AS_IT_IS = "".join(map(chr, range(33, 127)))
"""What may stand in a query string; other characters, which some clients send, are encoded."""


class Front(Protocol):
    """What an exchange needs of the front (``front.Front``)."""

    keep_bytes: int
    """Responses up to this size are gathered, to be sent whole and kept."""

    def keep(self, key: bytes | None, stored: Stored) -> None:
        """Put a response into the cache, if it says that it may be kept."""
        ...

    def outgoing(self, transport: Any, request: Request) -> Outgoing:
        """Return what sends a response in parts."""
        ...

    def record(self, request: Request, status: int, size: int) -> None:
        """Count and log a request."""
        ...

    def refuse(self, request: Request, protocol: Any, problem: Problem) -> None:
        """Answer a problem; on the event loop."""
        ...


class Exchange:
    """Runs the application for one request, in a thread, and sends what it answers."""

    def __init__(
        self,
        front: Front,
        request: Request,
        protocol: Any,
        loop: asyncio.AbstractEventLoop,
        key: bytes | None,
    ) -> None:
        self._front, self._request, self._protocol = front, request, protocol
        self._loop, self._key = loop, key
        self._status, self._headers = 500, Headers()
        self._begun = False

    def run(self, app: WsgiApp) -> None:
        """Answer the request; whatever happens, the client gets an answer or a cut."""
        chunks: Iterable[bytes] = ()
        try:
            chunks = app(_environ(self._request), self._start_response)
            self._send(iter(chunks))
        except Problem as problem:
            self._fail(problem)
        except Exception:
            log.exception("the application failed on %s", self._request.scope.path)
            self._fail(Problem("The server failed; its log has the reason."))
        finally:
            close = getattr(chunks, "close", None)
            if close:
                close()

    def _fail(self, problem: Problem) -> None:
        """Answer a problem in place of a response that was not begun; cut one that was."""
        if self._begun:
            connections.abort(self._request.scope.client, self._request.scope.server)
        else:
            refuse = self._front.refuse
            self._loop.call_soon_threadsafe(refuse, self._request, self._protocol, problem)

    def _start_response(self, status: str, headers: Headers, exc_info: object = None) -> None:
        del exc_info
        # Werkzeug dates a conditional response; a kept one must not be sent with that date again.
        undated = [each for each in headers if each[0].lower() != "date"]
        self._status, self._headers = int(status[:3]), undated

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

    @property
    def _is_head(self) -> bool:
        return bool(self._request.scope.method == "HEAD")

    def _send_whole(self, body: bytes) -> None:
        if self._status == HTTPStatus.OK:
            self._headers, body = compression.whole(self._request.coding, self._headers, body)
            etag = compression.value(self._headers, "etag")
            self._front.keep(self._key, Stored(self._status, self._headers, etag, body))
        elif self._status == HTTPStatus.NOT_MODIFIED:
            tags = self._request.header("if-none-match")
            self._headers = compression.not_modified(self._request.coding, self._headers, tags)
        self._begun = True
        self._loop.call_soon_threadsafe(self._respond, body)

    def _respond(self, body: bytes) -> None:
        if self._is_head:
            self._headers = compression.sized(self._headers, self._status, len(body))
            body = b""
        if body:
            self._protocol.response_bytes(self._status, self._headers, body)
        else:
            self._protocol.response_empty(self._status, self._headers)
        self._front.record(self._request, self._status, len(body))

    def _stream(self, gathered: list[bytes], chunks: Iterator[bytes]) -> None:
        self._headers, packer = compression.streamed(self._request.coding, self._headers)
        self._begun = True
        if self._is_head:
            self._loop.call_soon_threadsafe(self._respond, b"")
            return
        transport = asyncio.run_coroutine_threadsafe(self._open(), self._loop).result()
        size = 0
        try:
            with self._front.outgoing(transport, self._request) as outgoing:
                for chunk in _joined(gathered, chunks):
                    packed = packer.compress(chunk)
                    size += len(packed)
                    self._pass_on(outgoing, packed)
                self._pass_on(outgoing, packer.flush())
        except (Problem, OSError, RuntimeError, TimeoutError) as error:
            # What was sent so far must not be taken for the whole: end without the last chunk.
            connections.abort(self._request.scope.client, self._request.scope.server)
            log.warning("response cut after %d bytes: %s", size, error)
        self._front.record(self._request, self._status, size)

    async def _open(self) -> Any:
        return self._protocol.response_stream(self._status, self._headers)

    def _pass_on(self, outgoing: Outgoing, data: bytes) -> None:
        if data:
            asyncio.run_coroutine_threadsafe(outgoing.send(data), self._loop).result()


def _joined(gathered: list[bytes], chunks: Iterator[bytes]) -> Iterator[bytes]:
    yield b"".join(gathered)
    yield from chunks


def _environ(request: Request) -> dict[str, Any]:
    """Return the WSGI environment of a request (PEP 3333).

    A HEAD is run as the GET that it asks about, so that it cannot but have the same headers.
    """
    scope = request.scope
    host, _, port = scope.server.rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "GET" if scope.method == "HEAD" else scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope.path).decode("latin-1"),
        "RAW_URI": scope.path,
        "QUERY_STRING": quote(scope.query_string, _AS_IT_IS),
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
    for condition in ("HTTP_IF_NONE_MATCH", "HTTP_IF_MATCH"):
        if condition in environ:
            environ[condition] = compression.plain_tags(request.coding, environ[condition])
    return environ
