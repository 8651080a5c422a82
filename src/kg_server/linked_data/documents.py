"""Documents of things: the description of a thing, page by page, and metadata of the document.

A description has the statements with the thing as subject or object, and the full description of
their blank nodes. It has the claims among them, each with passage, source and conflicts, and the
labels of all things and properties. Statements are split into pages, so that a thing with a hundred
thousand links has many small documents instead of a huge one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self

from rdflib import DCTERMS, FOAF, RDF, BNode, Graph, Namespace, URIRef
from rdflib.term import Node

from kg_server.project.profile import Evidence, Profile, Texts
from kg_server.rdf import addresses, prefixes
from kg_server.rdf import namespaces as ns
from kg_server.store import Store
from kg_server.store.results import add_triples, rows, values

PAGE_STATEMENTS = 200
"""Largest number of outgoing, and of incoming, statements on one page of a document."""

HYDRA = Namespace(ns.HYDRA)

_CLOSURE_DEPTH = 12
"""Depth of nested blank nodes in a description; the cells of a list count as one."""

# Without ORDER BY: sorting a hundred thousand links takes the engine 0.8 s. It returns them in the
# order of its index, which is stable while the graph does not change. A list cell is described
# with its list; alone it would be an incomplete list.
_STATEMENTS = """
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX dct: <http://purl.org/dc/terms/>
SELECT ?s ?p ?o ?type ?licence ?whole WHERE {
  { SELECT ?p ?o WHERE { %(this)s ?p ?o } LIMIT %(limit)d OFFSET %(offset)d }
  UNION
  { SELECT ?s ?p WHERE { ?s ?p %(this)s FILTER(?p != rdf:first) }
    LIMIT %(limit)d OFFSET %(offset)d }
  UNION { %(this)s a ?type FILTER(ISIRI(?type)) }
  UNION { %(this)s rdfs:isDefinedBy/dct:license ?licence FILTER(ISIRI(?licence)) }
  UNION { <%(dataset)s> dct:license ?whole FILTER(ISIRI(?whole)) }
}
"""
_KNOWN = """
SELECT ?iri WHERE {
  VALUES ?iri { %s }
  FILTER(EXISTS { ?iri ?p ?o } || EXISTS { ?s ?q ?iri } || EXISTS { ?s ?iri ?o })
}
"""
_USES = "SELECT ?s ?o WHERE { ?s %(this)s ?o } LIMIT %(limit)d OFFSET %(offset)d"
_CLAIMS = """
CONSTRUCT { ?claim ?p ?o . ?conflict ?q ?x }
WHERE {
  { VALUES ?claim { %(claims)s } ?claim ?p ?o }
  UNION { VALUES ?involved { %(claims)s } ?conflict %(links)s ?involved ; ?q ?x }
}
"""
_SOURCES = """
CONSTRUCT { ?passage ?p ?o . ?source ?q ?x }
WHERE {
  { VALUES ?passage { %(passages)s } ?passage ?p ?o }
  UNION { VALUES ?cited { %(passages)s } ?cited %(source)s ?source . ?source ?q ?x }
}
"""
# The values are in both branches: joined from outside, the engine would read every label.
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

Statement = tuple[Node, Node]
"""A property and the other end of a statement."""


@dataclass(frozen=True, slots=True)
class Site:
    """The source of documents: a store, the base IRI of its names, and the project's profile.

    ``prefixes`` are those of the project's files and of common vocabularies. ``evidence`` is the
    project's vocabulary of claims, ``licence`` the IRI of its data's licence. ``languages`` are
    those of its texts, preferred language first. ``columns`` are names of columns of answers.
    """

    store: Store
    base_iri: str
    prefixes: Mapping[str, str] = field(default_factory=dict)
    evidence: Evidence | None = None
    licence: str | None = None
    languages: tuple[str, ...] = ()
    columns: Mapping[str, Texts] = field(default_factory=dict)

    @classmethod
    def of(cls, store: Store, base_iri: str, profile: Profile) -> Self:
        """Return the site of a project in a store."""
        # A prefix for the base IRI would shorten names of things to their paths.
        own = {name: iri for name, iri in profile.prefixes.items() if iri != base_iri}
        named = profile.licence or ""
        licence = named if named.startswith(("http://", "https://")) else None
        return cls(
            store=store,
            base_iri=base_iri,
            prefixes=prefixes.merged(own),
            evidence=profile.evidence,
            licence=licence,
            languages=profile.languages,
            columns=profile.columns,
        )

    @property
    def dataset_iri(self) -> str:
        """The IRI of the data set, which every document is part of."""
        return f"{self.base_iri}dataset"


@dataclass(frozen=True, slots=True)
class Outline:
    """One page of the statements about a thing, without their context.

    ``outgoing`` statements have the thing as subject, ``incoming`` ones as object. Each pair is the
    property and the other end. ``uses`` are the subjects and objects of the statements that have it
    as their property, where nothing else is said of it.
    """

    iri: str
    outgoing: tuple[Statement, ...]
    incoming: tuple[Statement, ...]
    types: tuple[str, ...]
    licence: str | None
    page: int
    has_more: bool
    uses: tuple[tuple[Node, Node], ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """One page of a description. ``topic`` is the thing; pages are counted from 1.

    ``properties`` are those of its statements, where the graph is not made.
    """

    iri: str
    topic: str
    graph: Graph
    types: tuple[str, ...] = ()
    licence: str | None = None
    page: int = 1
    has_more: bool = False
    properties: frozenset[Node] = frozenset()

    @property
    def is_collection(self) -> bool:
        """True for a list of things, false for the description of one thing."""
        return str(HYDRA.Collection) in self.types

    def page_iri(self, page: int) -> str:
        """Return the IRI of a page of this document; the first is the document itself."""
        return self.iri if page == 1 else addresses.with_parameter(self.iri, "page", page)


def find(site: Site, document_path: str) -> str | None:
    """Return the IRI of the thing that the document at ``/doc/<document_path>`` is about.

    The IRI has the spelling of the graph; ``None`` if the graph does not contain it.
    """
    return known(site, addresses.thing_iris(document_path, site.base_iri))


def known(site: Site, candidates: Iterable[str]) -> str | None:
    """Return the first of these IRIs that the graph contains; ``None`` if it contains none."""
    order = list(dict.fromkeys(candidates))
    existing = {str(row["iri"]) for row in rows(site.store, _KNOWN % values(map(URIRef, order)))}
    return next((iri for iri in order if iri in existing), None)


def outline(site: Site, iri: str, page: int = 1) -> Outline | None:
    """Return a page of the statements about a thing; ``None`` if there are none."""
    subject = URIRef(iri).n3()
    # One statement more than the page shows tells whether there is a next page.
    limits = {"limit": PAGE_STATEMENTS + 1, "offset": (page - 1) * PAGE_STATEMENTS}
    text = _STATEMENTS % {"this": subject, "dataset": site.dataset_iri, **limits}
    about = rows(site.store, text)
    outgoing = [(row["p"], row["o"]) for row in about if "o" in row]
    incoming = [(row["p"], row["s"]) for row in about if "s" in row]
    uses: list[tuple[Node, Node]] = []
    if not outgoing and not incoming:
        solutions = rows(site.store, _USES % {"this": subject, **limits})
        uses = [(row["s"], row["o"]) for row in solutions]
        if not uses:
            return None
    licences = _column(about, "licence") or _column(about, "whole")
    return Outline(
        iri=iri,
        outgoing=tuple(outgoing[:PAGE_STATEMENTS]),
        incoming=tuple(incoming[:PAGE_STATEMENTS]),
        types=_column(about, "type"),
        licence=next(iter(licences), site.licence),
        page=page,
        has_more=max(len(outgoing), len(incoming), len(uses)) > PAGE_STATEMENTS,
        uses=tuple(uses[:PAGE_STATEMENTS]),
    )


def complete(site: Site, outlined: Outline) -> Document:
    """Return the document of a thing: its statements with blank nodes, claims and labels."""
    subject, graph = URIRef(outlined.iri), Graph()
    for p, o in outlined.outgoing:
        graph.add((subject, p, o))
    for p, s in outlined.incoming:
        graph.add((s, p, subject))
    for s, o in outlined.uses:
        graph.add((s, subject, o))
    _complete(site, graph, subject)
    document = head(site, outlined, graph)
    add_metadata(site, document)
    return document


def head(site: Site, outlined: Outline, graph: Graph | None = None) -> Document:
    """Return the document of a thing with its IRIs, types and licence, but without triples."""
    path = addresses.document_path(outlined.iri, site.base_iri)
    return Document(
        iri=addresses.absolute(path, site.base_iri),
        topic=outlined.iri,
        graph=Graph() if graph is None else graph,
        types=outlined.types,
        licence=outlined.licence,
        page=outlined.page,
        has_more=outlined.has_more,
        properties=frozenset(p for p, _ in (*outlined.outgoing, *outlined.incoming)),
    )


def collection_document(
    site: Site, kind: str, members: Iterable[str], page: int, *, has_more: bool
) -> Document:
    """Return a page of the list of all things of a kind, with their labels."""
    iri = addresses.collection_iri(kind, site.base_iri)
    graph, collection = Graph(), URIRef(iri)
    graph.add((collection, RDF.type, HYDRA.Collection))
    things = [URIRef(member) for member in members]
    for thing in things:
        graph.add((collection, HYDRA.member, thing))
    add_triples(graph, site.store, _LABELS % {"things": values(things)})
    licence = licence_of(site, site.dataset_iri)
    document = Document(
        iri=iri,
        topic=iri,
        graph=graph,
        types=(str(HYDRA.Collection),),
        licence=licence,
        page=page,
        has_more=has_more,
    )
    add_metadata(site, document)
    return document


def add_metadata(site: Site, document: Document) -> None:
    """Add the metadata of the document: topic, licence, data set, neighbouring pages."""
    graph, subject = document.graph, URIRef(document.iri)
    graph.add((subject, RDF.type, FOAF.Document))
    if document.topic != document.iri:
        graph.add((subject, FOAF.primaryTopic, URIRef(document.topic)))
    graph.add((subject, DCTERMS.isPartOf, URIRef(site.dataset_iri)))
    if document.licence:
        graph.add((subject, DCTERMS.license, URIRef(document.licence)))
    if document.page == 1 and not document.has_more:
        return
    view = URIRef(document.page_iri(document.page))
    graph.add((subject, HYDRA.view, view))
    graph.add((view, RDF.type, HYDRA.PartialCollectionView))
    graph.add((view, HYDRA.first, subject))
    if document.has_more:
        graph.add((view, HYDRA.next, URIRef(document.page_iri(document.page + 1))))
    if document.page > 1:
        graph.add((view, HYDRA.previous, URIRef(document.page_iri(document.page - 1))))


def licence_of(site: Site, iri: str) -> str | None:
    """Return the licence of a data set in the graph, or else that of the project's data."""
    return next(iter(_objects(site, URIRef(iri), DCTERMS.license)), site.licence)


