"""The servers that are measured: how each is started, loaded, asked and stopped."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from benchmarks.queries import READY

LOAD_S = 600  # for loading a graph
INSTALL = """install the peers beside kg-server:  pip install -e '.[bench]'
or apart from it:  python3 -m venv peers && peers/bin/pip install oxigraph 'rdflib-endpoint[cli]'
                   and give  --peer-python peers/bin/python"""


class Missing(Exception):
    """A peer is not installed."""


@dataclass
class Server:
    """A server in a session of its own, on the loopback address.

    Attributes:
        name: as in the table.
        command: that starts it; ``{graph}`` and ``{port}`` are filled in.
        path: of its SPARQL endpoint.
        upload: path that takes the graph by POST, where the command does not name it.
        version: command that prints its version.
    """

    name: str
    command: list[str]
    path: str
    version: list[str]
    upload: str | None = None
    port: int = 0
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """The endpoint."""
        return f"http://127.0.0.1:{self.port}{self.path}"

    def start(self, graph: Path, port: int, log: Path) -> float:
        """Start it with a graph, and return the seconds until it answers a query on it.

        Raises:
            RuntimeError: it ended, or did not answer in time; says where its log is.
        """
        self.port = port
        filled = [part.format(graph=graph, port=port) for part in self.command]
        begun = time.perf_counter()
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                filled, stdout=output, stderr=output, stdin=subprocess.DEVNULL,
                start_new_session=True,
            )  # fmt: skip
        uploaded = self.upload is None
        while time.perf_counter() - begun < LOAD_S:
            if self._process.poll() is not None:
                break
            try:
                if not uploaded:
                    self._send(graph)
                    uploaded = True
                if b"true" in fetch(f"{self.url}?query={quote(READY)}", LOAD_S):
                    return time.perf_counter() - begun
            except OSError:
                pass
            time.sleep(0.02)
        self.stop()
        raise RuntimeError(f"{self.name} did not come up; see {log}")

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

    def memory_mb(self) -> float:
        """Return the proportional set size of all its processes, in MB."""
        if not self._process:
            return 0.0
        return family_pss_mb(self._process.pid)

    def version_text(self) -> str:
        """Return its version, in digits and dots."""
        done = subprocess.run(self.version, capture_output=True, text=True, check=False)
        found = re.search(r"\d+\.\d+[\w.]*", done.stdout + done.stderr)
        return found.group() if found else "unknown"

    def _send(self, graph: Path) -> None:
        headers = {"Content-Type": "application/n-triples", "Content-Length": str(_size(graph))}
        with graph.open("rb") as body:
            request = urllib.request.Request(  # our own address
                f"http://127.0.0.1:{self.port}{self.upload}", data=body, headers=headers
            )
            with urllib.request.urlopen(request, timeout=LOAD_S) as answer:  # noqa: S310
                answer.read()


def server(name: str, peer_python: Path) -> Server:
    """Return a server by its name.

    Args:
        name: ``kg-server``, ``oxigraph`` or ``rdflib-endpoint``.
        peer_python: the Python whose environment has the peers.

    Raises:
        Missing: it is not installed; says how to install it.
    """
    if name == "kg-server":
        start = [sys.executable, "-m", "kg_server"]
        options = ["{graph}", "--port", "{port}", "--no-validate"]
        return Server(name, [*start, "serve", *options], "/sparql", [*start, "--version"])
    beside = peer_python.parent / name
    program = str(beside) if beside.exists() else shutil.which(name)
    if not program:
        raise Missing(f"{name} is not installed:\n{INSTALL}")
    if name == "oxigraph":
        command = [program, "serve", "--bind", "127.0.0.1:{port}"]
        return Server(name, command, "/query", [program, "--version"], "/store?default")
    if name == "rdflib-endpoint":
        command = [program, "serve", "{graph}", "--host", "127.0.0.1", "--port", "{port}"]
        ask = "from importlib.metadata import version; print(version('rdflib-endpoint'))"
        return Server(name, command, "/", [str(peer_python), "-c", ask])
    raise Missing(f"{name} is not a peer: choose from oxigraph, rdflib-endpoint")


def fetch(url: str, timeout_s: float) -> bytes:
    """Return the body of an answer in JSON.

    Raises:
        OSError: no answer, or one that is an error.
    """
    accept = {"Accept": "application/sparql-results+json"}
    request = urllib.request.Request(url, headers=accept)  # noqa: S310  # our own address
    try:
        with urllib.request.urlopen(request, timeout=timeout_s) as answer:  # noqa: S310
            return bytes(answer.read())
    except http.client.HTTPException as error:
        raise OSError(str(error)) from error


def _size(path: Path) -> int:
    return path.stat().st_size


def family_pss_mb(root: int) -> float:
    """Return the memory of a process and its descendants, MB; shared pages count once (PSS)."""
    return sum(map(_pss_kb, _family(root))) / 1024


def _family(root: int) -> set[int]:
    """Return a process and its descendants."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            after_name = stat.read_text().rpartition(")")[2].split()
        except OSError:  # ended meanwhile
            continue
        parents[int(stat.parent.name)] = int(after_name[1])
    family = {root}
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= more
    return family


def _pss_kb(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:  # ended meanwhile
        return 0
    found = re.search(r"^Pss: +(\d+)", text, re.MULTILINE)
    return int(found.group(1)) if found else 0
