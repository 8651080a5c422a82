"""Canned queries from the command line, as a program that is run."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

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
        (["SELECT * { SERVICE <https://127.0.0.1:1/> { ?s ?p ?o } }"], "SERVICE is refused"),
    ],
)
def test_what_cannot_be_asked_is_an_error_with_exit_code_1(arguments, message):
    done = run(*arguments)

    assert (done.returncode, done.stdout) == (1, "")
    assert message in done.stderr


NOT_RETURNED = """SELECT ?a ?b {
  ?m a dip:Mission ; dip:sendingState ?a ; dip:receivingState ?b .
  FILTER NOT EXISTS { ?n a dip:Mission ; dip:sendingState ?b ; dip:receivingState ?a }
}"""


def test_an_explanation_has_the_text_that_is_evaluated_and_the_matches_of_each_pattern():
    done = run("--explain", NOT_RETURNED)

    assert done.returncode == 0, done.stderr
    assert "MINUS { SELECT DISTINCT ?a ?b { ?n a dip:Mission ;" in done.stdout
    (line,) = (each for each in done.stdout.splitlines() if each.endswith("?m a dip:Mission"))
    assert int(line.split()[0].replace(",", "")) > 0
    assert "Costly" not in done.stdout


def test_an_explanation_says_what_is_costly_and_what_to_write():
    done = run("--explain", "SELECT * { ?a dip:capital ?b . ?c ?d ?e }")

    assert done.stdout.startswith("The query is evaluated as it is written.")
    assert 'Each match of "?a dip:capital ?b" is combined with each of "?c ?d ?e"' in done.stdout
    assert '"?c ?d ?e" can match every triple' in done.stdout


def test_what_is_no_query_is_not_explained():
    done = run("--explain", "SELECT * { ?a dip:capital ?b LIMIT")

    assert (done.returncode, done.stdout) == (1, "")
    assert "line 1, column 30" in done.stderr


RUNAWAY = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"


def test_a_query_ends_at_its_deadline():
    done = run(RUNAWAY, "--timeout", "2")

    assert done.returncode == 2
    assert "stopped at its deadline" in done.stderr


def test_ctrl_c_ends_a_query_in_the_middle_of_its_evaluation():
    with subprocess.Popen([*PROGRAM, RUNAWAY], stderr=subprocess.PIPE, text=True) as running:
        (child,) = children_at_work(running.pid)
        running.send_signal(signal.SIGINT)

        errors = running.communicate(timeout=30)[1]

    assert running.returncode == 130
    assert "Traceback" not in errors
    assert not Path(f"/proc/{child}").exists()


def children_at_work(pid: int) -> list[int]:
    """Return the children of a process once they have computed for three seconds."""
    while True:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        found = [int(each) for each in text.split()]
        if found and all(int(stat(each)[13]) > 3 * os.sysconf("SC_CLK_TCK") for each in found):
            return found
        time.sleep(0.05)


def stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().split()
