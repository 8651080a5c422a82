"""Where the processor time of a cold lookup goes.

First the engine is measured, and the store around it, in this process. Then three servers are asked
over 8 connections, and the kernel says how long their processes computed: Granian with an
application that answers at once; kg-server with one query, which its cache answers; and kg-server
with lookups that all differ.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

if __name__ == "__main__":  # else "import http" of a library would find http.py beside this file
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.generate import generate
from benchmarks.processes import children, cpu_s
from benchmarks.queries import cold, save, subjects
from benchmarks.rows import measured
from benchmarks.server import Failed, Server, free_port
from benchmarks.table import machine
from pyoxigraph import QueryResultsFormat, QuerySolutions, RdfFormat
from pyoxigraph import Store as Engine

from benchmarks import loadgen, peers
from kg_server import formats, project
from kg_server.formats import Kind
from kg_server.sparql.query import Query
from kg_server.store import open_store

_ROOT = Path(__file__).resolve().parents[1]
_QUERIES, _ALONE = 60_000, 10_000
"""Lookups, more than a load asks so that none is in the cache, and those that are asked here."""
_LAPS = 3
_GRANIAN = (
    *(sys.executable, "-m", "granian", "--interface", "asgi", "--loop", "asyncio"),
    *("--runtime-mode", "st", "--no-ws", "--working-dir", str(_ROOT), "--port", "{port}"),
    "benchmarks.lookup:empty",
)
_BODY = b'{"results":{"bindings":[{"x":"' + b"x" * 1200 + b'"}]}}'
_HEADERS = [(b"content-type", b"application/sparql-results+json"), (b"etag", b'"x"')]
_EXAMPLE = "example: python benchmarks/lookup.py --triples 100000"


async def empty(scope: dict[str, Any], receive: Callable[[], Any], send: Any) -> None:
    """Answer every request at once (ASGI)."""
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        await send({"type": "http.response.body", "body": _BODY})
    else:
        for phase in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{phase}.complete"})


def main() -> int:
    """Measure what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__, epilog=_EXAMPLE)
    parser.add_argument("--triples", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each load")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        graph = folder / "world.nt"
        generate(graph, arguments.triples, 7)
        rows = measured(
            _rows(graph, arguments.seconds), (Failed,), prefix="not measured: the server "
        )
    print("\n".join(f"- {name}: {value}" for name, value in machine().items()))
    print("\n| part | processor time of a lookup, µs |\n| --- | ---: |", *rows, sep="\n")
    return 0


def _rows(graph: Path, seconds: float) -> Iterator[str]:
    """Yield a row of the table for each part."""
    texts = cold(subjects(graph), _QUERIES)
    yield _row("engine alone: the query, and JSON", _engine(graph, texts[:_ALONE]))
    yield _row("store: the engine, and what is checked before", _store(graph, texts[:_ALONE]))
    lookups, one = save(graph.with_name("cold"), texts), save(graph.with_name("hot"), texts[:1])
    granian = Server("granian", list(_GRANIAN), "/?query=", [])
    yield _row("Granian, which answers at once", sum(_under_load(granian, graph, one, seconds)))
    ours = peers.server("kg-server", Path(sys.executable))
    hot_us, _ = _under_load(ours, graph, one, seconds)
    yield _row("kg-server, from its cache: HTTP worker", hot_us)
    worker_us, evaluators_us = _under_load(ours, graph, lookups, seconds)
    yield _row("kg-server, cold: HTTP worker", worker_us)
    yield _row("kg-server, cold: evaluators", evaluators_us)


def _row(name: str, micros: float) -> str:
    return f"| {name} | {micros:.0f} |"


def _engine(graph: Path, texts: Sequence[str]) -> float:
    engine = Engine()
    engine.bulk_load(path=str(graph), format=RdfFormat.N_TRIPLES)

    def ask(text: str) -> None:
        solutions = cast("QuerySolutions", engine.query(text))
        solutions.serialize(io.BytesIO(), QueryResultsFormat.JSON)

    return _best(ask, texts)


def _store(graph: Path, texts: Sequence[str]) -> float:
    store, json = open_store(project.load([graph])), formats.named("json", Kind.BINDINGS)
    return _best(lambda text: store.evaluate(Query(text, json))(io.BytesIO()), texts)


def _best(ask: Callable[[str], object], texts: Sequence[str]) -> float:
    """Return the processor time of a query, µs: the least of some laps."""
    laps = []
    for _ in range(_LAPS):
        begun = time.process_time()
        for text in texts:
            ask(text)
        laps.append((time.process_time() - begun) / len(texts) * 1e6)
    return min(laps)


def _under_load(server: Server, graph: Path, queries: Path, seconds: float) -> tuple[float, float]:
    """Return the processor time of a request, µs: of the processes with the port, and of others.

    Raises:
        Failed: the server did not start, or answered with errors.
    """
    try:
        server.start(graph, free_port(), Path(os.devnull))
        families = children(server.pid)[:2]  # kg-server forks the HTTP server first
        before = [cpu_s(pid) for pid in families]
        load = loadgen.run(server.url, queries, seconds)
        after = [cpu_s(pid) for pid in families]
    finally:
        server.stop()
    if load.errors or not load.requests:
        raise Failed(f"answered {load.requests} requests, {load.errors} of them with errors")
    spent = [(b - a) / load.requests * 1e6 for a, b in zip(before, after, strict=True)]
    return spent[0], sum(spent[1:])


if __name__ == "__main__":
    sys.exit(main())
