"""``kg-server probe``."""

from __future__ import annotations

import sys

import click

from kg_server import escaping
from kg_server.cli import options
from kg_server.errors import EngineUnavailable, ProjectFault
from kg_server.server import publication
from kg_server.store import dialects
from kg_server.store.connection import Connection, Endpoint
from kg_server.store.credentials import Credentials
from kg_server.store.probe import probed


@click.command(epilog="Example: kg-server probe http://localhost:8890/sparql  (Virtuoso)")
@click.argument("url")
@options.DIALECT
@options.deadline(600)
def probe(url: str, dialect: str | None) -> None:
    """Test a SPARQL service: where does it differ from the standard?

    URL is its query endpoint. The command sends queries with known answers. It needs no data and
    writes nothing.

    Exit code 0: serve --endpoint can use the service; 1: some answers are wrong without a sign of
    it; 2: the service does not answer.
    """
    connection = Connection(Endpoint(url), Credentials.read())
    try:
        engine = dialects.named(dialect) if dialect else publication.recognise(connection)
        outcomes = list(probed(connection, engine))
    except EngineUnavailable as problem:
        raise ProjectFault(f"{url}: {problem.detail}") from problem
    tested = "tested" if engine.is_tested else "not tested: its row is from documents"
    click.echo(f"dialect {engine.name} ({tested})")
    fatal = False
    for each in outcomes:
        if each.is_as_expected:
            click.echo(f"  as the standard says  {each.probe.name}")
            continue
        fatal = fatal or each.probe.fatal
        verdict = "WRONG               " if each.probe.fatal else "differs             "
        shown = escaping.terminal(each.answer)
        click.echo(f"  {verdict}  {each.probe.name}: {each.probe.consequence} ({shown})")
    connection.close()
    if fatal:
        click.echo("cannot be used")
        sys.exit(1)
    click.echo("can be used")
