"""The default graph is the merge of its graphs: no triple is in it twice (SPARQL 1.1 §13.1)."""

from __future__ import annotations

import pytest

from kg_server.project import load
from kg_server.store import open_store
from kg_server.store.results import rows

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
    graphs = {f"https://diplomacy.example/graph/{name}" for name in files}
    assert graphs <= set(store.graph_names())


def test_a_graph_that_is_added_repeats_nothing(tmp_path):
    (tmp_path / "a.nt").write_text(triples(1, 2))
    store = open_store(load([tmp_path]))

    store.add_graph("urn:more", triples(2, 3).encode())

    assert count(store) == 3
