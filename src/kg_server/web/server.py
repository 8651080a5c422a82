"""The processes of ``kg-server serve``: main, zygote with evaluators, HTTP workers.

main            loads and validates the project; starts and reloads the others; holds no HTTP
 ├─ zygote      holds the graph; forks the evaluators and replaces any that dies
 └─ http        Granian, which forks the HTTP workers
"""

from __future__ import annotations

import logging
import os
import pickle
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
from typing import Any

from kg_server import description, reports, validation
from kg_server import project as projects
from kg_server.config import Settings
from kg_server.errors import Overloaded, ProjectFault
from kg_server.findings import Report
from kg_server.project import Project
from kg_server.store.board import Board
from kg_server.store.evaluator import Limits, die_with_parent, run_zygote
from kg_server.store.oxigraph import OxigraphStore
from kg_server.store.sandbox import SandboxStore
from kg_server.web.front import Front, Served

log = logging.getLogger("kg_server.server")

_GRACE_S = 30
"""How long requests under way may take to finish when the server is told to stop."""
_WATCH_S = 1.0


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
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    _Main(start).run()


class _Leave(Exception):
    """The server was told to stop."""


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise _Leave


class _Main:
    def __init__(self, start: Start) -> None:
        self._start = start
        settings = start.settings
        self._settings = replace(settings, port=_free_port(settings))
        self._folder = Path(tempfile.mkdtemp(prefix="kg-server-"))
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(self._folder)
        self._board = Board(settings.evaluators)
        self._zygotes: dict[int, int] = {}
        self._generation = 0
        self._http = 0
        self._reload = False

    def run(self) -> None:
        begun = time.monotonic()
        try:
            go = self._start_http()
            self._put_into_service(_load(self._start), begun)
            with suppress(BrokenPipeError):  # the HTTP server ended; _mind says so
                go.send(b"1")
            signal.signal(signal.SIGHUP, self._on_hup)
            self._mind()
        except _Leave:
            pass
        finally:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            self._stop()

    def _start_http(self) -> socket.socket:
        """Fork the HTTP server early, so that its imports run beside the loading."""
        ours, theirs = socket.socketpair()
        self._http = os.fork()
        if self._http == 0:
            ours.close()
            _child(lambda: _run_http(self._settings, self._board, self._folder, theirs))
        theirs.close()
        return ours

    def _put_into_service(self, loaded: Project, begun: float) -> None:
        """Validate a project, start its evaluators, and let the workers turn to them."""
        generation = self._generation + 1
        ready = self._start_zygote(loaded, generation)
        report = _validate(loaded, self._start)
        told = ready.makefile("rb").readline()
        if b"graphs" not in told:
            raise ProjectFault(_fault(told))
        _write_state(self._folder, generation, loaded, report)
        self._generation = self._board.generation = generation
        for old in [number for number in self._zygotes if number < generation]:
            os.kill(self._zygotes[old], signal.SIGTERM)
        _announce(loaded, report, self._settings, time.monotonic() - begun)

    def _start_zygote(self, loaded: Project, generation: int) -> socket.socket:
        ours, theirs = socket.socketpair()
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(str(self._folder / f"evaluators-{generation}"))
        listener.listen(self._settings.queue_length)
        pid = os.fork()
        if pid == 0:
            ours.close()
            settings = self._settings
            limits = Limits(
                settings.evaluator_memory_bytes, settings.max_result_bytes, settings.send_timeout_s
            )
            first = generation % 2 * settings.evaluators
            file = theirs.makefile("wb")
            theirs.close()
            _child(lambda: run_zygote(_loader(loaded), listener, self._board, first, limits, file))
        theirs.close()
        listener.close()
        self._zygotes[generation] = pid
        return ours

    def _on_hup(self, _number: int, _frame: FrameType | None) -> None:
        self._reload = True

    def _mind(self) -> None:
        """Reload when told or when files change; end when the HTTP server or a graph is gone."""
        seen = _stamps(self._start)
        while True:
            time.sleep(0.1)
            self._reap()
            if self._start.watch and time.monotonic() % _WATCH_S < 0.15:
                now = _stamps(self._start)
                self._reload, seen = self._reload or now != seen, now
            if self._reload:
                self._reload = False
                self._try_reload()

    def _reap(self) -> None:
        pid, _ = os.waitpid(-1, os.WNOHANG)
        if pid == self._http:
            self._http = 0
            raise ProjectFault("the HTTP server ended; its message is above")
        for generation, zygote in list(self._zygotes.items()):
            if pid == zygote:
                del self._zygotes[generation]
                (self._folder / f"evaluators-{generation}").unlink(missing_ok=True)
                if generation == self._generation:
                    log.error("the process that holds the graph ended; loading it again")
                    self._reload = True

    def _try_reload(self) -> None:
        try:
            self._put_into_service(_load(self._start), time.monotonic())
        except ProjectFault as fault:
            self._drop_unused()
            message = f"not reloaded, the graph served before is still served: {fault}"
            log.error(message)  # noqa: TRY400  # the user's mistake needs no traceback

    def _drop_unused(self) -> None:
        for generation, pid in list(self._zygotes.items()):
            if generation > self._generation:
                os.kill(pid, signal.SIGTERM)
                os.waitpid(pid, 0)
                del self._zygotes[generation]
                (self._folder / f"evaluators-{generation}").unlink(missing_ok=True)

    def _stop(self) -> None:
        """Let the HTTP server finish its requests, then end the zygotes."""
        for pid in (self._http, *self._zygotes.values()):
            if pid:
                with_grace(pid, _GRACE_S)
        shutil.rmtree(self._folder, ignore_errors=True)


