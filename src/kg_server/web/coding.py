"""Compression of responses by negotiation (RFC 9110 §8.4, §12.5.3)."""

from __future__ import annotations

import zlib
from typing import Protocol

Headers = list[tuple[str, str]]

MIN_BYTES = 1400
"""Below this a response fits one packet, and compressing it pays nothing."""

_COMPRESSIBLE = ("text/", "application/", "image/svg+xml")
_OFF = ("q=0", "q=0.0", "q=0.00", "q=0.000")


class Packer(Protocol):
    """What turns chunks into what is sent."""

    def compress(self, data: bytes, /) -> bytes:
        """Return what can be sent now."""
        ...

    def flush(self) -> bytes:
        """Return the rest."""
        ...


class Plain:
    """Sends chunks as they are."""

    def compress(self, data: bytes) -> bytes:
        """Return the data."""
        return data

    def flush(self) -> bytes:
        """Return nothing."""
        return b""


def accepts_gzip(accept_encoding: str) -> bool:
    """Tell whether a client takes gzip.

    >>> accepts_gzip("br, gzip;q=0.5"), accepts_gzip("gzip;q=0, *"), accepts_gzip("")
    (True, False, False)
    """
    for coding in accept_encoding.lower().split(","):
        name, _, weight = coding.partition(";")
        if name.strip() in ("gzip", "*"):
            return weight.replace(" ", "") not in _OFF
    return False


def whole(gzip: bool, headers: Headers, body: bytes) -> tuple[Headers, bytes]:
    """Compress a body that is at hand, if the client takes it and it pays."""
    if not _compressible(headers):
        return headers, body
    headers = _varied(headers)
    if not gzip or len(body) < MIN_BYTES:
        return headers, body
    packer = _gzip()
    return _coded(headers), packer.compress(body) + packer.flush()


def streamed(gzip: bool, headers: Headers) -> tuple[Headers, Packer]:
    """Return what compresses a body chunk by chunk, and the headers that say so."""
    headers = [each for each in headers if each[0].lower() != "content-length"]
    if not _compressible(headers):
        return headers, Plain()
    headers = _varied(headers)
    return (_coded(headers), _gzip()) if gzip else (headers, Plain())


def value(headers: Headers, name: str) -> str:
    """Return the value of a header, empty when there is none."""
    return next((value for each, value in headers if each.lower() == name), "")


def _compressible(headers: Headers) -> bool:
    plain = not value(headers, "content-encoding")
    return plain and value(headers, "content-type").startswith(_COMPRESSIBLE)


def _varied(headers: Headers) -> Headers:
    vary = ", ".join(filter(None, (value(headers, "vary"), "Accept-Encoding")))
    return [*(each for each in headers if each[0].lower() != "vary"), ("Vary", vary)]


def _coded(headers: Headers) -> Headers:
    """Name the coding; another coding is another representation with its own tag (§8.8.3.3)."""
    etag = value(headers, "etag").removesuffix('"')
    kept = [each for each in headers if each[0].lower() not in ("etag", "content-length")]
    tagged = [("ETag", f'{etag}-gzip"')] if etag else []
    return [*kept, *tagged, ("Content-Encoding", "gzip")]


def _gzip() -> Packer:
    return zlib.compressobj(5, zlib.DEFLATED, 31)
