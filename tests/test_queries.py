"""The canned queries: every file over the shipped graph, with two engines.

``tests/queries/cases.toml`` has the parameters of each case, and ``tests/queries/<case>.csv`` its
answer. Numbers are compared by value, since engines write decimals differently.
"""

import csv
import functools
import re
import tomllib
from collections import Counter
from decimal import Decimal, InvalidOperation
from pathlib import Path

import pyoxigraph
import pytest
import rdflib

from kg_server import canned
from kg_server import project as projects
from kg_server.canned import names
from kg_server.project import FACTS, Role
from kg_server.sparql import rewrite

ROOT = Path(__file__).parents[1]
EXPECTED = ROOT / "tests" / "queries"
CASES = tomllib.loads((EXPECTED / "cases.toml").read_text(encoding="utf-8"))
PROJECT = projects.load([ROOT])
FILES = PROJECT.of_role(*FACTS)
QUERIES = canned.load(PROJECT.queries)

SYNTAXES = {
    "turtle": pyoxigraph.RdfFormat.TURTLE,
    "ntriples": pyoxigraph.RdfFormat.N_TRIPLES,
}

Row = tuple[str, ...]


@functools.cache
def oxigraph_store():
    store = pyoxigraph.Store()
    for file in FILES:
        store.load(file.content, format=SYNTAXES[file.syntax])
    return store


@functools.cache
def rdflib_graph():
    graph = rdflib.Graph()
    for file in FILES:
        graph.parse(data=file.content, format=file.syntax)
    return graph


@functools.cache
def known():
    return names_in(oxigraph_store())


def names_in(store):
    groups = {each.group for query in QUERIES.values() for each in query.parameters if each.of}
    solutions = store.query(names.query_text(groups))
    return names.read(solutions.serialize(format=pyoxigraph.QueryResultsFormat.JSON))


def query_of(case: str) -> canned.CannedQuery:
    return QUERIES[max((name for name in QUERIES if case.startswith(name)), key=len)]


def bound(case: str) -> str:
    return canned.bind(query_of(case), CASES[case].items(), known())


def by_value(cell: str) -> str:
    try:
        return format(Decimal(cell).normalize(), "f")
    except InvalidOperation:
        return cell


def answer_of_pyoxigraph(text: str) -> list[Row]:
    solutions = oxigraph_store().query(text)
    rows = [tuple("" if term is None else term.value for term in row) for row in solutions]
    return [tuple(variable.value for variable in solutions.variables), *rows]


def answer_of_rdflib(text: str) -> list[Row]:
    result = rdflib_graph().query(text)
    rows = [tuple("" if term is None else str(term) for term in row) for row in result]
    return [tuple(map(str, result.vars)), *rows]


def expected_answer(case: str) -> list[Row]:
    with (EXPECTED / f"{case}.csv").open(encoding="utf-8", newline="") as file:
        return [tuple(row) for row in csv.reader(file)]


def test_every_query_has_a_case_and_every_case_an_answer():
    assert len(QUERIES) >= 15
    assert {query_of(case).name for case in CASES} == set(QUERIES)
    assert {path.stem for path in EXPECTED.glob("*.csv")} == set(CASES)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("engine", [answer_of_pyoxigraph, answer_of_rdflib])
def test_the_answer_is_the_expected_one(engine, case):
    answer = engine(bound(case))

    rows = [tuple(map(by_value, row)) for row in answer]
    assert rows == [tuple(map(by_value, row)) for row in expected_answer(case)]


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_its_own_example_has_an_answer(query):
    rows = answer_of_pyoxigraph(canned.bind(query, query.example.items(), known()))

    assert len(rows) > 1


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_the_file_is_a_sparql_query_by_itself(query):
    nothing = (
        pyoxigraph.Store()
    )  # variables do not depend on data, and some take long without values

    unbound = nothing.query(query.source)

    bound = nothing.query(canned.bind(query, query.example.items(), known()))
    assert unbound.variables == bound.variables


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_it_says_in_every_language_what_it_asks_and_answers(query):
    languages = set(PROJECT.profile.languages)
    assert len(languages) == 3
    for texts in (query.titles, query.descriptions, query.results):
        assert set(texts) == languages
    asked = [each for each in query.parameters if each.type != "language"]
    assert all(set(each.meanings) == languages for each in asked)
    assert query.tags
    assert all(each.meaning and each.example for each in query.parameters)


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_a_view_shows_columns_that_are_there(query):
    columns = answer_of_pyoxigraph(canned.bind(query, query.example.items(), known()))[0]

    assert set(query.view[1:]) <= set(columns)


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_only_the_prefixes_that_it_uses_are_declared(query):
    used = set(
        re.findall(
            r"([a-z]+):[A-Za-z]", re.sub(r"PREFIX .*|<https?:[^>]*>|\"[^\"\n]*\"", "", query.text)
        )
    )

    assert set(query.prefixes) == used


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_rows_are_in_an_order(query):
    assert "\nORDER BY " in query.text