def _column(solutions: Iterable[Mapping[str, Node]], name: str) -> tuple[str, ...]:
    return tuple(sorted({str(row[name]) for row in solutions if name in row}))


def _objects(site: Site, subject: URIRef, predicate: URIRef) -> tuple[str, ...]:
    solutions = rows(site.store, _OBJECTS % predicate, this=subject.n3())
    return tuple(str(row["o"]) for row in solutions if isinstance(row["o"], URIRef))


def namespace_document(
    site: Site, iri: str, members: Iterable[str], page: int, *, has_more: bool
) -> Document:
    """Return a page of the statements about the names that begin with ``iri`` and ``#``."""
    graph, names = Graph(), [URIRef(iri), *map(URIRef, members)]
    inside = f"VALUES ?this {{ {values(names)} }} ?this ?p0 ?b0"
    add_triples(graph, site.store, f"CONSTRUCT {{ ?this ?p0 ?b0 }} WHERE {{ {inside} }}")
    if any(isinstance(term, BNode) for term in graph.objects()):
        _add_blank_nodes(site, graph, f"{inside} FILTER(isBlank(?b0))")
    add_triples(graph, site.store, _LABELS % {"things": values(graph.all_nodes())})
    licence = licence_of(site, site.dataset_iri)
    types = tuple(sorted(str(each) for each in graph.objects(URIRef(iri), RDF.type)))
    document = Document(
        iri=iri, topic=iri, graph=graph, types=types, licence=licence, page=page, has_more=has_more
    )
    add_metadata(site, document)
    return document


