"""Uses of terms: as a predicate, as a class, or as a value of such as ``rdfs:range``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyoxigraph as ox

from kg_server.rdf import namespaces as ns
from kg_server.sparql import lexer
from kg_server.validation.lint import names
from kg_server.validation.lint.context import Material, RuleFinding, text

MOST_PLACES = 20
"""Triples among which the first place of a term is searched."""

_SCHEMA = ("https://schema.org/", "http://schema.org/")
_TAKE_TERMS = frozenset(
    [f"{ns.RDF}predicate"]
    + [f"{ns.RDFS}{name}" for name in ("domain", "range", "subClassOf", "subPropertyOf")]
    + [
        f"{ns.OWL}{name}"
        for name in (
            *("allValuesFrom", "assertionProperty", "complementOf", "disjointUnionOf"),
            *("disjointWith", "equivalentClass", "equivalentProperty", "hasKey", "intersectionOf"),
            *("inverseOf", "members", "onClass", "onDataRange", "onDatatype", "onProperties"),
            *("onProperty", "propertyChainAxiom", "propertyDisjointWith", "someValuesFrom"),
            "unionOf",
        )
    ]
    + [
        f"{ns.SH}{name}"
        for name in (
            *("alternativePath", "class", "datatype", "disjoint", "equals", "ignoredProperties"),
            *("inversePath", "lessThan", "lessThanOrEquals", "oneOrMorePath", "path"),
            *("targetClass", "targetObjectsOf", "targetSubjectsOf", "zeroOrMorePath"),
            "zeroOrOnePath",
        )
    ]
    + [f"{each}{name}" for each in _SCHEMA for name in ("domainIncludes", "rangeIncludes")]
)
"""Predicates whose values are classes, properties, or lists or paths of those."""
_TAKE_CLASSES = tuple(
    map(ox.NamedNode, (f"{ns.SH}class", f"{ns.SH}targetClass", f"{ns.RDFS}subClassOf"))
)
_TEXTS = tuple(ox.NamedNode(f"{ns.SH}{name}") for name in ("select", "ask", "construct"))


@dataclass(frozen=True, slots=True)
class Uses:
    """Uses of a term: the first triples, and the number of all."""

    iri: str
    quads: tuple[ox.Quad, ...]
    count: int

    @property
    def times(self) -> str:
        """Number of uses in words; empty for one."""
        return "" if self.count == 1 else f" It is used {self.count:,} times."


def in_data(material: Material) -> set[str]:
    """Return the IRIs that data and ontology use as predicates, classes and other terms."""
    terms = set(material.select("SELECT DISTINCT ?term { ?s ?term ?o }"))
    terms.update(material.select(f"SELECT DISTINCT ?term {{ ?s <{ns.RDF}type> ?term }}"))
    for predicate in _TAKE_TERMS - {f"{ns.RDF}predicate"}:
        pattern = None, ox.NamedNode(predicate), None
        for quad in material.store.quads_for_pattern(*pattern):
            terms.update(_members(material.store, quad.object))
    terms.update(material.select(f"SELECT DISTINCT ?term {{ ?s <{ns.RDF}predicate> ?term }}"))
    return {term.value for term in terms if isinstance(term, ox.NamedNode)}


def as_classes(material: Material) -> set[str]:
    """Return the IRIs that are used as classes."""
    terms = set(material.select(f"SELECT DISTINCT ?term {{ ?s <{ns.RDF}type> ?term }}"))
    for store in (material.store, material.shapes):
        for predicate in _TAKE_CLASSES:
            terms |= {quad.object for quad in store.quads_for_pattern(None, predicate, None)}
    return {term.value for term in terms if isinstance(term, ox.NamedNode)}


def in_shapes(material: Material) -> dict[str, list[ox.Quad]]:
    """Return the triples of the shapes that use each IRI as a predicate, class or other term."""
    triples: dict[str, list[ox.Quad]] = {}
    for quad in material.shapes:
        triples.setdefault(quad.predicate.value, []).append(quad)
        if quad.predicate.value in _TAKE_TERMS or quad.predicate == names.TYPE:
            for term in _members(material.shapes, quad.object):
                triples.setdefault(term.value, []).append(quad)
    return triples


def in_queries(material: Material) -> dict[str, list[ox.Quad]]:
    """Return the constraints of the shapes whose SPARQL text names each IRI."""
    constraints: dict[str, list[ox.Quad]] = {}
    declared = _declared(material)
    for predicate in _TEXTS:
        for quad in material.shapes.quads_for_pattern(None, predicate, None):
            for iri in lexer.iris(text(quad.object), declared):
                constraints.setdefault(iri, []).append(quad)
    return constraints


def of(material: Material, iri: str) -> Uses:
    """Return the uses of an IRI by data and ontology, or else by the shapes."""
    node = ox.NamedNode(iri)
    patterns = ((None, node, None), (None, None, node))
    for store in (material.store, material.shapes):
        count = sum(1 for pattern in patterns for _ in store.quads_for_pattern(*pattern))
        if count:
            return Uses(iri, tuple(_first(store, iri)), count)
    texts = in_queries(material).get(iri, [])
    return Uses(iri, tuple(texts[:MOST_PLACES]), len(texts))


def finding(uses: Uses, message: str) -> RuleFinding:
    """Return a finding at the first use of a term."""
    quad = uses.quads[0]
    return RuleFinding(
        focus=quad.subject, message=message, path=quad.predicate, value=quad.object, term=uses.iri
    )


def _first(store: ox.Store, iri: str) -> Iterator[ox.Quad]:
    for pattern in (f"?s ?p ?o FILTER(?p = <{iri}>)", f"?s ?p ?o FILTER(?o = <{iri}>)"):
        solutions: Any = store.query(
            f"SELECT ?s ?p ?o {{ {pattern} }} ORDER BY ?s LIMIT {MOST_PLACES}"
        )
        for solution in solutions:
            yield ox.Quad(*solution)


def _declared(material: Material) -> dict[str, str]:
    """Return the namespaces that ``sh:declare`` declares, by prefix (SHACL §5.2.1)."""
    namespaces = {}
    for quad in material.shapes.quads_for_pattern(None, ox.NamedNode(f"{ns.SH}prefix"), None):
        spaces = ox.NamedNode(f"{ns.SH}namespace")
        for other in material.shapes.quads_for_pattern(quad.subject, spaces, None):
            namespaces[text(quad.object)] = text(other.object)
    return namespaces


def _members(store: ox.Store, term: Any) -> Iterator[ox.NamedNode]:
    """Yield a term that is an IRI, or the IRIs in a list or a path."""
    first, rest = ox.NamedNode(f"{ns.RDF}first"), ox.NamedNode(f"{ns.RDF}rest")
    seen, waiting = set(), [term]
    while waiting:
        term = waiting.pop()
        if isinstance(term, ox.NamedNode):
            if term.value != f"{ns.RDF}nil":
                yield term
        elif isinstance(term, ox.BlankNode) and term not in seen:
            seen.add(term)
            for predicate in (first, rest):
                quads = store.quads_for_pattern(term, predicate, None)
                waiting.extend(quad.object for quad in quads)
