"""Locations of findings: file, line and column."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import NamedTuple

from kg_server.errors import ProjectFault
from kg_server.project import ProjectFile, Role
from kg_server.rdf import terms
from kg_server.validation import paths, positions
from kg_server.validation.paths import Pattern
from kg_server.validation.report import Finding, Place

_IRI = re.compile(r"<([^<>]*)>")
_COUNTED = ("MinCount", "QualifiedMinCount", "Node", "Property", "Closed")
"""Constraint components whose results are about a missing value or a count, not about one value."""
_MOST_RELATED = 20


class _Spot(NamedTuple):
    """Position of a term: the number of its file, and the offset if it is known."""

    file: int
    offset: int | None
    value: str


class Places:
    """Places of findings in files; each file is read once for all findings."""

    def __init__(
        self, files: Sequence[ProjectFile], objects: paths.Objects = lambda _node, _predicate: []
    ) -> None:
        """Prepare the files; ``objects`` returns values, for paths of several steps."""
        order = (Role.DATA, Role.ONTOLOGY, Role.SHAPES)
        read = (file for file in files if file.role in order)
        self._files = sorted(read, key=lambda file: order.index(file.role))
        self._objects = objects
        self._texts: dict[int, _Text] = {}
        self._spots: dict[Pattern, list[_Spot]] = {}

    def located(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """Return the findings with their places; each has a place if there is a file."""
        listed = tuple(findings)
        self._search(tuple(_with_details(listed)))
        return tuple(each if each.place else self._placed(each) for each in listed)

    def _search(self, findings: Sequence[Finding]) -> None:
        """Read the files, and keep the positions that a finding may be about."""
        spots: dict[Pattern, list[_Spot]] = defaultdict(list)
        subjects = {finding.focus_node for finding in findings}
        objects = subjects | {finding.value for finding in findings if _is_complex(finding)}
        for finding in findings:
            subjects |= {subject for subject, _, _ in self._ends(finding) if subject}
        for number, file in enumerate(self._files):
            if not any(_hint(each) in file.content for each in subjects):
                continue
            try:
                self._walk(number, file, subjects=subjects, objects=objects, spots=spots)
            except (ProjectFault, RecursionError):
                continue
        self._spots = spots

    def _ends(self, finding: Finding) -> list[Pattern]:
        """Return the patterns of the last triples of a finding's path."""
        path = paths.parse(finding.path or "")
        return paths.ends(path, finding.focus_node, self._objects) if path else []

    def _walk(
        self,
        number: int,
        file: ProjectFile,
        *,
        subjects: set[str],
        objects: set[str | None],
        spots: dict[Pattern, list[_Spot]],
    ) -> None:
        text = self._text(number).text
        names: dict[object, str] = {}

        def name(term: object) -> str:
            if term not in names:
                names[term] = terms.n_triples(terms.to_rdflib(term))
            return names[term]

        for each in positions.placed(file, text):
            (subject, predicate, value), at, place = each
            is_subject = str(subject) in subjects
            is_object = str(value) in objects
            if not is_subject and not is_object:
                continue
            path, spelt = name(predicate), name(value)
            spot = _Spot(number, place if place is not None else at, spelt)
            if is_subject:
                key = name(subject)
                spots[key, path, spelt].append(spot)
                spots[key, path, None].append(spot)
                spots[key, None, None].append(_Spot(number, at, spelt))
                spots[key, None, spelt].append(spot)
            if is_object:
                spots[None, path, spelt].append(spot)
                spots[None, None, spelt].append(spot)

    def _placed(self, finding: Finding) -> Finding:
        spots = next((each for each in self._candidates(finding) if each), None)
        place = self._place(spots[0]) if spots else self._anywhere(finding.focus_node)
        details = tuple(self._placed(each) for each in finding.details)
        others = [self._place(each) for each in self._related(finding)[: _MOST_RELATED + 1]]
        related = tuple(each for each in dict.fromkeys(others) if each != place)
        return replace(finding, place=place, related=related, details=details)

    def _candidates(self, finding: Finding) -> Iterator[list[_Spot]]:
        focus, path, value = finding.focus_node, finding.path, finding.value
        spots = self._spots
        if finding.kind == "UniqueLang":
            yield self._related(finding)
        for subject, predicate, node in self._ends(finding):
            if node is None or (value and subject is None):
                yield spots.get((subject or value, predicate, node or value), [])
        if finding.other_path and value:
            yield spots.get((focus, finding.other_path, value), [])
        for subject, predicate, node in self._ends(finding):
            yield spots.get((subject, predicate, node), [])
        if path and not self._ends(finding):
            steps = [f"<{iri}>" for iri in _IRI.findall(path)]
            for step in steps:
                yield spots.get((focus, step, value), [])
            for step in reversed(steps):
                yield spots.get((None, step, value), []) if value else []
        elif value and value != focus and not path:
            yield spots.get((focus, None, value), [])
        yield spots.get((focus, None, None), [])
        yield spots.get((None, None, focus), [])

    def _related(self, finding: Finding) -> list[_Spot]:
        """Return the positions of the other values that the constraint compares."""
        focus, kind = finding.focus_node, finding.kind
        if kind in ("LessThan", "LessThanOrEquals", "Equals", "Disjoint") and finding.other_path:
            other = finding.value if kind == "Disjoint" else finding.other_value
            is_here = self._spots.get((focus, finding.path, finding.value))
            where = finding.other_path if is_here or kind != "Equals" else finding.path
            return self._spots.get((focus, where, other), [])
        if finding.value is not None or kind in _COUNTED:
            return []
        spots = [spot for each in self._ends(finding) for spot in self._spots.get(each, [])]
        if kind == "UniqueLang" and finding.other_value:
            tag = finding.other_value.strip('"')
            spots = [each for each in spots if _tag(each.value) == tag]
        return spots

    def _place(self, spot: _Spot) -> Place:
        return self._text(spot.file).place(spot.offset or 0)

    def _anywhere(self, focus: str) -> Place | None:
        """Return the start of a file that mentions a node, or else of the first file."""
        hint = _hint(focus)
        number = next(
            (number for number, file in enumerate(self._files) if hint in file.content), 0
        )
        return self._text(number).place(0) if self._files else None

    def _text(self, number: int) -> _Text:
        if number not in self._texts:
            self._texts[number] = _Text(self._files[number])
        return self._texts[number]


