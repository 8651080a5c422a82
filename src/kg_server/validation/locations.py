"""Locations of findings: file, line and column."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from kg_server.project import ProjectFile
from kg_server.validation.positions import ByText, Index, index
from kg_server.validation.report import Finding, Place

_SMALL = 1 << 18
"""Bytes of a file that is indexed in less time than it takes to import pySHACL."""


class Places:
    """Finds places in files, each of which is indexed when a finding may be in it."""

    def __init__(self, files: Sequence[ProjectFile]) -> None:
        self._files = files
        self._made: dict[Path, Index] = {}

    def located(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """Return the findings with their places, as far as they have any."""
        return tuple(replace(each, place=self._find(each)) for each in findings)

    def expect(self, focus_nodes: Iterable[str]) -> None:
        """Index the small files in which findings about these nodes would be."""
        for node in focus_nodes:
            for file in self._with(node):
                if len(file.content) < _SMALL:
                    self._index(file)

    def _with(self, focus_node: str) -> list[ProjectFile]:
        hint = _last_part(focus_node)
        return [file for file in self._files if hint in file.content]

    def _find(self, finding: Finding) -> Place | None:
        """Return the place of the triple, or else of the focus node's first statement."""
        about = finding.focus_node, finding.path, finding.value
        has_blank = any(term and term.startswith("_:") for term in about)
        files = self._with(finding.focus_node)
        for search in (_triple, _subject):
            for file in files:
                found = self._index(file)
                offset = search(found.by_text if has_blank else found.by_name, *about)
                if offset is not None:
                    return place(file, found.text, offset)
        return None

    def _index(self, file: ProjectFile) -> Index:
        if file.path not in self._made:
            self._made[file.path] = index(file)
        return self._made[file.path]


def _triple(index: ByText, subject: str, path: str | None, value: str | None) -> int | None:
    """Return the offset of the triple; of any with that path where the value is unknown."""
    if path is None:
        return None
    # rdflib's parser writes 1e0 and +1 anew, so a value may stand there in other words.
    other = index.triples.get((subject, path, None))
    return other if value is None else index.triples.get((subject, path, value), other)


def _subject(index: ByText, subject: str, _path: str | None, _value: str | None) -> int | None:
    return index.subjects.get(subject)


def _last_part(term: str) -> bytes:
    """Return text that every file with this term has, escapes aside; empty if none is sure."""
    last = re.split(r"[/#]", term.strip("<>"))[-1]
    return last.encode() if term.startswith("<") and re.fullmatch(r"[\w-]+", last) else b""


def place(file: ProjectFile, text: str, offset: int) -> Place:
    """Return line and column of an offset, both from 1, with the line as excerpt."""
    line = text.count("\n", 0, offset) + 1
    start = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", start)
    excerpt = text[start : end if end >= 0 else len(text)].rstrip("\r")
    column = offset - start + 1
    return Place(file.path, line, column, column + _token_length(excerpt[column - 1 :]), excerpt)


def _token_length(rest: str) -> int:
    """Return how long the first token of the rest of a line is, at least 1."""
    if rest.startswith(('"""', "'''")) and rest.find(rest[:3], 3) < 0:
        return len(rest)  # it goes on in the next line
    if rest[:1] in "\"'<":
        close = ">" if rest[0] == "<" else rest[0]
        end = rest.find(close, 1)
        while end > 0 and rest[end - 1] == "\\":
            end = rest.find(close, end + 1)
        tail = rest[end + 1 :] if end > 0 else ""
        suffix = tail.split()[0].rstrip(",;.") if tail[:1] in ("@", "^") else ""
        return end + 1 + len(suffix) if end > 0 else len(rest)
    word = rest.split(" ")[0].rstrip(",;.")
    return max(1, len(word))
