"""Polling of the replicas of an engine: state and published version of each."""

from __future__ import annotations

import os
import signal
import time

from kg_server.errors import Problem
from kg_server.processes import die_with_parent, in_child
from kg_server.store import publishing
from kg_server.store.connection import Connection
from kg_server.store.credentials import Credentials
from kg_server.store.dialects import GENERIC
from kg_server.store.replicas import Replicas

_EVERY_S = 1.0
_AGAIN_S = 5.0
"""Seconds after which a main process that has not loaded a new version gets SIGHUP again."""


class Poller:
    """The process that polls.

    Args:
        replicas: the replicas to poll; the poller stores their state there.
    """

    def __init__(self, replicas: Replicas) -> None:
        self._replicas, self._credentials = replicas, Credentials.read()
        self.pid = 0

    def look_after(self) -> None:
        """Fork the process if it does not run."""
        if not self.pid:
            parent = os.getpid()
            self.pid = os.fork()
            if self.pid == 0:
                in_child(lambda: _run(self._replicas, self._credentials, parent))


def _run(replicas: Replicas, credentials: Credentials, parent: int) -> None:
    """Poll until the parent ends; send it SIGHUP when there is a newer version to load."""
    die_with_parent(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    connections = [Connection(each, credentials) for each in replicas.endpoints]
    signalled_at = time.monotonic() - _AGAIN_S
    while True:
        newest = _poll(replicas, connections)
        now = time.monotonic()
        if newest and replicas.is_outdated(newest) and now - signalled_at >= _AGAIN_S:
            signalled_at = now
            os.kill(parent, signal.SIGHUP)
        time.sleep(_EVERY_S)


def _poll(replicas: Replicas, connections: list[Connection]) -> str:
    """Ask each replica for its version; return the newest, or nothing if none has one."""
    newest = ("", "")
    for index, connection in enumerate(connections):
        try:
            marker = publishing.marker(connection, GENERIC)
        except Problem:
            replicas.failed(index)
            continue
        replicas.succeeded(index)
        replicas.has(index, marker.version if marker else "")
        if marker:
            newest = max(newest, (marker.published_at, marker.version))
    return newest[1]
