"""What tests of several modules start from: the shipped graph, stored and served."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import hypothesis
import pytest

from kg_server import project as projects
from kg_server.config import Settings
from kg_server.description import void
from kg_server.store import open_store
from kg_server.web.app import create_app
from kg_server.web.context import Context

# How long an example takes says more of the machine than of the code.
hypothesis.settings.register_profile("any machine", deadline=None)
hypothesis.settings.load_profile("any machine")

ROOT = Path(__file__).resolve().parents[1]

collect_ignore = ["helpers/arq.py"]
"""A program of its own, whose libraries need not be installed."""

# A shell starts what runs in the background with SIGINT ignored, and whatever that starts
# inherits it: servers and commands of tests would not hear Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)


def described_store(project):
    """Open a project, with the graphs that a server adds about it."""
    opened = open_store(project)
    for graph_iri, ntriples in void.described(opened, project):
        opened.add_graph(graph_iri, ntriples)
    return opened


@pytest.fixture(scope="session")
def project():
    return projects.load([ROOT])


@pytest.fixture(scope="session")
def store(project):
    return described_store(project)


@pytest.fixture(scope="session")
def app(project, store):
    return create_app(Context(store, project, Settings()))


@pytest.fixture
def client(app):
    return app.test_client()


@dataclass(frozen=True)
class Reply:
    """What came back: header names are in small letters."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0]


class LiveServer:
    """A real ``kg-server serve`` on a free port of this machine.

    ``address`` is where requests are sent; it can be changed for a server with several.
    """

    def __init__(
        self,
        *options: str,
        paths: tuple[str, ...] = (str(ROOT),),
        prefix: tuple[str, ...] = (),
    ) -> None:
        self.address = "127.0.0.1"
        command = [sys.executable, "-m", "kg_server", "serve", *paths, "--port", "0", *options]
        patient = {**os.environ, "KG_SERVER_VALIDATION_WAIT_S": "60"}  # for a busy machine
        self.process = subprocess.Popen(
            [*prefix, *command], stderr=subprocess.PIPE, text=True, env=patient
        )
        self.log: list[str] = []
        started = threading.Event()
        self._reader = threading.Thread(target=self._read, args=(started,), daemon=True)
        self._reader.start()
        assert started.wait(60), "".join(self.log)

    def _read(self, started: threading.Event) -> None:
        assert self.process.stderr
        for line in self.process.stderr:
            self.log.append(line)
            if found := re.search(r"SPARQL\s+http://\S+:(\d+)/", line):
                self.port = int(found[1])
                started.set()
        started.set()

    def ask(self, method: str, path: str, headers=None, body=None, timeout_s: float = 30) -> Reply:
        connection = http.client.HTTPConnection(self.address, self.port, timeout=timeout_s)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            names = {name.lower(): value for name, value in response.getheaders()}
            return Reply(response.status, names, response.read())
        finally:
            connection.close()

    def disconnects(self) -> float:
        """Return how many clients left before their answer was whole."""
        text = self.ask("GET", "/metrics").body.decode()
        lines = [line for line in text.splitlines() if line.startswith("kg_disconnects_total")]
        return sum(float(line.split()[-1]) for line in lines)

    def stop(self) -> int:
        self.process.terminate()
        code = self.process.wait(40)
        self._reader.join()
        assert self.process.stderr
        self.process.stderr.close()
        return code


@pytest.fixture(scope="session")
def live():
    server = LiveServer()
    yield server
    assert server.stop() == 0


class InProcess:
    """The Flask application asked without a server."""

    def __init__(self, app) -> None:
        self._client = app.test_client()

    def ask(self, method: str, path: str, headers=None, body=None) -> Reply:
        given = dict(headers or {})
        response = self._client.open(path, method=method, headers=given, data=body)
        names = {name.lower(): value for name, value in response.headers}
        return Reply(response.status_code, names, response.get_data())


@pytest.fixture(scope="session", params=["application", "server"])
def endpoint(request, app):
    """The endpoint in both of its ways: the Flask application, and over real HTTP."""
    return InProcess(app) if request.param == "application" else request.getfixturevalue("live")
