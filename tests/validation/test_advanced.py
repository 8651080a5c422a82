"""Parts of the SHACL Advanced Features that cannot be used are findings at their place."""

from __future__ import annotations

import pytest

from kg_server import project, validation
from kg_server.errors import ProjectFault
from kg_server.project import Role

from .conftest import PREFIXES


@pytest.fixture
def judged(tmp_path, monkeypatch):
    """Return a function that validates data by shapes."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def judge(data, shapes, **options):
        for name, text in (("data", data), ("shapes", shapes)):
            (tmp_path / f"{name}.ttl").write_text(f"{PREFIXES}{text}\n")
        chosen = {Role.SHAPES: [tmp_path / "shapes.ttl"]}
        files = project.load([tmp_path / "data.ttl"], chosen=chosen)
        return validation.validate(files, use_cache=False, **options)

    return judge


RULE = "sh:rule [ a sh:TripleRule ; sh:subject sh:this ; sh:predicate ex:x ; sh:object {} ]"


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("sh:rule [ a sh:TripleRule ; sh:subject sh:this ]", "A sh:TripleRule needs one sh:pred"),
        ("sh:rule [ a sh:SPARQLRule ]", "A sh:SPARQLRule needs a sh:construct."),
        ("sh:rule ex:nothing", "A rule needs one of the types sh:TripleRule and sh:SPARQLRule."),
        (
            'sh:rule [ a sh:SPARQLRule ; sh:construct "CONSTRUCT { $this foo:p 1 } { }" ]',
            "The query is not SPARQL: line 1, column 19: The prefix foo: is not declared.",
        ),
        (
            'sh:rule [ a sh:SPARQLRule ; sh:construct "SELECT ?this {}" ]',
            "The query must be a CONSTRUCT query.",
        ),
        (RULE.format("1 ; sh:order 'a'"), "sh:order takes one number."),
        (RULE.format("1 ; sh:condition ex:none"), "sh:condition is <https://e.org/none>, which"),
        (RULE.format("[ ex:f ( sh:this ) ]"), "The function <https://e.org/f> needs a definition"),
        ("sh:expression [ ex:p 1 ]", "A node expression is sh:this, a term, or a blank node"),
        ("sh:expression [ sh:filterShape ex:S ; sh:nodes sh:this ]", "sh:filterShape is not eval"),
        ("sh:target [ a sh:SPARQLTarget ]", "A sh:SPARQLTarget needs a sh:select."),
        ("sh:target ex:none", "A target needs the type sh:SPARQLTarget, or one that is a"),
        ("sh:target [ a ex:Own ]", "A target of the type <https://e.org/Own> needs"),
        (
            'sh:target [ a sh:SPARQLTarget ; sh:select "SELECT ?x { ?x a ?y }" ]',
            "The query must select ?this, the focus node.",
        ),
    ],
)
def test_a_part_that_cannot_be_used_is_a_finding_and_all_else_is_checked(
    judged, capfd, part, expected
):
    shapes = f"ex:S a sh:NodeShape ; sh:targetClass ex:T ;\n{part} ;\n sh:property ex:P ."
    shapes += "ex:P sh:path ex:p ; sh:minCount 1 . ex:Own a sh:SPARQLTargetType ; rdfs:subClassOf "
    shapes += (
        "sh:Target ; sh:parameter [ sh:path ex:k ] ; sh:select 'SELECT ?this { ?this a $k }' ."
    )

    report = judged("ex:a a ex:T .", shapes, advanced=True)

    ill_formed, missing = sorted(report.findings, key=lambda each: each.kind == "MinCount")
    assert ill_formed.message.startswith(expected)
    assert (ill_formed.place.path.name, ill_formed.place.line) == ("shapes.ttl", 8)
    assert missing.focus_node == "<https://e.org/a>"
    assert capfd.readouterr().out == ""


SHAPES = """ex:S a sh:NodeShape ; sh:targetClass ex:Person ; sh:property ex:P .
    ex:P sh:path ex:name ; sh:minCount 1 .
    ex:Off a sh:NodeShape ; sh:targetSubjectsOf ex:worksAt ; sh:deactivated true ; sh:node ex:S .
    ex:Idle a sh:NodeShape ; sh:targetClass ex:Nobody ; sh:property ex:P ."""
INFERRED = "ex:a ex:worksAt ex:b . ex:worksAt rdfs:domain ex:Person ."


def test_nodes_whose_class_is_inferred_are_looked_at_and_idle_shapes_are_named(judged):
    report = judged(INFERRED, SHAPES, inference="rdfs")

    assert [each.focus_node for each in report.findings if each.kind == "MinCount"] == [
        "<https://e.org/a>"
    ]
    assert (report.focus_nodes, report.idle) == (1, ("<https://e.org/Idle>",))


@pytest.mark.parametrize("options", [{}, {"advanced": True}, {"inference": "rdfs"}])
def test_without_a_node_to_look_at_nothing_is_checked(judged, options):
    with pytest.raises(ProjectFault, match=r"look for <.*Nobody>, <.*Person>; the data have no cl"):
        judged("ex:a ex:worksAt ex:b .", SHAPES, **options)
