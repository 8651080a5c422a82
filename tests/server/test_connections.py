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
