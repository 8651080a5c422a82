"""The HTTP workers: Granian, and the application for the graph in service.

Only the process that forks the workers imports this module, because it loads Flask and Granian.
"""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import socket
import sys
from typing import Any

from granian.constants import HTTPModes, Interfaces, Loops, RuntimeModes
from granian.http import HTTP1Settings
from granian.server.mp import MPServer

from kg_server import metrics
from kg_server.config import Settings
from kg_server.errors import Overloaded
from kg_server.processes import die_with_parent, keep_little
from kg_server.sandbox.client import Client
from kg_server.sandbox.lanes import Costs
from kg_server.sandbox.scoreboard import Board
from kg_server.sandbox.store import SandboxStore
from kg_server.server.front import Front
from kg_server.server.generation import Served
from kg_server.server.states import GRACE_S, States
from kg_server.web import caching
from kg_server.web.app import create_app
from kg_server.web.context import Context

_CONNECTIONS = 1024
"""Most connections of one worker; others wait until one of these ends."""
_OWN_DESCRIPTORS = 256


class Serving:
    """The graph in service with its application, in an HTTP worker."""

    def __init__(self, board: Board, states: States, settings: Settings) -> None:
        self._board, self._states, self._settings = board, states, settings
        self._current: Served | None = None
        self._costs = Costs()

    def current(self) -> Served:
        """Return the graph in service; make a new application for a new graph or a new report.

        Call this on the event loop, which sends the queries of the application.

        Raises:
            Overloaded: no graph is in service yet, or no evaluator runs now.
        """
        current, generation = self._current, self._board.generation
        edition = self._states.edition(generation)
        if current and (generation, edition) == (current.generation, current.edition):
            return current
        if generation == 0:
            raise Overloaded("The graph is being loaded.", headers={"Retry-After": "1"})
        self._current = self._make(generation, edition)
        if current:
            current.retire()
        return self._current

    def _make(self, generation: int, edition: int) -> Served:
        address, index, loaded = self._states.read(generation)
        client = Client(
            address,
            self._board,
            queue_timeout_s=self._settings.queue_timeout_s,
            workers=self._settings.workers,
            costs=self._costs,
        )
        loop, version = asyncio.get_running_loop(), loaded.project.version
        store = SandboxStore(
            client=client, loop=loop, version=version, graph_names=loaded.graph_names
        )
        context = Context(
            store=store,
            project=loaded.project,
            settings=self._settings,
            report=loaded.report,
            board=self._board,
            index=index,
            unvalidated=loaded.unvalidated,
            is_validating=loaded.is_validating,
        )
        app = create_app(context)
        return Served(
            generation=generation,
            app=app,
            store=store,
            base_iri=loaded.project.base_iri,
            edition=edition,
        )


def run_http(
    settings: Settings,
    *,
    board: Board,
    states: States,
    shared: metrics.Shared,
    go: socket.socket,
) -> None:
    """Run Granian in this process: wait for a byte on ``go``, bind the port, fork the workers."""
    connections = _connections()
    caching.software()
    _settle()
    if not go.recv(1):
        return
    pid = os.getpid()
    server = MPServer(
        "kg_server",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        workers=settings.workers,
        loop=Loops.asyncio,
        runtime_mode=RuntimeModes.st,
        websockets=False,
        backpressure=connections,
        # Granian has no time limit for idle HTTP/2 connections, so HTTP/2 is off.
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=int(settings.body_timeout_s * 1000)),
        log_level="warning",  # type: ignore[arg-type]
        respawn_failed_workers=True,
        respawn_interval=0.2,
        workers_kill_timeout=GRACE_S,
    )
    server.serve(
        target_loader=lambda: _worker(
            board,
            states=states,
            shared=shared,
            settings=settings,
            parent=pid,
            most_connections=connections,
        ),
        wrap_loader=False,
    )


def _connections() -> int:
    """Raise the limit of descriptors of this process; return the number of connections that fit.

    A worker without a free descriptor would try to accept connections in a busy loop.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = 4 * _CONNECTIONS
    soft = max(soft, most if hard == resource.RLIM_INFINITY else min(hard, most))
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return min(_CONNECTIONS, max(soft // 4, soft - _OWN_DESCRIPTORS))


def _worker(
    board: Board,
    *,
    states: States,
    shared: metrics.Shared,
    settings: Settings,
    parent: int,
    most_connections: int,
) -> Any:
    """Make the application in a freshly forked HTTP worker."""
    die_with_parent(parent)
    metrics.join(shared)
    keep_little()
    # A thread that computes gives up the interpreter's lock after 1 ms (default: 5 ms).
    sys.setswitchinterval(0.001)
    front = Front(Serving(board, states, settings), settings, most_connections)
    _settle()
    return front


def _settle() -> None:
    """Exclude all present objects from garbage collection: they live as long as the process.

    Scanning them for cycles took half of the time of each request.
    """
    gc.collect()
    gc.freeze()
    gc.enable()
