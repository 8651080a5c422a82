"""The command line as its user meets it: a process, its output and its exit code."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from rdflib import RDF, SH, Graph, URIRef

from kg_server.cli.main import commands

ROOT = Path(__file__).resolve().parents[2]
BY_OURS = (
    "--shapes",
    ROOT / "ontology" / "shapes",
    *(f"--ontology={path}" for path in sorted((ROOT / "ontology").glob("*.ttl"))),
)
"""Of a file elsewhere nothing of the project here is true unless it is said."""
UNTRANSLATED = """
@prefix dip: <https://diplomacy.example/ns/diplomacy#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
<https://diplomacy.example/id/state/CAN> a dip:State ;
    rdfs:label "Canada"@en ;
    dip:iso3166alpha3 "CAN" .
"""
STATE = """
@prefix dip: <https://diplomacy.example/ns/diplomacy#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
<https://diplomacy.example/id/state/XXA> a dip:State .
"""


@pytest.fixture(autouse=True, scope="module")
def own_cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


def kg(*arguments: object, stdin: str | None = None, cwd: Path = ROOT, **environ: str):
    return subprocess.run(
        [sys.executable, "-m", "kg_server", *map(str, arguments)],
        cwd=cwd,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "COLUMNS": "200", **environ},
        check=False,
    )


def said(done: subprocess.CompletedProcess[str]) -> str:
    """Return the message of a command that could not be done, which is all that it prints."""
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    return done.stderr


COMMANDS = ["validate", "test", "query ASK{}", "describe id/state/CAN", "dump", "diff . data"]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("output", "message"),
    [("> /dev/full", "the output cannot be written: No space left on device"),
     (">&-", "standard output is closed")],
    ids=["full", "closed"],
)  # fmt: skip
def test_an_output_that_takes_nothing_is_one_message(command, output, message):
    script = f'exec "$0" -m kg_server {command} --no-findings {output}'
    if not command.startswith("diff"):
        script = script.replace("--no-findings ", "")
    done = subprocess.run(
        ["sh", "-c", script, sys.executable], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["validate", "query ASK{}", "nothing", "query --nothing"])
def test_a_standard_error_that_is_full_is_no_finding(command):
    script = f'exec "$0" -m kg_server {command} 2> /dev/full'

    done = subprocess.run(["sh", "-c", script, sys.executable], cwd=ROOT, check=False)

    assert done.returncode == 2  # not 1: the graph conforms


def test_the_shipped_graph_conforms_and_the_report_says_what_was_checked():
    done = kg("validate")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Conforms." in done.stdout
    assert re.search(r"Checked [\d,]{5,} triples .* [\d,]{3,} nodes by \d{2,} shapes", done.stdout)


@pytest.mark.parametrize(("level", "code"), [("violation", 0), ("warning", 0), ("info", 1)])
def test_fail_on_says_from_which_severity_the_command_fails(tmp_path, level, code):
    path = tmp_path / "state.ttl"
    path.write_text(UNTRANSLATED)

    assert kg("validate", path, *BY_OURS, "--fail-on", level).returncode == code


def test_a_violation_fails_with_what_where_and_which_shape(tmp_path):
    path = tmp_path / "state.ttl"
    path.write_text(STATE)

    done = kg("validate", path, *BY_OURS)

    assert done.returncode == 1
    assert "VIOLATION: <https://diplomacy.example/id/state/XXA>" in done.stdout
    assert "dsh:" in done.stdout
    assert "Does not conform" in done.stdout


def test_the_report_comes_as_json(tmp_path):
    path = tmp_path / "state.ttl"
    path.write_text(UNTRANSLATED)

    report = json.loads(kg("validate", path, *BY_OURS, "--format", "json").stdout)

    assert report["conforms"] is True
    assert report["counts"] == {"Violation": 0, "Warning": 0, "Info": 1}
    assert report["checked"]["triples"] > 1000
    assert {each["severity"] for each in report["findings"]} == {"Info"}


def test_the_report_comes_as_turtle(tmp_path):
    path = tmp_path / "state.ttl"
    path.write_text(STATE)

    graph = Graph().parse(
        data=kg("validate", path, *BY_OURS, "--format", "turtle").stdout, format="turtle"
    )

    (report,) = graph.subjects(RDF.type, SH.ValidationReport)
    focus = {graph.value(result, SH.focusNode) for result in graph.objects(report, SH.result)}
    assert URIRef("https://diplomacy.example/id/state/XXA") in focus
    assert str(graph.value(report, SH.conforms)) == "false"


def test_a_missing_file_is_said_to_be_missing(tmp_path):
    message = said(kg("validate", tmp_path / "nowhere.ttl"))

    assert f"{tmp_path / 'nowhere.ttl'}: there is no such file or directory" in message


def test_turtle_cut_in_half_is_a_finding_with_the_place(tmp_path):
    whole = (ROOT / "data" / "relations.ttl").read_bytes()
    path = tmp_path / "half.ttl"
    path.write_bytes(whole[: len(whole) // 2].decode(errors="ignore").rpartition(" ")[0].encode())

    message = unread(kg("validate", path))

    assert re.search(re.escape(str(path)) + r":\d+:\d+: VIOLATION", message), message
    assert "Nothing of this file was checked" in message


def test_a_wrong_character_is_shown_by_line_and_column(tmp_path):
    path = tmp_path / "wrong.ttl"
    path.write_text("<https://e.org/s> a <https://e.org/C> .\n<https://e.org/s> ]")

    assert f"{path}:2:19: VIOLATION" in unread(kg("validate", path))


def test_a_binary_file_is_not_rdf(tmp_path):
    path = tmp_path / "binary.ttl"
    path.write_bytes(bytes(range(256)))

    assert "Not UTF-8 text" in unread(kg("validate", path))


def test_binary_that_happens_to_be_utf_8_is_a_syntax_error(tmp_path):
    path = tmp_path / "binary.ttl"
    path.write_bytes(bytes(range(32)))

    assert f"{path}:1:1: VIOLATION" in unread(kg("validate", path))


def unread(done: subprocess.CompletedProcess[str]) -> str:
    """The report of a command that could not read a file, which is exit code 2."""
    assert done.returncode == 2, done.stderr
    assert "rule   unreadable-file" in done.stdout
    return done.stdout


def test_a_directory_without_data_is_an_error(tmp_path):
    assert "the directory has no RDF files" in said(kg("validate", tmp_path))


def test_data_without_triples_never_conform(tmp_path):
    path = tmp_path / "empty.ttl"
    path.write_text("# nothing\n")

    assert "no triples" in said(kg("validate", path))


def test_data_about_nothing_that_a_shape_knows_never_conform(tmp_path):
    (tmp_path / "data.ttl").write_text("<https://e.org/s> a <https://e.org/C> .")
    (tmp_path / "shapes.ttl").write_text(
        "@prefix sh: <http://www.w3.org/ns/shacl#> .\n"
        "<https://e.org/S> a sh:NodeShape ; sh:targetClass <https://e.org/D> ; sh:closed true ."
    )

    message = said(kg("validate", tmp_path / "data.ttl", tmp_path / "shapes.ttl"))

    assert "nothing would be checked" in message


def test_data_of_somebody_else_are_never_judged_by_the_project_here(tmp_path):
    path = tmp_path / "data.ttl"
    path.write_text("<https://e.org/s> a <https://e.org/C> .")

    assert "name the shapes" in said(kg("validate", path))
    ended = kg("validate", path, *BY_OURS)
    assert ended.returncode == 2
    assert "No shape has a node of the data to look at" in ended.stderr


def test_a_shape_that_is_none_is_named_with_its_place(tmp_path):
    (tmp_path / "data.ttl").write_text("<https://e.org/s> a <https://e.org/C> .")
    shapes = tmp_path / "shapes.ttl"
    shapes.write_text(
        "@prefix sh: <http://www.w3.org/ns/shacl#> .\n"
        "<https://e.org/S> a sh:NodeShape ; sh:targetClass <https://e.org/C> ;\n"
        "    sh:property [ sh:path <https://e.org/p> ; sh:maxCuont 1 ] ."
    )

    done = kg("validate", tmp_path / "data.ttl", shapes)

    assert done.returncode == 1
    assert f"{shapes}:3" in done.stdout
    assert "did you mean sh:maxCount?" in done.stdout


@pytest.mark.parametrize("arguments", [["validate", "--format", "png"], ["no-such"], ["query"]])
def test_a_wrong_argument_is_an_error_of_use(arguments):
    assert "Usage" in said(kg(*arguments))


def test_every_command_has_help_with_an_example():
    done = kg("query", "--help")

    assert done.returncode == 0
    assert "Example" in done.stdout
    for name, command in every_command():
        assert "Example" in (command.epilog or ""), name


def test_every_option_of_every_command_has_a_help_text():
    bare = [
        f"{name} {each.opts[0]}"
        for name, command in every_command()
        for each in command.params
        if isinstance(each, click.Option) and len(each.help or "") < 10
    ]

    assert not bare


def test_the_list_of_commands_has_the_first_line_of_each_help():
    listed = " ".join(kg("--help").stdout.split())  # long lines are wrapped

    for name, command in every_command():
        assert f" {name} {(command.help or '').partition(chr(10))[0]}" in listed


def every_command():
    context = click.Context(commands)
    named = [
        (name, commands.get_command(context, name)) for name in commands.list_commands(context)
    ]
    assert len(named) == 10
    return named


def test_the_version_is_that_of_the_package():
    done = kg("--version")

    assert done.returncode == 0
    assert re.fullmatch(r"kg-server, version \d+\.\d+\.\d+\n", done.stdout)


QUESTION = "SELECT ?date { relation:AZE-CAN dip:startDate ?date } ORDER BY ?date"


def test_a_question_needs_no_prefixes_and_is_answered_in_csv_in_a_pipe():
    done = kg("query", QUESTION)

    assert done.returncode == 0, done.stderr
    header, *rows = csv.reader(done.stdout.splitlines())
    assert header == ["date"]
    assert sorted(rows) == [["1992"], ["1992-07-10"]]


def test_a_table_shows_short_names():
    done = kg("query", "--format", "table", "SELECT ?c { state:CAN dip:capital ?c }")

    assert done.returncode == 0, done.stderr
    assert "place:" in done.stdout
    assert "1 row\n" in done.stdout


@pytest.mark.parametrize("form", ["json", "xml", "csv", "tsv"])
def test_solutions_come_in_every_format_of_the_standards(form):
    done = kg("query", "--format", form, QUESTION)

    assert done.returncode == 0, done.stderr
    assert "1992-07-10" in done.stdout


@pytest.mark.parametrize(
    ("form", "parser"),
    [("turtle", "turtle"), ("nt", "nt"), ("rdfxml", "xml"), ("jsonld", "json-ld")],
)
def test_a_description_comes_in_every_format_of_graphs(form, parser):
    done = kg("describe", "state:CAN", "--format", form)

    assert done.returncode == 0, done.stderr
    canada = URIRef("https://diplomacy.example/id/state/CAN")
    assert (canada, None, None) in Graph().parse(data=done.stdout, format=parser)


@pytest.mark.parametrize(
    "name", ["state:CAN", "id/state/CAN", "https://diplomacy.example/id/state/CAN"]
)
def test_a_thing_is_named_in_full_or_in_short(name):
    assert kg("describe", name).stdout == kg("describe", "state:CAN").stdout != ""


def test_a_thing_that_is_not_there_is_an_error():
    assert "no statement about <https://diplomacy.example/id/state/NOWHERE>" in said(
        kg("describe", "state:NOWHERE")
    )


def test_a_query_comes_from_a_file_or_from_standard_input(tmp_path):
    path = tmp_path / "question.rq"
    path.write_text(QUESTION)

    assert kg("query", path).stdout == kg("query", "-", stdin=QUESTION).stdout != ""


def test_a_query_file_that_is_missing_is_an_error(tmp_path):
    assert "cannot be read" in said(kg("query", tmp_path / "no.rq"))


def test_a_syntax_error_shows_where_it_is():
    done = kg("query", "SELECT * {\n ?s ?p }")

    assert done.returncode == 1
    assert "line 2, column 8" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_update_is_refused():
    done = kg("query", "DELETE WHERE { ?s ?p ?o }")

    assert done.returncode == 1
    assert "read-only" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_reader_that_goes_away_is_no_error_message():
    command = f"{sys.executable} -m kg_server query 'SELECT ?s ?p ?o {{ ?s ?p ?o }}' | head -n 1"

    done = subprocess.run(
        ["sh", "-c", command], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )

    assert done.stdout == "s,p,o\n"
    assert len(done.stderr.splitlines()) == 1  # what is worked on


@pytest.mark.parametrize(
    ("command", "number", "code"),
    [
        ("serve", "SIGINT", -signal.SIGINT),
        ("query", "SIGINT", -signal.SIGINT),
        ("serve", "SIGHUP", 7),
    ],
)
def test_a_signal_while_modules_are_imported_causes_no_word(tmp_path, command, number, code):
    sends = f"import os, signal, sys\nos.kill(os.getpid(), signal.{number})\nsys.exit(7)\n"
    (tmp_path / "click.py").write_text(sends)

    done = subprocess.run(
        [sys.executable, "-m", "kg_server", command],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        check=False,
    )

    assert (done.returncode, done.stdout + done.stderr) == (code, b"")


def test_ctrl_c_ends_quietly_with_130():
    process = subprocess.Popen(
        [sys.executable, "-m", "kg_server", "query", "-"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with process:
        time.sleep(2)  # it waits for the query by now

        process.send_signal(signal.SIGINT)

        code = process.wait(30)
        assert process.stderr is not None
        said = process.stderr.read().splitlines()
        assert (code, said[1:]) == (130, [])  # after the line that says what is worked on


@pytest.mark.parametrize(
    ("arguments", "environ", "message"),
    [
        (["--timeout", "-1"], {}, "query_timeout_s"),
        (["--timeout", "nan"], {}, "query_timeout_s"),
        (["--timeout", "0"], {}, "query_timeout_s"),
        (["--timeout", "1e30"], {}, "query_timeout_s"),
        (["--host", ""], {}, "host"),
        ([], {"KG_SERVER_WORKERS": "-3"}, "KG_SERVER_WORKERS"),
        ([], {"KG_SERVER_EVALUATORS": "0"}, "KG_SERVER_EVALUATORS"),
        ([], {"KG_SERVER_PORT": "99999"}, "from 0 to 65535"),
        ([], {"KG_SERVER_MAX_BODY_BYTES": "-1"}, "KG_SERVER_MAX_BODY_BYTES"),
        ([], {"KG_SERVER_QUEUE_TIMEOUT_S": "nan"}, "KG_SERVER_QUEUE_TIMEOUT_S"),
        ([], {"KG_SERVER_BODY_TIMEOUT_S": "soon"}, "must be of type float"),
        (["--base-iri", "http://x/<y>/"], {}, "base IRI"),
        (["--base-iri", "javascript:alert(1)/"], {}, "base IRI"),
        (["--base-iri", "https://example.org"], {}, "end with a slash"),
    ],
)
def test_a_setting_out_of_range_is_one_clear_message(arguments, environ, message):
    assert message in said(kg("serve", *arguments, **{"KG_SERVER_PORT": "0", **environ}))


@pytest.fixture
def served():
    with subprocess.Popen(
        [sys.executable, "-m", "kg_server", "serve", "--port", "0"],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.terminate()


def address_of(process: subprocess.Popen[str]) -> str:
    assert process.stderr is not None
    told = ""
    for line in process.stderr:
        told += line
        if "SPARQL" in line:
            return line.split()[-1]
    raise AssertionError(told)


def get(url: str) -> bytes:
    until = time.monotonic() + 30
    while True:  # the address is printed a moment before the port is open
        try:
            with urllib.request.urlopen(url, timeout=20) as response:  # noqa: S310  # our own server
                return response.read()
        except urllib.error.URLError:
            assert time.monotonic() < until
            time.sleep(0.1)


def test_serve_answers_a_question_and_ends_when_told(served):
    parameters = urllib.parse.urlencode({"query": "ASK { ?s ?p ?o }", "format": "csv"})

    answer = get(f"{address_of(served)}?{parameters}")

    served.send_signal(signal.SIGTERM)
    assert answer.strip() == b"true"
    assert served.wait(40) == 0


def test_serve_refuses_a_graph_that_does_not_conform(tmp_path):
    for folder in ("ontology", "data"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    (tmp_path / "kg.toml").write_bytes((ROOT / "kg.toml").read_bytes())
    shutil.copytree(ROOT / "queries", tmp_path / "queries")
    (tmp_path / "tests").mkdir()
    (tmp_path / "data" / "state.ttl").write_text(STATE)

    message = said(kg("serve", "--port", "0", tmp_path))

    assert "the data do not conform; see --allow-invalid" in message


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("serv", "Did you mean serve?"),
        ("graph.ttl", "To serve files: kg-server serve graph.ttl"),
        ("xyz", "The commands: init, validate, test"),
        ("x" * 5000, "The commands: init, validate, test"),
    ],
)
def test_what_is_no_command_leads_to_one(tmp_path, monkeypatch, name, hint):
    (tmp_path / "graph.ttl").write_text(STATE)
    monkeypatch.chdir(tmp_path)

    done = CliRunner().invoke(commands, [name])

    assert done.exit_code == 2
    assert hint in done.output


@pytest.mark.parametrize(
    ("given", "example"),
    [
        (("query", "ASK {}", "data.ttl"), "kg-server query --project data.ttl 'SELECT"),
        (("query", "SELECT", "?s", "{", "}"), "Put the text in quotation marks"),
        (("describe", "id:a", "data.ttl"), "kg-server describe --project data.ttl id:louvre"),
    ],
)
def test_a_file_after_a_query_leads_to_the_option_for_files(given, example):
    done = CliRunner().invoke(commands, given)

    assert done.exit_code == 2
    assert example in " ".join(done.output.split())
