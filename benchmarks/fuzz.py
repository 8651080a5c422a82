"""Mutated RDF and SHACL files through ``kg-server validate``: no traceback, no hang.

    python -m benchmarks.fuzz --seconds 60 --seed 1 [--keep DIR] FILE...

Each round takes one of the files, changes a few bytes, lines or tokens, and validates it with the
others of its directory, in a process of its own. The exit code is 0, 1 or 2, and the report is
well-formed in its form; anything else is kept and printed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any, NoReturn
from xml.etree import ElementTree

import pyoxigraph as ox

from kg_server.cli import main as cli
from kg_server.cli import reporting
from kg_server.cli.validate import FORMS
from kg_server.validation import lint, locations, naming, pyshacl_engine, reports

# Each round is a fork of this process: what is imported here, no round imports again.
_IMPORTED = (reporting, lint, locations, naming, reports)

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
_HANGS_S = 40.0
"""The command has a deadline of 20 s, and the kernel's 5 s after it."""
_TOLD = ("kg-server: ", "  ")
"""How lines on standard error begin."""
_READERS: Mapping[str, Callable[[str], Any]] = {
    "json": json.loads,
    "sarif": json.loads,
    "gitlab": json.loads,
    "junit": ElementTree.fromstring,  # noqa: S314  # our own output
    "turtle": lambda text: list(ox.parse(text, format=ox.RdfFormat.TURTLE)),
}


def mutated(content: bytes, draw: random.Random) -> bytes:
    """Return a text with one to three small changes; half the time, of whole words only."""
    gentle = draw.random() < 0.5
    for _ in range(draw.randint(1, 2 if gentle else 3)):
        at = draw.randrange(len(content) + 1)
        to = min(len(content), at + draw.randint(1, 20))
        kind = 5 if gentle else draw.randrange(8)
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
        elif kind > 4:
            content = _with_another_word(content, draw)
        else:
            content = content[:at] + draw.choice(_TOKENS) + content[to:]
    return content


def _with_another_word(content: bytes, draw: random.Random) -> bytes:
    """Return a text with one word in the place of another of its kind: often well-formed."""
    words = list(re.finditer(rb"\"[^\"\n]*\"|(?m:^@?prefix.*$)|[^\s;,()\[\]{}\"]+", content))
    if not words:
        return content
    one = draw.choice(words)
    same = [each for each in words if _kind(each[0]) == _kind(one[0])]
    other = draw.choice(same if draw.random() < 0.9 else words)
    return content[: one.start()] + other[0] + content[one.end() :]


def _kind(word: bytes) -> tuple[bytes, bool]:
    return word[:1] if word[:1] in b'"<@_' else b"", b":" in word


def run(folder: Path, form: str = "text") -> tuple[int, str]:
    """Validate a directory; return the exit code, and what is wrong in words."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if not child:
            _validate(folder, form, out.fileno(), err.fileno())
        code = _ended(child)
        printed, told = (_read(each) for each in (out, err))
    if code is None:
        return -1, "hangs"
    if "Traceback" in printed + told or "a process failed" in told:
        return code, told[-1500:]
    if "given up after" in told or "stopped at its deadline" in told:
        return code, "takes too long"
    if code not in (0, 1, 2):
        return code, f"exit code {code}: {told[-500:]}"
    if unexpected := [each for each in told.splitlines() if not each.startswith(_TOLD)]:
        return code, f"noise on standard error: {unexpected[0][:300]}"
    try:
        if code != 2:
            _READERS.get(form, str)(printed)
    except Exception as error:  # noqa: BLE001  # of four parsers
        return code, f"the report is no {form}: {error}"
    return code, ""


def _validate(folder: Path, form: str, out: int, err: int) -> NoReturn:
    """Run the command in this process, which then ends."""
    os.setpgid(0, 0)
    os.dup2(out, 1)
    os.dup2(err, 2)
    sys.stdout, sys.stderr = (os.fdopen(each, "w", closefd=False) for each in (1, 2))
    options = ["--timeout", "20", "--no-cache", "--jobs", "1", "--format", form]
    sys.argv = ["kg-server", "validate", str(folder), *options]
    code = 70
    try:
        cli.main()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 71
    except BaseException:  # noqa: BLE001  # whatever it is, it is a fault
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _ended(child: int) -> int | None:
    """Wait for a process; return its exit code, or ``None`` if it had to be killed."""
    until = time.monotonic() + _HANGS_S
    while time.monotonic() < until:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def _read(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")


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
            form = draw.choice(FORMS)
            code, fault = run(folder, form)
        codes[code] += 1
        if fault:
            faults.append(f"{chosen} --format {form}: {fault}")
            print(faults[-1], flush=True)
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
    pyshacl_engine.prepare()
    faults = fuzz(arguments.files, arguments.seconds, arguments.seed, arguments.keep)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
