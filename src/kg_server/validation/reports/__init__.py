"""Reports of a validation as text, JSON and Turtle, and the table of all formats."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from kg_server import escaping
from kg_server.project import Project, Role
from kg_server.rdf import namespaces as ns
from kg_server.rdf import prefixes
from kg_server.validation.report import RULES_IRI, Finding, Place, Report, Severity
from kg_server.validation.reports import ci, pages
from kg_server.validation.reports.ci import Shorten

_TERM = re.compile(
    r'(?P<text>"(?:[^"\\]|\\.)*+")(?:\^\^<(?P<datatype>[^<>"\s]*)>)?|<(?P<iri>[^<>"\s]*)>'
)
_BARE = {
    f"{ns.XSD}integer": re.compile(r"[+-]?[0-9]+"),
    f"{ns.XSD}decimal": re.compile(r"[+-]?[0-9]*\.[0-9]+"),
    f"{ns.XSD}boolean": re.compile(r"true|false"),
}
"""Literals that Turtle writes without quotes, by datatype (RDF 1.1 Turtle §2.5)."""


def text(report: Report, project: Project) -> str:
    """Return the report for a person: each finding, then the verdict and what was checked."""
    shorten = _on_one_line(shortener(project.profile.prefixes))
    verdict = report.summary[0].upper() + report.summary[1:] + "."
    has_ontology = any(each.has_role(Role.ONTOLOGY) for each in project.files)
    checked = _checked(report, has_ontology=has_ontology)
    last = "\n".join(filter(None, (verdict, checked, report.of_idle(shorten))))
    return "\n\n".join((*_blocks(report, shorten), last)) + "\n"


def _checked(report: Report, *, has_ontology: bool) -> str:
    has_data = report.data_files or not has_ontology
    files = [_count(report.data_files, "data file")] if has_data else []
    files += ["the ontology"] if has_ontology else []
    by = f"{_count(report.focus_nodes, 'node')} by {_count(report.shapes, 'shape')}"
    if report.service:
        return (
            f"Checked {_count(report.triples, 'triple')} in {report.service}, {by}, in "
            f"{report.seconds:.2f} s. Not checked: {report.not_checked:,} nodes or shapes, and the "
            "rules beyond SHACL, which look at files."
        )
    return (
        f"Checked {_count(report.triples, 'triple')} of "
        f"{' and '.join(files)}, "
        f"{by if report.shapes else 'by the rules only'}, in {report.seconds:.2f} s."
    )


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _blocks(report: Report, shorten: Shorten) -> Iterator[str]:
    """Yield a block for each finding, as in ``Report.summed_up``."""
    for finding, more in report.summed_up:
        if not more:
            yield _block(finding, shorten)
            continue
        what = _source(finding, shorten).split(maxsplit=1)[1]
        yield f"{finding.severity.value.upper()}: {more:,} more of {what}, see --format json"


def as_json(report: Report, project: Project) -> str:
    """Return the report as JSON, its terms in N-Triples syntax, those in messages shortened."""
    report = _with_short_messages(report, shortener(project.profile.prefixes))
    document = {
        "conforms": report.conforms,
        "counts": {each.value: report.count(each) for each in Severity},
        "checked": {
            "data_files": report.data_files,
            "triples": report.triples,
            "shapes": report.shapes,
            "focus_nodes": report.focus_nodes,
            "shapes_without_nodes": list(report.idle),
            "seconds": round(report.seconds, 3),
            **_of_service(report),
        },
        **({"known": report.known} if report.known else {}),
        "findings": [_members(finding) for finding in report.findings],
    }
    return escaping.terminal(json.dumps(document, ensure_ascii=False, indent=2)) + "\n"


def _of_service(report: Report) -> dict[str, Any]:
    if not report.service:
        return {}
    return {"service": report.service, "not_checked": report.not_checked}


def turtle(report: Report, project: Project) -> str:
    """Return the report as RDF (SHACL §3.6), in Turtle."""
    report = _with_short_messages(report, shortener(project.profile.prefixes))
    lines = [f"@prefix sh: <{ns.SH}> .", "", "[] a sh:ValidationReport ;"]
    lines.append(f"    sh:conforms {str(not (report.findings or report.known)).lower()}")
    for finding in report.findings:
        lines[-1] += " ;"
        lines.append(f"    sh:result [\n{_result(finding)}\n    ]")
    return "\n".join(lines) + " .\n"


def _with_names(form: Callable[[Report, Shorten], str]) -> Callable[[Report, Project], str]:
    def write(report: Report, project: Project) -> str:
        shorten = shortener(project.profile.prefixes)
        return form(_with_short_messages(report, shorten), shorten)

    return write


def _with_short_messages(report: Report, shorten: Shorten) -> Report:
    def short(finding: Finding) -> Finding:
        details = tuple(map(short, finding.details))
        return replace(finding, message=shorten(finding.message), details=details)

    return replace(report, findings=tuple(map(short, report.findings)))


FORMS: Mapping[str, Callable[[Report, Project], str]] = {
    "text": text,
    "json": as_json,
    "turtle": turtle,
    "sarif": _with_names(ci.sarif),
    "junit": _with_names(ci.junit),
    "github": _with_names(ci.github),
    "gitlab": _with_names(ci.gitlab),
    "markdown": _with_names(pages.markdown),
    "html": _with_names(pages.html),
}
"""The formats of a report, by the name that ``--format`` takes."""


def _block(finding: Finding, shorten: Callable[[str], str]) -> str:
    """Return one finding as a few lines, like a compiler's message."""
    place = finding.place
    head = f"{finding.severity.value.upper()}: {shorten(finding.focus_node)}"
    rows = [("path", ci.path_of(finding)), ("value", finding.value), ("graph", finding.graph)]
    return "\n".join(
        (
            f"{escaping.line(str(place))}: {head}" if place else head,
            f"    {shorten(finding.message)}",
            *(_excerpt(place) if place and place.excerpt else ()),
            *(f"    {name:<6} {shorten(value)}" for name, value in rows if value),
            *_causes(finding, shorten, "    "),
            *(f"    also   {escaping.line(str(each))}" for each in finding.related),
            _source(finding, shorten),
        )
    )


