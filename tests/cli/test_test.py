"""``kg-server test`` asks questions and judges examples, and says what is wrong with which."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from kg_server.project import scaffold

EX = "PREFIX ex: <https://kg.example.org/ns#>\n"
THING = "https://kg.example.org/id/"


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    scaffold.write(tmp_path / "project")
    return tmp_path / "project"


def run(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kg_server", "test", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=place)


def test_the_project_of_the_repository_passes():
    root = Path(__file__).resolve().parents[2]

    done = run(root)

    assert done.returncode == 0, done.stdout + done.stderr
    questions = list((root / "tests" / "competency").glob("*.rq"))
    assert f"{len(questions)} passed in" in done.stdout


def test_a_copy_without_its_tests_is_a_project_and_has_no_such_case(place):
    manifest = place / "kg.toml"
    manifest.write_text(manifest.read_text().replace('["tests"]', '["tests/none"]'))

    done = run(place)
    validated = subprocess.run(
        [sys.executable, "-m", "kg_server", "validate"], check=False, cwd=place, capture_output=True
    )

    assert (done.returncode, validated.returncode) == (2, 0)
    assert "no case to test in queries, tests/none: " in done.stderr


def question(place: Path, query: str, answer: str, suffix: str) -> None:
    (place / "tests" / "q.rq").write_text(EX + query)
    (place / "tests" / f"q{suffix}").write_text(answer)


JSON = """{"head": {"vars": ["b"]}, "results": {"bindings": [
  {"b": {"type": "uri", "value": "https://kg.example.org/id/atlas"}}]}}"""
XML = f"""<sparql xmlns="http://www.w3.org/2005/sparql-results#"><head><variable name="b"/></head>
<results><result><binding name="b"><uri>{THING}atlas</uri></binding></result></results></sparql>"""
BOOKS = "SELECT ?b { ?b a ex:Book }"
GRAPH = "CONSTRUCT { [] ex:of ?b } { ?b a ex:Book }"


@pytest.mark.parametrize(
    ("query", "answer", "suffix"),
    [
        (BOOKS, f"b\n{THING}atlas\n", ".csv"),
        (BOOKS, f"?b\n<{THING}atlas>\n", ".tsv"),
        (BOOKS, JSON, ".srj"),
        (BOOKS, XML, ".srx"),
        ("SELECT (1.50 AS ?n) (BNODE() AS ?x) {}", "n,x\n1.5,_:other\n", ".csv"),
        ("SELECT ?n { VALUES ?n { 2 1 } }", "n\n1\n2\n", ".csv"),
        ("SELECT ?n { VALUES ?n { 2 1 } } ORDER BY ?n", "n\n1\n2\n", ".csv"),
        (GRAPH, f"[] <https://kg.example.org/ns#of> <{THING}atlas> .", ".ttl"),
        ("ASK { ?b a ex:Book }", "true\n", ".txt"),
        ("ASK { ?b a ex:Mission }", '{"head": {}, "boolean": false}', ".srj"),
    ],
)
def test_a_right_answer_passes_in_each_format(place, query, answer, suffix):
    question(place, query, answer, suffix)

    ended = run(place, "-k", "q.rq")

    assert (ended.returncode, len(ended.stderr.splitlines())) == (0, 1)
    assert re.fullmatch(r"\.\n1 passed in \d+\.\d s\n", ended.stdout)


@pytest.mark.parametrize(
    ("query", "answer", "suffix", "said"),
    [
        (BOOKS, f"b\n{THING}map\n", ".csv", f"- {THING}map\n+ {THING}atlas"),
        ("SELECT ?n { VALUES ?n { 2 1 } } ORDER BY ?n", "n\n2\n1\n", ".csv", "in another order"),
        (GRAPH, "[] <https://kg.example.org/ns#of> 1 .", ".nt", "SYNTAX"),
        (
            GRAPH,
            f"<{THING}x> <{THING}y> <{THING}z> .",
            ".nt",
            f"- <{THING}x> <{THING}y> <{THING}z>",
        ),
        ("ASK { ?b a ex:Book }", "false", ".txt", "is true, not false"),
        ("ASK { ?b a ex:Book }", "perhaps", ".txt", "true or false is expected, not 'perhaps'"),
        (BOOKS, "true", ".txt", "a .txt file cannot have an answer of this kind"),
        ("SELECT nonsense", "b\n", ".csv", "q.rq"),
    ],
)
def test_a_wrong_answer_fails_with_what_differs(place, query, answer, suffix, said):
    question(place, query, answer, suffix)

    ended = run(place)

    assert ended.returncode == 1
    assert "FAILED tests/q.rq\n" in ended.stdout
    assert ended.stdout.splitlines()[-1].startswith("1 failed, 3 passed in ")
    assert said == "SYNTAX" or said in ended.stdout
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        (
            "valid/bad.ttl",
            "<urn:a> a <https://kg.example.org/ns#Library> .",
            "should conform, but:",
        ),
        (
            "invalid/good.ttl",
            "<urn:a> a <https://kg.example.org/ns#Library> ; "
            "<http://www.w3.org/2000/01/rdf-schema#label> 'x' .",
            "should not conform, but does",
        ),
        (
            "invalid/other.ttl",
            "# expect: LibraryShape-holds Class\n<urn:a> a <https://kg.example.org/ns#Library> .",
            "expected: LibraryShape-holds Class\nfound:\n    Violation ",
        ),
        ("valid/broken.ttl", "<urn:a> a", "broken.ttl:1"),
        ("invalid/broken.ttl", "<urn:a> a", "broken.ttl:1"),
    ],
)
def test_an_example_that_is_judged_otherwise_fails(place, name, text, said):
    (place / "tests" / "examples" / name).write_text(text)

    ended = run(place, "-k", name)

    assert ended.returncode == 1
    assert said in ended.stdout
    assert "Traceback" not in ended.stderr


def test_what_is_included_belongs_to_an_example(place):
    example = place / "tests" / "examples" / "valid" / "two.ttl"
    (example.parents[1] / "label.ttl").write_text(
        "<urn:a> <http://www.w3.org/2000/01/rdf-schema#label> 'x' ."
    )
    library = "# include: ../label.ttl\n<urn:a> a <https://kg.example.org/ns#Library> ."

    example.write_text(library.partition("\n")[2])
    assert run(place, "-k", "two").returncode == 1

    example.write_text(library)
    assert run(place, "-k", "two").returncode == 0


def test_junit_has_each_case_with_what_is_wrong(place):
    question(place, BOOKS, "b\n", ".csv")

    run(place, "--junit", "report.xml")

    suite = ElementTree.parse(place / "report.xml").getroot()[0]  # noqa: S314  # our own file
    assert (suite.get("tests"), suite.get("failures")) == ("4", "1")
    (failure,) = suite.iter("failure")
    assert failure.text == f"+ {THING}atlas"


def test_where_there_is_nothing_to_test_it_is_said_what_is_looked_for(place, tmp_path):
    ended = run(place, "-k", "nowhere")

    assert ended.returncode == 2
    assert "has 'nowhere' in its name" in ended.stderr
    assert run(tmp_path, str(tmp_path / "missing")).returncode == 2
