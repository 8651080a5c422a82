"""Output of ``kg-server validate``: the forms of a report, printed or written to files."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from kg_server import escaping
from kg_server.cli import files, options
from kg_server.errors import ProjectFault
from kg_server.project import Project
from kg_server.validation import baseline as baselines
from kg_server.validation import engines, lint, reports
from kg_server.validation.report import Report


@dataclass(frozen=True, slots=True)
class Plan:
    """Forms of a report to print and to write to files; ``summary`` gets Markdown appended."""

    printed: tuple[str, ...]
    files: tuple[tuple[str, Path], ...]
    summary: Path | None = None


def plan(form: str, outputs: Sequence[str], environ: Mapping[str, str] = os.environ) -> Plan:
    """Decide which forms of the report are printed and written.

    In a job of GitHub Actions, annotations are printed after the text, and a Markdown summary is
    written for the page of the job.

    Raises:
        ProjectFault: there is no such form, or an output is not of the form ``FORM=FILE``.

    >>> plan("text", ["sarif=out.sarif"], {}).files
    (('sarif', PosixPath('out.sarif')),)
    """
    files = []
    for output in outputs:
        name, equals, path = output.partition("=")
        if not (equals and path):
            raise ProjectFault(f"--output takes FORM=FILE, such as sarif=report.sarif: {output!r}")
        files.append((_known(name), Path(path)))
    if environ.get("GITHUB_ACTIONS") == "true" and form == "text":
        summary = environ.get("GITHUB_STEP_SUMMARY")
        return Plan(("text", "github"), tuple(files), Path(summary) if summary else None)
    return Plan((_known(form),), tuple(files))


def levels(chosen: Sequence[str]) -> dict[str, str]:
    """Return the levels that ``--rule NAME=LEVEL`` gives to rules.

    Raises:
        ProjectFault: there is no such rule or level.
    """
    named = dict(each.partition("=")[::2] for each in chosen)
    lint.levels(named)
    return named


def compare_with(name: str, project: Project, report: Report, timeout_s: float) -> None:
    """Compare a report with that of another SHACL engine.

    Raises:
        ProjectFault: the engines disagree, or the other one fails.
    """
    differences = engines.disagreement(name, project, report, timeout_s)
    if differences:
        raise ProjectFault(f"{name} has other findings\n{differences.rstrip()}")


def rules() -> str:
    """Return the list of lint rules: name, level, and what the rule finds."""
    return "".join(
        f"{name:<22} {each.level:<10} {each.finds}\n" for name, each in lint.RULES.items()
    )


def since(path: Path | None, report: Report) -> Report:
    """Return a report without the findings of an earlier one; print a summary on standard error.

    Raises:
        ProjectFault: the earlier report cannot be read.
    """
    if path is None:
        return report
    compared = baselines.compare(report, baselines.read(path))
    click.echo(escaping.message(f"Since {path}: {compared.summary}."), err=True)
    return compared.new


def say_unread(report: Report) -> bool:
    """Print the files that could not be read on standard error; tell whether there are any."""
    for each in report.unread:
        place = f"{escaping.line(str(each.place))}: " if each.place else ""
        options.say(place + each.message)
    return bool(report.unread)


def write(planned: Plan, report: Report, project: Project) -> str:
    """Write the files of a report, and return the text to print.

    Raises:
        ProjectFault: a file cannot be written.
    """
    for form, path in planned.files:
        files.replace(path, reports.FORMS[form](report, project))
    if planned.summary:
        _append(planned.summary, reports.FORMS["markdown"](report, project))
    printed = (_printed(form, report, project) for form in planned.printed)
    return "".join(printed)


def _printed(form: str, report: Report, project: Project) -> str:
    """Return a form as it is printed: in a job of GitHub Actions, commands in it are escaped."""
    text = reports.FORMS[form](report, project)
    in_job = os.environ.get("GITHUB_ACTIONS") == "true"
    return escaping.no_commands(text) if in_job and form == "text" else text


def _append(path: Path, text: str) -> None:
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise ProjectFault(f"cannot be written: {error.strerror}", path=path) from error


def _known(form: str) -> str:
    if form not in reports.FORMS:
        raise ProjectFault(f"there is no form {form!r} of a report: {', '.join(reports.FORMS)}")
    return form
