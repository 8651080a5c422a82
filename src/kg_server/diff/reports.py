"""Reports of a comparison: text, JSON and Markdown."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from kg_server import escaping
from kg_server.diff.changes import Change, Statement
from kg_server.diff.comparison import Answer, Comparison, Findings
from kg_server.project import Role
from kg_server.validation import reports
from kg_server.validation.report import Finding

_LONG = 80
"""Length from which a value with blank nodes is split into several lines."""
_COLOURS = {"+": "32", "-": "31", "~": "33"}


@dataclass(frozen=True, slots=True)
class View:
    """Options of a report: names of both sides, prefixes, number of subjects, colours."""

    old: str
    new: str
    prefixes: Mapping[str, str]
    limit: int
    colours: bool = False


def text(compared: Comparison, view: View) -> str:
    """Return a comparison as text for a terminal."""
    if not compared.reasons:
        return escaping.message(f"There is no difference between {view.old} and {view.new}.\n")
    blocks = [
        escaping.message(f"{view.old} -> {view.new}"),
        *_subjects(compared, view),
        *(_answer(each, view) for each in compared.answers),
        *_findings(compared.findings, view),
        _verdict(compared, view),
    ]
    return "\n\n".join(blocks) + "\n"


def as_json(compared: Comparison, view: View) -> str:
    """Return a comparison as JSON, its terms in N-Triples syntax."""
    document = {
        "old": view.old,
        "new": view.new,
        "level": compared.level.name.lower(),
        "added": compared.changes.added,
        "removed": compared.changes.removed,
        "reasons": [
            {**asdict(each), "level": each.level.name.lower()} for each in compared.reasons
        ],
        "overdue": compared.overdue,
        "subjects": [
            {"role": role.value, **asdict(change)}
            for role, changes in compared.changes.subjects.items()
            for change in changes
        ],
        "answers": [asdict(each) for each in compared.answers],
        "findings": None if compared.findings is None else _findings_document(compared.findings),
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def markdown(compared: Comparison, view: View) -> str:
    """Return a comparison as Markdown, for a pull request."""
    plain = replace(view, colours=False)
    if not compared.reasons:
        names = escaping.markdown(view.old), escaping.markdown(view.new)
        return f"There is no difference between {names[0]} and {names[1]}.\n"
    head = f"**{compared.level.name.capitalize()}** change: {_counts(compared)}"
    diff = "\n\n".join(_subjects(compared, plain))
    rest = [_answer(each, plain) for each in compared.answers]
    rest += [*_findings(compared.findings, plain), _verdict(compared, plain)]
    summary = "\n\n".join(rest)
    return f"{head}\n\n{escaping.fenced(diff, 'diff')}\n\n{escaping.fenced(summary)}\n"


FORMS: Mapping[str, Callable[[Comparison, View], str]] = {
    "text": text,
    "json": as_json,
    "markdown": markdown,
}
"""The report formats, by their name in ``--format``."""


def _shorten(words: str, view: View) -> str:
    return reports.shortener(view.prefixes)(words)


def _subjects(compared: Comparison, view: View) -> Iterator[str]:
    left = view.limit
    for role in (Role.ONTOLOGY, Role.SHAPES, Role.DATA):
        changed = compared.changes.subjects[role]
        shown, left = changed[:left], max(0, left - len(changed))
        for change in shown:
            yield "\n".join(_lines(change, view))
        if len(changed) > len(shown):
            more = len(changed) - len(shown)
            noun = "subject" if more == 1 else "subjects"
            yield f"... and {more:,} more changed {noun} of the {role.value}"


def _lines(change: Change, view: View) -> Iterator[str]:
    whole = "+" if not change.known else "-" if not change.kept else " "
    yield _line(whole, f"{change.subject}  {change.name}".rstrip(), view, indent="")
    removed, added = list(change.removed), list(change.added)
    for old, new in _pairs(removed, added):
        removed.remove(old)
        added.remove(new)
        yield _line("~", f"{old.predicate} {old.value} -> {new.value}", view)
    for sign, statements in (("-", removed), ("+", added)):
        for each in statements:
            yield _line(sign, f"{each.predicate} {each.value}", view)


def _pairs(
    removed: list[Statement], added: list[Statement]
) -> Iterator[tuple[Statement, Statement]]:
    """Yield the changed statements: a predicate with one value before and one value after."""
    for old in tuple(removed):
        before = [each for each in removed if each.predicate == old.predicate]
        after = [each for each in added if each.predicate == old.predicate]
        if len(before) == len(after) == 1:
            yield old, after[0]


def _line(sign: str, words: str, view: View, indent: str = "    ") -> str:
    line = f"{sign} {indent}{_on_lines(_shorten(words, view), f'{sign} {indent}    ')}"
    line = escaping.message(line)
    if view.colours and sign in _COLOURS:
        return f"\x1b[{_COLOURS[sign]}m{line}\x1b[0m"
    return line


def _on_lines(words: str, before: str) -> str:
    """Return a long value with each statement of its blank nodes on its own line."""
    if len(words) <= _LONG or "[ " not in words:
        return words
    return re.sub(r'("(?:[^"\\]|\\.)*+")| ; ', lambda match: match[1] or f" ;\n{before}", words)


def _answer(answer: Answer, view: View) -> str:
    if answer.fault:
        return escaping.message(f"{answer.query}: {answer.fault}")
    fewer, added = (
        f"{len(rows)} row{'s'[: len(rows) != 1]}" for rows in (answer.removed, answer.added)
    )
    head = escaping.message(escaping.line(f"{answer.query}: {fewer} fewer, {added} more"))
    rows = [("-", row) for row in answer.removed] + [("+", row) for row in answer.added]
    lines = [_line(sign, row.replace("\t", "  "), view) for sign, row in rows[: view.limit]]
    more = len(rows) - view.limit
    return "\n".join([head, *lines, *([f"... and {more:,} more rows"] if more > 0 else [])])


def _findings(findings: Findings | None, view: View) -> Iterator[str]:
    if findings is None:
        return
    if findings.fault:
        yield escaping.message(f"Findings: {findings.fault}")
        return
    head = (
        f"Findings: {len(findings.new)} new, {len(findings.fixed)} fixed, "
        f"{findings.unchanged} unchanged"
    )
    signed = [("+", each) for each in findings.new] + [("-", each) for each in findings.fixed]
    yield "\n".join([head, *(_line(sign, _sentence(each), view) for sign, each in signed)])


def _sentence(finding: Finding) -> str:
    return escaping.line(f"{finding.severity.value}: {finding.focus_node}: {finding.message}")


def _counts(compared: Comparison) -> str:
    changed = sum(len(changes) for changes in compared.changes.subjects.values())
    added, removed = compared.changes.added, compared.changes.removed
    return (
        f"{added:,} statement{'' if added == 1 else 's'} added, {removed:,} removed, "
        f"{changed:,} subject{'' if changed == 1 else 's'} changed"
    )


def _verdict(compared: Comparison, view: View) -> str:
    lines = [_counts(compared) + "."]
    if compared.asked:
        lines.append(f"{len(compared.answers)} of {compared.asked} queries have different results.")
    lines.append(f"This is a {compared.level.name.lower()} change:")
    weightiest = [each for each in compared.reasons if each.level is compared.level]
    lines += [f"    {_shorten(f'{each.subject}: {each.why}', view)}" for each in weightiest[:10]]
    if len(weightiest) > 10:
        lines.append(f"    ... and {len(weightiest) - 10:,} more")
    lines += [_shorten(f"{each}.", view) for each in compared.overdue]
    return escaping.message("\n".join(lines))


def _findings_document(findings: Findings) -> dict[str, Any]:
    return {
        "new": [_sentence(each) for each in findings.new],
        "fixed": [_sentence(each) for each in findings.fixed],
        "unchanged": findings.unchanged,
        "fault": findings.fault,
    }
