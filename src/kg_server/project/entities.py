"""Entities of RDF/XML: a document that expands without bound is refused before it is parsed.

The parser expands an entity wherever it is named (XML 1.0 §4.4), so that ten short declarations
can stand for gigabytes. OWL files use entities to shorten namespaces; those are short.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from kg_server.errors import ProjectFault

_DECLARED = re.compile(rb"""<!ENTITY\s+([\w.:-]+)\s+(?:"([^"]*)"|'([^']*)')\s*>""")
_NAMED = re.compile(rb"&([\w.:-]+);")
_BUILT_IN = frozenset((b"amp", b"lt", b"gt", b"apos", b"quot"))
_MOST_ENTITY_BYTES = 1 << 16
_MOST_GROWTH = 50
_ALWAYS_BYTES = 16 << 20


def check(path: Path, content: bytes) -> None:
    """Refuse an RDF/XML document whose entities expand without bound.

    Raises:
        ProjectFault: an entity stands for more than 64 kB, or for itself, or all of them together
            make the document many times as large. The fault has the line.
    """
    if b"<!ENTITY" not in content:
        return
    declared = {match[1]: match for match in _DECLARED.finditer(content)}
    values = {name: match[2] or match[3] or b"" for name, match in declared.items()}
    sizes: dict[bytes, int] = {}
    for name, match in declared.items():
        if _size(name, values, sizes, ()) > _MOST_ENTITY_BYTES:
            line = content.count(b"\n", 0, match.start()) + 1
            shown = name.decode("ascii", "replace")
            message = f"the entity &{shown}; stands for more than {_MOST_ENTITY_BYTES // 1024} kB"
            raise ProjectFault(message, path=path, line=line)
    whole = sum(sizes.get(match[1], 0) for match in _NAMED.finditer(content))
    if whole > max(_ALWAYS_BYTES, _MOST_GROWTH * len(content)):
        raise ProjectFault(f"its entities stand for {whole >> 20:,} MB of text", path=path, line=1)


def _size(
    name: bytes, values: Mapping[bytes, bytes], sizes: dict[bytes, int], above: tuple[bytes, ...]
) -> int:
    """Return the bytes that an entity stands for; more than the most, if it refers to itself."""
    if name in _BUILT_IN or name not in values:
        return 1
    if name in above:
        return _MOST_ENTITY_BYTES + 1
    if name not in sizes:
        inner = (
            _size(match[1], values, sizes, (*above, name))
            for match in _NAMED.finditer(values[name])
        )
        sizes[name] = min(len(values[name]) + sum(inner), 1 << 40)
    return sizes[name]
