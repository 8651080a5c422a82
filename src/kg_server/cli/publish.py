"""``kg-server publish``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from kg_server import canned, project
from kg_server.cli import options
from kg_server.description import void
from kg_server.server import loading, publication
from kg_server.store import dialects, open_store
from kg_server.store.connection import Connection
from kg_server.store.credentials import Credentials
from kg_server.store.publishing import Publisher


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
@click.option("--no-validate", is_flag=True, help="Do not validate.")
@options.deadline(3600)
@options.BASE
def publish(  # one parameter an option
    paths: tuple[Path, ...],
    endpoint: str,
    dialect: str | None,
    graph_store: str,
    allow_invalid: bool,  # click passes it by name
    no_validate: bool,
    base_iri: str | None,
) -> None:
    """Write the project into SPARQL services, for kg-server serve --endpoint.

    The project is validated first, as by serve. Its graphs replace those of the last publication,
    one by one. The version is written last; until then, servers do not use the new graphs.

    Credentials come from the environment: KG_SERVER_ENDPOINT_USER and KG_SERVER_ENDPOINT_PASSWORD,
    or KG_SERVER_ENDPOINT_TOKEN. With _FILE at its end, a variable names a file with the value.

    Exit code 0: published; 1: the data do not conform, or the engine holds another number of
    triples than were written; 2: an error.
    """
    engine = dialects.named(dialect) if dialect else None
    replicas, credentials = publication.endpoints(endpoint), Credentials.read()
    loaded = project.load(paths, base_iri)
    options.announce(loaded)
    canned.check(loaded)
    judged = loaded.of_role(project.Role.SHAPES, project.Role.ONTOLOGY)
    report = None
    if judged and not no_validate:
        report = loading.validated(loaded, allow_invalid=allow_invalid)
    described = void.described(open_store(loaded), loaded)
    differs = False
    for each in replicas.endpoints:
        connection = Connection(each, credentials)
        publisher = Publisher(connection, engine or publication.recognise(connection), graph_store)
        differences = publication.publish(loaded, report, described, publisher)
        connection.close()
        for difference in differences:
            options.say(
                f"{each} holds {difference.held} triples of <{difference.graph_iri}>, "
                f"{difference.written} were written"
            )
        if differences:
            differs = True
            options.say(f"{each}: no version was written, because the graphs differ")
        else:
            options.say(f"{each} holds version {loaded.version}")
    if differs:
        sys.exit(1)
