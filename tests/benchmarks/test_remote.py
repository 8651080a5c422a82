"""The benchmark of a graph in a SPARQL service: its parts, each by itself."""

from __future__ import annotations

import http.client
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from benchmarks.server import Failed, free_port

from benchmarks import remote
from kg_server import project

SCRIPT = Path(remote.__file__)


def test_the_project_that_is_published_has_the_generated_graph(tmp_path):
    world = remote._project(tmp_path / "project", 10_000)

    loaded = project.load([tmp_path / "project"], derive=False)

    data = loaded.of_role(project.Role.DATA)
    assert [each.path.name for each in data] == [world.name]
    assert data[0].content.count(b"\n") >= 10_000
    assert loaded.of_role(project.Role.SHAPES)
    assert loaded.queries


def test_a_command_that_fails_is_told_with_what_it_said(tmp_path):
    (tmp_path / "d.nt").write_text("<urn:s> <urn:p> <urn:o> .\n")
    address = f"http://127.0.0.1:{free_port()}/query"

    with pytest.raises(Failed, match=r"(?s)kg-server publish: .*gives no answer"):
        remote._ran(["publish", str(tmp_path / "d.nt"), "--endpoint", address], 60)


def test_a_page_is_timed_and_one_that_is_an_error_is_told_with_its_text():
    class Pages(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path == "/good" else 504)
            self.end_headers()
            self.wfile.write(b"<main class='x'><h1>Too</h1> late</main>")

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        threading.Thread(target=server.serve_forever).start()
        connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=30)
        get = remote._getter(connection)
        milliseconds, text = get("/good")
        with pytest.raises(Failed, match=r"/bad has the status 504: .*Too +late"):
            get("/bad")
        connection.close()
        server.shutdown()

    assert milliseconds > 0
    assert "late" in text


def test_an_engine_that_is_not_installed_is_told_in_a_line(tmp_path):
    command = [sys.executable, str(SCRIPT), "--triples", "10000", "--engine", "virtuoso"]

    ended = subprocess.run(
        command, capture_output=True, text=True, check=False, env={"PATH": str(tmp_path)}
    )

    assert ended.returncode == 1
    assert ended.stderr.startswith("virtuoso is not installed")
    assert "Traceback" not in ended.stderr
