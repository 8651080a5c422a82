"""The sandbox asked from an event loop: the same sockets and frames, without a thread."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from kg_server.formats import Format, Kind
from kg_server.store import Query, frames
from kg_server.store.sandbox import SandboxStore, busy, death, new_id, timed_out, unless_problem

_PATIENCE_S = 0.02
"""Most answers are here by then; only for later ones is the client's connection watched."""
_MARGIN_S = 1.0


class Conversation:
    """One query to an evaluator and its answer.

    Args:
        store: where the evaluators are.
        query: what is asked.
        gone: gives an awaitable that ends when the client goes away.
    """

    def __init__(
        self, store: SandboxStore, query: Query, gone: Callable[[], Awaitable[None]]
    ) -> None:
        self._store, self._query, self._gone = store, query, gone
        self._id = new_id()
        self._loop = asyncio.get_running_loop()
        self._connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        self._frames = frames.Frames()
        self._watch: asyncio.Future[None] | None = None
        self._timer = self._loop.call_later(_PATIENCE_S, self._be_patient)
        self._late = False
        self.cancelled = False

    async def first(self) -> tuple[Kind, Format, bytes, bool]:
        """Return kind, format, the first chunk, and whether it is the only one.

        Raises:
            Problem: as ``Store.query``.
        """
        try:
            self._connection.connect(self._store.address)
            await self._loop.sock_sendall(
                self._connection, frames.pack_query(self._query, self._id)
            )
        except (BlockingIOError, ConnectionError, FileNotFoundError) as error:
            raise busy() from error
        kind, chosen = frames.unpack_kind(unless_problem(*await self._frame())[1])
        chunk, ended = await self._data()
        return kind, chosen, chunk, ended

    async def rest(self) -> AsyncIterator[bytes]:
        """Yield the chunks after the first.

        Raises:
            Problem: the answer was cut.
        """
        ended = False
        while not ended:
            chunk, ended = await self._data()
            yield chunk

    def close(self) -> None:
        """Hang up; a query that still runs is stopped."""
        self._timer.cancel()
        if self._watch:
            self._watch.cancel()
        self._connection.close()

    async def _data(self) -> tuple[bytes, bool]:
        kind, payload = unless_problem(*await self._frame())
        if kind == frames.END:
            return b"", True
        if len(payload) >= 1 << 16:
            return payload, False
        await self._frame()  # a short chunk is the last one: END follows
        return payload, True

    async def _frame(self) -> tuple[bytes, bytes]:
        while (frame := self._frames.next()) is None:
            try:
                received = await self._loop.sock_recv(self._connection, 1 << 18)
            except ConnectionError:
                received = b""
            if not received:
                raise await self._ended()
            self._frames.feed(received)
        return frame

    async def _ended(self) -> Exception:
        """Say why the connection ended before the answer did."""
        if self._late:
            return timed_out(self._query) if self._store.board.started(self._id) else busy()
        return await asyncio.to_thread(
            death, self._store.board, self._id, self._query, cancelled=self.cancelled
        )

    def _be_patient(self) -> None:
        """Watch the client from now on, and the queue."""
        self._watch = asyncio.ensure_future(self._gone())
        self._watch.add_done_callback(self._client_left)
        self._timer = self._loop.call_later(self._store.queue_timeout_s, self._queued_too_long)

    def _client_left(self, watch: asyncio.Future[Any]) -> None:
        if not watch.cancelled():
            self.cancelled = True
            self._hang_up()

    def _queued_too_long(self) -> None:
        if self._store.board.started(self._id):
            wait_s = (self._query.timeout_s or 1e6) + _MARGIN_S
            self._timer = self._loop.call_later(wait_s, self._give_up)
        else:
            self._give_up()

    def _give_up(self) -> None:
        self._late = True
        self._hang_up()

    def _hang_up(self) -> None:
        self._store.board.stop(self._id)
        self._connection.shutdown(socket.SHUT_RDWR)
