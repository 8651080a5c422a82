"""The graph that a SPARQL service holds is checked as the files are."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import engines
import pytest
from rdflib import SH

from kg_server import project as projects
from kg_server import validation
from kg_server.project import Role
from kg_server.store import open_store
from kg_server.store.publishing import dataset
from kg_server.store.remote import RemoteStore
from kg_server.store.replicas import Replicas
from kg_server.validation import endpoint as over_service
from kg_server.validation.endpoint.copy import copied, most_copied
from kg_server.validation.endpoint.prefilter import Service
from kg_server.validation.prefilter import data
from kg_server.validation.report import RULES_IRI, UNANSWERED, Finding, Report

DATA = """
@prefix ex: <http://ex.example/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
ex:Cat rdfs:subClassOf ex:Animal .
ex:tom a ex:Cat ; ex:name "Tom"@en, "Thomas"@en ; ex:legs 4 ; ex:home [ ex:city "Rome" ] .
ex:kit a ex:Cat ; ex:name "Kit" ; ex:legs "four" ; ex:eats ex:stone ;
    ex:born "2020-02-30"^^xsd:date .
ex:pip a ex:Animal ; ex:name "Pip" ; ex:legs 3, 5 ; ex:eats ex:kit ; ex:home [ ex:town 1 ] .
ex:ann a ex:Animal ; ex:name "Ann" ; ex:legs 4 ; ex:eats ex:ann ; ex:tags ( "a" "b" 3 ) .
ex:bob a ex:Animal ; ex:name "Bob" ; ex:legs 4 ; ex:tags ( "a" "b" ) ;
    ex:born "2020-02-28"^^xsd:date .
[] a ex:Cat ; ex:legs 9 .
ex:stone a ex:Thing ; ex:kind ex:Granite ; ex:colour "grey" .
"""

SHAPES = """
@prefix ex: <http://ex.example/> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
ex:AnimalShape a sh:NodeShape ; sh:targetClass ex:Animal ;
    sh:property [ sh:path ex:name ; sh:minCount 1 ; sh:uniqueLang true ] ;
    sh:property [ sh:path ex:legs ; sh:datatype xsd:integer ; sh:maxCount 1 ; sh:maxInclusive 8 ] ;
    sh:property [ sh:path ex:eats ; sh:class ex:Animal ] ;
    sh:property [ sh:path ex:born ; sh:datatype xsd:date ] ;
    sh:property [ sh:path ex:home ; sh:node ex:HomeShape ] ;
    sh:property [ sh:path ( ex:tags [ sh:zeroOrMorePath rdf:rest ] rdf:first ) ;
        sh:datatype xsd:string ] ;
    sh:sparql [ sh:message "It eats itself." ;
        sh:select "SELECT $this WHERE { $this <http://ex.example/eats> $this }" ] .
ex:HomeShape a sh:NodeShape ; sh:property [ sh:path ex:city ; sh:minCount 1 ] .
ex:ThingShape a sh:NodeShape ; sh:targetClass ex:Thing ; sh:closed true ;
    sh:ignoredProperties ( rdf:type ) ;
    sh:property [ sh:path ex:kind ; sh:in ( ex:Basalt "granite" ) ] .
