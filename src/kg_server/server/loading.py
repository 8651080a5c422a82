"""Loading of the graph that is served: the zygote reads, describes and validates the project."""

from __future__ import annotations

import gc
import os
import pickle
import socket
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from kg_server import canned, processes, validation
from kg_server import project as projects
from kg_server.config import NEUTRAL_BASE_IRI, Settings
from kg_server.errors import ProjectFault, Unfinished
from kg_server.processes import Pending, in_child, say
from kg_server.project import Project, Role
from kg_server.sandbox import zygote as zygotes
from kg_server.sandbox.evaluator import Limits
from kg_server.sandbox.scoreboard import Board
from kg_server.sandbox.zygote import Prepared
from kg_server.server import publication
from kg_server.store import Store, dialects, open_store
from kg_server.store.credentials import Credentials
from kg_server.store.replicas import Replicas
from kg_server.validation.report import Report

_PREPARATION_S = 1e6
"""Seconds, practically no limit: validation has its own deadline, a description has none."""


@dataclass(frozen=True, slots=True)
class Start:
    """Arguments of ``kg-server serve``."""

    paths: tuple[Path, ...]
    settings: Settings
    allow_invalid: bool = False
    validate: bool = True
    strict: bool = False
    watch: bool = False
    replicas: Replicas | None = None
    """The engines that hold the graph, if it is not loaded from files."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """Result of loading: the project, without the contents of its files, and its validation.

    ``unvalidated`` is the reason why there is no report; ``is_validating`` tells that the
    validation goes on, and its ``Verdict`` follows. ``namespace`` is the common beginning of the
    IRIs in a graph without a base IRI, perhaps empty. ``graph_names`` are set if engines hold the
    graph: Virtuoso 7.2 finds none by GRAPH ?g {}.
    """

    project: Project
    report: Report | None
    unvalidated: str = ""
    is_validating: bool = False
    namespace: str = ""
    graph_names: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Result of a validation that ended after its graph was put into service."""

    report: Report | None
    unvalidated: str = ""


@dataclass(frozen=True, slots=True)
class _Failed:
    message: str


class Loading:
    """A zygote that is loading a graph.

    Args:
        pid: the process of the zygote.
        address: the path of the socket on which its evaluators will receive.
        index: the file of the search index, in memory.
        ready: the socket on which the zygote sends the result of loading.
    """

    def __init__(self, pid: int, address: str, index: int, ready: socket.socket) -> None:
        self.pid, self.address, self.index, self.ready = pid, address, index, ready
        self.has_ended = False
        self._content = bytearray()

    def poll(self) -> Loaded | Verdict | None:
        """Return the result once evaluators answer queries, ``None`` before that.

        The verdict of a validation that went on is a second result. The caller calls this when
        ``ready`` has something to read.

        Raises:
            ProjectFault: the graph cannot be loaded, or its process ended before the verdict.
        """
        part = b""
        with suppress(ConnectionError):
            part = self.ready.recv(1 << 20)
        self._content += part
        outcome = zygotes.message(self._content)
        if outcome is None and part:
            return None
        result = None if outcome is None else pickle.loads(outcome)  # noqa: S301  # from our own child
        if not (isinstance(result, Loaded) and result.is_validating):
            self.ready.close()
        if result is None:
            raise ProjectFault(
                "the process that loaded the graph ended without a message; was there too little "
                "memory, or is a file nested too deeply?"
            )
        if isinstance(result, _Failed):
            raise ProjectFault(result.message)
        return result  # type: ignore[no-any-return]  # from pickle


def start(start: Start, generation: int, board: Board, folder: Path, *, is_reload: bool) -> Loading:
    """Fork the zygote of a graph.

    Args:
        start: the paths of the project, and the limits of queries.
        generation: the number of the graph.
        board: the scoreboard of the evaluators.
        folder: the folder of the socket for queries, ``evaluators-<generation>``.
        is_reload: whether another graph is in service, so that this one may wait for its index.
    """
    ours, theirs = socket.socketpair()
    settings, address = start.settings, str(folder / f"evaluators-{generation}")
    queries = zygotes.bound(address)
    index = os.memfd_create("search-index")
    main = os.getpid()
    pid = os.fork()
    if pid == 0:
        ours.close()
        limits = Limits(
            memory_bytes=settings.evaluator_memory_bytes,
            result_bytes=settings.max_result_bytes,
            send_timeout_s=settings.send_timeout_s,
            idle_s=settings.evaluator_idle_s,
        )
        first = board.first(generation)
        file = theirs.makefile("wb")
        theirs.close()
        load = partial(_load, start, index, is_reload=is_reload)
        in_child(
            lambda: zygotes.run(
                load,
                queries=queries,
                board=board,
                first_slot=first,
                limits=limits,
                ready=file,
                parent=main,
            )
        )
    theirs.close()
    queries.close()
    return Loading(pid=pid, address=address, index=index, ready=ours)


