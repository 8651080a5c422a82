"""Scoreboard: shared memory with the state of evaluators and the ids of abandoned queries.

The main process makes one scoreboard before it forks, and all its children see the same memory.
Fields are aligned 64-bit words. Each has one writer, except the ids of abandoned queries.
"""

from __future__ import annotations

import mmap
import os
import signal
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass

_SLOT = struct.Struct("=QQd")  # process id, id of the running query (0: none), its start
_ID = struct.Struct("=Q")
_ABANDONED = 1024

GENERATIONS = 4
"""Most graphs with evaluators at the same time: the one in service, and others around a reload."""


CAUSES = ("deadline", "memory", "client left", "crash", "killed")
"""Causes of an evaluator's death; ``killed`` is any other signal, such as the OOM killer's."""

_CAUSE_OF = {0: 3, signal.SIGALRM: 0, signal.SIGABRT: 1, signal.SIGSEGV: 3, signal.SIGBUS: 3}


@dataclass(frozen=True, slots=True)
class Slot:
    """One evaluator: its process, the id of its query (0: none), and the start of the query.

    While the evaluator waits for its reader, ``since`` is the start of that wait, negated.
    """

    pid: int
    query_id: int
    since: float


class Board:
    """Slots of the evaluators of several generations, and the queries abandoned last.

    After a reload, the old evaluators finish their queries while the new ones start. A generation
    is one graph that was put into service.
    """

    def __init__(self, evaluators: int) -> None:
        self.evaluators = evaluators
        self._abandoned_at = 8 + GENERATIONS * evaluators * _SLOT.size
        self._deaths_at = self._abandoned_at + _ABANDONED * _ID.size
        self._memory = mmap.mmap(-1, self._deaths_at + GENERATIONS * len(CAUSES) * _ID.size)

    @property
    def generation(self) -> int:
        """The number of the graph in service; 0 before the first."""
        return int.from_bytes(self._memory[:8], "little")

    @generation.setter
    def generation(self, number: int) -> None:
        self._memory[:8] = number.to_bytes(8, "little")

    def write(self, index: int, pid: int, query_id: int = 0) -> None:
        """Write the state of the evaluator in a slot."""
        since = time.monotonic() if query_id else 0.0
        _SLOT.pack_into(self._memory, self._offset(index), pid, query_id, since)

    def read(self, index: int) -> Slot:
        """Return the state of the evaluator in a slot."""
        return Slot(*_SLOT.unpack_from(self._memory, self._offset(index)))

    def clear(self, generation: int) -> None:
        """Empty the slots of a graph whose zygote, and so every evaluator, has ended."""
        first = self.first(generation)
        for index in range(first, first + self.evaluators):
            self.write(index, 0)

    def first(self, generation: int) -> int:
        """Return the first of a graph's slots."""
        return generation % GENERATIONS * self.evaluators

    def slots(self) -> Iterator[Slot]:
        """Yield every slot that has an evaluator."""
        each = (self.read(index) for index in range(GENERATIONS * self.evaluators))
        return (slot for slot in each if slot.pid)

    def wait(self, index: int, since: float) -> None:
        """Write since when the evaluator in a slot waits for its reader; 0: it does not wait."""
        slot = self.read(index)
        now = -since if since else time.monotonic()
        _SLOT.pack_into(self._memory, self._offset(index), slot.pid, slot.query_id, now)

    def waits_beyond_share(self, index: int) -> bool:
        """Tell whether the evaluator in a slot has to stop waiting for its reader.

        Half of the evaluators of a graph may wait for readers. If more wait, those that have waited
        longest have to stop.
        """
        first = index - index % self.evaluators
        slots = (self.read(each) for each in range(first, first + self.evaluators))
        waiting = sorted(-slot.since for slot in slots if slot.query_id and slot.since < 0)
        beyond = len(waiting) - self.evaluators // 2
        return beyond > 0 and -self.read(index).since <= waiting[beyond - 1]

    def full(self, index: int) -> bool:
        """Tell whether all evaluators of the same graph as the one in a slot have a query."""
        first = index - index % self.evaluators
        return all(self.read(each).query_id for each in range(first, first + self.evaluators))

    def started(self, query_id: int) -> bool:
        """Tell whether an evaluator has taken up the query."""
        return any(slot.query_id == query_id for slot in self.slots())

    def abandon(self, query_id: int) -> bool:
        """Mark a query as abandoned: it is stopped, or never begun; return whether it ran."""
        _ID.pack_into(self._memory, self._abandoned_offset(query_id), query_id)
        return self.stop(query_id)

    def abandoned(self, query_id: int) -> bool:
        """Tell whether a query is abandoned.

        If two abandoned ids have the same place, the older one is lost, and its query evaluated.
        """
        offset = self._abandoned_offset(query_id)
        return bool(_ID.unpack_from(self._memory, offset)[0] == query_id)

    def count_death(self, index: int, number: int, query_id: int) -> None:
        """Count the death of the evaluator in a slot by a signal (0: none); for its zygote only."""
        cause = _CAUSE_OF.get(number, 4)
        if number == signal.SIGKILL and self.abandoned(query_id):
            cause = 2
        place = index // self.evaluators * len(CAUSES) + cause
        offset = self._deaths_at + place * _ID.size
        _ID.pack_into(self._memory, offset, _ID.unpack_from(self._memory, offset)[0] + 1)

    def deaths(self) -> dict[str, int]:
        """Return the number of evaluators that died, by cause."""
        size = len(CAUSES)
        words = struct.unpack_from(f"={GENERATIONS * size}Q", self._memory, self._deaths_at)
        return {cause: sum(words[place::size]) for place, cause in enumerate(CAUSES)}

    def stop(self, query_id: int) -> bool:
        """Kill the evaluator that runs a query; return whether there was one.

        The evaluator is halted before its slot is read again, so that another query is never
        killed in its place.
        """
        for slot in self.slots():
            if slot.query_id != query_id:
                continue
            try:
                os.kill(slot.pid, signal.SIGSTOP)
                still = any(each == slot for each in self.slots())
                os.kill(slot.pid, signal.SIGKILL if still else signal.SIGCONT)
            except ProcessLookupError:
                continue
            return still
        return False

    def _offset(self, index: int) -> int:
        return 8 + index * _SLOT.size

    def _abandoned_offset(self, query_id: int) -> int:
        return self._abandoned_at + query_id % _ABANDONED * _ID.size
