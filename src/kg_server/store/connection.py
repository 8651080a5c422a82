"""Connections to one SPARQL service over HTTP: requests, checks of answers, bodies with a deadline.

An answer is passed on only if the engine marks it as whole. The text of an engine's error may
reveal its internals, so only the status is used.
"""

from __future__ import annotations

import os
import re
import select
import ssl
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from email.message import Message
from functools import cached_property, partial
from http.client import (
    HTTPConnection,
    HTTPException,
    HTTPMessage,
    HTTPResponse,
    HTTPSConnection,
    IncompleteRead,
    parse_headers,
)
from io import BufferedReader, BytesIO, RawIOBase
from socket import socket
from typing import Any, cast
from urllib.parse import urlencode, urlsplit

from kg_server.errors import (
    EngineFailed,
    EngineUnavailable,
    EvaluationFailed,
    Problem,
    ProjectFault,
    QueryTimeout,
    ResultTooLarge,
)
from kg_server.formats import Kind
from kg_server.store.credentials import Credentials
from kg_server.store.dialects import Dialect, Mends, mended

CONNECT_S = 2.0
"""Seconds that an engine may take to accept a connection."""
_UNTIMED_REQUEST_S = 60.0
"""Seconds that an engine may take for a request without a time limit of its own."""
WRITE_S = 600.0
"""Seconds that an engine may take to replace a graph, if a command gives it no others."""
_PART_BYTES = 1 << 16
_LAST_BYTES = 256
_MOST_LINE_BYTES = 17 << 20
"""Longer than any line that can be read: the parser holds 16 MiB."""
_MOST_WHOLE_BYTES = 256 << 20
"""Longer than any answer that is read as a whole: those that publications need."""
_RETRY_S = 2
_SQL_STATE, _STOPPED = "X-SQL-State", "S1TAT"
"""Virtuoso: the SQL state of a query that failed, and the state of one that was stopped."""
_MOST_ROWS = "X-SPARQL-MaxRows"
"""Virtuoso: the number of rows at which it has cut a result."""
_IS_ERROR = re.compile(r"(?i)(?:^|-)error(?:$|-)")
"""A header or trailer by which an engine says that it failed after it had sent its status."""
_CREDENTIALS = re.compile(r"//[^/?#]*@")
_NOT_IN_URL = re.compile(r"[^!-~]")
_FORM = "application/x-www-form-urlencoded"
_ACCEPTED = {
    Kind.BINDINGS: ("application/sparql-results+json",),
    Kind.BOOLEAN: ("application/sparql-results+json",),
    Kind.GRAPH: ("application/n-triples", "text/plain"),
}
"""Media types of answers: the first is asked for."""


@dataclass(frozen=True)
class Endpoint:
    """The address of a SPARQL service: its query endpoint."""

    url: str

    def __post_init__(self) -> None:
        """Check the address.

        Raises:
            ProjectFault: it is no HTTP address, or has credentials.
        """
        if _CREDENTIALS.search(self.url):  # before the address is in a message
            raise ProjectFault(
                "the endpoint's address must not have credentials: set KG_SERVER_ENDPOINT_USER "
                "and KG_SERVER_ENDPOINT_PASSWORD, or KG_SERVER_ENDPOINT_PASSWORD_FILE"
            )
        try:
            parts = urlsplit(self.url)
            self.port  # noqa: B018  # raises
        except ValueError as error:
            raise ProjectFault(f"the endpoint {self.url!r} is not an address: {error}") from error
        if (
            parts.scheme not in ("http", "https")
            or not parts.hostname
            or parts.fragment
            or _NOT_IN_URL.search(self.url)
        ):
            raise ProjectFault(
                f"the endpoint {self.url!r} must be an address such as http://localhost:7878/query"
            )

    @property
    def port(self) -> int:
        """The port."""
        parts = urlsplit(self.url)
        return parts.port or (443 if parts.scheme == "https" else 80)

    @property
    def target(self) -> str:
        """The path, with the query component if there is one."""
        parts = urlsplit(self.url)
        return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

    def connect(self, context: ssl.SSLContext | None) -> HTTPConnection:
        """Return a connection that is not open yet."""
        parts = urlsplit(self.url)
        host = parts.hostname or ""
        if parts.scheme == "https":
            return HTTPSConnection(host, self.port, timeout=CONNECT_S, context=context)
        return HTTPConnection(host, self.port, timeout=CONNECT_S)

    def __str__(self) -> str:
        return self.url


