"""Files that commands write: an old one is replaced whole, or stays as it is."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

from kg_server.errors import ProjectFault

_NO_PLACE_BESIDE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.EBUSY)
"""Errors where a file cannot be replaced, but perhaps written: it is mounted by itself, or its
folder is read-only."""


def replace(path: Path, text: str) -> None:
    """Write a file; if there is no room for it, the old one is unchanged.

    A link stays: the file that it leads to is replaced. A device or pipe is written to.

    Raises:
        ProjectFault: the file cannot be written.
    """
    try:
        if path.exists() and not path.is_file():
            path.write_text(text, encoding="utf-8")
        else:
            _replace(path.resolve(), text)
    except OSError as error:
        raise ProjectFault(f"cannot be written: {error.strerror}", path=path) from error


def _replace(path: Path, text: str) -> None:
    new = path.with_name(f".{path.name[:100]}.{os.getpid()}")
    try:
        new.write_text(text, encoding="utf-8")
        if path.exists():
            new.chmod(path.stat().st_mode)
        new.replace(path)
    except OSError as error:
        if error.errno not in _NO_PLACE_BESIDE or not path.exists():
            raise
        path.write_text(text, encoding="utf-8")
    finally:
        with suppress(OSError):  # it has the other name now, or was never made
            new.unlink()
