"""JSON-LD contexts in files beside the document: written into its text, as nothing is fetched."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from kg_server.errors import ProjectFault
from kg_server.project import nesting

_KEY = re.compile(r'"@context"\s*:\s*(?=["\[{])')
_DEPTH = 10


def inlined(path: Path, content: bytes) -> bytes:
    """Return JSON-LD text with the contexts that it names by a relative reference written out.

    The number of lines stays, so that messages point to the right one.

    Raises:
        ProjectFault: the file of a context does not exist or is no JSON, a context is on the web,
            or objects are nested too deeply.
    """
    nesting.check(path, content)
    if b'"@context"' not in content:
        return content
    whole = _inlined(path, content.decode(), 0).encode()
    nesting.check(path, whole)
    return whole


def _inlined(path: Path, text: str, depth: int) -> str:
    parts, end = [], 0
    for match in _KEY.finditer(text):
        if match.start() < end:
            continue
        try:
            value, stop = json.JSONDecoder().raw_decode(text, match.end())
        except ValueError:
            continue  # the parser raises the fault, with its place
        nesting.check_terms(path, text, match.start(), value)
        if _names(value):
            line = text.count("\n", 0, match.start()) + 1
            written = _written(path, value, line, depth)
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


def _written(path: Path, value: Any, line: int, depth: int) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_written(path, each, line, depth) for each in value)}]"
    if isinstance(value, dict) and _names(value):  # JSON-LD 1.1 §4.1.9: its own terms win
        imported = json.loads(_written(path, value["@import"], line, depth))
        if not isinstance(imported, dict):
            message = f"the context {value['@import']} is imported, so it must be one JSON object"
            raise ProjectFault(message, path=path, line=line)
        own = {name: term for name, term in value.items() if name != "@import"}
        return json.dumps({**imported, **own}, ensure_ascii=False)
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:|/", value):
        raise ProjectFault(
            f"the context {value} is not loaded, because nothing is fetched from the network: "
            "save it beside this file and name it by its file name",
            path=path,
            line=line,
        )
    beside = path.parent / unquote(value.partition("#")[0])
    if depth > _DEPTH:
        raise ProjectFault(f"the context {value} includes itself", path=path, line=line)
    try:
        content = beside.read_bytes()
        nesting.check(beside, content)
        text = _inlined(beside, content.decode("utf-8-sig"), depth + 1)
        document = json.loads(text)
    except OSError as error:
        message = f"the context {value} is not there: no such file beside this one"
        raise ProjectFault(message, path=path, line=line) from error
    except ValueError as error:
        # Not at its own place: a report would show a line of any file that is named here.
        message = f"the context {value} is not JSON: {error}"
        raise ProjectFault(message, path=path, line=line) from error
    context = document.get("@context") if isinstance(document, dict) else None
    if context is None:
        raise ProjectFault(f"the context {value} has no @context", path=path, line=line)
    return json.dumps(context, ensure_ascii=False)
