"""The questions of analysts: each is answered, and as by another server."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_question_has_solutions_and_the_same_as_those_of_the_engine_s_own_server(tmp_path):
    program = str(ROOT / "benchmarks" / "analysts.py")
    options = ["--triples", "30000", "--runs", "1", "--peers", "oxigraph"]

    done = subprocess.run(
        [sys.executable, program, *options, "--output", str(tmp_path / "table.md")],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    text = (tmp_path / "table.md").read_text()
    rows = re.findall(r"^\| ([\w ,!]+) \| ([\d,]+) \| ([\d,]+) \| [\d.]+ × \|$", text, re.MULTILINE)
    assert len(rows) == 24, text
    assert "Slowest negation beside oxigraph: " in text
