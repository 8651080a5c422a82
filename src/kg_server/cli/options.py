"""Arguments and options that several commands take."""

from __future__ import annotations

import codecs
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kg_server import escaping
from kg_server.cli import guard
from kg_server.project import Role

if TYPE_CHECKING:
    from kg_server.project import Project

_LONGEST_S = 1e6

PATHS = click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
BASE_HELP = "Base IRI of names; replaces the one in the files.  [default: the one in the files]"
BASE = click.option("--base-iri", metavar="IRI", help=BASE_HELP)
PROJECT = click.option(
    "--project",
    "paths",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Project folder or RDF file; repeatable.  [default: the project here]",
)

ENDPOINT = click.option(
    "--endpoint",
    envvar="KG_SERVER_ENDPOINT",
    required=True,
    metavar="URL[,URL…]",
    help="The query endpoint of a SPARQL service, or of several replicas.",
)
DIALECT_HELP = "The engine: virtuoso, oxigraph, fuseki …  [default: by its header Server]"
DIALECT = click.option(
    "--dialect",
    envvar="KG_SERVER_DIALECT",
    metavar="NAME",
    help=DIALECT_HELP,
)


class _Seconds(click.ParamType[float]):
    """A time that a timer can have: more than nothing, and no more than some eleven days."""

    name = "seconds"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        try:
            seconds = float(value)
        except ValueError:
            seconds = 0.0
        if not 0 < seconds <= _LONGEST_S:
            self.fail(f"{value!r} is not a number of seconds from 0 to 1,000,000.", param, ctx)
        return seconds


SECONDS = _Seconds()


def deadline(seconds: float) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add ``--timeout``, at which the kernel ends the command.

    Args:
        seconds: the deadline where none is given.
    """
    return click.option(
        "--timeout",
        type=SECONDS,
        default=seconds,
        show_default=True,
        expose_value=False,
        callback=lambda _ctx, _param, value: guard.end_in(value),
        help="Time limit of the command, in seconds.",
    )


def roles(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options ``--data``, ``--ontology`` and ``--shapes``, which give files a role."""
    for name in ("shapes", "ontology", "data"):
        command = click.option(
            f"--{name}",
            multiple=True,
            metavar="FILE",
            type=click.Path(path_type=Path),
            help=f"Use a file or directory as {name}, whatever it contains; repeatable.",
        )(command)
    return command


def chosen(
    data: Sequence[Path], ontology: Sequence[Path], shapes: Sequence[Path]
) -> dict[Role, Sequence[Path]]:
    """Return the files whose role an option gives, by role."""
    by_role = {Role.DATA: data, Role.ONTOLOGY: ontology, Role.SHAPES: shapes}
    return {role: paths for role, paths in by_role.items() if paths}


def announce(project: Project) -> None:
    """Print the project and its numbers of files by role on standard error."""
    say(project.summary)


def say(message: str) -> None:
    """Print a message on standard error; control characters in it are escaped."""
    click.echo(escaping.message(f"kg-server: {message}"), err=True)


def send(chunks: Iterable[bytes]) -> None:
    r"""Write a document to standard output as it is; on a terminal, escape its control characters.

    ``\uXXXX`` means the same character in Turtle, N-Triples and JSON.
    """
    if sys.stdout.isatty():
        for text in codecs.iterdecode(chunks, "utf-8"):
            click.echo(escaping.terminal(text.replace("\r\n", "\n")), nl=False)
        return
    for chunk in chunks:
        sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()


def show(text: str) -> None:
    """Write a text to standard output, as ``send`` does."""
    send([text.encode(errors="backslashreplace")])
