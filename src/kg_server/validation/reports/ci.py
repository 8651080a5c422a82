"""Reports for continuous integration: SARIF, JUnit, GitHub and GitLab."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import Any

from kg_server import escaping
from kg_server.validation import paths
from kg_server.validation.report import Finding, Place, Report, Severity
from kg_server.validation.reports.junit import Case, write

_HASH = re.compile(r"\.[0-9a-f]{8}$")
"""Hash at the end of the name of a shape that is a blank node (``naming``)."""

Shorten = Callable[[str], str]
"""Replaces the IRIs in a text by prefixed names."""

_SARIF_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_LEVELS = {Severity.VIOLATION: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_COMMANDS = {Severity.VIOLATION: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
_GITLAB = {Severity.VIOLATION: "major", Severity.WARNING: "minor", Severity.INFO: "info"}


def fingerprint(finding: Finding, number: int = 0) -> str:
    """Return a hash that does not depend on lines and messages: 64 hex digits.

    Args:
        finding: the finding.
        number: how many equal findings come before it, such as for two equal blank nodes.
    """
    each = finding
    about = [each.rule, each.component]
    if not each.is_about_a_term:
        about += [each.focus_node, each.path or "", each.value or ""]
    about += [other for other in (each.other_path, each.other_value) if other]
    about += [str(number)] if number else []
    return hashlib.sha256("\n".join(about).encode()).hexdigest()


def sarif(report: Report, shorten: Shorten) -> str:
    """Return the report as SARIF 2.1.0, with a rule for each shape."""
    rules = list(dict.fromkeys(finding.rule for finding in report.findings))
    driver = {
        "name": "kg-server",
        "version": version("kg-server"),
        "rules": [{"id": _shown(rule, shorten), "name": _local(rule)} for rule in rules],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": True}],
        "results": [
            _sarif_result(each, mark, rules, shorten) for each, mark in _fingerprinted(report)
        ],
    }
    return _json({"$schema": _SARIF_SCHEMA, "version": "2.1.0", "runs": [run]})


def _fingerprinted(report: Report) -> Iterator[tuple[Finding, str]]:
    """Yield the findings, each with a different fingerprint."""
    seen: Counter[str] = Counter()
    for finding in report.findings:
        first = fingerprint(finding)
        yield finding, fingerprint(finding, seen[first])
        seen[first] += 1


def _sarif_result(
    finding: Finding, mark: str, rules: list[str], shorten: Shorten
) -> dict[str, Any]:
    location: dict[str, Any] = {
        "logicalLocations": [{"fullyQualifiedName": shorten(finding.focus_node)}]
    }
    if finding.place is not None:
        location["physicalLocation"] = _physical(finding.place)
    related = [{"physicalLocation": _physical(each)} for each in _related(finding)]
    return {
        "ruleId": _shown(finding.rule, shorten),
        "ruleIndex": rules.index(finding.rule),
        "level": _LEVELS[finding.severity],
        "message": {"text": escaping.sarif(_about(finding, shorten))},
        "locations": [location],
        **({"relatedLocations": related} if related else {}),
        "partialFingerprints": {"finding/v1": mark},
    }


def _related(finding: Finding) -> list[Place]:
    """Return the places of other values, and of the findings of nested shapes."""
    nested = [each for detail in finding.details for each in (detail.place, *_related(detail))]
    places = dict.fromkeys(each for each in (*finding.related, *nested) if each)
    return [each for each in places if each != finding.place]


def _physical(place: Place) -> dict[str, Any]:
    return {
        "artifactLocation": {"uri": place.uri},
        "region": {
            "startLine": place.line,
            "startColumn": place.column,
            "endColumn": place.end_column,
            "snippet": {"text": place.window[0]},
        },
    }


def named(finding: Finding, shorten: Shorten) -> str:
    """Return the shape or the rule of a finding for people: without a hash."""
    rule = finding.rule
    return _shown(_HASH.sub("", rule) if rule.startswith("_:") else rule, shorten)


def path_of(finding: Finding) -> str:
    """Return the path of a finding in SPARQL syntax; empty if there is none."""
    return paths.shown(finding.path) if finding.path else ""


def _shown(rule: str, shorten: Shorten) -> str:
    return rule[2:] if rule.startswith("_:") else shorten(f"<{rule}>")


def junit(report: Report, shorten: Shorten) -> str:
    """Return the report as JUnit XML: a violation fails a case, any other finding passes."""
    cases = [_junit_case(each, shorten) for each in report.findings]
    nothing = [] if cases else [Case("shacl", "conforms")]
    return write("kg-server validate", [*cases, *nothing], report.seconds)


def _junit_case(finding: Finding, shorten: Shorten) -> Case:
    place, failed = finding.place, finding.severity is Severity.VIOLATION
    words = _words(finding, shorten)
    message = f"{place}: {words}" if place else words
    return Case(
        classname=named(finding, shorten),
        name=shorten(finding.focus_node),
        failure=words if failed else None,
        kind=_local(finding.component.strip("<>")) if failed else None,
        output=message if failed else f"{finding.severity.value}: {message}",
        file=place.shown_path if place else None,
        line=place.line if place else None,
    )


def github(report: Report, shorten: Shorten) -> str:
    """Return the report as workflow commands: GitHub Actions annotates the lines."""
    return "".join(
        _github_command(
            each, f"{more:,} more like this" if more else _about(each, shorten), shorten
        )
        for each, more in report.summed_up
    )


def _github_command(finding: Finding, words: str, shorten: Shorten) -> str:
    place = finding.place
    properties = {"title": named(finding, shorten)}
    if place is not None:
        properties |= {"file": place.shown_path, "line": str(place.line)}
        properties |= {"col": str(place.column), "endColumn": str(place.end_column)}
    written = ",".join(
        f"{name}={escaping.workflow_property(value)}" for name, value in properties.items()
    )
    message = escaping.workflow_message(words)
    return f"::{_COMMANDS[finding.severity]} {written}::{message}\n"


def gitlab(report: Report, shorten: Shorten) -> str:
    """Return the report as a GitLab code quality report; findings without a place go to line 1."""
    return _json(
        [
            {
                "description": _about(each, shorten),
                "check_name": _shown(each.rule, shorten),
                "fingerprint": mark,
                "severity": _GITLAB[each.severity],
                "location": {
                    "path": each.place.shown_path if each.place else ".",
                    "lines": {"begin": each.place.line if each.place else 1},
                },
            }
            for each, mark in _fingerprinted(report)
        ]
    )


def _about(finding: Finding, shorten: Shorten) -> str:
    return f"{shorten(finding.focus_node)}: {_words(finding, shorten)}"


def _words(finding: Finding, shorten: Shorten) -> str:
    """Return the message with the value, and with the findings of nested shapes."""
    value = shorten(finding.value) if finding.value else ""
    actual = f" (found {value})" if value and value not in finding.message else ""
    return f"{finding.message}{actual}{causes(finding, shorten)}"


def causes(finding: Finding, shorten: Shorten) -> str:
    """Return the findings of nested shapes on one line; empty if there are none."""
    return "".join(f"; {_about(each, shorten)}" for each in finding.details)


def _local(iri: str) -> str:
    return iri.replace("#", "/").rpartition("/")[2]


def _json(document: object) -> str:
    return escaping.terminal(json.dumps(document, ensure_ascii=False, indent=2)) + "\n"
