"""What a page shows of a document: its statements as labelled rows, and schema.org for robots."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rdflib import DCAT, DCTERMS, OWL, RDF, RDFS, SKOS, BNode, Graph, Literal, URIRef
from rdflib.term import Node

from kg_server.linked_data.documents import Document, Site
from kg_server.rdf import addresses
from kg_server.store.results import rows, values

_LABELS = (SKOS.prefLabel, RDFS.label)
_SCHEMA = "https://schema.org/"
_SCHEMA_TYPES = """
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT DISTINCT ?match WHERE {
  VALUES ?type { %s }
  ?type rdfs:subClassOf* ?class .
  ?class rdfs:subClassOf|skos:exactMatch|skos:closeMatch ?match
  FILTER(STRSTARTS(STR(?match), "https://schema.org/"))
} ORDER BY ?match
"""


@dataclass(frozen=True, slots=True)
class Value:
    """One term as a reader sees it. ``href`` leads to its document, ``None`` for text."""

    text: str
    href: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A property and its values; ``incoming`` when they point to the thing."""

    property: Value
    values: tuple[Value, ...]
    incoming: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """A document for readers of certain languages, the first preferred."""

    title: str
    topic: str
    types: tuple[Value, ...]
    rows: tuple[Row, ...]
    licence: str | None
    previous: str | None
    following: str | None


def page(document: Document, base_iri: str, languages: Sequence[str]) -> Page:
    """Return what a page shows of a document."""
    graph, topic = document.graph, URIRef(document.topic)
    path = addresses.local_path(document.iri, base_iri)
    return Page(
        label(graph, topic, base_iri, languages),
        document.topic,
        tuple(_value(graph, URIRef(each), base_iri, languages) for each in document.types),
        (
            *_rows(graph, graph.predicate_objects(topic), base_iri, languages, incoming=False),
            *_rows(graph, _incoming(document), base_iri, languages, incoming=True),
        ),
        document.licence,
        f"{path}?page={document.page - 1}" if document.page > 1 else None,
        f"{path}?page={document.page + 1}" if document.has_more else None,
    )


def label(graph: Graph, term: Node, base_iri: str, languages: Sequence[str]) -> str:
    """Return the best name of a thing: in the first language that there is one in, else its IRI."""
    named = [each for prop in _LABELS for each in graph.objects(term, prop)]
    return best(named, languages) or str(term).removeprefix(base_iri)


def best(texts: Iterable[Node], languages: Sequence[str]) -> str:
    """Return the text in the first language that there is one in; empty if there is none."""
    literals = sorted(each for each in texts if isinstance(each, Literal))
    for language in languages:
        for text in literals:
            if (text.language or "").partition("-")[0] == language:
                return str(text)
    return str(literals[0]) if literals else ""


def schema_org(site: Site, document: Document, languages: Sequence[str]) -> dict[str, Any]:
    """Return a page's description for search engines, with the types that the ontology maps to."""
    topic = URIRef(document.topic)
    types = values(URIRef(each) for each in document.types)
    found = rows(site.store, _SCHEMA_TYPES % types) if types else []
    matches = [str(row["match"]).removeprefix(_SCHEMA) for row in found]
    names = sorted({str(each) for each in document.graph.objects(topic, RDFS.label)})
    entity = {
        "@type": matches or ["Thing"],
        "@id": document.topic,
        "name": label(document.graph, topic, site.base_iri, languages),
        "alternateName": names,
    }
    return {
        "@context": _SCHEMA,
        "@type": "WebPage",
        "@id": document.iri,
        "mainEntity": entity,
        "license": document.licence,
        "isPartOf": {"@type": "Dataset", "@id": site.dataset_iri},
    }


def schema_org_dataset(
    document: Document, base_iri: str, languages: Sequence[str]
) -> dict[str, Any]:
    """Return the description of the data set for search engines (schema.org Dataset)."""
    graph, topic = document.graph, URIRef(document.topic)
    text = best(graph.objects(topic, DCTERMS.description), languages)
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
    return {
        "@context": _SCHEMA,
        "@type": "Dataset",
        "@id": document.topic,
        "name": label(graph, topic, base_iri, languages),
        "description": text,
        "url": base_iri,
        "license": document.licence,
        "version": str(graph.value(topic, OWL.versionInfo)),
        "creator": [
            {"@type": "Organization", "name": each}
            for each in sorted(map(str, graph.objects(topic, DCTERMS.creator)))
        ],
        "distribution": downloads,
    }


def _incoming(document: Document) -> Iterable[tuple[Node, Node]]:
    pairs = document.graph.subject_predicates(URIRef(document.topic))
    return ((p, s) for s, p in pairs if str(s) != document.iri)


def _rows(
    graph: Graph,
    pairs: Iterable[tuple[Node, Node]],
    base_iri: str,
    languages: Sequence[str],
    *,
    incoming: bool,
) -> list[Row]:
    grouped: dict[Node, list[Value]] = {}
    for prop, term in sorted(pairs):
        if prop != RDF.type or incoming:
            grouped.setdefault(prop, []).append(_value(graph, term, base_iri, languages))
    made = [
        Row(
            _value(graph, prop, base_iri, languages),
            tuple(sorted(found, key=lambda value: (value.text, value.language or ""))),
            incoming,
        )
        for prop, found in grouped.items()
    ]
    return sorted(made, key=lambda row: row.property.text)


def _value(graph: Graph, term: Node, base_iri: str, languages: Sequence[str]) -> Value:
    if isinstance(term, Literal):
        return Value(str(term), language=term.language)
    if isinstance(term, BNode):
        kinds = [label(graph, kind, base_iri, languages) for kind in graph.objects(term, RDF.type)]
        return Value(", ".join(sorted(kinds)) or "…")
    iri = str(term)
    path = addresses.local_path(iri, base_iri) if iri.startswith(base_iri) else iri
    fragment = "#" + iri.partition("#")[2] if iri.startswith(base_iri) and "#" in iri else ""
    safe = path.startswith(("/", "http://", "https://"))
    text = label(graph, term, base_iri, languages)
    return Value(text, path + fragment if safe else None)
