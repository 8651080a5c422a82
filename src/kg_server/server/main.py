"""The processes of ``kg-server serve``: main, zygote with evaluators, HTTP workers.

main            loads and validates the project; starts and reloads the others; holds no HTTP
 ├─ zygote      holds the graph; forks the evaluators and replaces any that dies
 └─ http        Granian, which forks the HTTP workers
"""

from __future__ import annotations

import logging
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from kg_server import project as projects
from kg_server.config import Settings
from kg_server.errors import ProjectFault
from kg_server.processes import in_child, with_grace
from kg_server.project import Project
from kg_server.sandbox import scoreboard
from kg_server.sandbox.scoreboard import Board
from kg_server.server import workers
from kg_server.server.workers import GRACE_S

if TYPE_CHECKING:
    from kg_server.validation.report import Report

log = logging.getLogger("kg_server.server")

_WATCH_S = 1.0
_LINGER_S = 60.0
"""How long a graph that was replaced can still be asked, at the most, by requests under way."""
_STEADY_S = 3.0
"""An HTTP server that ran for so long is started again when it ends."""
_leaving = threading.Event()


@dataclass(frozen=True, slots=True)
class Start:
    """What ``kg-server serve`` was told."""

    paths: tuple[Path, ...]
    settings: Settings
    allow_invalid: bool = False
    validate: bool = True
    watch: bool = False


def serve(start: Start) -> None:
    """Serve a project until SIGTERM or SIGINT.

    Raises:
        ProjectFault: the project cannot be used, does not conform, or the port is taken.
    """
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, _leave)
    with suppress(_Leave):
        # Read now, because the HTTP server is forked before the files are read.
        base_iri = start.settings.base_iri or projects.base_iri_of(start.paths, example=True)
        _Main(replace(start, settings=replace(start.settings, base_iri=base_iri))).run()


class _Leave(BaseException):
    """The server was told to stop, which is no failure of what it was just doing."""


def _leave(_number: int, _frame: FrameType | None) -> None:
    _leaving.set()  # for when what was just called swallows the exception
    raise _Leave


