"""Generate a whole world of diplomatic relations, of any size, in the vocabulary of the project.

The states and their codes are real; everything said of them is drawn at random and is no fact.
The same size and seed give the same bytes. The graph conforms to the shapes.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from math import isqrt
from pathlib import Path
from random import Random

if __name__ == "__main__":  # else "import http" of a library would find http.py beside this file
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.diplomacy import World
from benchmarks.world import CODES, states
from benchmarks.writer import BASE, OWL, RDF, RDFS, XSD, Writer
from pyoxigraph import RdfFormat, parse, serialize

SMALLEST, LARGEST = 10_000, 10_000_000
GRAPH = f"{BASE}graph/world"
_EXAMPLES = """examples:
  python benchmarks/generate.py --triples 1000000 --output world.nt
  python benchmarks/generate.py --triples 10000 --seed 3 --output small.ttl
  python benchmarks/generate.py --triples 100000 --output world.nq

.nt is written fastest, about 800,000 triples a second; .nq holds the triples in one named graph.
"""
_KINDS = "accreditation claim conflict mission place post recognition relation source state treaty"
_PREFIXES = {
    "dip": f"{BASE}ns/diplomacy#",
    "def": f"{BASE}def/",
    **{kind: f"{BASE}id/{kind}/" for kind in _KINDS.split()},
    "owl": OWL,
    "rdf": RDF,
    "rdfs": RDFS,
    "xsd": XSD,
}


def main() -> int:
    """Generate what the arguments ask for."""
    arguments = _arguments()
    start = time.perf_counter()
    try:
        count = generate(arguments.output, arguments.triples, arguments.seed, quiet=arguments.quiet)
    except KeyboardInterrupt:
        arguments.output.unlink(missing_ok=True)
        print("\nstopped: nothing was kept", file=sys.stderr)
        return 130
    if not arguments.quiet:
        seconds = time.perf_counter() - start
        print(f"{arguments.output}: {count:,} triples in {seconds:.1f} s", file=sys.stderr)
    return 0


def generate(output: Path, triples: int, seed: int, *, quiet: bool = True) -> int:
    """Write a graph of about so many triples, and return how many they are.

    Args:
        output: file to write; its ending says the syntax: .nt, .nq or .ttl.
        triples: how many triples are wanted; the last piece may bring up to 200 more.
        seed: of the random numbers.
        quiet: print no progress.
    """
    if output.suffix == ".ttl":
        with tempfile.TemporaryDirectory() as folder:
            lines = Path(folder) / "graph.nt"
            count = generate(lines, triples, seed, quiet=quiet)
            parsed = parse(path=str(lines), format=RdfFormat.N_TRIPLES)
            serialize(parsed, str(output), RdfFormat.TURTLE, prefixes=_PREFIXES)
        return count
    graph = GRAPH if output.suffix == ".nq" else None
    with output.open("w", encoding="utf-8", buffering=1 << 20) as file:
        writer = Writer(file, graph)
        reported = 0
        for count in pieces(writer, triples, seed):
            if not quiet and count - reported >= triples // 20:
                reported = count
                print(f"\r{count * 100 // triples:3} %", end="", file=sys.stderr, flush=True)
    if not quiet:
        print("\r", end="", file=sys.stderr)
    return writer.count


def pieces(writer: Writer, triples: int, seed: int) -> Iterator[int]:
    """Write pieces of a world until there are so many triples; yield the count after each."""
    count = min(len(CODES), max(8, isqrt(triples // 10)))
    world = World(writer, Random(seed), states(count))  # noqa: S311  # wanted to be repeatable
    yield from world.states()
    for count in world.relations():
        yield count
        if count >= triples * 0.6:
            break
    for count in world.trade():
        yield count
        if count >= triples:
            break


def _arguments() -> argparse.Namespace:
    reader = argparse.ArgumentParser(
        prog="generate.py",
        description=__doc__,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    size = f"how many, {SMALLEST:,} to {LARGEST:,} [default: 1000000]"
    reader.add_argument("--triples", type=int, default=1_000_000, metavar="N", help=size)
    reader.add_argument("--seed", type=int, default=7, metavar="N", help="[default: 7]")
    reader.add_argument("--output", type=Path, required=True, metavar="FILE", help=".nt .nq .ttl")
    reader.add_argument("--quiet", action="store_true", help="print no progress")
    arguments = reader.parse_args()
    if not SMALLEST <= arguments.triples <= LARGEST:
        reader.error(f"--triples is from {SMALLEST} to {LARGEST}")
    if arguments.output.suffix not in (".nt", ".nq", ".ttl"):
        reader.error(f"{arguments.output}: the ending says the syntax: .nt, .nq or .ttl")
    return arguments


if __name__ == "__main__":
    sys.exit(main())
