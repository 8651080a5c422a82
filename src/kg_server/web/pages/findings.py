"""The findings of a validation as people read them: with names instead of IRIs, worst first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rdflib import Literal, URIRef
from rdflib.term import Node
from rdflib.util import from_n3

from kg_server.store.results import rows, values
from kg_server.validation.report import Finding, Report
from kg_server.web.pages.terms import Labels, Shown

MOST_FINDINGS = 500
"""Most findings on the page."""

_MESSAGES = """
PREFIX sh: <http://www.w3.org/ns/shacl#>
SELECT DISTINCT ?source ?message { VALUES ?source { %s } GRAPH ?g { ?source sh:message ?message } }
"""
_SEVERITIES = ("Violation", "Warning", "Info")


@dataclass(frozen=True, slots=True)
class FindingShown:
    """One finding; ``severity`` is the local name of its severity in the SHACL vocabulary."""

    severity: str
    message: Shown
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
    texts = _messages(kept, labels)
    return tuple(
        FindingShown(
            severity=each.severity.value,
            message=_message(each, texts, labels),
            focus_node=_show(each.focus_node, labels) or Shown(each.focus_node),
            path=_show(each.path, labels),
            value=_show(each.value, labels),
            shape=_show(each.source_shape, labels) or Shown(each.source_shape),
        )
        for each in kept
    )


def _messages(findings: Iterable[Finding], labels: Labels) -> dict[str, list[Literal]]:
    """Return the messages of the shapes and constraints of findings, in every language."""
    sources = {name for each in findings for name in _sources(each)}
    iris = values(term for name in sources if isinstance(term := read_term(name), URIRef))
    texts: dict[str, list[Literal]] = {}
    for row in rows(labels.site.store, _MESSAGES % iris) if iris else ():
        if isinstance(row["message"], Literal):
            texts.setdefault(row["source"].n3(), []).append(row["message"])
    return texts


def _message(finding: Finding, messages: Mapping[str, list[Literal]], labels: Labels) -> Shown:
    """Return a message in the reader's language if its shape has it, else as it is.

    Sentences of this server are English. Messages with a variable are taken as they are.
    """
    texts = next((messages[each] for each in _sources(finding) if each in messages), [])
    own = [each for each in texts if each.language == labels.language and "{" not in each]
    if len(own) == 1:
        return Shown(str(own[0]), labels.language)
    tags = {each.language for each in texts if "{" in each or str(each) == finding.message}
    return Shown(finding.message, tags.pop() if len(tags) == 1 else None if texts else "en")


def _sources(finding: Finding) -> list[str]:
    return [each for each in (finding.source_constraint, finding.source_shape) if each]


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
