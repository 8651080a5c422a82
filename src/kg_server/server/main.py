"""The processes of ``kg-server serve``: main, zygote with evaluators, HTTP workers.

main            starts the others, reloads, and restarts them; holds neither graph nor HTTP
 ├─ zygote      loads and validates the project, forks the evaluators, replaces any that dies
 └─ listener    Granian, which forks the HTTP workers
"""

from __future__ import annotations

import logging
import os
import resource
import select
import shutil
import signal
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

from kg_server import metrics
from kg_server import project as projects
from kg_server.config import Settings
from kg_server.errors import ProjectFault
from kg_server.processes import (
    adopt_orphans,
    end_all,
    free_bytes,
    kill_all,
    loading_bytes,
    say,
)
from kg_server.project import Role
from kg_server.sandbox import scoreboard
from kg_server.sandbox.scoreboard import Board
from kg_server.server import loading
from kg_server.server.graphs import ServedGraph
from kg_server.server.listener import Listener, free_port, hold_port
from kg_server.server.loading import Loaded, Loading, Start, Verdict
from kg_server.server.polling import Poller
from kg_server.server.states import States
from kg_server.server.watching import Watcher

log = logging.getLogger("kg_server.server")

_LEAST_FILES = 64
"""Files that a process has to be able to open: with half of them, the HTTP server starts."""
_STEP_S = 0.1
_LINGER_S = 60.0
"""Seconds for which requests under way can still query a graph that was replaced."""
_LAST_WORD_S = 5.0
"""Seconds that the processes of a replaced graph have to end, before they are killed."""
_STOP_S = 9.0
"""Seconds after which the main process waits no longer for the others when it stops."""
_AGAIN_S = 2.0
"""Seconds before loading is tried again after it has failed."""
_LONGEST = 107 - len("/kg-server-12345678/evaluators-999999-ffffffff")
"""Longest path, bytes, of a folder whose sockets have paths that fit (unix(7), ``sun_path``)."""


def serve(start: Start) -> None:
    """Serve a project until SIGTERM or SIGINT.

    Raises:
        ProjectFault: the project cannot be used, does not conform, or the port is taken; or too few
            files may be open.
    """
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < _LEAST_FILES:
        raise ProjectFault(
            f"a process may open {soft} files here; the server needs {_LEAST_FILES}: raise the "
            "limit, as by ulimit -n 1024"
        )
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, _leave)
    sys.unraisablehook = _report
    with suppress(_Leave):
        # Read now, because the HTTP server is forked before the files are read.
        if not start.replicas:
            base_iri = start.settings.base_iri or projects.base_iri_of(start.paths, example=True)
            start = replace(start, settings=replace(start.settings, base_iri=base_iri))
        _Main(start).run()


class _Leave(BaseException):
    """The server was told to stop; not an ``Exception``, so that no handler swallows it.

    ``is_told`` tells that it was, in case the interrupted function swallows even this. It is no
    event, whose lock two signals at one time would wait for.
    """

    is_told = False


def _leave(_number: int, _frame: FrameType | None) -> None:
    _Leave.is_told = True
    raise _Leave


def _report(unraisable: Any) -> None:
    """Report an exception that nobody can catch; ``_Leave`` in a hook of a fork is raised again."""
    if unraisable.exc_type is not _Leave:
        sys.__unraisablehook__(unraisable)


