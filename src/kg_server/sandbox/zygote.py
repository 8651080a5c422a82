"""The process that holds the graph, and forks and replaces the evaluators."""

from __future__ import annotations

import gc
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

from kg_server.processes import die_with_parent, in_child, say
from kg_server.sandbox import evaluator, messages, service
from kg_server.sandbox.evaluator import Limits
from kg_server.sandbox.scoreboard import Board
from kg_server.store import EvaluatingStore

_TICK_S = 0.02
_LENGTH_BYTES = 8
"""Bytes of the length before each message to the main process."""
_LONG_QUERY_S = 0.05
"""Seconds after which a query gets low priority."""
_AGAIN_S = 1.0
"""Seconds before retrying a fork that failed."""
_LONGEST_PAUSE_S = 60.0
"""Longest pause before a process that keeps ending is started again, seconds."""
_ASIDE_NICENESS = 10
_SIGNALS = {signal.SIGCHLD, signal.SIGTERM}


@dataclass(frozen=True, slots=True)
class Prepared:
    """A loaded store, and further work.

    ``store`` is ``None`` if loading failed. ``news`` is the message for the main process. ``aside``
    is work that is done once in a process beside the evaluators; if ``aside_first`` is true, it is
    done before queries are answered. ``later`` returns news that come after these, once there are
    any; the processes that make them were started by ``load``.
    """

    store: EvaluatingStore | None
    news: bytes
    aside: Callable[[], None] | None = None
    aside_first: bool = False
    later: Callable[[], bytes | None] | None = None


def bound(path: str) -> socket.socket:
    """Return a new socket for the queries to the evaluators of a zygote."""
    queries = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    queries.bind(path)
    # The buffer holds the answers of all evaluators until they are read.
    queries.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16 * messages.DATAGRAM_BYTES)
    return queries


