"""``kg-server query``, ``describe`` and ``dump``: ask the files without a server."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kg_server import formats, project
from kg_server.cli import console, explanation, guard, options
from kg_server.errors import ProjectFault
from kg_server.linked_data import dumps
from kg_server.linked_data.documents import Site
from kg_server.store import open_store

if TYPE_CHECKING:
    from kg_server.project import Project


@click.command(
    epilog="Examples: kg-server query 'SELECT * { ?s ex:city ?o }' -- kg-server query "
    "--canned museums --param city=Paris"
)
@click.argument("query", required=False)
@click.option("--project", "paths", multiple=True, type=click.Path(path_type=Path), help="Files.")
@click.option("--format", "form", help="table, json, xml, csv, tsv, turtle, nt, rdfxml, jsonld …")
@click.option("--canned", metavar="NAME", help="Ask a canned query instead.")
@click.option("--param", "params", multiple=True, metavar="NAME=VALUE", help="Its parameters.")
@click.option("--explain", is_flag=True, help="Print how the query is evaluated instead.")
@click.option("--list", "listing", is_flag=True, help="List the canned queries.")
@click.option("--timeout", type=float, help="Give up after seconds.")
@options.BASE
def query(  # one parameter an option
    query: str | None,
    paths: tuple[Path, ...],
    form: str | None,
    canned: str | None,
    params: tuple[str, ...],
    explain: bool,
    listing: bool,  # click passes it by name
    timeout: float | None,
    base_iri: str | None,
) -> None:
    """Ask the project's files a SPARQL query.

    QUERY is the text, the name of an .rq file, or - for standard input. Prefixes of the project
    need no declaration. On a terminal the answer is a table, in a pipe it is CSV or Turtle.
    --explain prints what is evaluated, how many triples match each pattern, and what is costly.
    """
    guard.end_at_once_by_ctrl_c()
    if timeout:
        guard.end_in(timeout)
    loaded = _load(paths, base_iri)
    if listing:
        click.echo(console.canned_list(loaded), nl=False)
        return
    store = open_store(loaded)
    if canned:
        text = console.canned_text(canned, params, store, loaded)
    elif query:
        text = _text_of(query)
    else:
        raise click.UsageError("Give a QUERY, or --canned NAME, or --list.")
    console.refuse_service(text)
    if explain:
        click.echo(explanation.of(store, text, loaded), nl=False)
        return
    _write(console.answer(store, text, form, loaded, terminal=sys.stdout.isatty()))


@click.command(epilog="Example: kg-server describe id:louvre")
@click.argument("iri")
@click.option("--project", "paths", multiple=True, type=click.Path(path_type=Path), help="Files.")
@click.option("--format", "form", default="turtle", show_default=True)
@options.BASE
def describe(iri: str, paths: tuple[Path, ...], form: str, base_iri: str | None) -> None:
    """Print what the graph says of a thing.

    IRI is a full IRI, a path such as id/louvre, or a prefixed name such as id:louvre, with the
    prefixes that the files declare.
    """
    loaded = _load(paths, base_iri)
    store = open_store(loaded)
    full = console.expand(iri, loaded)
    if not console.exists(store, full):
        raise ProjectFault(f"the graph says nothing of <{full}>")
    text = f"DESCRIBE <{full}>"
    _write(console.answer(store, text, form, loaded, terminal=False))


@click.command(epilog="Example: kg-server dump --rdf-version 1.2 > graph.ttl")
@options.PATHS
@click.option("--format", "form", default="turtle", show_default=True, help="nt, nq, trig, jsonld.")
@click.option(
    "--rdf-version",
    type=click.Choice(["1.1", "1.2"]),
    default="1.1",
    show_default=True,
    help="1.2 writes claims as reifiers of triple terms.",
)
@options.BASE
def dump(paths: tuple[Path, ...], form: str, rdf_version: str, base_iri: str | None) -> None:
    """Print the whole graph: every triple of every file."""
    loaded = _load(paths, base_iri)
    site = Site.of(open_store(loaded), loaded.base_iri, loaded.profile)
    chosen = formats.named(form, formats.Kind.GRAPH)
    for chunk in dumps.dump(site, chosen, rdf12=rdf_version == "1.2"):
        _write(chunk)


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


def _write(content: bytes) -> None:
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()
