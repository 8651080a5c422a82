"""Cache of reports, in the user's cache directory.

If the directory cannot be written, every run validates anew. Entries are JSON, so that an entry of
somebody else cannot run code.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from kg_server.project import Project
from kg_server.validation.report import Finding, Place, Report, Severity

T = TypeVar("T", Report, Finding, Place)
_ENGINES = ("kg-server", "pyshacl", "rdflib", "pyoxigraph")
_CODE = ("validation", "project", "rdf", "sparql/lexer.py", "processes.py")
"""The subpackages and modules that a report depends on."""
_KEPT = 200
"""Most entries; the oldest are deleted first."""


def folder(name: str) -> Path:
    """Return a folder in the user's cache directory (XDG Base Directory Specification).

    Raises:
        FileNotFoundError: the user has no home, as one that only a container knows.
    """
    given = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(given) if given else Path.home() / ".cache") / "kg-server" / name
    except RuntimeError as error:
        raise FileNotFoundError(str(error)) from error


def key(project: Project, rules: Mapping[str, str]) -> str:
    """Return a hash of all that a report depends on: paths, contents, rules, versions, code."""
    parts = [
        project.version,
        repr(sorted(rules.items())),
        repr(sorted(project.imported)),
        *(f"{name} {version(name)}" for name in _ENGINES),
    ]
    parts += [
        f"{file.role.value} {sorted(each.value for each in file.also)} {file.path}"
        for file in project.files
    ]
    # In a checkout, the code changes without its version: a report of older code must not be used.
    package = Path(__file__).parents[1]
    places = [package / place for place in _CODE]
    modules = sorted(
        module
        for place in places
        for module in (place.rglob("*.py") if place.is_dir() else [place])
    )
    parts += [hashlib.sha256(module.read_bytes()).hexdigest() for module in modules]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def recall(key: str) -> Report | None:
    """Return the cached report of a key; ``None`` if there is none that can be read."""
    try:
        entry = folder("reports") / f"{key}.json"
        return _report(json.loads(entry.read_bytes())) if entry.is_file() else None  # no device
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None


def keep(key: str, report: Report) -> None:
    """Write a report to the cache."""
    _write(f"{key}.json", json.dumps(asdict(report), default=_plain))


def _plain(value: object) -> str:
    return value.value if isinstance(value, Severity) else str(value)


def _write(name: str, text: str) -> None:
    with suppress(OSError):  # no home, no room, read-only: not cached then
        place = folder("reports")
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        half = place / f"{name}.{os.getpid()}"
        try:
            half.write_text(text)
            half.replace(place / name)
        finally:  # also where the entry is a folder
            half.unlink(missing_ok=True)
        kept = sorted(place.iterdir(), key=lambda each: each.stat().st_mtime)
        for old in kept[:-_KEPT]:
            old.unlink(missing_ok=True)


def _report(document: dict[str, Any]) -> Report:
    findings = tuple(_finding(each) for each in document["findings"])
    return _checked(
        Report(**{**document, "findings": findings, "idle": tuple(map(str, document["idle"]))})
    )


def _finding(document: dict[str, Any]) -> Finding:
    return _checked(
        Finding(
            **{
                **document,
                "severity": Severity(document["severity"]),
                "place": document["place"] and _place(document["place"]),
                "related": tuple(map(_place, document["related"])),
                "details": tuple(map(_finding, document["details"])),
            }
        )
    )


def _place(document: dict[str, Any]) -> Place:
    return _checked(Place(**{**document, "path": Path(document["path"])}))


def _checked(value: T) -> T:
    """Return a value after a check that its fields have the declared types.

    Raises:
        TypeError: a field has another type, because somebody else wrote the entry.
    """
    for name, declared in get_type_hints(type(value)).items():
        types = [get_origin(each) or each for each in get_args(declared) or (declared,)]
        kinds = (tuple,) if get_origin(declared) is tuple else tuple(types)
        if not isinstance(getattr(value, name), kinds):
            raise TypeError(f"{name} is no {declared}")
    return value
