"""Report of a validation: findings, counts of what was checked, verdict."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from urllib.parse import quote

RULES_IRI = "urn:x-kg-server:rule:"
"""Prefix of the IRIs of lint rules. A finding of a rule has this IRI as its shape."""


ILL_FORMED = f"<{RULES_IRI}ill-formed-shape>"
"""The shape of findings about ill-formed shapes."""


UNREAD = f"<{RULES_IRI}unreadable-file>"
"""The shape of findings about files that cannot be parsed, and about checks that need them."""


UNANSWERED = f"<{RULES_IRI}unanswered>"
"""The shape of findings about nodes that could not be checked, as the service did not answer."""


NO_WAY = "00000000"
"""First digits in the name of a blank node that no triple leads to; a hash follows."""
_HAS_WAY = re.compile(rf"^_:n[0-9a-f]{{{len(NO_WAY)}}}(?=[0-9a-f]{{16}}$)")


class Severity(Enum):
    """Severity of a finding (SHACL §2.1.4): an error, a likely error, or a suggestion."""

    VIOLATION = "Violation"
    WARNING = "Warning"
    INFO = "Info"


MOST_SHOWN = 20
"""Most findings of one lint rule, or of one constraint of a shape, that a text report lists."""
_MOST_IDLE = 5
EXCERPT = 200
"""Most characters of a source line that a report shows: a whole file may be one line."""


@dataclass(frozen=True, slots=True)
class Place:
    """Place in a file; line and column count from 1, in characters.

    ``end_column`` is the column after the last character of the term there; ``excerpt`` is the
    whole line.
    """

    path: Path
    line: int
    column: int
    end_column: int
    excerpt: str

    @property
    def shown_path(self) -> str:
        """The path with slashes, relative to the current directory if it is below it."""
        here = Path.cwd()
        return (
            self.path.relative_to(here) if self.path.is_relative_to(here) else self.path
        ).as_posix()

    @property
    def uri(self) -> str:
        """The path as a relative reference, or a file: URI where it is not below here."""
        shown = self.shown_path
        return self.path.as_uri() if shown.startswith("/") else quote(shown)

    @property
    def window(self) -> tuple[str, int]:
        """At most ``EXCERPT`` characters of the line around the column, and where they begin."""
        start = max(0, min(self.column - 1 - EXCERPT // 2, len(self.excerpt) - EXCERPT))
        return self.excerpt[start : start + EXCERPT], start

    def __str__(self) -> str:
        return f"{self.shown_path}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One ``sh:ValidationResult``, its terms as plain strings in N-Triples syntax.

    ``source_constraint`` is the SHACL-SPARQL constraint, if it has a name. ``own_severity`` is the
    IRI of a severity that SHACL does not define; it counts as a violation.

    ``other_path`` and ``other_value`` distinguish results that are otherwise equal. They are the
    property and the value that a value is compared with, the missing value, or the repeated
    language. For a lint rule, ``other_value`` is the term that is wrong in every use.

    ``place`` is that of the triple, else of the focus node's first triple, else of the file.
    ``related`` are the places of the other values that the constraint compares. ``details`` are the
    findings of nested shapes (``sh:detail``). For a SPARQL service, ``graph`` stands in place of
    these: the named graph of the triple or of the focus node.
    """

    severity: Severity
    focus_node: str
    path: str | None
    value: str | None
    source_shape: str
    source_constraint: str | None
    component: str
    message: str
    place: Place | None = None
    own_severity: str | None = None
    related: tuple[Place, ...] = ()
    details: tuple[Finding, ...] = ()
    other_path: str | None = None
    other_value: str | None = None
    graph: str | None = None

    @property
    def kind(self) -> str:
        """The short name of the constraint component, such as ``MinCount``."""
        name = re.split(r"[#/]", self.component.strip("<>"))[-1]
        return name.removesuffix("ConstraintComponent")

    @property
    def is_about_a_term(self) -> bool:
        """True if a lint rule is about a term; the focus node is the first that uses it."""
        return self.source_shape.startswith(f"<{RULES_IRI}") and self.other_value is not None

    @property
    def group(self) -> tuple[str, ...]:
        """Key by which the text report groups findings."""
        return self.severity.value, self.rule, self.component

    @property
    def rule(self) -> str:
        """The IRI for an author to look up: the constraint's, else the shape's."""
        named = [self.source_constraint or "", self.source_shape]
        return next((each[1:-1] for each in named if each.startswith("<")), self.source_shape)


