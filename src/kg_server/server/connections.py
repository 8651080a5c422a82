"""Finding and cutting a TCP connection that the HTTP server holds for us."""

from __future__ import annotations

import asyncio
import ctypes
import os
import socket
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from ipaddress import IPv6Address, ip_address
from pathlib import Path

from kg_server.server.request import Address

_LOOK_S = 0.5
_ESTABLISHED = 1
_ACKED_AT = 120
"""Offset in ``TCP_INFO`` of the bytes that the other end has acknowledged (tcp(7))."""
_NOWHERE = struct.pack("=H14x", socket.AF_UNSPEC)


def abort(client: Address, port: int) -> bool:
    """Reset the connection of a client to a port of ours; return whether there was one.

    Granian ends the connection by itself when the application gives up in the middle of an
    answer (2.8, ASGI). In HTTP/1.0 the end of the connection is the end of the answer, so that a
    client would take half an answer for the whole; and Granian keeps a connection whose client
    reads nothing. A reset says that the answer is not whole (RFC 9112 §8).
    """
    try:
        with find(client, port) as connection:
            # Neither closing nor shutting down resets a connection that Granian holds as well;
            # dissolving it does (connect(2), AF_UNSPEC), which Python's sockets cannot say.
            libc = ctypes.CDLL(None, use_errno=True)
            return bool(libc.connect(connection.fileno(), _NOWHERE, len(_NOWHERE)) == 0)
    except OSError:
        return False


async def until_left(
    client: Address, port: int, disconnected: Callable[[], Awaitable[None]]
) -> None:
    """Return when the client of a request has left.

    Granian does not notice it while anything that came after the request is unread (2.8, hyper).
    So the kernel is asked as well, where the connection can be found.

    Args:
        client: the address of the connection's other end.
        port: that of this end.
        disconnected: returns when Granian notices.
    """
    told = asyncio.ensure_future(disconnected())
    connection: socket.socket | None = None
    try:
        while not (await asyncio.wait({told}, timeout=_LOOK_S))[0]:
            connection = connection or _found(client, port)
            if connection and not _is_established(connection):
                return
    finally:
        told.cancel()
        if connection:
            connection.close()


def find(client: Address, port: int) -> socket.socket:
    """Return a socket of our own on the connection of a client to a port; it is to be closed.

    Granian knows the port only: of a server on all addresses it gives the wildcard as its own.

    Raises:
        ConnectionError: there is none.
    """
    ends = _plain(client), port
    for entry in Path("/proc/self/fd").iterdir():
        with suppress(OSError, ValueError):
            connection = _duplicate(int(entry.name))
            if _ends(connection) == ends:
                return connection
            connection.close()
    raise ConnectionResetError("there is no such connection")


def acked_bytes(connection: socket.socket) -> int:
    """Return how many bytes the other end of a connection has received since it was made."""
    state = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
    return int(struct.unpack_from("=Q", state, _ACKED_AT)[0])


def _found(client: Address, port: int) -> socket.socket | None:
    with suppress(ConnectionError):
        return find(client, port)
    return None


def _is_established(connection: socket.socket) -> bool:
    state = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)
    return bool(state[0] == _ESTABLISHED)


def _ends(connection: socket.socket) -> tuple[Address, int] | None:
    with suppress(OSError, ValueError):  # not connected, not yet or no more
        if connection.family in (socket.AF_INET, socket.AF_INET6):
            return _plain(connection.getpeername()[:2]), connection.getsockname()[1]
    return None


def _plain(address: Address) -> Address:
    """Return an address in one spelling, whatever the socket listens on.

    A dual-stack socket has IPv4 addresses mapped into IPv6 (RFC 4291 §2.5.5.2), and a link-local
    address has a zone (RFC 4007 §11).

    >>> _plain(("::ffff:127.0.0.1", 80)), _plain(("fe80::1%eth0", 80)), _plain(("0::1", 80))
    (('127.0.0.1', 80), ('fe80::1', 80), ('::1', 80))
    """
    host, port = address
    ip = ip_address(host.strip("[]").partition("%")[0])
    mapped = ip.ipv4_mapped if isinstance(ip, IPv6Address) else None
    return str(mapped or ip), port


def _duplicate(descriptor: int) -> socket.socket:
    """Return a socket of our own on a descriptor that Granian owns.

    Raises:
        OSError: it is not a socket, or closed meanwhile.
    """
    duplicate = os.dup(descriptor)
    try:
        return socket.socket(fileno=duplicate)
    except OSError:
        os.close(duplicate)
        raise
