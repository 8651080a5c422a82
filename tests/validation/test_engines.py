"""What is inferred before, SHACL's advanced features, and other engines beside ours."""

from __future__ import annotations

import sys

import pytest
from click.testing import CliRunner, Result

from kg_server.cli.main import commands

PREFIXES = """@prefix ex: <https://e.org/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
CLASS_SHAPE = (
    "ex:S a sh:NodeShape ; sh:targetClass ex:T ; sh:property [ sh:path ex:q ; sh:minCount 1 ] ."
)


@pytest.fixture
def validate(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def run(data: str, shapes: str, *options: str) -> Result:
        for name, text in (("data/all.ttl", data), ("ontology/shapes/all.ttl", shapes)):
            path = tmp_path / "project" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(PREFIXES + text)
        return CliRunner().invoke(commands, ["validate", str(tmp_path / "project"), *options])

    return run


@pytest.mark.parametrize(
    ("data", "inference"),
    [
        ("ex:p rdfs:domain ex:T . ex:a ex:p ex:b . ex:c a ex:T ; ex:q 1 .", "rdfs"),
        ("ex:U owl:equivalentClass ex:T . ex:a a ex:U . ex:c a ex:T ; ex:q 1 .", "owlrl"),
    ],
)
def test_what_is_inferred_is_validated_and_only_then(validate, data, inference):
    assert validate(data, CLASS_SHAPE).exit_code == 0

    inferred = validate(data, CLASS_SHAPE, "--inference", inference)

    assert inferred.exit_code == 1
    assert "VIOLATION: ex:a" in inferred.output


def test_what_owl_infers_to_be_inconsistent_is_found(validate):
    data = (
        "ex:p a owl:AsymmetricProperty . ex:a ex:p ex:b . ex:b ex:p ex:a ; a ex:T ; ex:q 1 . "
        "[] a owl:NegativePropertyAssertion ; owl:sourceIndividual ex:b ; "
        "owl:assertionProperty ex:r ; owl:targetIndividual ex:a . "
        "ex:s rdfs:subPropertyOf ex:r . ex:b ex:s ex:a ."
    )
    assert validate(data, CLASS_SHAPE, "--inference", "rdfs").exit_code == 0

    inferred = validate(data, CLASS_SHAPE, "--inference", "owlrl")

    assert inferred.exit_code == 1
    assert inferred.output.count("data and ontology contradict each other") == 3
    assert "Erroneous usage of asymmetric property https://e.org/p" in inferred.output
    assert "Negative (object) property assertion violated" in inferred.output


def test_rules_and_targets_by_query_count_when_advanced_features_do(validate):
    rule = (
        "ex:R a sh:NodeShape ; sh:targetClass ex:U ; "
        "sh:rule [ a sh:TripleRule ; sh:subject sh:this ; sh:predicate ex:q ; sh:object 1 ] ."
    )
    target = (
        "ex:Q a sh:NodeShape ; sh:target [ a sh:SPARQLTarget ; sh:select "
        '"SELECT ?this { ?this <https://e.org/q> 1 }" ] ; sh:nodeKind sh:Literal .'
    )
    data = "ex:a a ex:U , ex:T ."

    assert validate(data, CLASS_SHAPE + rule).exit_code == 1
    assert validate(data, CLASS_SHAPE + rule, "--advanced").exit_code == 0
    both = validate(data, CLASS_SHAPE + rule + target, "--advanced")
    assert both.exit_code == 1
    assert "NodeKind" in both.output


def test_pyshacl_alone_agrees_with_the_prefilter_before_it(validate):
    said = validate("ex:a a ex:T . ex:b a ex:T ; ex:q 1 .", CLASS_SHAPE, "--engine", "pyshacl")

    assert said.exit_code == 1
    assert said.output.count("VIOLATION") == 1


def test_an_engine_that_finds_otherwise_is_reported_with_what(validate):
    # shacl-rust 0.2.12 holds that no value of a qualified shape has a language.
    qualified = (
        "ex:S a sh:NodeShape ; sh:targetClass ex:T ; sh:property ex:P . ex:P sh:path rdfs:label ; "
        "sh:qualifiedValueShape [ sh:languageIn ( 'en' ) ] ; sh:qualifiedMinCount 1 ."
    )

    said = validate('ex:a a ex:T ; rdfs:label "A"@en .', qualified, "--engine", "shacl-rust")

    assert said.exit_code == 2
    assert said.stderr.partition("\n")[2] == (
        "kg-server: shacl-rust has other findings\n"
        "  only by shacl-rust: <https://e.org/a> <https://e.org/P> "
        "<http://www.w3.org/ns/shacl#QualifiedMinCountConstraintComponent> Violation\n"
    )


def test_an_engine_that_agrees_changes_nothing(validate):
    said = validate("ex:a a ex:T .", CLASS_SHAPE, "--engine", "shacl-rust", "--format", "json")

    assert said.exit_code == 1
    assert said.stdout.startswith('{\n  "conforms": false')


def test_an_engine_that_is_not_installed_is_named_with_how_to_install_it(validate, monkeypatch):
    monkeypatch.setitem(sys.modules, "shacl_rust", None)

    said = validate("ex:a a ex:T .", CLASS_SHAPE, "--engine", "shacl-rust")

    assert said.exit_code == 2
    assert "pip install 'kg-server[engines]'" in said.output
