"""One query in flight: sends it to an evaluator and receives the answer."""

from __future__ import annotations

import asyncio
import math
import os
import socket
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Protocol

from kg_server.errors import Problem
from kg_server.sandbox import failures, lanes, messages
from kg_server.sandbox.lanes import Costs, Lane
from kg_server.sandbox.scoreboard import Board
from kg_server.sparql.query import Query
from kg_server.work import ClientLeft

WATCH_AFTER_S = 0.02
"""Seconds after which the client's connection is watched; most answers arrive before."""
_MARGIN_S = 1.0
"""Seconds after a deadline in which the evaluator may still report; then the query has failed."""
_LAST_WORD_S = 5.0
"""Seconds to wait, after a stream ends, for the message that says whether it is whole."""
_LONG = (messages.STREAM, messages.DEATH)
"""Messages of queries that are long: a stream holds an evaluator as long as its reader wants."""
_NOTICE_S = 0.1
"""Seconds in which an evaluator that writes notices that nobody reads; then it is killed."""


_READ_S = 0.3
"""Seconds that a reader may take over a chunk; then the call leaves its lane to the next one.

Evaluators let slow readers go only for queries that wait for an evaluator.
"""


class Mailbox(Protocol):
    """Methods of ``Client`` that a call uses."""

    board: Board
    queue_timeout_s: float
    costs: Costs
    lane: Lane

    async def send(self, datagram: bytes) -> None:
        """Send a datagram to the evaluators."""

    def forget(self, query_id: int) -> None:
        """Ignore all further messages about a query."""


