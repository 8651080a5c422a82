"""A project that ``init`` makes can be validated, tested and served at once."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from kg_server.project import scaffold

ROOT = Path(__file__).resolve().parents[2]


def run(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kg_server", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=place)


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_a_new_project_conforms_without_any_finding_and_its_tests_pass(tmp_path):
    made = run(tmp_path, "init", "mine")

    assert made.returncode == 0
    assert "mine/kg.toml" in made.stdout.splitlines()
    validated = run(tmp_path / "mine", "validate", "--fail-on", "info")
    assert (validated.returncode, validated.stdout.splitlines()[0]) == (0, "Conforms.")
    tested = run(tmp_path / "mine", "test")
    assert tested.returncode == 0
    assert tested.stdout.startswith("...\n3 passed in ")
    asked = run(tmp_path / "mine", "query", "SELECT ?s { ?s a <https://kg.example.org/ns#Book> }")
    assert asked.stdout == "s\nhttps://kg.example.org/id/atlas\n"


def test_the_same_project_can_be_named_otherwise(tmp_path):
    run(tmp_path, "init", "mine")

    asked = run(
        tmp_path / "mine", "describe", "id/atlas", "--base-iri", "https://books.example.net/"
    )

    assert "@prefix thing: <https://books.example.net/id/> ." in asked.stdout
    assert "thing:atlas rdfs:label" in asked.stdout


def test_files_that_are_there_are_kept(tmp_path):
    (tmp_path / "kg.toml").write_text("mine")

    refused = run(tmp_path, "init")

    assert refused.returncode == 2
    assert (
        refused.stderr
        == "kg-server: .: has kg.toml already; nothing was written (--force begins anew)\n"
    )
    assert [path.name for path in tmp_path.iterdir() if path.name != "cache"] == ["kg.toml"]
    assert (tmp_path / "kg.toml").read_text() == "mine"
    assert run(tmp_path, "init", "--force").returncode == 0
    assert "base-iri" in (tmp_path / "kg.toml").read_text()


def test_where_nothing_can_be_written_is_said_in_a_line(tmp_path):
    (tmp_path / "file").write_text("")

    refused = run(tmp_path, "init", "file/below")

    assert refused.returncode == 2
    assert "cannot be written" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_the_wheel_has_every_file_of_the_skeleton(tmp_path):
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--no-deps",
        "--no-build-isolation",
        "-q",
        "-w",
    ]
    subprocess.run([*command, str(tmp_path), str(ROOT)], check=True, capture_output=True)

    (wheel,) = tmp_path.glob("*.whl")
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if "/skeleton/" in name}
    target = tmp_path / "project"
    written = {path.relative_to(target).as_posix() for path in scaffold.write(target)}
    assert {name.partition("/skeleton/")[2] for name in packed} == written


TURTLE = {
    "birds.ttl": "<https://b.example/wren> a <https://b.example/ns#Bird> .",
    "terms.ttl": """@prefix owl: <http://www.w3.org/2002/07/owl#> .
        <https://b.example/ns> a owl:Ontology . <https://b.example/ns#Bird> a owl:Class .""",
    "checks/bird.ttl": """@prefix sh: <http://www.w3.org/ns/shacl#> .
        <https://b.example/s> a sh:NodeShape ; sh:targetClass <https://b.example/ns#Bird> ;
          sh:nodeKind sh:IRI .""",
    "checks/more.ttl": """@prefix sh: <http://www.w3.org/ns/shacl#> .
        <https://b.example/t> a sh:NodeShape ; sh:targetClass <https://b.example/ns#Bird> .""",
}


@pytest.fixture
def repository(tmp_path):
    for name, text in TURTLE.items():
        path = tmp_path / "birds" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "birds" / "README.md").write_text("# Birds")
    return tmp_path / "birds"


def test_beside_rdf_files_only_a_manifest_is_written_and_it_works(repository):
    made = run(repository, "init")

    assert made.stdout == "kg.toml\n"
    said = (repository / "kg.toml").read_text()
    assert 'data = ["birds.ttl"]' in said
    assert 'ontology = ["terms.ttl"]' in said
    assert 'shapes = ["checks"]' in said
    assert (repository / "README.md").read_text() == "# Birds"
    validated = run(repository, "validate")
    assert validated.returncode == 0, validated.stdout + validated.stderr


def test_a_file_that_is_not_well_formed_is_told_and_nothing_is_written(repository):
    (repository / "odd.ttl").write_text("<a> <b")

    refused = run(repository, "init")

    assert refused.returncode == 2
    assert "odd.ttl:1" in refused.stderr
    assert not (repository / "kg.toml").exists()


def test_beside_a_readme_the_example_leaves_it_alone(tmp_path):
    (tmp_path / "README.md").write_text("# Mine")

    made = run(tmp_path, "init")

    assert made.returncode == 0
    assert "README.md" not in made.stdout.splitlines()
    assert (tmp_path / "README.md").read_text() == "# Mine"
    assert run(tmp_path, "validate").returncode == 0


def test_imports_from_elsewhere_and_a_broken_catalog_are_no_part_of_the_manifest(tmp_path):
    owl = "<http://www.w3.org/2002/07/owl#{}>"
    (tmp_path / "mine" / "sub").mkdir(parents=True)
    (tmp_path / "other.ttl").write_text(f"<urn:o> a {owl.format('Ontology')} .")
    (tmp_path / "mine" / "sub" / "catalog-v001.xml").write_text("<catalog>\n<<<<<<<")
    for name, imported in (("a.ttl", "../other.ttl"), ("sub/b.ttl", "urn:x")):
        text = f"<> a {owl.format('Ontology')} ; {owl.format('imports')} <{imported}> ."
        (tmp_path / "mine" / name).write_text(text)

    text = scaffold.for_files(tmp_path / "mine")

    assert 'ontology = ["a.ttl", "sub/b.ttl"]' in text
