"""Old and new versions of a project: files, directories or Git revisions."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from kg_server import project as projects
from kg_server.errors import ProjectFault
from kg_server.project import Project


@dataclass(frozen=True, slots=True)
class State:
    """A version of a project, or of some of its files.

    ``name`` is what it was called. ``project`` has the files that are compared, ``whole``
    also those that they are validated with. ``root`` is that of a
    project, ``None`` for single files.
    """

    name: str
    project: Project
    whole: Project
    root: Path | None


@contextmanager
def read(name: str | None, base_iri: str | None) -> Iterator[State]:
    """Read one side of a comparison.

    Args:
        name: a file or directory, or else ``REVISION`` or ``REVISION:PATH`` in the Git repository
            of the current directory; ``None`` for the current project.
        base_iri: the base IRI of names, if not the one in the files.

    Raises:
        ProjectFault: there is no such path and no such revision, or no project in it.
    """
    if name is None:
        project = projects.load((), base_iri)
        yield State(name="the working tree", project=project, whole=project, root=projects.home())
        return
    if Path(name).exists():
        yield _state(name, Path(name), base_iri)
        return
    # With the process id: cli/guard removes the folder of a command that is stopped.
    with TemporaryDirectory(prefix=f"kg-server-{os.getpid()}-") as folder:
        place = _extract(name, Path(folder))
        yield _state(name, place, base_iri)


def _state(name: str, place: Path, base_iri: str | None) -> State:
    whole = projects.load([place], base_iri)
    if projects.is_root(place):
        return State(name=name, project=whole, whole=whole, root=place)
    within = place.resolve()
    named = tuple(each for each in whole.files if each.path.resolve().is_relative_to(within))
    return State(
        name=name, project=replace(whole, files=named) if named else whole, whole=whole, root=None
    )


def _extract(name: str, folder: Path) -> Path:
    """Write the files of a revision into a folder; return the path of the project in it."""
    revision, colon, path = name.partition(":")
    inside = _git(["rev-parse", "--show-prefix"], name).decode().strip()
    _git(["rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}"], name)
    top = _git(["rev-parse", "--show-toplevel"], name).decode().strip()
    archive = _git(["-C", top, "archive", "--format=tar", revision], name)
    try:
        with tarfile.open(fileobj=io.BytesIO(archive)) as files:
            files.extractall(folder, filter="data")
    except tarfile.FilterError as error:
        raise ProjectFault(f"{revision} has a file that leads out of it: {error}") from error
    place = folder / (path if colon else inside)
    if not place.resolve().is_relative_to(folder.resolve()) or not place.exists():
        raise ProjectFault(f"{revision} has no {path or inside}")
    if colon or not place.is_dir():
        return place
    around = (each for each in (place, *place.parents) if each.is_relative_to(folder))
    root = next(filter(projects.is_root, around), None)
    if root is None:
        raise ProjectFault(
            f"{revision} has no project at {inside or 'its top'}: no kg.toml, and no data/ beside "
            f"ontology/. Name the path in it: {revision}:PATH"
        )
    return root


def _git(arguments: list[str], name: str) -> bytes:
    if name.startswith("-"):
        raise ProjectFault(f"no such file, directory or revision: {name}")
    try:
        ended = subprocess.run(["git", *arguments], capture_output=True, check=False)  # noqa: S603, S607  # an option is refused above
    except FileNotFoundError as error:
        message = f"there is no file or directory {name}, and no git to look for a revision"
        raise ProjectFault(message) from error
    if ended.returncode:
        complaint = ended.stderr.decode("utf-8", "replace").strip()
        where = "this is no Git repository" if "not a git repository" in complaint else complaint
        raise ProjectFault(
            f"no such file, directory or revision: {name}" + (f" ({where})" if where else "")
        )
    return ended.stdout
