"""The comparing of servers' answers."""

import importlib
import json
from pathlib import Path

import pytest

XSD = "http://www.w3.org/2001/XMLSchema#"


@pytest.fixture
def answers(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parents[2])
    return importlib.import_module("benchmarks.answers")


def table(*rows: dict[str, dict[str, str]], variables: tuple[str, ...] = ("s",)) -> bytes:
    return json.dumps({"head": {"vars": variables}, "results": {"bindings": rows}}).encode()


def iri(value: str) -> dict[str, str]:
    return {"type": "uri", "value": value}


def literal(value: str, datatype: str) -> dict[str, str]:
    return {"type": "typed-literal", "value": value, "datatype": f"{XSD}{datatype}"}


def test_the_order_of_solutions_does_not_matter(answers):
    one, other = {"s": iri("urn:a")}, {"s": iri("urn:b")}

    assert answers.canonical(table(one, other)) == answers.canonical(table(other, one))


def test_a_solution_that_comes_twice_is_another_answer(answers):
    one = {"s": iri("urn:a")}

    assert answers.canonical(table(one)) != answers.canonical(table(one, one))


@pytest.mark.parametrize(
    ("datatype", "one", "other"),
    [("boolean", "true", "1"), ("decimal", "5000.0", "5000"), ("integer", "05", "5")],
)
def test_two_spellings_of_a_value_are_one_answer(answers, datatype, one, other):
    found = [answers.canonical(table({"s": literal(each, datatype)})) for each in (one, other)]

    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("datatype", "one", "other"),
    [("boolean", "true", "0"), ("decimal", "5000.0", "5001"), ("gYear", "1992", "1993")],
)
def test_two_values_are_two_answers(answers, datatype, one, other):
    found = [answers.canonical(table({"s": literal(each, datatype)})) for each in (one, other)]

    assert found[0] != found[1]


def test_the_table_that_virtuoso_answers_an_ask_with_is_a_boolean(answers):
    row = {"__ASK_RETVAL": literal("1", "integer")}

    yes, no = (table(*rows, variables=("__ASK_RETVAL",)) for rows in ([row], []))

    assert answers.canonical(yes) is True
    assert answers.canonical(no) is False


def test_a_difference_is_told_with_the_query_and_both_answers(answers):
    with pytest.raises(answers.Different) as caught:
        answers.compare({"ASK {}": True}, {"ASK {}": False}, ("one", "other"))

    told = str(caught.value).splitlines()
    assert told == ["other answers otherwise than one", "ASK {}", "one: True", "other: False"]
