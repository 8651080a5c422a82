"""The client of the evaluators: sends queries from an event loop and delivers the answers."""

from __future__ import annotations

import asyncio
import errno
import itertools
import os
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from kg_server.sandbox import failures, messages
from kg_server.sandbox.call import WATCH_AFTER_S, Call
from kg_server.sandbox.lanes import Costs, Lane
from kg_server.sandbox.scoreboard import Board
from kg_server.sparql.query import Query

_askers = itertools.count()
_FOR_SHORT_ONES = 4
"""One in so many evaluators is kept for short queries."""


class Client:
    """A socket with an address of its own that sends queries to the evaluators.

    It belongs to the event loop that first calls ``ask``.

    Args:
        evaluators: the path of the socket on which the evaluators receive.
        board: the scoreboard of the evaluators.
        queue_timeout_s: seconds that a query may wait for a free evaluator.
        workers: number of HTTP workers, which share the evaluators.
        costs: what queries cost so far.

    Raises:
        Overloaded: no evaluators receive at this path.
    """

    def __init__(
        self,
        evaluators: str,
        board: Board,
        *,
        queue_timeout_s: float,
        workers: int = 1,
        costs: Costs | None = None,
    ) -> None:
        self.board, self.queue_timeout_s = board, queue_timeout_s
        may_be_long = board.evaluators - board.evaluators // _FOR_SHORT_ONES
        self.costs, self.lane = costs or Costs(), Lane(max(1, may_be_long // workers))
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        try:
            self._number = self._bind(evaluators)
            self._socket.connect(evaluators)
        except OSError as error:
            self._shut()
            raise failures.busy() from error
        self._inbox = messages.Inbox(self._socket)
        self._ids = itertools.count(1)
        self._open: dict[int, Call] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._sending = asyncio.Lock()
        self._minding = False
        self._retired = False

    def ask(self, query: Query, gone: Callable[[], Awaitable[None]] | None = None) -> Call:
        """Begin a call; ``gone`` returns an awaitable that ends when the client leaves."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            self._loop.add_reader(self._socket, self._deliver)
        query_id = self._number << 32 | next(self._ids) & 0xFFFFFFFF
        call = Call(self, self._loop, query=query, query_id=query_id, gone=gone)
        self._open[query_id] = call
        if not self._minding:
            self._minding = True
            self._loop.call_later(WATCH_AFTER_S, self._mind)
        return call

    async def send(self, datagram: bytes) -> None:
        """Send a query to a free evaluator; wait while the queue is full.

        Raises:
            OSError: no evaluators receive any more, or their queue stayed full.
        """
        if len(datagram) > messages.DATAGRAM_BYTES:
            memory = messages.in_memory(datagram)
            try:
                await self._wait_and_send([b"memory"], [memory])
            finally:
                os.close(memory)
        elif self._sending.locked():
            await self._wait_and_send([datagram], [])
        else:
            try:
                self._socket.send(datagram)
            except BlockingIOError:
                await self._wait_and_send([datagram], [])

    def forget(self, query_id: int) -> None:
        """End a call."""
        self._open.pop(query_id, None)
        if self._retired and not self._open:
            self._end()

    def retire(self) -> None:
        """Close the client once no call is under way."""
        self._retired = True
        if not self._open:
            self._end()

    async def _wait_and_send(self, datagram: list[bytes], descriptors: list[int]) -> None:
        """Send when the queue has a place, after queries that already wait."""
        async with asyncio.timeout(self.queue_timeout_s), self._sending:
            while True:
                try:
                    socket.send_fds(self._socket, datagram, descriptors)
                except BlockingIOError:
                    await self._place()
                else:
                    return

    async def _place(self) -> None:
        """Wait until the queue of the evaluators may have a place."""
        loop = asyncio.get_running_loop()
        waiting = loop.create_future()
        loop.add_writer(self._socket, _once, waiting)
        try:
            await waiting
        finally:
            loop.remove_writer(self._socket)

    def _mind(self) -> None:
        """Check all calls that take long, with one timer."""
        self._minding = bool(self._open)
        if self._loop and self._minding:
            for call in list(self._open.values()):
                call.mind()
            self._loop.call_later(WATCH_AFTER_S, self._mind)

    def _deliver(self) -> None:
        """Give every received message to its call."""
        with suppress(BlockingIOError):
            while True:
                message = self._inbox.message()
                call = self._open.get(message.query_id)
                if call:
                    call.hear(message)
                elif message.stream is not None:
                    os.close(message.stream)

    def _bind(self, evaluators: str) -> int:
        """Bind the socket to a free address; return the number in this address."""
        while True:
            number = os.getpid() << 10 | next(_askers) & 0x3FF
            try:
                self._socket.bind(messages.asker_address(evaluators, number))
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
            else:
                return number

    def _end(self) -> None:
        if self._loop:
            self._loop.remove_reader(self._socket)
        self._shut()

    def _shut(self) -> None:
        with suppress(OSError):  # it was never bound, or the folder is gone
            Path(self._socket.getsockname()).unlink()
        self._socket.close()


def _once(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_result(None)
