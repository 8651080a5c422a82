"""``kg-server diff``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from kg_server.cli import options, progress
from kg_server.diff import comparison, reports, revisions
from kg_server.errors import ProjectFault
from kg_server.project import boundary, manifest

_EPILOG = """\b
Examples:
  kg-server diff v1.0                     the working tree beside a tag
  kg-server diff main HEAD --format markdown
  kg-server diff old.ttl new.ttl --no-findings
"""


@click.command(epilog=_EPILOG)
@click.argument("old")
@click.argument("new", required=False)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="The form of the comparison on standard output.",
)
@click.option(
    "--queries",
    type=click.Path(path_type=Path),
    help="A folder of .rq files to run on both versions.  [default: the queries of NEW]",
)
@click.option("--no-findings", is_flag=True, help="Do not validate the two versions.")
@click.option(
    "--limit", default=200, show_default=True, help="Most subjects, and most rows, to show."
)
@click.option("--exit-zero", is_flag=True, help="Exit code 0 even if the versions differ.")
@options.deadline(600)
@options.BASE
def diff(
    *,
    old: str,
    new: str | None,
    form: str,
    queries: Path | None,
    no_findings: bool,
    limit: int,
    exit_zero: bool,
    base_iri: str | None,
) -> None:
    """Compare two versions of a project.

    OLD and NEW are files, directories or Git revisions (REVISION or REVISION:PATH). Without NEW,
    OLD is compared with the project here. Blank nodes are compared by the statements about them.

    Exit code 0: no difference; 10: a patch (data, labels, definitions, notes); 11: minor (a new
    term or value, a changed shape); 12: major (a term removed, an axiom changed); 2: an error.
    """
    with revisions.read(old, base_iri) as before, revisions.read(new, base_iri) as after:
        counted = [f"{each.name} ({each.project.counted})" for each in (before, after)]
        options.say(" beside ".join(counted))
        with progress.Bar() as bar:
            compared = comparison.compare(
                before,
                after,
                _queries(queries, after.root),
                with_findings=not no_findings,
                tell=bar,
            )
        colours = form == "text" and sys.stdout.isatty()
        prefixes = {**before.project.profile.prefixes, **after.project.profile.prefixes}
        view = reports.View(
            old=before.name, new=after.name, prefixes=prefixes, limit=limit, colours=colours
        )
        written = reports.FORMS[form](compared, view)
        click.echo(written, nl=False) if colours else options.show(written)
    sys.exit(0 if exit_zero else compared.level.exit_code)


def _queries(folder: Path | None, root: Path | None) -> list[Path]:
    """Return the query files of a folder, or without one those of the project, in order.

    Raises:
        ProjectFault: the folder has no query files.
    """
    if folder is None and root is None:
        return []
    described = manifest.read(root) if root else None
    folders = [folder] if folder else [*described.queries, *described.tests] if described else []
    files = sorted(path for each in folders for path in each.rglob("*.rq") if not path.is_dir())
    if folder and not files:
        raise ProjectFault("there are no .rq files", path=folder)
    for path in files:
        boundary.check(path, folder or root or path)
    return files
