"""TCP connections that Granian holds: finding one, watching it, resetting it."""

from __future__ import annotations

import asyncio
import ctypes
import os
import socket
import struct
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import suppress
from ipaddress import IPv6Address, ip_address

from kg_server.server.request import Address

_FIRST_LOOK_S, _LOOK_S = 0.05, 0.5
"""Seconds until a client's connection is first looked at, and between the looks after that."""
_ESTABLISHED = 1
_ACKED_AT = 120
"""Offset in ``TCP_INFO`` of the bytes that the other end has acknowledged (tcp(7))."""
_SENT_AT = 44
"""Offset in ``TCP_INFO`` of the milliseconds since this end has sent something, or was opened."""
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
            return _reset(connection.fileno())
    except OSError:
        return False


def _reset(descriptor: int) -> bool:
    # Neither closing nor shutting down resets a connection that Granian holds as well;
    # dissolving it does (connect(2), AF_UNSPEC), which Python's sockets cannot say.
    libc = ctypes.CDLL(None, use_errno=True)
    return bool(libc.connect(descriptor, _NOWHERE, len(_NOWHERE)) == 0)


def reset_silent(port: int, silent_s: float, answering: Iterable[Address]) -> int:
    """Reset connections to a port to which nothing was sent for some seconds; return their number.

    Args:
        port: the port of this server.
        silent_s: the seconds.
        answering: clients whose connections are kept, because their requests are being answered.
    """
    kept, count = {_plain(each) for each in answering if each[0]}, 0
    for client, connection in _to(port):
        with suppress(OSError):  # closed meanwhile
            if client not in kept and _silence_s(connection) >= silent_s:
                count += _reset(connection.fileno())
    return count


def count(port: int) -> int:
    """Return the number of connections to a port of this server."""
    return sum(1 for _ in _to(port))


def _to(port: int) -> Iterator[tuple[Address, socket.socket]]:
    """Yield the connections to a port with their clients; each can be used until the next."""
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208  # there may be a thousand
        with suppress(OSError, ValueError):  # no socket, or closed meanwhile
            connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 0, int(name))
            try:
                ends = _ends(connection)
                if ends and ends[1] == port:
                    yield ends[0], connection
            finally:
                connection.detach()


def _silence_s(connection: socket.socket) -> float:
    state = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
    return int(struct.unpack_from("=I", state, _SENT_AT)[0]) / 1000


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
    pause_s = _FIRST_LOOK_S
    try:
        while not (await asyncio.wait({disconnection}, timeout=pause_s))[0]:
            pause_s = _LOOK_S
            connection = connection or _find_or_none(client, port)
            if not (_is_established(connection) if connection else _is_there(client)):
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
    for descriptor in _with_peer_port(client[1]):
        with suppress(OSError, ValueError):
            connection = _duplicate(descriptor)
            if _ends(connection) == ends:
                return connection
            connection.close()
    raise ConnectionResetError("there is no such connection")


def _with_peer_port(port: int) -> Iterator[int]:
    """Yield the descriptors of connections that have this port at the other end."""
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208  # there may be a thousand
        if _peer_port(int(name)) == port:
            yield int(name)


def _peer_port(descriptor: int) -> int | None:
    """Return the port at the other end of a connection; ``None`` if this is no connection."""
    with suppress(OSError, IndexError, ValueError):  # not connected, or of another kind
        # With a family, Python does not ask the kernel for it: five times as fast.
        connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 0, descriptor)
        try:
            return int(connection.getpeername()[1])
        finally:
            connection.detach()
    return None


def acked_bytes(connection: socket.socket) -> int:
    """Return the number of bytes that the client has received since the connection was made."""
    state = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
    return int(struct.unpack_from("=Q", state, _ACKED_AT)[0])


def _find_or_none(client: Address, port: int) -> socket.socket | None:
    with suppress(ConnectionError):
        return find(client, port)
    return None


def _is_there(client: Address) -> bool:
    """Tell whether the kernel still knows a connection to a client's port.

    It forgets a connection that was reset, while Granian may still have requests of it to answer.
    """
    return not client[1] or any(_with_peer_port(client[1]))


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
