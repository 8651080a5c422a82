"""The command line: arguments in, exit code out.

0: it went well, the data conform. 1: the data do not conform, the query failed. 2: it could not
be done: a wrong argument, a file that is missing or not well-formed.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
import warnings
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import click

from kg_server import escaping, processes
from kg_server.cli import guard
from kg_server.errors import KgError, Problem, ProjectFault

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""Errors of writing to a disk that is full or broken."""
_COMMANDS = {
    "init": "Begin a project that validates, passes its tests and can be served.",
    "validate": "Check data and ontology by the SHACL shapes, and the shapes themselves.",
    "test": "Ask a project's competency questions and judge its examples of shapes.",
    "diff": "Compare two states of a project.",
    "query": "Ask the project's files a SPARQL query.",
    "describe": "Print what the graph says of a thing.",
    "dump": "Print the whole graph: every triple of every file.",
    "probe": "Ask a SPARQL service what it does otherwise than the standard.",
    "publish": "Write the project into SPARQL services, for serve --endpoint.",
    "serve": "Serve the graph: SPARQL, canned queries, linked data and pages.",
}
"""The commands, each with what ``--help`` says of it, which need not import it for that."""


class _Commands(click.Group):
    """Imports only the command that is run, and turns a user's mistake into message and exit code.

    What the commands need takes up to a second to import.
    """

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        return _command(cmd_name)

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ProjectFault as fault:
            _complain(str(fault))
            ctx.exit(2)
        except Problem as problem:
            _complain(f"{problem.title}: {problem.detail}")
            if near := problem.members.get("near"):
                click.echo(escaping.terminal(str(near)), err=True)
            ctx.exit(1)
        except KgError as error:
            _complain(str(error))
            ctx.exit(2)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("kg-server"), prog_name="kg-server")
def commands() -> None:
    """Validate, query and serve RDF graphs: any project of RDF files.

    Run a command inside a project, a folder with kg.toml, or with data/ and ontology/; or name
    files. serve shows an example elsewhere.
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
    click.echo(f"kg-server: {escaping.terminal(message)}", err=True)


def _quietly(run: Callable[[], object]) -> int:
    """Run, and end quietly when the reader of a pipe goes away or Ctrl-C is pressed."""
    try:
        code = run()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except OSError as error:
        if error.errno not in _FULL:
            raise
        _complain(guard.unwritable(error))
        return 2
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
    """Run the command line and exit.

    All commands but ``serve``, which has its own processes, run in a guarded child.
    """
    command = next((each for each in sys.argv[1:] if not each.startswith("-")), "")
    if command == "serve":  # until there is something to reload
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    elif sys.stdout is None:
        processes.say("kg-server: standard output is closed: there is nowhere to write to\n")
        sys.exit(2)
    processes.open_standard_streams()
    if not sys.warnoptions:  # libraries tell developers what their users cannot change
        warnings.filterwarnings("ignore", module=r"rdflib|pyshacl")

    def run() -> int:
        return _quietly(lambda: commands(standalone_mode=False))

    sys.exit(run() if command in ("serve", "") else guard.run(run))
