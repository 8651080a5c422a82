"""Progress of long work, shown on a terminal and nowhere else."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_PATIENCE_S = 1.0
"""Shorter work shows nothing."""


class Bar:
    """A line on standard error that says what is done now; it disappears at the end.

    Where standard error is not a terminal, nothing is written.
    """

    def __init__(self) -> None:
        self._since = time.monotonic()
        self._shown: tuple[Progress, TaskID] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._shown:
            self._shown[0].stop()

    def __call__(self, what: str, done: float | None) -> None:
        """Say what is done now, and how much of it is done (0 to 1) where that is known."""
        if not sys.stderr.isatty() or time.monotonic() - self._since < _PATIENCE_S:
            return
        bar, task = self._shown = self._shown or _start()
        bar.update(task, description=what, completed=done or 0, total=None if done is None else 1)


def _start() -> tuple[Progress, TaskID]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    bar.start()
    return bar, bar.add_task("")
