"""Documents of vocabularies (ontologies and shapes) in any namespace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rdflib import DCTERMS, RDF, Graph, URIRef

from kg_server.linked_data import dumps
from kg_server.linked_data.documents import Document, Site, licence_of
from kg_server.rdf import addresses
from kg_server.sparql.query import Dataset
from kg_server.store.results import add_triples, rows

MOST_TRIPLES = 50_000
"""A larger vocabulary has no document of its own: writing it would take too long."""

_ONTOLOGIES = """
PREFIX owl: <http://www.w3.org/2002/07/owl#>
PREFIX vann: <http://purl.org/vocab/vann/>
SELECT ?g ?o ?version ?namespace WHERE {
  GRAPH ?g {
    ?o a owl:Ontology FILTER(ISIRI(?o))
    OPTIONAL { ?o owl:versionIRI ?version }
    OPTIONAL { ?o vann:preferredNamespaceUri ?namespace }
  }
}
"""
_NAMESPACES = """
SELECT DISTINCT ?g ?namespace WHERE {
  GRAPH ?g { ?s ?p ?o FILTER(ISIRI(?s)) }
  BIND(REPLACE(STR(?s), "[^#/]+$", "") AS ?namespace)
}
"""
_SIZES = """
PREFIX owl: <http://www.w3.org/2002/07/owl#>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
SELECT ?namespace (COUNT(DISTINCT ?term) AS ?terms) WHERE {
  VALUES ?type { owl:Class rdfs:Class rdf:Property owl:ObjectProperty owl:DatatypeProperty }
  ?term a ?type FILTER(ISIRI(?term))
  BIND(REPLACE(STR(?term), "[^#/]+$", "") AS ?namespace)
} GROUP BY ?namespace
"""
_TERMS = """
PREFIX owl: <http://www.w3.org/2002/07/owl#>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX schema: <https://schema.org/>
CONSTRUCT { ?term a ?type . ?term rdfs:range ?range }
WHERE {
  { SELECT ?term ?type WHERE {
      VALUES ?type { owl:Class rdfs:Class rdf:Property owl:ObjectProperty owl:DatatypeProperty
                     owl:AnnotationProperty }
      ?term a ?type FILTER(ISIRI(?term))
  } LIMIT 10000 }
  OPTIONAL { ?term rdfs:range|schema:rangeIncludes ?range FILTER(ISIRI(?range)) }
}
"""
_WHOLE = f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ ?s ?p ?o }} LIMIT {MOST_TRIPLES + 1}"


@dataclass(slots=True)
class Vocabulary:
    """An ontology of the project: its IRI, namespaces, versions, and the graphs with its terms."""

    iri: str
    namespaces: set[str] = field(default_factory=set)
    versions: set[str] = field(default_factory=set)
    graphs: set[str] = field(default_factory=set)
    size: int = 0
    """The number of its classes and properties."""

    def is_named(self, iri: str) -> bool:
        """Tell whether an IRI names this vocabulary, its namespace or its version."""
        names = {self.iri, *self.versions, *self.namespaces}
        return iri in names or f"{iri}#" in names


def vocabularies(site: Site) -> tuple[Vocabulary, ...]:
    """Return the ontologies of the project's files, sorted by IRI."""
    graphs = dumps.graph_names(site)
    by_iri: dict[str, Vocabulary] = {}
    if not graphs:
        return ()
    for row in rows(site.store, _ONTOLOGIES, dataset=Dataset(named_graphs=graphs)):
        iri = str(row["o"])
        vocabulary = by_iri.setdefault(iri, Vocabulary(iri))
        vocabulary.graphs.add(str(row["g"]))
        vocabulary.namespaces.add(iri if iri.endswith(("#", "/")) else f"{iri}#")
        if "version" in row:
            vocabulary.versions.add(str(row["version"]))
        if "namespace" in row:
            vocabulary.namespaces.add(str(row["namespace"]))
    _add_graphs(site, by_iri, graphs)
    by_namespace = {ns: each for each in by_iri.values() for ns in each.namespaces}
    for row in rows(site.store, _SIZES):
        if sized := by_namespace.get(str(row["namespace"])):
            sized.size += int(str(row["terms"]))
    return tuple(by_iri[iri] for iri in sorted(by_iri))


def terms(site: Site) -> Graph:
    """Return the types and ranges of the classes and properties of the graph."""
    graph = Graph()
    add_triples(graph, site.store, _TERMS)
    return graph


def _add_graphs(site: Site, by_iri: dict[str, Vocabulary], graphs: tuple[str, ...]) -> None:
    """Add the ontology and shapes graphs that describe terms of a vocabulary."""
    folders = tuple(f"{site.base_iri}graph/{folder}/" for folder in ("ontology", "shapes"))
    kept = tuple(name for name in graphs if name.startswith(folders))
    by_namespace = {ns: each for each in by_iri.values() for ns in each.namespaces}
    if not kept or not by_namespace:
        return
    for row in rows(site.store, _NAMESPACES, dataset=Dataset(named_graphs=kept)):
        if vocabulary := by_namespace.get(str(row["namespace"])):
            vocabulary.graphs.add(str(row["g"]))


def grouped(listed: Sequence[Vocabulary]) -> dict[str, list[Vocabulary]]:
    """Return vocabularies by the folder of their IRIs: what stands before the last part.

    >>> each = [Vocabulary("https://e.org/a/x#"), Vocabulary("https://e.org/b/y/")]
    >>> list(grouped(each))
    ['https://e.org/a/', 'https://e.org/b/']
    """
    folders: dict[str, list[Vocabulary]] = {}
    for each in listed:
        folder = each.iri.rstrip("#/").rpartition("/")[0]
        folders.setdefault(f"{folder}/", []).append(each)
    return dict(sorted(folders.items()))


def main(candidates: Sequence[Vocabulary]) -> Vocabulary:
    """Return the vocabulary with the most classes and properties."""
    return max(candidates, key=lambda each: each.size)


def document(site: Site, vocabulary: Vocabulary) -> Document | None:
    """Return the whole vocabulary as written in its files; ``None`` if it has too many triples."""
    graph, subject = Graph(), URIRef(vocabulary.iri)
    dataset = Dataset(default_graphs=tuple(sorted(vocabulary.graphs)))
    if add_triples(graph, site.store, _WHOLE, dataset=dataset) > MOST_TRIPLES:
        return None
    types = sorted(str(each) for each in graph.objects(subject, RDF.type))
    licences = sorted(str(each) for each in graph.objects(subject, DCTERMS.license))
    return Document(
        iri=document_iri(site, vocabulary),
        topic=vocabulary.iri,
        graph=graph,
        types=tuple(types),
        licence=licences[0] if licences else licence_of(site, site.dataset_iri),
    )


def document_iri(site: Site, vocabulary: Vocabulary) -> str:
    """Return the IRI of a vocabulary's document: its own IRI, if this server serves it."""
    iri = vocabulary.iri.removesuffix("#")
    if addresses.is_local(iri, site.base_iri):
        return iri
    return addresses.absolute(addresses.document_path(iri, site.base_iri), site.base_iri)
