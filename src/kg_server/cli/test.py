"""``kg-server test``."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kg_server import escaping, project
from kg_server.cli import files, options
from kg_server.competency import cases
from kg_server.project import discovery

if TYPE_CHECKING:
    from kg_server.competency.cases import Outcome

_WIDTH = 72


@click.command(epilog="Example: kg-server test -k missions --junit report.xml")
@click.argument("root", required=False, type=click.Path(path_type=Path))
@click.option("-k", "word", default="", help="Run only tests with this text in their path.")
@click.option("--junit", type=click.Path(path_type=Path), help="Write the results as JUnit XML.")
@options.deadline(600)
@options.BASE
def test(root: Path | None, word: str, junit: Path | None, base_iri: str | None) -> None:
    """Run a project's test queries and its examples of shapes.

    A test query is NAME.rq with its answer beside it: .csv, .tsv, .srj, .srx, .ttl, .nt, or .txt
    with true or false. An example of a shape is an RDF file in a folder valid/ or invalid/, or with
    such a name. Its lines "# expect: SHAPE KIND SEVERITY FOCUS" are the findings that it must have.
    Both are in the folders that kg.toml names, or else in tests/ and queries/.

    Exit code 0: all pass; 1: some fail; 2: no tests, or an error.
    """
    if root:
        discovery.check(root)
    home = (root or project.home()).resolve()
    options.say(f"the project in {home}")
    selected = cases.find(home, base_iri, word)
    begun, outcomes = time.monotonic(), []
    for case in selected:
        outcome = cases.run(case)
        outcomes.append(outcome)
        click.echo("F" if outcome.wrong else ".", nl=len(outcomes) % _WIDTH == 0)
    click.echo(_report(outcomes, home, time.monotonic() - begun), nl=False)
    if junit:
        files.replace(junit, cases.junit(outcomes, home))
    sys.exit(1 if any(each.wrong for each in outcomes) else 0)


def _report(outcomes: list[Outcome], home: Path, seconds: float) -> str:
    failed = [each for each in outcomes if each.wrong]
    blocks = ["" if len(outcomes) % _WIDTH == 0 else "\n"]
    for each in failed:
        name = escaping.line(str(each.path.relative_to(home)))
        blocks.append(f"\nFAILED {name}\n{escaping.message(each.wrong)}\n")
    counts = [(len(failed), "failed"), (len(outcomes) - len(failed), "passed")]
    summary = ", ".join(f"{count} {what}" for count, what in counts if count)
    return "".join([*blocks, f"{summary} in {seconds:.1f} s\n"])