"""


def command(*arguments: str, **more) -> subprocess.CompletedProcess:
    whole = [sys.executable, "-m", "kg_server", *arguments]
    return subprocess.run(whole, capture_output=True, text=True, timeout=300, check=False, **more)


@pytest.fixture(scope="module")
def zoo(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("zoo")
    for name, text in (("data/zoo.ttl", DATA), ("shapes/s.ttl", SHAPES)):
        (folder / name).parent.mkdir()
        (folder / name).write_text(text)
    (folder / "kg.toml").write_text('base-iri = "https://zoo.example/"\nshapes = ["shapes"]\n')
    return folder


@pytest.fixture(scope="module")
def oxigraph():
    engine = engines.Oxigraph()
    yield engine
    engine.stop()


def found_by(report: Report) -> set[Finding]:
    """Return the findings of shapes without what depends on where the graph is."""

    def bare(finding: Finding) -> Finding:
        details = tuple(map(bare, finding.details))
        return replace(finding, place=None, related=(), graph=None, details=details)

    return {bare(each) for each in report.findings if not each.rule.startswith(RULES_IRI)}


@pytest.mark.parametrize("make", engines.available(), ids=lambda make: make.dialect.name)
def test_findings_are_those_of_the_files(zoo, make):
    engine, project = make(), projects.load([zoo])
    store = engine.store(project)
    local = validation.validate(project, use_cache=False, jobs=1)

    copied, asked = (
        over_service.validate(store, project, engine.url, copied_up_to=most, timeout_s=60)
        for most in (1000, 0)
    )
    store.close()
    engine.stop()

    for report in (copied, asked):
        found, wanted = found_by(report), found_by(local)
        if make.dialect.name == "virtuoso":  # 7.2 takes no date that there is not
            found, wanted = (
                {x for x in each if "born" not in (x.path or "")} for each in (found, wanted)
            )
        assert found == wanted
        assert len(found) >= 9
        graphs = {each.graph for each in report.findings if each.focus_node.startswith("<")}
        assert graphs == {"<https://zoo.example/graph/zoo>"}
        assert (report.not_checked, report.unread) == (0, ())
        assert (report.focus_nodes, report.shapes) == (local.focus_nodes, local.shapes)
        assert (report.service, report.triples) == (engine.url, local.triples)
        assert not any(each.place or each.related for each in report.findings)


@pytest.fixture
def cut(zoo, oxigraph):
    """Return a store over the zoo whose answers of so many triples or more count as cut."""
    project = projects.load([zoo])
    oxigraph.store(project).close()
    graphs, _ = dataset(open_store(project))
    stores = []

    def opened(most_triples: int) -> RemoteStore:
        stores.append(
            RemoteStore(
                Replicas([oxigraph.connection().endpoint]),
                replace(oxigraph.dialect, most_triples=most_triples),
                graphs,
                version="",
                credentials=oxigraph.credentials,
            )
        )
        return stores[-1]

    yield opened
    for each in stores:
        each.close()


def test_the_graph_is_copied_as_long_as_half_of_the_memory_holds_it():
    assert [most_copied(free << 30) for free in (0, 4, 64)] == [200_000, 1_431_655, 5_000_000]


def test_where_the_graph_is_checked_is_said(zoo, oxigraph, cut):
    project, said = projects.load([zoo]), []
    for most, triples in ((1000, 1000), (5, 1000), (1000, 3)):
        over_service.validate(
            cut(triples), project, oxigraph.url, copied_up_to=most, timeout_s=60, say=said.append
        )

    here, too_many, not_given = said
    assert "are checked here" in here
    assert "more than the 5 for which there is memory here" in too_many
    assert "did not give all" in not_given


@pytest.mark.parametrize(("most_triples", "is_whole"), [(1000, True), (20, True), (3, False)])
def test_a_copy_is_the_whole_graph_or_none(zoo, cut, most_triples, is_whole):
    local = data.read(projects.load([zoo]).of_role(Role.DATA))
    service = Service(cut(most_triples), time.monotonic() + 60, limit_s=60)

    copy = copied(service, Role.DATA, (), lambda _step, _part: None)

    assert bool(copy) is is_whole
    if copy:
        assert len(data.read([copy]).store) == len(local.store)


def test_a_service_that_has_another_number_of_triples_than_it_gives_is_not_copied(cut):
    class Miscounting(Service):
        def count(self, *asked, **more) -> int:
            return super().count(*asked, **more) + 1

    service = Miscounting(cut(1000), time.monotonic() + 60, limit_s=60)

    assert copied(service, Role.DATA, (), lambda _step, _part: None) is None


def test_what_the_service_cuts_counts_as_not_checked(zoo, oxigraph, cut):
    project, store = projects.load([zoo]), cut(3)

    report = over_service.validate(store, project, oxigraph.url, timeout_s=60)

    assert report.not_checked > 0
    assert {each.component for each in report.unread} == {UNANSWERED}
    assert not report.conforms


MANY = 250
HOMES = """
@prefix ex: <http://ex.example/> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
ex:HomeShape a sh:NodeShape ; sh:targetClass ex:Cat ;
    sh:property [ sh:path ( ex:home ex:city ex:name ) ; sh:minCount 1 ] .
