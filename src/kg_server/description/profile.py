"""The profile of a project, completed from metadata in its data."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from rdflib import DC, DCAT, DCTERMS, OWL, RDFS, SKOS, VANN, VOID, Literal, URIRef
from rdflib.term import Node

from kg_server.project import Project, Role
from kg_server.project.profile import Profile, Texts
from kg_server.store import Store
from kg_server.store.results import rows, values

_CC = URIRef("http://creativecommons.org/ns#license")
_SCHEMA = tuple(URIRef(f"{scheme}://schema.org/license") for scheme in ("https", "http"))
_RANKS = ((VOID.Dataset, DCAT.Dataset), (OWL.Ontology,), (SKOS.ConceptScheme,))
"""Classes of things that can describe the whole graph; an earlier class wins."""
_TITLES = (DCTERMS.title, DC.title, SKOS.prefLabel, RDFS.label)
_DESCRIPTIONS = (DCTERMS.description, DC.description, RDFS.comment)
_LICENCES = (DCTERMS.license, _CC, *_SCHEMA)
_NAMESPACES = (VANN.preferredNamespacePrefix, VANN.preferredNamespaceUri)

# Named graphs, to exclude the metadata of shapes and of the server's own description.
_OWN_WORDS = """
SELECT ?class ?this ?p ?o WHERE {
  GRAPH ?g { VALUES ?class { %(classes)s } ?this a ?class }
  GRAPH ?g { VALUES ?p { %(predicates)s } ?this ?p ?o }
  FILTER(?g NOT IN (%(hidden)s))
} LIMIT 5000
"""
_LANGUAGES = """
SELECT ?language (COUNT(*) AS ?n) WHERE {
  VALUES ?p { %s } ?this ?p ?label
  BIND(LANG(?label) AS ?language) FILTER(?language != "")
} GROUP BY ?language ORDER BY DESC(?n) ?language LIMIT 50
"""

Words = Mapping[URIRef, Mapping[Node, Mapping[Node, Collection[Node]]]]
"""Values by class, thing and property."""


def completed(project: Project, store: Store, described: Iterable[str] = ()) -> Profile:
    """Return the project's profile, with missing values taken from the data.

    Args:
        project: the project; values of its manifest win.
        store: the store with its data.
        described: names of graphs that the server adds.
    """
    profile, words = project.profile, _words(project, store, described)
    prefixes = {**_namespaces(words), **profile.prefixes}
    return replace(
        profile,
        title=profile.title or _texts(words, _TITLES),
        description=profile.description or _texts(words, _DESCRIPTIONS),
        licence=profile.licence or _licence(words),
        languages=profile.languages or _languages(store),
        prefixes=dict(sorted(prefixes.items())),
    )


def _words(project: Project, store: Store, described: Iterable[str]) -> Words:
    classes = [each for rank in _RANKS for each in rank]
    predicates = (*_TITLES, *_DESCRIPTIONS, *_LICENCES, *_NAMESPACES)
    hidden = {file.graph_iri for file in project.of_role(Role.SHAPES)} | set(described)
    text = _OWN_WORDS % {
        "classes": values(classes),
        "predicates": values(predicates),
        "hidden": ", ".join(f"<{each}>" for each in sorted(hidden)) or "<urn:x-none>",
    }
    words: dict[URIRef, dict[Node, dict[Node, list[Node]]]] = {}
    for row in rows(store, text):
        things = words.setdefault(URIRef(str(row["class"])), {})
        things.setdefault(row["this"], {}).setdefault(row["p"], []).append(row["o"])
    return words


def _texts(words: Words, predicates: Iterable[URIRef]) -> Texts:
    """Return the texts of the highest-ranked thing with any, if it is the only one of its class."""
    for rank in _RANKS:
        things = {
            subject: statements
            for each in rank
            for subject, statements in words.get(each, {}).items()
        }
        for predicate in predicates:
            candidates = [
                statements[predicate] for statements in things.values() if predicate in statements
            ]
            if len(candidates) == 1:
                literals = [each for each in candidates[0] if isinstance(each, Literal)]
                return {each.language or "": str(each) for each in sorted(literals, key=str)}
            if candidates:
                return {}
    return {}


def _licence(words: Words) -> str | None:
    """Return the licence of the highest-ranked thing, if there is only one licence."""
    for rank in _RANKS:
        licences = {
            str(licence)
            for each in rank
            for statements in words.get(each, {}).values()
            for predicate in _LICENCES
            for licence in statements.get(predicate, ())
        }
        if licences:
            return licences.pop() if len(licences) == 1 else None
    return None


def _namespaces(words: Words) -> dict[str, str]:
    """Return the preferred prefixes of ontologies (VANN)."""
    namespaces_by_prefix: dict[str, str] = {}
    for things in words.values():
        for statements in things.values():
            prefixes, namespaces = (
                sorted(map(str, statements.get(each, ()))) for each in _NAMESPACES
            )
            if len(prefixes) == 1 and len(namespaces) == 1:
                namespaces_by_prefix.setdefault(prefixes[0], namespaces[0])
    return namespaces_by_prefix


def _languages(store: Store) -> tuple[str, ...]:
    """Return the languages of labels, the most common first."""
    counts = rows(store, _LANGUAGES % values((RDFS.label, SKOS.prefLabel)))
    return tuple(str(row["language"]) for row in counts if "language" in row)
