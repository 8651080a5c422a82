"""Long work says how far it is on a terminal, and leaves what is piped alone."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
VALIDATE = (
    *(sys.executable, "-m", "kg_server", "validate", "--no-cache"),
    *("--shapes", str(ROOT / "ontology" / "shapes")),
    *(f"--ontology={path}" for path in sorted((ROOT / "ontology").glob("*.ttl"))),
)


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    path = tmp_path_factory.mktemp("large") / "world.ttl"
    script = ROOT / "benchmarks" / "generate.py"
    options = ["--triples", "10000", "--output", str(path), "--quiet"]
    subprocess.run([sys.executable, str(script), *options], check=True)
    return path


def command(path: Path) -> list[str]:
    return [*VALIDATE, str(path)]


def test_a_terminal_shows_what_is_done_and_standard_output_only_the_report(large, tmp_path):
    ours, theirs = pty.openpty()
    with (tmp_path / "report").open("wb") as report:
        process = subprocess.Popen(command(large), stdout=report, stderr=theirs)
    os.close(theirs)

    shown = b""
    with suppress(OSError):  # the other end is closed, and all is read
        while received := os.read(ours, 65536):  # a terminal that nobody reads fills up
            shown += received
    os.close(ours)

    assert process.wait() == 0
    assert b"Filtering by" in shown
    assert "\nConforms" in "\n" + (tmp_path / "report").read_text()


def test_a_pipe_gets_no_progress(large):
    ended = subprocess.run(command(large), capture_output=True, check=True)

    assert len(ended.stderr.splitlines()) == 1  # what is worked on
