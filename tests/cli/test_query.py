"""Canned queries from the command line, as a program that is run."""

import subprocess
import sys

import pytest

PROGRAM = [sys.executable, "-c", "from kg_server.cli.main import main; main()", "query"]


def run(*arguments):
    return subprocess.run([*PROGRAM, *arguments], capture_output=True, text=True, timeout=60)


def test_a_canned_query_is_answered_as_csv_in_a_pipe():
    done = run("--canned", "embassy-status", "--param", "sending=CAN", "--param", "receiving=কানাডা")

    assert done.returncode == 0
    assert "unknown" in done.stdout.splitlines()[1]


def test_the_canned_queries_are_listed():
    done = run("--list")

    assert done.returncode == 0
    assert any(line.startswith("who-serves ") for line in done.stdout.splitlines())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--canned", "mission"], "Near it: missions"),
        (["--canned", "missions"], "The parameter 'state' is missing"),
        (["--canned", "missions", "--param", "state=Kanada"], "Near it: Canada"),
        (["--canned", "missions", "--param", "state"], "NAME=VALUE"),
    ],
)
def test_what_cannot_be_asked_is_an_error_with_exit_code_1(arguments, message):
    done = run(*arguments)

    assert (done.returncode, done.stdout) == (1, "")
    assert message in done.stderr
