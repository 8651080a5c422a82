"""Files that cannot be parsed: a finding for each, added to the report on all others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from kg_server.errors import ProjectFault
from kg_server.project import Project, Unread, sound, syntax
from kg_server.validation.report import UNREAD, Finding, Place, Report, unchecked
from kg_server.validation.run import NO_DATA, NO_SHAPES

_NOT_READ = "Nothing of this file was checked; findings about what it says may be missing or wrong."
_NOT_CHECKED = "Nothing else was checked."


def reported(project: Project, check: Callable[[Project], Report]) -> Report:
    """Return a report on the files that can be parsed, with a finding for each other file.

    Raises:
        ProjectFault: all files can be parsed, but nothing can be checked.
    """
    unread = project.unread
    try:
        report = check(project)
    except ProjectFault as fault:
        rest = sound(project)  # parses all files again, so only after a fault
        unread = rest.unread
        if not unread:
            raise
        report, last = (
            Report(findings=(), data_files=0, triples=0, shapes=0, focus_nodes=0, seconds=0.0),
            fault,
        )
        if len(rest.files) < len(project.files):
            try:
                report = check(rest)
            except ProjectFault as other:
                last = other
        if not report.triples and last.message not in (NO_DATA, NO_SHAPES):
            unread += (Unread(f"{project.base_iri}graph/", last),)
    return replace(report, findings=(*map(_unread, unread), *report.findings))


def _unread(file: Unread) -> Finding:
    """Return the finding that a file, or the rest of the project, could not be checked."""
    fault = file.fault
    reason = f"{fault.message[:1].upper()}{fault.message[1:]}".rstrip(".")
    message = f"{reason}. {_NOT_READ if fault.path else _NOT_CHECKED}"
    return unchecked(UNREAD, f"<{file.graph_iri}>", message, place=_place(fault))


def _place(fault: ProjectFault) -> Place | None:
    """Return the place of a fault, with its line as excerpt if it names one."""
    if fault.path is None:
        return None
    line, column, excerpt = fault.line or 1, fault.column or 1, ""
    if fault.line is None:
        return Place(path=fault.path, line=1, column=1, end_column=2, excerpt="")
    try:
        excerpt = syntax.text(fault.path).decode().split("\n")[line - 1].rstrip("\r")
    except (ProjectFault, IndexError):  # no excerpt then
        column = 1
    return Place(path=fault.path, line=line, column=column, end_column=column + 1, excerpt=excerpt)
