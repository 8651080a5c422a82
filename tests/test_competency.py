"""The competency questions: each ``.rq`` file over the shipped graph, with two engines.

The expected answer stands beside the query as CSV. Rows are compared as a list where the query
has an ``ORDER BY`` and as a bag otherwise; numbers are compared by value. A query that rdflib is
not able to run says so in its header (``# rdflib: reason``).
"""

import csv
import functools
import re
from collections import Counter
from decimal import Decimal, InvalidOperation
from pathlib import Path

import pyoxigraph
import pytest
import rdflib

from kg_server import project as projects
from kg_server.project import FACTS

ROOT = Path(__file__).parents[1]
QUERIES = sorted((ROOT / "tests" / "competency").glob("CQ*.rq"))
FILES = projects.load([ROOT]).of_role(*FACTS)
SYNTAXES = {
    "turtle": pyoxigraph.RdfFormat.TURTLE,
    "ntriples": pyoxigraph.RdfFormat.N_TRIPLES,
}
RDFLIB_QUERIES = [
    path
    for path in QUERIES
    if not re.search(r"^# rdflib: \S", path.read_text(encoding="utf-8"), re.MULTILINE)
]

Row = tuple[str, ...]


@functools.cache
def oxigraph_store() -> pyoxigraph.Store:
    store = pyoxigraph.Store()
    for file in FILES:
        store.load(file.content, format=SYNTAXES[file.syntax])
    return store


@functools.cache
def rdflib_graph() -> rdflib.Graph:
    graph = rdflib.Graph()
    for file in FILES:
        graph.parse(data=file.content, format=file.syntax)
    return graph


def by_value(cell: str) -> str:
    try:
        return format(Decimal(cell).normalize(), "f")
    except InvalidOperation:
        return cell


def expected(query: Path) -> tuple[Row, list[Row]]:
    with query.with_suffix(".csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    return tuple(header), [tuple(map(by_value, row)) for row in rows]


def assert_same_answer(query: Path, variables: Row, rows: list[Row]) -> None:
    expected_variables, expected_rows = expected(query)
    assert variables == expected_variables
    if "ORDER BY" in query.read_text(encoding="utf-8"):
        assert rows == expected_rows
    else:
        assert Counter(rows) == Counter(expected_rows)


def test_there_are_the_25_questions_of_the_draft_and_ten_more():
    names = [path.stem for path in QUERIES]

    assert len(names) >= 35
    assert names == [f"CQ{number:02d}" for number in range(1, len(names) + 1)]
    assert [path.stem for path in sorted((ROOT / "tests" / "competency").glob("*.csv"))] == names


@pytest.mark.parametrize("query", QUERIES, ids=lambda path: path.stem)
def test_each_query_begins_with_its_question(query):
    assert re.match(r"# [A-Z].*\?\n", query.read_text(encoding="utf-8"))


@pytest.mark.parametrize("query", QUERIES, ids=lambda path: path.stem)
def test_pyoxigraph_gives_the_expected_answer(query):
    solutions = oxigraph_store().query(query.read_text(encoding="utf-8"))

    variables = tuple(variable.value for variable in solutions.variables)
    rows = [
        tuple("" if term is None else by_value(term.value) for term in solution)
        for solution in solutions
    ]
    assert_same_answer(query, variables, rows)


@pytest.mark.parametrize("query", RDFLIB_QUERIES, ids=lambda path: path.stem)
def test_rdflib_gives_the_expected_answer(query):
    result = rdflib_graph().query(query.read_text(encoding="utf-8"))

    variables = tuple(str(variable) for variable in result.vars)
    rows = [
        tuple("" if term is None else by_value(str(term)) for term in solution)
        for solution in result
    ]
    assert_same_answer(query, variables, rows)
