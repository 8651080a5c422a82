"""A response that is sent in parts, no faster than its client takes them."""

from __future__ import annotations

import asyncio
import fcntl
import socket
import struct
import termios
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from kg_server.server import connections

LEAST_BYTES = 1 << 16
_AHEAD_BYTES = 1 << 20
_PAUSES_S = (0.001, 0.1)
_CLOSED = 7
_ACKED_AT = 120


class Outgoing:
    """Keeps what the HTTP server holds of a response to some two megabytes.

    Granian takes whatever it is given and keeps what the connection does not take (2.8, RSGI: a
    queue without a bound). So the kernel is asked how far the client is, as soon as a response is
    long enough to matter.

    Args:
        transport: Granian's, of the response.
        client: the address of the connection's other end, ``host:port``.
        server: the address of this end.
        timeout_s: how long a client may take for ``LEAST_BYTES``.
    """

    def __init__(self, transport: Any, client: str, server: str, timeout_s: float) -> None:
        self._transport, self._between, self._timeout_s = transport, (client, server), timeout_s
        self._connection: socket.socket | None = None
        self._ahead = 0
        self._seen = Progress(0, 0)

    async def send(self, data: bytes) -> None:
        """Send a part; returns when there is room for the next one.

        Raises:
            ConnectionError, RuntimeError: the client went away.
            TimeoutError: it takes too long.
        """
        await self._transport.send_bytes(data)
        self._ahead += len(data)
        pause, longest = _PAUSES_S
        begun, acked = time.monotonic(), self._seen.acked
        while self._ahead > _AHEAD_BYTES and self._is_ahead():
            if self._seen.acked - acked >= LEAST_BYTES:
                begun, acked = time.monotonic(), self._seen.acked
            elif time.monotonic() - begun > self._timeout_s:
                raise TimeoutError("the client takes too long")
            await asyncio.sleep(pause)
            pause = min(2 * pause, longest)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        if self._connection:
            self._connection.close()

    def _is_ahead(self) -> bool:
        """Tell whether much of what was sent since the first look is still with the server."""
        if self._connection is None:
            self._connection = connections.find(*self._between)
            self._ahead, self._seen = 0, progress(self._connection)
            return False
        before, self._seen = self._seen, progress(self._connection)
        self._ahead -= self._seen.taken - before.taken
        return self._ahead > _AHEAD_BYTES


@dataclass(frozen=True, slots=True)
class Progress:
    """How many bytes of a connection the client has, and how many the kernel has taken."""

    acked: int
    taken: int


def progress(connection: socket.socket) -> Progress:
    """Return how far a connection is since it was made (tcp(7), ``TCP_INFO`` and ``SIOCOUTQ``).

    Raises:
        ConnectionError: it is closed.
    """
    state = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
    if state[0] == _CLOSED:
        raise ConnectionResetError("the client went away")
    (acked,) = struct.unpack_from("=Q", state, _ACKED_AT)
    (waiting,) = struct.unpack("=i", fcntl.ioctl(connection, termios.TIOCOUTQ, bytes(4)))
    return Progress(acked, acked + waiting)
