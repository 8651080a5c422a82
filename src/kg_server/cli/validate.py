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


@click.command(epilog="Example: kg-server validate data.ttl --shapes shapes.ttl --format json")
@options.PATHS
@options.roles
@click.option("--format", "form", type=click.Choice(FORMS), default="text")
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
    help="An earlier report as JSON: only what is new is reported and counts.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["violation", "warning", "info"]),
    default="violation",
    show_default=True,
    help="The least severity that makes the command fail.",
)
@click.option(
    "--rule",
    "rules",
    multiple=True,
    metavar="NAME=LEVEL",
    help="How much a rule weighs: off, info, warning or violation; repeatable.",
)
@click.option("--list-rules", is_flag=True, help="List the rules beyond SHACL, and end.")
@click.option(
    "--inference",
    type=click.Choice(["none", "rdfs", "owlrl"]),
    default="none",
    show_default=True,
    help="Entailment to apply before validation.",
)
@click.option("--advanced", is_flag=True, help="SHACL Advanced Features: rules, queried targets.")
@click.option(
    "--engine",
    type=click.Choice(["pyshacl", "shacl-rust"]),
    help="Compare with another SHACL engine; exit code 2 where they disagree.",
)
@click.option(
    "--lang",
    metavar="TAG",
    help="The language of messages, if the shapes have it.  [default: LANG, kg.toml, English]",
)
@click.option("--endpoint", metavar="URL", help="Check what a SPARQL service holds instead.")
@options.DIALECT
@click.option("--jobs", type=click.IntRange(1), help="Processes to use; all cores by default.")
@click.option("--no-cache", is_flag=True, help="Check anew even if no file has changed.")
@click.option("--timeout", default=120.0, show_default=True, help="Give up after seconds.")
@options.BASE
def validate(  # one parameter an option
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
    no_cache: bool,  # click passes it by name
    timeout: float,
    base_iri: str | None,
) -> None:
    """Check data and ontology by the SHACL shapes, and the shapes themselves.

    PATHS are files or directories, or the root of a project; without them, it is the project
    around the current directory. What a file is, its contents say: data, ontology, shapes, or
    several of these. With --endpoint, it is the graph that a SPARQL service holds, by the shapes
    that were published to it or by those of --shapes. Exit code 0: conforms; 1: does not; 2:
    something could not be checked.
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
        # Imported only now: validation of files needs none of it.
        from kg_server.cli import held

        with progress.Bar() as bar:
            report, loaded = held.checked(
                endpoint, dialect, shapes, base_iri, timeout_s=timeout, language=lang, tell=bar
            )
        _conclude(report, loaded, plan, baseline, fail_on)
        return
    roles = options.chosen(data, ontology, shapes)
    loaded = project.load(paths, base_iri, chosen=roles, lenient=True)
    options.announce(loaded)
    canned.check(loaded)  # as the server does, which would not start
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
    _conclude(report, loaded, plan, baseline, fail_on)


def _conclude(
    report: Report, loaded: Project, plan: reporting.Plan, baseline: Path | None, fail_on: str
) -> None:
    """Write a report, and end with the exit code that it has."""
    unread = reporting.say_unread(report)
    report = reporting.since(baseline, report)
    click.echo(reporting.write(plan, report, loaded), nl=False)
    if unread:
        sys.exit(2)
    weights = [each.value.lower() for each in Severity]
    failing = weights[: weights.index(fail_on) + 1]
    if any(finding.severity.value.lower() in failing for finding in report.findings):
        sys.exit(1)
