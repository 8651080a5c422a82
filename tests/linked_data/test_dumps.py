"""Dumps: every triple, in every format, there and back."""

from __future__ import annotations

import subprocess
import sys

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdflib import Graph
from rdflib.compare import isomorphic

from kg_server.errors import NotAcceptable
from kg_server.formats import Kind, named
from kg_server.linked_data import dumps
from kg_server.linked_data.documents import Site
from kg_server.project import load
from kg_server.rdf import transcode
from kg_server.store import open_store

BASE = "https://diplomacy.example/"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
TURTLE = named("turtle", Kind.GRAPH)


def as_reification(statements):
    """Turn ``rdf:reifies`` with a triple term back into the four triples of RDF 1.1 reification."""
    for each in statements:
        if each.predicate.value != RDF + "reifies" or not isinstance(each.object, ox.Triple):
            yield each
            continue
        parts = each.object
        yield ox.Triple(each.subject, ox.NamedNode(RDF + "type"), ox.NamedNode(RDF + "Statement"))
        yield ox.Triple(each.subject, ox.NamedNode(RDF + "subject"), parts.subject)
        yield ox.Triple(each.subject, ox.NamedNode(RDF + "predicate"), parts.predicate)
        yield ox.Triple(each.subject, ox.NamedNode(RDF + "object"), parts.object)


@pytest.fixture(scope="module")
def site(store, project):
    return Site.of(store, BASE, project.profile)


def canonical(quads):
    """Return a data set as canonical N-Quads, so that blank nodes compare (RDFC-1.0)."""
    dataset = ox.Dataset(quads)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return sorted(str(quad) for quad in dataset)


def read(chunks, form):
    data = b"".join(chunks)
    return list(ox.parse(data, format=ox.RdfFormat.from_media_type(form.media_type)))


def of_files(project, *, in_graphs):
    """Return what the project's files say; blank nodes of different files stay apart.

    The engine keeps numbers by value and not as they are written (12600000.0 is 12600000), and
    so it does here.
    """
    store = ox.Store()
    for file in project.files:
        name = ox.NamedNode(file.graph_iri) if in_graphs else ox.DefaultGraph()
        for quad in ox.parse(file.content, format=ox.RdfFormat.TURTLE, rename_blank_nodes=True):
            store.add(ox.Quad(quad.subject, quad.predicate, quad.object, name))
    return store


@pytest.mark.parametrize("form", dumps.FORMATS, ids=lambda form: form.name)
def test_a_dump_has_every_triple_of_every_file_and_nothing_else(site, project, form):
    dumped = read(dumps.dump(site, form), form)

    in_graphs = form.name in ("nquads", "trig", "jsonld")
    assert canonical(dumped) == canonical(of_files(project, in_graphs=in_graphs))


@pytest.mark.parametrize("form", dumps.RDF12_FORMATS, ids=lambda form: form.name)
def test_nothing_is_lost_from_claims_to_reifiers_and_back(site, form):
    plain = read(dumps.dump(site, form), form)
    reified = read(dumps.dump(site, form, rdf12=True), form)

    graphs = {quad.graph_name for quad in reified}
    back = [
        ox.Quad(triple.subject, triple.predicate, triple.object, name)
        for name in graphs
        for triple in as_reification(q.triple for q in reified if q.graph_name == name)
    ]
    assert canonical(back) == canonical(plain)


def test_in_rdf_1_2_each_claim_is_the_reifier_of_what_it_says(site):
    reified = [quad.triple for quad in read(dumps.dump(site, TURTLE, rdf12=True), TURTLE)]

    claims = {
        each.subject.value: each.object
        for each in reified
        if each.predicate.value == RDF + "reifies"
    }
    said = claims[f"{BASE}id/claim/F14"]
    number = ox.NamedNode(f"{BASE}ns/diplomacy#claimNumber")
    assert len(claims) == sum(each.predicate == number for each in reified) > 70
    assert said.subject.value == f"{BASE}id/relation/AZE-CAN"
    assert said.object.value == "1992-07-10"
    assert not [each for each in reified if each.predicate.value == RDF + "subject"]


