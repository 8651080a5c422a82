"""Scaffold of a project: ``kg.toml`` for files that are there, or a small example to begin with."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from kg_server import escaping
from kg_server import project as projects
from kg_server.errors import ProjectFault
from kg_server.project import boundary, manifest
from kg_server.project.discovery import rdf_files
from kg_server.project.files import ProjectFile, Role
from kg_server.project.parsing import parsed

_SKELETON = Path(__file__).with_name("skeleton")
_LISTED = (Role.DATA, Role.ONTOLOGY, Role.SHAPES)


def write(target: Path, *, force: bool = False) -> list[Path]:
    """Write the files that a project lacks; files that exist stay as they are.

    If the directory has RDF files, it gets a ``kg.toml`` that lists them by their roles. If not, it
    gets an example that validates and whose tests pass.

    Args:
        target: the directory; made if it is not there.
        force: whether the example replaces files that are there.

    Returns:
        The files that were written.

    Raises:
        ProjectFault: it is a project already, a file cannot be read, or none can be written; then
            nothing is changed.
    """
    if manifest.source(target) and not force:
        raise ProjectFault(
            f"has {manifest.FILE} already; nothing was written (--force begins anew)", path=target
        )
    files: Mapping[Path, bytes]
    if _has_rdf(target) and not force:
        files = {target / manifest.FILE: for_files(target).encode()}
    else:
        example = {target / path.relative_to(_SKELETON): path for path in _files()}
        files = {
            path: template.read_bytes()
            for path, template in example.items()
            if force or not path.exists()
        }
    try:
        for path, content in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    except OSError as error:
        raise ProjectFault(
            f"cannot be written: {error.strerror}", path=Path(error.filename)
        ) from error
    return sorted(files)


def for_files(target: Path) -> str:
    """Return a manifest for the RDF files below a directory.

    Raises:
        ProjectFault: a file is not well-formed; says where.
    """
    loaded = projects.load([target], derive=False, lenient=True)
    files = [file for file in loaded.files if not file.imported]
    paths = rdf_files(target)
    for each in loaded.unread:
        if each.fault.path in paths:  # not a catalog, nor a file that is imported from elsewhere
            raise each.fault
    for file in files:
        deque(parsed(file), maxlen=0)
    boundary.check_name(target.resolve())
    title = escaping.line(target.resolve().name)  # TOML has no DEL, and no half of a surrogate pair
    lines = [f"title = {json.dumps(title, ensure_ascii=False)}"]
    lines += [
        '# licence = "https://creativecommons.org/licenses/by/4.0/"',
        "# The beginning of the names in these files. With it, each has a page at its own path.",
        '# base-iri = "https://kg.example.org/"',
        "",
        "# What the files are, by what they contain. Lists take files, directories and patterns.",
    ]
    for role in _LISTED:
        places = _places(files, role, target.resolve())
        lines.append(f"{role.value} = {json.dumps(places, ensure_ascii=False)}")
    return "\n".join(lines) + "\n"


def _places(files: Iterable[ProjectFile], role: Role, root: Path) -> list[str]:
    """Return the paths of the files of a role; a folder in place of its files if all have it."""
    paths = {file.path.resolve(): file for file in files}
    own = [path for path, file in paths.items() if file.has_role(role)]
    places: dict[str, None] = {}
    for path in sorted(own):
        folder = path.parent
        whole = [each for each in paths if each.is_relative_to(folder)]
        alone = all(paths[each].role is role and not paths[each].also for each in whole)
        place = folder if folder != root and alone and len(whole) > 1 else path
        places[place.relative_to(root).as_posix()] = None
    return list(places)


def _has_rdf(target: Path) -> bool:
    try:
        return target.is_dir() and bool(rdf_files(target))
    except ProjectFault:
        return False


def _files() -> Iterator[Path]:
    return (path for path in _SKELETON.rglob("*") if path.is_file())