@pytest.mark.parametrize("case", CASES)
def test_the_rows_of_an_answer_can_be_counted_and_paged(case):
    whole = answer_of_pyoxigraph(bound(case))[1:]

    (_, (rows,)) = answer_of_pyoxigraph(rewrite.counting(bound(case)))
    paged = [
        row
        for offset in range(0, len(whole), 3)
        for row in answer_of_pyoxigraph(rewrite.page(bound(case), 3, offset))[1:]
    ]

    assert int(rows) == len(whole)
    assert Counter(paged) == Counter(whole)


def test_the_timeline_keeps_the_precision_of_each_source():
    header, *rows = expected_answer("timeline")

    dates = {len(row[header.index("date")]): row[header.index("precision")] for row in rows}
    assert dates == {4: "year", 7: "month", 10: "day"}


CLOSED = """
@prefix dip: <https://diplomacy.example/ns/diplomacy#> .
@prefix def: <https://diplomacy.example/def/> .
@prefix id: <https://diplomacy.example/id/> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
<https://diplomacy.example/id/mission/CAN-EST-embassy> a dip:Mission ;
    dip:missionKind def:Embassy ;
    dip:sendingState <https://diplomacy.example/id/state/CAN> ;
    dip:receivingState <https://diplomacy.example/id/state/EST> ;
    dip:endDate "2004-02"^^xsd:gYearMonth .
<https://diplomacy.example/id/claim/X999> a dip:Claim , rdf:Statement ;
    dip:claimNumber "X999" ;
    rdf:subject <https://diplomacy.example/id/mission/CAN-EST-embassy> ;
    rdf:predicate dip:endDate ;
    rdf:object "2004-02"^^xsd:gYearMonth ;
    dip:polarity def:Positive ;
    dip:standing def:Background ;
    dip:statedIn <https://diplomacy.example/id/source/azernews-2022/p> .
"""


@functools.cache
def store_with_a_closed_embassy():
    store = pyoxigraph.Store()
    for file in FILES:
        store.load(file.content, format=SYNTAXES[file.syntax])
    store.load(CLOSED.encode(), format=pyoxigraph.RdfFormat.TURTLE)
    return store


@functools.cache
def store_with_two_figures():
    """Return the ontology, exports of 300 and of 150 dollars in 2030, and one claim."""
    store = pyoxigraph.Store()
    for file in PROJECT.of_role(Role.ONTOLOGY):
        store.load(file.content, format=SYNTAXES[file.syntax])
    figures = """
    @prefix dip: <https://diplomacy.example/ns/diplomacy#> .
    @prefix def: <https://diplomacy.example/def/> .
    @prefix : <https://diplomacy.example/id/> .
    @prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
    @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
    :p dip:passageOf :s .
    :there dip:exporter :A ; dip:importer :B ; dip:year "2030"^^xsd:gYear ; dip:amount 300.0 ;
      dip:currency def:USD ; dip:statedIn :p .
    :back dip:exporter :B ; dip:importer :A ; dip:year "2030"^^xsd:gYear ; dip:amount 150.0 ;
      dip:currency def:USD ; dip:statedIn :p .
    :compared a dip:Comparison ; dip:left :there ; dip:right :back .
    :claim rdf:subject :compared ; rdf:predicate dip:comparator ; dip:claimNumber "F1" ;
      dip:standing def:Accepted ; dip:statedIn :p .
    """
    store.load(figures.encode(), format=pyoxigraph.RdfFormat.TURTLE)
    return store


@pytest.mark.parametrize(
    ("comparator", "factor", "expected"),
    [
        ("AtLeast", "2.0", "holds"),
        ("AtLeast", "2.1", "fails"),
        ("EqualTo", "2.0", "holds"),
        ("EqualTo", "1.99", "holds"),
        ("EqualTo", None, "fails"),
        ("GreaterThan", None, "holds"),
        ("GreaterThan", "2.0", "fails"),
        ("LessThan", None, "fails"),
        ("LessThan", "2.5", "holds"),
        ("LessThanHalfOf", None, "fails"),
        ("ManyTimesMoreThan", None, "holds"),
        ("MoreThanHalfOf", None, "holds"),
        ("MoreThanTwice", None, "fails"),
    ],
)
def test_a_comparison_holds_or_fails_by_its_comparator_and_factor(comparator, factor, expected):
    store = store_with_two_figures()
    base = PROJECT.base_iri
    dip = f"{base}ns/diplomacy#"
    says = f"<{base}id/compared> <{dip}comparator> <{base}def/{comparator}>"
    says += f" ; <{dip}factor> {factor} ." if factor else " ."

    store.update(f"INSERT DATA {{ {says} }}")
    try:
        (row,) = records(store, "comparisons")
    finally:
        store.update(f"DELETE DATA {{ {says} }}")

    assert row["verdict"] == expected


def records(store, name: str, **given: str) -> list[dict[str, str]]:
    solutions = store.query(canned.bind(QUERIES[name], given.items(), known()))
    columns = [variable.value for variable in solutions.variables]
    return [
        {
            column: "" if term is None else term.value
            for column, term in zip(columns, row, strict=True)
        }
        for row in solutions
    ]


