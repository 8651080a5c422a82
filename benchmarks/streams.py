"""Random byte streams of HTTP/1.1 to a server: each answer belongs to a request, in its order.

    python -m benchmarks.streams --url http://127.0.0.1:8000 --seconds 900 --seed 1 --pid PID

A stream has up to 200 requests in one segment, a byte at a time or in between: bodies with odd
chunks, odd lengths and both, odd lines, targets, versions and headers. Each well-formed request
asks for a mark of its own. Bodies hide requests for a mark in capitals, which must never be
answered. Some streams stop in the middle, or at every byte. Meanwhile another client asks and must
get what it asked for; at the end the descriptors and the memory of the server are what they were.
"""

from __future__ import annotations

import argparse
import re
import socket
import struct
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from random import Random
from urllib.parse import quote, urlsplit

from benchmarks.processes import descriptors, family_pss_mb

_HIDDEN = "SMUGGLED"
_ANSWER_S = 30.0
"""Seconds within which a connection answers or ends."""
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5]\d\d)(?: [^\r\n\x00]*)?")
_FIELD = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[ \t]*[^\r\n\x00]*")
_REFUSALS = frozenset({*range(400, 432), 501, 503, 504, 505})
_BUSY = frozenset({503, 504})
_LATE = 408
"""Status for half a body; on a busy machine, also for one that the server did not read in time."""
_ALIVE = b'"live"'
_LIVE_HEAD = b"GET /health/live HTTP/1.1\r\nHost: x\r\n"
_TYPE = "Content-Type: application/sparql-query"


@dataclass(frozen=True)
class Part:
    """A request, or something that is nearly one.

    Attributes:
        sent: its bytes.
        method: of its answer, which decides whether the answer has a body.
        mark: what the body of an answer with status 200 has.
        statuses: other statuses that its answer may have.
        may_end: whether the connection may end after or without its answer.
        must_end: whether what follows it must not be answered.
    """

    sent: bytes
    method: str = "GET"
    mark: bytes = b""
    statuses: frozenset[int] = _BUSY
    may_end: bool = False
    must_end: bool = False


