"""Roles of files by their contents: data, ontology, shapes, or several of these."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import pyoxigraph

from kg_server.project.files import Role
from kg_server.rdf import namespaces as ns

_TYPE = f"{ns.RDF}type"

_REPORTS = frozenset({f"{ns.SH}ValidationReport", f"{ns.SH}ValidationResult"})
_NOT_OF_SHAPES = frozenset(
    f"{ns.SH}{name}" for name in ("declare", "prefix", "namespace", "shapesGraph", "entailment")
)
"""Terms of SHACL about ontologies and data graphs: prefixes of queries, and where shapes are."""
_PREFIX = f"{ns.SH}PrefixDeclaration"
_HEADER = f"{ns.OWL}Ontology"
_NOT_TERMS = frozenset({f"{ns.OWL}NamedIndividual", f"{ns.OWL}Thing", _HEADER})
_OF_TERMS = frozenset(
    f"{ns.RDFS}{name}" for name in ("subClassOf", "subPropertyOf", "domain", "range")
)
_MAY_BE_SHAPES = re.compile(rb"shacl")
"""In the namespace, of which an entity, a prefix or a base may stand for the beginning."""
_MAY_BE_TERMS = re.compile(
    rb"Class\b|Property\b|Ontology\b|Datatype\b|Concept(Scheme)?\b|Collection\b|\bsubClassOf"
)


def may_be_more(content: bytes) -> bool:
    """Tell by a search of its text, which is fast, whether a file may hold more than data."""
    return bool(_MAY_BE_SHAPES.search(content) or _MAY_BE_TERMS.search(content))


def of(quads: Iterable[Any]) -> tuple[Role, frozenset[Role]]:
    """Return the main role of a file, and its other roles.

    A subject is a shape, or a part of one, by a type or a property of SHACL. It is a term if it is
    declared as a class, a property, a concept or the like. Anything else with an IRI is data. A
    file is an ontology if it has at least as many terms as data: an ontology may have individuals,
    and data a class of their own.
    """
    kinds: dict[Any, set[str]] = {}
    shapes: set[Any] = set()
    declaring: set[Any] = set()
    terms: set[Any] = set()
    for quad in quads:
        subject, predicate = quad.subject, quad.predicate.value
        types = kinds.setdefault(subject, set())
        if predicate == _TYPE:
            types.add(getattr(quad.object, "value", ""))
        elif predicate.startswith(ns.SH):
            (declaring if predicate in _NOT_OF_SHAPES else shapes).add(subject)
        elif predicate in _OF_TERMS:
            terms.add(subject)
    for subject, types in kinds.items():
        if any(each.startswith(ns.SH) for each in types - {_PREFIX}):
            shapes.add(subject)
    shapes -= {subject for subject, types in kinds.items() if types & _REPORTS}
    terms.update(subject for subject, types in kinds.items() if any(map(_is_term, types)))
    data = sum(
        _is_data(subject, types)
        for subject, types in kinds.items()
        if subject not in shapes and subject not in terms and (types or subject not in declaring)
    )
    named = sum(map(_is_named, terms))
    has_header = any(_HEADER in types for types in kinds.values())
    held = {Role.SHAPES} if shapes else set()
    if named or (has_header and not data and not shapes):
        held.add(Role.ONTOLOGY)
    if data or not held:
        held.add(Role.DATA)
    order = (Role.ONTOLOGY, Role.DATA) if named >= data else (Role.DATA, Role.ONTOLOGY)
    main = next((role for role in order if role in held), Role.SHAPES)
    return main, frozenset(held - {main})


def of_types(types: Iterable[str], among: Iterable[Role], main: Role) -> Role:
    """Return the role of a subject with these types, in a file that has several roles."""
    kinds = set(types)
    if Role.SHAPES in among and any(kind.startswith(ns.SH) for kind in kinds):
        return Role.SHAPES
    if Role.ONTOLOGY in among and (_HEADER in kinds or any(map(_is_term, kinds))):
        return Role.ONTOLOGY
    return Role.DATA if kinds and Role.DATA in among else main


def _is_term(kind: str) -> bool:
    if kind in _NOT_TERMS:
        return False
    return kind.startswith((ns.OWL, ns.RDFS, ns.SKOS)) or kind == f"{ns.RDF}Property"


def _is_data(subject: Any, types: set[str]) -> bool:
    # A blank node without a type is a part of something else, such as a list or a path.
    return _HEADER not in types and (bool(types - {f"{ns.RDF}List", _PREFIX}) or _is_named(subject))


def _is_named(subject: Any) -> bool:
    return isinstance(subject, pyoxigraph.NamedNode)
