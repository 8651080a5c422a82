"""How long a validation takes beside the pyshacl command, and how much memory, in one run.

Generated graphs of several sizes are validated with the ontology by the project's shapes, once by
all of them and once by those without SPARQL (``sh:sparql`` is where pyshacl spends its time). Each
is a whole process, from its start to its end; memory is the most that the process and its children
had at one time (PSS, which counts shared pages once). Both must find the graph conforming.
"""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

if __name__ == "__main__":  # else "import http" of a library would find http.py beside this file
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.generate import LARGEST, SMALLEST, generate
from benchmarks.processes import family_pss_mb
from benchmarks.rows import measured

ROOT = Path(__file__).resolve().parents[1]
_EXAMPLE = "example: python benchmarks/validate.py --triples 10000,100000 --limit 900"


@dataclass(frozen=True, slots=True)
class Run:
    """What a process took: seconds, the most memory in MB, and whether it ended by itself."""

    seconds: float
    memory_mb: float
    ended: bool

    def __str__(self) -> str:
        more = "" if self.ended else "> "
        return f"{more}{self.seconds:,.1f} s, {self.memory_mb:,.0f} MB"


def main() -> int:
    """Measure what the arguments ask for."""
    arguments = _arguments()
    with tempfile.TemporaryDirectory() as temporary:
        rows = measured(_rows(Path(temporary), arguments), (RuntimeError,))
    command = f"`python {shlex.join(['benchmarks/validate.py', *sys.argv[1:]])}`"
    head = "| triples | shapes | kg-server validate | pyshacl | ratio |"
    text = "\n".join([command, "", head, "| ---: | --- | ---: | ---: | ---: |", *rows]) + "\n"
    print(text)
    if arguments.output:
        arguments.output.write_text(text, encoding="utf-8")
    return 0


def _arguments() -> argparse.Namespace:
    reader = argparse.ArgumentParser(
        prog="validate.py",
        description=__doc__,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = reader.add_argument
    add("--triples", default="10000,100000", metavar="N,N", help="[default: 10000,100000]")
    limit = "when pyshacl is stopped [default: 600]"
    add("--limit", type=float, default=600, metavar="S", help=limit)
    add("--without-pyshacl", action="store_true", help="measure kg-server alone")
    add("--output", type=Path, metavar="FILE", help="write the table here too")
    arguments = reader.parse_args()
    try:
        arguments.sizes = [int(each) for each in arguments.triples.split(",")]
    except ValueError:
        reader.error(f"--triples takes numbers with commas between, not {arguments.triples!r}")
    if not all(SMALLEST <= each <= LARGEST for each in arguments.sizes):
        reader.error(f"--triples is from {SMALLEST} to {LARGEST}")
    return arguments


def _rows(folder: Path, arguments: argparse.Namespace) -> Iterator[str]:
    """Yield a row of the table for each size and set of shapes."""
    shapes = {"all": folder / "shapes.ttl", "without SPARQL": folder / "core-shapes.ttl"}
    write_shapes(*shapes.values())
    for size in arguments.sizes:
        world = folder / "world.ttl"
        count = generate(world, size, 7)
        whole = folder / "whole.ttl"
        ontology = sorted((ROOT / "ontology").glob("*.ttl"))
        whole.write_bytes(b"\n".join(each.read_bytes() for each in (*ontology, world)))
        for name, path in shapes.items():
            command = ["kg_server", "validate", "--no-cache", "--timeout", "3600"]
            measure(command, whole, path)  # the shapes themselves are checked once only
            ours = measure(command, whole, path)
            row = f"| {count:,} | {name} | {ours} |"
            if arguments.without_pyshacl:
                yield f"{row} | |"
                continue
            theirs = pyshacl(whole, path, arguments.limit)
            more = "" if theirs.ended else "> "
            yield f"{row} {theirs} | {more}{theirs.seconds / ours.seconds:.0f} × |"


def pyshacl(data: Path, shapes: Path, limit_s: float) -> Run:
    """Run the pyshacl command, to its end or until a limit."""
    return measure(["pyshacl", "-f", "table", "-s", str(shapes)], data, None, limit_s)


def write_shapes(every: Path, core: Path) -> None:
    """Write the project's shapes into one file, and those into another that have no SPARQL."""
    from rdflib import RDF, SH, Graph

    files = sorted((ROOT / "ontology" / "shapes").glob("*.ttl"))
    every.write_bytes(b"\n".join(each.read_bytes() for each in files))
    graph = Graph().parse(every)
    for shape in set(graph.subjects(SH.sparql)):
        graph.remove((shape, SH.sparql, None))
    for constraint in set(graph.subjects(RDF.type, SH.SPARQLConstraint)):
        graph.remove((constraint, None, None))
    graph.serialize(core, format="turtle")


def measure(module: list[str], data: Path, shapes: Path | None, limit_s: float = 3600) -> Run:
    """Run a module of Python over files, to its end or until a limit.

    Raises:
        RuntimeError: it did not find the data conforming.
    """
    files = [str(data), *([str(shapes)] if shapes else [])]
    begun, most = time.perf_counter(), 0.0
    with tempfile.TemporaryFile() as output:
        command = [sys.executable, "-m", *module, *files]
        with subprocess.Popen(command, stdout=output, stderr=output) as process:
            while process.poll() is None and time.perf_counter() - begun < limit_s:
                most = max(most, family_pss_mb(process.pid))
                time.sleep(0.02)
            ended = process.poll() is not None
            seconds = time.perf_counter() - begun
            process.kill()
        output.seek(0)
        said = output.read().decode()
    if ended and process.returncode:
        raise RuntimeError(f"{shlex.join(command)} ended with {process.returncode}:\n{said[:2000]}")
    return Run(seconds, most, ended)


if __name__ == "__main__":
    sys.exit(main())
