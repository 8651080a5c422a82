"""The measuring of servers over HTTP."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from benchmarks.server import free_port

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, str(ROOT / "benchmarks" / "http.py"), "--triples", "10000"]
needs_virtuoso = pytest.mark.skipif(
    not shutil.which("virtuoso-t") or not shutil.which("isql-vt"),
    reason="Virtuoso is not installed: apt-get install virtuoso-opensource-7-bin",
)


@pytest.fixture
def port() -> int:
    """Return the first of two ports, one a server that is measured, that nobody listens on."""
    while True:
        first = free_port()
        with socket.socket() as probe, suppress(OSError, OverflowError):
            probe.bind(("127.0.0.1", first + 1))
            return first


@pytest.fixture
def without_wrk(tmp_path):
    return {**os.environ, "PATH": str(tmp_path)}


def test_the_server_is_measured_by_the_bundled_client_where_wrk_is_missing(
    tmp_path, without_wrk, port
):
    options = ["--peers", "", "--workloads", "hot,cold", "--port", str(port)]

    text = measure(tmp_path, options, env=without_wrk)

    assert all(number(text, f"{load}, requests/s") > 0 for load in ("hot", "cold"))
    assert all(number(text, f"{load}, errors") == 0 for load in ("hot", "cold"))
    assert "bundled Python client" in text
    assert serving(port) == []


def test_the_report_says_what_the_engine_alone_takes_and_how_long_overload_was(tmp_path, port):
    options = ["--peers", "", "--workloads", "heavy,overload", "--port", str(port)]

    text = measure(tmp_path, options)

    assert number(text, "heavy, in all, s", column=1) > 0
    assert number(text, "memory after loading, all processes (PSS), MB", column=1) > 0
    assert number(text, "cheap ASK, overload, asked") >= 1000
    assert number(text, "runaways in flight, on average") == pytest.approx(4, abs=0.2)


def test_rounds_are_summed_up_by_their_median_and_their_extremes(tmp_path, port):
    options = ["--peers", "", "--rounds", "2", "--workloads", "hot"]

    text = measure(tmp_path, [*options, "--port", str(port)])

    cell = re.search(r"\| hot, requests/s \| ([\d,]+) \(([\d,]+)–([\d,]+)\) \|", text)
    assert cell
    middle, least, most = (int(each.replace(",", "")) for each in cell.groups())
    assert 0 < least <= middle <= most


@needs_virtuoso
def test_virtuoso_answers_as_the_server_does_and_leaves_nothing_behind(tmp_path_factory, port):
    tmp_path = tmp_path_factory.mktemp("v")  # a short name, for sockets
    options = ["--peers", "virtuoso", "--workloads", "cold,heavy", "--port", str(port)]

    text = measure(tmp_path, options, env=temporary(tmp_path))

    assert number(text, "cold, requests/s", column=1) > 0
    assert number(text, "cold, errors", column=1) == 0
    assert number(text, "heavy, in all, s", column=1) > 0
    assert re.search(r"answers: \d+ of every server compared, all alike", text)
    assert list(tmp_path.glob("virtuoso-*")) == []
    assert [words for words in processes("virtuoso-t") if str(tmp_path) in words] == []


def test_a_peer_that_does_not_load_in_time_is_reported_and_the_others_are_measured(tmp_path, port):
    endpoint = beside(tmp_path, "rdflib-endpoint", "import time; time.sleep(60)")
    peer = ["--peers", "rdflib-endpoint", "--peer-python", str(endpoint), "--load-seconds", "20"]

    text = measure(tmp_path, [*peer, "--workloads", "cold", "--port", str(port)])

    assert "- rdflib-endpoint: did not load" in text
    assert number(text, "cold, requests/s") > 0
    assert serving(port + 1) == []


def test_the_command_fails_if_the_server_itself_does_not_load(tmp_path, port):
    options = ["--peers", "", "--load-seconds", "0.01", "--port", str(port)]

    done = run(options, tmp_path)

    assert done.returncode == 1
    assert "- kg-server: did not load" in done.stdout
    assert serving(port) == []


def test_an_interrupt_stops_the_server_that_is_measured(tmp_path, port):
    options = ["--peers", "", "--seconds", "60", "--port", str(port), "--keep", str(tmp_path)]
    with subprocess.Popen([*COMMAND, *options], stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        assert any("kg-server: cold" in line for line in running.stderr)
        assert serving(port) != []

        running.send_signal(signal.SIGINT)

        assert running.wait(60) == 130
    assert serving(port) == []


def test_a_peer_that_is_named_but_missing_is_an_error_that_says_how_to_install_it(
    tmp_path, without_wrk
):
    options = ["--peers", "oxigraph", "--peer-python", "/nowhere/python"]

    done = run(options, tmp_path, env=without_wrk)

    assert done.returncode == 2
    assert "oxigraph is not installed" in done.stderr
    assert "pip install -e '.[bench]'" in done.stderr


def test_peers_that_are_not_named_and_missing_are_left_out(tmp_path, without_wrk, port):
    options = ["--peer-python", "/nowhere/python", "--load-seconds", "0.01"]

    done = run([*options, "--port", str(port)], tmp_path, env=without_wrk)

    for peer in ("oxigraph", "virtuoso", "rdflib-endpoint"):
        assert f"{peer} is not installed: left out" in done.stderr


def measure(folder: Path, options: list[str], env: dict[str, str] | None = None) -> str:
    """Return the report of a run that succeeds."""
    table = folder / "table.md"
    done = run([*options, "--seconds", "1", "--output", str(table)], folder, env)
    assert done.returncode == 0, done.stderr
    return table.read_text()


def run(
    options: list[str], folder: Path, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, "--keep", str(folder / "kept"), *options]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=300, env=env, check=False
    )


def number(text: str, title: str, column: int = 0) -> float:
    """Return a number of a row of the first table."""
    cells, *_ = re.findall(rf"^\| {re.escape(title)} \| (.+) \|$", text, re.MULTILINE)
    return float(cells.split(" | ")[column].split()[0].replace(",", ""))


def temporary(folder: Path) -> dict[str, str]:
    return {**os.environ, "TMPDIR": str(folder)}


def beside(folder: Path, name: str, code: str) -> Path:
    """Make a program of this name; return the Python beside which it is."""
    program = folder / name
    program.write_text(f"#!{sys.executable}\n{code}\n")
    program.chmod(0o755)
    return folder / "python"


def serving(port: int) -> list[str]:
    """Return the command lines of servers that were started for a port."""
    return [words for words in processes("serve") if str(port) in words.split()]


def processes(word: str) -> list[str]:
    """Return the command lines that have a word, or a path that ends with it."""
    found = []
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = each.read_text().split("\0")
        except OSError:
            continue
        if any(one.split("/")[-1] == word for one in words):
            found.append(" ".join(words))
    return found