class Connection:
    """Kept connections to one engine. A process that forks must not have asked anything before.

    Args:
        endpoint: the address of the engine.
        credentials: sent with each request.
    """

    def __init__(self, endpoint: Endpoint, credentials: Credentials) -> None:
        self.endpoint, self._credentials = endpoint, credentials
        self._idle: list[HTTPConnection] = []

    @cached_property
    def _context(self) -> ssl.SSLContext | None:
        if not self.endpoint.url.startswith("https:"):
            return None
        authority = os.environ.get("KG_SERVER_ENDPOINT_CA") or None
        try:
            return ssl.create_default_context(cafile=authority)
        except OSError as error:
            raise ProjectFault(f"KG_SERVER_ENDPOINT_CA names {authority}: {error}") from error

    def ask(
        self,
        text: str,
        graphs: Sequence[tuple[str, str]],
        kind: Kind,
        *,
        dialect: Dialect,
        timeout_s: float | None = None,
    ) -> Body:
        """Send a query; return the body of its answer, of which the first part has come.

        Args:
            text: the query.
            graphs: the parameters of its dataset.
            kind: the kind of its result.
            dialect: the dialect of the engine.
            timeout_s: seconds for the answer, not counting those for which the caller pauses.

        Raises:
            EngineUnavailable: there is no answer.
            EngineFailed: the answer cannot be used; another replica may have a better one.
            EvaluationFailed: the engine refuses the query.
            QueryTimeout, ResultTooLarge: the answer is not whole.
        """
        pairs = [("query", text), *graphs]
        if dialect.time_limit and timeout_s:
            name, units = dialect.time_limit
            pairs.append((name, str(max(1, round(timeout_s * units)))))
        accepted = _ACCEPTED[kind]
        headers = {"Accept": accepted[0], "Content-Type": _FORM}
        headers |= _authorization(self._credentials.header())
        clock = Clock(timeout_s or _UNTIMED_REQUEST_S, is_limit=timeout_s is not None)
        connection, response = self._request(
            "POST",
            self.endpoint.target,
            content=urlencode(pairs).encode(),
            headers=headers,
            clock=clock,
        )
        try:
            _check(response, accepted)
            mends = dialect.ntriples if kind is Kind.GRAPH else dialect.json
            body = Body(self, connection=connection, response=response, clock=clock, mends=mends)
            body.begin(has_own_end=kind is not Kind.GRAPH)
        except BaseException:
            response.close()
            connection.close()
            raise
        return body

    def send(
        self,
        method: str,
        target: str,
        content: bytes = b"",
        *,
        media_type: str = "",
        timeout_s: float = WRITE_S,
    ) -> tuple[int, Mapping[str, str]]:
        """Send a request whose answer is its status; return that, and the headers.

        With a user, the server is first asked, by a request without content, how it wants the
        password: some take Digest only, and then offer it only to requests without any.

        Raises:
            EngineUnavailable: there is no answer.
            EngineFailed: there was none in ``timeout_s`` seconds.
        """
        authorization = self._credentials.header()
        if self._credentials.user and not self._credentials.token:
            status, offered = self._send(method, target, b"", {}, timeout_s=timeout_s)
            challenge = offered.get("www-authenticate", "")
            if status == 401:
                authorization = self._credentials.digest(challenge, method, target) or authorization
        more = {"Content-Type": media_type} if media_type else {}
        headers = {**more, **_authorization(authorization)}
        return self._send(method, target, content, headers, timeout_s=timeout_s)

    def _send(
        self,
        method: str,
        target: str,
        content: bytes,
        headers: Mapping[str, str],
        *,
        timeout_s: float,
    ) -> tuple[int, Mapping[str, str]]:
        clock = Clock(timeout_s, is_limit=False)
        connection, response = self._request(
            method, target, content=content, headers=headers, clock=clock
        )
        try:
            response.read(_PART_BYTES)
        except TimeoutError as error:
            raise clock.expired() from error
        except (OSError, HTTPException) as error:
            raise unreachable() from error
        finally:
            connection.close()
        return response.status, {name.lower(): each for name, each in response.headers.items()}

    def release(self, connection: HTTPConnection) -> None:
        """Keep a connection whose answer was read to its end."""
        self._idle.append(connection)

    def close(self) -> None:
        """Close the connections that are kept."""
        while self._idle:
            self._idle.pop().close()

    def _request(
        self, method: str, target: str, *, content: bytes, headers: Mapping[str, str], clock: Clock
    ) -> tuple[HTTPConnection, _Response]:
        """Send a request; a kept connection that the engine has closed is replaced by a new one."""
        headers = {"User-Agent": "kg-server", **headers}
        while self._idle:
            kept = self._idle.pop()
            if not _is_quiet(kept):
                kept.close()
                continue
            try:
                return kept, _exchange(
                    kept, method, target, content=content, headers=headers, clock=clock
                )
            except (ConnectionError, HTTPException):
                kept.close()
            except TimeoutError as error:
                kept.close()
                raise clock.expired() from error
        connection = self.endpoint.connect(self._context)
        try:
            connection.connect()
        except (OSError, HTTPException) as error:
            connection.close()
            raise unreachable() from error
        try:
            return connection, _exchange(
                connection, method, target, content=content, headers=headers, clock=clock
            )
        except TimeoutError as error:
            connection.close()
            raise clock.expired() from error
        except (OSError, HTTPException) as error:
            connection.close()
            raise unreachable() from error


