"""A server that is measured: how it is started, loaded, asked and stopped."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from benchmarks.processes import family_pss_mb
from benchmarks.queries import READY

LOAD_S = 600  # for loading a graph, if nothing else is said
ACCEPT = "application/sparql-results+json"


class Failed(Exception):
    """A server did not load the graph, or stopped answering; says why in a clause."""


@dataclass
class Server:
    """A server in a session of its own, on the loopback address.

    Attributes:
        name: as in the table.
        command: that starts it; ``{graph}`` and ``{port}`` are filled in.
        path: of its SPARQL endpoint, up to where the text of a query follows.
        version: command that prints its version.
        load: brings the graph into the server that listens on a port, in some seconds at most,
            where the command does not name the graph.
    """

    name: str
    command: list[str]
    path: str
    version: list[str]
    load: Callable[[Path, int, float], None] | None = None
    port: int = 0
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """The address to which the percent-encoded text of a query is appended."""
        return f"http://127.0.0.1:{self.port}{self.path}"

    def start(self, graph: Path, port: int, log: Path, within_s: float = LOAD_S) -> float:
        """Start it with a graph, and return the seconds until it answers a query on it.

        Args:
            graph: in N-Triples.
            port: to listen on.
            log: file that gets what it prints, behind what is there.
            within_s: how long it may take.

        Raises:
            Failed: it ended, or did not answer in time.
        """
        self.port, begun = port, time.perf_counter()
        self._spawn(self.prepare(graph), log)
        until = begun + within_s
        try:
            self._wait(self._listens, until)
            if self.load:
                self.load(graph, port, max(1.0, until - time.perf_counter()))
            self._wait(self._answers, until)
        except (OSError, subprocess.SubprocessError) as error:
            raise Failed(f"did not load: {error}") from error
        return time.perf_counter() - begun

    def prepare(self, graph: Path) -> list[str]:
        """Make what it needs to start with a graph; return the command."""
        return [part.format(graph=graph, port=self.port) for part in self.command]

    def stop(self) -> None:
        """Stop it with all its processes: kindly, then by force."""
        if not self._process:
            return
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(10)
        self._process = None

    def ask(self, text: str, timeout_s: float) -> bytes:
        """Return the answer to a query, in JSON.

        Raises:
            OSError: no answer in time, or one that is an error.
        """
        address = f"{self.url}{quote(text, safe='')}"
        request = urllib.request.Request(address, headers={"Accept": ACCEPT})  # noqa: S310  # ours
        try:
            with urllib.request.urlopen(request, timeout=timeout_s) as answer:  # noqa: S310
                return bytes(answer.read())
        except http.client.HTTPException as error:
            raise OSError(str(error)) from error

    def runs(self) -> bool:
        """Tell whether its process has not ended."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Its main process.

        Raises:
            Failed: it does not run.
        """
        if not self._process:
            raise Failed("does not run")
        return self._process.pid

    def memory_mb(self) -> float:
        """Return the proportional set size of all its processes, in MB."""
        return family_pss_mb(self._process.pid) if self._process else 0.0

    def version_text(self) -> str:
        """Return its version, in digits and dots."""
        with contextlib.suppress(OSError):
            done = subprocess.run(self.version, capture_output=True, text=True, check=False)
            if found := re.search(r"\d+\.\d+[\w.]*", done.stdout + done.stderr):
                return found.group()
        return "of unknown version"

    def _spawn(self, command: list[str], log: Path) -> None:
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command, stdout=output, stderr=output, stdin=subprocess.DEVNULL,
                start_new_session=True,
            )  # fmt: skip
        # Where memory runs out, this is what the kernel ends, and nobody's else.
        with contextlib.suppress(OSError):
            Path(f"/proc/{self._process.pid}/oom_score_adj").write_text("1000")

    def _wait(self, ready: Callable[[], bool], until: float) -> None:
        while not ready():
            if not self.runs():
                raise Failed("ended instead of loading")
            if time.perf_counter() > until:
                raise Failed("did not load in time")
            time.sleep(0.02)

    def _listens(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1):
                return True
        except OSError:
            return False

    def _answers(self) -> bool:
        try:
            return bool(json.loads(self.ask(READY, 60))["results"]["bindings"])
        except (OSError, ValueError):
            return False


def free_port() -> int:
    """Return a port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def upload(path: str) -> Callable[[Path, int, float], None]:
    """Return how a graph is brought in by POST to a path."""

    def load(graph: Path, port: int, within_s: float) -> None:
        size = str(graph.stat().st_size)
        headers = {"Content-Type": "application/n-triples", "Content-Length": size}
        with graph.open("rb") as body:
            address = f"http://127.0.0.1:{port}{path}"
            request = urllib.request.Request(address, data=body, headers=headers)
            with urllib.request.urlopen(request, timeout=within_s) as answer:  # noqa: S310
                answer.read()

    return load
