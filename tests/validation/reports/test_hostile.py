"""Reports of a project whose literals attack whatever shows them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import pytest

from kg_server.validation.reports import FORMS

LITERAL = (
    r"\u001B]0;PWNED\u0007 \u009B31m \u202E \u2028 \u0085 \uFFFE \n::add-mask::zz \n``` \n"
    r"##[add-mask]y <img src=x> @everyone [x](https://evil.example) \u0060\u0060\u0060"
)
DATA = f"""@prefix ex: <https://e.example/> .
ex:a ex:code "{LITERAL}" .
"""
SHAPES = """@prefix ex: <https://e.example/> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
ex:Shape a sh:NodeShape ; sh:targetSubjectsOf ex:code ; sh:sparql [
    sh:message "has the code {?value}" ;
    sh:select "SELECT $this ?value { $this <https://e.example/code> ?value }" ] .
"""
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2028\u2029\ufffe]")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    root = tmp_path_factory.mktemp("hostile")
    (root / "kg.toml").write_text('data = ["data.ttl"]\nontology = []\nshapes = ["shapes.ttl"]\n')
    (root / "data.ttl").write_text(DATA)
    (root / "shapes.ttl").write_text(SHAPES)
    return root


def validate(root, form, **environ):
    command = [sys.executable, "-m", "kg_server", "validate", str(root), "--format", form]
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(root), **environ}
    done = subprocess.run(command, capture_output=True, env=environment, check=False)
    assert done.returncode == 1, done.stderr.decode()
    return done.stdout.decode()


@pytest.mark.parametrize("form", [form for form in FORMS if form != "json"])
def test_no_form_has_a_control_that_a_terminal_obeys(hostile, form):
    assert not OBEYED.search(validate(hostile, form))


def test_json_and_sarif_carry_the_text_and_can_be_parsed(hostile):
    (finding,) = json.loads(validate(hostile, "json"))["findings"]
    (result,) = json.loads(validate(hostile, "sarif"))["runs"][0]["results"]

    assert "::add-mask::zz" in finding["message"]
    assert r"\[x\](https://evil.example)" in result["message"]["text"]


def test_junit_can_be_parsed(hostile):
    tree = ElementTree.fromstring(validate(hostile, "junit"))  # noqa: S314  # our own

    assert tree.find(".//failure") is not None


def test_in_a_job_the_text_is_between_lines_that_stop_commands(hostile):
    lines = validate(hostile, "text", GITHUB_ACTIONS="true").splitlines()

    (begin,) = [n for n, line in enumerate(lines) if line.startswith("::stop-commands::")]
    end = lines.index("::" + lines[begin].removeprefix("::stop-commands::") + "::")
    own = [n for n, line in enumerate(lines) if line.startswith("::error ")]
    found = [n for n, line in enumerate(lines) if "::add-mask" in line or "##[" in line]
    assert all(n in own or begin < n < end for n in found)
    assert sum(line.startswith("::") for line in lines[end + 1 :]) == 1  # the finding's own


def test_a_finding_in_a_long_line_shows_a_part_of_it(hostile, tmp_path):
    root = tmp_path
    for name in ("kg.toml", "shapes.ttl"):
        (root / name).write_text((hostile / name).read_text())
    values = " , ".join(f'"{n}"' for n in range(1000))
    (root / "data.ttl").write_text(f"<https://e.example/a> <https://e.example/code> {values} .")

    written = validate(root, "text")

    assert max(len(line) for line in written.splitlines()) < 400
