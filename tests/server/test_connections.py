"""Cutting a connection of this process."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from contextlib import ExitStack
from pathlib import Path

import pytest

from kg_server.server import connections


@pytest.fixture
def pair():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        client = socket.create_connection(listening.getsockname())
        server, _ = listening.accept()
    with client, server:
        yield client, server


def test_cutting_a_connection_leaves_no_descriptor_open(pair):
    reading, writing = os.pipe()
    client, server = pair
    ends = client.getsockname(), server.getsockname()[1]
    before = len(list(Path("/proc/self/fd").iterdir()))

    assert connections.abort(*ends)
    assert not connections.abort(*ends)

    after = len(list(Path("/proc/self/fd").iterdir()))
    os.close(reading)
    os.close(writing)
    assert after == before
    with pytest.raises(ConnectionResetError):
        client.recv(1)


@pytest.mark.parametrize("linger", [struct.pack("ii", 1, 0), struct.pack("ii", 0, 0)])
def test_a_client_that_closed_or_reset_its_connection_has_left(pair, linger):
    client, _ = pair
    ends = client.getsockname(), client.getpeername()[1]
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    client.close()

    asyncio.run(asyncio.wait_for(connections.until_left(*ends, asyncio.Event().wait), 10))


def test_a_client_that_waits_has_not_left(pair):
    client, _ = pair
    waiting = connections.until_left(
        client.getsockname(), client.getpeername()[1], asyncio.Event().wait
    )

    with pytest.raises(TimeoutError):
        asyncio.run(asyncio.wait_for(waiting, 0.3))


def test_silent_connections_without_a_request_are_reset_and_no_others():
    with socket.create_server(("127.0.0.1", 0)) as listening, ExitStack() as opened:
        port = listening.getsockname()[1]
        clients, servers = [], []
        for _ in range(3):
            clients.append(opened.enter_context(socket.create_connection(("127.0.0.1", port))))
            servers.append(opened.enter_context(listening.accept()[0]))

        before = connections.count(port)
        young = connections.reset_silent(port, 60, set())
        elsewhere = connections.reset_silent(1, 0, set())
        count = connections.reset_silent(port, 0, {clients[1].getsockname()})

        servers[1].sendall(b"x")
        assert (young, elsewhere, count) == (0, 0, 2)
        assert (before, connections.count(port)) == (3, 1)
        assert clients[1].recv(1) == b"x"
        with pytest.raises(ConnectionResetError):
            clients[2].recv(1)
