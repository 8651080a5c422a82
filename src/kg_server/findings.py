"""What a validation says: its findings, what was checked, the verdict."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import Enum


class Severity(Enum):
    """How much a finding weighs (SHACL §2.1.4): wrong, look again, could be richer."""

    VIOLATION = "Violation"
    WARNING = "Warning"
    INFO = "Info"


@dataclass(frozen=True, slots=True)
class Finding:
    """One ``sh:ValidationResult``, its terms as plain strings in N-Triples syntax.

    ``source_constraint`` is the SHACL-SPARQL constraint that found it, where it has a name.
    """

    severity: Severity
    focus_node: str
    path: str | None
    value: str | None
    source_shape: str
    source_constraint: str | None
    component: str
    message: str


@dataclass(frozen=True, slots=True)
class Report:
    """What was found, and what was checked to find it.

    ``triples`` counts the data graph, ontology included; ``focus_nodes`` the nodes that some
    shape looked at; ``seconds`` is the time that it took.
    """

    findings: tuple[Finding, ...]
    data_files: int
    triples: int
    shapes: int
    focus_nodes: int
    seconds: float

    @property
    def conforms(self) -> bool:
        """Whether nothing is wrong: warnings and hints are no violations."""
        return not self.count(Severity.VIOLATION)

    def count(self, severity: Severity) -> int:
        """Return how many findings have a severity."""
        return sum(1 for finding in self.findings if finding.severity is severity)

    @property
    def summary(self) -> str:
        """One line: whether it conforms, and the counts of findings."""
        counts = Counter(finding.severity for finding in self.findings)
        parts = [_plural(counts[each], each.value.lower()) for each in Severity if counts[each]]
        found = ", ".join(parts)
        if self.conforms:
            return f"conforms ({found})" if found else "conforms"
        return f"does not conform ({found})"


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
