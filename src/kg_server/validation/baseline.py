"""Comparison of a report with an earlier one: new, known and fixed findings."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kg_server.errors import ProjectFault
from kg_server.validation.report import RULES_IRI, Finding, Report, unreferred

_KEYS = (
    *("severity", "focus_node", "path", "value", "source_shape", "source_constraint"),
    *("component", "other_path", "other_value"),
)
_USE = ("focus_node", "path", "value")
"""Members that name the first use of a term. They are no part of the key of a rule about a term."""
Key = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A report with the new findings only, and the numbers of known and fixed findings."""

    new: Report
    known: int
    fixed: int

    @property
    def summary(self) -> str:
        """One line with the three counts."""
        return f"{len(self.new.findings)} new, {self.known} known, {self.fixed} fixed"


def read(path: Path) -> Counter[Key]:
    """Read the findings of a report that ``validate --format json`` wrote.

    Raises:
        ProjectFault: it cannot be read, or is not such a report.
    """
    try:
        document = json.loads(path.read_bytes())
        return Counter(_key(each) for each in document["findings"])
    except OSError as error:
        raise ProjectFault(f"cannot be read: {error.strerror}", path=path) from error
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        hint = "not a report that validate --format json wrote"
        raise ProjectFault(hint, path=path) from error


def compare(report: Report, earlier: Counter[Key]) -> Comparison:
    """Compare a report with the findings of an earlier one, regardless of places and messages."""
    new, left = _new(report, earlier)
    known = len(report.findings) - len(new)
    return Comparison(replace(report, findings=new, known=known), known, left.total())


def counted(report: Report) -> Counter[Key]:
    """Count the findings of a report, for ``compare``."""
    return Counter(map(_key_of, report.findings))


def difference(report: Report, other: Report) -> tuple[Finding, ...]:
    """Return the findings of a report that another does not have."""
    return _new(report, counted(other))[0]


def _new(report: Report, earlier: Counter[Key]) -> tuple[tuple[Finding, ...], Counter[Key]]:
    """Return the findings that are new, and the earlier ones that are gone."""
    left, new = Counter(earlier), list(report.findings)
    # The second pass matches blank nodes that no triple led to in the earlier report.
    for key_of in (_key_of, _key_before):
        candidates, new = new, []
        for finding in candidates:
            key = key_of(finding)
            if left[key]:
                left[key] -= 1
            else:
                new.append(finding)
    return tuple(new), left


def _key_of(finding: Finding) -> Key:
    members = {name: getattr(finding, name) for name in _KEYS}
    return _key({**members, "severity": finding.severity.value})


def _key_before(finding: Finding) -> Key:
    """Return the key that a finding had when no triple led to its blank nodes."""
    return tuple(each and unreferred(each) for each in _key_of(finding))


def _key(members: Mapping[str, Any]) -> Key:
    rule = str(members["source_shape"]).startswith(f"<{RULES_IRI}")
    left_out = _USE if rule and members["other_value"] else ()
    return tuple(None if name in left_out else members[name] for name in _KEYS)
