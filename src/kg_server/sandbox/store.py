"""A store whose queries run in evaluator processes, which can be killed."""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import Coroutine, Iterator
from contextvars import ContextVar
from typing import Any, TypeVar

from kg_server.sandbox.call import Conversation
from kg_server.sandbox.client import Mailbox
from kg_server.sandbox.scoreboard import Board
from kg_server.sparql.query import Query
from kg_server.store.protocol import Answer
from kg_server.store.results import iris

T = TypeVar("T")


class Ticket:
    """A request's hold on the query that runs for it: lets another thread stop that query."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stop: tuple[asyncio.AbstractEventLoop, Conversation] | None = None
        self.cancelled = False

    def take(self, loop: asyncio.AbstractEventLoop, conversation: Conversation) -> None:
        """Name the query that runs now, and the loop that it belongs to."""
        with self._lock:
            self._stop = loop, conversation
            if self.cancelled:
                conversation.stop()

    def leave(self) -> None:
        """Say that no query runs any more."""
        with self._lock:
            self._stop = None

    def cancel(self) -> None:
        """Stop the running query, if there is one: its evaluator is killed."""
        with self._lock:
            self.cancelled = True
            if self._stop:
                loop, conversation = self._stop
                loop.call_soon_threadsafe(conversation.stop)


ticket: ContextVar[Ticket | None] = ContextVar("ticket", default=None)
"""The ticket of the request that this thread works for."""


class SandboxStore:
    """Queries sent to whichever evaluator is free, from any thread.

    They go through a mailbox whose event loop runs in a thread of its own.

    Args:
        address: the path of the socket on which the evaluators receive.
        board: says which evaluator runs which query.
        version: the content hash of the graph that they hold.
        queue_timeout_s: how long a query may wait for a free evaluator.
    """

    def __init__(self, address: str, board: Board, version: str, *, queue_timeout_s: float) -> None:
        self.version = version
        self._address, self._board = address, board
        self._queue_timeout_s = queue_timeout_s
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._own: Mailbox | None = None
        self._graph_names: tuple[str, ...] | None = None

    def mailbox(self) -> Mailbox:
        """Return a new mailbox to the same evaluators, for an event loop.

        Raises:
            Overloaded: there are no evaluators.
        """
        return Mailbox(self._address, self._board, queue_timeout_s=self._queue_timeout_s)

    def query(self, query: Query) -> Answer:
        """Have a query evaluated; returns when the first part of the answer is here."""
        hold = ticket.get()
        loop, own = self._started()
        conversation, first = _result(_begin(loop, own, query, hold), loop)
        chunk, ended = first
        return Answer(iter((chunk,)) if ended else _Chunks(loop, conversation, chunk, hold))

    def graph_names(self) -> tuple[str, ...]:
        """Return the IRIs of the named graphs, sorted."""
        if self._graph_names is None:
            self._graph_names = tuple(sorted(iris(self, "SELECT ?g { GRAPH ?g {} }")))
        return self._graph_names

    def close(self) -> None:
        """End the mailbox and its thread, once no answer is being read any more."""
        with self._lock:
            if self._loop and self._own:
                self._loop.call_soon_threadsafe(self._own.retire, self._loop.stop)
                self._loop = self._own = None

    def _started(self) -> tuple[asyncio.AbstractEventLoop, Mailbox]:
        """Return the mailbox of this process and its event loop, made at the first query."""
        with self._lock:
            if self._loop is None or self._own is None:
                self._own = self.mailbox()
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=_turn, args=(self._loop,), daemon=True).start()
            return self._loop, self._own


class _Chunks(Iterator[bytes]):
    """The chunks of an answer, for a thread; given up, its query is stopped."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        conversation: Conversation,
        chunk: bytes,
        hold: Ticket | None,
    ) -> None:
        self._loop, self._conversation, self._chunk = loop, conversation, chunk
        # Not a generator: one that nobody began to read would never come to its end.
        self.close = weakref.finalize(self, _hang_up, loop, conversation, hold)
        self.close.atexit = False

    def __next__(self) -> bytes:
        if not (chunk := self._chunk):
            self.close()
            raise StopIteration
        try:
            self._chunk = _result(self._conversation.more(), self._loop)
        except BaseException:
            self.close()
            raise
        return chunk


async def _begin(
    loop: asyncio.AbstractEventLoop, own: Mailbox, query: Query, hold: Ticket | None
) -> tuple[Conversation, tuple[bytes, bool]]:
    conversation = own.ask(query)
    if hold:
        hold.take(loop, conversation)
    try:
        first = await conversation.first()
    except BaseException:
        _end(conversation, hold)
        raise
    if first[1]:
        _end(conversation, hold)
    return conversation, first


def _hang_up(
    loop: asyncio.AbstractEventLoop, conversation: Conversation, hold: Ticket | None
) -> None:
    loop.call_soon_threadsafe(_end, conversation, hold)


def _end(conversation: Conversation, hold: Ticket | None) -> None:
    conversation.close()
    if hold:
        hold.leave()


def _result(work: Coroutine[Any, Any, T], loop: asyncio.AbstractEventLoop) -> T:
    return asyncio.run_coroutine_threadsafe(work, loop).result()


def _turn(loop: asyncio.AbstractEventLoop) -> None:
    loop.run_forever()
    loop.close()
