"""The benchmark of a lookup's parts measures real processes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "lookup.py"


def test_it_prints_a_row_for_each_part():
    command = [sys.executable, str(SCRIPT), "--triples", "10000", "--seconds", "1"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)

    assert ended.returncode == 0, ended.stderr
    rows = re.findall(r"(?m)^\| (.+) \| (\d+) \|$", ended.stdout)
    assert len(rows) == 6
    assert all(int(micros) for _, micros in rows)
