"""The documents of vocabularies: the ontology, its code lists, its alignments, the shapes."""

from __future__ import annotations

import re

from rdflib import DCTERMS, RDF, Graph, URIRef

from kg_server.linked_data.documents import Document, Site, licence_of
from kg_server.sparql.query import Dataset
from kg_server.store.results import add_triples, rows

_VERSION_OF = "SELECT ?s ?this WHERE { ?s <http://www.w3.org/2002/07/owl#versionIRI> ?this }"
_ONTOLOGIES = "SELECT ?o WHERE { ?o a <http://www.w3.org/2002/07/owl#Ontology> }"
_WHOLE = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"
_IN_NAMESPACE = """
SELECT DISTINCT ?g WHERE {
  GRAPH ?g { ?s ?p ?o FILTER(?s = <%(iri)s> || STRSTARTS(STR(?s), "%(iri)s#")) }
}
"""
_NAMESPACE_PATH = re.compile(r"ns(/[A-Za-z0-9][A-Za-z0-9._-]*)+")


def namespace_document(site: Site, path: str) -> Document | None:
    """Return the whole ontology or all shapes at ``/ns/<name>`` or at a version's IRI.

    The document is the union of the ontology's and the shapes' graphs that say something about
    a term of that namespace, as their files have it.
    """
    if not _NAMESPACE_PATH.fullmatch(path):
        return None
    iri = _current(site, site.base_iri + path)
    graphs = _vocabulary_graphs(site)
    dataset = Dataset(named_graphs=graphs)
    about = rows(site.store, _IN_NAMESPACE % {"iri": iri}, dataset=dataset) if graphs else []
    names = tuple(sorted(str(row["g"]) for row in about))
    if not names:
        return None
    graph = Graph()
    add_triples(graph, site.store, _WHOLE, dataset=Dataset(default_graphs=names))
    types = tuple(sorted(str(each) for each in graph.objects(URIRef(iri), RDF.type)))
    licences = sorted(str(each) for each in graph.objects(URIRef(iri), DCTERMS.license))
    licence = licences[0] if licences else licence_of(site, f"{site.base_iri}ns/diplomacy")
    return Document(iri, iri, graph, types, licence)


def vocabularies(site: Site) -> list[str]:
    """Return the IRIs of the ontologies and shapes under ``/ns/``, sorted."""
    dataset = Dataset(default_graphs=_vocabulary_graphs(site))
    found = rows(site.store, _ONTOLOGIES, dataset=dataset) if dataset else []
    return sorted(str(row["o"]) for row in found if str(row["o"]).startswith(f"{site.base_iri}ns/"))


def _vocabulary_graphs(site: Site) -> tuple[str, ...]:
    folders = tuple(f"{site.base_iri}graph/{folder}/" for folder in ("ontology", "shapes"))
    return tuple(name for name in site.store.graph_names() if name.startswith(folders))


def _current(site: Site, iri: str) -> str:
    """Return the IRI of the ontology that ``iri`` is the current version of, or else ``iri``."""
    versions = rows(site.store, _VERSION_OF, this=f"<{iri}>")
    return str(versions[0]["s"]) if versions else iri
