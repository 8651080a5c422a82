"""The verdicts on small graphs, with the prefilter and without."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from kg_server.project import ProjectFile, Role
from kg_server.validation import graphs, pyshacl_engine
from kg_server.validation.corrections import shapes_graph
from kg_server.validation.prefilter import data as reading
from kg_server.validation.prefilter import view
from kg_server.validation.prefilter.select import Prefilter

PREFIXES = """@prefix ex: <https://e.org/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""


def file(role: Role, text: str, number: int = 0) -> ProjectFile:
    """Return a Turtle file that has our prefixes."""
    name = f"{role.value}{number}"
    content = (PREFIXES + text).encode()
    return ProjectFile(Path(f"{name}.ttl"), role, f"https://e.org/{name}", "turtle", content)


@pytest.fixture(scope="session")
def judged_both_ways():
    """Return a function that gives the findings with the prefilter and without it."""

    def judged(data, shapes):
        files = tuple(file(Role.DATA, each, number) for number, each in enumerate(data))
        by = shapes_graph.read((file(Role.SHAPES, shapes),))
        facts = reading.read(files)
        prefilter = Prefilter(facts, by, pyshacl_engine.targeted(by))
        alone = pyshacl_engine.findings(graphs.read(files, "data"), by)
        filtered = pyshacl_engine.findings(view.graph(facts), by, prefilter.aims())
        # Words may differ: only one of the two graphs has the files' prefixes.
        return tuple({replace(each, message="") for each in found} for found in (filtered, alone))

    return judged
