"""The engine alone: a graph and the heavy SELECT in its own process.

    python benchmarks/engine.py FILE.nt

A JSON object is printed: seconds to load, memory of this process with the graph in MB, and seconds
to the first byte and in all of the heavy SELECT, the best of three.
"""

from __future__ import annotations

import io
import json
import os
import sys
import time
from pathlib import Path

if __name__ == "__main__":  # else "import http" of a library would find http.py beside this file
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.processes import family_pss_mb
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
    """Load the graph of the first argument and measure."""
    store, start = Store(), time.perf_counter()
    store.bulk_load(path=sys.argv[1], format=RdfFormat.N_TRIPLES)
    load_s, memory_mb = time.perf_counter() - start, family_pss_mb(os.getpid())
    found = [_run(store, queries.rows(attempt)) for attempt in range(3)]
    first, total = min(first for first, _ in found), min(total for _, total in found)
    numbers = {"load_s": load_s, "memory_mb": memory_mb}
    print(json.dumps({**numbers, "heavy_first_s": first, "heavy_total_s": total}))


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
