"""The prefixes that documents, dumps and the description use and publish."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rdflib import Graph, URIRef

from kg_server.rdf import addresses

EXTERNAL: Mapping[str, str] = {
    "bibo": "http://purl.org/ontology/bibo/",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "hydra": "http://www.w3.org/ns/hydra/core#",
    "org": "http://www.w3.org/ns/org#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "prov": "http://www.w3.org/ns/prov#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "schema": "https://schema.org/",
    "sd": "http://www.w3.org/ns/sparql-service-description#",
    "sh": "http://www.w3.org/ns/shacl#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "vann": "http://purl.org/vocab/vann/",
    "void": "http://rdfs.org/ns/void#",
    "void-ext": "http://ldf.fi/void-ext#",
    "wd": "http://www.wikidata.org/entity/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
"""Prefixes of vocabularies that others keep."""


def known(declared: Mapping[str, str]) -> dict[str, str]:
    """Return the prefixes that a project declares, and those of vocabularies that others keep."""
    return {**EXTERNAL, **declared}


def own(base_iri: str, kinds: Iterable[str] = ()) -> dict[str, str]:
    """Return the prefixes of the names under ``base_iri``, one for each kind of thing.

    >>> own("https://e.org/", ["state"])["state"]
    'https://e.org/id/state/'
    """
    namespaces = {
        "dip": f"{base_iri}ns/diplomacy#",
        "def": f"{base_iri}def/",
        "dsh": f"{base_iri}ns/shapes#",
    }
    of_kinds = {kind: f"{base_iri}id/{kind}/" for kind in sorted(set(kinds)) if kind != "def"}
    return {**namespaces, **{k: v for k, v in of_kinds.items() if k not in EXTERNAL}}


def of_graph(graph: Graph, base_iri: str) -> dict[str, str]:
    """Return the prefixes that can be of use in ``graph``."""
    named = {term for triple in graph for term in triple if isinstance(term, URIRef)}
    kinds = {kind for term in named if (kind := addresses.kind(term, base_iri))}
    return {**own(base_iri, kinds), **EXTERNAL}
