"""``kg-server serve``."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import click

from kg_server.cli import options
from kg_server.config import Settings
from kg_server.processes import StandardError
from kg_server.server import publication
from kg_server.server.loading import Start
from kg_server.server.main import serve as run


@click.command(epilog="Example: kg-server serve --port 8080 --base-iri https://kg.example.org/")
@options.PATHS
@click.option(
    "--endpoint",
    metavar="URL[,URL…]",
    help="Serve the graph that was published to a SPARQL service, or to several replicas.",
)
@click.option("--dialect", metavar="NAME", help=options.DIALECT_HELP)
@click.option("--host", help="Address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="0 picks a free port.  [default: 8000]")
@click.option("--workers", type=click.IntRange(1), help="HTTP worker processes.  [default: 1]")
@click.option(
    "--evaluators", type=click.IntRange(1), help="Queries at the same time.  [default: 8]"
)
@click.option(
    "--timeout", "query_timeout_s", type=float, help="Seconds that a query may take.  [default: 10]"
)
@click.option("--base-iri", metavar="IRI", help=options.BASE_HELP)
@click.option(
    "--public-url",
    metavar="URL",
    help="Address of the server for clients.  [default: from the header Host]",
)
@click.option("--allow-invalid", is_flag=True, help="Serve even if the data do not conform.")
@click.option("--strict", is_flag=True, help="Wait for the validation, however long it takes.")
@click.option("--no-validate", is_flag=True, help="Do not validate.")
@click.option("--watch", is_flag=True, help="Reload when a file changes; SIGHUP always reloads.")
@click.option(
    "--access-log", is_flag=True, help="Log each request as a line of JSON on standard error."
)
def serve(
    *,
    paths: tuple[Path, ...],
    allow_invalid: bool,
    strict: bool,
    no_validate: bool,
    watch: bool,
    access_log: bool,
    **options: Any,
) -> None:
    """Serve the graph: SPARQL, canned queries, linked data and pages.

    A project that does not conform is not served. If the validation takes longer than 10 seconds,
    the graph is served while it goes on, and pages say so; with --strict it is not.

    Each setting has an environment variable too, such as KG_SERVER_PORT (docs/operations.md).
    """
    logging.basicConfig(
        format="kg-server: %(message)s", level=logging.WARNING, handlers=[StandardError()]
    )
    # rdflib logs a traceback for each ill-typed literal, on each page that shows it.
    logging.getLogger("rdflib.term").setLevel(logging.ERROR)
    logging.getLogger("kg_server.access").setLevel(logging.INFO if access_log else logging.WARNING)
    settings = Settings.read(**options)
    if settings.endpoint and (paths or watch or settings.base_iri):
        raise click.UsageError(
            "--endpoint serves what was published: files, --watch and --base-iri go with publish."
        )
    run(
        Start(
            paths,
            settings,
            allow_invalid=allow_invalid,
            validate=not no_validate,
            strict=strict,
            watch=watch,
            replicas=publication.endpoints(settings.endpoint) if settings.endpoint else None,
        )
    )
