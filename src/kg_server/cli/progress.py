"""Progress of long commands, shown on terminals only."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_DELAY_S = 1.0
"""Seconds before progress is shown."""


class Bar:
    """A line on standard error with the present step; it disappears at the end.

    If standard error is not a terminal, nothing is written.
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

    def __call__(self, step: str, done: float | None) -> None:
        """Show the present step, and the fraction of it that is done (0 to 1) if it is known."""
        if not sys.stderr.isatty() or time.monotonic() - self._since < _DELAY_S:
            return
        bar, task = self._shown = self._shown or _start()
        bar.update(task, description=step, completed=done or 0, total=None if done is None else 1)


def _start() -> tuple[Progress, TaskID]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    bar.start()
    return bar, bar.add_task("")
