"""Cutting a connection of this process."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
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