class Clock:
    """The seconds that are left for an answer; it runs only while an engine is waited for."""

    def __init__(self, seconds: float, *, is_limit: bool) -> None:
        self._left_s = self._seconds = seconds
        self._is_limit = is_limit
        self._begun = 0.0

    def start(self, connection: HTTPConnection) -> None:
        """Start the clock; the connection gives up when no time is left."""
        self._begun = time.monotonic()
        if connection.sock is not None:
            connection.sock.settimeout(max(self._left_s, 0.001))

    def stop(self) -> None:
        """Stop the clock.

        Raises:
            Problem: no time is left.
        """
        self._left_s -= time.monotonic() - self._begun
        if self._left_s <= 0:
            raise self.expired()

    @property
    def now_left_s(self) -> float:
        """The seconds that are left now.

        Raises:
            TimeoutError: none are.
        """
        left_s = self._left_s - (time.monotonic() - self._begun)
        if left_s <= 0:
            raise TimeoutError
        return left_s

    def expired(self) -> Problem:
        """Return the problem that no time is left."""
        if self._is_limit:
            unit = "second" if self._seconds == 1 else "seconds"
            detail = f"The query was stopped after {self._seconds:g} {unit}. Ask for less."
            return QueryTimeout(detail, limit_s=self._seconds)
        return EngineFailed(f"The engine gave no whole answer in {self._seconds:g} seconds.")


class _Timed(RawIOBase):
    """The bytes of a socket, as long as a clock has time left for all of them."""

    def __init__(self, raw: RawIOBase, connected: socket, clock: Clock) -> None:
        self._raw, self._socket, self._clock = raw, connected, clock
        self.is_ended = False
        """Tells that nothing more is read from the socket: only what has come is left."""

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        """Read what has come, or wait for it."""
        if self.is_ended:
            return 0
        self._socket.settimeout(self._clock.now_left_s)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        """Close it."""
        self._raw.close()
        super().close()


class _Lines(BufferedReader):
    """The bytes of a response, whose lines have ends: http.client takes a part for a whole line.

    Of the size of a chunk, ``0a3``, it would take ``0`` for the end of the body.
    """

    raw: _Timed

    def __init__(self, raw: _Timed) -> None:
        super().__init__(raw)
        self.has_more = False
        """Tells, after the closing, that more bytes had come than the answer has."""

    def readline(self, size: int | None = -1, /) -> bytes:
        """Return a line.

        Raises:
            IncompleteRead: only a part of it came.
        """
        line = super().readline(size)
        if line and not line.endswith(b"\n"):
            raise IncompleteRead(line)
        return line

    def close(self) -> None:
        """Close it."""
        if not self.closed:
            self.raw.is_ended = True
            self.has_more = bool(self.peek(1))
        super().close()


class _Response(HTTPResponse):
    """A response that is read as long as a clock has time left for it."""

    def __init__(self, clock: Clock, sock: socket, **more: Any) -> None:
        super().__init__(sock, **more)
        self.fp = self.lines = _Lines(_Timed(self.fp.detach(), sock, clock))
        self.trailers = HTTPMessage()

    def _read_and_discard_trailer(self) -> None:
        """Read the trailers, which http.client (3.11 to 3.14) would not keep."""
        self.trailers = parse_headers(self.fp)


