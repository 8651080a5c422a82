"""The shapes find what they are there to find, and nothing else.

Each ``tests/shapes/<class>/invalid-*.ttl`` breaks one thing and names, in its first lines, all the
findings that this must produce::

    # expect: dsh:Mission-seat MaxCount Violation mission:AZE-CAN-embassy

that is the shape or the SPARQL constraint, the kind of constraint, the severity and the focus node.
``# include:`` names a file, relative to this one, that belongs to the small world.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

import judging
import pytest
from pyshacl import validate
from rdflib import RDF, RDFS, SH, BNode, Graph, URIRef
from rdflib.term import Node

from kg_server.project import ProjectFile, Role
from kg_server.validation import graphs
from kg_server.validation.report import Finding

ROOT = Path(__file__).resolve().parents[1]
CASES = Path(__file__).parent / "shapes"
VALID = sorted(CASES.glob("*/valid-*.ttl"))
INVALID = sorted(CASES.glob("*/invalid-*.ttl"))
DIP = "https://diplomacy.example/ns/diplomacy#"
DSH = "https://diplomacy.example/ns/shapes#"
ID = "https://diplomacy.example/id/"
DOMAIN_INCLUDES = URIRef("https://schema.org/domainIncludes")

Expectation = tuple[str, str, str, str]


def shapes() -> Graph:
    return judging.shapes_but()


@cache
def ontology() -> Graph:
    return parse(*sorted((ROOT / "ontology").glob("*.ttl")))


def parse(*paths: Path) -> Graph:
    assert paths, "there are files to read"
    graph = graphs.graph()
    for path in paths:
        graph.parse(path)
    return graph


def world(path: Path) -> list[ProjectFile]:
    """Return a case with what it includes."""
    included = re.findall(r"(?m)^# include: (\S+)$", path.read_text())
    paths = [path, *((path.parent / name).resolve() for name in included)]
    return [judging.data_file(each.read_text(), each) for each in paths]


def shapes_for(folder: str) -> Graph:
    """Return the shapes that judge the cases of a folder.

    Of the shapes that look across all classes, only those that a folder is about: elsewhere each
    small world would need claims and words for all that it says.
    """
    return judging.shapes_but(
        *sorted({"alike", "evidence", "label", "ontology", "restatement", "words"} - {folder})
    )


def expectations(path: Path) -> set[Expectation]:
    lines = re.findall(r"(?m)^# expect: (\S+) (\S+) (\S+) (\S+)$", path.read_text())
    return {(shape, component, severity, focus) for shape, component, severity, focus in lines}


def results(path: Path) -> set[Expectation]:
    """Return the validation results of a case."""
    return set(summarise(judging.findings(world(path), shapes_for(path.parent.name))))


def summarise(findings: Iterable[Finding]) -> Iterator[Expectation]:
    for each in findings:
        component = component_name(each.component.strip("<>"))
        focus = "_:" if each.focus_node.startswith("_:") else curie(each.focus_node.strip("<>"))
        source = each.source_constraint or each.source_shape
        yield curie(source.strip("<>")), component, each.severity.value, focus


def component_name(component: str) -> str:
    return str(component).removeprefix(str(SH)).removesuffix("ConstraintComponent")


def curie(node: Node | str | None) -> str:
    """Write a node as the cases do: ``dsh:Mission-seat``, ``mission:AZE-CAN-embassy``."""
    if isinstance(node, BNode):
        return "_:"
    text = str(node)
    for prefix, namespace in (("dip", DIP), ("dsh", DSH)):
        if text.startswith(namespace):
            return f"{prefix}:{text.removeprefix(namespace)}"
    kind, slash, key = text.removeprefix(ID).partition("/")
    return f"{kind}:{key}" if text.startswith(ID) and slash else f"<{text}>"


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


@pytest.mark.parametrize("path", VALID, ids=name_of)
def test_a_valid_world_has_no_findings(path: Path) -> None:
    assert results(path) == set()


@pytest.mark.parametrize("path", INVALID, ids=name_of)
def test_an_invalid_world_has_exactly_the_findings_it_names(path: Path) -> None:
    expected = expectations(path)

    actual = results(path)

    assert expected, "the file says what to expect"
    assert actual == expected


PARAMETERS = {
    SH["class"]: "Class",
    SH.datatype: "Datatype",
    SH.disjoint: "Disjoint",
    SH.hasValue: "HasValue",
    SH["in"]: "In",
    SH.languageIn: "LanguageIn",
    SH.lessThan: "LessThan",
    SH.maxCount: "MaxCount",
    SH.minCount: "MinCount",
    SH.minExclusive: "MinExclusive",
    SH.minInclusive: "MinInclusive",
    SH.node: "Node",
    SH.nodeKind: "NodeKind",
    SH["not"]: "Not",
    SH["or"]: "Or",
    SH.pattern: "Pattern",
    SH.qualifiedMinCount: "QualifiedMinCount",
    SH.uniqueLang: "UniqueLang",
    SH.xone: "Xone",
}
NOT_CONSTRAINTS = {
    RDF.type,
    SH.message,
    SH.path,
    SH.property,
    SH.qualifiedValueShape,
    SH.severity,
    SH.sparql,
    SH.targetClass,
    SH.targetSubjectsOf,
}


def reported_shapes() -> set[Node]:
    """Return the shapes that findings name: those with a target, and their property shapes."""
    graph = shapes()
    targets = {*graph.subjects(SH.targetClass), *graph.subjects(SH.targetSubjectsOf)}
    return targets | {each for shape in targets for each in graph.objects(shape, SH.property)}


def constraints() -> set[tuple[str, str]]:
    """Return every constraint of the shapes as its name and its kind."""
    graph = shapes()
    constraints = set()
    for shape in reported_shapes():
        for predicate, value in graph.predicate_objects(shape):
            if predicate == SH.sparql:
                constraints.add((curie(value), "SPARQL"))
            elif predicate not in NOT_CONSTRAINTS:
                constraints.add((curie(shape), PARAMETERS[URIRef(predicate)]))
    return constraints


def test_every_constraint_is_broken_by_some_file() -> None:
    broken = {line[:2] for path in INVALID for line in expectations(path)}

    assert len(INVALID) >= 45
    assert constraints() - broken == set()


def test_every_class_of_shapes_has_a_valid_world() -> None:
    assert {path.parent for path in VALID} == {path.parent for path in INVALID}
    assert {path.parent for path in INVALID} == {each for each in CASES.iterdir() if each.is_dir()}


def test_shapes_constraints_and_what_they_reuse_have_iris_and_messages() -> None:
    graph = shapes()
    named = reported_shapes() | set(graph.objects(None, SH.sparql))

    assert all(isinstance(each, URIRef) for each in named)
    silent = {curie(each) for each in named if not list(graph.objects(each, SH.message))}
    loud = {shape for shape, kind in constraints() if kind != "SPARQL"}
    assert silent & loud == set()


def test_evidence_targets_are_what_the_ontology_says() -> None:
    evidence = URIRef(f"{DIP}evidence")
    concept = URIRef("https://diplomacy.example/def/ByClaim")

    properties = set(ontology().subjects(evidence, concept))

    assert properties
    shape = URIRef(f"{DSH}EvidenceByClaim")
    assert set(shapes().objects(shape, SH.targetSubjectsOf)) == properties


def test_the_kinds_of_subject_and_value_are_checked_of_every_property_with_a_domain() -> None:
    graph = ontology()
    placed = {*graph.subjects(RDFS.domain), *graph.subjects(DOMAIN_INCLUDES)}
    own = {each for each in placed if str(each).startswith(DIP)}

    assert own
    assert set(shapes().objects(URIRef(f"{DSH}Kinds"), SH.targetSubjectsOf)) == own


def test_no_finding_of_a_query_begins_with_the_message_of_another_constraint() -> None:
    """PySHACL puts the message of a node shape before that of its SPARQL constraints."""
    graph = shapes()

    queried = set(graph.subjects(SH.sparql))

    assert queried
    assert {curie(each) for each in queried if list(graph.objects(each, SH.message))} == set()


def messages() -> dict[str, set[str]]:
    """Return what the shapes say, each text with the shapes that say it."""
    said: dict[str, set[str]] = {}
    for shape, message in shapes().subject_objects(SH.message):
        said.setdefault(str(message), set()).add(curie(shape))
    return said


def test_no_message_begins_with_the_text_of_another() -> None:
    texts = sorted(messages())

    assert len(texts) > 390
    assert [each for each in messages().items() if len(each[1]) > 1] == []
    begun = [pair for pair in pairwise(texts) if pair[1].startswith(pair[0].rstrip("."))]
    assert begun == []


CURES = (
    *("add", "check", "choose", "cite", "compare", "compute", "copy", "correct", "describe"),
    *("dispute", "end", "give", "keep", "leave", "link", "list", "make", "move", "name", "number"),
    *("remove", "rename", "restore", "say", "see", "set", "state", "take", "tell", "use", "write"),
)
"""What a message tells the editor to do."""


def test_every_message_says_what_to_do() -> None:
    told = re.compile(
        rf"([:;,.] |, or |, (so|and|then) |\b(to|or) )({'|'.join(CURES)})\b", re.IGNORECASE
    )

    assert [text for text in messages() if not told.search(text)] == []


def test_the_shapes_are_themselves_well_formed() -> None:
    conforms, _, text = validate(Graph(), shacl_graph=shapes(), meta_shacl=True)

    assert conforms, text


def test_the_shipped_graph_has_no_finding() -> None:
    findings = judging.findings(judging.shipped().of_role(Role.DATA, Role.DERIVED), shapes())

    assert set(summarise(findings)) == set()