class _Main:
    """The main process: starts and restarts the others, and replaces the graph on a reload."""

    def __init__(self, start: Start) -> None:
        host, port = free_port(start.settings)
        self._port = hold_port(host, port)
        self._settings = replace(start.settings, host=host, port=port)
        self._start = replace(start, settings=self._settings)
        self._folder = temporary_folder()
        self._board = Board(self._settings.evaluators)
        self._metrics, self._states = metrics.Shared(self._settings.workers), States()
        self._listener = Listener(
            settings=self._settings, board=self._board, states=self._states, shared=self._metrics
        )
        self._graphs: dict[int, ServedGraph] = {}
        self._generation = 0
        self._loading: Loading | None = None
        self._reload, self._waits, self._not_before = True, False, 0.0
        self._watcher = Watcher(start.paths) if start.watch else None
        self._poller = Poller(start.replicas) if start.replicas else None

    def run(self) -> None:
        begun = time.monotonic()
        adopt_orphans()
        signal.signal(signal.SIGHUP, self._on_hup)
        try:
            self._listener.start()
            while not self._generation:
                self._step()
            self._listener.wait_for_port(self._reap)
            _announce(self._loaded, self._settings, time.monotonic() - begun)
            while True:
                self._step()
        finally:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            self._stop()

    def _on_hup(self, _number: int, _frame: FrameType | None) -> None:
        self._reload = True

    def _step(self) -> None:
        """Check processes, files and loading once; wait up to 0.1 s for news of the loading."""
        self._reap()
        self._listener.look_after()
        self._let_old_graphs_leave()
        if self._poller and self._generation:
            self._poller.look_after()
        if self._watcher and self._generation and self._watcher.has_changed():
            self._reload = True
        if self._generation and self._is_folder_gone():
            self._move()
        if self._reload and not self._loading and time.monotonic() >= self._not_before:
            self._begin_loading()
        present = self._graphs.get(self._generation)
        following = [each for each in (self._loading, present and present.validating) if each]
        for ready in select.select([each.ready for each in following], [], [], _STEP_S)[0]:
            if self._loading and ready is self._loading.ready:
                self._follow_loading(self._loading)
            elif present and present.validating:
                self._follow_validation(present, present.validating)

    def _begin_loading(self) -> None:
        """Fork a zygote for the next graph, if the scoreboard has a place for it."""
        generation = self._generation + 1
        before = generation - scoreboard.GENERATIONS
        if before in self._graphs:
            if self._generation in self._graphs:
                if not self._waits:
                    log.warning("the reload waits for clients that still read an old graph")
                self._waits = True
                return
            self._graphs[before].kill()  # nothing is in service
            return
        self._reload = self._waits = False
        if self._watcher:
            self._watcher.remember()
        try:
            self._check_manifest()
            self._check_memory()
            if not self._folder.is_dir():
                self._folder = temporary_folder()
            self._loading = loading.start(
                self._start,
                generation,
                self._board,
                self._folder,
                is_reload=self._generation in self._graphs,
            )
        except ProjectFault as fault:
            self._say_why_not(fault)
        except OSError as error:  # no process, no descriptor, no room for a socket
            self._say_why_not(ProjectFault(f"the graph cannot be loaded: {error}"))
        else:
            new = self._loading
            self._graphs[generation] = ServedGraph(new.pid, new.address, new.index)

    def _check_manifest(self) -> None:
        """Check that the manifest of the project that was loaded is still there.

        Raises:
            ProjectFault: it is gone, so that the files would be read as another project.
        """
        manifest = self._loaded.project.profile.path if self._generation else None
        if manifest and not manifest.exists():
            raise ProjectFault("this file is gone; restart the server to do without", path=manifest)

    def _check_memory(self) -> None:
        """Check that the memory is enough for another graph of the size of the present one.

        Raises:
            ProjectFault: there is too little memory, so that the kernel would kill a process.
        """
        if self._generation not in self._graphs:
            return
        needed, free = loading_bytes(self._graphs[self._generation].pid), free_bytes()
        if needed > free:
            raise ProjectFault(
                f"loading needs about {needed >> 20} MB beside the graph that is served, and"
                f" {free >> 20} MB are free; restart the server to load the new files alone"
            )

    def _follow_loading(self, zygote: Loading) -> None:
        """Read the zygote's messages; put the graph into service when it is loaded.

        Raises:
            ProjectFault: the first graph cannot be loaded.
        """
        try:
            loaded = zygote.poll()
        except ProjectFault as fault:
            self._give_up_loading()
            self._say_why_not(fault)
            return
        if isinstance(loaded, Loaded):
            self._loaded = loaded
            self._put_into_service(loaded, has_ended=zygote.has_ended)
            if loaded.is_validating and self._generation in self._graphs:
                self._graphs[self._generation].validating = zygote

    def _follow_validation(self, graph: ServedGraph, zygote: Loading) -> None:
        """Give the workers the report of a validation that ended after the start."""
        try:
            verdict = zygote.poll()
        except ProjectFault:  # the zygote has ended; the graph is loaded again
            graph.validating = None
            return
        if isinstance(verdict, Verdict):
            graph.validating = None
            self._loaded = replace(
                self._loaded,
                report=verdict.report,
                unvalidated=verdict.unvalidated,
                is_validating=False,
            )
            self._states.write(self._generation, (graph.address, graph.index_path, self._loaded))
            conforms = verdict.report is not None and verdict.report.conforms
            level = logging.WARNING if conforms else logging.ERROR
            hint = "" if conforms else "; see /validation, and kg-server validate"
            log.log(level, "the validation has ended: %s%s", _validity(self._loaded), hint)

    def _put_into_service(self, loaded: Loaded, *, has_ended: bool) -> None:
        generation, is_reload = self._generation + 1, self._generation > 0
        self._loading = None
        graph = self._graphs[generation]
        self._states.write(generation, (graph.address, graph.index_path, loaded))
        self._generation = self._board.generation = generation
        for number, graph in self._graphs.items():
            if number != generation:
                graph.replaced_at = graph.replaced_at or time.monotonic()
        self._listener.open()
        if is_reload:
            outcome = loaded.report or loaded.unvalidated or loaded.is_validating
            log.warning("reloaded%s", f", {_validity(loaded)}" if outcome else "")
        if has_ended:
            self._forget(generation)
            self._reload = True

    def _say_why_not(self, fault: ProjectFault) -> None:
        """Log why there is no new graph.

        Raises:
            ProjectFault: no graph was served before, so the server cannot start.
        """
        if not self._generation:
            raise fault
        self._not_before = time.monotonic() + _AGAIN_S
        if self._generation in self._graphs:
            log.error("not reloaded, the graph served before is still served: %s", fault)
        else:
            log.error("no graph is served; loading is tried again: %s", fault)
            self._reload = True

    def _give_up_loading(self) -> None:
        generation = self._generation + 1
        self._loading = None
        if generation in self._graphs:
            end_all([self._graphs[generation].pid], 0)
            self._forget(generation)

    def _reap(self) -> None:
        """Collect the child processes that have ended; load the graph again if its zygote did.

        Raises:
            ProjectFault: the HTTP server ended before it was in service.
            _Leave: the server was told to stop, and the interrupted function did not.
        """
        if _Leave.is_told:
            raise _Leave
        while pid := _ended():
            if pid == self._listener.pid:
                self._listener.ended()
            if self._poller and pid == self._poller.pid:
                self._poller.pid = 0
            for generation, graph in list(self._graphs.items()):
                if pid != graph.pid:
                    continue
                if self._loading and pid == self._loading.pid:
                    self._loading.has_ended = True  # _follow_loading sees to it
                    continue
                self._forget(generation)
                if generation == self._generation:
                    log.error("the process that holds the graph ended; loading it again")
                    self._reload = True

    def _let_old_graphs_leave(self) -> None:
        """End the zygotes of replaced graphs once they are unused, at the latest after a minute."""
        for graph in self._graphs.values():
            if graph.replaced_at is None:
                continue
            waited_s = time.monotonic() - graph.replaced_at
            if not graph.is_told and (waited_s > _LINGER_S or not graph.is_in_use()):
                graph.tell_to_leave()
            elif waited_s > _LINGER_S + _LAST_WORD_S:
                log.warning("an old graph is let go although a client still read from it")
                graph.kill()

    def _is_folder_gone(self) -> bool:
        graph = self._graphs.get(self._generation)
        return graph is not None and not Path(graph.address).exists()

    def _move(self) -> None:
        """Load the graph again in another folder: the present one was removed."""
        if not (self._reload or self._loading):
            log.error("the folder %s was taken away; loading the graph again", self._folder)
            self._reload = True

    def _forget(self, generation: int) -> None:
        """Remove the socket, the index and the scoreboard entries of a zygote that has ended."""
        graph = self._graphs.pop(generation)
        self._board.clear(generation)
        os.close(graph.index)
        if graph.validating:
            graph.validating.ready.close()
        Path(graph.address).unlink(missing_ok=True)

    def _stop(self) -> None:
        """Let the HTTP server finish its requests; then nobody reads, and all others are killed."""
        until = time.monotonic() + _STOP_S
        self._listener.stop()
        polling = [self._poller.pid] if self._poller and self._poller.pid else []
        zygotes = [graph.pid for graph in self._graphs.values()]
        evaluators = [slot.pid for slot in self._board.slots()]
        kill_all([*polling, *zygotes, *evaluators], until)
        shutil.rmtree(self._folder, ignore_errors=True)


