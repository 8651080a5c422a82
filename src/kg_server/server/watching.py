"""Watching of a project's files, for ``serve --watch``."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

from kg_server import project as projects
from kg_server.errors import ProjectFault

_WATCH_S = 1.0
"""Seconds between two looks at the files."""


class Watcher:
    """The files of a project, watched for changes."""

    def __init__(self, paths: tuple[Path, ...]) -> None:
        self._paths = paths
        self._loaded = self._seen = self._stamps()
        self._next_look = 0.0

    def remember(self) -> None:
        """Remember the files as they are loaded now."""
        self._loaded = self._seen = self._stamps()

    def has_changed(self) -> bool:
        """Tell whether the files differ from those that were loaded, and are complete.

        A program may still be writing a file. So two checks in a row must see the same files.
        """
        if time.monotonic() < self._next_look:
            return False
        self._next_look = time.monotonic() + _WATCH_S
        before, self._seen = self._seen, self._stamps()
        return self._seen == before and self._seen != self._loaded

    def _stamps(self) -> dict[Path, tuple[int, int]]:
        with suppress(ProjectFault, OSError):  # a file that is just being replaced
            return projects.stamps(self._paths, example=True)
        return {}
