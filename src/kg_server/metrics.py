"""Counters and timings, as Prometheus text.

With ``PROMETHEUS_MULTIPROC_DIR`` set before this module is imported, as the server does, the
numbers of all HTTP workers add up (prometheus-client's multiprocess mode).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Metric,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

CONTENT_TYPE = CONTENT_TYPE_LATEST

REQUESTS = Counter("kg_requests_total", "Answered requests", ["method", "status"])
REQUEST_SECONDS = Histogram(
    "kg_request_seconds",
    "Seconds from a request's head to the end of its response",
    buckets=(0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30),
)
RESPONSE_BYTES = Counter("kg_response_bytes_total", "Bytes of response bodies")
CACHE_HITS = Counter("kg_cache_hits_total", "Requests answered from the response cache")
CACHE_BYTES = Gauge("kg_cache_bytes", "Bytes in the response caches", multiprocess_mode="livesum")
STOPPED = Counter(
    "kg_queries_stopped_total",
    "Queries that did not end well, by the slug of their problem",
    ["problem"],
)
DISCONNECTS = Counter("kg_disconnects_total", "Clients that went away before their response")


@dataclass(frozen=True, slots=True, eq=False)  # a registry keeps collectors by identity
class Evaluators(Collector):
    """What the evaluators tell of themselves: deaths by cause, how many there are and are busy."""

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


def forget_the_dead() -> None:
    """Take away what processes had, such as their caches, that were killed; counters stay."""
    for file in Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]).glob("gauge_live*_*.db"):
        pid = file.stem.rpartition("_")[2]
        if not _runs(pid):
            mark_process_dead(int(pid))  # type: ignore[no-untyped-call]


def _runs(pid: str) -> bool:
    try:  # of one that ended and is not yet waited for it is empty (proc(5))
        return bool(Path("/proc", pid, "cmdline").read_bytes())
    except OSError:
        return False


def text(*more: Collector) -> bytes:
    """Return all metrics, and those of further collectors, in the Prometheus text format."""
    registry = CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(REGISTRY)
    for each in more:
        registry.register(each)
    return generate_latest(registry)
