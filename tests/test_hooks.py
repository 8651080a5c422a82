"""The pre-commit hook and the GitHub Action call the program as it is."""

from __future__ import annotations

import re
from pathlib import Path

from click.testing import CliRunner

from kg_server.cli import main, validate

ROOT = Path(__file__).resolve().parents[1]


def options_of_validate() -> str:
    return CliRunner().invoke(main.commands, ["validate", "--help"]).output


def test_the_hook_runs_a_command_that_there_is_on_every_syntax_that_is_read():
    text = (ROOT / ".pre-commit-hooks.yaml").read_text()

    assert re.search(r"^  entry: kg-server validate$", text, re.MULTILINE)
    for suffix in ("ttl", "trig", "nt", "nq", "rdf", "jsonld"):
        assert suffix in text


def test_the_action_uses_options_that_there_are_and_pastes_no_input_into_its_script():
    text = (ROOT / "action.yml").read_text()
    script = text.rpartition("run: |")[2]

    used = set(re.findall(r"--[a-z-]+", script))
    assert used == {"--fail-on", "--output"}
    assert all(option in options_of_validate() for option in used)
    assert "${{" not in script


def test_the_page_on_validation_names_every_form():
    text = (ROOT / "docs" / "validation.md").read_text()

    assert not [form for form in validate.FORMS if f"`{form}`" not in text]
