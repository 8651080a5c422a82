"""The command line: arguments in, exit code out.

0: it went well, the data conform. 1: the data do not conform, the query failed. 2: it could not
be done: a wrong argument, a file that is missing or not well-formed.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import click

from kg_server import escaping
from kg_server.cli import diff, guard, init, query, serve, test, validate
from kg_server.errors import KgError, Problem, ProjectFault


class _Commands(click.Group):
    """Turns what went wrong for the user into one message and an exit code."""

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


for each in (
    init.init,
    validate.validate,
    test.test,
    diff.diff,
    query.query,
    query.describe,
    query.dump,
    serve.serve,
):
    commands.add_command(each)


def _complain(message: str) -> None:
    click.echo(f"kg-server: {escaping.terminal(message)}", err=True)


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
    """Run the command line and exit.

    All commands but ``serve``, which has its own processes, run in a guarded child.
    """
    if not sys.warnoptions:  # libraries tell developers what their users cannot change
        warnings.filterwarnings("ignore", module=r"rdflib|pyshacl")
    command = next((each for each in sys.argv[1:] if not each.startswith("-")), "")

    def run() -> int:
        return _quietly(lambda: commands(standalone_mode=False))

    sys.exit(run() if command in ("serve", "") else guard.run(run))
