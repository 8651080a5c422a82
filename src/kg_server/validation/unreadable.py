"""Files that cannot be read: a finding for each, beside the report on all others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from kg_server.errors import ProjectFault
from kg_server.project import Project, Unread, sound, syntax
from kg_server.validation.report import UNREAD, Finding, Place, Report, unchecked
from kg_server.validation.run import NO_DATA, NO_SHAPES

_NOT_READ = "Nothing of this file was checked; findings about what it says may be missing or wrong."
_NOT_CHECKED = "Nothing else was checked."


def reported(project: Project, judged: Callable[[Project], Report]) -> Report:
    """Return a report on all files that can be read, with a finding for each of the others.

    Raises:
        ProjectFault: all files can be read, and nothing can be checked.
    """
    unread = project.unread
    try:
        report = judged(project)
    except ProjectFault as fault:
        rest = sound(project)  # reads all files again, so only where something is wrong
        unread = rest.unread
        if not unread:
            raise
        report, last = Report((), 0, 0, 0, 0, 0.0), fault
        if len(rest.files) < len(project.files):
            try:
                report = judged(rest)
            except ProjectFault as other:
                last = other
        if not report.triples and last.message not in (NO_DATA, NO_SHAPES):
            unread += (Unread(f"{project.base_iri}graph/", last),)
    return replace(report, findings=(*map(_unread, unread), *report.findings))


def _unread(file: Unread) -> Finding:
    """Return the finding that a file, or all that is left, could not be checked."""
    fault = file.fault
    said = f"{fault.message[:1].upper()}{fault.message[1:]}".rstrip(".")
    message = f"{said}. {_NOT_READ if fault.path else _NOT_CHECKED}"
    return unchecked(UNREAD, f"<{file.graph_iri}>", message, place=_place(fault))


def _place(fault: ProjectFault) -> Place | None:
    """Return where a file is wrong, with the line."""
    if fault.path is None:
        return None
    line, column, excerpt = fault.line or 1, fault.column or 1, ""
    try:
        excerpt = syntax.text(fault.path).decode().split("\n")[line - 1].rstrip("\r")
    except (ProjectFault, IndexError):  # then without the line
        column = 1
    return Place(fault.path, line, column, column + 1, excerpt)
