"""Completions of the query editor: prefixes, classes, properties and things of this graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rdflib import OWL, RDF, RDFS, VOID, Graph, Literal, URIRef

from kg_server.linked_data.documents import Site
from kg_server.rdf.prefixes import namespace_of
from kg_server.store.results import rows, values

MOST_TERMS = 2000
"""A larger graph offers this many terms: the vocabulary first, then things."""

_TERMS = """
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT ?term ?label ?definition WHERE {
  { SELECT DISTINCT ?term WHERE { %s FILTER(ISIRI(?term)) } LIMIT %d }
  ?term rdfs:label|skos:prefLabel ?label
  OPTIONAL { ?term skos:definition ?definition
             FILTER(LANG(?definition) = "en") }
}
"""
_CLASSES = (OWL.Class, RDFS.Class)
_PROPERTIES = (
    *(OWL.ObjectProperty, OWL.DatatypeProperty, OWL.AnnotationProperty),
    RDF.Property,
)
_USED = (("class", VOID.classPartition, VOID["class"]),
         ("property", VOID.propertyPartition, VOID.property))  # fmt: skip


def document(site: Site, description: Graph) -> dict[str, Any]:
    """Return the document of ``/completion.json``: ``prefixes`` and ``terms``.

    A term has ``iri``, ``kind`` (class, property or thing), ``labels`` by language, and
    ``definition`` where there is one. ``own`` are the prefixes of the project's own vocabularies,
    whose names are known all; ``classes`` has the properties that things of each class have.

    Args:
        site: what is asked.
        description: the VoID description, for terms of other vocabularies that the graph uses.
    """
    terms: dict[str, dict[str, Any]] = {}
    _add(terms, site, "class", f"VALUES ?type {{ {values(_CLASSES)} }} ?term a ?type")
    _add(terms, site, "property", f"VALUES ?type {{ {values(_PROPERTIES)} }} ?term a ?type")
    declared = {namespace_of(iri) for iri in terms}
    dataset = URIRef(site.dataset_iri)
    for kind, partition, names in _USED:
        for part in description.objects(dataset, partition):
            for iri in map(str, description.objects(part, names)):
                terms.setdefault(iri, {"iri": iri, "kind": kind, "labels": {}})
    classes = _properties_by_class(description, dataset)
    hidden = (site.evidence.claim, site.evidence.passage) if site.evidence else ()
    others = " ".join(f"<{each}>," for each in hidden if each) + "<urn:x-none>"
    _add(terms, site, "thing", f"?term a ?type FILTER(?type NOT IN ({others}))")
    prefixes = _prefixes(site, terms)
    return {
        "prefixes": prefixes,
        "own": sorted(name for name, iri in prefixes.items() if iri in declared),
        "terms": [terms[iri] for iri in sorted(terms)],
        "classes": classes,
    }


def _properties_by_class(description: Graph, dataset: URIRef) -> dict[str, list[str]]:
    """Return the properties that things of each class have, the most used first."""
    properties: dict[str, list[str]] = {}
    for part in description.objects(dataset, VOID.classPartition):
        used = [
            (-int(str(description.value(each, VOID.triples) or 0)), str(name))
            for each in description.objects(part, VOID.propertyPartition)
            for name in description.objects(each, VOID.property)
        ]
        for class_ in description.objects(part, VOID["class"]):
            properties[str(class_)] = [name for _, name in sorted(used)]
    return properties


def _prefixes(site: Site, terms: Mapping[str, object]) -> dict[str, str]:
    """Return the prefixes that make short names of ``terms``, and those that everybody needs."""
    used = {namespace_of(iri) for iri in terms}
    always = ("owl", "rdf", "rdfs", "skos", "xsd")
    return {
        prefix: namespace
        for prefix, namespace in sorted(site.prefixes.items())
        if namespace in used or prefix in always
    }


def _add(terms: dict[str, dict[str, Any]], site: Site, kind: str, pattern: str) -> None:
    room = MOST_TERMS - len(terms)
    for row in rows(site.store, _TERMS % (pattern, max(room, 0))):
        iri, label = str(row["term"]), row["label"]
        term = terms.setdefault(iri, {"iri": iri, "kind": kind, "labels": {}})
        if isinstance(label, Literal):
            term["labels"][label.language or ""] = str(label)[:200]
        if "definition" in row:
            term["definition"] = str(row["definition"])[:500]
