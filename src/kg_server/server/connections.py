"""TCP connections that Granian holds: finding one, watching it, resetting it."""

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
    """Reset the connection of a client to a port of this server; return whether there was one.

    A reset tells the client that the answer is not whole (RFC 9112 §8). Granian would close the
    connection normally when the application stops in the middle of an answer (2.8, ASGI). In
    HTTP/1.0 that is the end of a whole answer. And Granian keeps a connection whose client reads
    nothing.
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

    Granian does not notice that while bytes after the request are unread (2.8, hyper). So this
    function also asks the kernel for the state of the connection.

    Args:
        client: the address of the client.
        port: the port of this server.
        disconnected: returns when Granian notices that the client left.
    """
    disconnection = asyncio.ensure_future(disconnected())
    connection: socket.socket | None = None
    try:
        while not (await asyncio.wait({disconnection}, timeout=_LOOK_S))[0]:
            connection = connection or _find_or_none(client, port)
            if connection and not _is_established(connection):
                return
    finally:
        disconnection.cancel()
        if connection:
            connection.close()


def find(client: Address, port: int) -> socket.socket:
    """Return a duplicate of the socket between a client and a port; the caller closes it.

    The server's address is not compared: Granian gives the wildcard address if it listens on all.

    Raises:
        ConnectionError: there is no such connection.
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
    """Return the number of bytes that the client has received since the connection was made."""
    state = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
    return int(struct.unpack_from("=Q", state, _ACKED_AT)[0])


def _find_or_none(client: Address, port: int) -> socket.socket | None:
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
    """Return an address in its canonical spelling.

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
    """Return a duplicate of a socket that Granian owns.

    Raises:
        OSError: the descriptor is not a socket, or was closed meanwhile.
    """
    duplicate = os.dup(descriptor)
    try:
        return socket.socket(fileno=duplicate)
    except OSError:
        os.close(duplicate)
        raise