def run(
    load: Callable[[], Prepared],
    *,
    queries: socket.socket,
    board: Board,
    first_slot: int,
    limits: Limits,
    ready: IO[bytes],
    parent: int,
) -> None:
    """Load the graph, fork the evaluators, and replace those that die, until SIGTERM.

    Args:
        load: loads the store.
        queries: the socket on which every evaluator receives.
        board: the scoreboard.
        first_slot: the first of this zygote's slots on the scoreboard.
        limits: the limits of one query.
        ready: the file for the result of loading; it is written when queries can be answered.
        parent: the parent process; this process ends with it.
    """
    die_with_parent(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    prepared = _in_thread(load)
    store = prepared.store
    if store is None:
        _tell(ready, prepared.news)
        return
    if not store.needs_network:
        service.let_https_fail(store)
    gc.collect()
    gc.freeze()  # keeps the pages of long-lived objects shared with the evaluators
    # No handler, because it could raise between a fork and the storing of the process id.
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    zygote = _Zygote(
        store,
        queries=queries,
        board=board,
        limits=limits,
        slots=range(first_slot, first_slot + board.evaluators),
    )
    zygote.aside, zygote.later, zygote.ready = prepared.aside, prepared.later, ready
    if prepared.aside_first:
        zygote.finish_aside()
    zygote.fill()
    zygote.tell(prepared.news)
    zygote.mind()
    zygote.let_finish()


def _tell(ready: IO[bytes], news: bytes) -> None:
    with suppress(OSError):  # the main process has ended, and this one ends with it
        ready.write(len(news).to_bytes(_LENGTH_BYTES, "big") + news)
        ready.flush()


def message(content: bytearray) -> bytes | None:
    """Take the first of the messages in what a zygote has sent; ``None`` if it is not whole."""
    end = _LENGTH_BYTES + int.from_bytes(content[:_LENGTH_BYTES], "big")
    if len(content) < max(end, _LENGTH_BYTES):
        return None
    news = bytes(content[_LENGTH_BYTES:end])
    del content[:end]
    return news


def _in_thread(load: Callable[[], Prepared]) -> Prepared:
    """Load in a thread, because each thread has a heap of its own (malloc(3), arenas).

    Loading leaves holes in its heap. An evaluator, which is forked from the main thread, would
    search them at each allocation: one lookup took 110 µs instead of 40 µs at a million triples.
    """
    outcome: list[Prepared | BaseException] = []
    done = threading.Event()

    def work() -> None:
        try:
            outcome.append(load())
        except BaseException as error:  # noqa: BLE001  # raised again in the thread that waits
            outcome.append(error)
        done.set()
        if isinstance(outcome[0], Prepared) and outcome[0].later:
            # At the thread's end, the kernel would kill the processes that it started (prctl(2)).
            threading.Event().wait()

    threading.Thread(target=work, daemon=True).start()
    done.wait()
    (loaded,) = outcome
    if isinstance(loaded, BaseException):
        raise loaded
    return loaded


class _Zygote:
    def __init__(
        self,
        store: EvaluatingStore,
        *,
        queries: socket.socket,
        board: Board,
        limits: Limits,
        slots: Iterable[int],
    ) -> None:
        self._store, self._queries, self._board, self._limits = store, queries, board, limits
        self._address = str(queries.getsockname())
        self._children: dict[int, int] = {}
        self._empty = set(slots)
        self._next_at: dict[int, float] = {}
        self._demoted: set[int] = set()
        self._processors = len(os.sched_getaffinity(0))
        self._notices: dict[int, bytes] = {}
        self.aside: Callable[[], None] | None = None
        self.later: Callable[[], bytes | None] | None = None
        self.ready: IO[bytes] | None = None
        self._aside_pid, self._aside_at, self._aside_pause_s = 0, 0.0, _AGAIN_S

    def fill(self) -> None:
        """Start an evaluator in every empty slot; if that fails, it is tried again later."""
        now = time.monotonic()
        # The pause keeps an evaluator that dies at once from keeping the machine busy.
        for index in [each for each in self._empty if self._next_at.get(each, 0) <= now]:
            self._next_at[index] = now + _TICK_S
            try:
                self._fork(index)
            except OSError as error:  # too many processes, or too little memory (fork(2))
                self._next_at[index] = now + _AGAIN_S
                say(f"kg-server: no evaluator can be started now: {error}\n")

    def tell(self, news: bytes) -> None:
        """Send news to the main process; let it know when there are none to come."""
        if self.ready:
            _tell(self.ready, news)
            if not self.later:
                self.ready.close()
                self.ready = None

    def _fork(self, index: int) -> None:
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            die_with_parent(parent)
            if self.ready:
                self.ready.close()
            evaluator.evaluate(
                self._store,
                queries=self._queries,
                board=self._board,
                index=index,
                limits=self._limits,
            )
        self._children[pid] = index
        self._empty.remove(index)

    def mind(self) -> None:
        """Replace evaluators that die, and lower the priority of long queries, until SIGTERM."""
        received = None
        while received is None or received.si_signo != signal.SIGTERM:
            self._work_aside()
            self._tell_later()
            received = signal.sigtimedwait(_SIGNALS, _TICK_S)
            self._reap()
            self.fill()
            self._demote()

    def let_finish(self) -> None:
        """Tell every evaluator to leave after the queries that came before are answered."""
        owed = len(self._children) + len(self._empty)
        while self._children or self._empty:
            while owed and self._send(messages.LEAVE, self._address):
                owed -= 1
            signal.sigtimedwait({signal.SIGCHLD}, _TICK_S)
            self._reap()
            self.fill()  # replaces evaluators that died, while queries wait

    def _reap(self) -> None:
        """Collect evaluators that ended, and report their unanswered queries to the clients."""
        while self._children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            if pid == self._aside_pid:
                self._end_aside(status)
                continue
            if pid not in self._children:  # it made the news that come later
                continue
            index = self._children.pop(pid)
            self._bury(pid, index, os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0)
            if status:
                self._empty.add(index)
        for query_id, notice in list(self._notices.items()):
            if self._send(notice, messages.asker_address(self._address, query_id >> 32)):
                del self._notices[query_id]

    def _tell_later(self) -> None:
        """Send the news that come later, if there are any by now."""
        news = self.later() if self.later else None
        if news is not None:
            self.later = None
            self.tell(news)

    def _work_aside(self) -> None:
        """Start the work beside the evaluators, again if its process was killed."""
        aside = self.aside
        if aside is None or self._aside_pid or time.monotonic() < self._aside_at:
            return
        self._aside_at = time.monotonic() + _AGAIN_S
        with suppress(OSError):  # too many processes, or too little memory (fork(2))
            parent = os.getpid()
            self._aside_pid = os.fork()
            if self._aside_pid == 0:
                die_with_parent(parent)
                signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
                os.nice(_ASIDE_NICENESS)
                in_child(aside)

    def finish_aside(self) -> None:
        """Do the work beside the evaluators and wait for it; if it fails, it is tried later."""
        self._work_aside()
        if self._aside_pid:
            self._end_aside(os.waitpid(self._aside_pid, 0)[1])

    def _end_aside(self, status: int) -> None:
        self._aside_pid = 0
        if status:
            self._aside_at = time.monotonic() + self._aside_pause_s
            self._aside_pause_s = min(2 * self._aside_pause_s, _LONGEST_PAUSE_S)
        else:
            self.aside = None

    def _bury(self, pid: int, index: int, number: int) -> None:
        """Count a death by a signal (0: none) or with an unanswered query; plan its notice."""
        slot = self._board.read(index)
        # The slot may still have the state of the evaluator before this one.
        query_id = slot.query_id if slot.pid == pid else 0
        if number or query_id:
            self._board.count_death(index, number, query_id)
        if query_id:
            self._notices[query_id] = messages.pack(query_id, messages.DEATH, bytes([number]))
        self._board.write(index, 0)

    def _send(self, datagram: bytes, address: str) -> bool:
        """Send a datagram; return ``False`` if the receiver's queue is full."""
        try:
            self._queries.sendto(datagram, socket.MSG_DONTWAIT, address)
        except BlockingIOError:
            return False
        except OSError:  # the client has gone
            return True
        return True

    def _demote(self) -> None:
        """Give long queries idle priority if there are more queries than processors.

        Their evaluators end afterwards. The next evaluator copies the pages that it reads again:
        one query over a million triples then takes 0.3 s instead of 0.07 s.
        """
        self._demoted &= self._children.keys()
        slots = {pid: self._board.read(index) for pid, index in self._children.items()}
        # The slot may still have the state of the evaluator before this one.
        busy = {pid: slot for pid, slot in slots.items() if slot.pid == pid and slot.query_id}
        if len(busy) < self._processors or self._store.needs_network:
            return
        now = time.monotonic()
        for pid in busy.keys() - self._demoted:
            if 0 < busy[pid].since < now - _LONG_QUERY_S:  # it does not wait for its reader
                self._demoted.add(pid)
                with suppress(OSError):  # where it is not allowed, the priority stays
                    os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0))
