"""The generator of graphs for benchmarks."""

import hashlib
import subprocess
import sys
from itertools import chain
from pathlib import Path

import pyoxigraph as ox
import pytest

from kg_server import project, validation

ROOT = Path(__file__).parents[2]
DIP = "https://diplomacy.example/ns/diplomacy#"
DEF = "https://diplomacy.example/def/"


def generate(output: Path, triples: int = 10_000, seed: int = 7) -> Path:
    command = [sys.executable, str(ROOT / "benchmarks" / "generate.py"), "--quiet"]
    arguments = ["--triples", str(triples), "--seed", str(seed), "--output", str(output)]
    subprocess.run([*command, *arguments], check=True, timeout=120)
    return output


def quads(path: Path) -> set[ox.Quad]:
    parsed = list(ox.parse(path=str(path)))
    assert len(parsed) == len(set(parsed)), "a triple is written twice"
    return set(parsed)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return generate(tmp_path_factory.mktemp("world") / "small.nt")


def test_the_same_seed_gives_the_same_bytes(small, tmp_path):
    again = generate(tmp_path / "again.nt")

    assert digest(again) == digest(small)


def test_another_seed_gives_another_graph(small, tmp_path):
    other = generate(tmp_path / "other.nt", seed=8)

    assert digest(other) != digest(small)


@pytest.mark.parametrize("triples", [10_000, 50_000, 300_000])
def test_a_graph_has_the_wanted_size_within_two_percent(tmp_path, triples):
    path = generate(tmp_path / "world.nt", triples)

    assert len(quads(path)) == pytest.approx(triples, rel=0.02)


def test_every_syntax_says_the_same(small, tmp_path):
    turtle = quads(generate(tmp_path / "small.ttl"))
    named = quads(generate(tmp_path / "small.nq"))
    triples = ground(quads(small))

    assert ground(turtle) == triples
    assert ground(named) == triples
    assert {quad.graph_name.value for quad in named} == {"https://diplomacy.example/graph/world"}


def test_only_terms_of_the_ontology_and_values_of_its_own_are_used(small):
    ontology = (ox.parse(path=str(file)) for file in (ROOT / "ontology").glob("*.ttl"))
    declared = {
        quad.subject.value
        for quad in (*chain.from_iterable(ontology), *quads(small))
        if isinstance(quad.subject, ox.NamedNode)
    }
    used = {
        term.value
        for quad in quads(small)
        for term in (quad.predicate, quad.object)
        if isinstance(term, ox.NamedNode) and term.value.startswith((DIP, DEF))
    }

    assert {f"{DIP}hasEmbassyIn", f"{DIP}Accreditation", f"{DEF}Embassy"} <= used
    assert used <= declared


def test_a_generated_graph_conforms_to_the_shapes(small):
    checked = {
        project.Role.DATA: [small],
        project.Role.ONTOLOGY: sorted((ROOT / "ontology").glob("*.ttl")),
        project.Role.SHAPES: [ROOT / "ontology" / "shapes"],
    }
    report = validation.validate(project.load(chosen=checked))

    shacl = [each for each in report.findings if "urn:x-kg-server" not in each.component]
    assert shacl == []


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def ground(found: set[ox.Quad]) -> set[ox.Triple]:
    return {quad.triple for quad in found if not isinstance(quad.subject, ox.BlankNode)}
