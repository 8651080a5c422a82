"""Counters and timings of all HTTP workers, as Prometheus text.

They are in memory that the main process makes and all workers share. They are not in a file, so
that a full disk does not matter. Each worker writes to a part of its own. A new worker continues
the part of a worker that ended, so that counters never fall.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping, MutableSequence
from dataclasses import dataclass
from itertools import accumulate
from typing import cast

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Metric, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.registry import Collector

from kg_server.errors import problem_types

CONTENT_TYPE = CONTENT_TYPE_LATEST

METHODS = ("GET", "HEAD", "POST", "QUERY", "OPTIONS", "PUT", "DELETE", "PATCH", "other")
"""Methods that are counted by name; all others count as one, because a client can invent any."""
_STATUSES = sorted({200, 301, 302, 303, 304, 308, 499, *(each.status for each in problem_types())})
_SLUGS = [each.slug for each in problem_types()]
_BUCKETS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30)

_REQUESTS_AT = 0
_STOPPED_AT = _REQUESTS_AT + len(METHODS) * (len(_STATUSES) + 1)
_SECONDS_AT = _STOPPED_AT + len(_SLUGS)
_SUM_AT = _SECONDS_AT + len(_BUCKETS) + 1
_BYTES_AT, _HITS_AT, _DISCONNECTS_AT, _CACHE_AT = range(_SUM_AT + 1, _SUM_AT + 5)
_CELLS = _CACHE_AT + 1
_METHOD_AT = {name: place for place, name in enumerate(METHODS)}
_STATUS_AT = {status: place for place, status in enumerate(_STATUSES)}
_SLUG_AT = {slug: _STOPPED_AT + place for place, slug in enumerate(_SLUGS)}

_PARTS = 64
"""Parts beyond the number of workers, because old and new workers overlap at a restart."""


class Shared:
    """The memory of the metrics of all workers; made before they are forked.

    Args:
        workers: the number of workers.
    """

    def __init__(self, workers: int) -> None:
        self.parts = workers + _PARTS
        self._descriptor = os.memfd_create("metrics")
        size = self.parts * _CELLS * 8
        os.ftruncate(self._descriptor, size)
        self.cells = memoryview(mmap.mmap(self._descriptor, size)).cast("d")

    def claim(self) -> memoryview[float]:
        """Return a part that no running process uses; this process keeps it until its end.

        Raises:
            OSError: no part is free.
        """
        for part in range(self.parts):
            try:
                fcntl.lockf(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, part)
            except OSError:
                continue
            return self.cells[part * _CELLS : (part + 1) * _CELLS]
        raise OSError("no part of the metrics is free")

    def running(self) -> list[bool]:
        """Return, for each part, whether a running process uses it."""
        return [self._is_claimed(part) for part in range(self.parts)]

    def _is_claimed(self, part: int) -> bool:
        lock = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, part, 1, 0)
        return _lock_type(fcntl.fcntl(self._descriptor, fcntl.F_GETLK, lock)) != fcntl.F_UNLCK


def _lock_type(answer: bytes) -> int:
    return int(struct.unpack_from("h", answer)[0])


class _Process:
    """Target of this process's metrics: its own memory until ``join`` is called."""

    cells: MutableSequence[float] = array("d", bytes(_CELLS * 8))
    shared: Shared | None = None


def join(shared: Shared) -> None:
    """Let this process count in a part of shared memory from now on."""
    _Process.cells = cast("MutableSequence[float]", shared.claim())
    _Process.cells[_CACHE_AT] = 0.0
    _Process.shared = shared


def count_request(method: str, status: int, seconds: float, body_bytes: int) -> None:
    """Count an answered request: its status, its time and the bytes of its body."""
    cells = _Process.cells
    row = _METHOD_AT.get(method, len(METHODS) - 1) * (len(_STATUSES) + 1)
    cells[row + _STATUS_AT.get(status, len(_STATUSES))] += 1
    cells[_SECONDS_AT + bisect_left(_BUCKETS, seconds)] += 1
    cells[_SUM_AT] += seconds
    cells[_BYTES_AT] += body_bytes


