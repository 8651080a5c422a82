"""Measure the questions of analysts: kg-server beside other servers of the same graph.

Each server is started in turn, loads the same generated graph, and is asked every question some
times over HTTP, each time with another comment, so that no cache answers. The result is a Markdown
table of medians in milliseconds, with the ratio to each peer. An answer that differs from that of
kg-server is marked, as is a question that meets the deadline.
"""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median

if __name__ == "__main__":  # else "import http" of a library would find http.py beside this file
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.answers import Answer, canonical
from benchmarks.generate import generate
from benchmarks.peers import Missing, server
from benchmarks.questions import NEGATIONS, QUESTIONS
from benchmarks.server import Failed, Server, free_port

from benchmarks import table

Found = dict[str, tuple[float | None, Answer]]
"""Milliseconds, ``None`` for no answer in time, and the answer, by the name of the question."""

_EXAMPLES = """example:
  python benchmarks/analysts.py --triples 1000000 --runs 3 --output table.md
"""


def main() -> int:
    """Measure what the arguments ask for; return 1 if kg-server leaves a question unanswered."""
    arguments = _arguments()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # stops the servers too
    with tempfile.TemporaryDirectory() as folder:
        graph = arguments.graph or Path(folder) / "world.nt"
        if not arguments.graph:
            generate(graph, arguments.triples, 7)
        measured = {}
        for name in (table.OURS, *filter(None, arguments.peers.split(","))):
            try:
                one = server(name, arguments.peer_python)
                measured[name] = measure(
                    one, graph, Path(folder), runs=arguments.runs, most_s=arguments.most_s
                )
            except (Missing, Failed) as error:
                print(f"{name}: {str(error).splitlines()[0]}: left out", file=sys.stderr)
    text = document(measured, f"`python {shlex.join(['benchmarks/analysts.py', *sys.argv[1:]])}`")
    if arguments.output:
        arguments.output.write_text(text, encoding="utf-8")
    print(text)
    return 0 if all(time_ms for time_ms, _ in measured[table.OURS].values()) else 1


def measure(one: Server, graph: Path, folder: Path, *, runs: int, most_s: float) -> Found:
    """Return what a server answers, and in which time; it is started anew after a deadline."""
    found: Found = {}
    one.start(graph, free_port(), folder / "log")
    try:
        for name, text in QUESTIONS.items():
            found[name] = _asked(one, text, runs, most_s)
            time_ms = found[name][0]
            print(f"{one.name}: {name}: {_cell(found[name], None)} ms", file=sys.stderr, flush=True)
            if time_ms is None:
                one.stop()
                one.start(graph, free_port(), folder / "log")
    finally:
        one.stop()
    return found


def document(measured: Mapping[str, Found], command: str) -> str:
    """Return the report in Markdown."""
    names = list(measured)
    peers = names[1:]
    ours = measured[names[0]]
    head = ["", *names, *(f"{names[0]} : {peer}" for peer in peers)]
    lines = [f"| {' | '.join(head)} |", "| --- |" + " ---: |" * (len(head) - 1)]
    for name in QUESTIONS:
        times = [measured[each][name][0] for each in names]
        cells = [_cell(measured[each][name], ours[name][1]) for each in names]
        cells += [_ratio(times[0], other) for other in times[1:]]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    facts = {**table.machine(), "command": command, "load average": f"{os.getloadavg()[0]:.1f}"}
    said = [f"- {name}: {value}" for name, value in facts.items()]
    return "\n".join([*said, "", *lines, "", *_worst(measured, peers)]) + "\n"


def _worst(measured: Mapping[str, Found], peers: list[str]) -> list[str]:
    """Say how the slowest negation relates to each peer's."""
    ours, said = measured[table.OURS], []
    for peer in peers:
        pairs = [(ours[name][0], measured[peer][name][0], name) for name in NEGATIONS]
        ratios = [(mine / other, name) for mine, other, name in pairs if mine and other]
        if ratios:
            ratio, name = max(ratios)
            said.append(f"Slowest negation beside {peer}: {name}, {ratio:.2f} ×.")
    return said


def _asked(one: Server, text: str, runs: int, most_s: float) -> tuple[float | None, Answer]:
    """Ask a question some times; return the median of the milliseconds, and the last answer."""
    times, answer = [], b""
    for run in range(runs):
        start = time.perf_counter()
        try:
            answer = one.ask(f"{text} # {run}", most_s)
        except OSError:
            return None, None
        times.append((time.perf_counter() - start) * 1000)
    return median(times), canonical(answer)


def _cell(found: tuple[float | None, Answer], expected: Answer) -> str:
    time_ms, answer = found
    if time_ms is None:
        return "–"
    return f"{time_ms:,.0f}" + ("" if answer == expected or expected is None else " ≠")


def _ratio(ours: float | None, other: float | None) -> str:
    return f"{ours / other:.2f} ×" if ours and other else "–"


def _arguments() -> argparse.Namespace:
    reader = argparse.ArgumentParser(
        prog="analysts.py",
        description=__doc__,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    reader.add_argument("--triples", type=int, default=1_000_000, metavar="N")
    reader.add_argument("--graph", type=Path, help="N-Triples that were generated before")
    reader.add_argument("--runs", type=int, default=3, help="of each question [default: 3]")
    reader.add_argument("--most-s", type=float, default=20, help="deadline [default: 20]")
    reader.add_argument("--peers", default="oxigraph,virtuoso", metavar="NAMES")
    reader.add_argument("--peer-python", type=Path, default=Path(sys.executable))
    reader.add_argument("--output", type=Path, metavar="FILE")
    return reader.parse_args()


if __name__ == "__main__":
    sys.exit(main())
