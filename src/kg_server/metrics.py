"""Counters and timings, as Prometheus text.

With ``PROMETHEUS_MULTIPROC_DIR`` set before this module is imported, as the server does, the
numbers of all HTTP workers add up (prometheus-client's multiprocess mode).
"""

from __future__ import annotations

import os

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

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


def text() -> bytes:
    """Return all metrics in the Prometheus text format."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
