"""Cutting a TCP connection that the HTTP server holds for us."""

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
    for entry in Path("/proc/self/fd").iterdir():
        with suppress(OSError, ValueError), _duplicate(int(entry.name)) as found:
            if found.family not in (socket.AF_INET, socket.AF_INET6):
                continue
            if _text(found.getpeername()) == client and _text(found.getsockname()) == server:
                found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                found.shutdown(socket.SHUT_RDWR)
                return True
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