"""


class Noting(RemoteStore):
    """A store that notes the texts of queries."""

    def query(self, query):
        self.asked.append(query.text)
        return super().query(query)


@pytest.mark.parametrize(
    "sees",
    [lambda _number: True, lambda number: number % 2],
    ids=["all see the same", "every second sees less"],
)
def test_what_all_suspects_look_at_is_fetched_at_once_and_the_rest_later(tmp_path, oxigraph, sees):
    prefix = "@prefix ex: <http://ex.example/> .\n"
    said = "ex:c%d a ex:Cat . %s\n"
    home = "ex:c%d ex:home ex:h%d . ex:h%d ex:city ex:t%d . ex:t%d ex:size 1 ."
    lines = (said % (n, home % ((n,) * 5) if sees(n) else "") for n in range(MANY))
    (tmp_path / "d.ttl").write_text(prefix + "".join(lines))
    (tmp_path / "s.ttl").write_text(HOMES)
    project = projects.load([tmp_path / "d.ttl", tmp_path / "s.ttl"])
    graphs, _ = dataset(open_store(project))
    oxigraph.store(project).close()
    place = Replicas([oxigraph.connection().endpoint])
    store = Noting(place, oxigraph.dialect, graphs, version="", credentials=oxigraph.credentials)
    store.asked = []

    report = over_service.validate(store, project, oxigraph.url, copied_up_to=0, timeout_s=60)
    store.close()

    assert len(report.findings) == MANY
    assert {each.component for each in report.findings} == {f"<{SH.MinCountConstraintComponent}>"}
    assert report.not_checked == 0
    fetched = [text for text in store.asked if "VALUES ?s {" in text]
    # 200 nodes at a time: the cats; the home of the first, all homes; the city of the first, all
    assert 1 <= len(fetched) <= 8


def test_the_command_checks_what_was_published(zoo, oxigraph):
    where = ("--endpoint", oxigraph.url)
    assert command("publish", str(zoo), *where, "--no-validate").returncode == 0

    bad = command("validate", *where, "--format", "json")
    text = command("validate", *where).stdout
    good = command("validate", *where, "--shapes", str(zoo / "shapes" / "s.ttl"))

    assert (bad.returncode, good.returncode) == (1, 1)
    assert json.loads(bad.stdout)["checked"]["service"] == oxigraph.url
    assert "It eats itself." in text
    assert "triples were fetched, and are checked here" in bad.stderr
    assert "graph  <https://zoo.example/graph/zoo>" in text


def test_the_exit_code_is_2_where_nothing_can_be_checked(zoo):
    engine = engines.Oxigraph()
    shapes = ("--shapes", str(zoo / "shapes" / "s.ttl"))

    nothing = command("validate", "--endpoint", engine.url)
    empty = command("validate", "--endpoint", engine.url, *shapes)
    mixed = command("validate", "--endpoint", engine.url, str(zoo))
    engine.stop()
    away = command("validate", "--endpoint", engine.url, *shapes)

    assert [each.returncode for each in (nothing, empty, mixed, away)] == [2, 2, 2, 2]
    assert "--shapes" in nothing.stderr
    assert "no triples" in empty.stderr
    assert "gives no answer" in away.stderr
    assert "Traceback" not in nothing.stderr + empty.stderr + mixed.stderr + away.stderr


def test_a_graph_that_others_wrote_is_checked_by_shapes_that_are_named(tmp_path):
    engine = engines.Oxigraph()
    data, shapes = tmp_path / "d.ttl", tmp_path / "s.ttl"
    data.write_text(DATA)
    shapes.write_text(SHAPES)
    connection = engine.connection()
    status, _ = connection.send("POST", "/store?default", DATA.encode(), media_type="text/turtle")
    assert status in (200, 201, 204)
    local = command("validate", str(data), str(shapes), "--format", "json")

    done = command(
        "validate", "--endpoint", engine.url, "--shapes", str(shapes), "--format", "json"
    )
    engine.stop()

    assert done.returncode == 1, done.stderr
    keys = ("focus_node", "path", "value", "component", "message")
    over, here = (
        {
            tuple(finding[key] for key in keys)
            for finding in json.loads(each.stdout)["findings"]
            if finding["source_shape"].find(RULES_IRI) < 0
        }
        for each in (done, local)
    )
    assert over == here
