"""State of each graph, written by the main process for the HTTP workers, in shared memory."""

from __future__ import annotations

import mmap
import os
import pickle
from contextlib import suppress
from typing import Any

from kg_server.errors import Overloaded
from kg_server.sandbox import scoreboard

GRACE_S = 7
"""Seconds that requests under way have to finish when the server stops."""


class States:
    """State from which HTTP workers make their application, in memory shared with ``main``.

    There is one place for each graph that can have evaluators; graphs use them in turn.
    """

    def __init__(self) -> None:
        self._places = [os.memfd_create("state") for _ in range(scoreboard.GENERATIONS)]
        self._editions = mmap.mmap(-1, len(self._places))

    def edition(self, generation: int) -> int:
        """Return a number that changes when the state of a graph is written again."""
        return self._editions[generation % len(self._places)]

    def write(self, generation: int, state: object) -> None:
        """Write the state of a graph for the workers."""
        content = pickle.dumps((generation, state))
        place = self._places[generation % len(self._places)]
        os.ftruncate(place, 0)
        os.pwrite(place, content, 0)
        self._editions[generation % len(self._places)] = (self.edition(generation) + 1) % 256

    def read(self, generation: int) -> Any:
        """Return the state of a graph.

        Raises:
            Overloaded: the state of a later graph is in its place.
        """
        place = self._places[generation % len(self._places)]
        with suppress(pickle.UnpicklingError, EOFError):
            number, state = pickle.loads(os.pread(place, os.fstat(place).st_size, 0))  # noqa: S301  # from the main process
            if number == generation:
                return state
        raise Overloaded("The graph is being loaded.", headers={"Retry-After": "1"})
