"""A response in parts, over a real connection; only the HTTP server's queue is the test's own."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress

import pytest

from kg_server.server.backpressure import Outgoing, progress

PART = bytes(1 << 18)


@pytest.fixture
def ends():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        client = socket.create_connection(listening.getsockname())
        server, _ = listening.accept()
    server.setblocking(False)
    with client, server:
        yield client, server


class Queue:
    """Takes whatever it is given, and gives the connection as much as that takes."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.waiting = bytearray()

    async def send_bytes(self, data: bytes) -> None:
        self.waiting += data
        self.push()

    def push(self) -> None:
        with suppress(BlockingIOError):
            while self.waiting:
                del self.waiting[: self._connection.send(self.waiting)]


def address(name: tuple[str, int]) -> str:
    return f"{name[0]}:{name[1]}"


def outgoing(ends, queue: Queue, timeout_s: float) -> Outgoing:
    client, server = ends
    return Outgoing(queue, address(client.getsockname()), address(server.getsockname()), timeout_s)


def test_a_client_that_takes_nothing_is_given_up_and_little_is_kept_for_it(ends):
    queue = Queue(ends[1])
    with outgoing(ends, queue, 0.3) as sending, pytest.raises(TimeoutError):
        asyncio.run(parts(sending, 200))

    assert len(queue.waiting) < 3_000_000


def test_a_client_that_reads_gets_everything(ends):
    client, _ = ends
    queue = Queue(ends[1])

    async def both() -> int:
        reading = asyncio.ensure_future(asyncio.to_thread(read, client, 200 * len(PART)))
        pushing = asyncio.ensure_future(push(queue))
        await parts(sending, 200)
        received = await reading
        pushing.cancel()
        return received

    with outgoing(ends, queue, 10) as sending:
        assert asyncio.run(both()) == 200 * len(PART)


def test_a_client_that_went_away_is_noticed(ends):
    client, _ = ends
    queue = Queue(ends[1])
    with outgoing(ends, queue, 10) as sending:
        asyncio.run(parts(sending, 8))
        client.close()
        with pytest.raises(ConnectionError):
            asyncio.run(parts(sending, 200))


def test_progress_counts_what_the_kernel_holds_as_taken(ends):
    client, server = ends
    before = progress(server)

    server.send(bytes(1000))

    assert progress(server).taken - before.taken == 1000
    assert read(client, 1000) == 1000


async def parts(sending: Outgoing, count: int) -> None:
    for _ in range(count):
        await sending.send(PART)


async def push(queue: Queue) -> None:
    while True:
        queue.push()
        await asyncio.sleep(0.001)


def read(client: socket.socket, size: int) -> int:
    left = size
    while left and (part := client.recv(min(left, 1 << 20))):
        left -= len(part)
    return size - left
