"""Answers on the command line, as they are printed."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from kg_server import project as projects
from kg_server.cli import console
from kg_server.cli.main import commands
from kg_server.store import open_store


def printed(tmp_path, data, query, form):
    file = tmp_path / "d.ttl"
    file.write_text(data)
    loaded = projects.load([file])
    return console.answer(open_store(loaded), query, form, loaded, terminal=False).decode()


def test_a_description_has_the_prefixes_of_the_files_that_it_needs(tmp_path):
    data = "@prefix ex: <https://e.org/> . @prefix no: <urn:no:> . ex:a ex:says ex:b ."

    text = printed(tmp_path, data, "DESCRIBE ex:a", "turtle")

    assert text == "@prefix ex: <https://e.org/> .\nex:a ex:says ex:b .\n"


def test_a_table_cuts_no_value_off_in_a_narrow_terminal(tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    data = f"<urn:a> <urn:says> '{'x' * 60}' , '{'y' * 60}' ."

    text = printed(tmp_path, data, "SELECT * { ?a ?b ?c }", "table")

    assert "…" not in text
    assert text.count("x") == 60


@pytest.mark.parametrize(
    ("command", "example"),
    [
        (["query", "ASK {}"], "Name files (kg-server query --project data.ttl "),
        (["describe", "ex:a"], "Name files (kg-server describe --project data.ttl "),
        (["dump"], "Name files (kg-server dump data.ttl)"),
        (["diff", "a.ttl"], "Name files (kg-server diff old.ttl new.ttl)"),
        (["validate"], "Name files (kg-server validate data.ttl "),
        (["test"], "or above, and no data/ beside ontology/. Write a kg.toml"),
    ],
)
def test_without_a_project_each_command_says_how_files_are_named_to_it(
    tmp_path, monkeypatch, command, example
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.ttl").write_text("<urn:a> <urn:b> 1 .")

    done = CliRunner().invoke(commands, command)

    assert (done.exit_code, done.stdout) == (2, "")
    assert example in done.stderr


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("exx:a", "exx: is no prefix of the files; did you mean ex:a?"),
        ("q:a", "q: is no prefix of the files, which declare ex:"),
        ("ex:a", "the graph has no statement about <https://e.org/a>\n"),
        ("https://e.org/a", "the graph has no statement about <https://e.org/a>\n"),
    ],
)
def test_a_prefix_that_no_file_declares_is_named(tmp_path, name, hint):
    file = tmp_path / "d.ttl"
    file.write_text("@prefix ex: <https://e.org/> . ex:b ex:says 1 .")

    done = CliRunner().invoke(commands, ["describe", "--project", str(file), name])

    assert done.exit_code == 2
    assert hint in done.stderr


@pytest.mark.parametrize(
    "command", [["query", "ASK {}", "--project"], ["describe", "urn:a", "--project"], ["dump"]]
)
def test_a_format_that_there_is_not_is_a_wrong_argument(tmp_path, command):
    file = tmp_path / "d.ttl"
    file.write_text("<urn:a> <urn:b> 1 .")

    done = CliRunner().invoke(commands, [*command, str(file), "--format", "foo"])

    assert (done.exit_code, done.stdout) == (2, "")
    assert "json" in done.stderr


@pytest.mark.parametrize("command", ["validate", "test", "diff", "query", "describe", "dump"])
def test_help_names_the_exit_codes_and_no_file_that_loose_files_do_not_have(command):
    text = CliRunner().invoke(commands, [command, "--help"]).stdout

    assert "Exit code" in text
    assert "ontology/README.md" not in text
