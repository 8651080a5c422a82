"""Compression of responses by negotiation (RFC 9110 §8.4, §12.5.3)."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from kg_server import formats

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

Headers = list[tuple[str, str]]

MIN_BYTES = 1400
"""Shorter responses fit into one packet, and are not compressed."""

_PAGE_BYTES, _PAGE_LEVEL = 1 << 18, 11
"""Longest body for this level of zstd, which packs 100 kB in some 4 ms, a sixth smaller."""

IDENTITY = "identity"

_COMPRESSIBLE = ("text/", "application/", "image/svg+xml")
_MOST_CODINGS = 50
"""Most codings of an ``Accept-Encoding`` header that are read."""
_UNLISTED = 0.0005
"""Weight of ``identity`` if Accept-Encoding does not list it: acceptable, least preferred."""


class Packer(Protocol):
    """Compressor of a stream of chunks."""

    def compress(self, data: bytes, /) -> bytes:
        """Return the compressed chunk; the client can decompress it without later bytes."""
        ...

    def flush(self) -> bytes:
        """Return the last bytes of the stream."""
        ...


class Plain:
    """No compression: returns chunks unchanged."""

    def compress(self, data: bytes) -> bytes:
        """Return the data."""
        return data

    def flush(self) -> bytes:
        """Return nothing."""
        return b""


class Gzip:
    """Gzip (RFC 1952); each chunk is flushed, because the next one of a query may take long."""

    def __init__(self) -> None:
        self._compressor = zlib.compressobj(5, zlib.DEFLATED, 31)

    def compress(self, data: bytes) -> bytes:
        """Return the data, compressed to a whole number of bytes."""
        return self._compressor.compress(data) + self._compressor.flush(zlib.Z_SYNC_FLUSH)

    def flush(self) -> bytes:
        """Return the end of the stream, with its checksum."""
        return self._compressor.flush()


class Zstd:
    """Zstandard (RFC 8878) with a window of 2 MB; clients accept up to 8 MB (RFC 9659 §3)."""

    def __init__(self, level: int = 3) -> None:
        # Level 3 packs query results as small as gzip's level 5, in a third of the time.
        options: dict[int, int] = {
            zstd.CompressionParameter.compression_level: level,
            zstd.CompressionParameter.window_log: 21,
        }
        self._compressor = zstd.ZstdCompressor(options=options)

    def compress(self, data: bytes) -> bytes:
        """Return the data as whole blocks."""
        return self._compressor.compress(data, zstd.ZstdCompressor.FLUSH_BLOCK)

    def flush(self) -> bytes:
        """Return the end of the frame."""
        return self._compressor.flush()


_PACKERS: dict[str, Callable[[], Packer]] = {"zstd": Zstd, "gzip": Gzip, IDENTITY: Plain}
"""The content codings, preferred first."""


@dataclass(frozen=True, slots=True)
class Coding:
    """A content coding, and the length from which a body is sent in it, bytes."""

    name: str = IDENTITY
    min_bytes: int = MIN_BYTES

    @property
    def tag_end(self) -> str:
        """Ending of entity tags of representations in this coding."""
        return f'-{self.name}"'


def negotiate(accept_encoding: str) -> Coding:
    """Choose the content coding for a response.

    If no coding of this server is acceptable, the header is ignored (RFC 9110 §12.4.1).

    >>> [negotiate(each).name for each in ("gzip, zstd", "gzip, zstd;q=0.9", "*", "br", "")]
    ['zstd', 'gzip', 'zstd', 'identity', 'identity']
    >>> [negotiate(each).name for each in ("gzip;q=0", "zstd;q=0, *;q=0.1", "gzip;q=.2, identity")]
    ['identity', 'gzip', 'identity']
    >>> negotiate("gzip, identity;q=0")
    Coding(name='gzip', min_bytes=0)
    """
    if len(accept_encoding) > formats.REMEMBERED_LENGTH:
        return _negotiate.__wrapped__(accept_encoding)
    return _negotiate(accept_encoding)


@lru_cache(256)
def _negotiate(accept_encoding: str) -> Coding:
    weights = {}
    for part in accept_encoding.lower().split(",", _MOST_CODINGS)[:_MOST_CODINGS]:
        name, *parameters = (each.strip() for each in part.split(";"))
        weights[name.removeprefix("x-")] = formats.weight(parameters)
    every = weights.get("*", 0.0)
    refused = weights.get("*") == 0
    others = dict.fromkeys(_PACKERS, every) | {IDENTITY: 0.0 if refused else _UNLISTED}
    offers = {name: weights.get(name, other) for name, other in others.items()}
    chosen = max(offers, key=lambda name: offers[name])
    if offers[chosen] == 0:
        return Coding()
    return Coding(chosen, MIN_BYTES if offers[IDENTITY] else 0)


def whole(coding: Coding, headers: Headers, body: bytes) -> tuple[Headers, bytes]:
    """Compress a complete body, if the client accepts that and the body is long enough."""
    if not _compressible(headers):
        return headers, body
    headers = _varied(headers)
    if coding.name == IDENTITY or len(body) < coding.min_bytes:
        return headers, body
    is_page = coding.name == "zstd" and len(body) <= _PAGE_BYTES
    packer = Zstd(_PAGE_LEVEL) if is_page else _PACKERS[coding.name]()
    return _coded(headers, coding), packer.compress(body) + packer.flush()


def streamed(coding: Coding, headers: Headers) -> tuple[Headers, Packer]:
    """Return the headers of a compressed stream, and the packer for its chunks."""
    headers = [each for each in headers if each[0].lower() != "content-length"]
    if not _compressible(headers):
        return headers, Plain()
    headers = _varied(headers)
    if coding.name == IDENTITY:
        return headers, Plain()
    return _coded(headers, coding), _PACKERS[coding.name]()


def plain_tags(coding: Coding, if_none_match: str) -> str:
    """Return the entity tags of a header without the suffix of the chosen coding.

    The application knows tags without codings. A tag with the suffix of another coding stays as it
    is, and so matches no representation.

    >>> plain_tags(Coding("gzip"), '"a-gzip", W/"b-zstd", "c"')
    '"a", W/"b-zstd", "c"'
    """
    return if_none_match.replace(coding.tag_end, '"')


_OF_304 = ("etag", "cache-control", "vary", "content-location", "expires", "date", "link")
_OF_ALL = ("access-control-", "cross-origin-", "x-", "referrer-policy", "set-cookie")


def not_modified(coding: Coding, headers: Headers, if_none_match: str) -> Headers:
    """Return the headers of a 304: those of the 200 that guide caches (RFC 9110 §15.4.5).

    Args:
        coding: the chosen coding.
        headers: the headers that a 200 would have.
        if_none_match: the header of the client; the 304 has the tag that the client sent.
    """
    kept = [each for each in headers if each[0].lower().startswith((*_OF_304, *_OF_ALL))]
    etag = value(kept, "etag").removesuffix(coding.tag_end).removesuffix('"')
    coded = etag.removeprefix("W/") + coding.tag_end
    end = coding.tag_end if coded in if_none_match else '"'
    untagged = [each for each in kept if each[0].lower() != "etag"]
    return _varied([*untagged, ("ETag", etag + end)])


def sized(headers: Headers, status: int, length: int) -> Headers:
    """Return the headers of the answer to a HEAD, with the length of the body of the GET.

    ``Content-Length`` is left out if the length is unknown or not allowed (RFC 9110 §8.6).
    """
    if not length or status in (204, 304) or value(headers, "content-length"):
        return headers
    return [*headers, ("Content-Length", str(length))]


def value(headers: Headers, name: str) -> str:
    """Return the value of a header, empty when there is none."""
    for each, text in headers:
        if each.lower() == name:
            return text
    return ""


def _compressible(headers: Headers) -> bool:
    plain = not value(headers, "content-encoding")
    return plain and value(headers, "content-type").startswith(_COMPRESSIBLE)


def _varied(headers: Headers) -> Headers:
    vary = value(headers, "vary")
    if "accept-encoding" in vary.lower():
        return headers
    varied = ", ".join(filter(None, (vary, "Accept-Encoding")))
    return [*(each for each in headers if each[0].lower() != "vary"), ("Vary", varied)]


def _coded(headers: Headers, coding: Coding) -> Headers:
    """Add the coding to headers and entity tag: each coding has a tag of its own (§8.8.3.3)."""
    etag = value(headers, "etag").removesuffix('"')
    kept = [each for each in headers if each[0].lower() not in ("etag", "content-length")]
    tagged = [("ETag", etag + coding.tag_end)] if etag else []
    return [*kept, *tagged, ("Content-Encoding", coding.name)]