def _causes(finding: Finding, shorten: Shorten, indent: str) -> Iterator[str]:
    """Yield a line for each finding of a nested shape."""
    for detail in finding.details:
        place = f" ({escaping.line(str(detail.place))})" if detail.place else ""
        yield f"{indent}cause  {shorten(detail.focus_node)}: {shorten(detail.message)}{place}"
        yield from _causes(detail, shorten, indent + "  ")


def _on_one_line(shorten: Shorten) -> Shorten:
    return lambda term: escaping.line(shorten(term))


def _source(finding: Finding, shorten: Callable[[str], str]) -> str:
    if finding.rule.startswith(RULES_IRI):
        return f"    rule   {finding.rule.removeprefix(RULES_IRI)}"
    return f"    shape  {ci.named(finding, shorten)} ({finding.kind})"


def _excerpt(place: Place) -> tuple[str, str]:
    """Return the line of a place and a caret under the term; tabs stay, so that it fits."""
    window, start = place.window
    at, end = place.column - 1 - start, min(place.end_column - 1 - start, len(window))
    before, term = escaping.terminal(window[:at]), escaping.terminal(window[at:end])
    blank, under = re.sub(r"[^\t]", " ", before), "^" + "~" * (len(term) - 1)
    shown = before + term + escaping.terminal(window[end:])
    return f"  {place.line:>5} | {shown}", f"        | {blank}{under}"


def shortener(declared: Mapping[str, str]) -> Callable[[str], str]:
    """Return a function that replaces the IRIs in a text by prefixed names."""
    declarations = {**prefixes.merged(declared), "rule": RULES_IRI}
    if "" in declared and declared[""] not in declarations.values():
        declarations[""] = declared[""]

    @lru_cache(maxsize=1 << 16)
    def name(iri: str) -> str:
        short = prefixes.shorten(iri, declarations, to_read=True)
        return short if short and short != ":" else f"<{iri}>"

    def short(match: re.Match[str]) -> str:
        written, datatype = match["text"], match["datatype"]
        if written is None:
            return name(match["iri"])
        if datatype in _BARE and _BARE[datatype].fullmatch(written[1:-1]):
            return written[1:-1]
        return f"{written}^^{name(datatype)}" if datatype else written

    return lambda term: _TERM.sub(short, term)


def _members(finding: Finding) -> dict[str, Any]:
    return {
        "severity": finding.severity.value,
        "focus_node": finding.focus_node,
        "path": finding.path,
        "value": finding.value,
        "source_shape": finding.source_shape,
        "source_constraint": finding.source_constraint,
        "component": finding.component,
        "other_path": finding.other_path,
        "other_value": finding.other_value,
        "message": finding.message,
        "place": _place(finding.place),
        "related": [_place(each) for each in finding.related],
        "details": [_members(each) for each in finding.details],
        **({"graph": finding.graph} if finding.graph else {}),
    }


def _place(place: Place | None) -> dict[str, Any] | None:
    if place is None:
        return None
    return {"file": place.shown_path, "line": place.line, "column": place.column}


def _result(finding: Finding) -> str:
    message = escaping.line(json.dumps(finding.message, ensure_ascii=False))
    rows = (
        ("sh:focusNode", _node(finding.focus_node)),
        ("sh:resultSeverity", _node(finding.own_severity) or f"sh:{finding.severity.value}"),
        ("sh:resultPath", _node(finding.path)),
        ("sh:value", _node(finding.value)),
        ("sh:sourceShape", _node(finding.source_shape)),
        ("sh:sourceConstraint", _node(finding.source_constraint)),
        ("sh:sourceConstraintComponent", _node(finding.component)),
        ("sh:resultMessage", f"{message}@en"),
    )
    stated = [f"        {name} {value}" for name, value in rows if value]
    stated += [f"        sh:detail [\n{_result(detail)}\n        ]" for detail in finding.details]
    return " ;\n".join(("        a sh:ValidationResult", *stated))


def _node(term: str | None) -> str | None:
    return term and escaping.line(term)