def _load(start: Start, index: int, *, is_reload: bool) -> Prepared:
    """Load, describe and validate a project; return its store, and the result for the main process.

    Description, validation and the check of the canned queries run beside one another in processes
    of their own, because Python does not return their memory to the system. The contents of files
    are dropped: they would take as much memory as the graph.
    """
    if start.replicas:
        return _opened(start.replicas, start.settings, index, is_reload=is_reload)
    try:
        project = projects.load(start.paths, start.settings.base_iri, example=True)
        checker = processes.start(partial(canned.check, project), sealed=False)
        validator = None
        if start.validate and project.of_role(Role.SHAPES, Role.ONTOLOGY):
            work = partial(weighed, project, allow_invalid=start.allow_invalid)
            validator = processes.start(work, sealed=False)
        store, project = open_store(project), without_contents(project)
        describer = processes.start(partial(_described, store, project), sealed=False)
        _result(checker)
        graphs, namespace = _result(describer)
        for graph_iri, ntriples in graphs:
            store.add_graph(graph_iri, ntriples)
        verdict, later = Verdict(None), None
        if validator:
            waiting = Pending(validator)
            if waiting.wait(time.monotonic() + _patience_s(start, project, is_reload=is_reload)):
                validator.wait()
                verdict = verdict_of(waiting, project, allow_invalid=start.allow_invalid)
            else:
                later = partial(_late, waiting)
    except ProjectFault as fault:
        return Prepared(None, pickle.dumps(_Failed(str(fault))))
    aside = partial(_write_index, index, store, project)
    loaded = Loaded(
        project,
        verdict.report,
        unvalidated=verdict.unvalidated,
        is_validating=later is not None,
        namespace=namespace,
    )
    return Prepared(
        store=store, news=pickle.dumps(loaded), aside=aside, aside_first=is_reload, later=later
    )


def _patience_s(start: Start, project: Project, *, is_reload: bool) -> float:
    """Return how long the validation may keep the graph from being served, seconds.

    A reload keeps nobody waiting, because another graph is in service.
    """
    is_gate = not (start.allow_invalid or project.origin == projects.GIVEN)
    if start.strict or (is_gate and is_reload):
        return _PREPARATION_S
    return start.settings.validation_wait_s


def _late(waiting: Pending) -> bytes | None:
    """Return the verdict of a validation that goes on, for the main process, once there is one."""
    if not waiting.wait(0):
        return None
    try:
        report, _ = waiting.value()
        verdict = Verdict(report)
    except ProjectFault as fault:
        verdict = Verdict(None, str(fault))
    return pickle.dumps(verdict)


def _write_index(index: int, store: Store, project: Project) -> None:
    """Write the search index, unless a process that was killed had already finished it."""
    from kg_server.search import building, columns

    with open(index, "r+b", closefd=False) as file:  # a descriptor
        if not columns.is_written(file):
            building.write(file, store, project.profile.text_properties)


def _opened(replicas: Replicas, settings: Settings, index: int, *, is_reload: bool) -> Prepared:
    """Open a published graph; return its store, and the result for the main process."""
    try:
        dialect = dialects.named(settings.dialect) if settings.dialect else None
        store, published, _ = publication.opened(replicas, dialect, Credentials.read())
    except ProjectFault as fault:
        return Prepared(None, pickle.dumps(_Failed(str(fault))))
    aside = partial(_write_index, index, store, published.project)
    loaded = Loaded(published.project, published.report, graph_names=store.graph_names())
    return Prepared(store=store, news=pickle.dumps(loaded), aside=aside, aside_first=is_reload)


def _described(store: Store, project: Project) -> object:
    gc.disable()  # this process ends with it
    # Imported here, in a process of its own, so that the validation does not wait for it.
    from kg_server.description import namespaces, void

    is_neutral = project.base_iri == NEUTRAL_BASE_IRI
    return void.described(store, project), namespaces.shared(store) if is_neutral else ""


def _result(child: processes.Child) -> Any:
    return processes.result(child, time.monotonic() + _PREPARATION_S, "preparing took too long")


def weighed(project: Project, *, allow_invalid: bool) -> tuple[Report, str]:
    """Validate a project; return the report, and its text if the project must not be served.

    Files that were named without shapes are served whatever the lint rules find, because the rules
    are about the conventions of projects.
    """
    from kg_server.validation import reports

    report = validation.validate(project)
    is_unshaped = project.origin == projects.GIVEN and not report.shapes
    is_served = report.conforms or allow_invalid or is_unshaped
    return report, "" if is_served else reports.text(report, project)


def verdict_of(waiting: Pending, project: Project, *, allow_invalid: bool) -> Verdict:
    """Return the report of a validation that has ended, or the reason why there is none.

    Files given by name are served even if their validation met its deadline: they may be large.

    Raises:
        ProjectFault: the project must not be served.
    """
    try:
        report, refusal = waiting.value()
    except Unfinished as fault:
        if not (allow_invalid or project.origin == projects.GIVEN):
            raise ProjectFault(f"not served, because {fault}; see --no-validate") from fault
        return Verdict(None, str(fault))
    _refuse(refusal)
    return Verdict(report)


def _refuse(refusal: str) -> None:
    if refusal:
        say(refusal)
        raise ProjectFault("not served, because the data do not conform; see --allow-invalid")


def without_contents(project: Project) -> Project:
    """Return a project without the contents of its files."""
    return replace(project, files=tuple(replace(file, content=b"") for file in project.files))
