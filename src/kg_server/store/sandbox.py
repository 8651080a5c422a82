"""A store whose queries run in evaluator processes, which can be killed."""

from __future__ import annotations

import itertools
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextvars import ContextVar

from kg_server import formats
from kg_server.errors import MemoryExceeded, Overloaded, Problem, QueryCrashed, QueryTimeout
from kg_server.formats import Kind
from kg_server.store import Answer, Query, frames
from kg_server.store.board import Board

_MARGIN_S = 1.0
"""How long after a deadline the kernel's alarm may be late before we give up waiting."""

_numbers = itertools.count(1)


class Ticket:
    """A request's hold on the query that runs for it: lets another thread stop that query."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stop: tuple[Board, int, socket.socket] | None = None
        self.cancelled = False

    def take(self, board: Board, query_id: int, connection: socket.socket) -> None:
        """Name the query that runs now."""
        with self._lock:
            self._stop = (board, query_id, connection)

    def leave(self) -> None:
        """Say that no query runs any more."""
        with self._lock:
            self._stop = None

    def cancel(self) -> None:
        """Stop the running query, if there is one: its evaluator is killed."""
        with self._lock:
            self.cancelled = True
            if self._stop:
                board, query_id, connection = self._stop
                board.stop(query_id)
                connection.shutdown(socket.SHUT_RDWR)


ticket: ContextVar[Ticket | None] = ContextVar("ticket", default=None)
"""The ticket of the request that this thread works for."""


class SandboxStore:
    """Queries sent over a Unix socket to whichever evaluator is free.

    Args:
        address: the path of the socket on which the evaluators accept.
        board: says which evaluator runs which query, and how evaluators died.
        version: the content hash of the graph that they hold.
        queue_timeout_s: how long a query may wait for a free evaluator.
        send_timeout_s: how long an evaluator may be silent while it sends.
    """

    def __init__(
        self,
        address: str,
        board: Board,
        version: str,
        *,
        queue_timeout_s: float,
        send_timeout_s: float,
    ) -> None:
        self.version = version
        self.address, self.board = address, board
        self.queue_timeout_s, self._send_timeout_s = queue_timeout_s, send_timeout_s
        self._graph_names: tuple[str, ...] | None = None

    def query(self, query: Query) -> Answer:
        """Have a query evaluated; returns when the first part of the answer is here."""
        return _Run(self, query).answer()

    def graph_names(self) -> tuple[str, ...]:
        """Return the IRIs of the named graphs, sorted."""
        if self._graph_names is None:
            listing = Query(
                "SELECT ?g { GRAPH ?g {} } ORDER BY ?g",
                {Kind.BINDINGS: formats.named("csv", Kind.BINDINGS)},
                timeout_s=self._send_timeout_s,
            )
            self._graph_names = tuple(self.query(listing).read().decode().split("\r\n")[1:-1])
        return self._graph_names

    def close(self) -> None:
        """Do nothing: the evaluators belong to the zygote."""


def new_id() -> int:
    """Return an id that no other query of this server has now."""
    return os.getpid() << 32 | next(_numbers) & 0xFFFFFFFF


class _Run:
    """One query on its way."""

    def __init__(self, store: SandboxStore, query: Query) -> None:
        self._store, self._query = store, query
        self._id = new_id()
        self._ticket = ticket.get()
        self._connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._reader = frames.Reader(self._connection)

    def answer(self) -> Answer:
        try:
            self._send()
            kind, chosen = frames.unpack_kind(unless_problem(*self._first_frame())[1])
            first, ended = self._data()
        except BaseException:
            self._close()
            raise
        if ended:
            self._close()
        chunks = iter((first,)) if ended else self._rest(first)
        return Answer(kind, chosen, chunks)

    def _send(self) -> None:
        if self._ticket:
            self._ticket.take(self._store.board, self._id, self._connection)
        try:
            self._connection.setblocking(False)
            self._connection.connect(self._store.address)
            self._connection.settimeout(self._store.queue_timeout_s)
            self._connection.sendall(frames.pack_query(self._query, self._id))
        except (BlockingIOError, TimeoutError, ConnectionError, FileNotFoundError) as error:
            raise busy() from error

    def _first_frame(self) -> tuple[bytes, bytes]:
        """Wait in the queue, then for the evaluation."""
        try:
            return self._reader.frame()
        except TimeoutError:
            if not self._store.board.started(self._id):
                raise busy() from None
        except frames.Cut:
            raise self._death() from None
        self._connection.settimeout((self._query.timeout_s or 1e6) + _MARGIN_S)
        return self._frame()

    def _frame(self) -> tuple[bytes, bytes]:
        try:
            return self._reader.frame()
        except TimeoutError:
            self._store.board.stop(self._id)
            raise timed_out(self._query) from None
        except frames.Cut:
            raise self._death() from None

    def _data(self) -> tuple[bytes, bool]:
        """Return one chunk, and whether the answer ended with it."""
        kind, payload = unless_problem(*self._frame())
        if kind == frames.END:
            return b"", True
        if len(payload) >= 1 << 16:
            return payload, False
        self._frame()  # a short chunk is the last one: END follows
        return payload, True

    def _rest(self, chunk: bytes) -> Iterator[bytes]:
        try:
            ended = False
            while not ended:
                yield chunk
                chunk, ended = self._data()
            yield chunk
        finally:
            self._close()

    def _close(self) -> None:
        if self._ticket:
            self._ticket.leave()
        self._connection.close()

    def _death(self) -> Problem:
        cancelled = self._ticket is not None and self._ticket.cancelled
        return death(self._store.board, self._id, self._query, cancelled=cancelled)


def death(board: Board, query_id: int, query: Query, *, cancelled: bool) -> Problem:
    """Say why an evaluator died before it ended its answer."""
    if cancelled:
        return QueryCrashed("The query was stopped, because its client went away.")
    number = board.cause(query_id)
    if number == signal.SIGALRM:
        return timed_out(query)
    if number in (signal.SIGABRT, signal.SIGKILL):
        return MemoryExceeded(
            "The query needed more memory than one query may use. Ask for less: "
            "add a LIMIT, or leave out ORDER BY, GROUP BY or DISTINCT over many rows."
        )
    return QueryCrashed(
        "The engine could not evaluate this query and was stopped, perhaps because the query "
        "is nested too deeply. Nothing else was affected."
    )


def timed_out(query: Query) -> QueryTimeout:
    """Say that a query met its deadline."""
    return QueryTimeout(
        f"The query was stopped after {query.timeout_s:g} seconds. Ask for less: add a LIMIT, "
        "name a class or a subject, or join on fewer patterns.",
        limit_s=query.timeout_s,
    )


def unless_problem(kind: bytes, payload: bytes) -> tuple[bytes, bytes]:
    """Return a frame as it is.

    Raises:
        Problem: it carries one.
    """
    if kind == frames.PROBLEM:
        raise frames.unpack_problem(payload)
    return kind, payload


def busy() -> Overloaded:
    """Say that no evaluator was free in time."""
    return Overloaded(
        "Every evaluator is busy and the queue is full. Try again in a few seconds.",
        headers={"Retry-After": "2"},
    )


def wait_until_answering(store: SandboxStore, timeout_s: float) -> None:
    """Wait for the first answer of freshly started evaluators.

    Raises:
        Overloaded: there was none in time.
    """
    until = time.monotonic() + timeout_s
    while True:
        try:
            store.graph_names()
        except Overloaded:
            if time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return
