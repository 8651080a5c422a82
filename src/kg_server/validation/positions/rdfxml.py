"""Positions of RDF/XML elements, by predicate, in the order of pyoxigraph's triples.

pyoxigraph yields the triple of a property element at its end. It yields the triples of a node
element's type and attributes at the start of the node element.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from xml.parsers import expat

from kg_server.rdf import namespaces as ns

_XML = "http://www.w3.org/XML/1998/namespace"
_SEPARATOR = "\n"
_NOT_PROPERTIES = frozenset(
    f"{ns.RDF}{name}"
    for name in ("about", "ID", "nodeID", "resource", "datatype", "parseType", "bagID")
)

Mark = tuple[int, int]
"""Line and column, both from 1."""
Marks = dict[str, list[tuple[Mark, Mark]]]
"""Positions of the node element and the property element, by predicate."""


@dataclass(slots=True)
class _Frame:
    is_node: bool
    mark: Mark
    name: str = ""
    kind: str = ""
    items: list[Mark] = field(default_factory=list)
    numbers: int = 0
    node: Mark = (1, 1)


def marks(content: bytes) -> Marks:
    """Return the positions of each predicate's triples; none if the text is not well-formed XML."""
    walk = _Walk()
    try:
        walk.parser.Parse(content, True)
    except expat.ExpatError:
        return {}
    return walk.marks


class _Walk:
    def __init__(self) -> None:
        self.marks: Marks = defaultdict(list)
        self.parser = expat.ParserCreate(namespace_separator=_SEPARATOR)
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self._frames: list[_Frame] = []
        self._literal = 0

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.replace(_SEPARATOR, "")
        mark = self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1
        if self._literal or (name == f"{ns.RDF}RDF" and not self._frames):
            self._literal += bool(self._literal)
            return
        parent = self._frames[-1] if self._frames else None
        if parent is None or not parent.is_node:
            self._node(name, attributes, mark, parent)
        else:
            self._property(name, attributes, mark, parent)

    def _node(
        self, name: str, attributes: dict[str, str], mark: Mark, parent: _Frame | None
    ) -> None:
        if parent is not None:
            parent.items.append(mark)
        self._frames.append(_Frame(is_node=True, mark=mark))
        if name != f"{ns.RDF}Description":
            self.marks[f"{ns.RDF}type"].append((mark, mark))
        self._attributes(attributes, mark, mark)

    def _property(self, name: str, attributes: dict[str, str], mark: Mark, parent: _Frame) -> None:
        if name == f"{ns.RDF}li":
            parent.numbers += 1
            name = f"{ns.RDF}_{parent.numbers}"
        kind = attributes.get(f"{ns.RDF}{_SEPARATOR}parseType", "")
        frame = _Frame(is_node=kind == "Resource", mark=mark, name=name, kind=kind)
        frame.node = parent.mark
        if f"{ns.RDF}{_SEPARATOR}ID" in attributes:
            frame.kind = frame.kind or "reified"
        self._frames.append(frame)
        if kind and kind not in ("Resource", "Collection"):
            self._literal = 1
        if kind == "Resource":  # its triple comes before those of the inner node
            self.marks[name].append((parent.mark, mark))
        self._attributes(attributes, mark, mark)

    def _attributes(self, attributes: dict[str, str], node: Mark, mark: Mark) -> None:
        for each in attributes:
            namespace, separator, _ = each.partition(_SEPARATOR)
            name = each.replace(_SEPARATOR, "")
            if separator and namespace != _XML and name not in _NOT_PROPERTIES:
                self.marks[name].append((node, mark))

    def _end(self, _tag: str) -> None:
        if self._literal:
            self._literal -= 1
            if self._literal:
                return
        if not self._frames:
            return
        frame = self._frames.pop()
        if not frame.name:
            return
        if frame.kind != "Resource":
            self.marks[frame.name].append((frame.node, frame.mark))
        if frame.kind == "Collection":
            for item in reversed(frame.items):
                self.marks[f"{ns.RDF}rest"].append((frame.mark, item))
                self.marks[f"{ns.RDF}first"].append((frame.mark, item))
        if frame.kind == "reified":
            for part in ("subject", "predicate", "object", "type"):
                self.marks[f"{ns.RDF}{part}"].append((frame.mark, frame.mark))
