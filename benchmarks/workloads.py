"""What each server goes through, and what is measured of it."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from benchmarks.answers import Answer, collect
from benchmarks.loadgen import Load
from benchmarks.overload import Runaways, sequence
from benchmarks.server import ACCEPT, LOAD_S, Failed, Server

from benchmarks import loadgen, queries

WORKLOADS = ("cold", "hot", "heavy", "overload")
HEAVY_S = 120  # for one heavy query
COLD_S = 20  # at most, so that the queries can all be different
_COLD_RATE, _ASK_RATE = 50_000, 20_000  # requests a second: more than any server answers
_ATTEMPTS = 3
_ROW = re.compile(rb'"s"\s*:')

Numbers = Mapping[str, float]
"""What was measured in one round, by name with its unit; what did not answer is not there."""


@dataclass(frozen=True, slots=True)
class Files:
    """The graph, and queries made from it: percent-encoded files, and texts to compare by.

    ``rows`` is how many the heavy SELECT has at least.
    """

    graph: Path
    hot: Path
    cold: Path
    asks: Path
    sample: tuple[str, ...]
    rows: int


@dataclass(frozen=True, slots=True)
class Limits:
    """Which workloads there are, how long each load is, and how long loading may take, seconds."""

    seconds: float
    load_s: float = LOAD_S
    workloads: Sequence[str] = WORKLOADS

    @property
    def cold_s(self) -> float:
        """How long cold is."""
        return min(self.seconds, COLD_S)


def prepare(graph: Path, triples: int, limits: Limits) -> Files:
    """Write the queries for a graph, of so many triples, beside it."""
    names = queries.subjects(graph)
    cold = round(limits.cold_s * _COLD_RATE)
    asks = round(2 * limits.cold_s * _ASK_RATE)
    folder = graph.parent
    return Files(
        graph,
        queries.save(folder / "hot.txt", queries.hot()),
        queries.save(folder / "cold.txt", queries.cold(names, cold)),
        queries.save(folder / "asks.txt", queries.asks(names, asks)),
        tuple(queries.sample(names)),
        min(triples, queries.ROWS),
    )


def measure(
    server: Server, files: Files, *, port: int, limits: Limits, tell: Callable[[str], None]
) -> tuple[Numbers, Mapping[str, Answer]]:
    """Start a server, run the workloads one after another, and stop it.

    Args:
        server: what is measured.
        files: graph and queries.
        port: to listen on.
        limits: which workloads, and how long each takes.
        tell: is told what goes on.

    Returns:
        The numbers, and the answers to the queries of the sample.

    Raises:
        Failed: it did not load the graph, or stopped answering.
    """
    tell("load")
    try:
        log = files.graph.parent / f"{server.name}.log"
        load_s = server.start(files.graph, port, log, limits.load_s)
        numbers = {"load_s": load_s, "memory_mb": server.memory_mb()}
        tell("answers")
        answers = collect(server, files.sample)
        for name in limits.workloads:
            tell(name)
            numbers |= _RUNS[name](server, files, limits)
            if not server.runs():
                raise Failed(f"ended during {name}")
        numbers["memory_after_mb"] = server.memory_mb()
    except (OSError, subprocess.SubprocessError) as error:
        raise Failed(f"stopped answering: {error}") from error
    finally:
        server.stop()
    return numbers, answers


def engine(graph: Path) -> Numbers:
    """Return what the engine's own process takes to load a graph, and for the heavy SELECT."""
    command = [sys.executable, str(Path(__file__).with_name("engine.py")), str(graph)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=LOAD_S)
    return dict(json.loads(done.stdout))


def _cold(server: Server, files: Files, limits: Limits) -> Numbers:
    return _named("cold", loadgen.run(server.url, files.cold, limits.cold_s))


def _hot(server: Server, files: Files, limits: Limits) -> Numbers:
    return _named("hot", loadgen.run(server.url, files.hot, limits.seconds))


def _heavy(server: Server, files: Files, _limits: Limits) -> Numbers:
    """Measure the best of three runs of the heavy SELECT, and each aggregation once."""
    found: dict[str, float] = {}
    with contextlib.suppress(OSError, http.client.HTTPException):
        runs = [_streamed(server, queries.rows(attempt)) for attempt in range(_ATTEMPTS)]
        found["heavy_first_s"] = min(first for first, _, _ in runs)
        found["heavy_total_s"] = min(total for _, total, _ in runs)
        fewest = min(rows for _, _, rows in runs)
        if fewest < files.rows:
            raise Failed(f"sent {fewest:,} of {files.rows:,} rows")
    for name, text in queries.AGGREGATIONS.items():
        with contextlib.suppress(OSError):
            start = time.perf_counter()
            server.ask(text, HEAVY_S)
            found[f"{name}_s"] = time.perf_counter() - start
    return found


def _streamed(server: Server, text: str) -> tuple[float, float, int]:
    """Return seconds to first byte and in all of a SELECT, and how many rows came."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=HEAVY_S)
    try:
        start = time.perf_counter()
        path = f"{server.path}{quote(text, safe='')}"
        connection.request("GET", path, headers={"Accept": ACCEPT})
        answer = connection.getresponse()
        chunks = [answer.read(1)]
        first = time.perf_counter() - start
        while chunk := answer.read(1 << 16):
            chunks.append(chunk)
        total = time.perf_counter() - start
        if answer.status != 200:
            raise OSError(answer.status)
        return first, total, len(_ROW.findall(b"".join(chunks)))
    finally:
        connection.close()


def _overload(server: Server, files: Files, limits: Limits) -> Numbers:
    """Measure cheap queries while nothing else goes on, then beside four runaway queries."""
    with files.asks.open() as file:
        lines = itertools.cycle(line.rstrip() for line in file)
        idle = sequence(server.url, lines, limits.seconds)
        with Runaways(server.url) as runaways:
            begun = time.perf_counter()
            load = sequence(server.url, lines, limits.seconds)
            in_flight = runaways.in_flight(begun, time.perf_counter())
    ratio = {"overload_to_idle": load.p99_ms / idle.p99_ms, "in_flight": in_flight}
    return {**_named("idle", idle), **_named("overload", load), **ratio}


def _named(name: str, load: Load) -> Numbers:
    return {
        f"{name}_rate": load.rate,
        f"{name}_p50_ms": load.p50_ms,
        f"{name}_p99_ms": load.p99_ms,
        f"{name}_asked": load.requests,
        f"{name}_errors": load.errors,
    }


_RUNS = {"cold": _cold, "hot": _hot, "heavy": _heavy, "overload": _overload}