class Body:
    """The body of an answer, a binary file whose end is the end of the whole answer.

    Args:
        owner: takes the connection back.
        connection: the connection, which is closed if the body is not read to its end.
        response: the response.
        clock: the time that is left.
        mends: what is mended in each line.
    """

    def __init__(
        self,
        owner: Connection,
        *,
        connection: HTTPConnection,
        response: _Response,
        clock: Clock,
        mends: Mends,
    ) -> None:
        self._owner, self._connection, self._response = owner, connection, response
        self._clock, self._mends = clock, mends
        self._ready, self._ended = BytesIO(), False
        self._line: list[bytes] = []  # the start of a line whose end has not come
        self._line_bytes = 0
        self._last = b""
        self.problem: Problem | None = None
        """The problem for which the body was cut; ``None`` while it is whole."""

    def begin(self, *, has_own_end: bool) -> None:
        """Read the first part, up to 64 kB: until then another replica can be asked instead.

        Args:
            has_own_end: whether the format tells a whole answer from a part of it.

        Raises:
            EngineUnavailable: the connection ended.
            QueryTimeout, EngineFailed: it took too long, or the body may end anywhere, because
                only the end of the connection ends it (RFC 9112 §6.3).
        """
        if not (has_own_end or self._response.chunked or self._response.length is not None):
            raise EngineFailed("The engine does not say where its answer ends.")
        parts, size = [b""], 0
        while size < _PART_BYTES and not self._ended:
            try:
                parts.append(self._next())
            except EngineFailed as error:
                if self.problem is error and error.__cause__ is not None:
                    raise unreachable() from error
                raise
            size += len(parts[-1])
        self._ready = BytesIO(b"".join(parts))

    def read(self, size: int = -1) -> bytes:
        """Return up to ``size`` bytes, all of them for -1; nothing at the end.

        Raises:
            EngineFailed: the body was cut.
            QueryTimeout: it took too long.
        """
        parts = [self._ready.read(size)]
        while not self._ended and (size < 0 or (size and not parts[-1])):
            self._ready = BytesIO(self._next())
            parts.append(self._ready.read(size))
        return b"".join(parts)

    def whole(self, most_bytes: int = _MOST_WHOLE_BYTES) -> bytes:
        """Return all bytes, for a reader that needs them at one time.

        Raises:
            EngineFailed: the body was cut, or is longer than ``most_bytes``.
            QueryTimeout: it took too long.
        """
        parts, size = [], 0
        while part := self.read(_PART_BYTES):
            parts.append(part)
            size += len(part)
            if size > most_bytes:
                raise EngineFailed("The engine's answer is longer than any that was asked for.")
        return b"".join(parts)

    def end(self) -> bytes:
        """Read what a reader has left over; return the last bytes of the whole body.

        Raises:
            EngineFailed: the body was cut.
            QueryTimeout: it took too long.
        """
        while self.read(_PART_BYTES):
            pass
        return self._last

    def close(self) -> None:
        """Give the connection back; one with an unread rest is closed, which stops the query."""
        is_kept = self._ended and self._connection.sock is not None
        self._response.close()  # else http.client takes the connection for busy
        if is_kept and not self._response.lines.has_more:
            self._owner.release(self._connection)
        else:
            self._connection.close()

    def _next(self) -> bytes:
        try:
            part = self._part()
        except Problem as problem:
            self.problem = problem
            raise
        self._ended = not part
        self._last = (self._last + part[-_LAST_BYTES:])[-_LAST_BYTES:]
        if not self._mends:
            return part
        lines, newline, rest = part.rpartition(b"\n")
        if not (newline or self._ended):
            self._line.append(part)
            self._line_bytes += len(part)
            if self._line_bytes > _MOST_LINE_BYTES:
                self.problem = too_long()
                raise self.problem
            return b""
        whole = b"".join((*self._line, lines, newline))
        self._line, self._line_bytes = [rest], len(rest)
        return mended(whole, self._mends)

    def _part(self) -> bytes:
        self._clock.start(self._connection)
        try:
            part = self._response.read1(_PART_BYTES)
        except TimeoutError as error:
            raise self._clock.expired() from error
        except (OSError, HTTPException, ValueError) as error:
            raise EngineFailed("The engine's answer was cut.") from error
        self._clock.stop()
        if not part:
            if self._response.length:  # http.client says nothing of a body cut short
                raise EngineFailed("The engine's answer was cut.") from EOFError()
            _check_whole(self._response.trailers)
        return part


