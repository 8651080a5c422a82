"""A new project to begin with: the files of ``skeleton/``, written where they are wanted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from kg_server.errors import ProjectFault

_SKELETON = Path(__file__).with_name("skeleton")


def write(target: Path, *, force: bool = False) -> list[Path]:
    """Write a project that validates and whose tests pass.

    Args:
        target: the directory; made if it is not there.
        force: whether files that are there already are replaced.

    Returns:
        The files that were written.

    Raises:
        ProjectFault: a file is there already, or cannot be written; then nothing is changed.
    """
    wanted = {target / path.relative_to(_SKELETON): path for path in _files()}
    there = sorted(path for path in wanted if path.exists() or path.is_symlink())
    if there and not force:
        listed = ", ".join(path.relative_to(target).as_posix() for path in there)
        raise ProjectFault(
            f"has {listed} already; nothing was written (--force replaces)", path=target
        )
    try:
        for path, template in wanted.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(template.read_bytes())
    except OSError as error:
        raise ProjectFault(
            f"cannot be written: {error.strerror}", path=Path(error.filename)
        ) from error
    return sorted(wanted)


def _files() -> Iterator[Path]:
    return (path for path in _SKELETON.rglob("*") if path.is_file())
