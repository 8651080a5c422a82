"""Input of the rules: data, ontology, shapes and queries, and the project's own terms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyoxigraph as ox

from kg_server.project import Project, Role
from kg_server.rdf import namespaces as ns
from kg_server.validation.lint import names
from kg_server.validation.prefilter import data
from kg_server.validation.prefilter.data import Facts
from kg_server.validation.report import Place

_HEAD = 1 << 16
"""So many bytes of a data file are searched for prefixes."""
_WELL_KNOWN = {
    ns.RDF: "rdf",
    ns.RDFS: "rdfs",
    ns.OWL: "owl",
    ns.SKOS: "skos",
    ns.DCTERMS: "dct",
    ns.SH: "sh",
    ns.XSD: "xsd",
}


@dataclass(frozen=True, slots=True)
class RuleFinding:
    """Finding of a rule at a triple; without a path it is about the whole focus node.

    ``term`` is the IRI of a term that the finding is about, wherever it is used. ``place`` is where
    it stands, if that is in no file of triples.
    """

    focus: Any
    message: str
    path: ox.NamedNode | None = None
    value: Any = None
    term: str | None = None
    place: Place | None = None


def text(term: Any) -> str:
    """Return an IRI, or the text of a literal."""
    return str(getattr(term, "value", ""))


class Material:
    """A project as the rules look at it.

    ``store`` has the data and the ontology, ``ontology`` the latter alone, ``shapes`` the shapes.
    """

    def __init__(self, project: Project, facts: Facts, *, advanced: bool = False) -> None:
        self.advanced = advanced
        self.project, self.facts, self.store = project, facts, facts.store
        self.ontology = ox.Store()
        self.ontology.extend(facts.ontology)
        self.shapes = ox.Store()
        for file in project.of_role(Role.SHAPES):
            self.shapes.extend(data.quads(file))

    @cached_property
    def prefixes(self) -> dict[str, str]:
        """The prefix of each namespace, as the files declare it."""
        contents = (
            file.content[:_HEAD] if file.role is Role.DATA else file.content
            for file in self.project.files
        )
        return {**_WELL_KNOWN, **names.prefixes(contents)}

    def short(self, iri: str) -> str:
        """Return an IRI as people read it."""
        return names.short(iri, self.prefixes)

    def select(self, query: str) -> Iterator[Any]:
        """Yield the first term of each solution over data and ontology."""
        solutions: Any = self.store.query(query)
        return (solution[0] for solution in solutions)

    def kinds(self, types: frozenset[str]) -> set[str]:
        """Return the IRIs that have one of these types."""
        subjects = (
            quad.subject
            for each in types
            for quad in self.store.quads_for_pattern(None, names.TYPE, ox.NamedNode(each))
        )
        return {term.value for term in subjects if isinstance(term, ox.NamedNode)}

    @cached_property
    def classes(self) -> set[str]:
        """The classes and datatypes that are declared, also those of others."""
        return self.kinds(names.CLASS_TYPES)

    @cached_property
    def properties(self) -> set[str]:
        """The properties that are declared, also those of others."""
        return self.kinds(names.PROPERTY_TYPES)

    @cached_property
    def ontologies(self) -> set[str]:
        """The IRIs of the ontologies that the files are."""
        return self.kinds(frozenset({f"{ns.OWL}Ontology"}))

    @cached_property
    def namespaces(self) -> frozenset[str]:
        """The namespaces of classes and properties that this project keeps itself.

        An ontology says by vann:preferredNamespaceUri which one it keeps; or its own IRI does, or
        a term by rdfs:isDefinedBy. Without any ontology header they are those of the terms that
        the ontology files describe, not only mention.
        """
        declared = {names.split(term)[0] for term in self.classes | self.properties}
        owned = {
            f"{ontology}{end}" for ontology in self.ontologies for end in ("", "#", "/")
        } | self._preferred()
        owned |= {
            names.split(quad.subject.value)[0]
            for quad in self.store.quads_for_pattern(None, names.IS_DEFINED_BY, None)
            if text(quad.object) in self.ontologies and isinstance(quad.subject, ox.NamedNode)
        }
        return frozenset(owned & declared or self._described() & declared) - _WELL_KNOWN.keys()

    def _preferred(self) -> set[str]:
        said = ox.NamedNode(f"{ns.VANN}preferredNamespaceUri")
        return {text(quad.object) for quad in self.store.quads_for_pattern(None, said, None)}

    def _described(self) -> set[str]:
        return {
            names.split(quad.subject.value)[0]
            for quad in self.ontology
            if isinstance(quad.subject, ox.NamedNode)
            and quad.predicate != names.TYPE
            and not quad.predicate.value.startswith(ns.SH)  # a class that is a shape as well
        }

    def is_owned(self, iri: str) -> bool:
        """Tell whether an IRI is in a namespace of this project's own terms."""
        return names.split(iri)[0] in self.namespaces

    @cached_property
    def own_terms(self) -> tuple[str, ...]:
        """The classes and properties that this project declares, sorted."""
        return tuple(sorted(filter(self.is_owned, self.classes | self.properties)))

    def has(self, subject: str, *predicates: ox.NamedNode) -> bool:
        """Tell whether data or ontology say something of a subject with one of the predicates."""
        node = ox.NamedNode(subject)
        return any(
            next(iter(self.store.quads_for_pattern(node, each, None)), None) is not None
            for each in predicates
        )