def test_a_disputed_claim_s_statement_stays_asserted_and_a_denied_one_is_not(site):
    reified = {str(quad.triple) for quad in read(dumps.dump(site, TURTLE, rdf12=True), TURTLE)}

    assert (
        f"<{BASE}id/relation/AZE-CAN> <{BASE}ns/diplomacy#startDate> "
        '"1992-07-10"^^<http://www.w3.org/2001/XMLSchema#date>' in reified
    )
    embassy = f"<{BASE}ns/diplomacy#hasEmbassyIn>"
    assert f"<{BASE}id/state/CAN> {embassy} <{BASE}id/state/AZE>" not in reified


names = st.sampled_from([ox.NamedNode(f"urn:{letter}") for letter in "abc"])
predicates = st.sampled_from(
    [ox.NamedNode(RDF + each) for each in ("type", "subject", "predicate", "object")]
    + [ox.NamedNode("urn:p")]
)
objects = st.one_of(
    names,
    st.just(ox.NamedNode(RDF + "Statement")),
    st.builds(ox.Literal, st.text(max_size=3)),
)


@given(st.sets(st.builds(ox.Triple, names, predicates, objects), max_size=12))
def test_half_and_double_reifications_come_back_as_they_were(triples):
    is_reification = ox.NamedNode(RDF + "Statement")
    stated = {
        each.subject
        for each in triples
        if each.object == is_reification and each.predicate.value == RDF + "type"
    }
    parts = [
        each
        for each in triples
        if each.subject in stated
        and each.predicate.value.removeprefix(RDF) in ("subject", "predicate", "object")
    ]
    reified = transcode.as_reifiers(triples, transcode.claims(parts))

    assert set(as_reification(list(reified))) == triples


def test_turtle_is_grouped_and_has_prefixes_in_order(site):
    text = b"".join(dumps.dump(site, TURTLE)).decode()

    prefixes = [line for line in text.splitlines() if line.startswith("@prefix")]
    assert text.startswith(f"# Data set <{BASE}dataset>, version ")
    assert f"@prefix state: <{BASE}id/state/> ." in prefixes
    assert prefixes == sorted(prefixes)
    assert "state:CAN " in text


def test_a_dump_is_made_as_it_is_read(tmp_path):
    path = tmp_path / "long.nt"
    path.write_text("".join(f'<urn:s{n}> <urn:p> "{n}" .\n' for n in range(50_000)))
    chunks = dumps.dump(Site(open_store(load([path])), BASE), TURTLE)

    first = [next(chunks) for _ in range(3)]
    chunks.close()

    assert sum(map(len, first)) < 1_000_000


def test_a_fault_while_dumping_reaches_the_reader():
    broken = transcode.triples([b"<urn:s> <urn:p> <urn:o> .\n<urn:s> <urn:p> oops .\n"])

    with pytest.raises(SyntaxError):
        list(transcode.write(broken, TURTLE, {}))


def test_json_ld_has_no_triple_terms(site):
    with pytest.raises(NotAcceptable):
        dumps.dump(site, named("jsonld", Kind.GRAPH), rdf12=True)


def test_rdflib_reads_the_same_graph_from_turtle_and_n_triples(site):
    turtle, ntriples = (
        Graph().parse(data=b"".join(dumps.dump(site, named(name, Kind.GRAPH))), format=name)
        for name in ("turtle", "nt")
    )

    assert len(turtle) > 3_000
    assert isomorphic(turtle, ntriples)


def test_the_command_prints_the_same_dump(site, project, pytestconfig):
    command = [sys.executable, "-c", "from kg_server.cli.main import main; main()", "dump"]
    options = [str(pytestconfig.rootpath), "--format", "nq", "--rdf-version", "1.2"]

    ran = subprocess.run([*command, *options], capture_output=True, check=True)

    form = named("nquads", Kind.GRAPH)
    assert canonical(read([ran.stdout], form)) == canonical(
        read(dumps.dump(site, form, rdf12=True), form)
    )
    assert project.version.encode() in ran.stdout


def test_the_command_says_which_formats_there_are(pytestconfig):
    command = [sys.executable, "-c", "from kg_server.cli.main import main; main()", "dump"]

    ran = subprocess.run(
        [*command, str(pytestconfig.rootpath), "--format", "rdfxml"], capture_output=True
    )

    assert ran.returncode == 2
    for name in (b"turtle", b"ntriples", b"nquads", b"trig", b"jsonld"):
        assert b"'" + name + b"'" in ran.stderr
