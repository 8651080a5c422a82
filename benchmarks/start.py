"""How long the commands take from their start, as whole processes, on the shipped graph.

`kg-server serve` is timed until it has answered its first query, `kg-server validate` until it has
ended. Each is run several times with an empty cache directory, and several times with the report
that an earlier run left there.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

if __name__ == "__main__":  # else "import http" of a library would find http.py beside this file
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.rows import measured
from benchmarks.server import Failed, Server, free_port

COMMAND = [sys.executable, "-m", "kg_server"]
ROOT = Path(__file__).resolve().parents[1]
_WITHIN_S = 60.0
_EXAMPLE = "example: python benchmarks/start.py --runs 20"


def main() -> int:
    """Measure what the arguments ask for."""
    arguments = _arguments()
    with tempfile.TemporaryDirectory() as temporary:
        os.chdir(temporary)  # where no project is: serve has the graph of the package
        os.environ["XDG_CACHE_HOME"] = str(Path(temporary) / "cache")
        failures = (Failed, subprocess.CalledProcessError)
        rows = measured(_rows(Path(temporary), arguments.runs), failures, prefix="kg-server ")
    command = f"`python {shlex.join(['benchmarks/start.py', *sys.argv[1:]])}`"
    head = ["| command | nothing cached | again |", "| --- | --- | --- |"]
    print("\n".join([command, "", *head, *rows]))
    return 0


def _arguments() -> argparse.Namespace:
    reader = argparse.ArgumentParser(
        prog="start.py",
        description=__doc__,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    reader.add_argument("--runs", type=int, default=10, metavar="N", help="of each [default: 10]")
    arguments = reader.parse_args()
    if arguments.runs < 1:
        reader.error("--runs is at least 1")
    return arguments


def _rows(folder: Path, runs: int) -> Iterator[str]:
    """Yield a row of the table for each command."""
    for name, measure in (
        ("`kg-server validate`", validate),
        ("`kg-server serve`, to its first answer", lambda: serve(folder / "serve.log")),
    ):
        cells = []
        for empty in (True, False):
            taken = [_timed(measure, folder / "cache", empty=empty) for _ in range(runs)]
            cells.append(f"{statistics.median(taken):.2f} s ({min(taken):.2f} to {max(taken):.2f})")
        yield f"| {name} | {' | '.join(cells)} |"


def _timed(measure: Callable[[], float], cache: Path, *, empty: bool) -> float:
    if empty:
        shutil.rmtree(cache, ignore_errors=True)
    return measure()


def validate() -> float:
    """Return the seconds of a validation, from its start to its end."""
    begun = time.perf_counter()
    subprocess.run([*COMMAND, "validate", str(ROOT)], check=True, capture_output=True)
    return time.perf_counter() - begun


def serve(log: Path) -> float:
    """Return the seconds from the start of a server to its first answer; then stop it.

    Raises:
        Failed: it ended, or did not answer in time.
    """
    command = [*COMMAND, "serve", "--port", "{port}"]
    server = Server("kg-server", command, "/sparql?query=", [*COMMAND, "--version"])
    try:
        return server.start(Path(), free_port(), log, _WITHIN_S)
    finally:
        server.stop()


if __name__ == "__main__":
    sys.exit(main())
