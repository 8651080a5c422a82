"""A process that evaluates queries, one at a time.

It cannot open a socket or a file while it evaluates (its descriptor limit is used up), unless its
store asks an engine over the network; then the store refuses SERVICE. It cannot take more memory
than its limit, and is killed by the kernel at the deadline: the alarm's default action needs no
Python to run. Why processes: docs/decisions/processes.md.
"""

from __future__ import annotations

import array
import os
import resource
import select
import signal
import socket
import struct
import time
from dataclasses import dataclass
from typing import IO, cast

from kg_server.errors import MemoryExceeded, Overloaded, Problem, ResultTooLarge
from kg_server.processes import address_space, limit_address_space, plug_standard_streams, say
from kg_server.sandbox import failures, messages, service
from kg_server.sandbox.scoreboard import Board
from kg_server.sparql.query import Query
from kg_server.store import EvaluatingStore

_GROWN_BYTES = 32 << 20
_LOOK_MS = 100
"""Milliseconds between checks for waiting queries while a slow client blocks this evaluator."""
_SLOW_S = 0.3
"""A reader that has made an evaluator wait for so long in all is slow."""
_STACK_BYTES = 100 << 20
"""Stack of an evaluator: the engine plans long rows of patterns recursively. Linux leaves 128 MB of
addresses for it, whatever the limit is at the start of the program.
"""
_SOCKET_FD = 3
_TURN_FD = 4


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one query. ``memory_bytes`` does not include the graph.

    ``idle_s`` is the time that an evaluator with much memory of its own waits for a query.
    """

    memory_bytes: int
    result_bytes: int
    send_timeout_s: float
    idle_s: float


def evaluate(
    store: EvaluatingStore, *, queries: socket.socket, board: Board, index: int, limits: Limits
) -> None:
    """Answer the queries on a socket, in this forked process; never returns.

    The exit code is 0 if the zygote told the process to leave, and 1 if the zygote has to start
    another one in its place.

    Args:
        store: the graph.
        queries: the socket on which all evaluators receive.
        board: the scoreboard.
        index: the place of this evaluator on the scoreboard.
        limits: the limits of one query.
    """
    code = 1
    try:
        code = (
            0
            if _Evaluator(store, queries=queries, board=board, index=index, limits=limits).run()
            else 1
        )
    except BaseException as error:  # noqa: BLE001  # a forked child must not return to its parent's stack
        say(f"kg-server: an evaluator ended: {error!r}\n")
    finally:
        os._exit(code)


class _Evaluator:
    def __init__(
        self,
        store: EvaluatingStore,
        *,
        queries: socket.socket,
        board: Board,
        index: int,
        limits: Limits,
    ) -> None:
        self._store, self._board, self._index, self._limits = store, board, index, limits
        self._pid = os.getpid()
        # Otherwise the kernel would interrupt the sender of each query at once, which costs a
        # quarter of the lookups a second.
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        board.write(index, self._pid)  # not the zygote, which could erase a first query
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the zygote says when to leave
        self._socket = _only_descriptor(queries)
        # A timeout of Python's would make the socket non-blocking for all processes.
        timeout = struct.pack("ll", int(limits.send_timeout_s), 0)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, timeout)
        self._inbox = messages.Inbox(self._socket)
        self._turn = _turns(self._socket)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        _, most = resource.getrlimit(resource.RLIMIT_STACK)
        stack = _STACK_BYTES if most == resource.RLIM_INFINITY else min(_STACK_BYTES, most)
        resource.setrlimit(resource.RLIMIT_STACK, (stack, most))
        limit_address_space(address_space() + limits.memory_bytes)

    def run(self) -> bool:
        """Answer queries; return ``True`` when the zygote tells this process to leave.

        Return ``False`` if the zygote has to replace this process: it got low priority, or it has
        grown and is idle.
        """
        # The scheduling policy, not the niceness, which the whole server may have.
        policy = os.sched_getscheduler(0)
        while os.sched_getscheduler(0) == policy:
            received = self._receive()
            if received is None:
                return False
            content, asker = received
            if content == messages.LEAVE:
                return True
            query, query_id = messages.unpack_query(content)
            if not self._board.abandoned(query_id):
                self._board.write(self._index, self._pid, query_id)
                reply = _Reply(
                    self._socket,
                    asker=asker,
                    query_id=query_id,
                    limits=self._limits,
                    evaluator=self,
                )
                self._answer(query, reply)
                self._board.write(self._index, self._pid)
        return False

    def _receive(self) -> tuple[bytes, str] | None:
        """Return the next query and its sender; empty if the process has been idle too long."""
        self.allow_descriptors(1)  # the memory of a long query
        while True:
            try:
                content, memory, asker = self._inbox.receive()
            except BlockingIOError:
                if not self._turn.poll(self._limits.idle_s) and self._has_grown():
                    return None
            else:
                break
        if memory is not None:
            content = messages.from_memory(memory)
        self.allow_descriptors(0)
        return content, asker

    def allow_descriptors(self, more: int) -> None:
        """Set the limit of descriptors: the permanent ones, and ``more``."""
        if not self._store.needs_network:
            resource.setrlimit(resource.RLIMIT_NOFILE, (_TURN_FD + 1 + more, _TURN_FD + 3))

    def _has_grown(self) -> bool:
        """Tell whether this process has much memory of its own, such as copied pages (fork(2))."""
        faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        return faults * resource.getpagesize() > _GROWN_BYTES

    def waits(self, since: float) -> None:
        """Write on the scoreboard since when this evaluator waits for its reader; 0: not."""
        self._board.wait(self._index, since)

    def is_wanted(self, waited_s: float) -> bool:
        """Tell whether this evaluator has to abandon its answer for a waiting query.

        That is so if every evaluator has a query, and this one has waited for its reader too long,
        or more than half of the evaluators wait for readers.
        """
        if not select.select([self._socket], [], [], 0)[0] or not self._board.full(self._index):
            return False
        if waited_s > self._limits.send_timeout_s:
            return True
        return waited_s > _SLOW_S and self._board.waits_beyond_share(self._index)

    def _answer(self, query: Query, reply: _Reply) -> None:
        signal.setitimer(signal.ITIMER_REAL, query.timeout_s or 0)
        try:
            write = self._store.evaluate(query)
            write(cast("IO[bytes]", reply))
            reply.finish()
        except Problem as problem:
            reply.refuse(service.explained(problem, query))
        except MemoryError:
            reply.refuse(MemoryExceeded("The query needed more memory than one query may use."))
        except OSError:
            pass  # the client left
        except Exception as error:  # noqa: BLE001  # no error may end the evaluator
            say(f"kg-server: a query could not be evaluated: {error!r}\n")
            reply.refuse(failures.crashed())
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            reply.close()


class _Reply:
    """File object for the engine's result: one datagram, or a stream if the result is larger.

    The alarm is paused while the evaluator waits for a reader, because the deadline is for
    evaluation. A reader may block the evaluator for ``send_timeout_s`` in all, and for longer while
    no query waits. If half of the evaluators wait for readers, that time is 0.3 s.
    """

    def __init__(
        self,
        own: socket.socket,
        *,
        asker: str,
        query_id: int,
        limits: Limits,
        evaluator: _Evaluator,
    ) -> None:
        self._socket, self._asker, self._query_id = own, asker, query_id
        self._left, self._evaluator, self._waited_s = limits.result_bytes, evaluator, 0.0
        self._spent_before_s = time.process_time()
        self._pending = bytearray()
        self._stream: socket.socket | None = None

    def write(self, data: bytes) -> int:
        """Take a part of the result from the engine."""
        self._pending += data
        self._left -= len(data)
        if self._left < 0:
            raise ResultTooLarge("The result is larger than the server sends. Add a LIMIT.")
        if len(self._pending) >= messages.DATAGRAM_BYTES:
            self._send_on()
        return len(data)

    def flush(self) -> None:
        """Do nothing: parts are sent when they are large enough."""

    def finish(self) -> None:
        """Send the rest of the result, and the message that it is whole."""
        if self._stream:
            self._send_on()
            signal.setitimer(signal.ITIMER_REAL, 0)
            self._tell(messages.END)
        else:
            signal.setitimer(signal.ITIMER_REAL, 0)
            self._tell(messages.WHOLE, bytes(self._pending))

    def refuse(self, problem: Problem) -> None:
        """Send the problem with which the query failed."""
        try:
            self._tell(messages.PROBLEM, messages.pack_problem(problem))
        except OSError:
            return  # the client left

    def close(self) -> None:
        """End the stream, if there is one."""
        if self._stream:
            self._stream.close()

    def _send_on(self) -> None:
        left_s, _ = signal.setitimer(signal.ITIMER_REAL, 0)
        stream = self._stream or self._open()
        while self._pending:
            try:
                del self._pending[: stream.send(self._pending)]
            except BlockingIOError:
                self._wait_for_reader(stream)
        signal.setitimer(signal.ITIMER_REAL, left_s)

    def _wait_for_reader(self, stream: socket.socket) -> None:
        """Wait until the reader takes more bytes.

        Raises:
            Overloaded: the reader took too long, and other queries wait.
        """
        begun, before_s = time.monotonic(), self._waited_s
        ready = select.poll()
        ready.register(stream, select.POLLOUT)
        if not ready.poll(_LOOK_MS):
            self._evaluator.waits(begun)
            while not ready.poll(_LOOK_MS):
                self._waited_s = before_s + time.monotonic() - begun
                if self._evaluator.is_wanted(self._waited_s):
                    raise Overloaded("The answer was read slowly, and others waited.")
            self._evaluator.waits(0)
        self._waited_s = before_s + time.monotonic() - begun

    def _open(self) -> socket.socket:
        """Send one end of a new stream to the client; its other end takes the last descriptor."""
        self._evaluator.allow_descriptors(2)
        ours, theirs = socket.socketpair()
        with theirs:
            self._tell(messages.STREAM, b"", theirs.fileno())
        self._evaluator.allow_descriptors(1)
        ours.setblocking(False)
        self._stream = ours
        return ours

    def _tell(self, type_: bytes, payload: bytes = b"", descriptor: int | None = None) -> None:
        spent_s = time.process_time() - self._spent_before_s
        datagram = messages.pack(self._query_id, type_, payload, spent_s)
        if descriptor is None:
            self._socket.sendto(datagram, self._asker)
        else:  # socket.send_fds() ignores the address (Python 3.11)
            rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [descriptor]))
            self._socket.sendmsg([datagram], [rights], 0, self._asker)


def _turns(queries: socket.socket) -> select.epoll:
    """Return an epoll that wakes idle evaluators in a fixed order, so that a few stay warm.

    The kernel wakes them in a fixed order (EPOLLEXCLUSIVE, epoll_ctl(2)); evaluators that block in
    recv(2) would take turns. So a few evaluators do most of the work. Their caches stay warm, and
    fewer pages of the graph are copied.
    """
    turns = select.epoll()
    turns.register(queries, select.EPOLLIN | select.EPOLLEXCLUSIVE)
    return turns


def _only_descriptor(queries: socket.socket) -> socket.socket:
    """Move the socket to descriptor 3, and close all others except the standard streams."""
    os.dup2(queries.fileno(), _SOCKET_FD)
    os.closerange(_SOCKET_FD + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    plug_standard_streams()
    return socket.socket(fileno=_SOCKET_FD)
