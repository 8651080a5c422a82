"""The files that make up a project: those of its manifest, or those given by name."""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kg_server.errors import ProjectFault
from kg_server.project import boundary, manifest, syntax
from kg_server.project.files import Role
from kg_server.project.manifest import Manifest

_PACKAGE = Path(__file__).resolve().parents[1]
NO_PROJECT = (
    "there is no project here: no kg.toml in this directory or above, and no data/ beside ontology/"
)


@dataclass(frozen=True, slots=True)
class Source:
    """A file to be read: its name in the graph and its roles; ``None``: its contents decide.

    ``by_content``: its contents decide beside the role that is given. ``sheds_shapes``: shapes in
    it do not count, because the caller names the files with shapes.
    """

    path: Path
    name: str
    role: Role | None
    also: frozenset[Role] = frozenset()
    by_content: bool = False
    sheds_shapes: bool = False


def bundled() -> Path:
    """Return the root of the project that comes with the package, as an example to serve."""
    inside = _PACKAGE / "project_files"
    return inside if inside.is_dir() else _PACKAGE.parents[1]


def around(folder: Path) -> Path | None:
    """Return the root of the project around a directory, if there is one."""
    for each in (folder, *folder.parents):
        if manifest.source(each):
            return each
    return folder if is_root(folder) else None


def around_all(paths: Sequence[Path]) -> Path | None:
    """Return the root of the project in which all of these files lie, if there is one."""
    resolved = [path.resolve() for path in paths]
    for folder in resolved[0].parents if resolved else ():
        if is_root(folder):
            return folder if all(each.is_relative_to(folder) for each in resolved) else None
    return None


def is_root(path: Path) -> bool:
    """Tell whether a directory is the root of a project."""
    usual = (path / "data").is_dir() and (path / "ontology").is_dir()
    return usual or (path.is_dir() and manifest.source(path) is not None)


def of_root(listed: Manifest) -> list[Source]:
    """Return the files of a project.

    Where the manifest names no shapes, the shapes in any file count. A file in several lists of the
    manifest has all of these roles, as far as its contents agree.

    Raises:
        ProjectFault: a directory has no RDF files.
    """
    by_path: dict[Path, Source] = {}
    for places, role, prefix in (
        (listed.shapes, Role.SHAPES, "shapes/"),
        (listed.ontology, Role.ONTOLOGY, "ontology/"),
        (listed.data, Role.DATA, ""),
    ):
        for place in places:
            # A project may keep its terms elsewhere and have nothing in ontology/ but shapes/.
            if role is Role.ONTOLOGY and place.is_dir() and not _has_own(place, listed.shapes):
                continue
            base = place if place.is_dir() else place.parent
            for path in rdf_files(place, listed.root):
                name = prefix + _stem(path.relative_to(base))
                if path not in by_path:
                    by_path[path] = Source(path, name, role, by_content=not listed.shapes)
                elif place.is_file() and by_path[path].role is not role:
                    # Named twice, or a pattern that fits it as well.
                    by_path[path] = replace(
                        by_path[path], also=by_path[path].also | {role}, by_content=True
                    )
    return list(by_path.values())


def given(paths: Iterable[Path], role: Role | None) -> Iterator[Source]:
    """Yield files that are given by name; directories with all RDF files below them.

    Raises:
        ProjectFault: a path is not there, or is no RDF file.
    """
    for path in paths:
        base = path if path.is_dir() else path.parent
        for each in rdf_files(path):
            yield Source(each, _stem(each.relative_to(base)), role, by_content=role is None)


def merged(files: Iterable[Source]) -> list[Source]:
    """Return each file once; of several roles it gets those that agree with its contents."""
    by_path: dict[Path, Source] = {}
    for each in files:
        path = each.path.resolve()
        first = by_path.get(path)
        if first is None or (first.role is None and each.role):
            by_path[path] = each
        elif each.role and each.role is not first.role:
            by_path[path] = replace(first, also=first.also | {each.role}, by_content=True)
    return list(by_path.values())


def with_unique_names(files: Sequence[Source]) -> list[Source]:
    """Return files with unique names: where two have the same name, it gets more of the path."""
    named = list(files)
    depth = 2
    while depth < 64:
        counts = Counter(each.name for each in named)
        if not any(count > 1 for count in counts.values()):
            return named
        named = [
            replace(each, name=_longer(each.path, depth)) if counts[each.name] > 1 else each
            for each in named
        ]
        depth += 1
    return named


def _longer(path: Path, depth: int) -> str:
    """Return a name that has the suffix, and so many parts of the path."""
    return "/".join(part for part in path.resolve().parts[-depth:] if part != "/")


def rdf_files(path: Path, root: Path | None = None) -> list[Path]:
    """Return a file, or all RDF files below a directory but for hidden ones.

    Args:
        path: the file or directory.
        root: the root of the project. Links may lead anywhere in it, or else in the directory:
            whoever writes one must not have another file of the machine read and shown.

    Raises:
        ProjectFault: there is no such path, the directory has no RDF files, or a file in it is
            outside of the boundary, such as a link that leads out.
    """
    check(path)
    if not path.is_dir():
        return [path]
    try:
        named = sorted(each for each in _below(path) if syntax.suffix(each) in syntax.SYNTAXES)
        files = [each for each in named if not each.is_file() or syntax.is_known(each)]
    except OSError as error:
        raise _unreadable(Path(error.filename or path), error) from error
    if not files:
        raise ProjectFault("the directory has no RDF files", path=path)
    for each in files:
        boundary.check(each, root or path)
    return files


def check(path: Path) -> None:
    """Check that there is a file or directory that can be reached and has an end.

    Raises:
        ProjectFault: there is none, a folder above may not be entered, it is a link to itself, or
            a device, or its path is not UTF-8 text.
    """
    boundary.check_name(path)
    try:
        mode = path.stat().st_mode
    except FileNotFoundError as error:
        raise ProjectFault("there is no such file or directory", path=path) from error
    except OSError as error:
        raise _unreadable(path, error) from error
    if stat.S_ISBLK(mode) or stat.S_ISCHR(mode):
        raise ProjectFault("this is a device, not a file", path=path)


def _unreadable(path: Path, error: OSError) -> ProjectFault:
    return ProjectFault(f"cannot be read: {error.strerror}", path=path)


def _below(path: Path) -> Iterator[Path]:
    """Yield all that lies below a directory and is no directory, but for what is hidden.

    Raises:
        OSError: a directory cannot be read; ``Path.rglob`` would pass it over.
    """

    def fail(error: OSError) -> None:
        raise error

    for folder, folders, names in os.walk(path, onerror=fail):
        folders[:] = filter(_is_shown, folders)
        yield from (Path(folder, name) for name in names if _is_shown(name))


def _is_shown(name: str) -> bool:
    return not name.startswith(".") and name != "node_modules"


def _has_own(place: Path, shapes: Sequence[Path]) -> bool:
    """Tell whether a directory has files that are not among the shapes."""
    files = place.rglob("*")
    return any(
        each.is_file()
        and syntax.suffix(each) in syntax.SYNTAXES
        and not any(each == other or other in each.parents for other in shapes)
        for each in files
    )


def _stem(path: Path) -> str:
    """Return a path without the suffixes of RDF files."""
    name = path.name[:-3] if path.name.lower().endswith(".gz") else path.name
    return path.with_name(name).with_suffix("").as_posix()