def with_grace(pid: int, grace_s: float) -> None:
    """End a child: SIGTERM, and SIGKILL when it has not ended in time."""
    try:
        os.kill(pid, signal.SIGTERM)
        until = time.monotonic() + grace_s
        while time.monotonic() < until:
            if os.waitpid(pid, os.WNOHANG)[0]:
                return
            time.sleep(0.02)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    except (ProcessLookupError, ChildProcessError):
        return


class Serving:
    """In an HTTP worker: the application for the graph that is in service."""

    def __init__(self, board: Board, folder: Path, settings: Settings) -> None:
        self._board, self._folder, self._settings = board, folder, settings
        self._lock = threading.Lock()
        self._current: Served | None = None

    def current(self) -> Served:
        """Return the graph that is in service, with an application made anew after a reload."""
        current = self._current
        if current is not None and self._board.generation == current.generation:
            return current
        with self._lock:
            generation = self._board.generation
            if generation == 0:
                raise Overloaded("The graph is being loaded.", headers={"Retry-After": "1"})
            if self._current is None or generation != self._current.generation:
                self._current = self._make(generation)
            return self._current

    def _make(self, generation: int) -> Served:
        from kg_server.web import create_app
        from kg_server.web.context import Context

        loaded, report = pickle.loads((self._folder / f"state-{generation}").read_bytes())  # noqa: S301  # our own file, in a folder of mode 0700
        store = SandboxStore(
            str(self._folder / f"evaluators-{generation}"),
            self._board,
            loaded.version,
            queue_timeout_s=self._settings.queue_timeout_s,
            send_timeout_s=self._settings.send_timeout_s,
        )
        app = create_app(Context(store, loaded, self._settings, report))
        return Served(generation, app, store, loaded.base_iri)


def _run_http(settings: Settings, board: Board, folder: Path, go: socket.socket) -> None:
    die_with_parent()
    from granian.constants import Interfaces, Loops
    from granian.http import HTTP1Settings
    from granian.server.mp import MPServer

    import kg_server.web

    kg_server.web.preload()
    if not go.recv(1):
        return
    server = MPServer(
        "kg_server",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.RSGI,
        workers=settings.workers,
        loop=Loops.asyncio,
        websockets=False,
        http1_settings=HTTP1Settings(header_read_timeout=int(settings.body_timeout_s * 1000)),
        log_level="warning",  # type: ignore[arg-type]
        respawn_failed_workers=True,
        respawn_interval=0.2,
        workers_kill_timeout=_GRACE_S,
    )
    server.serve(
        target_loader=lambda: _worker(board, folder, settings),
        wrap_loader=False,
    )


def _worker(board: Board, folder: Path, settings: Settings) -> Any:
    """Make the application in a freshly forked HTTP worker."""
    die_with_parent()
    return Front(Serving(board, folder, settings), settings)


def _child(work: Any) -> None:
    """Run work in a forked child, which never returns.

    It leaves the terminal's process group: Ctrl-C is for the main process, which then ends the
    others in order (a Granian worker that gets a second signal does not end).
    """
    os.setpgid(0, 0)
    code = 1
    try:
        work()
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    except BaseException:
        log.exception("a process of the server failed")
    finally:
        sys.stderr.flush()
        os._exit(code)


def _free_port(settings: Settings) -> int:
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


def _load(start: Start) -> Project:
    return projects.load(start.paths, start.settings.base_iri)


def _loader(loaded: Project) -> Any:
    return lambda: description.described_store(OxigraphStore(loaded), loaded.base_iri)


def _validate(loaded: Project, start: Start) -> Report | None:
    """Validate what will be served.

    Raises:
        ProjectFault: it does not conform, and is not allowed not to.
    """
    if not start.validate:
        return None
    report = validation.validate(loaded)
    if not report.conforms and not start.allow_invalid:
        sys.stderr.write(reports.text(report, loaded))
        raise ProjectFault("not served, because the data do not conform; see --allow-invalid")
    return report


def _fault(told: bytes) -> str:
    import json

    return str(json.loads(told)["fault"]) if told else "the graph could not be loaded"


def _write_state(folder: Path, generation: int, loaded: Project, report: Any) -> None:
    """Leave for the workers what they make their application from, without the data files."""
    light = replace(loaded, files=tuple(replace(file, content=b"") for file in loaded.files))
    (folder / f"state-{generation}").write_bytes(pickle.dumps((light, report)))
    (folder / f"state-{generation - 1}").unlink(missing_ok=True)


def _stamps(start: Start) -> dict[Path, tuple[int, int]]:
    """Return size and time of change of every file of the project."""
    try:
        paths = [file.path for file in _load(start).files]
    except ProjectFault:
        return {}
    return {path: (path.stat().st_size, path.stat().st_mtime_ns) for path in paths if path.exists()}


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
