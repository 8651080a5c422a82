"""Reports as pages: Markdown for summaries, HTML for a browser."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from kg_server import escaping
from kg_server.validation.report import Finding, Report
from kg_server.validation.reports import ci

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
        for finding, more in report.summed_up:
            cells = (escaping.markdown(cell) for cell in _row(finding, more, shorten))
            lines.append(f"| {' | '.join(cells)} |")
        lines.append("")
    return "\n".join((*lines, escaping.markdown(_checked(report, shorten)))) + "\n"


def html(report: Report, shorten: Shorten) -> str:
    """Return the report as one HTML page that loads nothing."""
    head = "".join(f"<th scope=col>{name}</th>" for name in _HEADS)
    rows = "\n".join(
        f"<tr>{''.join(f'<td>{_for_html(cell)}</td>' for cell in _row(each, more, shorten))}</tr>"
        for each, more in report.summed_up
    )
    table = f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>\n"
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        f"<title>Validation: {escape(report.summary)}</title>\n<style>{_STYLE}</style>\n"
        f"<h1>Validation: {escape(report.summary)}</h1>\n"
        f"{table if report.findings else ''}"
        f"<p>{_for_html(_checked(report, shorten))}</p>\n</html>\n"
    )


def _for_html(text: str) -> str:
    return escape(escaping.line(text))


def _row(finding: Finding, more: int, shorten: Shorten) -> tuple[str, ...]:
    if more:
        return finding.severity.value, "", "", f"{more:,} more", ci.named(finding, shorten)
    about = (finding.focus_node, ci.path_of(finding), finding.value)
    also = f" (also {', '.join(map(str, finding.related))})" if finding.related else ""
    return (
        finding.severity.value,
        f"{finding.place or shorten(finding.graph or '')}{also}",
        " ".join(shorten(each) for each in about if each),
        finding.message + ci.causes(finding, shorten),
        ci.named(finding, shorten),
    )


def _checked(report: Report, shorten: Shorten) -> str:
    checked = (
        f"Checked {report.triples:,} triples, {report.focus_nodes:,} nodes by "
        f"{report.shapes:,} shapes."
    )
    return f"{checked} {report.of_idle(shorten)}".rstrip()
