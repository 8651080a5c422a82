"""What is not checked is said, with a level that can be set; what is nowhere is no dead end."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from kg_server.cli.main import commands

PREFIXES = """@prefix ex: <https://e.org/> .
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
"""
SHAPE = "ex:S a sh:NodeShape ; sh:targetClass ex:T ; sh:nodeKind sh:IRI"


@pytest.fixture
def validate(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)

    def run(data: str, shapes: str, *options: str):
        (tmp_path / "data.ttl").write_text(PREFIXES + data)
        (tmp_path / "shapes.ttl").write_text(PREFIXES + shapes)
        return CliRunner().invoke(commands, ["validate", "data.ttl", "shapes.ttl", *options])

    return run


@pytest.mark.parametrize(
    ("shapes", "rule", "said"),
    [
        (f"{SHAPE} ; sh:js [ sh:jsFunctionName 'f' ] .", "not-checked", "SHACL-JS"),
        (f"{SHAPE} ; sh:expression [ sh:path ex:p ] .", "not-checked", "only --advanced"),
        (f"{SHAPE} ; sh:rule [ sh:subject sh:this ] .", "not-checked", "only --advanced"),
        (f"{SHAPE} ; sh:memberShape ex:N . ex:N sh:nodeKind sh:IRI .", "not-checked", "1.2"),
        (f"{SHAPE} . ex:C a sh:ShapeClass .", "not-checked", "sh:ShapeClass is of SHACL 1.2"),
        (f"{SHAPE} . ex:R a sh:NodeShape ; sh:closed true .", "unreached-shape", "no target"),
        (
            f"{SHAPE} . ex:P a sh:PropertyShape ; sh:path ex:p ; sh:minCount 1 .",
            "unreached-shape",
            "ex:P has no target",
        ),
        (f"{SHAPE} . <urn:s> owl:imports <https://e.org/o> .", "missing-import", "e.org/o"),
    ],
)
def test_what_is_not_checked_is_a_warning_whose_level_can_be_set(validate, shapes, rule, said):
    warned = validate("ex:a a ex:T .", shapes)
    failed = validate("ex:a a ex:T .", shapes, "--rule", f"{rule}=violation")
    silent = validate("ex:a a ex:T .", shapes, "--rule", f"{rule}=off")

    assert (warned.exit_code, failed.exit_code, silent.exit_code) == (0, 1, 0), warned.output
    assert said in warned.stdout
    assert f"rule   {rule}" in warned.stdout
    assert rule not in silent.stdout


@pytest.mark.parametrize(
    "shapes",
    [
        "ex:C rdfs:subClassOf rdfs:Class . ex:T a ex:C , sh:NodeShape ; sh:nodeKind sh:IRI .",
        f"{SHAPE} ; sh:or ( ex:N ex:M ) . ex:N a sh:NodeShape . ex:M a sh:NodeShape .",
        f"{SHAPE} . ex:D a sh:NodeShape ; sh:deactivated true .",
    ],
)
def test_shapes_that_are_reached_are_not_said_to_be_unreached(validate, shapes):
    assert "unreached-shape" not in validate("ex:a a ex:T .", shapes).stdout


def test_an_import_that_is_among_the_files_is_not_missing(validate):
    data = (
        "<urn:o> owl:imports <https://e.org/o#> . <https://e.org/o> a owl:Ontology . ex:a a ex:T ."
    )

    assert "missing-import" not in validate(data, f"{SHAPE} .").stdout


@pytest.mark.parametrize(
    "data",
    [
        "ex:a a ex:T ; dcat:inSeries ex:s . ex:s a dcat:DatasetSeries ; dcat:version '1' .",
        "ex:a a ex:T ; dcat:prev ex:b ; dcat:hasVersion ex:c ; dcat:previousVersion ex:d .",
        "ex:a a ex:T ; dcat:seriesMember ex:s ; dcat:isVersionOf ex:c .",
    ],
)
def test_terms_of_the_current_vocabularies_are_known(validate, data):
    assert "wrong-namespace" not in validate(data, f"{SHAPE} .").stdout
    assert "dcat:Datset" in validate("ex:a a ex:T , dcat:Datset .", f"{SHAPE} .").stdout