def _complete(site: Site, graph: Graph, subject: URIRef) -> None:
    """Add the context of statements: blank nodes, claims, sources, labels."""
    if any(isinstance(term, BNode) for triple in graph for term in triple):
        around = f"{{ {subject.n3()} ?p0 ?b0 }} UNION {{ ?b0 ?p0 {subject.n3()} }}"
        _add_blank_nodes(site, graph, f"{around} FILTER(isBlank(?b0))")
    links = site.evidence.links if site.evidence else ()
    claims = {*graph.subjects(RDF.subject), *graph.subjects(RDF.object)}
    claims |= {claim for each in links for claim in graph.objects(None, URIRef(each))}
    if listed := values(claims):
        path = "|".join(f"<{each}>" for each in links) or f"<{RDF.nil}>"
        add_triples(graph, site.store, _CLAIMS % {"claims": listed, "links": f"({path})"})
    if site.evidence and site.evidence.stated_in:
        listed = values(graph.objects(None, URIRef(site.evidence.stated_in)))
        source = f"<{site.evidence.passage_of or RDF.nil}>"
        if listed:
            add_triples(graph, site.store, _SOURCES % {"passages": listed, "source": source})
    mentioned = values(term for triple in graph for term in triple)
    add_triples(graph, site.store, _LABELS % {"things": mentioned})


def _add_blank_nodes(site: Site, graph: Graph, pattern: str) -> None:
    """Add the statements of the blank nodes ``?b0`` of a pattern, and of nested blank nodes."""
    for depth in range(_CLOSURE_DEPTH):
        cell = f"?b{depth} <{RDF.rest}>* ?c{depth} ."
        text = f"CONSTRUCT {{ ?c{depth} ?p ?o }} WHERE {{ {pattern} {cell} ?c{depth} ?p ?o }}"
        add_triples(graph, site.store, text)
        inner = {term for term in graph.objects() if isinstance(term, BNode)}
        if inner <= set(graph.subjects()):
            return
        deeper = depth + 1
        pattern += f" {cell} ?c{depth} ?p{deeper} ?b{deeper} FILTER(isBlank(?b{deeper}))"
