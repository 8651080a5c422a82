"""What a project says of itself: ``kg.toml``, or ``[tool.kg-server]`` in ``pyproject.toml``."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kg_server.config import is_base_iri
from kg_server.errors import ProjectFault

FILE = "kg.toml"
TABLE = "tool.kg-server"
LISTS = {
    "data": ("data",),
    "ontology": ("ontology",),
    "shapes": ("ontology/shapes",),
    "queries": ("queries",),
    "tests": ("tests",),
}
"""The keys whose values are lists of files, directories and patterns, with their defaults."""
_KEYS = ("base-iri", *LISTS, "rules")


@dataclass(frozen=True, slots=True)
class Manifest:
    """Where the parts of a project are; paths are below ``root``, patterns are resolved.

    ``base_iri`` is the one that is written in the files, ``None`` when nothing is said of it;
    ``rules`` are levels of the rules of ``lint``, by name.
    """

    root: Path
    base_iri: str | None = None
    data: tuple[Path, ...] = ()
    ontology: tuple[Path, ...] = ()
    shapes: tuple[Path, ...] = ()
    queries: tuple[Path, ...] = ()
    tests: tuple[Path, ...] = ()
    rules: Mapping[str, str] = field(default_factory=dict)


def find(start: Path) -> Path | None:
    """Return the root of the project around a directory that has a manifest, if there is one."""
    for folder in (start, *start.parents):
        if source(folder):
            return folder
    return None


def source(root: Path) -> Path | None:
    """Return the file with a directory's manifest."""
    if (root / FILE).is_file():
        return root / FILE
    path = root / "pyproject.toml"
    if path.is_file() and re.search(rb"(?m)^\s*\[\s*tool\s*\.\s*\"?kg-server", path.read_bytes()):
        return path
    return None


def read(root: Path) -> Manifest:
    """Read a project's manifest; without one, the parts are where they usually are.

    Raises:
        ProjectFault: it is not TOML, has a key that is not known or a value of the wrong kind,
            or names a path that does not exist; says file and line.
    """
    path = source(root)
    table = _table(path) if path else {}
    for key in table:
        if key not in _KEYS:
            close = difflib.get_close_matches(key, _KEYS, 1)
            hint = f"; did you mean {close[0]}?" if close else f": {', '.join(_KEYS)}"
            raise _fault(path, key, f"there is no key {key!r}{hint}")
    base_iri = table.get("base-iri")
    if base_iri is not None and not (isinstance(base_iri, str) and is_base_iri(base_iri)):
        raise _fault(path, "base-iri", "base-iri is an IRI that ends with a slash")
    rules = table.get("rules", {})
    if not isinstance(rules, dict) or not all(isinstance(each, str) for each in rules.values()):
        raise _fault(path, "rules", 'rules is a table, such as: no-definition = "off"')
    parts = {key: _paths(root, path, key, table) for key in LISTS}
    return Manifest(root, base_iri, **parts, rules=rules)


def _table(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text("utf-8")
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        at_end = len(text.splitlines()), None
        line, column = (int(place[1]), int(place[2])) if place else at_end
        message = re.sub(r" \(at .*\)$", "", str(error))
        raise ProjectFault(message, path=path, line=line, column=column) from error
    except UnicodeDecodeError as error:
        raise ProjectFault("not UTF-8 text", path=path) from error
    found = document if path.name == FILE else document["tool"]["kg-server"]
    if not isinstance(found, dict):
        raise ProjectFault(f"{TABLE} is a table", path=path)
    return found


def _paths(root: Path, source: Path | None, key: str, table: Mapping[str, Any]) -> tuple[Path, ...]:
    if key not in table:
        return tuple(root / each for each in LISTS[key] if (root / each).exists())
    said = table[key]
    if not isinstance(said, list) or not all(isinstance(each, str) for each in said):
        message = f'{key} is a list of files, directories or patterns, such as ["{LISTS[key][0]}"]'
        raise _fault(source, key, message)
    found: list[Path] = []
    for each in said:
        matches = sorted(root.glob(each)) if each and not Path(each).is_absolute() else []
        if not matches:
            raise _fault(source, key, f"{key}: there is no file or directory {each!r}", each)
        found += matches
    return tuple(dict.fromkeys(found))


def _fault(path: Path | None, key: str, message: str, value: str = "") -> ProjectFault:
    """Return a fault at the line where a key stands, or where its value does."""
    lines = path.read_text("utf-8").splitlines() if path else []
    at_key = [
        n for n, line in enumerate(lines, 1) if re.match(rf'\s*\[?[\w.-]*"?{re.escape(key)}', line)
    ]
    at_value = [n for n, line in enumerate(lines, 1) if value and f'"{value}"' in line]
    return ProjectFault(message, path=path, line=next(iter(at_value or at_key), None))
