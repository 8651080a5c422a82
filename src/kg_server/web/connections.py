"""Finding and cutting a TCP connection that the HTTP server holds for us."""

from __future__ import annotations

import os
import socket
import struct
from contextlib import suppress
from pathlib import Path

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
