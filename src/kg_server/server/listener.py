"""The process that listens: the HTTP server, which is forked, opened and restarted here."""

from __future__ import annotations

import gc
import logging
import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress

from kg_server import metrics
from kg_server.config import Settings
from kg_server.errors import ProjectFault
from kg_server.processes import die_with_parent, end_all, in_child
from kg_server.sandbox.scoreboard import Board
from kg_server.server.states import GRACE_S, States

log = logging.getLogger("kg_server.server")

_STEADY_S = 3.0
"""Seconds after which an HTTP server counts as steady: when it ends, it is restarted at once."""
_LONGEST_PAUSE_S = 10.0


class Listener:
    """The process of the HTTP server; it is restarted when it ends.

    Args:
        settings: the address to listen on, and the limits.
        board: the scoreboard of the evaluators.
        states: the state from which workers make their application.
        shared: the memory of the metrics.
    """

    def __init__(
        self, settings: Settings, board: Board, states: States, shared: metrics.Shared
    ) -> None:
        self._settings, self._board, self._states, self._metrics = settings, board, states, shared
        self.pid = 0
        self._go: socket.socket | None = None
        self._is_open = self._is_steady = False
        self._since = self._again_at = self._pause_s = 0.0

    def start(self) -> None:
        """Fork the HTTP server; it imports its modules while the graph is loaded."""
        ours, theirs = socket.socketpair()
        main = os.getpid()
        self.pid = os.fork()
        if self.pid == 0:
            ours.close()
            in_child(lambda: self._run(theirs, main))
        theirs.close()
        self._go, self._since = ours, time.monotonic()
        if self._is_open:
            self.open()

    def _run(self, go: socket.socket, parent: int) -> None:
        die_with_parent(parent)
        gc.disable()  # importing makes no garbage; looking for it took a sixth of the time
        # Importing Flask and Granian takes a while, in which the zygote loads the graph.
        from kg_server.server import workers

        workers.run_http(
            self._settings, board=self._board, states=self._states, shared=self._metrics, go=go
        )

    def open(self) -> None:
        """Let the HTTP server listen, because a graph is in service."""
        self._is_open = True
        if self._go:
            with suppress(BrokenPipeError), self._go:  # the HTTP server has ended; _reap notices it
                self._go.send(b"1")
            self._go = None

    def ended(self) -> None:
        """Plan the restart of the HTTP server, which has ended.

        Raises:
            ProjectFault: the HTTP server has never been in service.
        """
        lived_s, self.pid = time.monotonic() - self._since, 0
        if not self._is_steady:
            raise ProjectFault("the HTTP server ended; its message is above")
        longer_s = min(_LONGEST_PAUSE_S, max(0.5, 2 * self._pause_s))
        self._pause_s = 0.0 if lived_s > _STEADY_S else longer_s
        self._again_at = time.monotonic() + self._pause_s
        log.error("the HTTP server ended; starting it again")

    def look_after(self) -> None:
        """Restart the HTTP server if it has ended and the pause after that is over."""
        if not self.pid and time.monotonic() >= self._again_at:
            self.start()

    def wait_for_port(self, look: Callable[[], None]) -> None:
        """Wait up to a minute until the HTTP server listens; call ``look`` meanwhile.

        Raises:
            ProjectFault: the HTTP server does not listen.
        """
        address = (self._settings.host, self._settings.port)
        for _ in range(3000):
            look()
            with suppress(OSError), socket.create_connection(address, 1):
                self._is_steady = True
                return
            time.sleep(0.02)
        raise ProjectFault("the HTTP server does not listen")

    def stop(self) -> None:
        """Let the HTTP server finish its requests; kill it if it takes too long."""
        if self.pid:
            end_all([self.pid], GRACE_S + 1 if self._is_steady else 1.0)


def free_port(settings: Settings) -> tuple[str, int]:
    """Return the IP address and the port to listen on; the system chooses a port for 0.

    Raises:
        ProjectFault: the port is in use, or the address is not one of this machine's.
    """
    place = f"{settings.host}:{settings.port}"
    try:
        addresses = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)
        family, _, _, _, address = addresses[0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            return str(address[0]), int(probe.getsockname()[1])
    except (OSError, UnicodeError) as error:  # the latter of a host that no name can be
        reason = error.strerror if isinstance(error, OSError) else "this is no name of a host"
        hint = "choose another with --port or --host"
        raise ProjectFault(f"cannot listen on {place}: {reason}; {hint}") from error


def hold_port(host: str, port: int) -> socket.socket:
    """Return a socket that keeps other servers from a port until the HTTP server listens on it.

    It does not listen itself. Granian shares the port (SO_REUSEPORT), which ``free_port`` does not.
    """
    holding = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    with suppress(OSError):  # connections of an earlier program end there only now
        holding.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        holding.bind((host, port))
    return holding
