"""A validation says what is wrong, where, and never "conforms" when nothing was checked."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest
from pyshacl import validate as reference
from rdflib import RDF, SH

from kg_server import project as projects
from kg_server import validation
from kg_server.errors import ProjectFault
from kg_server.project import Role
from kg_server.validation import cache, graphs
from kg_server.validation.report import Severity

ROOT = Path(__file__).resolve().parents[2]
PREFIXES = """@prefix ex: <https://e.org/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def check(tmp_path):
    def run(data: str, shapes: str, **options):
        for folder, text in (("data", data), ("ontology/shapes", shapes)):
            (tmp_path / folder).mkdir(parents=True, exist_ok=True)
            (tmp_path / folder / "all.ttl").write_text(PREFIXES + text)
        return validation.validate(projects.load([tmp_path]), **options)

    return run


def shape(constraint: str) -> str:
    node_shape = "ex:S a sh:NodeShape ; sh:targetClass ex:T ; sh:property ex:P ."
    return f"{node_shape} ex:P sh:path ex:p ; {constraint} ."


def test_the_shipped_graph_conforms_without_a_warning(project):
    report = validation.validate(project)

    assert report.conforms
    assert [each for each in report.findings if each.severity is not Severity.INFO] == []
    assert report.focus_nodes > 300
    assert report.shapes > 40


def test_the_shipped_shapes_find_in_broken_data_what_pyshacl_alone_finds(tmp_path):
    text = (ROOT / "data" / "relations.ttl").read_text()
    broken = text.replace("dip:seat place:", "dip:seat state:").replace("dip:endOffset", "dip:year")
    (tmp_path / "relations.ttl").write_text(broken)
    core = tmp_path / "core.shacl"  # without SPARQL, for which pySHACL takes minutes
    sources = projects.load([ROOT]).of_role(Role.SHAPES)
    graphs.read(sources, "shapes").remove((None, SH.sparql, None)).serialize(core, "turtle")
    ontology = sorted((ROOT / "ontology").glob("*.ttl"))
    rest = {Role.ONTOLOGY: ontology, Role.SHAPES: [core]}
    broken_project = projects.load([tmp_path / "relations.ttl"], chosen=rest)
    data = graphs.read(broken_project.of_role(Role.DATA, Role.ONTOLOGY), "data")
    shapes = graphs.read(broken_project.of_role(Role.SHAPES), "shapes")

    report = validation.validate(broken_project)
    _, theirs, _ = reference(data, shacl_graph=shapes)

    causes = set(theirs.objects(None, SH.detail))
    expected = sorted(
        (str(theirs.value(each, SH.focusNode)), str(theirs.value(each, SH.sourceShape)))
        for each in set(theirs.subjects(RDF.type, SH.ValidationResult)) - causes
    )
    found = sorted(
        (each.focus_node.strip("<>"), each.source_shape)
        for each in report.findings
        if "urn:x-kg-server:rule" not in each.component
    )
    assert len(found) > 100
    assert [focus for focus, _ in found] == [focus for focus, _ in expected]


@pytest.mark.parametrize(
    ("data", "constraint", "conforms"),
    [
        ('ex:a a ex:T ; ex:p "open" .', 'sh:in ("open" "shut")', True),
        ('ex:a a ex:T ; ex:p "open"^^xsd:string .', 'sh:in ("open" "shut")', True),
        ('ex:a a ex:T ; ex:p "ajar" .', 'sh:in ("open" "shut")', False),
        ('ex:a a ex:T ; ex:p "open" .', 'sh:hasValue "open"', True),
        ('ex:a a ex:T ; ex:p "open"^^xsd:string .', 'sh:hasValue "open"', True),
        ('ex:a a ex:T ; ex:p "open"@en .', 'sh:hasValue "open"', False),
        ('ex:a a ex:T ; ex:p "01"^^xsd:integer .', 'sh:pattern "^01$"', True),
        (
            "ex:a a ex:T ; ex:p 1 .",
            "sh:node [ sh:property [ sh:path ex:q ; sh:minCount 1 ] ]",
            False,
        ),
        ("ex:a a ex:T ; ex:p ex:b .", "sh:not [ sh:class ex:T ]", True),
    ],
)
def test_plain_and_typed_strings_are_the_same_and_nested_shapes_are_checked(
    check, data, constraint, conforms
):
    report = check(data, shape(constraint))

    assert report.conforms is conforms


def test_a_finding_stands_at_the_triple_or_else_at_the_subject(check, tmp_path):
    data = "\nex:a a ex:T ;\n    ex:p ex:b ,\n        'no' .\n\n[] a ex:T .\n"

    report = check(data, shape("sh:nodeKind sh:IRI ; sh:minCount 1"))

    lines = [(each.place.line, each.place.column) for each in report.findings]
    assert sorted(lines) == [(9, 9), (11, 1)]
    assert {each.place.path for each in report.findings} == {tmp_path / "data" / "all.ttl"}


@pytest.mark.parametrize(
    ("data", "shapes", "message"),
    [
        ("", shape("sh:minCount 1"), "the files of data and ontology have no triples"),
        ("ex:a a ex:T .", "", "the shapes files have no triples"),
        ("ex:a a ex:Other .", shape("sh:minCount 1"), "no shape has a node of the data to look at"),
        (
            "ex:a a ex:T .",
            "ex:S a sh:NodeShape ; sh:nodeKind sh:IRI .",
            "no shape has a node of the data to look at",
        ),
    ],
)
def test_what_cannot_be_checked_is_a_fault_and_never_conforms(check, data, shapes, message):
    with pytest.raises(ProjectFault, match=message):
        check(data, shapes)


