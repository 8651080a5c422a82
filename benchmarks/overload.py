"""Cheap queries one after another, alone and beside runaway queries that stay in flight."""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Self
from urllib.parse import quote

from benchmarks.loadgen import Connection, Load, percentile

from benchmarks import queries

RUNAWAYS = 4
LEAST = 1000  # requests, of which the slowest hundredth is ten
MOST_S = 30  # for which they may take longer than was asked


def sequence(url: str, lines: Iterator[str], seconds: float) -> Load:
    """Ask one query after another over one connection.

    Args:
        url: of the endpoint, up to where a query follows.
        lines: percent-encoded queries.
        seconds: how long at least, and longer until there are ``LEAST`` requests; at most
            ``MOST_S`` longer.
    """
    times, errors, begun = [], 0, time.perf_counter()
    connection: Connection | None = None
    while _goes_on(time.perf_counter() - begun, len(times), seconds):
        start = time.perf_counter()
        try:
            connection = connection or Connection(url)
            failed = connection.ask(next(lines)) != 200
        except OSError:
            failed, connection = True, None
        errors += failed
        times.append(time.perf_counter() - start)
    if connection:
        connection.close()
    middle, high = (percentile(times, share) * 1e3 for share in (0.5, 0.99))
    return Load(len(times), time.perf_counter() - begun, errors, middle, high)


def _goes_on(spent: float, asked: int, seconds: float) -> bool:
    return spent < seconds or (asked < LEAST and spent < seconds + MOST_S)


class Runaways:
    """Runaway queries that are asked anew when they end, as a context."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._stop = threading.Event()
        self._open: dict[int, Connection] = {}
        self._flights: list[tuple[float, float]] = []
        self._begun: dict[int, float] = {}
        self._threads = [
            threading.Thread(target=self._run, args=(number,), daemon=True)
            for number in range(RUNAWAYS)
        ]

    def __enter__(self) -> Self:
        """Start them, and wait until they are in flight."""
        for thread in self._threads:
            thread.start()
        time.sleep(1)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close their connections."""
        self._stop.set()
        for connection in list(self._open.values()):
            connection.close()
        for thread in self._threads:
            thread.join(5)

    def in_flight(self, begin: float, end: float) -> float:
        """Return how many were in flight, on average, between two times of ``perf_counter``."""
        flights = [*self._flights, *((start, end) for start in list(self._begun.values()))]
        flown = sum(max(0.0, min(last, end) - max(first, begin)) for first, last in flights)
        return flown / (end - begin)

    def _run(self, number: int) -> None:
        # Another variable a query, so that none is answered with another's result.
        for attempt in itertools.count():
            if self._stop.is_set():
                return
            text = queries.RUNAWAY.replace("?n", f"?n{number}_{attempt}")
            try:
                self._fly(number, quote(text, safe=""))
            except OSError:
                self._stop.wait(0.1)

    def _fly(self, number: int, encoded: str) -> None:
        connection = self._open[number] = Connection(self._url, timeout_s=600)
        self._begun[number] = time.perf_counter()
        try:
            connection.ask(encoded)
        finally:
            self._flights.append((self._begun.pop(number), time.perf_counter()))
            with contextlib.suppress(OSError):
                connection.close()