def test_an_embassy_that_was_closed_was_there_formerly():
    rows = records(store_with_a_closed_embassy(), "embassy-status", sending="CAN", receiving="EST")

    assert [(row["answer"], row["value"]) for row in rows] == [("formerly", "2004-02")]


def test_a_closed_mission_is_listed_as_closed():
    rows = records(store_with_a_closed_embassy(), "missions", state="EST")

    assert [(row["number"], row["open"]) for row in rows] == [("X999", "false")]


def test_a_month_lasts_until_its_last_day_in_leap_years_too():
    rows = records(store_with_a_closed_embassy(), "timeline", state="CAN", other="EST")

    (closing,) = (row for row in rows if row["number"] == "X999")
    assert (closing["precision"], closing["earliest"], closing["latest"]) == (
        "month",
        "2004-02-01",
        "2004-02-29",
    )


def test_an_embassy_that_no_source_places_is_not_counted():
    rows = records(oxigraph_store(), "missions", state="CAN", direction="sent")

    assert {row["mission"].rpartition("/")[2] for row in rows} == {"CAN-TUR-embassy"}


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_labels_and_restatements_are_in_the_readers_language(query):
    given = dict(query.example) | {"lang": "bn"}

    rows = records(oxigraph_store(), query.name, **given)

    assert rows
    for row in rows:
        for column, cell in row.items():
            if cell and (column.endswith("Label") or column in {"label", "says", "reason"}):
                assert re.search("[\u0980-\u09ff]", cell), (column, cell)


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_identifiers_come_after_what_people_read(query):
    columns = answer_of_pyoxigraph(canned.bind(query, query.example.items(), known()))[0]

    labels = [place for place, column in enumerate(columns) if column.endswith("Label")]
    names = [
        place for place, column in enumerate(columns) if column in {"claim", "partner", "source"}
    ]
    assert max(labels) < min(names)


EXAMPLES = ROOT / "ontology" / "examples"


@functools.cache
def store_of_example(name: str):
    store = pyoxigraph.Store()
    for file in projects.load([ROOT], chosen={Role.DATA: [EXAMPLES / f"{name}.ttl"]}).of_role(
        *FACTS
    ):
        store.load(file.content, format=SYNTAXES[file.syntax])
    return store


def asked_of_example(example: str, query: str, state: str, other: str = "") -> set[str]:
    """Return the numbers of claims in an answer over an example; the things, if it has none."""
    states = {"state": state, "other": other} if other else {"state": state}
    store = store_of_example(example)
    solutions = store.query(canned.bind(QUERIES[query], states.items(), names_in(store)))
    columns = [variable.value for variable in solutions.variables]
    column = columns.index("number" if "number" in columns else "thing")
    return {row[column].value.rpartition("/")[2] for row in solutions}


@pytest.mark.parametrize(
    ("example", "state", "other", "numbers"),
    [
        ("02-relations", "XCO", "XDO", {"F1", "F2", "F3", "F4", "F5", "F6"}),
        ("03-embassy", "XEL", "XFA", {"F1", "F2", "F3", "F4", "F5", "F6"}),
        ("08-protecting-power", "XCO", "XDO", {"F1", "F2"}),
        ("08-protecting-power", "XKE", "XCO", {"F1"}),
        ("09-visit", "XFA", "XEL", {"F1", "F2"}),
        ("15-expulsion-and-sanction", "XDO", "XCO", {"F1", "F3"}),
    ],
)
def test_all_that_the_ontology_says_of_two_states_is_between_them(example, state, other, numbers):
    assert asked_of_example(example, "between", state, other) == numbers
    assert asked_of_example(example, "timeline", state, other) <= numbers
    assert asked_of_example(example, "relations-of", state)


def test_visits_steps_and_sanctions_are_in_the_timeline():
    visits = asked_of_example("09-visit", "timeline", "XEL", "XFA")
    steps = asked_of_example("02-relations", "timeline", "XCO", "XDO")
    measures = asked_of_example("15-expulsion-and-sanction", "timeline", "XCO", "XDO")

    assert (visits, measures) == ({"F1", "F2"}, {"F1", "F3"})
    assert {"F2", "F3", "F4", "F6"} <= steps


def test_the_steps_of_a_mission_are_among_what_is_said_of_it():
    numbers = asked_of_example("03-embassy", "missions", "XEL")

    assert numbers == {"F1", "F2", "F3", "F4", "F5", "F6"}
    assert asked_of_example("03-embassy", "relation", "XEL", "XFA") == numbers


def test_trade_of_a_financial_year_stands_with_the_year_of_its_start():
    store = store_of_example("16-trade")
    given = {"state": "XFA", "year": "2019"}
    solutions = store.query(canned.bind(QUERIES["trade"], given.items(), names_in(store)))

    rows = [(row["number"].value, row["year"].value, row["period"].value) for row in solutions]
    assert rows == [("F2", "2019", "2019-07/2020-06")]


def test_a_denial_among_the_relations_of_a_state_is_in_its_own_words():
    rows = records(oxigraph_store(), "relations-of", state="AZE")

    denials = [row for row in rows if row["aspectLabel"] == "has an embassy in"]
    assert [row["thingLabel"] for row in denials] == ["Canada has no embassy in Azerbaijan."]
