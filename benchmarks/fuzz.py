"""Mutated RDF and SHACL files through ``kg-server validate``: no traceback, no hang.

    python -m benchmarks.fuzz --seconds 60 --seed 1 [--keep DIR] FILE...

Each round takes one of the files, changes a few bytes, lines or tokens, and validates it with the
others of its directory. The exit code is 0, 1 or 2; anything else is kept and printed.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from click.testing import CliRunner

from kg_server.cli.main import commands

_TOKENS = (
    *(b"[", b"]", b"(", b")", b"{", b"}", b".", b";", b",", b"<", b">", b'"', b"\\", b"@", b"^^"),
    *(
        b"_:b",
        b":",
        b"#",
        b"a ",
        b"sh:minCount",
        b"sh:node",
        b"sh:or",
        b"sh:not",
        b"sh:path",
        b"-1",
    ),
    *(b"1e400", b"\x00", b"\xff", b"\xe2\x80\xae", b"<urn:x>", b'""', b"true", b"&amp;", b"null"),
)
SUFFIXES = (".ttl", ".trig", ".jsonld", ".rdf", ".nt", ".shacl", ".owl")


def mutated(content: bytes, draw: random.Random) -> bytes:
    """Return a text with one to four small changes."""
    for _ in range(draw.randint(1, 4)):
        at = draw.randrange(len(content) + 1)
        to = min(len(content), at + draw.randint(1, 20))
        kind = draw.randrange(5)
        if kind == 0:
            content = content[:at] + draw.choice(_TOKENS) + content[at:]
        elif kind == 1:
            content = content[:at] + content[to:]
        elif kind == 2:
            content = content[:to] + content[at:to] + content[to:]
        elif kind == 3:
            lines = content.split(b"\n")
            one, other = draw.randrange(len(lines)), draw.randrange(len(lines))
            lines[one], lines[other] = lines[other], lines[one]
            content = b"\n".join(lines)
        else:
            content = content[:at] + draw.choice(_TOKENS) + content[to:]
    return content


def run(folder: Path) -> tuple[int, str]:
    """Validate a directory; return the exit code, and what is wrong in words."""
    done = CliRunner().invoke(
        commands, ["validate", str(folder), "--timeout", "20", "--no-cache", "--jobs", "1"]
    )
    told = done.stdout + done.stderr
    if done.exception and not isinstance(done.exception, SystemExit):
        return done.exit_code, f"raises {done.exception!r}"
    if "Traceback" in told or "a process failed" in told:
        return done.exit_code, told[-500:]
    if "given up after" in told:
        return done.exit_code, "takes too long"
    return done.exit_code, "" if done.exit_code in (0, 1, 2) else f"exit code {done.exit_code}"


def fuzz(files: list[Path], seconds: float, seed: int, keep: Path | None) -> list[str]:
    """Validate mutated files for some time; return what went wrong, a line each."""
    draw, until = random.Random(seed), time.monotonic() + seconds  # noqa: S311  # not for secrets
    faults, codes = [], Counter[int]()
    while time.monotonic() < until:
        chosen = draw.choice(files)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for other in chosen.parent.iterdir():
                if other.suffix in SUFFIXES and other.is_file():
                    (folder / other.name).write_bytes(other.read_bytes())
            content = mutated(chosen.read_bytes(), draw)
            (folder / chosen.name).write_bytes(content)
            code, fault = run(folder)
        codes[code] += 1
        if fault:
            faults.append(f"{chosen}: {fault}")
            if keep:
                keep.mkdir(parents=True, exist_ok=True)
                (keep / f"{len(faults)}-{chosen.name}").write_bytes(content)
    print(f"{codes.total()} files, exit codes {dict(codes)}, {len(faults)} faults")
    return faults


def main() -> None:
    """Read the arguments, fuzz, and end with 1 if something went wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path)
    arguments = parser.parse_args()
    faults = fuzz(arguments.files, arguments.seconds, arguments.seed, arguments.keep)
    print("\n".join(faults))
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
