"""A report can be read by a person, by a program, and by an RDF tool."""

from __future__ import annotations

import json

import pytest
from pyshacl import validate as reference
from rdflib import RDF, SH, Graph, URIRef

from kg_server import project as projects
from kg_server import validation
from kg_server.validation import reports

PREFIXES = """@prefix ex: <https://e.org/> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
"""
SHAPES = """
ex:S a sh:NodeShape ; sh:targetClass ex:T ; sh:property ex:S-p , ex:S-q , ex:S-r .
ex:S-p sh:path ex:p ; sh:maxLength 3 ; sh:message "A \\"p\\" is\\nshort."@en .
ex:S-q sh:path ex:q ; sh:minCount 1 ; sh:severity sh:Warning .
ex:S-r sh:path [ sh:inversePath ex:r ] ; sh:minCount 1 ; sh:severity sh:Info .
"""


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    root = tmp_path_factory.mktemp("project")
    (root / "data").mkdir()
    (root / "data" / "all.ttl").write_text(PREFIXES + 'ex:a a ex:T ; ex:p "a \\"b\\"\\nc"@en .')
    (root / "ontology" / "shapes").mkdir(parents=True)
    (root / "ontology" / "shapes" / "all.ttl").write_text(PREFIXES + SHAPES)
    project = projects.load([root])
    return validation.validate(project, use_cache=False), project


def test_the_text_names_severity_node_message_and_shape_and_counts_what_was_checked(judged):
    text = reports.FORMS["text"](*judged)

    for severity in ("VIOLATION", "WARNING", "INFO"):
        assert severity in text
    assert 'A "p" is' in text
    for name in ("https://e.org/a", "https://e.org/p", "https://e.org/S-p"):
        assert name in text or name.replace("https://e.org/", "ex:") in text
    assert "Does not conform (1 violation, 1 warning, 1 info)." in text
    assert "2 triples of 1 data file" in text


def test_the_worst_comes_first(judged):
    report, _ = judged

    assert [each.severity.value for each in report.findings] == ["Violation", "Warning", "Info"]


def test_the_json_has_verdict_counts_what_was_checked_and_every_finding(judged):
    document = json.loads(reports.FORMS["json"](*judged))

    assert document["conforms"] is False
    assert document["counts"] == {"Violation": 1, "Warning": 1, "Info": 1}
    assert document["checked"]["triples"] == 2
    first = document["findings"][0]
    assert first["focus_node"] == "<https://e.org/a>"
    assert first["value"] == '"a \\"b\\"\\nc"@en'
    assert first["component"].strip("<>") == str(SH.MaxLengthConstraintComponent)


def test_the_turtle_says_what_pyshacl_says(judged):
    report, project = judged
    data, shapes = (file.content.decode() for file in project.files)

    ours = Graph().parse(data=reports.FORMS["turtle"](report, project), format="turtle")
    _, theirs, _ = reference(
        Graph().parse(data=data, format="turtle"),
        shacl_graph=Graph().parse(data=shapes, format="turtle"),
    )

    assert len(list(ours.subjects(RDF.type, SH.ValidationReport))) == 1
    assert results(ours) == results(theirs)
    assert list(ours.objects(None, SH.conforms)) == list(theirs.objects(None, SH.conforms))


def results(graph: Graph) -> set[tuple[object, ...]]:
    """Return the results of a report; a path that is no IRI only as such."""
    found = set()
    for result in graph.subjects(RDF.type, SH.ValidationResult):
        path = graph.value(result, SH.resultPath)
        found.add(
            (
                graph.value(result, SH.focusNode),
                path if isinstance(path, URIRef) else path is not None,
                graph.value(result, SH.value),
                graph.value(result, SH.sourceShape),
                graph.value(result, SH.sourceConstraintComponent),
                graph.value(result, SH.resultSeverity),
            )
        )
    assert found
    return found
