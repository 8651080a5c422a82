"""An HTTP request: its ASGI scope as attributes, and its body after that has been read."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

from kg_server.errors import BadRequest, HeadersTooLarge, NotImplementedHere, UnsupportedMediaType
from kg_server.server.compression import IDENTITY, Coding, negotiate

_HOST = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=%-]+|\[[0-9A-Fa-f:.v]+\])(?::[0-9]*)?")
"""``uri-host [":" port]`` (RFC 9110 §7.2)."""

MAX_HEADER_BYTES = 32 << 10

Scope = Mapping[str, Any]
"""The connection scope of a request (ASGI 3.0, HTTP)."""

Address = tuple[str, int]
"""The IP address and the port of one end of a connection."""


class Request:
    """One HTTP request.

    ``headers`` have names in lower case; lines with the same name are joined to one list (RFC 9110
    §5.3). A header with an underscore in its name is left out: WSGI cannot tell it from the name
    with a hyphen, so that it would pass for a header that was checked (CWE-444). ``is_whole`` tells
    that the limits are kept and the body has been read.

    Args:
        scope: the connection scope.
    """

    __slots__ = (
        "_coding", "_header_bytes", "_hosts", "body", "client", "headers", "http_version",
        "is_whole", "method", "path", "query_string", "raw_path", "scheme", "server", "started",
    )  # fmt: skip

    def __init__(self, scope: Scope) -> None:
        self.started = time.perf_counter()
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.raw_path: bytes = scope["raw_path"]
        self.query_string: str = scope["query_string"].decode("utf-8", "replace")
        self.scheme: str = scope["scheme"]
        self.http_version: str = scope["http_version"]
        self.client, self.server = _address(scope["client"]), _address(scope["server"])
        self.headers: dict[str, str] = {}
        self.body = b""
        self._header_bytes = self._hosts = 0
        self._coding: Coding | None = None
        self.is_whole = False
        for raw_name, raw_value in scope["headers"]:
            self._header_bytes += len(raw_value)
            if b"_" not in raw_name:
                name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
                self._hosts += name == "host"
                old = self.headers.get(name)
                self.headers[name] = value if old is None else f"{old}, {value}"

    def header(self, name: str) -> str:
        """Return a header's value, empty when there is none."""
        return self.headers.get(name, "")

    def sender(self, header: str = "") -> str:
        """Return the address of the client; empty if the header should have it and has not.

        Args:
            header: the header in which a trusted proxy writes the address, as the last of a list;
                empty if there is no such proxy.
        """
        return self.header(header.lower()).rpartition(",")[2].strip() if header else self.client[0]

    def check(self) -> None:
        """Check method, ``Host``, codings and the size of the headers.

        Raises:
            HeadersTooLarge: the headers are over 32 KiB (RFC 6585 §5).
            NotImplementedHere: the method or the transfer coding is unknown (RFC 9110 §9.1,
                RFC 9112 §6.1).
            BadRequest: there is not exactly one well-formed ``Host`` (RFC 9112 §3.2).
            UnsupportedMediaType: the body has a content coding (RFC 9110 §15.5.16).
        """
        if self._header_bytes > MAX_HEADER_BYTES:
            raise HeadersTooLarge(f"The headers are longer than {MAX_HEADER_BYTES} bytes.")
        method, headers = self.method, self.headers
        if method != method.upper():
            raise NotImplementedHere(f"Methods are case-sensitive: {method.upper()}, not {method}.")
        if headers.get("transfer-encoding", "chunked").lower() != "chunked":
            # A proxy may see the end of such a body elsewhere (RFC 9112 §11.2).
            raise NotImplementedHere(
                "This server knows no transfer coding but chunked. "
                "Send the body in chunks, or with Content-Length.",
                headers={"Connection": "close"},
            )
        # Without a header Host, Granian gives an empty one (2.8, ASGI).
        host_is_right = self._hosts == 1 and _HOST.fullmatch(headers["host"])
        if self.http_version == "1.1" and not host_is_right:
            raise BadRequest(
                "A request needs exactly one header Host, with the name of the server."
            )
        if headers.get("content-encoding", IDENTITY).lower() not in ("", IDENTITY):
            text = "This server does not decompress bodies. Send the body without Content-Encoding."
            raise UnsupportedMediaType(text, headers={"Accept-Encoding": IDENTITY})

    @property
    def declared_bytes(self) -> int | None:
        """The length of the body by ``Content-Length`` (RFC 9110 §8.6)."""
        length = self.header("content-length").partition(",")[0]
        return int(length) if length else None

    def key(self, generation: int, edition: int) -> bytes | None:
        """Return the key of this request for the cache; ``None`` if it cannot be cached.

        The key is a hash, so that long requests need no more memory than the cache counts.
        """
        headers = self.headers
        if self.method not in ("GET", "HEAD", "POST") or "if-match" in headers:
            return None
        parts = (
            generation,
            edition,
            self.method == "POST",
            self.raw_path,
            self.query_string,
            headers.get("content-type") if self.body else None,
            headers.get("host"),  # pages have links to the host that was asked
            headers.get("accept"),
            headers.get("accept-language"),
            headers.get("cookie"),
            self.coding.name,
            self.coding.min_bytes,
        )
        digest = blake2b(repr(parts).encode("utf-8", "surrogatepass"), digest_size=32)
        digest.update(self.body)
        return digest.digest()

    @property
    def coding(self) -> Coding:
        """The content coding that the client prefers for the answer (RFC 9110 §12.5.3)."""
        if self._coding is None:
            self._coding = negotiate(self.header("accept-encoding"))
        return self._coding


def _address(pair: tuple[str, int | str | None] | None) -> Address:
    host, port = pair or ("", 0)
    return host, int(port or 0)
