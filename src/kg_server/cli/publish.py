"""``kg-server publish``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from kg_server import canned, escaping, project
from kg_server.cli import options, progress
from kg_server.description import void
from kg_server.errors import Problem
from kg_server.server import loading, publication
from kg_server.store import dialects, open_store, publishing
from kg_server.store.connection import WRITE_S, Connection
from kg_server.store.credentials import Credentials
from kg_server.store.publishing import Publisher
from kg_server.validation.report import Report

_SHOWN = 10
"""Most literals that are named."""


@click.command(
    epilog="Example: kg-server publish --endpoint http://localhost:7878/query  (oxigraph serve)"
)
@options.PATHS
@options.ENDPOINT
@options.DIALECT
@click.option(
    "--graph-store",
    default="",
    metavar="URL",
    help="Address of the Graph Store Protocol, without ?graph=, if the dialect has none.",
)
@click.option("--allow-invalid", is_flag=True, help="Publish even if the data do not conform.")
@click.option(
    "--allow-merged",
    is_flag=True,
    help="Publish without the literals that an engine takes for others.",
)
@click.option("--no-validate", is_flag=True, help="Do not validate.")
@click.option(
    "--request-timeout",
    type=options.SECONDS,
    default=WRITE_S,
    show_default=True,
    help="Time that an engine has to replace one graph, in seconds.",
)
@options.deadline(3600)
@options.BASE
def publish(
    *,
    paths: tuple[Path, ...],
    endpoint: str,
    dialect: str | None,
    graph_store: str,
    allow_invalid: bool,
    allow_merged: bool,
    no_validate: bool,
    request_timeout: float,
    base_iri: str | None,
) -> None:
    """Write the project into SPARQL services, for kg-server serve --endpoint.

    The project is validated first, as by serve. Its graphs replace those of the last publication,
    one by one. The version is written last; until then, servers do not use the new graphs.

    Credentials come from the environment: KG_SERVER_ENDPOINT_USER and KG_SERVER_ENDPOINT_PASSWORD,
    or KG_SERVER_ENDPOINT_TOKEN. With _FILE at its end, a variable names a file with the value.

    Some engines take different literals for one: for Virtuoso, the year 1958 and the date
    1958-01-01 are one value, and it keeps one of them. publish finds and names such literals before
    it writes anything. With --allow-merged it leaves out the shorter one of each pair.

    The step under way is shown on a terminal, and every ten seconds in a log. An engine that takes
    longer than --request-timeout for a graph ends the command; publish again then.

    Exit code 0: published; 1: the data do not conform, the engine does not keep all literals, or it
    holds another number of triples than were written; 2: an error.
    """
    engine = dialects.named(dialect) if dialect else None
    replicas, credentials = publication.endpoints(endpoint), Credentials.read()
    loaded = project.load(paths, base_iri)
    options.announce(loaded)
    canned.check(loaded)
    shaped = loaded.of_role(project.Role.SHAPES, project.Role.ONTOLOGY)
    report = None
    if shaped and not no_validate:
        report = _conforming(loaded, allow_invalid=allow_invalid)
    connections = [Connection(each, credentials) for each in replicas.endpoints]
    publishers = [
        Publisher(
            each,
            engine or publication.recognise(each),
            graph_store,
            request_timeout_s=request_timeout,
        )
        for each in connections
    ]
    with progress.Lines() as lines:
        lines("looking for literals that an engine takes for one", None)
        merged = publication.merged(loaded, publishers)
    for each in merged[:_SHOWN]:
        options.say(
            f"an engine takes {each.literal} for {each.kept}: "
            f"it does not keep both of {each.subject_and_predicate}"
        )
    if len(merged) > _SHOWN:
        options.say(f"and so for {len(merged) - _SHOWN:,} more literals")
    if merged and not allow_merged:
        options.say(
            "nothing was published: leave one of each pair out of the files, or publish without "
            "the first ones: --allow-merged"
        )
        sys.exit(1)
    if merged:
        loaded = publishing.without(loaded, lambda flat: publication.merged(flat, publishers))
        options.say(f"published without literals that an engine takes for others: {len(merged):,}")
    described = void.described(open_store(loaded), loaded)
    written = [_written(loaded, report, described, each) for each in publishers]
    if not all(written):
        sys.exit(1)


def _written(
    loaded: project.Project,
    report: Report | None,
    described: Sequence[tuple[str, bytes]],
    publisher: Publisher,
) -> bool:
    """Write a project into a service; tell whether that holds all of it."""
    endpoint = publisher.endpoint
    try:
        with progress.Lines() as lines:
            differences = publication.publish(loaded, report, described, publisher, tell=lines)
    except (Problem, KeyboardInterrupt):
        if publisher.is_under_way:
            options.say(
                f"{endpoint} has no version now, because not all graphs are written: publish again"
            )
        raise
    for difference in differences:
        options.say(
            f"{endpoint} holds {difference.held} triples of <{difference.graph_iri}>, "
            f"{difference.written} were written"
        )
    if differences:
        options.say(f"{endpoint}: no version was written, because the graphs differ")
    else:
        options.say(f"{endpoint} holds version {loaded.version}")
    return not differences


def _conforming(loaded: project.Project, *, allow_invalid: bool) -> Report:
    """Return the report of a project; exit with its text if the project must not be published."""
    report, refusal = loading.weighed(loaded, allow_invalid=allow_invalid)
    if refusal:
        click.echo(escaping.message(refusal), err=True)
        options.say("nothing was published, because the data do not conform; see --allow-invalid")
        sys.exit(1)
    return report
