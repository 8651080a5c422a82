"""The command line: arguments in, exit code out.

0: it went well, the data conform. 1: the data do not conform, the query failed. 2: it could not
be done: a wrong argument, a file that is missing or not well-formed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kg_server.config import BASE_IRI, Settings
from kg_server.errors import KgError, Problem, ProjectFault
from kg_server.findings import Severity

if TYPE_CHECKING:
    from kg_server.store.oxigraph import OxigraphStore

FORMS = ("text", "json", "turtle", "sarif", "junit", "github", "gitlab", "markdown", "html")
"""The forms of a report; known here too, so that --help need not import what writes them."""

_PATHS = click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
_BASE = click.option("--base-iri", default=BASE_IRI, show_default=True, help="Base IRI of names.")


class _Commands(click.Group):
    """Turns what went wrong for the user into one message and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ProjectFault as fault:
            click.echo(f"kg-server: {fault}", err=True)
            ctx.exit(2)
        except Problem as problem:
            click.echo(f"kg-server: {problem.title}: {problem.detail}", err=True)
            if near := problem.members.get("near"):
                click.echo(near, err=True)
            ctx.exit(1)
        except KgError as error:
            click.echo(f"kg-server: {error}", err=True)
            ctx.exit(2)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("kg-server"), prog_name="kg-server")
def commands() -> None:
    """Validate, query and serve a cited knowledge graph of diplomatic relations.

    Without PATHS a command works on the project around the current directory (one with data/ and
    ontology/), or else on the graph that comes with the package.
    """


@commands.command(epilog="Example: kg-server validate data/relations.ttl --format json")
@_PATHS
@click.option("--format", "form", type=click.Choice(FORMS), default="text")
@click.option(
    "--output",
    "outputs",
    multiple=True,
    metavar="FORM=FILE",
    help="Write the report to a file as well; repeatable.",
)
@click.option(
    "--baseline",
    type=click.Path(path_type=Path),
    help="An earlier report as JSON: only what is new is reported and counts.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["violation", "warning", "info"]),
    default="violation",
    show_default=True,
    help="The least severity that makes the command fail.",
)
@click.option("--jobs", type=click.IntRange(1), help="Processes to use; all cores by default.")
@click.option("--no-cache", is_flag=True, help="Check anew even if no file has changed.")
@click.option("--timeout", default=120.0, show_default=True, help="Give up after seconds.")
@_BASE
def validate(  # one parameter an option
    paths: tuple[Path, ...],
    form: str,
    outputs: tuple[str, ...],
    baseline: Path | None,
    fail_on: str,
    jobs: int | None,
    no_cache: bool,  # click passes it by name
    timeout: float,
    base_iri: str,
) -> None:
    """Check data and ontology by the SHACL shapes, and the shapes themselves.

    PATHS are data files or directories, or the root of a project. Exit code 0: conforms; 1: does
    not; 2: could not be checked.
    """
    from kg_server import checking, project, validation

    plan = checking.plan(form, outputs)
    loaded = project.load(paths, base_iri)
    report = validation.validate(loaded, timeout_s=timeout, jobs=jobs, use_cache=not no_cache)
    report = checking.since(baseline, report)
    click.echo(checking.write(plan, report, loaded), nl=False)
    weights = [each.value.lower() for each in Severity]
    failing = weights[: weights.index(fail_on) + 1]
    if any(finding.severity.value.lower() in failing for finding in report.findings):
        sys.exit(1)


@commands.command(
    epilog="Examples: kg-server query 'SELECT * { ?s dip:capital ?o }' -- kg-server query "
    "--canned missions --param state=CAN"
)
@click.argument("query", required=False)
@click.option("--project", "paths", multiple=True, type=click.Path(path_type=Path), help="Files.")
@click.option("--format", "form", help="table, json, xml, csv, tsv, turtle, nt, rdfxml, jsonld …")
@click.option("--canned", metavar="NAME", help="Ask a canned query instead.")
@click.option("--param", "params", multiple=True, metavar="NAME=VALUE", help="Its parameters.")
@click.option("--list", "listing", is_flag=True, help="List the canned queries.")
@_BASE
def query(  # one parameter an option
    query: str | None,
    paths: tuple[Path, ...],
    form: str | None,
    canned: str | None,
    params: tuple[str, ...],
    listing: bool,  # click passes it by name
    base_iri: str,
) -> None:
    """Ask the project's files a SPARQL query.

    QUERY is the text, the name of an .rq file, or - for standard input. Prefixes of the project
    need no declaration. On a terminal the answer is a table, in a pipe it is CSV or Turtle.
    """
    from kg_server import console

    if listing:
        click.echo(console.canned_list(base_iri), nl=False)
        return
    store = _store(paths, base_iri)
    if canned:
        text = console.canned_text(canned, params, store, base_iri)
    elif query:
        text = _text_of(query)
    else:
        raise click.UsageError("Give a QUERY, or --canned NAME, or --list.")
    _write(console.answer(store, text, form, base_iri, terminal=sys.stdout.isatty()))


