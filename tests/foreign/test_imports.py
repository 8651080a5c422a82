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
