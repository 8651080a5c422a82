"""Names of terms: properties and classes of well-known vocabularies, and the parts of an IRI."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import pyoxigraph as ox

from kg_server.rdf import namespaces as ns
from kg_server.rdf.prefixes import shorten

TYPE = ox.NamedNode(f"{ns.RDF}type")
LABELS = (ox.NamedNode(f"{ns.RDFS}label"), ox.NamedNode(f"{ns.SKOS}prefLabel"))
"""Properties for the label of a term or a thing, with one value for each language."""
DEFINITIONS = tuple(
    ox.NamedNode(iri)
    for iri in (
        f"{ns.SKOS}definition",
        f"{ns.RDFS}comment",
        f"{ns.DCTERMS}description",
        f"{ns.SCHEMA}description",
        f"{ns.DC}description",
        "http://purl.obolibrary.org/obo/IAO_0000115",
    )
)
"""Properties that define a term."""
IS_DEFINED_BY = ox.NamedNode(f"{ns.RDFS}isDefinedBy")

CLASS_TYPES = frozenset({f"{ns.OWL}Class", f"{ns.RDFS}Class", f"{ns.RDFS}Datatype"})
PROPERTY_TYPES = frozenset(
    {f"{ns.RDF}Property"}
    | {
        f"{ns.OWL}{name}Property"
        for name in (
            *("Object", "Datatype", "Annotation", "Ontology", "Functional", "InverseFunctional"),
            *("Transitive", "Symmetric", "Asymmetric", "Reflexive", "Irreflexive"),
        )
    }
)

_PREFIX = re.compile(rb"^[ \t]*(?:@prefix|prefix)\s+([\w.-]*):\s*<([^<>\s]*)>", re.M | re.I)


def speaks(tags: Iterable[str], language: str) -> bool:
    """Tell whether a language tag extends a language, or the language extends a tag.

    >>> speaks({"en"}, "en-US"), speaks({"en-us"}, "EN"), speaks({"zh-Hans"}, "zh-Hant")
    (True, True, False)
    """
    wanted = f"{language.lower()}-"
    spoken = [f"{tag.lower()}-" for tag in tags]
    return any(each.startswith(wanted) or wanted.startswith(each) for each in spoken)


def split(iri: str) -> tuple[str, str]:
    """Split an IRI behind its last ``#`` or ``/``.

    >>> split("https://e.org/ns#Mission")
    ('https://e.org/ns#', 'Mission')
    """
    at = max(iri.rfind("#"), iri.rfind("/")) + 1
    return iri[:at], iri[at:]


def prefixes(contents: Iterable[bytes]) -> dict[str, str]:
    """Return the prefix of each namespace that Turtle, TriG or SPARQL declares."""
    by_namespace: dict[str, str] = {}
    for content in contents:
        for prefix, namespace in _PREFIX.findall(content):
            if prefix:
                by_namespace.setdefault(namespace.decode(), prefix.decode())
    return by_namespace


def short(iri: str, by_namespace: Mapping[str, str]) -> str:
    """Return a prefixed name, or else the IRI in angle brackets; ``by_namespace`` has prefixes.

    >>> short("https://e.org/ns#Mission", {"https://e.org/ns#": "ex"})
    'ex:Mission'
    """
    by_prefix = {prefix: namespace for namespace, prefix in by_namespace.items()}
    return shorten(iri, by_prefix, to_read=True) or f"<{iri}>"
