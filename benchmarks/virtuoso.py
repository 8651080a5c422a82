"""Virtuoso 7 as a peer: a database of its own in a temporary folder, loaded by its bulk loader."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import quote

from benchmarks.server import Failed, Server, free_port
from benchmarks.writer import BASE

GRAPH = f"{BASE}graph/world"
_PAGE_BYTES = 8192
_LEAST_BUFFERS = 20_000
# What differs from the virtuoso.ini that it comes with. The buffers are as its tuning guide wants
# them: the whole database in memory, three quarters of it dirty. Read committed (2) is what the
# guide recommends. The limits of the [SPARQL] section are off, or over what is asked: it ends a
# result at ResultSetMaxRows and says nothing. A connection is closed after each request if there
# are more of them than MaxKeepAlives.
_INI = """
[Database]
DatabaseFile = {folder}/virtuoso.db
ErrorLogFile = {folder}/virtuoso.log
LockFile = {folder}/virtuoso.lck
TransactionFile = {folder}/virtuoso.trx
xa_persistent_file = {folder}/virtuoso.pxa
FileExtend = 200
TempStorage = TempDatabase

[TempDatabase]
DatabaseFile = {folder}/virtuoso-temp.db
TransactionFile = {folder}/virtuoso-temp.trx

[Parameters]
ServerPort = 127.0.0.1:{sql_port}
DisableUnixSocket = 1
ServerThreads = 100
CheckpointInterval = 0
NumberOfBuffers = {buffers}
MaxDirtyBuffers = {dirty}
DefaultIsolation = 2
DirsAllowed = {graphs}

[HTTPServer]
ServerPort = 127.0.0.1:{port}
ServerThreads = 50
MaxKeepAlives = 50
KeepAliveTimeout = 60

[SPARQL]
ResultSetMaxRows = 10000000
MaxQueryCostEstimationTime = 0
MaxQueryExecutionTime = 0
"""
_LOAD = "ld_dir('{folder}', '{name}', '{graph}'); rdf_loader_run(); checkpoint;"
_FAULTS = "SELECT COUNT(*) FROM DB.DBA.load_list WHERE ll_error IS NOT NULL OR ll_state <> 2;"


class Virtuoso(Server):
    """Virtuoso in a folder of its own, which is removed when it stops."""

    def __init__(self, program: str, isql: str) -> None:
        # Of the [SPARQL] section's DefaultGraph, 7.2.5 fills in its form only: without the
        # parameter, a query sees the graphs of Virtuoso's own as well.
        path = f"/sparql?default-graph-uri={quote(GRAPH, safe='')}&query="
        super().__init__("virtuoso", [], path, [program, "--version"], self._load)
        self._program, self._isql = program, isql
        self._folder: Path | None = None
        self._sql_port = 0

    def prepare(self, graph: Path) -> list[str]:
        """Write its settings for a graph; return the command."""
        self._folder = Path(tempfile.mkdtemp(prefix="virtuoso-"))
        self._sql_port = free_port()
        buffers = max(_LEAST_BUFFERS, graph.stat().st_size // _PAGE_BYTES)
        settings = self._folder / "virtuoso.ini"
        text = _INI.format(
            folder=self._folder,
            graphs=graph.resolve().parent,
            port=self.port,
            sql_port=self._sql_port,
            buffers=buffers,
            dirty=buffers * 3 // 4,
        )
        settings.write_text(text, encoding="utf-8")
        return [self._program, "+foreground", "+configfile", str(settings)]

    def stop(self) -> None:
        """Stop it, and remove its database."""
        super().stop()
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def _load(self, graph: Path, _port: int, within_s: float) -> None:
        folder = str(graph.resolve().parent)
        self._sql(_LOAD.format(folder=folder, name=graph.name, graph=GRAPH), within_s)
        if self._sql(_FAULTS, 60).strip() != "0":
            raise Failed("did not load: its bulk loader found a fault in the graph")

    def _sql(self, statements: str, timeout_s: float) -> str:
        """Run SQL as the administrator, and return the rows alone.

        Raises:
            subprocess.SubprocessError: it failed or took too long.
        """
        user, bare = ["dba", "dba"], ["ERRORS=STDOUT", "BANNER=OFF", "PROMPT=OFF", "VERBOSE=OFF"]
        command = [self._isql, f"127.0.0.1:{self._sql_port}", *user, *bare, f"exec={statements}"]
        return subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=timeout_s
        ).stdout
