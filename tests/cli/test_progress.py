"""Long work says how far it is on a terminal, and leaves what is piped alone."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    path = tmp_path_factory.mktemp("large") / "world.ttl"
    script = Path(__file__).resolve().parents[2] / "benchmarks" / "generate.py"
    command = [sys.executable, str(script), "--triples", "150000", "--output", str(path)]
    subprocess.run([*command, "--quiet"], check=True)
    return path


def validate(path, **options) -> str:
    command = [sys.executable, "-m", "kg_server", "validate", "--no-cache", str(path)]
    return subprocess.run(command, stdout=subprocess.PIPE, check=True, **options).stdout.decode()


def test_a_terminal_shows_what_is_done_and_standard_output_only_the_report(large):
    ours, theirs = pty.openpty()

    report = validate(large, stderr=theirs)

    os.close(theirs)
    shown = b""
    try:
        while received := os.read(ours, 65536):
            shown += received
    except OSError:  # the other end is closed, and all is read
        pass
    os.close(ours)
    assert b"Sieving by" in shown
    assert report.startswith("Conforms.\n")


def test_a_pipe_gets_no_progress(large):
    command = [sys.executable, "-m", "kg_server", "validate", "--no-cache", str(large)]

    ended = subprocess.run(command, capture_output=True, check=True)

    assert ended.stderr == b""
