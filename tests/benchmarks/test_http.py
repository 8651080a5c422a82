"""The measuring of servers over HTTP."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, str(ROOT / "benchmarks" / "http.py"), "--triples", "10000"]
PORT = 18180


@pytest.fixture
def without_wrk(tmp_path):
    return {**os.environ, "PATH": str(tmp_path)}


def test_the_server_is_measured_by_the_bundled_client_where_wrk_is_missing(tmp_path, without_wrk):
    table = tmp_path / "table.md"
    options = ["--peers", "", "--seconds", "1", "--port", str(PORT), "--output", str(table)]

    subprocess.run([*COMMAND, *options], check=True, timeout=180, env=without_wrk)

    text = table.read_text()
    rates = dict(re.findall(r"\| (hot|cold), requests/s \| ([\d,]+) \|", text))
    assert rates.keys() == {"hot", "cold"}
    assert all(int(rate.replace(",", "")) > 0 for rate in rates.values())
    assert "bundled Python client" in text
    assert "no answer" not in text
    assert serving(PORT) == []


def test_an_interrupt_stops_the_server_that_is_measured(tmp_path):
    options = ["--peers", "", "--seconds", "60", "--port", str(PORT + 1), "--keep", str(tmp_path)]
    with subprocess.Popen([*COMMAND, *options], stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        assert any("kg-server: cold" in line for line in running.stderr)
        assert serving(PORT + 1) != []

        running.send_signal(signal.SIGINT)

        assert running.wait(60) == 130
    assert serving(PORT + 1) == []


def test_a_missing_peer_is_named_with_how_to_install_it(without_wrk):
    options = ["--peers", "oxigraph", "--peer-python", "/nowhere/python"]

    done = subprocess.run(
        [*COMMAND, *options],
        capture_output=True,
        text=True,
        timeout=60,
        env=without_wrk,
        check=False,
    )

    assert done.returncode == 2
    assert "oxigraph is not installed" in done.stderr
    assert "pip install -e '.[bench]'" in done.stderr


def serving(port: int) -> list[str]:
    """Return the command lines of servers that were started for a port."""
    found = []
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = each.read_text().split("\0")
        except OSError:
            continue
        if "serve" in words and str(port) in words:
            found.append(" ".join(words))
    return found
