"""``kg-server init``."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from kg_server import escaping
from kg_server.cli import options
from kg_server.project import scaffold


@click.command(epilog="Example: kg-server init my-graph && cd my-graph && kg-server validate")
@click.argument("directory", default=".", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Write the example even if the directory has files.")
@options.deadline(600)
def init(directory: Path, force: bool) -> None:
    """Start a project: write kg.toml, and an example if there are no RDF files.

    If the directory has RDF files, the command writes kg.toml for them and changes nothing else.
    Otherwise it also writes an example to start from: data, ontology, shapes and tests.
    """
    for path in scaffold.write(directory, force=force):
        click.echo(escaping.line(path.as_posix()))
    place = escaping.line(shlex.quote(str(directory)))
    enter = "" if directory.resolve() == Path.cwd() else f"cd {place} && "
    click.echo(f"\nNow: {enter}kg-server validate && kg-server serve", err=True)
