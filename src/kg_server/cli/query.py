"""``kg-server query``, ``describe`` and ``dump``: the files of a project without a server."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kg_server import escaping, formats, project
from kg_server.cli import console, explanation, guard, options
from kg_server.errors import ProjectFault
from kg_server.linked_data import dumps
from kg_server.linked_data.documents import Site
from kg_server.store import open_store

if TYPE_CHECKING:
    from kg_server.project import Project


def _names(form: formats.Format) -> Iterable[str]:
    """Return the names that a format goes by: its own and its extension, each once."""
    return dict.fromkeys((form.name, form.extension))


_EPILOG = """\b
Examples:
  kg-server query 'SELECT * { ?museum ex:city ?city }'
  kg-server query count.rq --format json
  kg-server query --list
  kg-server query --canned museums --param city=Paris
  kg-server query --project data.ttl 'ASK { ?s a ex:Museum }'
"""


class _OneText(click.Command):
    """A command with one text: of further ones, it says how quotation marks and files are given."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            if not error.message.startswith("Got unexpected extra"):
                raise
            text = f"kg-server {self.name} --project data.ttl {_EXAMPLES[self.name or '']}"
            raise click.UsageError(
                f"{error.message}. Put the text in quotation marks, and name files by --project: "
                f"{text}",
                ctx,
            ) from error


_EXAMPLES = {"query": "'SELECT * { ?s ?p ?o } LIMIT 10'", "describe": "id:louvre"}


@click.command(cls=_OneText, epilog=_EPILOG)
@click.argument("query", required=False)
@options.PROJECT
@click.option(
    "--format",
    "form",
    metavar="NAME",
    help="For rows: table, json, xml, csv or tsv. For triples: turtle, nt, nq, trig, rdfxml or "
    "jsonld.",
)
@click.option("--canned", metavar="NAME", help="Run a canned query instead of QUERY.")
@click.option(
    "--param",
    "params",
    multiple=True,
    metavar="NAME=VALUE",
    help="A parameter of the canned query; repeatable.",
)
@click.option("--explain", is_flag=True, help="Print how the query is evaluated, not its answer.")
@click.option("--list", "listing", is_flag=True, help="List the canned queries.")
@options.deadline(600)
@options.BASE
def query(
    *,
    query: str | None,
    paths: tuple[Path, ...],
    form: str | None,
    canned: str | None,
    params: tuple[str, ...],
    explain: bool,
    listing: bool,
    base_iri: str | None,
) -> None:
    """Run a SPARQL query on the project's files.

    QUERY is the text, the name of an .rq file, or - for standard input. Prefixes of the project
    need no declaration. On a terminal the answer is a table, in a pipe it is CSV or Turtle.
    --explain prints the query as the engine evaluates it, the number of triples that match each
    pattern, and the costly parts.

    Exit code 0: answered; 1: the query or a parameter is wrong or refused; 2: an error, such as a
    file that cannot be read.
    """
    guard.end_at_once_by_ctrl_c()
    loaded = _load(paths, base_iri)
    if listing:
        options.show(console.canned_list(loaded))
        return
    store = open_store(loaded)
    if canned:
        text = console.canned_text(canned, params, store, loaded)
    elif query:
        text = _text_of(query)
    else:
        raise click.UsageError(
            "Give a QUERY such as 'SELECT * { ?s ?p ?o } LIMIT 10', or --canned NAME, or --list."
        )
    console.refuse_service(text)
    if explain:
        options.show(escaping.message(explanation.of(store, text, loaded)))
        return
    options.send([console.answer(store, text, form, loaded, terminal=sys.stdout.isatty())])


@click.command(cls=_OneText, epilog="Example: kg-server describe id:louvre")
@click.argument("iri")
@options.PROJECT
@click.option(
    "--format",
    "form",
    default="turtle",
    show_default=True,
    help="turtle, nt, nq, trig, rdfxml or jsonld.",
)
@options.deadline(600)
@options.BASE
def describe(iri: str, paths: tuple[Path, ...], form: str, base_iri: str | None) -> None:
    """Print the statements about a thing.

    IRI is a full IRI, a path such as id/louvre, or a prefixed name such as id:louvre, with the
    prefixes that the files declare.

    Exit code 0: printed; 2: the graph has no statement about it, or another error.
    """
    loaded = _load(paths, base_iri)
    store = open_store(loaded)
    full = console.expand(iri, loaded)
    if not console.exists(store, full):
        hint = console.undeclared(iri, loaded)
        raise ProjectFault(f"the graph has no statement about <{full}>{hint}")
    text = f"DESCRIBE <{full}>"
    options.send([console.answer(store, text, form, loaded, terminal=False)])


@click.command(epilog="Example: kg-server dump --rdf-version 1.2 > graph.ttl")
@options.PATHS
@click.option(
    "--format",
    "form",
    type=click.Choice([name for each in dumps.FORMATS for name in _names(each)]),
    default="turtle",
    show_default=True,
    help="JSON-LD is for --rdf-version 1.1 only.",
)
@click.option(
    "--rdf-version",
    type=click.Choice(["1.1", "1.2"]),
    default="1.1",
    show_default=True,
    help="1.2 writes claims as reifiers of triple terms (RDF 1.2).",
)
@options.deadline(600)
@options.BASE
def dump(paths: tuple[Path, ...], form: str, rdf_version: str, base_iri: str | None) -> None:
    """Print the whole graph: every triple of every file.

    Exit code 0: printed; 2: an error, such as a file that cannot be read.
    """
    loaded = _load(paths, base_iri)
    site = Site.of(open_store(loaded), loaded.base_iri, loaded.profile)
    chosen = formats.named(form, formats.Kind.GRAPH)
    options.send(dumps.dump(site, chosen, rdf12=rdf_version == "1.2"))


def _load(paths: tuple[Path, ...], base_iri: str | None) -> Project:
    loaded = project.load(paths, base_iri)
    options.announce(loaded)
    return loaded


def _text_of(query: str) -> str:
    """Return the query's text: given, in a file, or on standard input."""
    if query == "-":
        return sys.stdin.read()
    if query.endswith(".rq"):
        try:
            return Path(query).read_text("utf-8")
        except OSError as error:
            raise ProjectFault(f"cannot be read: {error.strerror}", path=Path(query)) from error
        except UnicodeDecodeError as error:
            raise ProjectFault("not UTF-8 text", path=Path(query)) from error
    return query
