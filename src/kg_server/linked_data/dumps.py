"""Dumps: every triple of the project's files, streamed as one file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kg_server.errors import NotAcceptable
from kg_server.formats import Format, Kind, named
from kg_server.linked_data.documents import Site, licence_of
from kg_server.rdf import transcode
from kg_server.sparql.query import Dataset, Query

GENERATED = ("graph/description", "graph/queries")
"""Named graphs below the base IRI that the server adds; dumps do not contain them."""

FORMATS = tuple(
    named(name, Kind.GRAPH) for name in ("turtle", "ntriples", "nquads", "trig", "jsonld")
)
"""Formats of a dump, the most common first."""

RDF12_FORMATS = tuple(form for form in FORMATS if form.name != "jsonld")
"""Formats of a dump with triple terms, which JSON-LD 1.1 does not have."""

_DATASET_FORMATS = ("nquads", "trig", "jsonld")
_N_TRIPLES = named("ntriples", Kind.GRAPH)
_ALL = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"
_REIFICATIONS = """
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
CONSTRUCT { ?claim rdf:subject ?s ; rdf:predicate ?p ; rdf:object ?o }
WHERE { ?claim a rdf:Statement ; rdf:subject ?s ; rdf:predicate ?p ; rdf:object ?o }
"""


def graph_names(site: Site) -> tuple[str, ...]:
    """Return the named graphs that come from the project's files."""
    made = {site.base_iri + name for name in GENERATED}
    return tuple(name for name in site.store.graph_names() if name not in made)


def dump(site: Site, form: Format, *, rdf12: bool = False) -> Iterator[bytes]:
    """Write the graph, chunk by chunk.

    Args:
        site: the store and its base IRI.
        form: one of ``FORMATS``; dataset formats keep the named graphs apart.
        rdf12: write each claim as the reifier of a triple term (RDF 1.2) instead of as an
            ``rdf:Statement`` with subject, predicate and object.

    Raises:
        NotAcceptable: the graph cannot be dumped in this format.
    """
    offers = RDF12_FORMATS if rdf12 else FORMATS
    if form.name not in {each.name for each in offers}:
        can = ", ".join(each.name for each in offers)
        raise NotAcceptable(f"There is no dump as {form.name}. Can produce: {can}.")
    return _chunks(site, form, site.prefixes, rdf12)


def _chunks(
    site: Site, form: Format, namespaces: Mapping[str, str], rdf12: bool
) -> Iterator[bytes]:
    if form.name != "jsonld":
        yield _header(site)
    else:
        namespaces = {}  # the engine writes them in any order, and JSON-LD has no lines to sort
    # Graph by graph: over a union of graphs, the query for claims takes ten times as long.
    graphs = ((name, _triples(site, name, rdf12)) for name in graph_names(site))
    if form.name in _DATASET_FORMATS:
        quads = (quad for name, triples in graphs for quad in transcode.in_graph(triples, name))
        yield from transcode.write(quads, form, namespaces)
    else:
        statements = (triple for _, triples in graphs for triple in triples)
        yield from transcode.write(statements, form, namespaces)


def _triples(site: Site, graph: str, rdf12: bool) -> Iterator[transcode.Triple]:
    statements = transcode.triples(_construct(site, _ALL, graph))
    if not rdf12:
        return statements
    reified = transcode.claims(transcode.triples(_construct(site, _REIFICATIONS, graph)))
    return transcode.as_reifiers(statements, reified)


def _construct(site: Site, text: str, graph: str) -> Iterator[bytes]:
    query = Query(text, _N_TRIPLES, dataset=Dataset(default_graphs=(graph,)))
    return site.store.query(query).chunks


def _header(site: Site) -> bytes:
    licence = licence_of(site, site.dataset_iri)
    lines = [
        f"# Data set <{site.dataset_iri}>, version {site.store.version}.",
        f"# Licence: <{licence}>." if licence else "# No licence is given.",
    ]
    return ("\n".join(lines) + "\n").encode()
