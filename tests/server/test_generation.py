"""What an HTTP worker keeps for a graph, and when it gives it back."""

from __future__ import annotations

import asyncio
from pathlib import Path

from kg_server import formats
from kg_server.formats import Kind
from kg_server.project import Project, ProjectFile, Role
from kg_server.server.generation import Served
from kg_server.sparql.query import Query

from ..sandbox.sandboxes import Sandbox

BASE = "https://diplomacy.example/"
ONE = Query("SELECT (1 AS ?n) {}", formats.named("csv", Kind.BINDINGS))


def test_a_request_that_a_reload_overtakes_asks_the_old_graph_to_its_end():
    file = ProjectFile(Path("one"), Role.DATA, f"{BASE}graph/one", "turtle", b"")
    with Sandbox(Project((file,), BASE, "v1"), queue_timeout_s=2) as sandbox:
        served = Served(1, lambda _environ, _start: (), sandbox.store, BASE)
        with served:
            assert sandbox.store.query(ONE).read() == b"n\r\n1\r\n"

            served.retire()

            assert sandbox.store.query(ONE).read() == b"n\r\n1\r\n"
        done = asyncio.run_coroutine_threadsafe(asyncio.sleep(0), sandbox.loop)
        done.result(5)
        assert not list(sandbox.folder.glob("s-*"))
