"""XML literals of RDF/XML, rewritten as the specification says before the engine parses them.

pyoxigraph 0.5 repeats namespaces in a literal and leaves entities unresolved, so that it is no XML.
It also accepts other attributes beside ``rdf:parseType`` (RDF 1.1 XML Syntax §7.2.17 to §7.2.19).
"""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree
from xml.parsers import expat
from xml.sax.saxutils import escape

from kg_server.errors import ProjectFault
from kg_server.rdf import namespaces as ns

_TAG = re.compile(rb"""<(?:[^<>"']|"[^"]*"|'[^']*')*>""")
_DOCTYPE = re.compile(rb"<!DOCTYPE[^\[>]*(\[.*?\])?\s*>", re.DOTALL)
_ALLOWED = ("xml:", "xmlns")


def written_out(path: Path, content: bytes) -> bytes:
    """Return RDF/XML whose XML literals are typed literals in exclusive canonical form (§7.2.17).

    Raises:
        ProjectFault: an element has attributes beside ``rdf:parseType``. The fault has the line.
    """
    if b"parseType" not in content:
        return content
    walk = _Walk(path, content)
    try:
        walk.parser.Parse(content, True)
    except expat.ExpatError:
        return content  # the parser raises the fault, with its place
    for start, end, text in reversed(walk.changes):
        content = content[:start] + text + content[end:]
    return content


class _Walk:
    def __init__(self, path: Path, content: bytes) -> None:
        self.changes: list[tuple[int, int, bytes]] = []
        self._path, self._content = path, content
        doctype = _DOCTYPE.search(content)
        subset = (doctype[1] or b"") if doctype else b""
        self._head = b"<!DOCTYPE x " + subset + b">" if subset else b""
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self._spaces: list[dict[str, str]] = [{}]
        self._literal: tuple[int, int, int, str] | None = None

    def _start(self, _name: str, attributes: dict[str, str]) -> None:
        declared = {
            name.partition(":")[2]: value
            for name, value in attributes.items()
            if name == "xmlns" or name.startswith("xmlns:")
        }
        self._spaces.append({**self._spaces[-1], **declared})
        if self._literal is not None:
            return
        for name in attributes:
            prefix, _, local = name.rpartition(":")
            if local == "parseType" and self._spaces[-1].get(prefix) == ns.RDF:
                self._check(attributes, prefix)
                if attributes[name] not in ("Resource", "Collection"):
                    start = self.parser.CurrentByteIndex
                    tag = _TAG.match(self._content, start)
                    if tag and not tag[0].endswith(b"/>"):
                        self._literal = (len(self._spaces), start, tag.end(), prefix)

    def _check(self, attributes: dict[str, str], prefix: str) -> None:
        allowed = (f"{prefix}:parseType", f"{prefix}:ID")
        for name in attributes:
            if name not in allowed and not name.startswith(_ALLOWED):
                raise ProjectFault(
                    f"an element with {prefix}:parseType cannot have the attribute {name} as well",
                    path=self._path,
                    line=self.parser.CurrentLineNumber,
                    column=self.parser.CurrentColumnNumber + 1,
                )

    def _end(self, _name: str) -> None:
        if self._literal is not None and self._literal[0] == len(self._spaces):
            _, start, inner, prefix = self._literal
            self._literal = None
            end = self.parser.CurrentByteIndex
            text = self._canonical(self._content[inner:end])
            if text is not None:
                tag = re.sub(
                    rb"""[\w.-]+:parseType(\s*=\s*)("[^"]*"|'[^']*')""",
                    rb'%s:datatype\1"%sXMLLiteral"' % (prefix.encode(), ns.RDF.encode()),
                    self._content[start:inner],
                    count=1,
                )
                self.changes.append((start, end, tag + text))
        self._spaces.pop()

    def _canonical(self, inner: bytes) -> bytes | None:
        declared = "".join(
            f' xmlns{":" if prefix else ""}{prefix}="{escape(space)}"'
            for prefix, space in self._spaces[-1].items()
            if prefix
        )
        default = self._spaces[-1].get("", "")
        # The element around has a namespace of its own: if it used the default one, the elements
        # inside of it would be written without it.
        head = f'<x{declared}><y:y xmlns:y="urn:y" xmlns="{escape(default)}">'.encode()
        text = (self._head + head + inner + b"</y:y></x>").decode()
        try:
            canonical = ElementTree.canonicalize(text, with_comments=True)
        except ElementTree.ParseError:
            return None
        start, end = canonical.index(">", canonical.index("<y:y")) + 1, canonical.rindex("</y:y>")
        return escape(canonical[start:end]).encode()
