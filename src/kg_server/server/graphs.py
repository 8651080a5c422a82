"""A graph in service: the zygote that holds it, its socket, and its search index."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

from kg_server.server.loading import Loading


class ServedGraph:
    """A graph and the zygote that holds it.

    Args:
        pid: the zygote.
        address: the path of the socket on which its evaluators receive.
        index: the file of its search index, in memory.
    """

    def __init__(self, pid: int, address: str, index: int) -> None:
        self.pid, self.address, self.index = pid, address, index
        self.validating: Loading | None = None
        self.replaced_at: float | None = None
        self.is_told = False

    @property
    def index_path(self) -> str:
        """The path under which other processes of this user can open the index (proc(5))."""
        return f"/proc/{os.getpid()}/fd/{self.index}"

    def is_in_use(self) -> bool:
        """Tell whether an HTTP worker has a socket to this graph; remove those of dead workers."""
        path = Path(self.address)
        asking = False
        for place in path.parent.glob(f"{path.name}-*"):
            pid = int(place.name.rpartition("-")[2], 16) >> 10
            if Path("/proc", str(pid)).exists():
                asking = True
            else:
                place.unlink(missing_ok=True)
        return asking

    def tell_to_leave(self) -> None:
        """Tell the evaluators to end after the queries that were sent before."""
        self.is_told = True
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        """Kill the zygote, and with it its evaluators."""
        self._send(signal.SIGKILL)

    def _send(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)
