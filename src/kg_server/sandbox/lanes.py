"""Lanes of queries: short ones pass the others, which leave some evaluators free.

Whether a query is short is known from earlier ones of the same form, by the processor time that an
evaluator needed. A form is a query's text without comments and spaces, and with IRIs and strings
left out. A query of an unknown form may be long.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque

from cachetools import LRUCache

SHORT_S = 0.01
"""Processor time of a short query, at most, in seconds."""
_FORMS = 4096
_LONG_TEXT = 8192
"""Characters of a query that is not read for its form, as the HTTP worker has others to serve."""
_LEFT_OUT = re.compile(
    r"""(?:[ \t\r\n]++|\#[^\r\n]*+)++|<[^<>"{}|^`\\\x00-\x20]*+>
    |"(?:[^"\\\r\n]++|\\.)*+"|'(?:[^'\\\r\n]++|\\.)*+'""",
    re.VERBOSE,
)


class Costs:
    """Processor time of the last two queries of each form."""

    def __init__(self) -> None:
        self._known: LRUCache[int, tuple[float, float]] = LRUCache(_FORMS)

    def is_short(self, form: int | None) -> bool:
        """Tell whether queries of a form are known to be short."""
        # An evaluator that was just started is slow, so one of the two may be longer.
        return form is not None and min(self._known.get(form, (SHORT_S,))) < SHORT_S

    def note(self, form: int | None, seconds: float) -> None:
        """Remember the processor time of a query."""
        if form is not None:
            self._known[form] = (seconds, self._known.get(form, (seconds,))[0])


class Lane:
    """A limit on queries at the same time; the others wait in order.

    Args:
        places: most queries at the same time.
    """

    def __init__(self, places: int) -> None:
        self._free = places
        self._waiting: deque[asyncio.Future[None]] = deque()

    def enter(self) -> asyncio.Future[None]:
        """Return a place, which is done when the query may be sent."""
        place = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        self._advance()
        return place

    def leave(self, place: asyncio.Future[None]) -> None:
        """Give a place back, whether it was waited for or held."""
        if not place.cancel():
            self._free += 1
            self._advance()

    def _advance(self) -> None:
        while self._free and self._waiting:
            place = self._waiting.popleft()
            if not place.cancelled():
                place.set_result(None)
                self._free -= 1


def form(text: str) -> int | None:
    """Return a number for the form of a query; ``None`` if the query is too long to be read.

    >>> form("ASK {<urn:a> ?p 'x'} # 1") == form('ASK  {<urn:b> ?p "y"}# 2') == form("ASK {}")
    False
    >>> form("ASK { <urn:a> ?p ?o } # 1") == form("ASK { <urn:b> ?p ?o } # 2")
    True
    """
    return hash(_LEFT_OUT.sub(" ", text)) if len(text) <= _LONG_TEXT else None
