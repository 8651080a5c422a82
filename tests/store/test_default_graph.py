"""The default graph is the merge of its graphs: no triple is in it twice (SPARQL 1.1 §13.1)."""

from __future__ import annotations

import pytest

from kg_server.project import load
from kg_server.store import open_store
from kg_server.store.results import rows

SHACL = "PREFIX sh: <http://www.w3.org/ns/shacl#> "
COUNT = "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o FILTER(STRSTARTS(STR(?s), 'urn:')) }"


def triples(*numbers):
    return "".join(f'<urn:{number}> <urn:p> "x" .\n' for number in numbers)


def count(store):
    return int(rows(store, COUNT)[0]["n"])


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"a": [1, 2, 3], "b": [4, 5]}, 5),
        ({"a": [1, 2, 3], "b": [3, 4]}, 4),
        ({"a": [1, 2, 3], "b": [3, 4], "c": [4, 5]}, 5),
        ({"a": [1, 2, 3], "b": [1, 2, 3], "c": [1]}, 3),
        ({"a": [1], "b": [2], "c": [1, 2, 3]}, 3),
    ],
)
def test_a_triple_of_several_graphs_is_found_once(tmp_path, files, expected):
    for name, numbers in files.items():
        (tmp_path / f"{name}.nt").write_text(triples(*numbers))

    store = open_store(load([tmp_path]))

    assert count(store) == expected
    graphs = {f"http://localhost/graph/{name}" for name in files}
    assert graphs <= set(store.graph_names())


@pytest.fixture
def described(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.nt").write_text(triples(1, 2))
    (tmp_path / "kg.toml").touch()
    store = open_store(load([tmp_path]))
    text = "<urn:d> <http://rdfs.org/ns/void#triples> 2 ."
    store.add_graph("urn:more", text.replace(" 2 ", ' "2" ').encode())
    return store


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT * { ?s ?p ?o }", 2),
        ("SELECT * { ?s ?p 'void:triples http://rdfs.org/ns/void#triples' }", 0),
        ("PREFIX void: <http://rdfs.org/ns/void#> SELECT * { ?s ?p ?o }", 2),
        ("PREFIX void: <http://rdfs.org/ns/void#> SELECT * { ?s void:triples ?o }", 1),
        ("PREFIX v: <http://rdfs.org/ns/void#> SELECT * { ?s ?p ?o . ?s a? v:Dataset }", 0),
        ("SELECT * { ?s <http://rdfs.org/ns/void#triples> ?o }", 1),
        (SHACL + "SELECT * { ?s ?p ?o MINUS { ?s sh:path ?o } }", 2),
        (SHACL + "SELECT * { ?s ?p ?o MINUS { ?s sh:select 1 } }", 3),
        ("SELECT * { GRAPH <urn:more> { ?s ?p ?o } }", 1),
    ],
)
def test_a_description_is_in_the_default_graph_for_queries_that_ask_for_one(
    described, query, expected
):
    assert len(rows(described, query)) == expected


def test_a_bound_term_asks_for_the_description_too(described):
    found = rows(described, "SELECT * { ?s ?p ?o }", p="<http://rdfs.org/ns/void#triples>")

    assert len(found) == 1
