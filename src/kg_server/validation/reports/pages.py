"""A report as a page: Markdown for summaries, HTML for a browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape

from kg_server.validation.report import Finding, Report

Shorten = Callable[[str], str]

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #bbb;padding:.4rem;"
    "text-align:left;vertical-align:top;overflow-wrap:anywhere}"
)
_HEADS = ("Severity", "Where", "What", "Message", "Shape")


def markdown(report: Report, shorten: Shorten) -> str:
    """Return the report as Markdown with a table, as GitHub and GitLab show it."""
    lines = [f"## Validation: {report.summary}", ""]
    if report.findings:
        lines += [f"| {' | '.join(_HEADS)} |", "|" + " --- |" * len(_HEADS)]
        for finding in report.findings:
            cells = (_for_markdown(cell) for cell in _row(finding, shorten))
            lines.append(f"| {' | '.join(cells)} |")
        lines.append("")
    return "\n".join((*lines, _checked(report))) + "\n"


def _for_markdown(text: str) -> str:
    """Return text that stays text in a cell, whatever the data hold."""
    return re.sub(r"([\\`*_{}\[\]<>#|!~&@])", r"\\\1", " ".join(text.split()))


def html(report: Report, shorten: Shorten) -> str:
    """Return the report as one HTML page that loads nothing."""
    head = "".join(f"<th scope=col>{name}</th>" for name in _HEADS)
    rows = "\n".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in _row(each, shorten))}</tr>"
        for each in report.findings
    )
    table = f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>\n"
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        f"<title>Validation: {escape(report.summary)}</title>\n<style>{_STYLE}</style>\n"
        f"<h1>Validation: {escape(report.summary)}</h1>\n"
        f"{table if report.findings else ''}<p>{escape(_checked(report))}</p>\n</html>\n"
    )


def _row(finding: Finding, shorten: Shorten) -> tuple[str, ...]:
    about = (finding.focus_node, finding.path, finding.value)
    return (
        finding.severity.value,
        str(finding.place or ""),
        " ".join(shorten(each) for each in about if each),
        finding.message,
        shorten(f"<{finding.rule}>"),
    )


def _checked(report: Report) -> str:
    return (
        f"Checked {report.triples:,} triples, {report.focus_nodes:,} nodes by "
        f"{report.shapes:,} shapes."
    )
