"""Answers on the command line, as they are printed."""

from __future__ import annotations

from kg_server import project as projects
from kg_server.cli import console
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
