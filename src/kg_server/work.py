"""Work of a thread for a request: its turn, its time limit, its end when the client leaves.

Threads of one process share an interpreter lock. So only a few compute at the same time, and the
others wait for a turn. A thread that waits for an evaluator or a slow reader gives its turn away.
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
_TURN_WAIT_S = 0.25
"""Seconds after which a thread that has waited goes on without a turn.

The threads that have the turns may wait for this one, for example for a lock that it holds.
"""


class ClientLeft(BaseException):
    """The client of a request has left, so that the answer has no reader.

    Not an ``Exception``, like ``asyncio.CancelledError``: error handlers must not answer it.
    """

    def __init__(self) -> None:
        super().__init__("the client left")


class Turns:
    """Limits on threads: how many compute at the same time, and how many may have begun.

    Args:
        places: most threads that compute.
        begun: most threads that have begun, including those that wait for an evaluator.
    """

    def __init__(self, places: int, begun: int) -> None:
        self._free = threading.Semaphore(places)
        self._unbegun = threading.Semaphore(begun)

    def begin(self, work: Work, until: float) -> None:
        """Wait for the first turn.

        Raises:
            ClientLeft: the client left meanwhile.
            Overloaded: no turn was free in time.
        """
        _acquire(self._unbegun, work, until)
        try:
            _acquire(self._free, work, until)
        except BaseException:
            self._unbegun.release()
            raise

    def end(self) -> None:
        """Note that a thread has ended, or will not compute any more."""
        self._unbegun.release()

    def take(self) -> bool:
        """Wait 0.25 s for a further turn; return whether one was free."""
        return self._free.acquire(timeout=_TURN_WAIT_S)

    def give_back(self) -> None:
        """Let another thread have the turn."""
        self._free.release()


class Work:
    """The work for one request, which computes in turns.

    Args:
        turns: shared by all work of a process.
        budget_s: seconds that the work may compute.
        wait_s: seconds that the work may wait for its first turn.
    """

    def __init__(self, turns: Turns, budget_s: float, wait_s: float) -> None:
        self._turns, self._left_s = turns, budget_s
        self._wait_until = time.monotonic() + wait_s
        self._since: float | None = None
        self._has_turn = self._has_begun = self._has_left = False
        self.stop_query: Callable[[], None] | None = None
        """Function that stops the present query; set and called on the event loop."""

    @property
    def spent_s(self) -> float:
        """Seconds of the present turn."""
        return 0.0 if self._since is None else time.monotonic() - self._since

    def cancel(self) -> None:
        """End the work, because its client left; call this on the event loop."""
        self._has_left = True
        if self.stop_query:
            self.stop_query()

    def raise_if_left(self) -> None:
        """Check that the client still waits for the result.

        Raises:
            ClientLeft: the client has left.
        """
        if self._has_left:
            raise ClientLeft

    def check(self) -> None:
        """Check that the work may go on.

        Raises:
            ClientLeft: the client left.
            Overloaded: the time is used up.
        """
        self.raise_if_left()
        if self.spent_s > self._left_s:
            raise overloaded("This took the server too long. Ask for less, or try again later.")

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a turn, and hold it for the block.

        Raises:
            ClientLeft: the client left meanwhile.
            Overloaded: no turn was free in time.
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
        """Note that this work will mostly wait from now on, so that another can begin."""
        if self._has_begun:
            self._has_begun = False
            self._turns.end()

    @contextmanager
    def pause(self) -> Iterator[None]:
        """Give the turn to another thread during the block, in which this one waits.

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
    """Return the work of this thread, ``None`` if it works for no request."""
    return _current.get()


def check() -> None:
    """Check that the work of this thread may go on; call this between the steps of the work.

    Raises:
        ClientLeft: the client left.
        Overloaded: the time is used up.
    """
    work = _current.get()
    if work:
        work.check()


def sleep(seconds: float) -> None:
    """Wait for some seconds, in which another thread computes.

    Raises:
        ClientLeft, Overloaded: the work may not go on.
    """
    work = _current.get()
    with work.pause() if work else nullcontext():
        time.sleep(seconds)


@contextmanager
def locked(lock: threading.Lock) -> Iterator[None]:
    """Hold a lock for the block; while this thread waits for the lock, another one computes."""
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
    """Return the problem that the server is overloaded."""
    return Overloaded(detail, headers={"Retry-After": "2"})
