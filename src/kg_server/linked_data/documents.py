"""What the document of a thing holds: its description, page by page, and facts about the document.

A description is the statements with the thing as subject and as object, everything that hangs on
their blank nodes, the claims among them with passage, source and the conflicts they are part of,
and the labels of all that is mentioned. Statements come in pages, so that a thing with a hundred
thousand links has many small documents instead of a huge one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rdflib import DCTERMS, FOAF, RDF, RDFS, BNode, Graph, Namespace, URIRef

from kg_server.rdf import addresses
from kg_server.store import Store
from kg_server.store.results import add_triples, rows, values

PAGE_STATEMENTS = 200
"""How many outgoing and how many incoming statements one page of a document has, at most."""

HYDRA = Namespace("http://www.w3.org/ns/hydra/core#")

_CLOSURE_DEPTH = 12
"""How many blank nodes deep a description goes; the cells of a list count as one."""

# Without ORDER BY: sorting a hundred thousand links takes the engine 0.8 s, and it gives them in
# the order of its index, which stays the same as long as the graph does.
_OUTGOING = "SELECT ?this ?p ?o WHERE { ?this ?p ?o } LIMIT %d OFFSET %d"
# A list cell is described where its list is; alone it would be a list that ends wrongly.
_INCOMING = """
SELECT ?s ?p ?this WHERE {
  ?s ?p ?this FILTER(?p != <http://www.w3.org/1999/02/22-rdf-syntax-ns#first>)
} LIMIT %d OFFSET %d
"""
_CLAIMS = """
PREFIX dip: <%(ns)s>
CONSTRUCT { ?claim ?p ?o . ?conflict dip:involves ?involved ; a ?type ; dip:conflictKind ?kind ;
            dip:reason ?reason }
WHERE {
  { VALUES ?claim { %(claims)s } ?claim ?p ?o }
  UNION {
    VALUES ?involved { %(claims)s }
    ?conflict dip:involves ?involved ; a ?type
    OPTIONAL { ?conflict dip:conflictKind ?kind }
    OPTIONAL { ?conflict dip:reason ?reason }
  }
}
"""
_SOURCES = """
PREFIX dip: <%(ns)s>
CONSTRUCT { ?passage ?p ?o . ?source ?q ?x }
WHERE {
  { VALUES ?passage { %(passages)s } ?passage ?p ?o }
  UNION { VALUES ?cited { %(passages)s } ?cited dip:passageOf ?source . ?source ?q ?x }
}
"""
# The values stand in both branches: joined from outside, every label of the graph is read.
_LABELS = """
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
CONSTRUCT { ?thing rdfs:label ?label ; skos:prefLabel ?preferred }
WHERE {
  { VALUES ?thing { %(things)s } ?thing rdfs:label ?label }
  UNION { VALUES ?thing { %(things)s } ?thing skos:prefLabel ?preferred }
}
"""
_OBJECTS = "SELECT ?this ?o WHERE { ?this <%s> ?o } ORDER BY ?o"


@dataclass(frozen=True, slots=True)
class Site:
    """What documents are made of: a store and the base IRI of the things in it."""

    store: Store
    base_iri: str

    @property
    def dataset_iri(self) -> str:
        """The IRI of the data set that every document is part of."""
        return f"{self.base_iri}dataset"

    @property
    def namespace(self) -> Namespace:
        """The namespace of the ontology's terms."""
        return Namespace(f"{self.base_iri}ns/diplomacy#")


@dataclass(frozen=True, slots=True)
class Document:
    """One page of a description. ``topic`` is the thing; pages are counted from 1."""

    iri: str
    topic: str
    graph: Graph
    types: tuple[str, ...] = ()
    licence: str | None = None
    page: int = 1
    has_more: bool = False

    @property
    def is_collection(self) -> bool:
        """Whether this is a list of things and not the description of one."""
        return str(HYDRA.Collection) in self.types

    def page_iri(self, page: int) -> str:
        """Return the IRI of a page of this document; the first is the document itself."""
        return self.iri if page == 1 else f"{self.iri}?page={page}"


def describe(site: Site, document_path: str, page: int = 1) -> Document | None:
    """Return a page of the document at ``/doc/<document_path>``, ``None`` if nothing is known.

    Args:
        site: the store and its base IRI.
        document_path: the decoded path below ``/doc/``.
        page: counted from 1; a page after the last is as unknown as a thing that is not there.
    """
    for iri in addresses.thing_iris(document_path, site.base_iri):
        found = describe_thing(site, iri, page)
        if found is not None:
            return found
    return None


def find(site: Site, document_path: str) -> str | None:
    """Return the IRI of the thing that the document at ``/doc/<document_path>`` is about.

    It is the spelling that the graph uses; ``None`` if the graph does not mention it.
    """
    for iri in addresses.thing_iris(document_path, site.base_iri):
        for text in (_OUTGOING, _INCOMING):
            if rows(site.store, text % (1, 0), this=f"<{iri}>"):
                return iri
    return None


def describe_thing(site: Site, iri: str, page: int = 1) -> Document | None:
    """Return a page of the description of the thing with this IRI, ``None`` if it is unknown."""
    this = URIRef(iri)
    limits = (PAGE_STATEMENTS + 1, (page - 1) * PAGE_STATEMENTS)
    # One statement more than is shown tells whether there is a next page.
    outgoing = rows(site.store, _OUTGOING % limits, this=this.n3())
    incoming = rows(site.store, _INCOMING % limits, this=this.n3())
    if not outgoing and not incoming:
        return None
    graph = Graph()
    for row in outgoing[:PAGE_STATEMENTS]:
        graph.add((this, row["p"], row["o"]))
    for row in incoming[:PAGE_STATEMENTS]:
        graph.add((row["s"], row["p"], this))
    _complete(site, graph, this)
    path = addresses.document_path(iri, site.base_iri) or ""
    document = Document(
        addresses.absolute(path, site.base_iri),
        iri,
        graph,
        _objects(site, this, RDF.type),
        _licence(site, this),
        page,
        max(len(outgoing), len(incoming)) > PAGE_STATEMENTS,
    )
    add_metadata(site, document)
    return document


def collection_document(
    site: Site, kind: str, members: Iterable[str], page: int, *, has_more: bool
) -> Document:
    """Return a page of the list of all things of a kind, with their labels."""
    iri = addresses.collection_iri(kind, site.base_iri)
    graph, this = Graph(), URIRef(iri)
    graph.add((this, RDF.type, HYDRA.Collection))
    things = [URIRef(member) for member in members]
    for thing in things:
        graph.add((this, HYDRA.member, thing))
    add_triples(graph, site.store, _LABELS % {"things": values(things)})
    licence = licence_of(site, site.dataset_iri)
    document = Document(iri, iri, graph, (str(HYDRA.Collection),), licence, page, has_more)
    add_metadata(site, document)
    return document


def add_metadata(site: Site, document: Document) -> None:
    """Add what is said of the document itself: topic, licence, data set, neighbouring pages."""
    graph, this = document.graph, URIRef(document.iri)
    graph.add((this, RDF.type, FOAF.Document))
    if document.topic != document.iri:
        graph.add((this, FOAF.primaryTopic, URIRef(document.topic)))
    graph.add((this, DCTERMS.isPartOf, URIRef(site.dataset_iri)))
    if document.licence:
        graph.add((this, DCTERMS.license, URIRef(document.licence)))
    if document.page == 1 and not document.has_more:
        return
    view = URIRef(document.page_iri(document.page))
    graph.add((this, HYDRA.view, view))
    graph.add((view, RDF.type, HYDRA.PartialCollectionView))
    graph.add((view, HYDRA.first, this))
    if document.has_more:
        graph.add((view, HYDRA.next, URIRef(document.page_iri(document.page + 1))))
    if document.page > 1:
        graph.add((view, HYDRA.previous, URIRef(document.page_iri(document.page - 1))))


def licence_of(site: Site, iri: str) -> str | None:
    """Return the licence that the graph gives for a data set, an ontology or a source."""
    return next(iter(_objects(site, URIRef(iri), DCTERMS.license)), None)


def _licence(site: Site, this: URIRef) -> str | None:
    """Return the licence of what is said of a thing: of the file that defines it, or the data's."""
    for ontology in _objects(site, this, RDFS.isDefinedBy):
        if found := licence_of(site, ontology):
            return found
    return licence_of(site, site.dataset_iri)


def _objects(site: Site, this: URIRef, predicate: URIRef) -> tuple[str, ...]:
    found = rows(site.store, _OBJECTS % predicate, this=this.n3())
    return tuple(str(row["o"]) for row in found if isinstance(row["o"], URIRef))


def _complete(site: Site, graph: Graph, this: URIRef) -> None:
    """Add what a statement needs to be understood: blank nodes, claims, sources, labels."""
    if any(isinstance(term, BNode) for triple in graph for term in triple):
        _add_blank_nodes(site, graph, this)
    dip = site.namespace
    claims = {
        *graph.subjects(RDF.subject),
        *graph.subjects(RDF.object),
        *graph.objects(None, dip.involves),
    }
    if found := values(claims):
        add_triples(graph, site.store, _CLAIMS % {"ns": dip, "claims": found})
    if found := values(graph.objects(None, dip.statedIn)):
        add_triples(graph, site.store, _SOURCES % {"ns": dip, "passages": found})
    mentioned = values(term for triple in graph for term in triple)
    add_triples(graph, site.store, _LABELS % {"things": mentioned})


def _add_blank_nodes(site: Site, graph: Graph, this: URIRef) -> None:
    """Add the statements of the blank nodes around ``this``, and of those around them."""
    pattern = "{ ?this ?p0 ?b0 } UNION { ?b0 ?p0 ?this } FILTER(isBlank(?b0))"
    for depth in range(_CLOSURE_DEPTH):
        cell = f"?b{depth} <{RDF.rest}>* ?c{depth} ."
        text = f"CONSTRUCT {{ ?c{depth} ?p ?o }} WHERE {{ {pattern} {cell} ?c{depth} ?p ?o }}"
        add_triples(graph, site.store, text, this=this.n3())
        inner = {term for term in graph.objects() if isinstance(term, BNode)}
        if inner <= set(graph.subjects()):
            return
        deeper = depth + 1
        pattern += f" {cell} ?c{depth} ?p{deeper} ?b{deeper} FILTER(isBlank(?b{deeper}))"