class _Text:
    """The text of a file, with its lines."""

    def __init__(self, file: ProjectFile) -> None:
        self._file = file
        self.text = file.content.decode()

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(match.end() for match in re.finditer("\n", self.text))]

    def place(self, offset: int) -> Place:
        """Return line and column of an offset, both from 1, with the line as excerpt."""
        line = bisect_right(self._starts, offset)
        start = self._starts[line - 1]
        end = self.text.find("\n", start)
        excerpt = self.text[start : end if end >= 0 else len(self.text)].rstrip("\r")
        column = offset - start + 1
        length = _token_length(excerpt[column - 1 :], xml=self._file.syntax == "rdfxml")
        return Place(
            path=self._file.path,
            line=line,
            column=column,
            end_column=column + length,
            excerpt=excerpt,
        )


def _with_details(findings: Iterable[Finding]) -> Iterator[Finding]:
    for finding in findings:
        yield finding
        yield from _with_details(finding.details)


def _is_complex(finding: Finding) -> bool:
    return bool(finding.path and not finding.path.startswith("<"))


def _tag(literal: str) -> str:
    match = re.search(r'"@([\w-]+)$', literal)
    return match[1].lower() if match else ""


def _hint(term: str) -> bytes:
    """Return text that each file with this term has, unless escaped; empty if unknown."""
    last = re.split(r"[/#:]", term.strip("<>"))[-1]
    return last.encode() if term.startswith("<") and re.fullmatch(r"[\w-]+", last) else b""


def _token_length(rest: str, *, xml: bool) -> int:
    """Return the length of the first token in the rest of a line, at least 1."""
    if xml and (match := re.match(r"<[^\s<>/]*+", rest)):
        return match.end()
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
