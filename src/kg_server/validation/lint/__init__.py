"""Lint rules for ontology and data beyond SHACL: patterns that are likely errors.

Each rule has a name, by which a project turns it off or changes its level.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kg_server.errors import ProjectFault
from kg_server.project import Project
from kg_server.validation.lint import (
    coverage,
    literals,
    logic,
    manifests,
    spelling,
    terms,
    translations,
)
from kg_server.validation.lint.context import Material, RuleFinding
from kg_server.validation.prefilter.data import Facts
from kg_server.validation.report import RULES_IRI, Finding, Severity

LEVELS = ("off", "info", "warning", "violation")


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: name, default level, a description of its findings, and the check."""

    name: str
    level: str
    finds: str
    check: Callable[[Material], Iterator[RuleFinding]]


RULES = {
    rule.name: rule
    for rule in (
        Rule(
            name="undeclared-term",
            level="violation",
            finds=(
                "a term in a namespace of the project's ontology that the ontology does not declare"
            ),
            check=spelling.undeclared,
        ),
        Rule(
            name="wrong-namespace",
            level="violation",
            finds=(
                "a term that a well-known vocabulary does not have, or a namespace almost like one"
            ),
            check=spelling.wrong_namespace,
        ),
        Rule(
            name="iri-typo",
            level="warning",
            finds="an IRI that is not described and is one letter away from a known one",
            check=spelling.typos,
        ),
        Rule(
            name="no-label",
            level="warning",
            finds="a term of the ontology without a label",
            check=terms.no_label,
        ),
        Rule(
            name="no-definition",
            level="warning",
            finds="a term of the ontology without a definition or comment",
            check=terms.no_definition,
        ),
        Rule(
            name="no-defined-by",
            level="info",
            finds="a term of the ontology without rdfs:isDefinedBy",
            check=terms.no_defined_by,
        ),
        Rule(
            name="missing-language",
            level="warning",
            finds="a term without a label in a language that most others have",
            check=terms.missing_language,
        ),
        Rule(
            name="missing-translation",
            level="warning",
            finds="a text that is in one of the project's `languages` and not in another",
            check=translations.missing,
        ),
        Rule(
            name="unused-setting",
            level="warning",
            finds=(
                "a tag, column or term in kg.toml that no canned query or file of the project has"
            ),
            check=manifests.unused,
        ),
        Rule(
            name="duplicate-label",
            level="warning",
            finds="two terms or values of one class with the same label in the same language",
            check=terms.duplicate_label,
        ),
        Rule(
            name="unused-term",
            level="info",
            finds=(
                "a term that no data, shape, query or other term uses, and that is not deprecated"
            ),
            check=terms.unused,
        ),
        Rule(
            name="deprecated-term",
            level="warning",
            finds="a term in use that is deprecated, with what replaces it",
            check=terms.deprecated,
        ),
        Rule(
            name="ill-typed-literal",
            level="violation",
            finds="a literal whose text is not valid for its datatype",
            check=literals.ill_typed,
        ),
        Rule(
            name="subclass-cycle",
            level="violation",
            finds="a class or property that is its own subclass or subproperty",
            check=logic.cycles,
        ),
        Rule(
            name="disjointness-violated",
            level="violation",
            finds="a thing, or a class, of two classes that are said to be disjoint",
            check=logic.disjoint,
        ),
        Rule(
            name="unreached-shape",
            level="warning",
            finds="a shape without a target to which no other shape refers",
            check=coverage.unreached,
        ),
        Rule(
            name="not-checked",
            level="warning",
            finds=(
                "a constraint or target that is not evaluated: "
                "SHACL-JS, SHACL 1.2, advanced features"
            ),
            check=coverage.unevaluated,
        ),
        Rule(
            name="missing-import",
            level="warning",
            finds="an imported ontology that is not among the files",
            check=coverage.missing_imports,
        ),
    )
}


def levels(chosen: Mapping[str, str]) -> dict[str, str]:
    """Return the level of each rule: the chosen one, or else its default.

    Raises:
        ProjectFault: there is no rule of a name, or no such level.
    """
    for name, level in chosen.items():
        if name not in RULES:
            close = difflib.get_close_matches(name, RULES, 1)
            hint = f"; did you mean {close[0]}?" if close else f": {', '.join(RULES)}"
            raise ProjectFault(f"there is no rule {name!r}{hint}")
        if level not in LEVELS:
            raise ProjectFault(f"the level of rule {name} is one of {', '.join(LEVELS)}: {level!r}")
    return {name: chosen.get(name, rule.level) for name, rule in RULES.items()}


def run(
    project: Project, facts: Facts, chosen: Mapping[str, str], *, advanced: bool = False
) -> tuple[Finding, ...]:
    """Check a project by all rules that are not turned off.

    Raises:
        ProjectFault: as ``levels``.
    """
    material = Material(project, facts, advanced=advanced)
    findings: list[Finding] = []
    for name, level in levels(chosen).items():
        if level != "off":
            severity = Severity(level.capitalize())
            findings += [_finding(name, severity, each) for each in RULES[name].check(material)]
    return tuple(dict.fromkeys(findings))


def _finding(name: str, severity: Severity, finding: RuleFinding) -> Finding:
    rule = f"<{RULES_IRI}{name}>"
    path, value = (_text(each) for each in (finding.path, finding.value))
    term = None if finding.term is None else f"<{finding.term}>"
    focus = _text(finding.focus) or ""
    return Finding(
        severity=severity,
        focus_node=focus,
        path=path,
        value=value,
        source_shape=rule,
        source_constraint=None,
        component=rule,
        message=finding.message,
        place=finding.place,
        other_value=term,
    )


def _text(term: Any) -> str | None:
    return None if term is None else str(term)
