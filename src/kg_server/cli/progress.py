"""Progress of long commands: a bar on terminals."""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING, Self

from kg_server.cli import options

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_DELAY_S = 1.0
"""Seconds before progress is shown."""
_LINE_S = 10.0
"""Seconds between two lines in a log."""


class Bar:
    """A line on standard error with the present step; it disappears at the end.

    If standard error is not a terminal, nothing is written.

    Args:
        delay_s: seconds before it is shown.
    """

    def __init__(self, delay_s: float = _DELAY_S) -> None:
        self._since, self._delay_s = time.monotonic(), delay_s
        self._shown: tuple[Progress, TaskID] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._shown:
            self._shown[0].stop()

    def __call__(self, step: str, done: float | None) -> None:
        """Show the present step, and the fraction of it that is done (0 to 1) if it is known."""
        if not sys.stderr.isatty() or time.monotonic() - self._since < self._delay_s:
            return
        bar, task = self._shown = self._shown or _start()
        bar.update(task, description=step, completed=done or 0, total=None if done is None else 1)


class Lines(Bar):
    """A bar on a terminal; elsewhere a line every ten seconds, so that a log shows the step too."""

    def __init__(self) -> None:
        super().__init__(delay_s=0.0)
        self._step = ""
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._repeat, daemon=True)

    def __enter__(self) -> Self:
        if not sys.stderr.isatty():
            self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        self._ended.set()

    def __call__(self, step: str, done: float | None) -> None:
        """Show the present step, and the fraction of it that is done (0 to 1) if it is known."""
        self._step = step
        super().__call__(step, done)

    def _repeat(self) -> None:
        while not self._ended.wait(_LINE_S):
            options.say(f"{self._step}, after {time.monotonic() - self._since:.0f} s")


def _start() -> tuple[Progress, TaskID]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    bar.start()
    return bar, bar.add_task("")
