"""``kg-server validate``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from kg_server import canned, project, validation
from kg_server.cli import guard, options, progress, reporting
from kg_server.project import Project
from kg_server.validation.report import Report, Severity

_SLACK_S = 5.0
"""Seconds beyond --timeout after which the kernel ends a command that reads its files too long."""

FORMS = ("text", "json", "turtle", "sarif", "junit", "github", "gitlab", "markdown", "html")
"""The forms of a report; known here too, so that --help need not import what writes them."""


_EPILOG = """\b
Examples:
  kg-server validate                                  the project here
  kg-server validate data.ttl --shapes shapes.ttl     two files
  kg-server validate --format json --output sarif=report.sarif
  kg-server validate --baseline before.json           only new findings
  kg-server validate --endpoint http://localhost:8890/sparql
"""


@click.command(epilog=_EPILOG)
@options.PATHS
@options.roles
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMS),
    default="text",
    show_default=True,
    help="The form of the report on standard output.",
)
@click.option(
    "--output",
    "outputs",
    multiple=True,
    metavar="FORM=FILE",
    help="Write the report to a file as well; repeatable.",
)
@click.option(
    "--baseline",
    type=click.Path(path_type=Path),
    help="An earlier report (--format json): only findings that it does not have count.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["violation", "warning", "info"]),
    default="violation",
    show_default=True,
    help="The lowest severity that makes the exit code 1.",
)
@click.option(
    "--rule",
    "rules",
    multiple=True,
    metavar="NAME=LEVEL",
    help="The level of a lint rule: off, info, warning or violation; repeatable.",
)
@click.option("--list-rules", is_flag=True, help="List the lint rules with their levels, and exit.")
@click.option(
    "--inference",
    type=click.Choice(["none", "rdfs", "owlrl"]),
    default="none",
    show_default=True,
    help="Entailment to apply before validation.",
)
@click.option(
    "--advanced", is_flag=True, help="Use SHACL Advanced Features: rules, targets by query."
)
@click.option(
    "--engine",
    type=click.Choice(["pyshacl", "shacl-rust"]),
    help="Also run this SHACL engine; exit code 2 if the two disagree.",
)
@click.option(
    "--lang",
    metavar="TAG",
    help="The language of messages, if the shapes have it.  [default: LANG, kg.toml, English]",
)
@click.option(
    "--endpoint", metavar="URL", help="Validate the graph in a SPARQL service instead of files."
)
@options.DIALECT
@click.option("--jobs", type=click.IntRange(1), help="Processes to use.  [default: all cores]")
@click.option("--no-cache", is_flag=True, help="Validate again even if no file has changed.")
@click.option(
    "--timeout",
    type=options.SECONDS,
    default=120.0,
    show_default=True,
    help="Time limit of the command, in seconds.",
)
@options.BASE
def validate(
    *,
    paths: tuple[Path, ...],
    data: tuple[Path, ...],
    ontology: tuple[Path, ...],
    shapes: tuple[Path, ...],
    form: str,
    outputs: tuple[str, ...],
    baseline: Path | None,
    fail_on: str,
    rules: tuple[str, ...],
    list_rules: bool,
    inference: str,
    advanced: bool,
    engine: str | None,
    lang: str | None,
    endpoint: str | None,
    dialect: str | None,
    jobs: int | None,
    no_cache: bool,
    timeout: float,
    base_iri: str | None,
) -> None:
    """Validate data and ontology with the SHACL shapes, and the shapes themselves.

    PATHS are files, directories or the root of a project. Without PATHS, the command validates the
    project around the current directory. A file may have data, ontology and shapes: the command
    tells these apart by its triples. With --endpoint it validates the graph in a SPARQL service,
    with the shapes that were published there or with those of --shapes.

    Exit code 0: no finding counts; 1: a violation, or what --fail-on names, that is not in the
    --baseline; 2: something could not be checked, whatever was found.
    """
    if list_rules:
        click.echo(reporting.rules(), nl=False)
        return
    guard.end_in(timeout + _SLACK_S)
    plan = reporting.plan(form, outputs)
    if endpoint:
        unused = [*paths, *data, *ontology, *rules, engine, jobs, inference != "none", advanced]
        if any(unused):
            raise click.UsageError(
                "--endpoint goes with --shapes, and not with PATHS, --data, --ontology, --rule, "
                "--inference, --advanced, --engine or --jobs"
            )
        # Imported here, because validation of files does not need it.
        from kg_server.cli import remote_validation

        with progress.Bar() as bar:
            report, loaded = remote_validation.checked(
                endpoint, dialect, shapes, base_iri, timeout_s=timeout, language=lang, tell=bar
            )
        _conclude(report, loaded, plan, baseline=baseline, fail_on=fail_on)
        return
    roles = options.chosen(data, ontology, shapes)
    loaded = project.load(paths, base_iri, chosen=roles, lenient=True)
    options.announce(loaded)
    canned.check(loaded)  # the server would not start with a wrong query
    with progress.Bar() as bar:
        report = validation.validate(
            loaded,
            timeout_s=timeout,
            jobs=jobs,
            rules=reporting.levels(rules),
            inference=inference,
            advanced=advanced,
            use_cache=not no_cache,
            language=lang,
            tell=bar,
        )
    if engine:
        reporting.compare_with(engine, loaded, report, timeout)
    _conclude(report, loaded, plan, baseline=baseline, fail_on=fail_on)


def _conclude(
    report: Report, loaded: Project, plan: reporting.Plan, *, baseline: Path | None, fail_on: str
) -> None:
    """Write a report, and exit with its exit code."""
    unread = reporting.say_unread(report)
    report = reporting.since(baseline, report)
    options.show(reporting.write(plan, report, loaded))
    if unread:
        sys.exit(2)
    weights = [each.value.lower() for each in Severity]
    failing = weights[: weights.index(fail_on) + 1]
    if any(finding.severity.value.lower() in failing for finding in report.findings):
        sys.exit(1)
