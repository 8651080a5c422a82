"""A request as the HTTP server gives it, with its body read."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from kg_server.errors import BadRequest, HeadersTooLarge, NotImplementedHere, UnsupportedMediaType
from kg_server.server.compression import IDENTITY, Coding, negotiate

_HOST = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=%-]*|\[[0-9A-Fa-f:.v]+\])(?::[0-9]*)?")
"""``uri-host [":" port]`` (RFC 9110 §7.2)."""

MAX_HEADER_BYTES = 32 << 10


@dataclass(slots=True)
class Request:
    """One request as it came, with its body read."""

    scope: Any
    body: bytes = b""
    started: float = field(default_factory=time.perf_counter)
    _coding: Coding | None = None

    def header(self, name: str) -> str:
        """Return a header's value, empty when there is none; lines of one name are one list."""
        return ", ".join(self.scope.headers.get_all(name))

    def check(self) -> None:
        """Look at what says for whom a request is, and how to read it.

        Raises:
            HeadersTooLarge: there is more than anybody has to say (RFC 6585 §5).
            NotImplementedHere: its method or its transfer coding is unknown (RFC 9110 §9.1,
                RFC 9112 §6.1).
            BadRequest: there is not exactly one well-formed ``Host`` (RFC 9112 §3.2).
            UnsupportedMediaType: the body has a content coding (RFC 9110 §15.5.16).
        """
        if sum(map(len, self.scope.headers.values())) > MAX_HEADER_BYTES:
            raise HeadersTooLarge(f"The headers are longer than {MAX_HEADER_BYTES} bytes.")
        method, coded = self.scope.method, self.header("transfer-encoding").lower()
        if method != method.upper():
            raise NotImplementedHere(f"Methods are case-sensitive: {method.upper()}, not {method}.")
        if coded not in ("", "chunked"):
            raise NotImplementedHere("Of the transfer codings only chunked is known here.")
        hosts = self.scope.headers.get_all("host")
        if self.scope.http_version == "1.1" and (len(hosts) != 1 or not _HOST.fullmatch(hosts[0])):
            raise BadRequest("A request has one header Host, with the name of the server.")
        if self.header("content-encoding").lower() not in ("", IDENTITY):
            text = "The body of a request is read as it is. Send it without Content-Encoding."
            raise UnsupportedMediaType(text, headers={"Accept-Encoding": IDENTITY})

    @property
    def declared_bytes(self) -> int | None:
        """The length that the body is said to have (``Content-Length``, RFC 9110 §8.6)."""
        length = self.header("content-length").partition(",")[0]
        return int(length) if length else None

    def is_whole(self, size: int, ends: int) -> bool:
        """Tell whether a body came to its proper end (RFC 9112 §8).

        Args:
            size: how much came, bytes.
            ends: how many empty parts Granian gave (2.8, RSGI): one at the end, and one before it
                for an error, or for a trailer section.
        """
        if self.declared_bytes is not None:
            return size == self.declared_bytes
        return ends <= 1 or bool(self.header("trailer"))

    def key(self, generation: int) -> bytes | None:
        """Return the cache's key for this request; ``None`` when it cannot be cached.

        It is a hash: what a client sends must not take room that nobody counts.
        """
        if self.scope.method not in ("GET", "HEAD", "POST") or self.header("if-match"):
            return None
        said = (
            generation,
            "POST" if self.scope.method == "POST" else "GET",
            self.scope.path,
            self.scope.query_string,
            self.header("content-type") if self.body else "",
            self.header("accept"),
            self.header("accept-language"),
            self.header("cookie"),
            self.coding,
        )
        digest = blake2b(repr(said).encode("utf-8", "surrogatepass"), digest_size=32)
        digest.update(self.body)
        return digest.digest()

    @property
    def coding(self) -> Coding:
        """The content coding in which the client takes the answer best (RFC 9110 §12.5.3)."""
        if self._coding is None:
            self._coding = negotiate(self.header("accept-encoding"))
        return self._coding
