"""``kg-server init``."""

from __future__ import annotations

from pathlib import Path

import click

from kg_server.project import scaffold


@click.command(epilog="Example: kg-server init my-graph && cd my-graph && kg-server validate")
@click.argument("directory", default=".", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Write the example, whatever files are there.")
def init(directory: Path, force: bool) -> None:  # click passes it by name
    """Begin a project.

    In a directory with RDF files, write kg.toml for them and touch nothing else. In any other,
    write an example to begin with: data, ontology, shapes, tests and kg.toml.
    """
    for path in scaffold.write(directory, force=force):
        click.echo(path.as_posix())
    click.echo(f"\nNow: cd {directory} && kg-server validate && kg-server serve", err=True)