def unreferred(name: str) -> str:
    """Return the name that a blank node of the data has if no triple leads to it.

    >>> unreferred("_:n76d9012cf541713576d9012c"), unreferred("<https://e.org/a>")
    ('_:n00000000f541713576d9012c', '<https://e.org/a>')
    """
    return _HAS_WAY.sub(f"_:n{NO_WAY}", name)


def unchecked(
    rule: str, focus_node: str, message: str, *, shape: str = "", place: Place | None = None
) -> Finding:
    """Return the finding that something could not be checked.

    Args:
        rule: stands for the component, and for the shape if that is not given.
        focus_node: the node, shape or graph, in N-Triples syntax.
        message: what was not checked, and why.
        shape: the shape that was not checked.
        place: the place in a file.
    """
    return Finding(
        severity=Severity.VIOLATION,
        focus_node=focus_node,
        path=None,
        value=None,
        source_shape=shape or rule,
        source_constraint=None,
        component=rule,
        message=message,
        place=place,
    )


@dataclass(frozen=True, slots=True)
class Report:
    """Findings of a validation, and counts of all that was checked.

    ``triples`` counts the data graph with the ontology, ``focus_nodes`` the focus nodes of all
    shapes. ``seconds`` is the duration. ``idle`` are the shapes without a focus node, in N-Triples
    syntax. ``service`` is the address of the SPARQL service that holds the graph; empty for files.
    ``not_checked`` counts the nodes and shapes that this service gave too little about. ``known``
    counts the findings that are left out, because a baseline has them.
    """

    findings: tuple[Finding, ...]
    data_files: int
    triples: int
    shapes: int
    focus_nodes: int
    seconds: float
    idle: tuple[str, ...] = ()
    service: str = ""
    not_checked: int = 0
    known: int = 0

    @property
    def unread(self) -> tuple[Finding, ...]:
        """The findings about files and nodes that were not checked."""
        return tuple(each for each in self.findings if each.component in (UNREAD, UNANSWERED))

    @property
    def conforms(self) -> bool:
        """True if there is no violation; warnings and infos may remain."""
        return not self.count(Severity.VIOLATION)

    @property
    def summed_up(self) -> Iterator[tuple[Finding, int]]:
        """Findings for a text report, each with 0.

        Of a group with too many, only the first are listed; one more follows with the number of
        the rest.
        """
        counts = Counter(each.group for each in self.findings)
        shown: Counter[tuple[str, ...]] = Counter()
        for finding in self.findings:
            group = finding.group
            shown[group] += 1
            if shown[group] <= MOST_SHOWN or counts[group] == MOST_SHOWN + 1:
                yield finding, 0
            elif shown[group] == counts[group]:
                yield finding, counts[group] - MOST_SHOWN

    def count(self, severity: Severity) -> int:
        """Return how many findings have a severity."""
        return sum(1 for finding in self.findings if finding.severity is severity)

    def of_idle(self, shorten: Callable[[str], str]) -> str:
        """Return a sentence about the shapes without a focus node; empty if there are none."""
        if not self.idle:
            return ""
        names = ", ".join(map(shorten, self.idle[:_MOST_IDLE]))
        more = ", …" if len(self.idle) > _MOST_IDLE else ""
        have = "has" if len(self.idle) == 1 else "have"
        return f"{_plural(len(self.idle), 'shape')} {have} no node to look at: {names}{more}."

    @property
    def summary(self) -> str:
        """One line: whether the data conform, and the counts of findings.

        It does not say so if there are no shapes, or if known findings are left out.
        """
        counts = Counter(finding.severity for finding in self.findings)
        parts = [_plural(counts[each], each.value.lower()) for each in Severity if counts[each]]
        counted = ", ".join(parts)
        if self.known:
            counted_new = f"{counted} new" if counted else "nothing new"
            return f"{counted_new}; {_plural(self.known, 'known finding')} left out"
        components = {each.component for each in self.findings}
        if not self.shapes and components.isdisjoint((ILL_FORMED, UNREAD)):
            return f"no shapes; the rules found: {counted or 'nothing'}"
        if self.conforms:
            return f"conforms ({counted})" if counted else "conforms"
        return f"does not conform ({counted})"


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
