"""The benchmark of validation measures real processes, and stops those that take too long."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "validate.py"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_it_prints_a_row_for_each_set_of_shapes_and_stops_pyshacl_at_the_limit(tmp_path):
    ended = run("--triples", "10000", "--limit", "1", "--output", str(tmp_path / "table.md"))

    assert ended.returncode == 0, ended.stderr
    rows = re.findall(r"(?m)^\| 10,\d{3} \| (.+?) \| [\d.]+ s, \d+ MB \| > 1\.\d s", ended.stdout)
    assert rows == ["all", "without SPARQL"]
    assert (tmp_path / "table.md").read_text() in ended.stdout + "\n"


def test_what_is_no_size_is_refused_in_a_line():
    ended = run("--triples", "many")

    assert ended.returncode == 2
    assert "takes numbers with commas between, not 'many'" in ended.stderr
