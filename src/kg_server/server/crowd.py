"""Connections that only wait: reset when a worker has nearly as many connections as it can have."""

from __future__ import annotations

import logging
import os

from kg_server.server import connections
from kg_server.server.exchange import Exchange, Handler
from kg_server.server.request import Address

log = logging.getLogger("kg_server.front")

_CROWDED = 0.75
"""Part of the connections at which silent ones are reset."""
_SILENT_S = 2.0
"""Seconds without an answer after which a connection without a request is silent."""


class Crowd:
    """Resets silent connections of a worker that has nearly as many as it can have.

    Such a connection has sent no request yet, or only a part of one, for two seconds: otherwise a
    client with a thousand of them keeps all others out until their time limit. A browser connects
    again if its idle connection is reset.

    Args:
        port: the port of the server.
        most: most connections; 0 if they are not limited.
        after: the next step, which gets whole requests.
    """

    def __init__(self, port: int, most: int, after: Handler) -> None:
        self._port, self._most, self._after = port, most, after
        self._answering: set[Address] = set()

    async def __call__(self, exchange: Exchange) -> None:
        """Hand a request to the next step, and keep its connection meanwhile."""
        client = exchange.request.client
        self._answering.add(client)
        try:
            await self._after(exchange)
        finally:
            self._answering.discard(client)

    def look(self) -> None:
        """Reset silent connections if there are too many."""
        least = self._most * _CROWDED
        # Counting descriptors is cheap, and few of them are no connections.
        is_crowded = self._most and len(os.listdir("/proc/self/fd")) > least  # noqa: PTH208
        if is_crowded and connections.count(self._port) > least:
            count = connections.reset_silent(self._port, _SILENT_S, self._answering)
            if count:
                log.warning("%d connections without a request reset: there were too many", count)
