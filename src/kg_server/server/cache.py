"""The response cache in front of the application: bounded in bytes, least recently used."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from cachetools import LRUCache

from kg_server import metrics
from kg_server.server import compression
from kg_server.server.compression import Headers
from kg_server.server.exchange import Exchange, Handler, RawHeaders, raw
from kg_server.server.generation import Serving
from kg_server.server.request import Request
from kg_server.web import parameters, responses

_OVERHEAD_BYTES = 4000
"""Approximate size of an entry beside its body: key, headers and Python objects."""


_RELEVANT = {
    "accept": parameters.relevant_types,
    "accept-language": parameters.relevant_language,
    "cookie": parameters.relevant_cookies,
}
"""Functions that return the part of a header on which answers depend, by its name."""


@dataclass(slots=True)
class Stored:
    """A response in the cache; ``sent_headers`` are its headers, encoded."""

    status: int
    headers: Headers
    body: bytes
    etag: str = field(init=False)
    sent_headers: RawHeaders = field(init=False)

    def __post_init__(self) -> None:
        self.etag = compression.value(self.headers, "etag")
        self.sent_headers = raw(self.headers)

    async def send(self, exchange: Exchange, *, cached: bool = False) -> None:
        """Answer a request with this response."""
        if exchange.request.method == "HEAD":
            headers = raw(compression.sized(self.headers, self.status, len(self.body)))
            await exchange.send_whole(self.status, headers, b"", cached=cached)
        else:
            await exchange.send_whole(self.status, self.sent_headers, self.body, cached=cached)

    @property
    def size(self) -> int:
        """Size of the entry, bytes."""
        return len(self.body) + _OVERHEAD_BYTES


class ResponseCache:
    """Responses by the key of their request (``Request.key``).

    The key includes the number of the graph in service. So entries of an old graph are not used
    after a reload, and are dropped as the least recently used.

    Args:
        max_bytes: most bytes of all entries.
        max_entry_bytes: most bytes of one entry.
    """

    def __init__(self, max_bytes: int, max_entry_bytes: int) -> None:
        self._entries: LRUCache[bytes, Stored] = LRUCache(
            max(max_bytes, 1), getsizeof=lambda entry: entry.size
        )
        self._lock = threading.Lock()
        self.max_entry_bytes = min(max_entry_bytes, max_bytes)

    def get(self, key: bytes) -> Stored | None:
        """Return the response with this key, ``None`` if there is none."""
        with self._lock:
            return self._entries.get(key)

    def put(self, key: bytes, entry: Stored) -> None:
        """Store a response, unless it is too large."""
        if entry.size <= self.max_entry_bytes:
            with self._lock:
                self._entries[key] = entry
            metrics.set_cache_bytes(self.size_bytes)

    @property
    def size_bytes(self) -> int:
        """Size of all entries, bytes."""
        return int(self._entries.currsize)


class Cached:
    """Answers requests from the cache; hands the others to the next step.

    Args:
        serving: the graph in service.
        cache: the responses.
        after: the next step.
    """

    def __init__(self, serving: Serving, cache: ResponseCache, after: Handler) -> None:
        self._serving, self._cache, self._after = serving, cache, after

    async def __call__(self, exchange: Exchange) -> None:
        """Answer a request from the cache, or hand it on."""
        _leave_out_irrelevant(exchange.request)
        served = self._serving.current()
        exchange.key = exchange.request.key(served.generation, served.edition)
        stored = self._cache.get(exchange.key) if exchange.key else None
        if stored:
            metrics.count_hit()
            await _send(exchange, stored)
        else:
            await self._after(exchange)


def _leave_out_irrelevant(request: Request) -> None:
    """Remove the parts of a request on which its answer does not depend.

    So that requests with the same answer have the same key. The application does not see these
    parts either, so that it cannot depend on them.
    """
    if request.query_string:
        request.query_string = parameters.relevant(request.path, request.query_string)
    for name, relevant in _RELEVANT.items():
        value = request.headers.pop(name, "")
        if value and (kept := relevant(value)):
            request.headers[name] = kept


async def _send(exchange: Exchange, stored: Stored) -> None:
    request = exchange.request
    tags = request.header("if-none-match")
    # A POST selects no representation that a condition could be about (RFC 9110 §13.2.1).
    if tags and request.method != "POST" and _is_known(exchange, stored):
        headers = compression.not_modified(request.coding, stored.headers, tags)
        await exchange.send_whole(304, raw(headers), b"", cached=True)
    else:
        await stored.send(exchange, cached=True)


def _is_known(exchange: Exchange, stored: Stored) -> bool:
    coding = exchange.request.coding
    sent = compression.plain_tags(coding, exchange.request.header("if-none-match"))
    etag = compression.plain_tags(coding, stored.etag).removeprefix("W/").strip('"')
    return responses.matches(sent, etag)
