"""The package knows no graph: nothing in it names what the reference project is about."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rdflib import OWL, RDF, RDFS, Graph

ROOT = Path(__file__).resolve().parents[1]
TEXTS = {".py", ".html", ".js", ".css", ".toml", ".xml", ".txt", ".svg", ".json", ".ttl", ".rq"}
SUBJECT = re.compile(r"diplom|embass|\bconsul(?:ate|ar)s?\b|কূটনৈ|দূতাবাস", re.IGNORECASE)
"""What the reference project is about, in the words of any sentence."""


_OTHERS = {"Georgia", "startDate", "endDate"}
"""A typeface, and properties of schema.org, which have such names, too."""


def texts(*folders: str) -> list[Path]:
    """Return the sources of the package, without what is built or only carried."""
    found = [
        path
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*"))
        if path.suffix in TEXTS and not {"build", "node_modules", "__pycache__"} & {*path.parts}
    ]
    assert len(found) > 10
    return found


def lines(*folders: str) -> list[tuple[str, str]]:
    """Return every line of the sources, with its place."""
    return [
        (f"{path.relative_to(ROOT)}:{number}", line)
        for path in texts(*folders)
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
    ]


@pytest.fixture(scope="module")
def words():
    """The prefixes, the terms and the states of the reference project, as whole words."""
    graph = Graph()
    for path in (*(ROOT / "ontology").glob("*.ttl"), *(ROOT / "data").glob("*.ttl")):
        graph.parse(path)
    dip = dict(graph.namespaces())["dip"]
    terms = {
        str(term).removeprefix(dip)
        for kind in (OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty)
        for term in graph.subjects(RDF.type, kind)
        if str(term).startswith(dip)
    }
    # Names of one word, such as "State" or "date", are any project's.
    own = {term for term in terms if len(re.findall(r"[A-Z]?[a-z0-9]+", term)) > 1}
    states = {
        str(name)
        for state in graph.subjects(RDF.type, graph.namespace_manager.expand_curie("dip:State"))
        for name in graph.objects(state, RDFS.label)
    }
    assert len(own) > 30
    assert len(states) > 30
    return own, states


def test_no_module_page_or_script_names_the_subject_of_the_reference_project():
    found = [
        f"{place}: {line.strip()[:80]}"
        for place, line in lines("src/kg_server", "frontend/src")
        if SUBJECT.search(line)
    ]

    assert not found, "\n".join(found)


def test_no_module_page_or_script_names_its_prefixes_terms_or_states(words):
    own, states = words
    named = "|".join(sorted(map(re.escape, (own | states) - _OTHERS)))  # others have these, too
    pattern = re.compile(
        rf"\b(?:dip|dsh):|[\"'](?:dip|dsh)[\"']|\b(?:AZE|CAN)\b|(?<![\w-])(?:{named})(?![\w-])"
    )

    found = [
        f"{place}: {match[0]}"
        for place, line in lines("src/kg_server", "frontend/src")
        if (match := pattern.search(line))
    ]

    assert not found, "\n".join(found)