@pytest.mark.parametrize("constraint", ["sh:maxCuont 1", "sh:node ex:Nowhere"])
def test_a_constraint_that_means_nothing_never_conforms(check, constraint):
    report = check("ex:a a ex:T .", shape(constraint))

    assert not report.conforms
    assert [each.kind for each in report.findings] == ["urn:x-kg-server:rule:ill-formed-shape"]


TARGETED = "ex:S a sh:NodeShape ; sh:targetClass ex:T ; "


@pytest.mark.parametrize(
    ("odd", "message"),
    [
        (shape('sh:minCount "one"'), "sh:minCount takes a whole number such as 1"),
        (shape('sh:pattern "("'), "sh:pattern takes a regular expression of XPath"),
        (shape('sh:pattern "(?=a)"'), "XPath has no"),
        (shape('sh:pattern "a" ; sh:flags "g"'), "'g' is not one of the flags"),
        (shape("sh:in 1"), "sh:in takes a list in parentheses"),
        (shape("sh:datatype xsd:date , xsd:time"), "sh:datatype takes one value"),
        (f"{TARGETED} sh:property [ sh:minCount 1 ] .", "needs a sh:path"),
        (
            f'{TARGETED} sh:sparql [ sh:select "SELECT $this WHERE {{" ] .',
            "The query is not SPARQL",
        ),
        (
            f'{TARGETED} sh:sparql [ sh:select "SELECT $this {{ $this garden:x 1 }}" ] .',
            "The prefix garden: is not declared",
        ),
    ],
)
def test_an_odd_shape_is_a_finding_and_stops_no_other(check, odd, message):
    sound = "ex:Sound a sh:NodeShape ; sh:targetClass ex:T ; sh:property ex:Counts ."
    sound += " ex:Counts a sh:PropertyShape ; sh:path ex:q ; sh:minCount 1 ."

    report = check("ex:a a ex:T ; ex:p 1 .", f"{odd}\n{sound}")

    assert any(message in each.message for each in report.findings)
    assert any(each.source_shape == "<https://e.org/Counts>" for each in report.findings)
    assert not report.conforms
    assert all(each.place for each in report.findings)


def test_a_fault_of_the_shapes_says_file_and_line(check):
    report = check("ex:a a ex:T .", shape("\n  sh:maxCuont 1"))

    assert (report.findings[0].place.path.name, report.findings[0].place.line) == ("all.ttl", 7)


@pytest.mark.parametrize("pattern", ["^(a+)+$", r"^(\\p{L}+)+$"])
def test_a_runaway_pattern_is_stopped_at_the_deadline(check, pattern):
    data = f'ex:a a ex:T ; ex:p "{"a" * 40}1" .'

    with pytest.raises(ProjectFault, match="given up after 1 seconds"):
        check(data, shape(f'sh:pattern "{pattern}"'), timeout_s=1.0)


class Canary:
    """A listener that counts who connects."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.visits = 0
        threading.Thread(target=self._count, daemon=True).start()

    def _count(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.visits += 1
            connection.close()


@pytest.fixture
def canary():
    listener = Canary()
    yield listener
    listener.socket.close()


@pytest.mark.parametrize(
    "body",
    ["FROM <{url}> WHERE {{ $this ?p ?o }}", "WHERE {{ SERVICE <{url}> {{ $this ?p ?o }} }}"],
)
def test_no_query_of_a_shape_reaches_the_network(check, canary, body):
    url = f"http://127.0.0.1:{canary.port}/x.ttl"
    select = "SELECT $this " + body.format(url=url)
    shapes = f'ex:S a sh:NodeShape ; sh:targetClass ex:T ; sh:sparql [ sh:select "{select}" ] .'

    report = check("ex:a a ex:T .", shapes)

    assert "must not use" in report.findings[0].message
    assert not report.conforms
    assert canary.visits == 0


def test_imports_of_the_ontology_are_not_fetched(check, canary):
    imports = f"ex:o a owl:Ontology ; owl:imports <http://127.0.0.1:{canary.port}/o.ttl> ."

    report = check(f"ex:a a ex:T ; ex:p 1 . {imports}", f"{shape('sh:minCount 1')} {imports}")

    assert report.conforms
    assert canary.visits == 0


def test_a_report_is_kept_and_taken_again_for_the_same_files_only(check):
    first = check("ex:a a ex:T .", shape("sh:minCount 1"))
    again = check("ex:a a ex:T .", shape("sh:minCount 1"))
    changed = check("ex:a a ex:T ; ex:p 1 .", shape("sh:minCount 1"))

    assert again.findings == first.findings
    assert not again.conforms
    assert changed.conforms
    assert len(list(cache.folder("reports").glob("*.json"))) == 2


def test_a_report_is_made_where_none_can_be_kept(check, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/nowhere")

    report = check("ex:a a ex:T ; ex:p 1 .", shape("sh:minCount 1"))

    assert report.conforms


def test_validation_leaves_rdflib_as_it_was(check):
    import rdflib

    check('ex:a a ex:T ; ex:p "01"^^xsd:integer .', shape("sh:minCount 1"))

    assert rdflib.NORMALIZE_LITERALS is True
    assert str(rdflib.Literal("01", datatype=rdflib.XSD.integer)) == "1"


def test_a_literal_that_a_shape_looks_at_stays_as_it_is_written(check):
    shapes = """ex:S a sh:NodeShape ; sh:targetObjectsOf ex:p ; sh:pattern "Z$" ;
        sh:property [ sh:path [ sh:inversePath ex:p ] ; sh:class ex:T ] ."""

    report = check('ex:a ex:p "2020-01-01T00:00:00Z"^^xsd:dateTime .', shapes)

    assert [each.kind for each in report.findings] == ["Class"]
