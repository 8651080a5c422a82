"""The pre-commit hook and the GitHub Action call the program as it is."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from kg_server.cli import main, validate
from kg_server.project import syntax

ROOT = Path(__file__).resolve().parents[1]


def options_of_validate() -> str:
    return CliRunner().invoke(main.commands, ["validate", "--help"]).output


def test_the_hook_runs_a_command_that_there_is_on_every_syntax_that_is_read():
    text = (ROOT / ".pre-commit-hooks.yaml").read_text()

    assert re.search(r"^  entry: kg-server validate$", text, re.MULTILINE)
    pattern = yaml.safe_load(text)[0]["files"]
    read = [f"a{suffix}{packed}" for suffix in syntax.SYNTAXES for packed in ("", ".gz")]
    for name in (*read, "kg.toml", "sub/pyproject.toml", "queries/q.rq", "catalog-v001.xml"):
        assert re.search(pattern, name), name
    assert not re.search(pattern, "README.md")


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


@pytest.fixture
def project(tmp_path):
    """A project with the files that the page names, one value of which is wrong."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.ttl").write_text(
        "@prefix ex: <https://e.org/> .\nex:a a ex:T ;\n  ex:p 1 .\n"
    )
    (tmp_path / "ontology.ttl").write_text(
        "@prefix ex: <https://e.org/> .\n@prefix sh: <http://www.w3.org/ns/shacl#> .\n"
        "@prefix owl: <http://www.w3.org/2002/07/owl#> .\n"
        "ex:T a owl:Class .\nex:S a sh:NodeShape ; sh:targetClass ex:T ;\n"
        "  sh:property [ sh:path ex:p ; sh:minInclusive 2 ] .\n"
    )
    return tmp_path


def blocks():
    """Return the YAML blocks of the page on validation, by the file that each is for."""
    text = (ROOT / "docs" / "validation.md").read_text()
    found = re.findall(r"```yaml\n# (\S+)\n(.*?)```", text, re.DOTALL)
    return {name: yaml.safe_load(content) for name, content in found}


def run(command, project, **environ):
    scripts = Path(sys.executable).parent
    environment = {**os.environ, **environ, "PATH": f"{scripts}:{os.environ['PATH']}"}
    environment["XDG_CACHE_HOME"] = str(project / ".cache")
    return subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, check=False
    )


def test_the_workflow_of_the_page_writes_the_report_that_it_uploads(project):
    workflow = blocks()[".github/workflows/graph.yml"]
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    (job,) = workflow["jobs"].values()
    _, validating, uploading = job["steps"]
    given = {name: each["default"] for name, each in action["inputs"].items()}
    assert validating["uses"].startswith("OWNER/kg-server@")
    assert given.keys() >= validating["with"].keys()
    given |= validating["with"]
    step = action["runs"]["steps"][-1]
    inputs = {
        name: re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda found: given[found[1]], value)
        for name, value in step["env"].items()
    }

    done = run(["bash", "-e", "-o", "pipefail", "-c", step["run"]], project, **inputs)

    assert done.returncode == 1, done.stderr
    assert uploading["if"] == "always()"
    report = json.loads((project / uploading["with"]["sarif_file"]).read_text())
    errors = [each for each in report["runs"][0]["results"] if each["level"] == "error"]
    (location,) = errors[0]["locations"]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == "data/a.ttl"
    assert location["physicalLocation"]["region"]["startLine"] == 3
    assert workflow["permissions"]["security-events"] == "write"


def test_the_pre_commit_hook_of_the_page_finds_what_is_wrong(project):
    (repository,) = blocks()[".pre-commit-config.yaml"]["repos"]
    (used,) = repository["hooks"]
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    (hook,) = [each for each in hooks if each["id"] == used["id"]]

    done = run([*shlex.split(hook["entry"]), *used["args"]], project)

    assert done.returncode == 1, done.stderr
    assert "data/a.ttl:3:8: VIOLATION: ex:a" in done.stdout
    assert hook["pass_filenames"] is False


def test_the_action_passes_further_options_on(project):
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    step = action["runs"]["steps"][-1]
    given = {"PATHS": "data", "FAIL_ON": "violation", "OUTPUT": ""}
    given["OPTIONS"] = "--shapes ontology.ttl --format json"

    done = run(["bash", "-e", "-o", "pipefail", "-c", step["run"]], project, **given)

    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout)["counts"]["Violation"] == 1
