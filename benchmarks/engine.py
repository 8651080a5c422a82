"""The heavy SELECT in the engine's own process: print seconds to first byte, and in all."""

from __future__ import annotations

import io
import sys
import time
from pathlib import Path

if __name__ == "__main__":  # else "import http" of a library would find http.py beside this file
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from pyoxigraph import QueryResultsFormat, QuerySolutions, RdfFormat, Store

from benchmarks import queries


class Sink(io.RawIOBase):
    """A file that keeps nothing but the time of the first byte."""

    first: float | None = None

    def writable(self) -> bool:
        """Answer that it can be written to."""
        return True

    def write(self, data: object) -> int:
        """Take everything."""
        self.first = self.first or time.perf_counter()
        return len(bytes(data))  # type: ignore[call-overload]


def main() -> None:
    """Load the graph of the first argument and measure: the best of three."""
    store = Store()
    store.bulk_load(path=sys.argv[1], format=RdfFormat.N_TRIPLES)
    found = [_run(store, queries.rows(attempt)) for attempt in range(3)]
    print(min(first for first, _ in found), min(total for _, total in found))


def _run(store: Store, text: str) -> tuple[float, float]:
    sink, start = Sink(), time.perf_counter()
    solutions = store.query(text)
    if not isinstance(solutions, QuerySolutions):
        raise TypeError(text)
    solutions.serialize(sink, QueryResultsFormat.JSON)
    end = time.perf_counter()
    return (sink.first or end) - start, end - start


if __name__ == "__main__":
    main()
