"""The findings of a validation as people read them: with names instead of IRIs, worst first."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from rdflib.term import Node
from rdflib.util import from_n3

from kg_server.validation.report import Report
from kg_server.web.pages.terms import Labels, Shown

MOST_FINDINGS = 500
"""Most findings on the page."""

_SEVERITIES = ("Violation", "Warning", "Info")


@dataclass(frozen=True, slots=True)
class FindingShown:
    """One finding; ``severity`` is the local name of its severity in the SHACL vocabulary."""

    severity: str
    message: str
    focus_node: Shown
    path: Shown | None
    value: Shown | None
    shape: Shown


def shown(report: Report, labels: Labels) -> tuple[FindingShown, ...]:
    """Return what the page shows of a report's findings (SHACL §3.6.2), worst first."""
    ranked = sorted(report.findings, key=lambda each: _SEVERITIES.index(each.severity.value))
    kept = ranked[:MOST_FINDINGS]
    parts = [
        term
        for each in kept
        for text in (each.focus_node, each.path, each.value, each.source_shape)
        if (term := read_term(text)) is not None
    ]
    labels.load(parts)
    return tuple(
        FindingShown(
            severity=each.severity.value,
            message=each.message,
            focus_node=_show(each.focus_node, labels) or Shown(each.focus_node),
            path=_show(each.path, labels),
            value=_show(each.value, labels),
            shape=_show(each.source_shape, labels) or Shown(each.source_shape),
        )
        for each in kept
    )


def counts(report: Report) -> list[tuple[str, int]]:
    """Return how many findings there are of each severity, worst first."""
    counted = Counter(each.severity.value for each in report.findings)
    return [(severity, counted[severity]) for severity in _SEVERITIES]


def read_term(text: str | None) -> Node | None:
    """Return a term from N-Triples syntax; ``None`` for other text, such as a complex path.

    >>> read_term("<https://e.org/x>")
    rdflib.term.URIRef('https://e.org/x')
    """
    if not text or not text.startswith(("<", '"')) or (text[0] == "<" and text[-1] != ">"):
        return None
    term = from_n3(text)
    return term if isinstance(term, Node) else None


def _show(text: str | None, labels: Labels) -> Shown | None:
    if not text:
        return None
    term = read_term(text)
    return Shown(text) if term is None else labels.show(term)