def _ended() -> int:
    """Return the process id of a child that has ended, 0 if there is none."""
    try:
        return os.waitpid(-1, os.WNOHANG)[0]
    except ChildProcessError:
        return 0


def _announce(loaded: Loaded, settings: Settings, seconds: float) -> None:
    """Print what is served, and the addresses."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    home = f"http://{host}:{settings.port}/"
    project = loaded.project
    served = f"{project.origin}: {len(project.files)} file{'' if len(project.files) == 1 else 's'}"
    say(
        f"kg-server: serving {served}, {_validity(loaded)},"
        f" after {seconds:.2f} s\n"
        f"{_advice(loaded)}"
        f"  Home      {home}\n"
        f"  SPARQL    {home}sparql\n"
        f"  Try       curl -H 'Accept: text/csv' --data-urlencode 'query=SELECT * {{ ?s ?p ?o }}"
        f" LIMIT 3' {home}sparql\n"
    )


def _validity(loaded: Loaded) -> str:
    """Return the result of the validation, or why there is none."""
    if loaded.report:
        return loaded.report.summary
    if loaded.is_validating:
        return "validation not finished yet"
    reason = loaded.unvalidated
    if not loaded.project.of_role(Role.SHAPES, Role.ONTOLOGY):
        reason = "there are no shapes and no ontology"
    return f"not validated: {reason}" if reason else "not validated"


def _advice(loaded: Loaded) -> str:
    """Return a line of advice about ``init`` or ``--base-iri``, perhaps empty."""
    if loaded.project.origin == projects.EXAMPLE:
        return "  There is no project here; kg-server init starts one.\n"
    if loaded.namespace:
        option = f"--base-iri {loaded.namespace}"
        return f"  Names have pages at /doc?iri=…, and at their own paths with {option}\n"
    return ""


def temporary_folder() -> Path:
    """Make the folder for the server's sockets.

    Raises:
        ProjectFault: the folder cannot be made, or its path is too long for sockets (unix(7)).
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
