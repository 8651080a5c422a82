"""Rules for ontology and data beyond SHACL: what is most likely a slip, found by its looks.

Each rule has a name, by which a project turns it off or makes it weigh otherwise.
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
    """A rule: its name, how much its findings weigh if nothing else is said, and what it finds."""

    name: str
    level: str
    finds: str
    check: Callable[[Material], Iterator[RuleFinding]]


RULES = {
    rule.name: rule
    for rule in (
        Rule(
            "undeclared-term",
            "violation",
            "a term in a namespace of the project's ontology that the ontology does not declare",
            spelling.undeclared,
        ),
        Rule(
            "wrong-namespace",
            "violation",
            "a term that a well-known vocabulary does not have, or a namespace almost like one",
            spelling.wrong_namespace,
        ),
        Rule(
            "iri-typo",
            "warning",
            "an IRI of which nothing is said and which is one letter away from a known one",
            spelling.typos,
        ),
        Rule("no-label", "warning", "a term of the ontology without a label", terms.no_label),
        Rule(
            "no-definition",
            "warning",
            "a term of the ontology without a definition or comment",
            terms.no_definition,
        ),
        Rule(
            "no-defined-by",
            "info",
            "a term of the ontology without rdfs:isDefinedBy",
            terms.no_defined_by,
        ),
        Rule(
            "missing-language",
            "warning",
            "a term without a label in a language that most others have",
            terms.missing_language,
        ),
        Rule(
            "missing-translation",
            "warning",
            "a text that is in one of the project's `languages` and not in another",
            translations.missing,
        ),
        Rule(
            "unused-setting",
            "warning",
            "a tag, column or term in kg.toml that no canned query or file of the project has",
            manifests.unused,
        ),
        Rule(
            "duplicate-label",
            "warning",
            "two terms or values of one class with the same label in the same language",
            terms.duplicate_label,
        ),
        Rule(
            "unused-term",
            "info",
            "a term that no data, shape, query or other term uses, and that is not deprecated",
            terms.unused,
        ),
        Rule(
            "deprecated-term",
            "warning",
            "a term in use that is deprecated, with what replaces it",
            terms.deprecated,
        ),
        Rule(
            "ill-typed-literal",
            "violation",
            "a literal whose text is not valid for its datatype",
            literals.ill_typed,
        ),
        Rule(
            "subclass-cycle",
            "violation",
            "a class or property that is its own subclass or subproperty",
            logic.cycles,
        ),
        Rule(
            "disjointness-violated",
            "violation",
            "a thing, or a class, of two classes that are said to be disjoint",
            logic.disjoint,
        ),
        Rule(
            "unreached-shape",
            "warning",
            "a shape without a target to which no other shape refers",
            coverage.unreached,
        ),
        Rule(
            "not-checked",
            "warning",
            "a constraint or target that is not evaluated: SHACL-JS, SHACL 1.2, advanced features",
            coverage.unevaluated,
        ),
        Rule(
            "missing-import",
            "warning",
            "an imported ontology that is not among the files",
            coverage.missing_imports,
        ),
    )
}


def levels(chosen: Mapping[str, str]) -> dict[str, str]:
    """Return the level of each rule: as chosen, or else its own.

    Raises:
        ProjectFault: there is no such rule, or no such level.
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
