"""Two clients walk a live server from its home page, and put the graph together again."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import time
from urllib.error import URLError
from urllib.parse import urldefrag
from urllib.request import Request, urlopen

import pyoxigraph as ox
import pytest
from pyld import jsonld
from rdflib import BNode, Graph, Literal, URIRef
from rdflib.util import from_n3

pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")

_APART = ("/dump", "/sparql", "/graph/", "/search", "/queries", "/openapi", "/problems")
"""Addresses that are no documents of things: whole graphs, queries, services."""


@pytest.fixture(scope="module")
def base(pytestconfig):
    """A server whose names lead to itself."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}/"
    command = [sys.executable, "-c", "import sys; from kg_server.cli.main import main; main()"]
    options = ["serve", str(pytestconfig.rootpath), "--port", str(port), "--base-iri", address]
    process = subprocess.Popen([*command, *options, "--no-validate"], stderr=subprocess.DEVNULL)
    try:
        _wait_for(f"{address}health/ready")
        yield address
    finally:
        process.terminate()
        process.wait(30)


def _wait_for(address):
    for _ in range(300):
        try:
            with urlopen(address) as response:  # noqa: S310  # our own server
                if response.status == 200:
                    return
        except URLError:
            pass
        time.sleep(0.1)
    raise TimeoutError(address)


def crawl(base, read):
    """Follow every link below ``base`` from the home page; return each document's triples."""
    documents, queue = {}, [base]
    while queue:
        address = queue.pop()
        if address in documents:
            continue
        documents[address] = graph = read(address)
        terms = {term for triple in graph for term in triple if isinstance(term, URIRef)}
        links = {urldefrag(str(term))[0] for term in terms if str(term).startswith(base)}
        queue.extend(
            link
            for link in sorted(links - documents.keys())
            if not link.removeprefix(base.rstrip("/")).startswith(_APART)
        )
    return documents


def with_rdflib(address):
    """Read a document as rdflib does by itself: negotiation, redirects, its own parsers."""
    return Graph().parse(address)


def with_json_ld(address):
    """Read a document with a JSON-LD processor that may load nothing else."""

    def refuse(url, _options):
        raise AssertionError(f"{address} made the reader fetch {url}")

    request = Request(address, headers={"Accept": "application/ld+json"})  # noqa: S310  # http
    with urlopen(request) as response:  # noqa: S310  # our own server
        document = json.load(response)
    options = {"format": "application/n-quads", "documentLoader": refuse, "base": address}
    return Graph().parse(data=jsonld.to_rdf(document, options), format="nt")


def put_together(documents):
    """Merge documents; a blank node that several of them describe is one node.

    Documents describe blank nodes completely, so that nodes with the same description are the
    same: a blank node gets the name that its description gives it.
    """
    merged = set()
    for graph in documents:
        names = {node: _name(graph, node) for node in graph.all_nodes() if isinstance(node, BNode)}
        for triple in graph:
            merged.add(tuple(_plain(names.get(term, term)) for term in triple))
    return merged


def _name(graph, node):
    around = [
        " ".join(_name(graph, o) if isinstance(o, BNode) else _plain(o) for o in (p, o))
        for p, o in graph.predicate_objects(node)
    ]
    return "blank(" + "; ".join(sorted(around)) + ")"


def _plain(term):
    """Return a term as text, numbers by value."""
    if isinstance(term, Literal) and term.datatype and "decimal" in term.datatype:
        return f"{term.toPython().normalize():f}"
    return term.n3() if not isinstance(term, str) or isinstance(term, URIRef | Literal) else term


@pytest.fixture(scope="module")
def loaded(base):
    """Every triple of the server's files, without what it says of itself."""
    with urlopen(f"{base}dump.nt") as response:  # noqa: S310  # our own server
        text = response.read()
    graph = Graph()
    for quad in ox.parse(text, format=ox.RdfFormat.N_TRIPLES):
        graph.add(tuple(from_n3(str(term)) for term in quad.triple))
    return graph


@pytest.mark.parametrize("read", [with_rdflib, with_json_ld])
def test_crawling_from_the_home_page_finds_everything_and_gives_back_the_graph(base, loaded, read):
    documents = crawl(base, read)

    things = {
        str(s) for s in loaded.subjects() if re.match(f"{re.escape(base)}(id|def|ns)/", str(s))
    }
    assert len(documents) > 500
    assert {urldefrag(each)[0] for each in things} <= documents.keys()
    found, expected = put_together(documents.values()), put_together([loaded])
    assert expected - found == set()
    added = {triple for triple in found - expected if not _is_description(triple, base)}
    assert added == set()


def _is_description(triple, base):
    """Tell whether a triple is about a document, a query or the data set: what the server adds."""
    subject = triple[0].removeprefix("<")
    return subject.startswith(
        tuple(base + each for each in ("doc/", ".well-known/", "queries/", "sparql", "dataset"))
    )
