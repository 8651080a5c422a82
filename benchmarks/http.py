"""Measure kg-server over HTTP beside other servers of the same graph, in one run.

Each server is started in turn on the loopback address, loads the same generated graph, goes
through the workloads, and is stopped: cold (lookups of one subject, all different), hot (20
queries again and again), heavy (100,000 rows; aggregations), and overload (a cheap ASK while four
runaway queries are in flight). The result is a Markdown table of numbers and of ratios.
"""

from __future__ import annotations

import argparse
import shlex
import signal
import sys
import tempfile
import time
from pathlib import Path

if __name__ == "__main__":  # else "import http" of a library would find this file
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.generate import LARGEST, SMALLEST, generate
from benchmarks.peers import INSTALL, Missing, Server, server
from benchmarks.queries import ROWS

from benchmarks import loadgen, table, workloads

_EXAMPLES = f"""examples:
  python benchmarks/http.py --triples 100000 --seconds 5 --output table.md
  python benchmarks/http.py --peers oxigraph --triples 1000000 --keep bench
  python benchmarks/http.py --peers "" --seconds 2

{INSTALL}
"""


def main() -> int:
    """Measure what the arguments ask for."""
    arguments = _arguments()
    names = ["kg-server", *filter(None, arguments.peers.split(","))]
    if arguments.without_kg_server:
        names = names[1:]
    try:
        servers = [server(name, arguments.peer_python) for name in names]
    except Missing as error:
        print(error, file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # stops the servers too
    try:
        with tempfile.TemporaryDirectory() as temporary:
            folder = arguments.keep or Path(temporary)
            folder.mkdir(parents=True, exist_ok=True)
            text = _report(servers, folder, arguments)
    except KeyboardInterrupt:
        print("\nstopped: nothing was written", file=sys.stderr)
        return 130
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 1
    if arguments.output:
        arguments.output.write_text(text, encoding="utf-8")
    print(text)
    return 0


def _report(servers: list[Server], folder: Path, arguments: argparse.Namespace) -> str:
    """Generate a graph, measure the servers in turn, and return the report."""
    begun = time.perf_counter()

    def tell(words: str) -> None:
        print(f"{time.perf_counter() - begun:7.1f} s  {words}", file=sys.stderr, flush=True)

    graph = folder / "world.nt"
    tell(f"generate {arguments.triples:,} triples")
    count = generate(graph, arguments.triples, arguments.seed)
    files = workloads.prepare(graph, folder)
    measured = {}
    for number, each in enumerate(servers):
        port = arguments.port + number
        measured[each.name] = workloads.measure(
            each, files, port, arguments.seconds, lambda words, of=each.name: tell(f"{of}: {words}")
        )
    tell("the engine alone")
    facts = {
        "command": f"`python {shlex.join(['benchmarks/http.py', *sys.argv[1:]])}`",
        "graph": f"{count:,} triples, seed {arguments.seed}; heavy SELECT: "
        f"{min(count, ROWS):,} rows",
        "servers": ", ".join(f"{each.name} {each.version_text()}" for each in servers),
        "load": f"{loadgen.name()}, 8 connections, {arguments.seconds:g} s each",
    }
    return table.document(measured, workloads.engine(graph), facts)


def _arguments() -> argparse.Namespace:
    reader = argparse.ArgumentParser(
        prog="http.py",
        description=__doc__,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = reader.add_argument
    add("--triples", type=int, default=100_000, metavar="N", help="[default: 100000]")
    add("--seed", type=int, default=7, metavar="N", help="of the graph [default: 7]")
    add("--seconds", type=float, default=5, metavar="S", help="for each load [default: 5]")
    peers = "names with commas between [default: oxigraph,rdflib-endpoint]"
    add("--peers", default="oxigraph,rdflib-endpoint", metavar="NAMES", help=peers)
    own = "the Python whose environment has the peers [default: this one]"
    add("--peer-python", type=Path, default=Path(sys.executable), metavar="FILE", help=own)
    add("--without-kg-server", action="store_true", help="measure the peers alone")
    add("--port", type=int, default=18100, metavar="N", help="the first one [default: 18100]")
    add("--output", type=Path, metavar="FILE", help="write the report here too")
    kept = "keep the graph, the queries and the logs of the servers in a folder"
    add("--keep", type=Path, metavar="FOLDER", help=kept)
    arguments = reader.parse_args()
    if not SMALLEST <= arguments.triples <= LARGEST:
        reader.error(f"--triples is from {SMALLEST} to {LARGEST}")
    if not 1 <= arguments.seconds <= 300:
        reader.error("--seconds is from 1 to 300")
    return arguments


if __name__ == "__main__":
    sys.exit(main())
