"""The servers that are measured beside each other, and how each is found."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from benchmarks.server import Server, upload
from benchmarks.virtuoso import Virtuoso

PEERS = ("oxigraph", "virtuoso", "rdflib-endpoint")
INSTALL = """install the peers beside kg-server:  pip install -e '.[bench]'
or apart from it:  python3 -m venv peers && peers/bin/pip install oxigraph 'rdflib-endpoint[cli]'
                   and give  --peer-python peers/bin/python
Virtuoso 7, on Debian:  apt-get install --no-install-recommends virtuoso-opensource-7-bin
                   which has the programs only: no service is started"""


class Missing(Exception):
    """A peer is not installed."""


def server(name: str, peer_python: Path) -> Server:
    """Return a server by its name.

    Args:
        name: ``kg-server``, or one of the ``PEERS``.
        peer_python: the Python whose environment has the peers.

    Raises:
        Missing: it is not installed; says how to install it.
    """
    if name == "kg-server":
        start = [sys.executable, "-m", "kg_server"]
        options = ["{graph}", "--port", "{port}", "--no-validate"]
        return Server(name, [*start, "serve", *options], "/sparql?query=", [*start, "--version"])
    if name == "oxigraph":
        program = _program(name, peer_python)
        command = [program, "serve", "--bind", "127.0.0.1:{port}"]
        load = upload("/store?default")
        return Server(name, command, "/query?query=", [program, "--version"], load)
    if name == "rdflib-endpoint":
        program = _program(name, peer_python)
        command = [program, "serve", "{graph}", "--host", "127.0.0.1", "--port", "{port}"]
        ask = "from importlib.metadata import version; print(version('rdflib-endpoint'))"
        return Server(name, command, "/?query=", [str(peer_python), "-c", ask])
    if name == "virtuoso":
        programs = shutil.which("virtuoso-t"), shutil.which("isql-vt")
        if not programs[0] or not programs[1]:
            raise Missing(f"virtuoso is not installed:\n{INSTALL}")
        return Virtuoso(programs[0], programs[1])
    raise Missing(f"{name} is not a peer: choose from {', '.join(PEERS)}")


def _program(name: str, peer_python: Path) -> str:
    beside = peer_python.parent / name
    program = str(beside) if beside.exists() else shutil.which(name)
    if not program:
        raise Missing(f"{name} is not installed:\n{INSTALL}")
    return program