def count_hit() -> None:
    """Count a request that the response cache answered."""
    _Process.cells[_HITS_AT] += 1


def count_disconnect() -> None:
    """Count a client that left before its answer."""
    _Process.cells[_DISCONNECTS_AT] += 1


def count_stopped(slug: str) -> None:
    """Count a query that failed, by the slug of its problem."""
    _Process.cells[_SLUG_AT[slug]] += 1


def set_cache_bytes(size: int) -> None:
    """Set the bytes in this worker's response cache."""
    _Process.cells[_CACHE_AT] = size


@dataclass(frozen=True, slots=True, eq=False)  # a registry keeps collectors by identity
class Evaluators(Collector):
    """Metrics of the evaluators: their number, how many are busy, deaths by cause."""

    deaths: Mapping[str, int]
    alive: int
    busy: int

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics (prometheus-client's collectors)."""
        words = "Evaluators that died, by cause"
        deaths = CounterMetricFamily("kg_evaluator_deaths", words, labels=["cause"])
        for cause, number in self.deaths.items():
            deaths.add_metric([cause], number)
        yield deaths
        yield GaugeMetricFamily("kg_evaluators", "Evaluators", self.alive)
        yield GaugeMetricFamily("kg_evaluators_busy", "Evaluators with a query", self.busy)


class _Workers(Collector):
    """The sums over all workers."""

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics (prometheus-client's collectors)."""
        cells, cache_bytes = _sums()
        requests = CounterMetricFamily(
            "kg_requests", "Answered requests", labels=["method", "status"]
        )
        for method, row in _METHOD_AT.items():
            for status, place in (*_STATUS_AT.items(), ("other", len(_STATUSES))):
                number = cells[row * (len(_STATUSES) + 1) + place]
                if number:
                    requests.add_metric([method, str(status)], number)
        yield requests
        stopped = CounterMetricFamily(
            "kg_queries_stopped",
            "Queries that failed, by the slug of their problem",
            labels=["problem"],
        )
        for slug, place in _SLUG_AT.items():
            if cells[place]:
                stopped.add_metric([slug], cells[place])
        yield stopped
        words = "Seconds from a request's headers to the end of its response"
        sums = list(accumulate(cells[_SECONDS_AT:_SUM_AT]))
        limits = [str(float(each)) for each in _BUCKETS] + ["+Inf"]
        seconds = HistogramMetricFamily("kg_request_seconds", words)
        seconds.add_metric([], list(zip(limits, sums, strict=True)), cells[_SUM_AT])
        yield seconds
        sizes = "Bytes of response bodies"
        yield CounterMetricFamily("kg_response_bytes", sizes, cells[_BYTES_AT])
        hits = "Requests answered from the response cache"
        yield CounterMetricFamily("kg_cache_hits", hits, cells[_HITS_AT])
        left = "Clients that left before their response"
        yield CounterMetricFamily("kg_disconnects", left, cells[_DISCONNECTS_AT])
        yield GaugeMetricFamily("kg_cache_bytes", "Bytes in the response caches", cache_bytes)


def _sums() -> tuple[list[float], float]:
    """Return the sum of each cell, and the bytes in the caches of running workers."""
    shared = _Process.shared
    if shared is None:
        return list(_Process.cells), _Process.cells[_CACHE_AT]
    rows = [shared.cells[at : at + _CELLS].tolist() for at in range(0, len(shared.cells), _CELLS)]
    own = _Process.cells[_CACHE_AT]
    others = (row[_CACHE_AT] for row, runs in zip(rows, shared.running(), strict=True) if runs)
    return [sum(column) for column in zip(*rows, strict=True)], own + sum(others)


def text(*more: Collector) -> bytes:
    """Return all metrics, and those of further collectors, in the Prometheus text format."""
    registry = CollectorRegistry()
    for each in (_Workers(), *more):
        registry.register(each)
    return generate_latest(registry)
