"""Imports of ontologies: which files they mean, and that none is read from the network."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from kg_server import project as projects
from kg_server import validation

PREFIXES = """@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
"""
CATALOG = '<catalog xmlns="urn:oasis:names:tc:entity:xmlns:xml:catalog">%s</catalog>'
XML = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
  xmlns:owl="http://www.w3.org/2002/07/owl#"><owl:Ontology rdf:about="">
  <owl:imports rdf:resource="two.ttl"/></owl:Ontology></rdf:RDF>"""


def ontology(name: str, *imported: str) -> str:
    imports = "".join(f" ; owl:imports <{each}>" for each in imported)
    return f"{PREFIXES}<{name}> a owl:Ontology{imports} . <{name}#C> rdfs:subClassOf [] .\n"


@pytest.mark.parametrize(
    ("files", "missing"),
    [
        ({"one.ttl": ontology("", "two.ttl"), "two.ttl": ontology("", "one.ttl")}, []),
        ({"one.ttl": ontology("urn:o", "sub/two.owl"), "sub/two.owl": ontology("urn:other")}, []),
        (
            {
                "one.ttl": ontology("urn:o", "sub/two.ttl"),
                "sub/two.ttl": ontology("urn:two", "three.ttl.gz"),
                "sub/three.ttl.gz": ontology("urn:three"),
            },
            [],
        ),
        ({"one.rdf": XML, "two.ttl": ontology("urn:two")}, []),
        ({"one.ttl": ontology("urn:o", "gone.ttl", "https://e.org/x")}, ["gone.ttl", "x"]),
        (
            {
                "one.ttl": ontology("urn:o", "urn:a", "urn:b"),
                "a/core.ttl": ontology("urn:a"),
                "b/core.ttl": ontology("urn:other"),
                "catalog-v001.xml": CATALOG % '<uri name="urn:a" uri="a/core.ttl"/>'
                '<group><uri name="urn:b" uri="b/core.ttl"/></group>',
            },
            [],
        ),
    ],
)
def test_an_import_means_a_file_that_is_here(tmp_path, monkeypatch, files, missing):
    monkeypatch.chdir(tmp_path)
    for name, text in files.items():
        path = Path(name)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())

    project = projects.load([Path(next(iter(files)))])
    report = validation.validate(project, jobs=1, use_cache=False)

    read = {file.path.resolve() for file in project.files}
    wanted = {Path(name).resolve() for name in files if not name.endswith(".xml")}
    unresolved = [each.value or "" for each in report.findings if "missing-import" in each.rule]
    assert read == wanted
    assert len({file.graph_iri for file in project.files}) == len(wanted)
    assert sorted(each.rstrip(">").rpartition("/")[2] for each in unresolved) == missing


TERM = """@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
<urn:o#%s> a owl:Class ; rdfs:label "x"@%s %s .
"""
WITH_HEADER = PREFIXES + "<urn:o> a owl:Ontology ; owl:imports <%s> .\n"


@pytest.fixture
def rules(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def found(**files: str) -> tuple[str, list[str]]:
        """Return the first line of a run on one.ttl, and the findings as rule and focus node."""
        for name, text in files.items():
            Path(f"{name}.ttl").write_text(text)
        project = projects.load([Path("one.ttl")])
        report = validation.validate(project, jobs=1, use_cache=False)
        findings = [f"{each.rule.rpartition(':')[2]} {each.focus_node}" for each in report.findings]
        return project.summary, findings

    return found


def test_labels_definitions_and_use_of_imported_terms_are_the_business_of_others(rules):
    own = TERM % ("Own", "en", "; rdfs:subClassOf <urn:o#Theirs>")
    theirs = PREFIXES + "<urn:two> a owl:Ontology .\n<urn:o#Theirs> a owl:Class .\n"

    said, found = rules(one=WITH_HEADER % "two.ttl" + own, two=theirs)

    assert said.endswith("; ontology: one.ttl; imported: two.ttl")
    assert not [each for each in found if "Theirs" in each]
    assert "no-definition <urn:o#Own>" in found


def test_a_subproperty_of_a_definition_is_one(rules):
    own = TERM % ("Own", "en", "; <urn:o#means> 'x'")
    below = "<urn:o#means> rdfs:subPropertyOf <urn:o#says> .\n"
    below += "<urn:o#says> rdfs:subPropertyOf skos:definition .\n"

    _, found = rules(one=WITH_HEADER % "urn:x" + own + below)

    assert "no-definition <urn:o#Own>" not in found


def test_a_language_with_a_region_counts_for_the_language(rules):
    names = (("A", "en-us"), ("B", "en-us"), ("C", "en-US"), ("D", "en"), ("E", "de"))
    own = PREFIXES + "<urn:o> a owl:Ontology .\n"
    own += "".join(TERM % (name, language, "") for name, language in names)

    _, found = rules(one=own)

    lacking = [each for each in found if each.startswith("missing-language")]
    assert lacking == ["missing-language <urn:o#E>"]


@pytest.mark.parametrize(
    ("import_", "namespace", "found"),
    [
        ("urn:gone", "urn:shared#", False),  # which the missing ontology may have
        ("two.ttl", "urn:shared#", True),
        ("urn:gone", "urn:o#", True),  # the name of this ontology
    ],
)
def test_terms_of_a_missing_import_are_not_said_to_be_undeclared(rules, import_, namespace, found):
    text = WITH_HEADER % import_ + f"<{namespace}A> a owl:Class ; rdfs:isDefinedBy <urn:o> .\n"
    text += f"<{namespace}A> rdfs:subClassOf <{namespace}B> .\n"

    _, rules_found = rules(one=text, two=PREFIXES + "<urn:two> a owl:Ontology .\n")

    assert (f"undeclared-term <{namespace}A>" in rules_found) is found


def test_files_with_one_name_are_told_apart_in_the_first_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("shapes").mkdir()
    Path("a.ttl").write_text("<urn:a> a <urn:T> .")
    Path("shapes/a.ttl").write_text(
        "<urn:S> a <http://www.w3.org/ns/shacl#NodeShape> ; "
        "<http://www.w3.org/ns/shacl#targetClass> <urn:T> ."
    )

    summary = projects.load([Path("a.ttl"), Path("shapes")]).summary

    assert summary.endswith("data: a.ttl; shapes: shapes/a.ttl")


def test_a_new_catalog_is_a_reason_to_check_anew(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name, text in (("one", ontology("urn:o", "urn:b")), ("two", ontology("urn:other"))):
        Path(f"{name}.ttl").write_text(text)

    def missing() -> list[str | None]:
        project = projects.load([Path("one.ttl"), Path("two.ttl")])
        findings = validation.validate(project, jobs=1).findings
        return [each.value for each in findings if "missing-import" in each.rule]

    before = missing()
    Path("catalog-v001.xml").write_text(CATALOG % '<uri name="urn:b" uri="two.ttl"/>')

    assert (before, missing()) == (["<urn:b>"], [])