class _Main:
    def __init__(self, start: Start) -> None:
        self._start = start
        settings = start.settings
        self._settings = replace(settings, port=free_port(settings))
        self._folder = temporary_folder()
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(self._folder)
        self._board = Board(settings.evaluators)
        self._zygotes: dict[int, int] = {}
        self._leave_at: dict[int, float] = {}
        self._generation = 0
        self._http, self._http_since = 0, 0.0
        self._reload = False

    def run(self) -> None:
        begun = time.monotonic()
        signal.signal(signal.SIGHUP, self._on_hup)
        try:
            go = self._start_http()
            loaded, report = self._put_into_service()
            with suppress(BrokenPipeError):  # the HTTP server ended; _reap says so
                go.send(b"1")
            self._wait_for_port()
            _announce(loaded, report, self._settings, time.monotonic() - begun)
            self._mind()
        finally:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            self._stop()

    def _start_http(self) -> socket.socket:
        """Fork the HTTP server, at the start before all else: it imports beside the loading."""
        ours, theirs = socket.socketpair()
        main = os.getpid()
        self._http = os.fork()
        if self._http == 0:
            ours.close()
            in_child(
                lambda: workers.run_http(self._settings, self._board, self._folder, theirs, main)
            )
        theirs.close()
        self._http_since = time.monotonic()
        return ours

    def _wait_for_port(self) -> None:
        """Wait until the HTTP server listens."""
        address = (self._settings.host, self._settings.port)
        for _ in range(500):
            self._reap()
            with suppress(OSError), socket.create_connection(address, 1):
                return
            time.sleep(0.02)
        raise ProjectFault("the HTTP server does not listen")

    def _put_into_service(self) -> tuple[Project, Report | None]:
        """Validate the project, start its evaluators, and let the workers turn to them.

        The project that is returned is without the contents of its files.
        """
        from kg_server import canned
        from kg_server.server import loading

        generation, settings = self._generation + 1, self._settings
        # In a list, so that it can be let go here and in the zygote, which has our stack as well:
        # the contents of the files would take as much memory again as the graph.
        held = [projects.load(self._start.paths, settings.base_iri, example=True)]
        zygote = loading.start(held, generation, settings, self._board, self._folder)
        self._zygotes[generation] = zygote.pid
        canned.check(held[0])
        report = None
        if self._start.validate:
            report = loading.validated(held[0], allow_invalid=self._start.allow_invalid)
        zygote.wait()
        loaded = loading.without_contents(held.pop())
        workers.write_state(self._folder, generation, loaded, report)
        self._generation = self._board.generation = generation
        for old in self._zygotes.keys() - {generation}:
            self._leave_at.setdefault(old, time.monotonic() + _LINGER_S)
        return loaded, report

    def _on_hup(self, _number: int, _frame: FrameType | None) -> None:
        self._reload = True

    def _mind(self) -> None:
        """Reload when told or when files change; end when the HTTP server or a graph is gone."""
        seen = _stamps(self._start)
        while not _leaving.is_set():
            time.sleep(0.1)
            self._reap()
            self._let_old_ones_leave()
            if self._start.watch and time.monotonic() % _WATCH_S < 0.15:
                now = _stamps(self._start)
                self._reload, seen = self._reload or now != seen, now
            # The graph that had the next one's places on the board must have gone.
            if self._reload and self._generation + 1 - scoreboard.GENERATIONS not in self._zygotes:
                self._reload = False
                self._try_reload()

    def _reap(self) -> None:
        pid, _ = os.waitpid(-1, os.WNOHANG)
        if pid == self._http:
            self._http = 0
            self._restart_http()
        for generation, zygote in list(self._zygotes.items()):
            if pid == zygote:
                self._forget(generation)
                if generation == self._generation:
                    log.error("the process that holds the graph ended; loading it again")
                    self._reload = True

    def _restart_http(self) -> None:
        if time.monotonic() - self._http_since < _STEADY_S:
            raise ProjectFault("the HTTP server ended; its message is above")
        log.error("the HTTP server ended; starting it again")
        self._start_http().send(b"1")

    def _let_old_ones_leave(self) -> None:
        """End the graphs that were replaced, once no HTTP worker has a mailbox there any more."""
        now = time.monotonic()
        for generation, due in list(self._leave_at.items()):
            if due < now or not any(self._folder.glob(f"evaluators-{generation}-*")):
                del self._leave_at[generation]
                if generation in self._zygotes:
                    os.kill(self._zygotes[generation], signal.SIGTERM)

    def _try_reload(self) -> None:
        try:
            _, report = self._put_into_service()
            log.warning("reloaded%s", f", {report.summary}" if report else "")
        except ProjectFault as fault:
            self._drop_unused()
            message = f"not reloaded, the graph served before is still served: {fault}"
            log.error(message)  # noqa: TRY400  # the user's mistake needs no traceback
        except Exception:
            self._drop_unused()
            log.exception("not reloaded, the graph served before is still served")

    def _drop_unused(self) -> None:
        for generation, pid in list(self._zygotes.items()):
            if generation > self._generation:
                os.kill(pid, signal.SIGTERM)
                os.waitpid(pid, 0)
                self._forget(generation)

    def _forget(self, generation: int) -> None:
        """Take away what a zygote that has ended left behind."""
        del self._zygotes[generation]
        self._board.clear(generation)
        (self._folder / f"evaluators-{generation}").unlink(missing_ok=True)

    def _stop(self) -> None:
        """Let the HTTP server finish its requests, then end the zygotes."""
        for pid in (self._http, *self._zygotes.values()):
            if pid:
                with_grace(pid, GRACE_S)
        shutil.rmtree(self._folder, ignore_errors=True)


def _stamps(start: Start) -> dict[Path, tuple[int, int]]:
    with suppress(ProjectFault, OSError):  # a file that is just being replaced
        return projects.stamps(start.paths, example=True)
    return {}


def _announce(loaded: Project, report: Report | None, settings: Settings, seconds: float) -> None:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    home = f"http://{host}:{settings.port}/"
    sys.stderr.write(
        f"kg-server: {len(loaded.files)} files in service after {seconds:.2f} s"
        f"{'' if report is None else ', ' + report.summary}\n"
        f"  Home      {home}\n"
        f"  SPARQL    {home}sparql\n"
        f"  Try       curl -H 'Accept: text/csv' --data-urlencode 'query=SELECT * {{ ?s ?p ?o }}"
        f" LIMIT 3' {home}sparql\n"
    )
    sys.stderr.flush()


_LONGEST = 107 - len("/kg-server-12345678/evaluators-999999-ffffffff")


def temporary_folder() -> Path:
    """Make the folder for the server's sockets and counters.

    Raises:
        ProjectFault: it cannot be made, or the names of sockets in it would be too long (unix(7)).
    """
    hint = "name another folder for temporary files in the environment variable TMPDIR"
    try:
        place = tempfile.gettempdir()
        if len(os.fsencode(place)) > _LONGEST:
            raise ProjectFault(f"the name of the folder {place} is too long for sockets; {hint}")
        return Path(tempfile.mkdtemp(prefix="kg-server-"))
    except OSError as error:
        raise ProjectFault(
            f"no folder for sockets can be made: {error.strerror}; {hint}"
        ) from error


def free_port(settings: Settings) -> int:
    """Return the port, chosen by the system for 0.

    Raises:
        ProjectFault: it is in use, or the address is not one of this machine's.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            place = f"{settings.host}:{settings.port}"
            hint = "choose another with --port"
            raise ProjectFault(f"cannot listen on {place}: {error.strerror}; {hint}") from error
        return int(probe.getsockname()[1])
