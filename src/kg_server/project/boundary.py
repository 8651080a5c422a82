"""Boundary of a project: files of the machine that its authors cannot have read and shown.

Whoever writes a project may be a stranger, such as the author of a pull request. What is read is
also shown: lines of ill-formed files, rows of expected answers.
"""

from __future__ import annotations

from pathlib import Path

from kg_server.errors import ProjectFault


def check(path: Path, root: Path) -> None:
    """Check that a file in a folder of a project is a regular file inside of it.

    A link that leads nowhere passes: whoever reads the file says so.

    Args:
        path: the file.
        root: the root of the project: links may lead anywhere in it.

    Raises:
        ProjectFault: it is a link that leads out of the project, or to itself; a device, a pipe or
            a socket; or its path is not UTF-8 text.
    """
    check_name(path)
    check_link(path, root)
    if path.exists() and not path.is_file():
        raise ProjectFault("this is a device, a pipe or a socket: remove it", path=path)


def check_name(path: Path) -> None:
    """Check that a path is UTF-8 text, because reports and IRIs of graphs carry nothing else.

    Raises:
        ProjectFault: it is not.
    """
    try:
        str(path).encode()
    except UnicodeEncodeError as error:
        raise ProjectFault("this path is not UTF-8 text: rename it", path=path) from error


def check_link(path: Path, root: Path) -> None:
    """Check that a path is no link that leads out of a folder.

    Raises:
        ProjectFault: it is one, or leads to itself.
    """
    if not path.is_symlink():
        return
    within = root.resolve()
    try:
        leads_out = not path.resolve().is_relative_to(within)
    except RuntimeError as error:  # Python 3.11; an OSError since 3.13
        raise ProjectFault("this is a link that leads to itself", path=path) from error
    if leads_out:
        raise ProjectFault(f"this is a link that leads out of {within}", path=path)


def is_inside(path: Path, *folders: Path) -> bool:
    """Tell whether a file is in one of these folders, whatever links lead to it."""
    resolved = path.resolve()
    return any(resolved.is_relative_to(folder.resolve()) for folder in folders)
