"""The namespace that the names of files share, and files whose rules find mistakes."""

from __future__ import annotations

import pytest

from kg_server import project as projects
from kg_server.description import namespaces
from kg_server.server.loading import weighed
from kg_server.store import open_store

HEAD = """@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
"""
MISSPELT = HEAD + '<https://e.org/ns#Owl> a owl:Class ; rdfs:Label "owl" .\n'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<https://e.org/o#A> a owl:Class . <https://e.org/o#B> a owl:Class .", "https://e.org/"),
        ("<https://e.org/x/id/1> a <https://e.org/x/ns#T> .", "https://e.org/x/"),
        ("<https://e.org/x/1> a <https://schema.org/Book> .", "https://e.org/x/"),
        ("<https://e.org/1> a owl:Class . <https://f.org/1> a owl:Class .", ""),
        ("<urn:x:1> a owl:Class .", ""),
    ],
)
def test_the_base_iri_that_is_proposed_is_what_the_names_share(tmp_path, text, expected):
    (tmp_path / "a.ttl").write_text(HEAD + text)

    assert namespaces.shared(open_store(projects.load([tmp_path / "a.ttl"]))) == expected


def test_files_without_shapes_are_served_whatever_the_rules_find_and_a_project_is_not(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.ttl").write_text(MISSPELT)

    report, refusal = weighed(projects.load([tmp_path / "data" / "a.ttl"]), allow_invalid=False)

    assert not report.conforms
    assert not refusal
    assert report.summary.startswith("no shapes; the rules found: 1 violation")
    (tmp_path / "kg.toml").write_text('data = []\nontology = ["data"]\n')
    assert weighed(projects.load([tmp_path]), allow_invalid=False)[1]
