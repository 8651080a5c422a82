"""A graph in one SPARQL service behind two front ends: how long everything takes.

The generated graph is published to an engine that starts empty. Two `kg-server serve --endpoint`
are started over it; both are asked at one time. Then one of them makes pages, and
`kg-server validate --endpoint` checks the graph in the engine. Nothing of it is left afterwards.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from statistics import median
from urllib.parse import urlencode

if __name__ == "__main__":  # else "import http" of a library would find http.py beside this file
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import http.client

from benchmarks.canned import forms
from benchmarks.generate import generate
from benchmarks.loadgen import run as load
from benchmarks.peers import Missing
from benchmarks.peers import server as peer
from benchmarks.queries import cold, hot, save, subjects
from benchmarks.rows import measured
from benchmarks.server import Failed, Server, free_port
from benchmarks.table import machine
from benchmarks.validate import write_shapes
from benchmarks.writer import BASE

from kg_server import canned, project

ROOT = Path(__file__).resolve().parents[1]
COMMAND = [sys.executable, "-m", "kg_server"]
ENGINES = {"virtuoso": ("/sparql", []), "oxigraph": ("/query", ["--union-default-graph"])}
"""Path of the query endpoint, and more options, by the name of an engine."""
_FRONTS = 2
_PUBLISH_S = 3600.0
_PAGE_S = 300.0
"""Seconds that publishing, and a page, may take."""
_COLD = 20_000
_ASKED = 10
"""States that each canned query is asked about, two at a time."""
_LINK = re.compile(r'href="(?:http://[^/"]+)?(/things/[A-Za-z-]+)"')
_EXAMPLE = "example: python benchmarks/remote.py --triples 1000000"


def main() -> int:
    """Measure what the arguments ask for."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # stops the servers too
    arguments = _arguments()
    command = f"`python {shlex.join(['benchmarks/remote.py', *sys.argv[1:]])}`"
    with tempfile.TemporaryDirectory() as temporary:
        os.environ["XDG_CACHE_HOME"] = str(Path(temporary) / "cache")
        failures = (Failed, Missing, OSError, subprocess.SubprocessError)
        rows = measured(_rows(Path(temporary), arguments), failures)
    facts = [f"- {name}: {value}" for name, value in machine().items()]
    print("\n".join([command, "", *facts, "", "| what | measured |", "| --- | --- |", *rows]))
    return 0


def _arguments() -> argparse.Namespace:
    reader = argparse.ArgumentParser(
        prog="remote.py",
        description=__doc__,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = reader.add_argument
    add("--triples", type=int, default=1_000_000, metavar="N", help="[default: 1000000]")
    add("--engine", choices=ENGINES, default="virtuoso", help="[default: virtuoso]")
    add("--seconds", type=float, default=8, metavar="S", help="of a load [default: 8]")
    add("--limit", type=float, default=900, metavar="S", help="of a validation [default: 900]")
    return reader.parse_args()


def _rows(folder: Path, arguments: argparse.Namespace) -> Iterator[str]:
    """Yield a row of the table for each measurement."""
    home = folder / "project"
    world = _project(home, arguments.triples)
    engine = peer(arguments.engine, Path(sys.executable))
    path, more = ENGINES[arguments.engine]
    engine.path, engine.command = f"{path}?query=", [*engine.command, *more]
    published: list[float] = []

    def publish(_graph: Path, port: int, within_s: float) -> None:
        command = ["publish", str(home), "--endpoint", f"http://127.0.0.1:{port}{path}"]
        published.append(_ran([*command, "--no-validate", "--allow-merged"], within_s))

    engine.load = publish
    fronts: list[Server] = []
    try:
        engine.start(world, free_port(), folder / "engine.log", _PUBLISH_S)
        yield f"| `kg-server publish`, {arguments.triples:,} triples | {published[0]:.1f} s |"
        address = f"http://127.0.0.1:{engine.port}{path}"
        for number in range(1, _FRONTS + 1):
            serve = [*COMMAND, "serve", "--endpoint", address, "--port", "{port}"]
            fronts.append(Server("a front end", serve, "/sparql?query=", [*COMMAND, "--version"]))
            seconds = fronts[-1].start(world, free_port(), folder / f"front-{number}.log")
            yield f"| start of front end {number}, to its first answer | {seconds:.2f} s |"
        yield from _loads(folder, world, engine=engine, fronts=fronts, seconds=arguments.seconds)
        yield from _pages(fronts[0], world)
        yield from _validations(folder, address, arguments.limit)
    finally:
        for each in (*fronts, engine):
            each.stop()


def _project(folder: Path, triples: int) -> Path:
    """Write a project with a generated graph as its data; return the graph."""
    for name in ("ontology", "queries"):
        # without the rules: what they derive is not in the generated graph, and has a time limit
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("rules"))
    shutil.copy(ROOT / "kg.toml", folder)
    world = folder / "data" / "world.nt"
    world.parent.mkdir()
    generate(world, triples, 1)
    return world


