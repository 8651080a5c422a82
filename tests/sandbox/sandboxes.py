"""A zygote with its evaluators, for tests of what runs in them."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Self

from kg_server.project import Project
from kg_server.sandbox import zygote as zygotes
from kg_server.sandbox.client import Client
from kg_server.sandbox.evaluator import Limits
from kg_server.sandbox.scoreboard import Board
from kg_server.sandbox.store import SandboxStore
from kg_server.store import open_store


class Sandbox:
    """Evaluators over a project, until the ``with`` block ends."""

    def __init__(
        self,
        project: Project,
        evaluators: int = 2,
        *,
        queue_timeout_s: float = 10,
        aside: Callable[[], None] | None = None,
    ) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.board = Board(evaluators)
        queries = zygotes.bound(str(self.folder / "s"))
        ours, theirs = os.pipe()
        parent = os.getpid()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                limits = Limits(1 << 28, 1 << 24, 5.0, 60.0)
                ready = os.fdopen(theirs, "wb")
                load = lambda: zygotes.Prepared(open_store(project), b"ready", aside)  # noqa: E731  # called in the zygote
                zygotes.run(
                    load,
                    queries=queries,
                    board=self.board,
                    first_slot=0,
                    limits=limits,
                    ready=ready,
                    parent=parent,
                )
            finally:
                os._exit(0)
        os.close(theirs)
        queries.close()
        with os.fdopen(ours, "rb") as ready:
            assert zygotes.message(bytearray(ready.read())) == b"ready"
        address = str(self.folder / "s")
        self.client = Client(address, self.board, queue_timeout_s=queue_timeout_s)
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever)
        self._thread.start()
        self.store = SandboxStore(self.client, self.loop, "v1")

    def __enter__(self) -> Self:
        return self

    def leave(self) -> None:
        """Tell the zygote to leave, as a reload does."""
        os.kill(self.pid, signal.SIGTERM)

    def __exit__(self, *_: object) -> None:
        self.store.close()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()
        self.leave()
        os.waitpid(self.pid, 0)
        shutil.rmtree(self.folder)