class Call:
    """One query to an evaluator, and its answer; ``Client.ask`` makes it."""

    def __init__(
        self,
        client: Mailbox,
        loop: asyncio.AbstractEventLoop,
        *,
        query: Query,
        query_id: int,
        gone: Callable[[], Awaitable[None]] | None,
    ) -> None:
        self._client, self._loop, self._query, self._id = client, loop, query, query_id
        self._gone = gone
        self._watch: asyncio.Future[None] | None = None
        self._asked_at = loop.time()
        self._until: float | None = None
        self._heard: deque[messages.Message | Problem | ClientLeft] = deque()
        self._waiting: asyncio.Future[None] | None = None
        self._stream: socket.socket | None = None
        self._ended = self._answered = self._taken_up = False
        self._form = lanes.form(query.text)
        self._place: asyncio.Future[None] | None = None
        self._reading: asyncio.TimerHandle | None = None

    async def first(self) -> tuple[bytes, bool]:
        """Return the first chunk of the answer, and whether it is the only one.

        Raises:
            Problem: as ``Store.query``.
            ClientLeft: the client left, and the query was stopped.
        """
        if not self._client.costs.is_short(self._form):
            await self._enter()
        try:
            await self._client.send(messages.pack_query(self._query, self._id))
        except OSError as error:
            raise failures.busy() from error
        message = await self._next()
        chunk = message.payload
        if message.type == messages.WHOLE:
            self._ended = True
        elif message.stream is None:  # this process has no descriptor left
            raise failures.busy()
        else:
            self._stream = socket.socket(fileno=message.stream)
            self._stream.setblocking(False)
            chunk = await self.more()
        return chunk, self._ended

    async def more(self) -> bytes:
        """Return the next chunk, empty at the end of the answer.

        Raises:
            Problem: the query failed in the middle of the answer.
        """
        if self._ended or self._stream is None:
            return b""
        if self._reading:
            self._reading.cancel()
        try:
            chunk = await self._loop.sock_recv(self._stream, 1 << 18)
        except ConnectionError:
            chunk = b""
        if not chunk:
            await self._end_of_stream()
        elif self._place:
            self._reading = self._loop.call_later(_READ_S, self._leave)
        return chunk

    async def _enter(self) -> None:
        """Wait for a place among the queries that may be long.

        Raises:
            Problem, ClientLeft: the wait was too long, or in vain.
        """
        self._place = self._client.lane.enter()
        if not self._place.done():
            self._waiting = self._loop.create_future()
            either = self._place, self._waiting
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if self._heard:
                await self._next()

    def _leave(self) -> None:
        if self._place:
            self._client.lane.leave(self._place)
            self._place = None

    async def _end_of_stream(self) -> None:
        """Receive the final status of an answer whose stream has ended.

        Raises:
            Problem: the answer is not whole, or the zygote died too and sends no status.
        """
        try:
            async with asyncio.timeout(_LAST_WORD_S):
                await self._next()
        except TimeoutError as error:
            raise failures.gone() from error
        self._ended = True

    def hear(self, message: messages.Message | Problem | ClientLeft) -> None:
        """Receive a message, or the reason why the call ends."""
        self._answered = True
        self._heard.append(message)
        if self._waiting and not self._waiting.done():
            self._waiting.set_result(None)

    def stop(self) -> None:
        """Stop the query, because its client left."""
        self._give_up(ClientLeft())

    def close(self) -> None:
        """End the call; stop the query if it still runs."""
        if self._watch:
            self._watch.cancel()
        if self._stream:
            self._stream.close()
        for message in self._heard:  # messages that came after the query was abandoned
            if isinstance(message, messages.Message) and message.stream is not None:
                os.close(message.stream)
        if not self._ended:
            self._abandon()
        if self._reading:
            self._reading.cancel()
        self._leave()
        self._client.forget(self._id)

    async def _next(self) -> messages.Message:
        """Return the next message.

        Raises:
            Problem: the query failed, before its answer or in the middle of it.
        """
        if not self._heard:
            self._waiting = self._loop.create_future()
            await self._waiting
        message = self._heard.popleft()
        if isinstance(message, Problem | ClientLeft):
            raise message
        if self._stream is None:
            self._note(math.inf if message.type in _LONG else message.spent_s)
        if message.type == messages.PROBLEM:
            self._ended = True
            raise messages.unpack_problem(message.payload)
        if message.type == messages.DEATH:
            self._ended = True
            raise failures.death(message.payload[0], self._query)
        return message

    def mind(self) -> None:
        """Check a query that takes long: has its client left, has it waited too long?"""
        now = self._loop.time()
        if now - self._asked_at < WATCH_AFTER_S:
            return
        if self._gone and self._watch is None:
            self._watch = asyncio.ensure_future(self._gone())
            self._watch.add_done_callback(self._client_left)
        if self._answered:
            return
        if self._until is None:
            self._until = self._asked_at + self._client.queue_timeout_s
        elif now > self._until:
            self._wait_longer(now)

    def _wait_longer(self, now: float) -> None:
        """Extend the wait if an evaluator has taken up the query; otherwise abandon the query."""
        if self._taken_up:
            self._give_up(failures.timed_out(self._query))
        elif self._client.board.started(self._id):
            self._taken_up = True
            self._until = now + (self._query.timeout_s or 1e6) + _MARGIN_S
        else:
            self._give_up(failures.busy())

    def _abandon(self) -> None:
        """Stop the query, or take care that it is never begun.

        An evaluator that writes notices by itself that nobody reads. It is not killed, because the
        next one in its place would be slow at first.
        """
        if self._stream:
            self._loop.call_later(_NOTICE_S, self._client.board.abandon, self._id)
        elif self._client.board.abandon(self._id):
            self._note(self._loop.time() - self._asked_at)

    def _note(self, seconds: float) -> None:
        self._client.costs.note(self._form, seconds)

    def _client_left(self, watch: asyncio.Future[Any]) -> None:
        if not watch.cancelled():
            self.stop()

    def _give_up(self, reason: Problem | ClientLeft) -> None:
        self._abandon()
        self.hear(reason)
        if self._stream:
            with suppress(OSError):  # it was closed just now
                self._stream.shutdown(socket.SHUT_RDWR)
