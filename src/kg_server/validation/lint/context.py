"""Input of the lint rules: data, ontology, shapes and queries, and the project's own terms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyoxigraph as ox

from kg_server.project import Project, Role, imports
from kg_server.rdf import namespaces as ns
from kg_server.validation.lint import names
from kg_server.validation.prefilter import data
from kg_server.validation.prefilter.data import Facts
from kg_server.validation.report import Place

_HEAD = 1 << 16
"""Bytes at the start of a data file that are searched for prefixes."""
_BELOW = ox.NamedNode(f"{ns.RDFS}subPropertyOf")
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

    ``term`` is the IRI of a term, if the finding is about all its uses. ``place`` is set if the
    finding is not about a triple, but about a query or the manifest.
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
    """A project for the rules to read.

    ``store`` has the data and the ontology, ``ontology`` the ontology alone, ``shapes`` the shapes.
    """

    def __init__(self, project: Project, facts: Facts, *, advanced: bool = False) -> None:
        self.advanced = advanced
        self._kinds: dict[ox.NamedNode, tuple[ox.NamedNode, ...]] = {}
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
        """Return a prefixed name, or else the IRI in angle brackets."""
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
        """The declared classes and datatypes, those of other projects included."""
        return self.kinds(names.CLASS_TYPES)

    @cached_property
    def properties(self) -> set[str]:
        """The declared properties, those of other projects included."""
        return self.kinds(names.PROPERTY_TYPES)

    @cached_property
    def ontologies(self) -> set[str]:
        """The IRIs of the ontologies in the files."""
        return self.kinds(frozenset({f"{ns.OWL}Ontology"}))

    @cached_property
    def namespaces(self) -> frozenset[str]:
        """The namespaces of the project's own classes and properties.

        An ontology states its namespace by vann:preferredNamespaceUri or by its own IRI, a term by
        rdfs:isDefinedBy. Without an ontology header, they are the namespaces of the terms that the
        ontology files describe.
        """
        declared = {names.split(term)[0] for term in self.classes | self.properties}
        owned = self._named | {
            names.split(quad.subject.value)[0]
            for quad in self.store.quads_for_pattern(None, names.IS_DEFINED_BY, None)
            if text(quad.object) in self.ontologies and isinstance(quad.subject, ox.NamedNode)
        }
        return frozenset(owned & declared or self._described() & declared) - _WELL_KNOWN.keys()

    @cached_property
    def closed_namespaces(self) -> frozenset[str]:
        """The project's namespaces whose terms must all be declared in the files.

        If an import is missing, it may declare terms of a namespace that several ontologies share.
        Then only namespaces count that an ontology here has as its own name.
        """
        return self.namespaces & self._named if self.missing_imports else self.namespaces

    @cached_property
    def _named(self) -> set[str]:
        """The namespaces that the header of an ontology names: its IRI, or the preferred one."""
        predicate = ox.NamedNode(f"{ns.VANN}preferredNamespaceUri")
        preferred = {
            text(quad.object) for quad in self.store.quads_for_pattern(None, predicate, None)
        }
        ends = ("", "#", "/")
        return preferred | {f"{each}{end}" for each in self.ontologies for end in ends}

    def _described(self) -> set[str]:
        return {
            names.split(quad.subject.value)[0]
            for quad in self.ontology
            if isinstance(quad.subject, ox.NamedNode)
            and quad.predicate != names.TYPE
            and not quad.predicate.value.startswith(ns.SH)  # a class that is also a shape
        }

    def is_owned(self, iri: str) -> bool:
        """Tell whether an IRI is in a namespace of this project's own terms."""
        return names.split(iri)[0] in self.namespaces

    @cached_property
    def own_terms(self) -> tuple[str, ...]:
        """The classes and properties that this project declares itself, sorted."""
        declared = (self.classes | self.properties) - self.imported_terms
        return tuple(sorted(filter(self.is_owned, declared)))

    @cached_property
    def imported_terms(self) -> frozenset[str]:
        """Terms that imported files declare; other projects maintain their labels."""
        imported = (file for file in self.project.files if file.imported)
        quads = (quad for file in imported for quad in data.quads(file))
        return frozenset(text(quad.subject) for quad in quads if quad.predicate == names.TYPE)

    @cached_property
    def missing_imports(self) -> tuple[ox.Quad, ...]:
        """The owl:imports of ontologies that are not among the files."""
        header, version = ox.NamedNode(f"{ns.OWL}Ontology"), ox.NamedNode(f"{ns.OWL}versionIRI")
        stores = (self.store, self.shapes)
        loaded = {imports.loose(iri) for iri in self.project.imported}
        for store in stores:
            for quad in store.quads_for_pattern(None, names.TYPE, header):
                loaded.add(imports.loose(text(quad.subject)))
            for quad in store.quads_for_pattern(None, version, None):
                loaded.add(imports.loose(text(quad.object)))
        stated = (
            quad
            for store in stores
            for quad in store.quads_for_pattern(None, ox.NamedNode(f"{ns.OWL}imports"), None)
            if imports.loose(text(quad.object)) not in loaded
        )
        return tuple(dict.fromkeys(stated))

    def has(self, subject: str, *predicates: ox.NamedNode) -> bool:
        """Tell whether a subject has one of the properties, or a subproperty of one (RDFS §3.6)."""
        node = ox.NamedNode(subject)
        return any(
            next(iter(self.store.quads_for_pattern(node, kind, None)), None) is not None
            for each in predicates
            for kind in self._subproperties(each)
        )

    def _subproperties(self, predicate: ox.NamedNode) -> tuple[ox.NamedNode, ...]:
        """Return a property and its subproperties in data and ontology."""
        if predicate not in self._kinds:
            subproperties, waiting = {predicate: None}, [predicate]
            while waiting:
                for quad in self.store.quads_for_pattern(None, _BELOW, waiting.pop()):
                    if isinstance(quad.subject, ox.NamedNode) and quad.subject not in subproperties:
                        subproperties[quad.subject] = None
                        waiting.append(quad.subject)
            self._kinds[predicate] = tuple(subproperties)
        return self._kinds[predicate]
