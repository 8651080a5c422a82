"""What each server goes through, and what is measured of it."""

from __future__ import annotations

import http.client
import itertools
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from benchmarks.loadgen import ACCEPT, Connection, Load, percentile
from benchmarks.peers import Server, fetch

from benchmarks import loadgen, queries

HEAVY_S = 120  # for one heavy query
RUNAWAYS = 4
_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Files:
    """The graph, and the queries made from it, percent-encoded and one a line."""

    graph: Path
    hot: Path
    cold: Path
    asks: Path


@dataclass(frozen=True, slots=True)
class Measures:
    """What was measured of a server; ``None`` where it did not answer in time."""

    load_s: float
    memory_mb: float
    hot: Load
    cold: Load
    heavy: tuple[float, float] | None
    aggregations: dict[str, float | None]
    idle: Load
    overload: Load
    memory_after_mb: float


def prepare(graph: Path, folder: Path) -> Files:
    """Write the queries for a graph into a folder."""
    return Files(
        graph,
        queries.save(folder / "hot.txt", queries.hot()),
        queries.save(folder / "cold.txt", queries.cold(graph)),
        queries.save(folder / "asks.txt", queries.asks(graph)),
    )


def measure(
    server: Server, files: Files, port: int, seconds: float, tell: Callable[[str], None]
) -> Measures:
    """Start a server, run the workloads one after another, and stop it.

    Args:
        server: what is measured.
        files: graph and queries.
        port: to listen on.
        seconds: for each of hot, cold, idle and overload.
        tell: is told what goes on.
    """
    tell("load")
    try:
        load_s = server.start(files.graph, port, files.graph.parent / f"{server.name}.log")
        memory = server.memory_mb()
        tell("cold")
        cold = loadgen.run(server.url, files.cold, seconds)
        tell("hot")
        hot = loadgen.run(server.url, files.hot, seconds)
        tell("heavy")
        heavy = _select(server)
        counted = {name: _timed(server, text) for name, text in queries.AGGREGATIONS.items()}
        tell("overload")
        lines = itertools.cycle(files.asks.read_text().splitlines())
        idle = _sequence(server.url, lines, seconds)
        overload = _overload(server.url, lines, seconds)
        after = server.memory_mb()
    finally:
        server.stop()
    return Measures(load_s, memory, hot, cold, heavy, counted, idle, overload, after)


def engine(graph: Path) -> tuple[float, float]:
    """Return seconds to first byte and in all of the heavy SELECT in the engine's own process."""
    command = [sys.executable, str(Path(__file__).with_name("engine.py")), str(graph)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600)
    first, total = map(float, done.stdout.split())
    return first, total


def _select(server: Server) -> tuple[float, float] | None:
    """Return seconds to first byte and in all of the heavy SELECT: the best of three."""
    found = []
    for attempt in range(_ATTEMPTS):
        try:
            found.append(_streamed(server, queries.rows(attempt)))
        except (OSError, http.client.HTTPException):
            return None
    return min(first for first, _ in found), min(total for _, total in found)


def _streamed(server: Server, text: str) -> tuple[float, float]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=HEAVY_S)
    try:
        start = time.perf_counter()
        path = f"{server.path}?query={quote(text, safe='')}"
        connection.request("GET", path, headers={"Accept": ACCEPT})
        answer = connection.getresponse()
        answer.read(1)
        first = time.perf_counter() - start
        while answer.read(1 << 16):
            pass
        if answer.status != 200:
            raise OSError(answer.status)
        return first, time.perf_counter() - start
    finally:
        connection.close()


def _timed(server: Server, text: str) -> float | None:
    """Return the seconds that a query takes that was not asked before."""
    start = time.perf_counter()
    try:
        fetch(f"{server.url}?query={quote(text, safe='')}", HEAVY_S)
    except OSError:
        return None
    return time.perf_counter() - start


def _sequence(url: str, lines: itertools.cycle[str], seconds: float) -> Load:
    """Ask one query after another over one connection, for some seconds."""
    times, errors, begun = [], 0, time.perf_counter()
    connection: Connection | None = None
    while time.perf_counter() - begun < seconds:
        start = time.perf_counter()
        try:
            connection = connection or Connection(url)
            failed = connection.ask(next(lines)) != 200
        except OSError:
            failed, connection = True, None
        errors += failed
        times.append(time.perf_counter() - start)
    middle, high = (percentile(times, share) * 1e3 for share in (0.5, 0.99))
    return Load(len(times), time.perf_counter() - begun, errors, middle, high)


def _overload(url: str, lines: itertools.cycle[str], seconds: float) -> Load:
    """Ask cheap queries while four runaway queries are in flight, asked anew when they end."""
    stop, open_ones = threading.Event(), []

    def run_away(number: int) -> None:
        # Another variable a query, so that none is answered with another's result.
        for attempt in itertools.count():
            if stop.is_set():
                return
            text = queries.RUNAWAY.replace("?n", f"?n{number}_{attempt}")
            try:
                connection = Connection(url, timeout_s=seconds + 60)
                open_ones.append(connection)
                connection.ask(quote(text, safe=""))
            except OSError:
                stop.wait(0.1)

    threads = [
        threading.Thread(target=run_away, args=(number,), daemon=True) for number in range(RUNAWAYS)
    ]
    for thread in threads:
        thread.start()
    time.sleep(1)
    try:
        return _sequence(url, lines, seconds)
    finally:
        stop.set()
        for connection in open_ones:
            connection.close()
