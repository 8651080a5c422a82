"""Work that a thread does for a request: its turn, its time, and its end when the client leaves.

Threads of one process share an interpreter lock. So few of them compute at one time; the others
wait for their turn, and whoever waits for an evaluator or for a slow reader lets another go on.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from kg_server.errors import Overloaded

_LOOK_S = 0.25
"""How often a thread that waits for its turn looks whether its client has left."""


class ClientLeft(BaseException):
    """The client of a request has left, so that nobody waits for an answer.

    It is no ``Exception``, as ``asyncio.CancelledError`` is none: no handler of errors shall
    answer it.
    """


class Turns:
    """How many threads may compute at one time.

    Args:
        places: their number.
    """

    def __init__(self, places: int) -> None:
        self._free = threading.Semaphore(places)

    def take(self, work: Work, until: float) -> None:
        """Wait for a turn.

        Raises:
            ClientLeft: the client left meanwhile.
            Overloaded: there was none in time.
        """
        while not self._free.acquire(timeout=_LOOK_S):
            work.raise_if_left()
            if time.monotonic() > until:
                raise overloaded("Too many pages are being made. Try again in a few seconds.")

    def give_back(self) -> None:
        """Let another thread have the turn."""
        self._free.release()


class Work:
    """The work for one request, which computes in turns.

    Args:
        turns: shared by all work of a process.
        budget_s: how long it may compute, seconds.
        wait_s: how long it may wait for a turn, seconds.
    """

    def __init__(self, turns: Turns, budget_s: float, wait_s: float) -> None:
        self._turns, self._left_s, self._wait_s = turns, budget_s, wait_s
        self._since: float | None = None
        self._has_left = False
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
        """Return if somebody waits for the result.

        Raises:
            ClientLeft: nobody does.
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
        self._begin()
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)
            self._end()

    @contextmanager
    def pause(self) -> Iterator[None]:
        """Let another thread have the turn for the block, in which this one waits.

        Raises:
            ClientLeft, Overloaded: there is no turn after it.
        """
        self.check()
        self._end()
        try:
            yield
        finally:
            self._begin()

    def _begin(self) -> None:
        self._turns.take(self, time.monotonic() + self._wait_s)
        self._since = time.monotonic()

    def _end(self) -> None:
        if self._since is not None:
            self._left_s -= self.spent_s
            self._since = None
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


def overloaded(detail: str) -> Overloaded:
    """Return the problem of a server that has too much to do."""
    return Overloaded(detail, headers={"Retry-After": "2"})
