"""JSON-LD contexts in local files: written into the text of the document, as nothing is fetched."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from kg_server.errors import ProjectFault
from kg_server.project import nesting

_KEY = re.compile(r'"@context"\s*:\s*(?=["\[{])')
_DEPTH = 10


@dataclass(frozen=True, slots=True)
class _Place:
    """Place at which a context is named.

    ``path`` is the document, of which messages speak, and ``folder`` that of the text in which the
    context is named: relative references begin there. ``files`` are those of contexts on the web.
    """

    path: Path
    folder: Path
    files: Mapping[str, Path]
    depth: int = 0


def inlined(path: Path, content: bytes, files: Mapping[str, Path] | None = None) -> bytes:
    """Return JSON-LD text with the contexts that are in files written out.

    The number of lines stays, so that messages point to the right one.

    Args:
        path: the file of the text; relative references to contexts are resolved against it.
        content: the text.
        files: local files of contexts that are named by an IRI.

    Raises:
        ProjectFault: the file of a context does not exist or is no JSON, a context is on the web,
            or objects are nested too deeply.
    """
    nesting.check(path, content)
    if b'"@context"' not in content:
        return content
    whole = _inlined(_Place(path, path.parent, files or {}), content.decode()).encode()
    nesting.check(path, whole)
    return whole


def _inlined(place: _Place, text: str) -> str:
    parts, end = [], 0
    for match in _KEY.finditer(text):
        if match.start() < end:
            continue
        try:
            value, stop = json.JSONDecoder().raw_decode(text, match.end())
        except ValueError:
            continue  # the parser raises the fault, with its place
        nesting.check_terms(place.path, text, match.start(), value)
        if _names(value):
            line = text.count("\n", 0, match.start()) + 1
            written = _written(place, value, line)
            lost = text.count("\n", match.end(), stop)
            parts += [text[end : match.end()], written, "\n" * lost]
            end = stop
    return "".join([*parts, text[end:]])


def _names(value: Any) -> bool:
    """Tell whether a context names another one: by a reference, or in ``@import``."""
    return any(
        isinstance(each, str) or (isinstance(each, dict) and isinstance(each.get("@import"), str))
        for each in (value if isinstance(value, list) else [value])
    )


def _written(place: _Place, value: Any, line: int) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_written(place, each, line) for each in value)}]"
    if isinstance(value, dict) and _names(value):  # JSON-LD 1.1 §4.1.9: its own terms win
        imported = json.loads(_written(place, value["@import"], line))
        if not isinstance(imported, dict):
            message = f"the context {value['@import']} is imported, so it must be one JSON object"
            raise ProjectFault(message, path=place.path, line=line)
        own = {name: term for name, term in value.items() if name != "@import"}
        return json.dumps({**imported, **own})
    if not isinstance(value, str):
        return json.dumps(value)
    file = _file(place, value, line)
    if place.depth > _DEPTH:
        raise ProjectFault(f"the context {value} includes itself", path=place.path, line=line)
    try:
        if file.exists() and not file.is_file():  # a device has no end, a pipe may have none
            raise ProjectFault(f"the context {value} is no file", path=place.path, line=line)
        content = file.read_bytes()
        nesting.check(file, content)
        below = replace(place, folder=file.parent, depth=place.depth + 1)
        document = json.loads(_inlined(below, content.decode("utf-8-sig")))
    except OSError as error:
        message = f"the context {value} is not there: no such file beside this one"
        raise ProjectFault(message, path=place.path, line=line) from error
    except ValueError as error:
        # Not at its own place: a report would show a line of any file that is named here.
        message = f"the context {value} is not JSON: {error}"
        raise ProjectFault(message, path=place.path, line=line) from error
    context = document.get("@context") if isinstance(document, dict) else None
    if context is None:
        raise ProjectFault(f"the context {value} has no @context", path=place.path, line=line)
    return json.dumps(context)  # escaped, because half of a surrogate pair has no UTF-8


def _file(place: _Place, name: str, line: int) -> Path:
    """Return the file of a context."""
    if name in place.files:
        return place.files[name]
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:|/", name):
        raise ProjectFault(
            f"the context {name} is not loaded, because nothing is fetched from the network: "
            "save it as a file, and name that in kg.toml under [imports], or here",
            path=place.path,
            line=line,
        )
    return place.folder / unquote(name.partition("#")[0])
