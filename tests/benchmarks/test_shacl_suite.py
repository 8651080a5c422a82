"""The runner of SHACL test suites counts what passes, and sees what does not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "shacl_suite.py"
PREFIXES = """@prefix ex: <https://e.org/> .
@prefix mf: <http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix sht: <http://www.w3.org/ns/shacl-test#> .
"""
SHAPE = "ex:S a sh:NodeShape ; sh:targetNode ex:a ; sh:property [ sh:path ex:p ; sh:minCount 1 ] ."
RESULT = """[ a sh:ValidationReport ; sh:conforms false ; sh:result [ a sh:ValidationResult ;
  sh:focusNode ex:a ; sh:resultPath ex:p ; sh:resultSeverity sh:Violation ;
  sh:sourceConstraintComponent sh:MinCountConstraintComponent ] ]"""


def case(name: str, result: str, shapes: str = SHAPE) -> str:
    return (
        f"{PREFIXES}{shapes} ex:b ex:p 1 .\n<> mf:entries ( <{name}> ) .\n"
        f"<{name}> a sht:Validate ; mf:action [ sht:dataGraph <> ; sht:shapesGraph <> ] ; "
        f"mf:result {result} .\n"
    )


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_cases_are_counted_by_category_and_those_that_fail_are_named(tmp_path):
    folder = tmp_path / "core" / "node"
    folder.mkdir(parents=True)
    (folder / "right.ttl").write_text(case("right", RESULT))
    (folder / "wrong.ttl").write_text(case("wrong", "[ sh:conforms true ]"))
    twice = SHAPE.replace("sh:minCount 1", "sh:minCount 1 , 2")
    (folder / "failure.ttl").write_text(case("failure", "sht:Failure", twice))
    (folder / "manifest.ttl").write_text(
        f"{PREFIXES}<> mf:include <right.ttl> , <wrong.ttl> , <failure.ttl> ."
    )
    (tmp_path / "manifest.ttl").write_text(f"{PREFIXES}<> mf:include <core/node/manifest.ttl> .")

    ended = run(str(tmp_path / "manifest.ttl"))

    assert ended.returncode == 0, ended.stderr
    assert "| core/node | 3 | 2 | 2 |\n| all | 3 | 2 | 2 |" in ended.stdout
    assert "core/node/wrong: ours fails, pySHACL fails" in ended.stdout


def test_a_manifest_that_is_missing_is_said_in_a_line():
    ended = run("nowhere.ttl")

    assert ended.returncode == 2
    assert "there is no file nowhere.ttl" in ended.stderr
