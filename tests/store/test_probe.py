"""Probes of engines: where they differ from the standard, and which must not be used."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import engines
import pytest

TRUE = b'{"head":{},"boolean":true}'


def probe(url: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "kg_server", "probe", url]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("engine", engines.available())
def test_of_an_engine_that_can_be_used_each_difference_is_told(engine):
    started = engine()

    done = probe(started.url)
    started.stop()

    assert done.returncode == 0, done.stdout
    tested = "tested" if engine.dialect.is_tested else "not tested"
    assert f"dialect {engine.dialect.name} ({tested}" in done.stdout
    assert len(re.findall("(?m)^  (?:as the standard says|differs) ", done.stdout)) == 21
    cuts = "100,000 rows: larger results are refused" in done.stdout
    assert cuts == (engine.dialect.name == "virtuoso")


class _Careless(BaseHTTPRequestHandler):
    """A service that says yes to every ASK, whatever the dataset."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "application/sparql-results+json")
        self.send_header("Content-Length", str(len(TRUE)))
        self.end_headers()
        self.wfile.write(TRUE)

    def log_message(self, *_: object) -> None:
        pass


def test_an_engine_that_ignores_the_dataset_must_not_be_used():
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Careless)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()

    done = probe(f"http://127.0.0.1:{server.server_port}/sparql")
    server.shutdown()
    thread.join()
    server.server_close()

    assert done.returncode == 1
    assert re.search("WRONG +dataset: default graph of the request", done.stdout)
    assert done.stdout.endswith("cannot be used\n")


def test_an_engine_that_is_away_is_a_message_and_exit_code_2():
    done = probe("http://127.0.0.1:1/sparql")

    assert done.returncode == 2
    assert "gives no answer" in done.stderr
    assert "Traceback" not in done.stderr
