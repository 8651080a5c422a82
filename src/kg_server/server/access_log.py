"""Counting and logging of answered requests: metrics, access log, slow-query log."""

from __future__ import annotations

import json
import logging
import time
from functools import partial
from hashlib import sha256

from kg_server import metrics
from kg_server.config import Settings
from kg_server.server.request import Request

access = logging.getLogger("kg_server.access")
slow_queries = logging.getLogger("kg_server.slow")

_ADDRESS = 64
"""Most characters of an address in the log."""
_TEXT = 2000
"""Most characters of a path, and of a query, in the log."""


def record(
    settings: Settings, request: Request, status: int, size: int, *, cached: bool = False
) -> None:
    """Count a request and log it: all to the access log, slow ones also to the slow-query log.

    Args:
        settings: the time from which a request is slow, and the header with the client's address.
        request: the request.
        status: the status that was sent.
        size: bytes of the body that was sent.
        cached: whether the response cache answered.
    """
    seconds = time.perf_counter() - request.started
    metrics.count_request(request.method, status, seconds, size)
    # If a request did not arrive whole, its client was slow and there is no query.
    is_slow = seconds > settings.slow_query_s and request.is_whole
    is_logged = access.isEnabledFor(logging.INFO)
    if not (is_slow or is_logged):
        return
    line = partial(_line, settings, request, status, size=size, seconds=seconds, cached=cached)
    if is_slow:
        slow_queries.warning(line(full=True))
    if is_logged:
        access.info(line(full=False))


def _line(
    settings: Settings,
    request: Request,
    status: int,
    *,
    size: int,
    seconds: float,
    cached: bool,
    full: bool,
) -> str:
    """Return a request as one line of JSON."""
    content = f"{request.query_string}\n".encode() + request.body
    line = {
        "client": request.sender(settings.client_header)[:_ADDRESS] or request.client[0],
        "method": request.method,
        "path": request.path[:_TEXT],
        "status": status,
        "bytes": size,
        "ms": round(seconds * 1000, 2),
        "cached": cached,
        "query": sha256(content).hexdigest()[:16],
    }
    if full:
        line["asked"] = content.decode("utf-8", "replace")[:_TEXT]
    return json.dumps(line)
