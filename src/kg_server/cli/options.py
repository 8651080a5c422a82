"""Arguments and options that several commands take."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kg_server import escaping
from kg_server.project import Role

if TYPE_CHECKING:
    from kg_server.project import Project, Role

PATHS = click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
BASE = click.option("--base-iri", help="Base IRI of names.  [default: the one in the files]")

ENDPOINT = click.option(
    "--endpoint",
    envvar="KG_SERVER_ENDPOINT",
    required=True,
    metavar="URL[,URL…]",
    help="The query endpoint of a SPARQL service, or of several.",
)
DIALECT = click.option(
    "--dialect",
    envvar="KG_SERVER_DIALECT",
    metavar="NAME",
    help="What engine it is: virtuoso, oxigraph, fuseki …  [default: what it says]",
)


def roles(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say what a file is, whatever it contains."""
    for name in ("shapes", "ontology", "data"):
        command = click.option(
            f"--{name}",
            multiple=True,
            metavar="FILE",
            type=click.Path(path_type=Path),
            help=f"Take a file or directory for {name}, whatever it contains; repeatable.",
        )(command)
    return command


def chosen(
    data: Sequence[Path], ontology: Sequence[Path], shapes: Sequence[Path]
) -> dict[Role, Sequence[Path]]:
    """Return the files whose role is said, by role."""
    by_role = {Role.DATA: data, Role.ONTOLOGY: ontology, Role.SHAPES: shapes}
    return {role: paths for role, paths in by_role.items() if paths}


def announce(project: Project) -> None:
    """Say on standard error what is worked on, and what was counted as what."""
    say(project.summary)


def say(message: str) -> None:
    """Say something on standard error; names of others cannot steer the terminal."""
    click.echo(f"kg-server: {escaping.terminal(message)}", err=True)
