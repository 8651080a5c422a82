"""Entry point of the command line: finds the command, runs it, and turns errors into exit codes.

0: success, the data conform. 1: the data do not conform, or the query failed. 2: a wrong argument,
or a file that is missing or ill-formed.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
import warnings
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click

from kg_server import escaping, processes
from kg_server.cli import guard
from kg_server.errors import KgError, NoProject, NotAcceptable, Problem, ProjectFault

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""Errors of writing to a disk that is full or broken."""
_OUT_OF_REACH = (errno.EACCES, errno.ELOOP, errno.ENAMETOOLONG)
"""Errors of looking for a file: a folder may not be entered, a link leads to itself."""
_COMMANDS = {
    "init": "Start a project: write kg.toml, and an example if there are no RDF files.",
    "validate": "Validate data and ontology with the SHACL shapes, and the shapes themselves.",
    "test": "Run a project's test queries and its examples of shapes.",
    "diff": "Compare two versions of a project.",
    "query": "Run a SPARQL query on the project's files.",
    "describe": "Print the statements about a thing.",
    "dump": "Print the whole graph: every triple of every file.",
    "probe": "Test a SPARQL service: where does it differ from the standard?",
    "publish": "Write the project into SPARQL services, for kg-server serve --endpoint.",
    "serve": "Serve the graph: SPARQL, canned queries, linked data and pages.",
}
"""First line of each command's help; here, so that ``--help`` does not import the commands."""


_WITH_FILES = {
    "validate": "kg-server validate data.ttl --shapes shapes.ttl",
    "diff": "kg-server diff old.ttl new.ttl",
    "query": "kg-server query --project data.ttl 'SELECT * { ?s ?p ?o }'",
    "describe": "kg-server describe --project data.ttl ex:thing",
    "dump": "kg-server dump data.ttl",
}
"""Examples of the commands that take files by name, for users who have no project."""


def _instead_of(name: str) -> str:
    """Return what to do in place of a command that does not exist."""
    from difflib import get_close_matches

    with suppress(OSError):  # a name that is too long
        if name.isprintable() and Path(name).exists():
            return f"To serve files: kg-server serve {name}"
    near = get_close_matches(name.lower(), _COMMANDS, 1)
    return f"Did you mean {near[0]}?" if near else f"The commands: {', '.join(_COMMANDS)}."


class _Commands(click.Group):
    """The group of commands: imports only the one that is run; reports errors and exit codes.

    Importing everything would take up to a second.
    """

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        return _command(cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in _COMMANDS and not name.startswith("-"):
            ctx.fail(f"No such command {name!r}. {_instead_of(name)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except NoProject as fault:
            example = _WITH_FILES.get(ctx.invoked_subcommand or "")
            named = f"Name files ({example}), or write" if example else "Write"
            _complain(f"{fault}. {named} a kg.toml for the files that are here: kg-server init")
            ctx.exit(2)
        except ProjectFault as fault:
            _complain(str(fault))
            ctx.exit(2)
        except Problem as problem:
            _complain(f"{problem.title}: {problem.detail}")
            if near := problem.members.get("near"):
                click.echo(escaping.message(str(near)), err=True)
            ctx.exit(2 if isinstance(problem, NotAcceptable) else 1)
        except KgError as error:
            _complain(str(error))
            ctx.exit(2)
        except RecursionError:
            _complain(
                "something in the project's files, or a path, is nested too deeply to be read"
            )
            ctx.exit(2)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("kg-server"), prog_name="kg-server")
def commands() -> None:
    """Validate, query and publish RDF graphs.

    Run commands inside a project: a folder that has kg.toml, or data/ and ontology/. Or name files.
    Outside of a project, serve shows an example.
    """


def _command(name: str) -> click.Command | None:
    """Import a command and return it; ``None`` if there is none of that name."""
    if name == "init":
        from kg_server.cli.init import init

        return init
    if name == "validate":
        from kg_server.cli.validate import validate

        return validate
    if name == "test":
        from kg_server.cli.test import test

        return test
    if name == "diff":
        from kg_server.cli.diff import diff

        return diff
    if name == "probe":
        from kg_server.cli.probe import probe

        return probe
    if name == "publish":
        from kg_server.cli.publish import publish

        return publish
    if name == "serve":
        from kg_server.cli.serve import serve

        return serve
    if name in ("query", "describe", "dump"):
        from kg_server.cli import query

        return {"query": query.query, "describe": query.describe, "dump": query.dump}[name]
    return None


def _complain(message: str) -> None:
    with suppress(OSError):  # standard error may be what is full
        click.echo(escaping.message(f"kg-server: {message}"), err=True)


def _quietly(run: Callable[[], object]) -> int:
    """Run a command; return its exit code, without a traceback for Ctrl-C or a closed pipe."""
    try:
        code = run()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except OSError as error:
        if error.errno in _OUT_OF_REACH and error.filename:
            _complain(f"{error.filename}: {error.strerror}")
        elif error.errno in _FULL:
            _complain(guard.unwritable(error))
        else:
            raise
        return 2
    except KeyboardInterrupt:
        return 130
    except click.ClickException as error:
        with suppress(OSError):
            error.show()
        return error.exit_code
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.Abort:
        return 130
    # Outside of its standalone mode, click 8.2 returns the code of ctx.exit() and raises nothing.
    return code if isinstance(code, int) else 0


def main() -> None:
    """Run the command line and exit.

    All commands but ``serve``, which has its own processes, run in a guarded child.
    """
    command = next((each for each in sys.argv[1:] if not each.startswith("-")), "")
    if command == "serve":  # SIGHUP means reload once a graph is served; before that, ignore it
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    elif sys.stdout is None:
        processes.say("kg-server: standard output is closed: there is nowhere to write to\n")
        sys.exit(2)
    processes.open_standard_streams()
    if not sys.warnoptions:  # warnings for developers, which users cannot mend
        warnings.filterwarnings("ignore", module=r"rdflib|pyshacl")

    def run() -> int:
        return _quietly(lambda: commands(standalone_mode=False))

    sys.exit(run() if command in ("serve", "") else guard.run(run))