def _exchange(
    connection: HTTPConnection,
    method: str,
    target: str,
    *,
    content: bytes,
    headers: Mapping[str, str],
    clock: Clock,
) -> _Response:
    clock.start(connection)
    connection.response_class = partial(_Response, clock)  # type: ignore[assignment]
    connection.request(method, target, content or None, dict(headers))
    response = cast("_Response", connection.getresponse())
    with suppress(AttributeError):  # the socket of a response without a body may be gone
        clock.stop()
    return response


def _is_quiet(kept: HTTPConnection) -> bool:
    """Tell whether nothing has come on a kept connection: its end, or what nobody asked for."""
    if isinstance(kept.sock, ssl.SSLSocket) and kept.sock.pending():
        return False
    ready = select.poll()
    ready.register(kept.sock, select.POLLIN)
    return not ready.poll(0)


def _authorization(value: str | None) -> dict[str, str]:
    return {"Authorization": value} if value else {}


def unreachable() -> EngineUnavailable:
    """Return the problem that an engine gives no answer."""
    return EngineUnavailable(
        "The engine that holds the graph gives no answer. Try again in a few seconds.",
        headers={"Retry-After": str(_RETRY_S)},
    )


def too_long() -> ResultTooLarge:
    """Return the problem that a term of an answer is too long to be read."""
    return ResultTooLarge(
        "A literal or another term of the engine's answer is too long for this server, which "
        "reads 8 MiB in a row and 16 MiB in a triple. Ask for less, such as SUBSTR of the text."
    )


def _check(response: HTTPResponse, accepted: Sequence[str]) -> None:
    """Check that an answer can be used.

    Raises:
        EngineUnavailable, EngineFailed, EvaluationFailed, QueryTimeout, ResultTooLarge: it cannot.
    """
    status = response.status
    if status in (429, 502, 503, 504):
        raise unreachable()
    if status in (401, 403):
        raise EngineFailed(f"The engine refuses this server's credentials (status {status}).")
    if status == 400:
        raise EvaluationFailed("The engine refuses the query, although it is well-formed.")
    if status != 200:
        raise EngineFailed(f"The engine gives no answer (status {status}).")
    headers = response.headers
    _check_whole(headers)
    lengths = set(headers.get_all("content-length", ()))
    codings = headers.get_all("transfer-encoding", ())
    if (
        len(lengths) + len(codings) > 1  # RFC 9112 §6.3: one that has both is an error
        or not all(each.strip().isdecimal() for each in lengths)
        or bool(codings) != bool(response.chunked)
    ):
        raise EngineFailed("The engine does not say where its answer ends.")
    encodings = {each.strip().lower() for each in headers.get_all("content-encoding", ())}
    if encodings - {"identity"}:
        raise EngineFailed("The engine encodes its answer, which was not asked for.")
    media_type = headers.get_content_type()
    if media_type not in accepted:
        raise EngineFailed(f"The engine answers as {media_type}, not as {accepted[0]}.")
    if len(set(headers.get_all("content-type", ()))) > 1:
        raise EngineFailed("The engine's answer has several media types.")


def _check_whole(headers: Message) -> None:
    """Check headers or trailers by which engines say that an answer is not whole.

    They are checked in every dialect: a proxy may hide which engine it stands in front of.

    Raises:
        QueryTimeout, ResultTooLarge, EngineFailed: it is not.
    """
    if headers.defects:  # what comes behind a line that is no header is not read as one
        raise EngineFailed("The engine's answer has headers that are not well-formed.")
    most = headers.get(_MOST_ROWS)
    if most is not None:
        detail = "The engine cuts results of this size. Ask for less, or add a LIMIT below its own."
        raise ResultTooLarge(detail, limit_rows=int(most) if most.isdecimal() else None)
    states = headers.get_all(_SQL_STATE, ())
    if any(_STOPPED in each for each in states):
        raise QueryTimeout("The engine stopped the query at its own time limit. Ask for less.")
    if states or any(_IS_ERROR.search(name) for name in headers):
        raise EngineFailed("The engine says that its answer is not whole.")
