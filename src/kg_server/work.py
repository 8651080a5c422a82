"""Work that a thread does for a request: its turn, its time, and its end when the client leaves.

Threads of one process share an interpreter lock. So few of them compute at one time; the others
wait for their turn, and whoever waits for an evaluator or for a slow reader lets another go on.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar

from kg_server.errors import Overloaded

_LOOK_S = 0.25
"""Seconds between checks whether the client of a waiting thread has left."""
_PATIENCE_S = 0.25
"""A thread that has waited goes on after this time, turn or not.

Who has the turns may wait for what this thread alone can give, such as a lock.
"""


class ClientLeft(BaseException):
    """The client of a request has left, so that the answer has no reader.

    It is no ``Exception``, as ``asyncio.CancelledError`` is none: no handler of errors shall
    answer it.
    """

    def __init__(self) -> None:
        super().__init__("the client left")


class Turns:
    """Limits on threads: how many compute at one time, and how many may have begun.

    Args:
        places: how many compute.
        begun: how many may have begun, those that wait for something included.
    """

    def __init__(self, places: int, begun: int) -> None:
        self._free = threading.Semaphore(places)
        self._unbegun = threading.Semaphore(begun)

    def begin(self, work: Work, until: float) -> None:
        """Wait for the first turn.

        Raises:
            ClientLeft: the client left meanwhile.
            Overloaded: there was none in time.
        """
        _acquire(self._unbegun, work, until)
        try:
            _acquire(self._free, work, until)
        except BaseException:
            self._unbegun.release()
            raise

    def end(self) -> None:
        """Say that a thread is done, or has nothing to compute any more."""
        self._unbegun.release()

    def take(self) -> bool:
        """Wait for a further turn; return whether there was one soon."""
        return self._free.acquire(timeout=_PATIENCE_S)

    def give_back(self) -> None:
        """Let another thread have the turn."""
        self._free.release()


class Work:
    """The work for one request, which computes in turns.

    Args:
        turns: shared by all work of a process.
        budget_s: how long it may compute, seconds.
        wait_s: how long it may wait for its first turn, from now, seconds.
    """

    def __init__(self, turns: Turns, budget_s: float, wait_s: float) -> None:
        self._turns, self._left_s = turns, budget_s
        self._wait_until = time.monotonic() + wait_s
        self._since: float | None = None
        self._has_turn = self._has_begun = self._has_left = False
        self.stop_query: Callable[[], None] | None = None
        """Stops the query that runs for it; set and called on the event loop."""

    @property
    def spent_s(self) -> float:
        """Seconds of the present turn."""
        return 0.0 if self._since is None else time.monotonic() - self._since

    def cancel(self) -> None:
        """End the work, because its client left; called on the event loop."""
        self._has_left = True
        if self.stop_query:
            self.stop_query()

    def raise_if_left(self) -> None:
        """Return if the client still waits for the result.

        Raises:
            ClientLeft: it has left.
        """
        if self._has_left:
            raise ClientLeft

    def check(self) -> None:
        """Return if the work may go on.

        Raises:
            ClientLeft: the client left.
            Overloaded: the time is used up.
        """
        self.raise_if_left()
        if self.spent_s > self._left_s:
            raise overloaded("This took the server too long. Ask for less, or try again later.")

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a turn, and have it for the block.

        Raises:
            ClientLeft, Overloaded: there is none.
        """
        self._turns.begin(self, self._wait_until)
        self._has_turn = self._has_begun = True
        self._since = time.monotonic()
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)
            self._stop()
            self.only_wait()

    def only_wait(self) -> None:
        """Say that from now on this work mostly waits, so that another can begin."""
        if self._has_begun:
            self._has_begun = False
            self._turns.end()

    @contextmanager
    def pause(self) -> Iterator[None]:
        """Let another thread have the turn for the block, in which this one waits.

        Raises:
            ClientLeft, Overloaded: the work may not go on.
        """
        self.check()
        self._stop()
        try:
            yield
        finally:
            self._has_turn = self._turns.take()
            self._since = time.monotonic()

    def _stop(self) -> None:
        if self._since is not None:
            self._left_s -= self.spent_s
            self._since = None
        if self._has_turn:
            self._has_turn = False
            self._turns.give_back()


_current: ContextVar[Work | None] = ContextVar("work", default=None)


def current() -> Work | None:
    """Return the work of this thread, if it does any for a request."""
    return _current.get()


def check() -> None:
    """Return if the work of this thread may go on; to be called between its steps.

    Raises:
        ClientLeft: the client left.
        Overloaded: its time is used up.
    """
    work = _current.get()
    if work:
        work.check()


def sleep(seconds: float) -> None:
    """Wait for a time, in which another thread computes.

    Raises:
        ClientLeft, Overloaded: the work may not go on.
    """
    work = _current.get()
    with work.pause() if work else nullcontext():
        time.sleep(seconds)


@contextmanager
def locked(lock: threading.Lock) -> Iterator[None]:
    """Hold a lock for the block; while it waits for it, another thread computes."""
    work = _current.get()
    if work and not lock.acquire(blocking=False):
        with work.pause():
            lock.acquire()
    elif not work:
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _acquire(places: threading.Semaphore, work: Work, until: float) -> None:
    while not places.acquire(timeout=_LOOK_S):
        work.raise_if_left()
        if time.monotonic() > until:
            raise overloaded("Too many pages are being made. Try again in a few seconds.")


def overloaded(detail: str) -> Overloaded:
    """Return the problem of a server that has too much to do."""
    return Overloaded(detail, headers={"Retry-After": "2"})
