"""The Flask application, run in threads beside the event loop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from kg_server import metrics
from kg_server.config import Settings
from kg_server.errors import Problem
from kg_server.server import compression
from kg_server.server.cache import ResponseCache, Stored
from kg_server.server.compression import Headers
from kg_server.server.exchange import Exchange, Stream
from kg_server.server.generation import Serving
from kg_server.server.wsgi import Response, WsgiApp, environment
from kg_server.web.context import OPERATION
from kg_server.work import ClientLeft, Turns, Work, overloaded

log = logging.getLogger("kg_server.front")

_TURNS = 2
"""Most threads that compute at the same time: more would only wait for the interpreter's lock."""
_BEGUN = 4
"""Most threads that have begun, including those that wait for an evaluator."""
_NO_THREAD = "can't start new thread"
"""Message of CPython 3.11's RuntimeError (threading)."""
WATCHED = ("/metrics",)
"""Paths that are answered under overload too, so that monitoring goes on."""


@dataclass(frozen=True, slots=True)
class Whole:
    """A complete answer, compressed by the thread that made it."""

    status: int
    headers: Headers
    body: bytes


class Application:
    """Runs the Flask application in threads, which take turns to compute.

    Args:
        serving: the graph in service, with its application.
        settings: the limits.
        cache: the response cache.
    """

    def __init__(self, serving: Serving, settings: Settings, cache: ResponseCache) -> None:
        self._serving, self._settings, self._cache = serving, settings, cache
        self._threads = ThreadPoolExecutor(settings.evaluators * 4, "request")
        self._own_thread = ThreadPoolExecutor(1, "watch")
        self._turns, self._own_turn = Turns(_TURNS, _BEGUN), Turns(1, 1)

    async def __call__(self, exchange: Exchange) -> None:
        """Answer a request.

        Raises:
            Problem: the application failed, or the request waited too long for a turn.
        """
        with self._serving.current() as served:
            watched = exchange.request.path in WATCHED
            turns = self._own_turn if watched else self._turns
            settings = self._settings
            work = Work(turns, settings.page_timeout_s, settings.queue_timeout_s)
            job = _Job(
                app=served.app, exchange=exchange, work=work, most_bytes=self._cache.max_entry_bytes
            )
            threads = self._own_thread if watched else self._threads
            try:
                outcome = await _until_left(job, threads)
            except ClientLeft:
                metrics.count_disconnect()
                exchange.record_left()
                return
        if outcome:
            await self._answer(exchange, outcome)

    async def close(self) -> None:
        """Wait until all threads have ended, without blocking the event loop that they need."""
        await asyncio.get_running_loop().run_in_executor(None, self._threads.shutdown)

    async def _answer(self, exchange: Exchange, answer: Whole) -> None:
        """Send an answer; put it into the cache if its headers allow that."""
        headers, body, coding = answer.headers, answer.body, exchange.request.coding
        if answer.status == HTTPStatus.OK:
            if exchange.key and _may_be_kept(headers):
                self._cache.put(exchange.key, Stored(answer.status, headers, body))
        elif answer.status == HTTPStatus.NOT_MODIFIED:
            tags = exchange.request.header("if-none-match")
            headers = compression.not_modified(coding, headers, tags)
        await exchange.respond(answer.status, headers, body)


class _Job:
    """One request that a thread answers.

    Args:
        app: the application.
        exchange: the request.
        work: the turns and the deadline of the thread.
        most_bytes: answers with larger bodies are streamed.
    """

    def __init__(self, app: WsgiApp, exchange: Exchange, work: Work, most_bytes: int) -> None:
        self._app, self._exchange, self.work = app, exchange, work
        self._most_bytes = most_bytes
        self._loop = asyncio.get_running_loop()

    @property
    def exchange(self) -> Exchange:
        """The request."""
        return self._exchange

    def run(self) -> Whole | None:
        """Return the answer, or ``None`` if it was streamed.

        Raises:
            Problem: the application failed.
            ClientLeft: the client has left.
        """
        environ = environment(self._exchange.request)
        environ[OPERATION] = self._exchange.operation
        with self.work.turn():
            try:
                response = Response(self._app, environ)
            except Problem:
                raise
            except Exception as error:
                raise self._unforeseen(error) from error
            try:
                return self._answer(response)
            finally:
                response.close()

    def _answer(self, response: Response) -> Whole | None:
        try:
            body, whole = response.gather(self._most_bytes)
        except Problem:
            raise
        except Exception as error:
            raise self._unforeseen(error) from error
        if whole:
            headers = response.headers
            if response.status == HTTPStatus.OK:
                headers, body = compression.whole(self._exchange.request.coding, headers, body)
            return Whole(response.status, headers, body)
        if self._exchange.request.method == "HEAD":
            headers, _ = compression.streamed(self._exchange.request.coding, response.headers)
            self._wait(self._exchange.respond(response.status, headers))
        else:
            self._stream(response, body)
        return None

    def _stream(self, response: Response, beginning: bytes) -> None:
        self.work.only_wait()
        stream = self._exchange.stream(response.status, response.headers)
        try:
            self._write(stream, beginning)
            for chunk in response.chunks:
                self._write(stream, chunk)
            self._wait(stream.end())
        except (Problem, OSError, ClientLeft) as error:
            self._loop.call_soon_threadsafe(stream.cut, error)
        except Exception as error:  # noqa: BLE001  # after any error the answer must not seem whole
            self._unforeseen(error)
            self._loop.call_soon_threadsafe(stream.cut, error)

    def _write(self, stream: Stream, data: bytes) -> None:
        with self.work.pause():
            self._wait(stream.write(data))

    def _wait(self, step: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(step, self._loop).result()

    def _unforeseen(self, error: Exception) -> Problem:
        if isinstance(error, RuntimeError) and str(error) == _NO_THREAD:
            return _unthreaded()
        log.exception("the application failed on %r", self._exchange.request.path)
        return Problem("The server failed; its log has the reason.")


async def _until_left(job: _Job, threads: ThreadPoolExecutor) -> Whole | None:
    """Run a job in a thread; cancel it when its client leaves.

    Raises:
        Problem: the application failed, or no thread can be started.
        ClientLeft: the client left.
    """
    try:
        working = asyncio.get_running_loop().run_in_executor(threads, job.run)
    except RuntimeError as error:
        raise _unthreaded() from error
    leaving = asyncio.ensure_future(job.exchange.left())
    both: set[asyncio.Future[Any]] = {working, leaving}
    done, _ = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    if working not in done:
        job.work.cancel()
    leaving.cancel()
    with suppress(asyncio.CancelledError):
        await leaving
    return await working


def _unthreaded() -> Problem:
    """Return the problem that this user has too many threads (pthread_create(3))."""
    return overloaded("The server cannot start a thread. Try again later.")


def _may_be_kept(headers: Headers) -> bool:
    is_public = compression.value(headers, "cache-control").startswith("public")
    tagged = compression.value(headers, "etag")
    return bool(is_public and tagged and not compression.value(headers, "set-cookie"))
