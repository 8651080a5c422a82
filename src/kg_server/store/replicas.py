"""Replicas of an engine, with the state of each in memory that forked processes share.

The first replica is asked as long as it answers: blank nodes have other labels in each replica, and
the queries of one page must agree. Servers that get the replicas in other orders share the load.

A replica that gives no answer five times in a row is not asked for a second, and then gets one
query as a trial. A replica whose graph has another version is asked only when there is no other.
"""

from __future__ import annotations

import mmap
import struct
import time
from collections.abc import Iterator, Sequence

from kg_server.store.connection import Endpoint

FAILURES = 5
"""Failures in a row that open the breaker of a replica."""
OPEN_S = 1.0
"""Seconds for which an open breaker keeps queries from a replica."""

_SLOT = struct.Struct("dI20s")


class Replicas:
    """Endpoints with the same graph.

    Args:
        endpoints: their addresses, the preferred one first.
    """

    def __init__(self, endpoints: Sequence[Endpoint]) -> None:
        self.endpoints = tuple(endpoints)
        self._served_at = _SLOT.size * len(self.endpoints)
        self._shared = mmap.mmap(-1, self._served_at + len(_UNKNOWN))

    def candidates(self, version: str) -> Iterator[int]:
        """Yield the numbers of the replicas that may be asked, the best first.

        Args:
            version: the version of the graph that is wanted.
        """
        now = time.monotonic()
        closed = [each for each in range(len(self.endpoints)) if self._read(each)[0] <= now]
        wanted = _written(version)
        closed.sort(key=lambda each: self._read(each)[2] not in (wanted, _UNKNOWN))
        for each in closed:
            _, failures, seen = self._read(each)
            if failures >= FAILURES:  # one query tries it, while the others leave it alone
                self._write(each, time.monotonic() + OPEN_S, failures, seen)
            yield each

    def succeeded(self, index: int) -> None:
        """Note that a replica answered."""
        _, failures, seen = self._read(index)
        if failures:
            self._write(index, 0.0, 0, seen)

    def failed(self, index: int) -> None:
        """Note that a replica gave no answer."""
        open_until, failures, seen = self._read(index)
        failures = min(failures + 1, 1 << 30)
        if failures >= FAILURES:
            open_until = time.monotonic() + OPEN_S
        self._write(index, open_until, failures, seen)

    def has(self, index: int, version: str) -> None:
        """Note the version of a replica's graph; empty if it has none, as during a publication."""
        open_until, failures, _ = self._read(index)
        self._write(index, open_until, failures, _written(version) if version else _NONE)

    def serve(self, version: str) -> None:
        """Note the version that this server has loaded."""
        self._shared[self._served_at :] = _written(version)

    def is_outdated(self, newest: str) -> bool:
        """Tell whether this server has loaded another version than the newest."""
        return self._shared[self._served_at :] not in (_UNKNOWN, _written(newest))

    def _read(self, index: int) -> tuple[float, int, bytes]:
        open_until, failures, seen = _SLOT.unpack_from(self._shared, index * _SLOT.size)
        return open_until, failures, seen

    def _write(self, index: int, open_until: float, failures: int, seen: bytes) -> None:
        _SLOT.pack_into(self._shared, index * _SLOT.size, open_until, failures, seen)


_UNKNOWN = bytes(20)
"""The version of a replica that was not asked for it yet."""
_NONE = b"-".ljust(20, b"\0")


def _written(version: str) -> bytes:
    return version.encode()[:20].ljust(20, b"\0")
