"""The response cache in front of the application: bounded in bytes, least recently used."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from cachetools import LRUCache

_OVERHEAD_BYTES = 2500
"""What an entry costs beside its body, about: its key, its headers, and the objects."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A response that can be sent again as it is."""

    status: int
    headers: list[tuple[str, str]]
    etag: str
    body: bytes

    @property
    def size(self) -> int:
        """What the entry takes, bytes."""
        return len(self.body) + _OVERHEAD_BYTES


class ResponseCache:
    """Responses by what was asked and for which graph.

    The key holds the number of the graph in service, so that a reload empties the cache by
    itself: old entries are never asked for again and fall out.

    Args:
        max_bytes: what all entries may take.
        max_entry_bytes: larger responses are not kept.
    """

    def __init__(self, max_bytes: int, max_entry_bytes: int) -> None:
        self._entries: LRUCache[bytes, Stored] = LRUCache(
            max(max_bytes, 1), getsizeof=lambda entry: entry.size
        )
        self._lock = threading.Lock()
        self.max_entry_bytes = min(max_entry_bytes, max_bytes)

    def get(self, key: bytes) -> Stored | None:
        """Return the response that is kept under a key."""
        with self._lock:
            return self._entries.get(key)

    def put(self, key: bytes, entry: Stored) -> None:
        """Keep a response, unless it is too large."""
        if entry.size <= self.max_entry_bytes:
            with self._lock:
                self._entries[key] = entry

    @property
    def size_bytes(self) -> int:
        """What all entries take."""
        return int(self._entries.currsize)
