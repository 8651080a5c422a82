"""``kg-server validate`` in continuous integration: forms, files, baselines, interruptions."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import children
import pytest

ROOT = Path(__file__).resolve().parents[2]
BY_OURS = (
    "--shapes",
    ROOT / "ontology" / "shapes",
    *(f"--ontology={path}" for path in sorted((ROOT / "ontology").glob("*.ttl"))),
)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def kg(cache):
    def run(*arguments: object, cwd: Path = ROOT, **variables: str):
        kept = {name: value for name, value in os.environ.items() if "GITHUB" not in name}
        return subprocess.run(
            [sys.executable, "-m", "kg_server", *map(str, arguments)],
            cwd=cwd,
            env={**kept, "XDG_CACHE_HOME": str(cache), **variables},
            input=variables.get("STDIN", ""),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    """The shipped facts with one wrong: Canada's capital is a state."""
    path = tmp_path_factory.mktemp("broken") / "relations.ttl"
    text = (ROOT / "data" / "relations.ttl").read_text()
    lines = text.splitlines(keepends=True)
    number = next(n for n, line in enumerate(lines) if line.strip().startswith("dip:capital"))
    lines[number] = "    dip:capital state:AZE ;\n"
    path.write_text("".join(lines))
    return path, number + 1


def test_the_shipped_graph_conforms_and_a_second_run_recalls_the_report(kg, tmp_path):
    first = kg("validate", XDG_CACHE_HOME=str(tmp_path))
    (kept,) = (tmp_path / "kg-server" / "reports").glob("*.json")
    report = json.loads(kept.read_text())
    kept.write_text(json.dumps({**report, "triples": 123456}))  # which nobody would count

    again = kg("validate", XDG_CACHE_HOME=str(tmp_path))

    assert (first.returncode, again.returncode) == (0, 0), first.stderr + again.stderr
    assert "Conforms" in first.stdout
    assert re.search(r"Checked [\d,]+ triples", first.stdout)
    assert "Checked 123,456 triples" in again.stdout


def test_a_wrong_fact_is_reported_at_its_line_in_every_form_at_once(kg, broken, tmp_path):
    path, line = broken
    sarif, junit = tmp_path / "r.sarif", tmp_path / "r.xml"

    done = kg("validate", path, *BY_OURS, f"--output=sarif={sarif}", f"--output=junit={junit}")

    assert done.returncode == 1, done.stderr
    assert f"{path}:{line}:17: VIOLATION: state:" in done.stdout
    assert "dip:capital state:AZE ;" in done.stdout
    levels = [each["level"] for each in json.loads(sarif.read_text())["runs"][0]["results"]]
    assert "error" in levels
    assert "<failure" in junit.read_text()


def test_known_findings_do_not_fail_against_a_baseline(kg, broken, tmp_path):
    path, _ = broken
    baseline = tmp_path / "old.json"
    baseline.write_text(kg("validate", path, *BY_OURS, "--format", "json").stdout)

    done = kg("validate", path, *BY_OURS, "--baseline", baseline)

    assert done.returncode == 0, done.stderr
    assert "0 new" in done.stderr


def test_a_job_of_github_actions_gets_annotations_and_a_summary(kg, broken, tmp_path):
    path, line = broken
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")

    job = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)}
    done = kg("validate", path, *BY_OURS, **job)

    assert "::error title=" in done.stdout
    assert f"file={path},line={line}," in done.stdout
    assert summary.read_text().startswith("before\n## Validation: does not conform")


@pytest.mark.parametrize(
    ("shapes", "message", "code"),
    [
        ("dsh:X a sh:NodeShape ; sh:targetclass dip:State .", "did you mean sh:targetClass", 1),
        ("dsh:X a dip:State .", "these are no shapes", 2),
        ("dsh:X a sh:NodeShape ; sh:targetClass dip:State ; sh:minCount .", "all.ttl:4:", 2),
    ],
)
def test_shapes_that_are_none_are_told_with_an_exit_code(kg, tmp_path, shapes, message, code):
    for folder in ("data", "ontology/shapes"):
        (tmp_path / folder).mkdir(parents=True)
    prefixes = (
        "@prefix dip: <https://diplomacy.example/ns/diplomacy#> .\n"
        "@prefix dsh: <https://diplomacy.example/ns/shapes#> .\n"
        "@prefix sh: <http://www.w3.org/ns/shacl#> .\n"
    )
    (tmp_path / "data" / "all.ttl").write_text(prefixes + "dsh:a a dip:State .")
    (tmp_path / "ontology" / "shapes" / "all.ttl").write_text(prefixes + shapes)

    done = kg("validate", cwd=tmp_path)

    assert done.returncode == code
    assert message in (done.stdout if code == 1 else done.stderr)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["validate", "--output", "report.sarif"],
        ["validate", "--output", "json=/proc/nowhere/x"],
        ["validate", "--baseline", "absent.json"],
        ["validate", "--output", "yaml=report.yaml"],
    ],
)
def test_a_wrong_argument_is_explained_with_exit_code_2(kg, arguments):
    done = kg(*arguments)

    assert done.returncode == 2
    assert done.stderr
    assert "Traceback" not in done.stderr


def test_ctrl_c_ends_a_validation_quietly(tmp_path, cache):
    for folder in ("data", "ontology/shapes"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "data" / "all.ttl").write_text(
        f'<urn:a> a <urn:T> ; <urn:p> "{"a" * 60}b" .', encoding="utf-8"
    )
    (tmp_path / "ontology" / "shapes" / "all.ttl").write_text(
        "@prefix sh: <http://www.w3.org/ns/shacl#> .\n<urn:S> a sh:NodeShape ;"
        ' sh:targetClass <urn:T> ; sh:property [ sh:path <urn:p> ; sh:pattern "^(a+)+$" ] .'
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "kg_server", "validate"],
        cwd=tmp_path,
        env={**os.environ, "XDG_CACHE_HOME": str(cache)},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    (guarded,) = children.of(process.pid)
    assert children.of(guarded)  # one of which matches the pattern

    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=20)

    assert process.returncode == 130
    assert "Traceback" not in errors
