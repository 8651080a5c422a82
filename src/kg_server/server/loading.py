"""The graph that is served: validated by the main process, and held by a zygote.

The main process imports this once the HTTP server is forked, so that both import at one time.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from kg_server import processes
from kg_server.config import Settings
from kg_server.errors import ProjectFault
from kg_server.processes import in_child
from kg_server.project import Project
from kg_server.sandbox import zygote as zygotes
from kg_server.sandbox.evaluator import Limits
from kg_server.sandbox.scoreboard import Board
from kg_server.store import EmbeddedStore, open_store
from kg_server.validation.report import Report

_DESCRIPTION_S = 600.0


@dataclass(frozen=True, slots=True)
class Zygote:
    """A process that loads a graph: its number, and the socket on which it says how it went."""

    pid: int
    ready: socket.socket

    def wait(self) -> None:
        """Wait until queries can come.

        Raises:
            ProjectFault: the graph cannot be loaded.
        """
        with self.ready, self.ready.makefile("rb") as file:
            told = file.readline()
        if b"graphs" not in told:
            fault = json.loads(told)["fault"] if told else "the graph could not be loaded"
            raise ProjectFault(str(fault))


def start(
    held: list[Project], generation: int, settings: Settings, board: Board, folder: Path
) -> Zygote:
    """Fork the zygote of a graph.

    Args:
        held: the project, which the zygote lets go once it is loaded.
        generation: the number of the graph.
        settings: how many evaluators there are, and what one query may use.
        board: where evaluators say what they do.
        folder: where the socket for queries is made: ``evaluators-<generation>``.
    """
    ours, theirs = socket.socketpair()
    queries = zygotes.bound(str(folder / f"evaluators-{generation}"))
    main = os.getpid()
    pid = os.fork()
    if pid == 0:
        ours.close()
        limits = Limits(
            settings.evaluator_memory_bytes,
            settings.max_result_bytes,
            settings.send_timeout_s,
            settings.evaluator_idle_s,
        )
        first = board.first(generation)
        file = theirs.makefile("wb")
        theirs.close()
        load = partial(_store, held)
        in_child(lambda: zygotes.run(load, queries, board, first, limits, file, main))
    theirs.close()
    queries.close()
    return Zygote(pid, ours)


def validated(project: Project, *, allow_invalid: bool) -> Report:
    """Validate what will be served.

    Raises:
        ProjectFault: it does not conform, and is not allowed not to.
    """
    from kg_server import validation
    from kg_server.validation import reports  # while the zygote is already loading

    report = validation.validate(project)
    if not report.conforms and not allow_invalid:
        sys.stderr.write(reports.text(report, project))
        raise ProjectFault("not served, because the data do not conform; see --allow-invalid")
    return report


def without_contents(project: Project) -> Project:
    """Return a project without the contents of its files."""
    return replace(project, files=tuple(replace(file, content=b"") for file in project.files))


def _store(held: list[Project]) -> EmbeddedStore:
    """Make the store of a project with its description, and let the project go.

    The description is made in a process of its own, because what counting takes is not given back.
    """
    from kg_server.description import void  # while the main process is already validating

    project = held.pop()
    store, project = open_store(project), without_contents(project)
    child = processes.start(partial(void.described, store, project), sealed=False)
    until = time.monotonic() + _DESCRIPTION_S
    for graph_iri, ntriples in processes.result(child, until, "describing the graph took too long"):
        store.add_graph(graph_iri, ntriples)
    return store
