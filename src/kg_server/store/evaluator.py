"""The processes that evaluate queries, and the zygote that forks and replaces them.

An evaluator cannot open a socket or a file while it evaluates (its descriptor limit is used
up), cannot take more memory than its limit, and is killed by the kernel at the deadline: the
alarm's default action needs no Python to run. Why processes: docs/decisions/.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import resource
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import IO, cast

from kg_server.errors import MemoryExceeded, Problem, ProjectFault, ResultTooLarge
from kg_server.store import frames
from kg_server.store.board import Board
from kg_server.store.oxigraph import OxigraphStore

CHUNK_BYTES = 1 << 16
"""How much of a result is gathered before it is sent; smaller results go in one piece."""

_LISTENER_FD = 3
_PR_SET_PDEATHSIG = 1
_LONG_QUERY_S = 0.25
_LOW_PRIORITY = 15


@dataclass(frozen=True, slots=True)
class Limits:
    """What one query may use. ``memory_bytes`` is beyond the graph itself."""

    memory_bytes: int
    result_bytes: int
    send_timeout_s: float


def die_with_parent() -> None:
    """Ask the kernel to kill this process when its parent ends (prctl(2), Linux)."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def run_zygote(
    load: Callable[[], OxigraphStore],
    listener: socket.socket,
    board: Board,
    first_slot: int,
    limits: Limits,
    ready: IO[bytes],
) -> None:
    """Load the graph, fork the evaluators, replace those that die; until SIGTERM.

    Args:
        load: makes the store; its ``ProjectFault`` is reported through ``ready``.
        listener: the Unix socket on which every evaluator accepts.
        board: where evaluators say what they do.
        first_slot: the first of this zygote's slots on the board.
        limits: what one query may use.
        ready: gets one JSON line when queries can come, or with what is wrong.
    """
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        store = load()
    except ProjectFault as fault:
        ready.write(json.dumps({"fault": str(fault)}).encode() + b"\n")
        ready.close()
        return
    gc.collect()
    gc.freeze()  # keeps the pages of long-lived objects shared with the evaluators
    signal.signal(signal.SIGTERM, _leave)
    children: dict[int, int] = {}

    def fork(index: int) -> None:
        pid = os.fork()
        if pid == 0:
            ready.close()
            _evaluator_main(store, listener, board, index, limits)
        children[pid] = index

    try:
        for offset in range(board.evaluators):
            fork(first_slot + offset)
        ready.write(json.dumps({"graphs": store.graph_names()}).encode() + b"\n")
        ready.close()
        _mind(board, children, fork)
    except SystemExit:
        listener.close()
        _let_finish(board, children)
        raise


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def _mind(board: Board, children: dict[int, int], fork: Callable[[int], None]) -> None:
    """Replace evaluators that die, and let long queries yield to short ones."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    demoted: set[int] = set()
    while True:
        signal.sigtimedwait({signal.SIGCHLD}, 0.1)
        while children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            index = children.pop(pid)
            slot = board.read(index)
            if slot.query_id and os.WIFSIGNALED(status):
                board.bury(slot.query_id, os.WTERMSIG(status))
            fork(index)
        _demote(board, children, demoted)


def _demote(board: Board, children: dict[int, int], demoted: set[int]) -> None:
    """Give evaluators with a long query only what the others leave; they end when it is done."""
    demoted &= children.keys()
    now = time.monotonic()
    for pid in children.keys() - demoted:
        slot = board.read(children[pid])
        if slot.query_id and now - slot.since > _LONG_QUERY_S:
            # Both, once: SCHED_IDLE gives way at once, and the evaluator asks for the niceness.
            os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0))
            os.setpriority(os.PRIO_PROCESS, pid, _LOW_PRIORITY)
            demoted.add(pid)


def _let_finish(board: Board, children: dict[int, int]) -> None:
    """Ask every evaluator to leave after its query, and wait for them."""
    for pid in children:
        os.kill(pid, signal.SIGTERM)
    for pid, index in children.items():
        os.waitpid(pid, 0)
        board.write(index, 0)


def _evaluator_main(
    store: OxigraphStore, listener: socket.socket, board: Board, index: int, limits: Limits
) -> None:
    try:
        _Evaluator(store, listener, board, index, limits).run()
    except BaseException as error:  # noqa: BLE001  # a forked child must not return to its parent's stack
        sys.stderr.write(f"kg-server: an evaluator ended: {error!r}\n")
    finally:
        os._exit(0)


class _Evaluator:
    def __init__(
        self,
        store: OxigraphStore,
        listener: socket.socket,
        board: Board,
        index: int,
        limits: Limits,
    ) -> None:
        self._store, self._board, self._index, self._limits = store, board, index, limits
        self._leaving = False
        die_with_parent()
        board.write(index, os.getpid())  # not the zygote, which could erase a first query
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, self._on_term)
        self._listener = _only_descriptor(listener)
        self._listener.settimeout(None)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        memory = _address_space() + limits.memory_bytes
        # One descriptor is left, for the connection of the query that is being answered.
        limit = _LISTENER_FD + 2
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))

    def run(self) -> None:
        while not self._leaving and os.getpriority(os.PRIO_PROCESS, 0) < _LOW_PRIORITY:
            try:
                connection, _ = self._listener.accept()
            except InterruptedError:
                return
            with connection:
                self._serve(connection)
            self._board.write(self._index, os.getpid())

    def _on_term(self, _number: int, _frame: FrameType | None) -> None:
        self._leaving = True
        if not self._board.read(self._index).query_id:
            raise InterruptedError

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(self._limits.send_timeout_s)
        try:
            _, payload = frames.Reader(connection).frame()
            query, query_id = frames.unpack_query(payload)
            if _gone(connection):
                return
            self._board.write(self._index, os.getpid(), query_id)
            signal.setitimer(signal.ITIMER_REAL, query.timeout_s or 0)
            sink = _Sink(connection, self._limits.result_bytes)
            try:
                kind, chosen, write = self._store.evaluate(query)
                sink.buffer += frames.pack_kind(kind, chosen)
                write(cast("IO[bytes]", sink))
                sink.finish()
            except Problem as problem:
                connection.sendall(frames.pack_problem(problem))
            except MemoryError:
                text = "The query needed more memory than one query may use."
                connection.sendall(frames.pack_problem(MemoryExceeded(text)))
        except (OSError, frames.Cut):
            return  # the worker went away, or reads too slowly
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)


class _Sink:
    """What the engine writes its result to: frames of ``CHUNK_BYTES`` over the connection.

    The alarm stands still while the reader makes us wait: the deadline is for evaluating, and
    the socket's own timeout bounds the sending.
    """

    def __init__(self, connection: socket.socket, result_bytes: int) -> None:
        self.buffer = bytearray()
        self._pending = bytearray()
        self._connection, self._left, self._sent = connection, result_bytes, False

    def write(self, data: bytes) -> int:
        self._pending += data
        self._left -= len(data)
        if self._left < 0:
            raise ResultTooLarge("The result is larger than the server sends. Add a LIMIT.")
        if len(self._pending) >= CHUNK_BYTES:
            self._send()
        return len(data)

    def flush(self) -> None:
        """Do nothing: chunks are sent when they are full."""

    def finish(self) -> None:
        self._send(frames.END)

    def _send(self, last: bytes = b"") -> None:
        self.buffer += frames.pack(frames.DATA, bytes(self._pending))
        self._pending.clear()
        if last:
            self.buffer += frames.pack(last)
        left_s, _ = signal.setitimer(signal.ITIMER_REAL, 0)
        self._connection.sendall(self.buffer)
        if left_s and not last:
            signal.setitimer(signal.ITIMER_REAL, left_s)
        self.buffer.clear()


def _only_descriptor(listener: socket.socket) -> socket.socket:
    """Move the listener to the first free descriptor and close all others but stdio."""
    os.dup2(listener.fileno(), _LISTENER_FD)
    os.closerange(_LISTENER_FD + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    return socket.socket(fileno=_LISTENER_FD)


def _address_space() -> int:
    """Return the size of this process's address space, bytes (proc(5), statm)."""
    with open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123  # before fds are used up
        return int(statm.read().split()[0]) * resource.getpagesize()


def _gone(connection: socket.socket) -> bool:
    """Tell whether the asker has already hung up."""
    timeout_s = connection.gettimeout()
    connection.setblocking(False)  # with a timeout, Python waits even for MSG_DONTWAIT
    try:
        return connection.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    finally:
        connection.settimeout(timeout_s)