def _ran(arguments: Sequence[str], within_s: float) -> float:
    """Run a command over the engine; return its seconds.

    Raises:
        Failed: it could not be done.
    """
    environ = {"KG_SERVER_ENDPOINT_USER": "dba", "KG_SERVER_ENDPOINT_PASSWORD": "dba"}
    begun = time.perf_counter()
    done = subprocess.run(
        [*COMMAND, *arguments],
        env=os.environ | environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=within_s,
    )
    expected = (0, 1) if arguments[0] == "validate" else (0,)  # 1: there are findings
    if done.returncode not in expected:
        raise Failed(f"kg-server {arguments[0]}: {done.stderr.strip()}")
    return time.perf_counter() - begun


def _loads(
    folder: Path, world: Path, *, engine: Server, fronts: Sequence[Server], seconds: float
) -> Iterator[str]:
    """Yield requests a second: of all front ends at one time, and of the engine alone."""
    names = subjects(world)
    loads = {"hot": hot(), "cold": cold(names, _COLD)}
    files = {name: save(folder / name, texts) for name, texts in loads.items()}
    for name, file in files.items():
        for each in fronts:  # the hot set is in the caches then
            load(each.url, file, 1)
        with ThreadPoolExecutor(_FRONTS) as pool:
            done = list(pool.map(lambda each, of=file: load(each.url, of, seconds), fronts))
        rate, errors = sum(each.rate for each in done), sum(each.errors for each in done)
        p50, p99 = (max(getattr(each, of) for each in done) for of in ("p50_ms", "p99_ms"))
        measured = f"{rate:,.0f} requests/s, p50 {p50:.1f} ms, p99 {p99:.1f} ms, {errors} errors"
        yield f"| {name}, {_FRONTS} front ends | {measured} |"
    alone = load(engine.url, files["cold"], seconds)
    yield f"| cold, the engine without front ends | {alone.rate:,.0f} requests/s |"


def _pages(front: Server, world: Path) -> Iterator[str]:
    """Yield milliseconds of pages: canned queries, tables, documents."""
    names = [each[1:-1] for each in subjects(world)]
    states = [name for name in names if re.fullmatch(rf"{BASE}id/state/\w+", name)]
    connection = http.client.HTTPConnection("127.0.0.1", front.port, timeout=_PAGE_S)
    get = _getter(connection)
    tables = sorted(set(_LINK.findall(get("/things/")[1])))
    things = [name for name in names if name.startswith(f"{BASE}id/")]
    documents = [name.replace(f"{BASE}id/", "/doc/") for name in things[:: len(things) // 100 + 1]]
    for question in canned.load(project.load([ROOT], derive=False).queries).values():
        asked = (_asked(question, states[number:]) for number in range(0, _ASKED, 2))
        paths = list(dict.fromkeys(asked))  # a second time it would come from the cache
        yield f"| canned query {question.name} | {_timed(get, paths)} |"
    for what, paths in {
        "tables": ["/things/", *tables],
        "documents": documents,
    }.items():
        yield f"| {what} | {_timed(get, paths)} |"
    connection.close()


def _asked(question: canned.CannedQuery, states: list[str]) -> str:
    """Return the path of a canned query with the parameters that it needs."""
    *_, values = forms(question, states)
    return f"/queries/{question.name}?{urlencode(values)}"


def _timed(get: Callable[[str], tuple[float, str]], paths: Sequence[str]) -> str:
    """Return how long pages take, and how many of them are errors."""
    taken: list[float] = []
    for path in paths:
        with suppress(Failed):
            taken.append(get(path)[0])
    figures = f"median {median(taken):.0f} ms, slowest {max(taken):.0f} ms, " if taken else ""
    return f"{len(paths)} pages, {figures}{len(paths) - len(taken)} errors"


def _getter(connection: http.client.HTTPConnection) -> Callable[[str], tuple[float, str]]:
    """Return how a page is got: its milliseconds, and its text.

    Raises:
        Failed: the page is an error.
    """

    def get(path: str) -> tuple[float, str]:
        begun = time.perf_counter()
        connection.request("GET", path, headers={"Accept": "text/html"})
        answer = connection.getresponse()
        text = answer.read().decode()
        if answer.status != 200:
            said = re.sub(r"<[^>]*>|\s+", " ", text.partition("<main")[2])
            raise Failed(f"{path} has the status {answer.status}: {said[:400]}")
        return (time.perf_counter() - begun) * 1000, text

    return get


def _validations(folder: Path, address: str, limit_s: float) -> Iterator[str]:
    every, core = folder / "every.ttl", folder / "core.ttl"
    write_shapes(every, core)
    for what, shapes in {"shapes without SPARQL": core, "all shapes": every}.items():
        options = ["--endpoint", address, "--shapes", str(shapes), "--timeout", str(limit_s)]
        seconds = _ran(["validate", *options], limit_s + 120)
        yield f"| `kg-server validate --endpoint`, {what} | {seconds:.1f} s |"


if __name__ == "__main__":
    sys.exit(main())
