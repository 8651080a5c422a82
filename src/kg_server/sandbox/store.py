"""A store whose queries run in evaluator processes, which can be killed."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Coroutine, Iterator
from contextlib import nullcontext, suppress
from typing import Any, TypeVar

from kg_server import work
from kg_server.sandbox.call import Call
from kg_server.sandbox.client import Client
from kg_server.sparql.query import Query
from kg_server.store.protocol import Answer
from kg_server.store.results import iris
from kg_server.work import Work

T = TypeVar("T")


class SandboxStore:
    """A store for threads: an event loop sends their queries to evaluators.

    While a thread that works for a request (``kg_server.work``) waits, another thread gets its
    turn. Its query is stopped when the client of the request leaves.

    Args:
        client: sends the queries.
        loop: the event loop of the client, which runs in a thread of its own.
        version: the content hash of the graph that the evaluators hold.
        graph_names: the named graphs, sorted, if they are known without asking.
    """

    def __init__(
        self,
        client: Client,
        loop: asyncio.AbstractEventLoop,
        version: str,
        graph_names: tuple[str, ...] | None = None,
    ) -> None:
        self.client, self.version, self._loop = client, version, loop
        self._graph_names = graph_names

    def query(self, query: Query) -> Answer:
        """Send a query; return when the first part of the answer has arrived."""
        current = work.current()
        call, (chunk, ended) = _wait(self._begin(query, current), self._loop, current)
        return Answer(
            iter((chunk,))
            if ended
            else _Chunks(loop=self._loop, call=call, chunk=chunk, current=current)
        )

    def graph_names(self) -> tuple[str, ...]:
        """Return the IRIs of the named graphs, sorted."""
        if self._graph_names is None:
            self._graph_names = tuple(sorted(iris(self, "SELECT ?g { GRAPH ?g {} }")))
        return self._graph_names

    def close(self) -> None:
        """Close the client as soon as no answer is being read."""
        with suppress(RuntimeError):  # the loop has ended, and all with it
            self._loop.call_soon_threadsafe(self.client.retire)

    async def _begin(self, query: Query, current: Work | None) -> tuple[Call, tuple[bytes, bool]]:
        call = self.client.ask(query)
        if current:
            current.stop_query = call.stop
        try:
            first = await call.first()
        except BaseException:
            _end(call, current)
            raise
        if first[1]:
            _end(call, current)
        return call, first


class _Chunks(Iterator[bytes]):
    """The chunks of an answer, for a thread; the query stops when this object is dropped."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, call: Call, chunk: bytes, current: Work | None
    ) -> None:
        self._loop, self._call, self._chunk, self._work = loop, call, chunk, current
        # Not a generator: one that is never read would never end.
        self.close = weakref.finalize(self, _hang_up, loop, call, current)
        self.close.atexit = False

    def __next__(self) -> bytes:
        if not (chunk := self._chunk):
            self.close()
            raise StopIteration
        try:
            self._chunk = _wait(self._call.more(), self._loop, self._work)
        except BaseException:
            self.close()
            raise
        return chunk


def _hang_up(loop: asyncio.AbstractEventLoop, call: Call, current: Work | None) -> None:
    with suppress(RuntimeError):  # the loop has ended, and all with it
        loop.call_soon_threadsafe(_end, call, current)


def _end(call: Call, current: Work | None) -> None:
    call.close()
    if current:
        current.stop_query = None


def _wait(step: Coroutine[Any, Any, T], loop: asyncio.AbstractEventLoop, current: Work | None) -> T:
    """Wait in a thread for a coroutine on the event loop, while another thread computes."""
    try:
        with current.pause() if current else nullcontext():
            return asyncio.run_coroutine_threadsafe(step, loop).result()
    finally:
        step.close()  # where it was never begun
