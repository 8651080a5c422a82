"""Descriptions for search engines, in the vocabulary of schema.org."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rdflib import DCAT, DCTERMS, OWL, URIRef

from kg_server.linked_data.documents import Document, Site
from kg_server.project.profile import Profile, in_language
from kg_server.rdf import namespaces as ns
from kg_server.store.results import rows, values
from kg_server.web.pages.terms import Label

_SCHEMA_TYPES = """
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT DISTINCT ?match WHERE {
  %s
  ?class rdfs:subClassOf|rdfs:seeAlso|skos:exactMatch|skos:closeMatch ?match
  FILTER(STRSTARTS(STR(?match), "https://schema.org/"))
} ORDER BY ?match
"""


def of_thing(site: Site, document: Document, title: str, names: Sequence[Label]) -> dict[str, Any]:
    """Return a page's description, with the types that the ontology maps to.

    Args:
        site: what documents are made of.
        document: the document that the page stands for.
        title: the name of what it is about.
        names: its other names.
    """
    # Not VALUES: Virtuoso 7.2 follows no path from several nodes at once.
    types = values(URIRef(each) for each in document.types).split()
    classes = " UNION ".join(f"{{ {each} rdfs:subClassOf* ?class }}" for each in types)
    solutions = rows(site.store, _SCHEMA_TYPES % classes) if types else []
    matches = [str(row["match"]).removeprefix(ns.SCHEMA) for row in solutions]
    thing = {
        "@type": matches or ["Thing"],
        "@id": document.topic,
        "name": title,
        "alternateName": [each.text for each in names],
    }
    page = {
        "@context": ns.SCHEMA,
        "@type": "WebPage",
        "@id": document.iri,
        "mainEntity": _known(thing),
        "license": document.licence,
        "isPartOf": {"@type": "Dataset", "@id": site.dataset_iri},
    }
    return _known(page)


def of_dataset(
    document: Document, profile: Profile, address: str, languages: Sequence[str]
) -> dict[str, Any]:
    """Return the description of the data set (schema.org Dataset).

    Args:
        document: the description of the data set.
        profile: the title and the description of the project.
        address: where the server is reached.
        languages: those of the page, best first.
    """
    graph, topic = document.graph, URIRef(document.topic)
    downloads = [
        {
            "@type": "DataDownload",
            "contentUrl": str(graph.value(URIRef(each), DCAT.downloadURL)),
            "encodingFormat": str(graph.value(URIRef(each), DCAT.mediaType)).partition(
                "media-types/"
            )[2],
        }
        for each in sorted(map(str, graph.objects(topic, DCAT.distribution)))
    ]
    creators = sorted(map(str, graph.objects(topic, DCTERMS.creator)))
    dataset = {
        "@context": ns.SCHEMA,
        "@type": "Dataset",
        "@id": document.topic,
        "name": in_language(profile.title, languages) or address,
        "description": in_language(profile.description, languages),
        "url": address,
        "license": document.licence,
        "version": str(graph.value(topic, OWL.versionInfo)),
        "creator": [{"@type": "Organization", "name": each} for each in creators],
        "distribution": downloads,
    }
    return _known(dataset)


def _known(description: dict[str, Any]) -> dict[str, Any]:
    """Return a description without empty values."""
    return {name: value for name, value in description.items() if value}