@commands.command(epilog="Example: kg-server describe state:CAN")
@click.argument("iri")
@click.option("--project", "paths", multiple=True, type=click.Path(path_type=Path), help="Files.")
@click.option("--format", "form", default="turtle", show_default=True)
@_BASE
def describe(iri: str, paths: tuple[Path, ...], form: str, base_iri: str) -> None:
    """Print what the graph says of a thing.

    IRI is a full IRI, a path such as id/state/CAN, or a prefixed name such as state:CAN.
    """
    from kg_server import console

    store = _store(paths, base_iri)
    full = console.expand(iri, base_iri)
    if not console.exists(store, full):
        raise ProjectFault(f"the graph says nothing of <{full}>")
    text = f"DESCRIBE <{full}>"
    _write(console.answer(store, text, form, base_iri, terminal=False))


@commands.command(epilog="Example: kg-server dump --rdf-version 1.2 > graph.ttl")
@_PATHS
@click.option("--format", "form", default="turtle", show_default=True, help="nt, nq, trig, jsonld.")
@click.option(
    "--rdf-version",
    type=click.Choice(["1.1", "1.2"]),
    default="1.1",
    show_default=True,
    help="1.2 writes claims as reifiers of triple terms.",
)
@_BASE
def dump(paths: tuple[Path, ...], form: str, rdf_version: str, base_iri: str) -> None:
    """Print the whole graph: every triple of every file."""
    from kg_server import dumps, formats
    from kg_server.catalogue import Catalogue
    from kg_server.documents import Site

    site = Site(_store(paths, base_iri), base_iri)
    chosen = formats.named(form, formats.Kind.GRAPH)
    kinds = Catalogue(site).kinds()
    for chunk in dumps.dump(site, chosen, kinds=kinds, rdf12=rdf_version == "1.2"):
        _write(chunk)


@commands.command(epilog="Example: kg-server serve --port 8080 --base-iri https://kg.example.org/")
@_PATHS
@click.option("--host", help="Address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="0: any free one.  [default: 8000]")
@click.option("--workers", type=click.IntRange(1), help="HTTP worker processes.  [default: 1]")
@click.option("--evaluators", type=click.IntRange(1), help="Queries at one time.  [default: 8]")
@click.option("--timeout", "query_timeout_s", type=float, help="Seconds a query may take.")
@click.option("--base-iri", help=f"Base IRI of names.  [default: {BASE_IRI}]")
@click.option("--allow-invalid", is_flag=True, help="Serve even what does not conform.")
@click.option("--no-validate", is_flag=True, help="Do not validate at all.")
@click.option("--watch", is_flag=True, help="Reload when a file changes (or send SIGHUP).")
@click.option("--access-log", is_flag=True, help="A line of JSON a request on standard error.")
def serve(  # one parameter an option
    paths: tuple[Path, ...],
    allow_invalid: bool,  # click passes it by name
    no_validate: bool,
    watch: bool,
    access_log: bool,
    **options: Any,
) -> None:
    """Serve the graph: SPARQL, canned queries, linked data and pages.

    Every setting can also come from the environment, as KG_SERVER_<NAME>.
    """
    import logging

    from kg_server.web.server import Start
    from kg_server.web.server import serve as run

    logging.basicConfig(format="kg-server: %(message)s", level=logging.WARNING)
    logging.getLogger("kg_server.access").setLevel(logging.INFO if access_log else logging.WARNING)
    run(
        Start(
            paths,
            Settings.read(**options),
            allow_invalid=allow_invalid,
            validate=not no_validate,
            watch=watch,
        )
    )


def _store(paths: tuple[Path, ...], base_iri: str) -> OxigraphStore:
    from kg_server import project
    from kg_server.store.oxigraph import OxigraphStore

    return OxigraphStore(project.load(paths, base_iri))


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


def _quietly(run: Callable[[], object]) -> int:
    """Run, and end quietly when the reader of a pipe goes away or Ctrl-C is pressed."""
    try:
        code = run()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except KeyboardInterrupt:
        return 130
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.Abort:
        return 130
    # Outside of its standalone mode, click 8.2 returns the code of ctx.exit() and raises nothing.
    return code if isinstance(code, int) else 0


def main() -> None:
    """Run the command line and exit."""
    sys.exit(_quietly(lambda: commands(standalone_mode=False)))
