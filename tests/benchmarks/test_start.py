"""The benchmark of starting measures real processes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "start.py"
_TIME = r"\d+\.\d\d s \(\d+\.\d\d to \d+\.\d\d\)"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_it_prints_a_row_for_each_command():
    ended = run("--runs", "1")

    assert ended.returncode == 0, ended.stderr
    rows = re.findall(rf"(?m)^\| `kg-server (\w+)`.*? \| {_TIME} \| {_TIME} \|$", ended.stdout)
    assert rows == ["validate", "serve"]


def test_fewer_runs_than_one_are_refused_in_a_line():
    ended = run("--runs", "0")

    assert ended.returncode == 2
    assert "--runs is at least 1" in ended.stderr
