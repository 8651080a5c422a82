"""Finding and cutting a TCP connection that the HTTP server holds for us."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

_LOOK_S = 0.5
_ESTABLISHED = 1
_RESET = struct.pack("ii", 1, 0)


def abort(client: str, server: str) -> bool:
    """Reset the connection between two addresses (``host:port``); whether there was one.

    The server ends a response's chunked body properly even when the application gives up in the
    middle (Granian 2.8), so that a client takes half an answer for the whole. A reset says that
    it is not (RFC 9112 §8).
    """
    try:
        with find(client, server) as found:
            found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            found.shutdown(socket.SHUT_RDWR)
    except OSError:
        return False
    return True


async def until_left(client: str, server: str, disconnected: Callable[[], Awaitable[None]]) -> None:
    """Return when the client of a request has left.

    The HTTP server does not see it while anything that came after the request is unread (Granian
    2.8, hyper), so that the kernel is asked as well.

    Args:
        client: the address of the connection's other end, ``host:port``.
        server: the address of this end.
        disconnected: Granian's, of the request.
    """
    told = asyncio.ensure_future(disconnected())
    connection: socket.socket | None = None
    try:
        while not (await asyncio.wait({told}, timeout=_LOOK_S))[0]:
            connection = connection or find(client, server)
            if connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != _ESTABLISHED:
                return
    except ConnectionError:
        return
    finally:
        told.cancel()
        if connection:
            connection.close()


def find(client: str, server: str) -> socket.socket:
    """Return a socket of our own on the connection between two addresses; it is to be closed.

    Raises:
        ConnectionError: there is none any more.
    """
    for entry in Path("/proc/self/fd").iterdir():
        with suppress(OSError, ValueError):
            found = _duplicate(int(entry.name))
            if _is_between(found, client, server):
                return found
            found.close()
    raise ConnectionResetError("the client went away")


def _is_between(found: socket.socket, client: str, server: str) -> bool:
    with suppress(OSError):
        if found.family in (socket.AF_INET, socket.AF_INET6):
            ends = _text(found.getpeername()), _text(found.getsockname())
            return ends == (client, server)
    return False


def _duplicate(descriptor: int) -> socket.socket:
    """Return a socket of our own on a descriptor of somebody else's.

    Raises:
        OSError: it is not a socket, or closed meanwhile.
    """
    duplicate = os.dup(descriptor)
    try:
        return socket.socket(fileno=duplicate)
    except OSError:
        os.close(duplicate)
        raise


def _text(address: tuple[str, int]) -> str:
    return f"{address[0]}:{address[1]}"
