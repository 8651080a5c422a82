"""Measure kg-server over HTTP beside other servers of the same graph, in one run.

Each server is started in turn on the loopback address, loads the same generated graph, answers
a sample of queries, and goes through the workloads: cold (lookups of one subject, all different;
at most 20 s), hot (20 queries again and again), heavy (100,000 rows; aggregations), and overload
(a cheap ASK while four runaway queries are in flight); then it is stopped. That is a round.
Another round begins with another server. The result is three Markdown tables: medians of the
rounds with the least and the most, ratios of each round, and what the design asks for.
"""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

if __name__ == "__main__":  # else "import http" of a library would find this file
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.answers import Different
from benchmarks.generate import LARGEST, SMALLEST, generate
from benchmarks.overload import LEAST
from benchmarks.peers import INSTALL, PEERS, Missing, server
from benchmarks.rounds import measure_all
from benchmarks.server import LOAD_S, Server
from benchmarks.workloads import WORKLOADS, Limits, prepare

from benchmarks import loadgen, table

_EXAMPLES = f"""examples:
  python benchmarks/http.py --triples 100000 --seconds 5 --output table.md
  python benchmarks/http.py --triples 1000000 --rounds 5 --output table.md
  python benchmarks/http.py --triples 10000000 --peers oxigraph,virtuoso --keep bench
  python benchmarks/http.py --peers "" --workloads cold,hot --seconds 1

{INSTALL}

exit codes: 0 measured (a peer may have failed: the report says so); 1 kg-server failed, or the
answers of two servers differ; 2 wrong arguments, or a peer that was named is missing; 130 stopped.
"""


def main() -> int:
    """Measure what the arguments ask for."""
    arguments = _arguments()
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell may have had the first ignored
        signal.signal(number, signal.default_int_handler)  # stops the servers too
    try:
        servers = _servers(arguments)
        with tempfile.TemporaryDirectory() as temporary:
            folder = arguments.keep or Path(temporary)
            folder.mkdir(parents=True, exist_ok=True)
            text, failed = _report(servers, folder, arguments)
    except KeyboardInterrupt:
        print("\nstopped: nothing was written", file=sys.stderr)
        return 130
    except Missing as error:
        print(error, file=sys.stderr)
        return 2
    except (Different, subprocess.SubprocessError) as error:
        print(error, file=sys.stderr)
        return 1
    if arguments.output:
        arguments.output.write_text(text, encoding="utf-8")
    print(text)
    return 1 if table.OURS in failed else 0


def _servers(arguments: argparse.Namespace) -> list[Server]:
    """Return the servers to measure, ours first.

    Raises:
        Missing: a peer that was named is not installed.
    """
    found = [] if arguments.without_kg_server else [server(table.OURS, arguments.peer_python)]
    named = arguments.peers is not None
    for name in filter(None, arguments.peers.split(",") if named else PEERS):
        try:
            found.append(server(name, arguments.peer_python))
        except Missing as error:
            if named:
                raise
            print(f"{str(error).splitlines()[0].rstrip(':')}: left out", file=sys.stderr)
    return found


def _report(
    servers: list[Server], folder: Path, arguments: argparse.Namespace
) -> tuple[str, dict[str, str]]:
    """Generate a graph and measure; return the report, and what failed why."""
    begun, load = time.perf_counter(), os.getloadavg()[0]

    def tell(words: str) -> None:
        print(f"{time.perf_counter() - begun:7.1f} s  {words}", file=sys.stderr, flush=True)

    graph = folder / "world.nt"
    tell(f"generate {arguments.triples:,} triples")
    count = generate(graph, arguments.triples, arguments.seed)
    limits = Limits(arguments.seconds, arguments.load_seconds, arguments.workloads)
    files = prepare(graph, count, limits)
    measured, failed = measure_all(
        servers,
        files,
        rounds=range(arguments.rounds),
        port=arguments.port,
        limits=limits,
        tell=tell,
    )
    cold = f" (cold {limits.cold_s:g} s)" if limits.cold_s < limits.seconds else ""
    facts = {
        "command": f"`python {shlex.join(['benchmarks/http.py', *sys.argv[1:]])}`",
        "graph": f"{count:,} triples, seed {arguments.seed}; heavy SELECT: {files.rows:,} rows",
        "servers": ", ".join(f"{each.name} {each.version_text()}" for each in servers),
        "load": f"{loadgen.name()}, 8 connections, {limits.seconds:g} s each{cold}; "
        f"cheap ASK over 1 connection, at least {LEAST:,}",
        "rounds": f"{arguments.rounds}; median (least–most)",
        "answers": f"{len(files.sample)} of every server compared, all alike",
        "load average before": f"{load:.1f}",
        **failed,
    }
    return table.document(measured, facts, count), failed


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
    add("--rounds", type=int, default=1, metavar="N", help="[default: 1]")
    add("--seconds", type=float, default=5, metavar="S", help="for each load [default: 5]")
    loading = f"for a server to load the graph in [default: {LOAD_S}]"
    add("--load-seconds", type=float, default=LOAD_S, metavar="S", help=loading)
    run = f"names with commas between [default: {','.join(WORKLOADS)}]"
    add("--workloads", type=_workloads, default=WORKLOADS, metavar="NAMES", help=run)
    peers = f"names with commas between [default: those installed of {','.join(PEERS)}]"
    add("--peers", metavar="NAMES", help=peers)
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
    if not 1 <= arguments.rounds <= 100:
        reader.error("--rounds is from 1 to 100")
    return arguments


def _workloads(text: str) -> tuple[str, ...]:
    # Each once: cold asked again would be answered from a cache.
    names = tuple(dict.fromkeys(filter(None, text.split(","))))
    if unknown := set(names) - set(WORKLOADS):
        raise argparse.ArgumentTypeError(f"not among {', '.join(WORKLOADS)}: {unknown.pop()}")
    return names


if __name__ == "__main__":
    sys.exit(main())
