"""Cutting a connection of this process."""

from __future__ import annotations

import os
import socket
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


def address(name: tuple[str, int]) -> str:
    return f"{name[0]}:{name[1]}"


def test_cutting_a_connection_leaves_no_descriptor_open(pair):
    reading, writing = os.pipe()
    client, _ = pair
    before = len(list(Path("/proc/self/fd").iterdir()))

    for _ in range(10):
        assert connections.abort(address(client.getsockname()), address(client.getpeername()))
        assert not connections.abort("127.0.0.1:1", "127.0.0.1:2")

    after = len(list(Path("/proc/self/fd").iterdir()))
    os.close(reading)
    os.close(writing)
    assert after == before