@dataclass(frozen=True)
class Answer:
    """One answer: its status, headers with names in lower case, and body."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class IllFormed(Exception):
    """What a server sent is no HTTP/1.1."""


def hidden() -> bytes:
    """Return a request that must not be answered: the answer has a word that no request has."""
    query = quote(f'SELECT (UCASE("{_HIDDEN.lower()}") AS ?x) {{}}', safe="")
    return f"GET /sparql?query={query}&format=csv HTTP/1.1\r\nHost: x\r\n\r\n".encode()


def _query(mark: str) -> str:
    return f'SELECT (UCASE("{mark.lower()}") AS ?x) {{}}'


def _chunks(content: bytes, draw: Random) -> bytes:
    """Return a body in chunks that are well-formed, if odd (RFC 9112 §7.1)."""
    coded = b""
    while content:
        size = draw.choice((1, 2, 7, 16, len(content)))
        part, content = content[:size], content[size:]
        length = b"%x" % len(part)
        length = draw.choice((length, length.upper(), length.zfill(5)))
        coded += length + draw.choice((b"", b"", b";a", b";a=b", b';a="b c"')) + b"\r\n"
        coded += part + b"\r\n"
    last = draw.choice((b"0", b"0", b"000", b"0;x=y"))
    trailers = draw.choice((b"", b"", b"", b"X-Trailer: a\r\n", b"Content-Length: 5\r\nA: b\r\n"))
    return coded + last + b"\r\n" + trailers + b"\r\n"


class Streams:
    """Draws parts of streams.

    Args:
        seed: of the drawing.
    """

    def __init__(self, seed: int) -> None:
        self._draw, self._count, self._seed = Random(seed), 0, seed  # noqa: S311  # no secret

    def stream(self) -> list[Part]:
        """Return the parts of a stream; the last one asks for the end of the connection."""
        draw = self._draw
        count = draw.choice((1, 1, 2, 3, 5, 8, 20)) if draw.random() < 0.97 else 200
        parts = [self._good() if draw.random() < 0.8 else self._odd() for _ in range(count)]
        return [*parts, self.last()]

    def _mark(self) -> str:
        self._count += 1
        return f"MARK-{self._seed}-{self._count}-END"

    def last(self) -> Part:
        """Return a query after which the connection ends."""
        return self._get("Connection: close", may_end=True)

    def _get(self, *headers: str, target: str = "", **flags: bool) -> Part:
        mark = self._mark()
        target = f"{target}/sparql?query={quote(_query(mark), safe='')}&format=csv"
        lines = [f"GET {target} HTTP/1.1", "Host: x", *headers]
        return Part("\r\n".join([*lines, "", ""]).encode(), mark=mark.encode(), **flags)

    def _post(self, *headers: str, body: bytes | None = None, method: str = "POST") -> Part:
        """Return a query in a body; with a length, if no ``body`` is given."""
        mark = self._mark()
        query = _query(mark).encode()
        lines = [f"{method} /sparql?format=csv HTTP/1.1", "Host: x", _TYPE, *headers]
        if body is None:
            lines.append(f"Content-Length: {len(query)}")
        head = "\r\n".join([*lines, "", ""]).encode()
        return Part(head + (query if body is None else body), mark=mark.encode())

    def _chunked(self, *headers: str) -> Part:
        part = self._post(*headers, "Transfer-Encoding: chunked", body=b"")
        content = _chunks(_query(part.mark.decode()).encode(), self._draw)
        return replace(part, sent=part.sent + content, may_end=True)

    def _good(self) -> Part:
        """Return a request that is well-formed and gets its answer."""
        kinds: Sequence[Callable[[], Part]] = (
            *[self._get] * 4, *[self._post] * 2, *[self._chunked] * 2, self._form, self._head,
            self._unread, self._other_method, self._live,
            lambda: self._post("Expect: 100-continue"), lambda: self._post(method="QUERY"),
            lambda: self._get(target=self._draw.choice(("http://x", "HTTP://x", "http://x:80"))),
        )  # fmt: skip
        return self._draw.choice(kinds)()

    def _form(self) -> Part:
        form = f"query={quote(_query(mark := self._mark()), safe='')}&format=csv"
        head = "POST /sparql HTTP/1.1\r\nhOST: x\r\n"
        head += "Content-Type: application/x-www-form-urlencoded\r\n"
        sent = f"{head}Content-Length: {len(form)}\r\n\r\n{form}".encode()
        return Part(sent, method="POST", mark=mark.encode())

    def _head(self) -> Part:
        return Part(b"HEAD /sparql HTTP/1.1\r\nHost: x\r\n\r\n", method="HEAD")

    def _live(self) -> Part:
        return Part(_LIVE_HEAD + b"\r\n", mark=_ALIVE)

    def _unread(self) -> Part:
        """Return a request with a body that nobody reads."""
        part, inside = self._get(f"Content-Length: {len(hidden())}"), hidden()
        return replace(part, sent=part.sent + inside, may_end=True)

    def _other_method(self) -> Part:
        method = self._draw.choice(("PUT", "DELETE", "PATCH", "TRACE", "MADEUP", "OPTIONS"))
        target = self._draw.choice(("/", "/sparql", "/nowhere", "/health/live"))
        length = f"Content-Length: {len(hidden())}"
        head = f"{method} {target} HTTP/1.1\r\nHost: x\r\n{length}\r\n\r\n".encode()
        statuses = _REFUSALS | {200, 204}
        return Part(head + hidden(), method=method, statuses=statuses, may_end=True)

    def _odd(self) -> Part:
        """Return a request that is ill-formed or rare: it may be refused, and the end of all."""
        draw = self._draw
        kinds: Sequence[Callable[[], Part]] = (
            self._odd_chunks, self._odd_length, self._both, self._odd_coding, self._odd_line,
            self._odd_header, self._odd_target, self._odd_version, self._odd_expectation,
            self._odd_upgrade, self._long, self._many,
        )  # fmt: skip
        part = draw.choice(kinds)()
        return replace(part, statuses=part.statuses | _REFUSALS, may_end=True)

    def _odd_chunks(self) -> Part:
        """Return a chunked body that is none, with a request behind it."""
        part = self._post("Transfer-Encoding: chunked", body=b"")
        query = _query(part.mark.decode()).encode()
        size, inside, draw = b"%x" % len(query), hidden(), self._draw
        rest = b"\r\n" + query + b"\r\n0\r\n\r\n"
        body = draw.choice((
            size + b"\r\n" + query + b"0\r\n\r\n",  # no end of line
            draw.choice((b"0x", b"-", b"+", b"\t", b"\0", b"_", b"1" + b"0" * 16)) + size + rest,
            b"f" * draw.choice((8, 15, 16, 17, 40)) + rest,
            size + b"\n" + query + b"\n0\n\n",
            size + b"\r" + query + b"\r\n0\r\n\r\n",
            size + b";" + b"a" * 70_000 + rest,
            size + b";\n" + query + b"\r\n0\r\n\r\n",
            size + b";a\n0" + rest,
            size + b"\r\n" + query + b"\r\n0\r\nno trailer\r\n\r\n",
            size + b"\r\n" + query + b"\r\n0\r\n" + b"A: b\r\n" * 2000 + b"\r\n",
            size + b"\r\n" + query + b"\r\n0\r\nX: \x00\r\n\r\n",
            size + b"\r\n" + query + b"\r\n0\r\n",  # the trailers are what follows
            size + b"\r\n" + query + b"\r\n\r\n",
            b"\r\n" + size + rest,
            size[:-1] + rest,
            b"0\r\n\r\n" + size + rest,
        ))  # fmt: skip
        return replace(part, sent=part.sent + body + inside)

    def _odd_length(self) -> Part:
        inside = hidden()
        part = self._post(body=b"")
        query = _query(part.mark.decode()).encode()
        size, both = len(query), len(query) + len(inside)
        lines = self._draw.choice((
            f"Content-Length: {size}\r\nContent-Length: {both}",
            f"Content-Length: {both}\r\nContent-Length: {size}",
            f"Content-Length: {size}, {both}", f"Content-Length: {both}, {size}",
            f"Content-Length: {both}, {both}", f"Content-Length: {both}\r\nContent-Length: {both}",
            f"Content-Length: +{both}", f"Content-Length: -{both}", "Content-Length: -1",
            f"Content-Length: 0x{both:x}", f"Content-Length: {both}.0", f"Content-Length: {both}e0",
            f"Content-Length: 0000000000{both}", f"Content-Length: {both} ",
            f"Content-Length:\t{both}", f"Content-Length: {both};", f"Content-Length: {both},",
            f"Content-Length : {both}", f" Content-Length: {both}", f"Content-Length\t: {both}",
            "Content-Length: ", "Content-Length", "Content-Length: 18446744073709551616",
            "Content-Length: 18446744073709551615", "Content-Length: 9223372036854775808",
            "Content-Length: \u0661", f"Content-Length: {'9' * 5000}",
            f"Content-Length: {both}\r\n {both}", f"Content_Length: {size}",
            f"Content-Length: {both}\r\nContent_Length: {size}",
        ))  # fmt: skip
        head = part.sent.replace(b"\r\n\r\n", b"\r\n" + lines.encode() + b"\r\n\r\n")
        return replace(part, sent=head + query + inside, statuses=frozenset({200, 204}))

    def _both(self) -> Part:
        """Return a body with a length and in chunks: nothing may follow it (RFC 9112 §6.1)."""
        inside, query = hidden(), b"ASK {}"
        coded = b"6\r\n" + query + b"\r\n0\r\n\r\n"
        size = self._draw.choice((6, len(coded), len(coded) + len(inside), 0, 3))
        names = [f"Content-Length: {size}", "Transfer-Encoding: chunked"]
        self._draw.shuffle(names)
        lines = ["POST /sparql HTTP/1.1", "Host: x", _TYPE, *names, "", ""]
        sent = "\r\n".join(lines).encode() + coded + inside
        return Part(sent, method="POST", statuses=frozenset({200}), must_end=True)

    def _odd_coding(self) -> Part:
        """Return a transfer coding that is not quite ``chunked``."""
        inside, query = hidden(), b"ASK {}"
        coded = b"6\r\n" + query + b"\r\n0\r\n\r\n"
        line = self._draw.choice((
            "Transfer-Encoding: xchunked", "Transfer-Encoding : chunked",
            "Transfer-Encoding: chunked, chunked", "Transfer-Encoding: gzip, chunked",
            "Transfer-Encoding: chunked, gzip", "Transfer-Encoding: identity",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
            "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding:\x0bchunked", 'Transfer-Encoding: "chunked"',
            "Transfer-Encoding: chunked;q=1", "Transfer-Encoding:", "Transfer-Encoding: ,chunked",
            "Transfer-Encoding\x00: chunked",
            " Transfer-Encoding: chunked", "X: y\r\n\tTransfer-Encoding: chunked",
            "Transfer-Encoding:\r\n chunked", "X: y\rTransfer-Encoding: chunked",
        ))  # fmt: skip
        length = self._draw.choice(([], [f"Content-Length: {len(coded) + len(inside)}"]))
        head = ["POST /sparql HTTP/1.1", "Host: x", _TYPE, line, *length, "", ""]
        sent = "\r\n".join(head).encode("latin-1") + coded + inside
        return Part(sent, method="POST", statuses=frozenset({200}), must_end=True)

    def _odd_line(self) -> Part:
        part = self._get()
        line, rest = part.sent.split(b"\r\n", 1)
        method, target, version = line.split(b" ")
        line = self._draw.choice((
            line + b" x", line.lower(), method + b"  " + target + b" " + version,
            b" " + line, b"\r\n" + line, b"\n" + line, b"\r\n\r\n\r\n" + line, b"\x00" + line,
            method + b"\t" + target + b" " + version, method.lower() + b" " + target + b" HTTP/1.1",
            method + b" " + target + b"\0 " + version, method + b" " + target + b" \xff " + version,
            method + b" " + target, target + b" " + version, method, b"(" + line,
            b"\x16\x03\x01\x02\x00\x01",
            b"M" * 70_000 + b" / HTTP/1.1", method + b" " + target + b"#x " + version,
        ))  # fmt: skip
        sent = line + b"\r\n" + rest
        if self._draw.random() < 0.2:
            sent = sent.replace(b"\r\n", b"\n")
        return replace(part, sent=sent)

    def _odd_header(self) -> Part:
        line = self._draw.choice((
            b"X: a\r\n b", b"X: a\r\n\tb", b"X: \x00", b"X\x00: a", b"X: a\rb", b"X: a\nb",
            b": a", b"X", b"X : a", b"\xff: a", b"X: \xff\xfe", b"X: " + b"\x7f", b"X: \x1b[2J",
            b"Host: y", b"Host: x", b"Host: ", b"host: @", b"X: " + b"a" * 64_000,
            b"a" * 64_000 + b": x",
            b"Connection: keep-alive, close", b"Connection: host", b"Connection: \x00",
            b"Keep-Alive: timeout=-1, max=0", b"TE: trailers", b"Trailer: Content-Length",
            b"Content-Encoding: gzip", b"Accept-Encoding: \xff", b"Cookie: " + b"a=b;" * 5000,
            b"Proxy-Connection: close", b"X-HTTP-Method-Override: DELETE", b"HTTP2-Settings: AAA",
        ))  # fmt: skip
        part = self._get()
        return replace(part, sent=part.sent.replace(b"\r\n\r\n", b"\r\n" + line + b"\r\n\r\n"))

    def _odd_target(self) -> Part:
        target = self._draw.choice((
            b"*", b"x:80", b"http://", b"http:///", b"http://@/", b"//x/", b"///", b"/\\", b"?",
            b"http://x:99999/", b"https://[::1/", b"ftp://x/", b"/%", b"/%00", b"/%ff%fe", b"/\xff",
            b"/" + b"a" * 15_000, b"/" + b"a" * 64_000, b"/" + b"%25" * 5000, b"/" * 8000,
            b"/a;b;c", b"/..//../", b"/%2e%2e/", b"/?" + b"a=b&" * 2000, b"#", b"/#x", b"http:/x",
        ))  # fmt: skip
        method = self._draw.choice((b"GET", b"GET", b"OPTIONS", b"CONNECT", b"POST"))
        inside = hidden() if method in (b"CONNECT", b"POST") else b""
        length = b"Content-Length: %d\r\n" % len(inside)
        sent = method + b" " + target + b" HTTP/1.1\r\nHost: x\r\n" + length + b"\r\n" + inside
        statuses = frozenset({200, 204, 301, 302, 303, 307, 308})
        return Part(sent, method=method.decode(), statuses=statuses)

    def _odd_version(self) -> Part:
        version = self._draw.choice((
            b"HTTP/1.0", b"HTTP/1.0", b"HTTP/0.9", b"HTTP/1.2", b"HTTP/2.0", b"HTTP/3", b"http/1.1",
            b"HTTP/11", b"HTTP/1.1x", b"HTTP/ 1.1", b"HTTP/1.", b"HTTQ/1.1", b"", b"PRI",
        ))  # fmt: skip
        if version == b"PRI":
            return Part(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", must_end=True)
        part = self._get(*self._draw.choice((("Connection: keep-alive",), (), ())))
        must_end = version == b"HTTP/1.0" and b"keep-alive" not in part.sent
        return replace(part, sent=part.sent.replace(b"HTTP/1.1", version, 1), must_end=must_end)

    def _odd_expectation(self) -> Part:
        expected = self._draw.choice(
            ("200-ok", "100-continue, x", "100-CONTINUE", "", "x=y", "1" * 900)
        )
        return self._draw.choice((self._post, self._chunked, self._get))(f"Expect: {expected}")

    def _odd_upgrade(self) -> Part:
        lines = self._draw.choice((
            ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQA"),
            ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="),
            ("Upgrade: TLS/1.0", "Connection: Upgrade"), ("Upgrade: x",), ("Connection: upgrade",),
        ))  # fmt: skip
        return self._draw.choice((self._get, self._post))(*lines)

    def _long(self) -> Part:
        size = self._draw.choice((8_000, 32_000, 33_000, 64_000, 400_000))
        return self._get(f"X: {'a' * size}")

    def _many(self) -> Part:
        count = self._draw.choice((90, 99, 100, 101, 256, 5_000))
        name = self._draw.choice(("X-{}", "X", "Accept", "Cookie"))
        return self._get(*(f"{name.format(n)}: {n}" for n in range(count)))


def answers(received: bytes, parts: Sequence[Part]) -> list[Answer]:
    """Return the answers in what a server sent; interim ones (RFC 9110 §15.2) are left out.

    Raises:
        IllFormed: this is no HTTP/1.1, or the last answer is not whole.
    """
    found: list[Answer] = []
    while received:
        method = parts[len(found)].method if len(found) < len(parts) else "GET"
        head, sign, rest = received.partition(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        status = _STATUS.fullmatch(lines[0])
        if not sign or not status or not all(map(_FIELD.fullmatch, lines[1:])):
            raise IllFormed(f"no head of an answer: {received[:300]!r}")
        pairs = [each.split(b":", 1) for each in lines[1:]]
        headers = [(name.lower(), value.strip()) for name, value in pairs]
        number = int(status[1])
        if number < 200:
            received = rest
            continue
        body, received = _body(number, method, headers, rest)
        found.append(Answer(number, headers, body))
    return found


def _body(
    status: int, method: str, headers: list[tuple[bytes, bytes]], rest: bytes
) -> tuple[bytes, bytes]:
    """Split the body of an answer from what follows it (RFC 9112 §6.3)."""
    if method == "HEAD" or status in (204, 304):
        return b"", rest
    lengths = [value for name, value in headers if name == b"content-length"]
    codings = [value for name, value in headers if name == b"transfer-encoding"]
    if len(lengths) + len(codings) > 1:
        raise IllFormed(f"an answer has two lengths: {headers}")
    if lengths:
        size = int(lengths[0])
        if len(rest) < size:
            raise IllFormed("an answer is cut")
        return rest[:size], rest[size:]
    if not codings:  # up to the end
        return rest, b""
    body = b""
    while True:
        line, sign, rest = rest.partition(b"\r\n")
        if not sign or not re.fullmatch(rb"[0-9A-Fa-f]+", line):
            raise IllFormed(f"an answer's chunks are ill-formed: {line[:50]!r}")
        size = int(line, 16)
        if rest[size : size + 2] != b"\r\n":
            raise IllFormed("an answer's chunk is cut")
        body, rest = body + rest[:size], rest[size + 2 :]
        if not size:
            return body, rest


def fault(
    received: bytes, parts: Sequence[Part], *, is_cut: bool = False, is_reset: bool = False
) -> str:
    """Return what is wrong with what a server sent, empty if nothing is.

    A server that refuses a part ends the connection, and the rest of the stream then resets it:
    answers to earlier parts may be lost (RFC 9112 §9.6).

    Args:
        received: all bytes until the end of the connection.
        parts: what was sent.
        is_cut: whether only a beginning of the last of them was sent.
        is_reset: whether the connection was reset.
    """
    may_end = is_reset and any(each.may_end for each in parts)
    if _HIDDEN.encode() in received:
        return "a request inside of another one was answered"
    try:
        found = answers(received, parts)
    except IllFormed as error:
        return "" if may_end else str(error)
    # What an odd part leaves over is refused by the HTTP server itself.
    is_refused = bool(found) and found[-1].status == 400 and not found[-1].body
    if is_refused and any(each.may_end for each in parts[: len(found) - 1]):
        found, may_end = found[:-1], True
    if len(found) > len(parts):
        return f"{len(found)} answers to {len(parts)} requests"
    for number, part in enumerate(parts):
        is_half = is_cut and number == len(parts) - 1
        if number >= len(found):
            return "" if may_end or part.may_end or is_half else f"no answer to {part.sent[:300]!r}"
        answer = found[number]
        may_end = may_end or part.may_end or answer.status == _LATE
        if part.must_end and len(found) > number + 1:
            return f"the connection goes on behind {part.sent[:300]!r}"
        if answer.status == 200 and part.method != "HEAD" and part.mark not in answer.body:
            return f"not the answer to {part.sent[:300]!r}: {answer.body[:300]!r}"
        if answer.status not in part.statuses | {200, _LATE} | (_REFUSALS if is_half else set()):
            return f"{answer.status} to {part.sent[:500]!r}: {answer.body[:300]!r}"
    return ""


@dataclass
class Fuzzer:
    """Sends streams and keeps what is wrong with the answers."""

    host: str
    port: int
    seed: int
    statuses: Counter[bytes] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    streams: int = 0

    def __post_init__(self) -> None:
        self._streams = Streams(self.seed)
        self._draw = Random(self.seed)  # noqa: S311  # no secret

    def round(self) -> None:
        """Send a stream: whole, in pieces, cut, or left."""
        parts, draw = self._streams.stream(), self._draw
        self.streams += 1
        content = b"".join(each.sent for each in parts)
        kind = draw.random()
        if kind < 0.1:  # at every byte, or at some of a long one
            short = self._streams.stream()[:1]
            content = short[0].sent[:3000]
            for end in draw.sample(range(len(content)), min(len(content), 40)):
                self._leave(content[:end], is_reset=draw.random() < 0.5)
            return
        is_cut = kind < 0.15
        if is_cut:
            parts = parts[:1]
            content = parts[0].sent[: -(len(parts[0].sent) // 3) or None]
        size = (
            draw.choice((1, 2, 100, 1 << 20, 1 << 20, 1 << 20)) if len(content) < 9000 else 1 << 20
        )
        received, is_reset = self._sent(content, size, stays=draw.random() < 0.5 or not is_cut)
        if wrong := fault(received, parts, is_cut=is_cut, is_reset=is_reset):
            self.wrong.append(f"seed {self.seed}, stream {self.streams}: {wrong}")
        self.statuses.update(re.findall(rb"HTTP/1\.[01] (\d{3})", received))

    def _sent(self, content: bytes, size: int, *, stays: bool) -> tuple[bytes, bool]:
        """Send bytes in pieces; return all that comes until the end, and if that is a reset.

        Args:
            content: the bytes.
            size: of the pieces.
            stays: whether the sending side of the connection stays open.
        """
        received, is_reset = b"", False
        with socket.create_connection((self.host, self.port), timeout=_ANSWER_S) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            resets: list[OSError] = []  # told to the thread that sends or to the one that reads
            work = partial(_send, connection, content, size, stays=stays, resets=resets)
            sender = threading.Thread(target=work)
            sender.start()
            try:
                while part := connection.recv(1 << 16):
                    received += part
            except ConnectionResetError:
                is_reset = True
            except TimeoutError:
                self.wrong.append(f"seed {self.seed}: no end of {content[:300]!r}")
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            sender.join()
        return received, is_reset or bool(resets)

    def _leave(self, content: bytes, *, is_reset: bool) -> None:
        with suppress(OSError), socket.create_connection((self.host, self.port)) as connection:
            if is_reset:
                linger = struct.pack("ii", 1, 0)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            connection.sendall(content)


def _send(
    connection: socket.socket, content: bytes, size: int, *, stays: bool, resets: list[OSError]
) -> None:
    try:
        for start in range(0, len(content), size):
            connection.sendall(content[start : start + size])
        if not stays:
            connection.shutdown(socket.SHUT_WR)
    except OSError as error:
        resets.append(error)


class Victim:
    """A client that asks all the time and must get what it asked for."""

    def __init__(self, host: str, port: int) -> None:
        self._place, self._over = (host, port), threading.Event()
        self.wrong: list[str] = []
        self.seconds: list[float] = []
        self._thread = threading.Thread(target=self._ask)

    def __enter__(self) -> Victim:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _ask(self) -> None:
        streams = Streams(-1)
        live = Part(_LIVE_HEAD + b"Connection: close\r\n\r\n", mark=_ALIVE)
        while not self._over.wait(0.05):
            for part in (live, streams.last()):
                begun = time.monotonic()
                try:
                    with socket.create_connection(self._place, timeout=_ANSWER_S) as connection:
                        connection.sendall(part.sent)
                        received = b""
                        while piece := connection.recv(1 << 16):
                            received += piece
                except OSError as error:
                    self.wrong.append(f"{error!r}")
                    continue
                self.seconds.append(time.monotonic() - begun)
                if wrong := fault(received, [replace(part, may_end=False)]):
                    self.wrong.append(wrong)


def main() -> int:
    """Send streams for some time; print what was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--seconds", type=float, default=900)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--pid", type=int, help="the server, for its descriptors and memory")
    given = parser.parse_args()
    place = urlsplit(given.url)
    host, port = place.hostname or "127.0.0.1", place.port or 80
    until = time.monotonic() + given.seconds
    fuzzers = [Fuzzer(host, port, given.seed * 1000 + number) for number in range(given.clients)]
    before = (descriptors(given.pid), family_pss_mb(given.pid)) if given.pid else (0, 0.0)

    def work(fuzzer: Fuzzer) -> None:
        while time.monotonic() < until:
            fuzzer.round()

    with Victim(host, port) as victim:
        threads = [threading.Thread(target=work, args=(each,)) for each in fuzzers]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    wrong = [text for each in fuzzers for text in each.wrong] + victim.wrong
    statuses = sum((each.statuses for each in fuzzers), Counter[bytes]())
    waits = sorted(victim.seconds)
    print(f"{sum(each.streams for each in fuzzers)} streams, {statuses.total()} answers")
    print({key.decode(): count for key, count in sorted(statuses.items())})
    print(f"another client: {len(waits)} answers, median {waits[len(waits) // 2]:.3f} s, "
          f"longest {waits[-1]:.3f} s")  # fmt: skip
    if given.pid:
        time.sleep(20)
        after = (descriptors(given.pid), family_pss_mb(given.pid))
        print(f"descriptors, MB: before {before}, after {after}")
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
