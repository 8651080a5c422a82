"""The examples of ``ontology/examples``: each pattern is valid, and answers its question.

The answer stands beside the question as CSV. Two engines give it, from the facts of the example,
from what the rules derive from them, and from the ontology.
"""

import csv
import re
from functools import cache
from pathlib import Path

import judging
import pyoxigraph as ox
import pytest
from rdflib import Graph, Literal

from kg_server import project as projects
from kg_server.project import FACTS, Project, Role

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "ontology" / "examples"
EXAMPLES = sorted(FOLDER.glob("*.ttl"))
INVENTED = re.compile(r"X[A-Z]{2}")
"""Codes that ISO 3166-1 leaves to users: no state has one of them."""


@cache
def project(example: Path) -> Project:
    return projects.load([ROOT], chosen={Role.DATA: [example]})


@cache
def ontology() -> Graph:
    return Graph().parse(data=b"".join(_contents(Role.ONTOLOGY, of=EXAMPLES[0])), format="turtle")


def _contents(*roles: Role, of: Path) -> list[bytes]:
    return [each.content for each in project(of).of_role(*roles)]


def question(example: Path) -> str:
    return example.with_suffix(".rq").read_text(encoding="utf-8")


def answer(example: Path) -> list[list[str]]:
    with example.with_suffix(".csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def whole(cell: str) -> str:
    """Return a whole decimal without the nought behind the dot, which rdflib keeps."""
    return re.sub(r"^(\d+)\.0$", r"\1", cell)


def name_of(path: Path) -> str:
    return path.stem


def test_each_example_has_a_question_and_an_answer():
    names = {path.stem for path in EXAMPLES}

    assert len(names) >= 19
    for suffix in ("*.rq", "*.csv"):
        assert {path.stem for path in FOLDER.glob(suffix)} == names


def test_the_page_leads_to_each_example():
    page = (ROOT / "ontology" / "README.md").read_text(encoding="utf-8")

    assert re.findall(r"\(examples/([\w-]+)\.ttl\)", page) == [each.stem for each in EXAMPLES]


@pytest.mark.parametrize("example", EXAMPLES, ids=name_of)
def test_an_example_conforms_without_a_finding(example):
    facts = project(example).of_role(Role.DATA, Role.DERIVED)

    assert judging.findings(facts, judging.shapes_but()) == ()


@pytest.mark.parametrize("example", EXAMPLES, ids=name_of)
def test_an_example_says_what_it_shows_and_invents_its_states(example):
    text = example.read_text(encoding="utf-8")

    assert text.startswith("# How to say ")
    assert f"# Asked by {example.stem}.rq" in text
    for code in re.findall(r'dip:iso3166alpha3 "(\w+)"', text):
        assert INVENTED.fullmatch(code)


@pytest.mark.parametrize("example", EXAMPLES, ids=name_of)
def test_an_example_says_everything_in_three_languages(example):
    texts: dict[tuple, set[str]] = {}
    for subject, predicate, value in Graph().parse(example):
        if isinstance(value, Literal) and value.language:
            texts.setdefault((subject, predicate), set()).add(value.language)

    assert texts
    assert {key: found for key, found in texts.items() if found != {"bn", "en", "fr"}} == {}


@pytest.mark.parametrize("example", EXAMPLES, ids=name_of)
def test_pyoxigraph_answers_the_question(example):
    store = ox.Store()
    for content in _contents(*FACTS, of=example):
        store.load(content, ox.RdfFormat.TURTLE)

    found = store.query(question(example))

    rows = [["" if term is None else term.value for term in row] for row in found]
    assert re.match(r"# [A-Z].*\?\n", question(example))
    assert [[each.value for each in found.variables], *rows] == answer(example)


@pytest.mark.parametrize("example", EXAMPLES, ids=name_of)
def test_rdflib_answers_the_question(example):
    graph = ontology() + Graph()
    for content in _contents(Role.DATA, Role.DERIVED, of=example):
        graph.parse(data=content, format="turtle")

    found = graph.query(question(example))

    rows = [["" if term is None else whole(str(term)) for term in row] for row in found]
    assert [[str(each) for each in found.vars], *rows] == answer(example)
