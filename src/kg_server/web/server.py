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
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Any

from kg_server import description, reports, validation
from kg_server import project as projects
from kg_server.config import Settings
from kg_server.errors import ProjectFault
from kg_server.findings import Report
from kg_server.project import Project
from kg_server.store.board import Board
from kg_server.store.evaluator import Limits, run_zygote
from kg_server.store.oxigraph import OxigraphStore
from kg_server.web import workers
from kg_server.web.workers import GRACE_S

log = logging.getLogger("kg_server.server")

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
        signal.signal(signal.SIGHUP, self._on_hup)
        try:
            go = self._start_http()
            loaded = _load(self._start)
            report = self._put_into_service(loaded)
            with suppress(BrokenPipeError):  # the HTTP server ended; _reap says so
                go.send(b"1")
            self._wait_for_port()
            _announce(loaded, report, self._settings, time.monotonic() - begun)
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
            _child(lambda: workers.run_http(self._settings, self._board, self._folder, theirs))
        theirs.close()
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

    def _put_into_service(self, loaded: Project) -> Report | None:
        """Validate a project, start its evaluators, and let the workers turn to them."""
        generation = self._generation + 1
        ready = self._start_zygote(loaded, generation)
        report = _validate(loaded, self._start)
        told = ready.makefile("rb").readline()
        if b"graphs" not in told:
            raise ProjectFault(_fault(told))
        workers.write_state(self._folder, generation, loaded, report)
        self._generation = self._board.generation = generation
        for old in [number for number in self._zygotes if number < generation]:
            os.kill(self._zygotes[old], signal.SIGTERM)
        return report

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
            report = self._put_into_service(_load(self._start))
            log.warning("reloaded%s", f", {report.summary}" if report else "")
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
                with_grace(pid, GRACE_S)
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


def _child(work: Any) -> None:
    """Run work in a forked child, which never returns.

    It leaves the terminal's process group: Ctrl-C is for the main process, which then ends the
    others in order (a Granian worker that gets a second signal does not end).
    """
    os.setpgid(0, 0)
    # The handlers of the main process would raise _Leave here, and print it as a failure.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
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
