"""Rules about misspelt names: unknown terms, wrong namespaces, IRIs with a typo."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

import pyoxigraph as ox
from rdflib import DCAT, DCTERMS, FOAF, OWL, PROV, RDF, RDFS, SKOS, VOID, XSD

from kg_server.rdf import namespaces as ns
from kg_server.validation.lint import names, uses
from kg_server.validation.lint.context import Material, RuleFinding, text

_NEWER = {
    ns.DCAT: {  # DCAT 3, W3C Recommendation of 22 August 2024
        *("DatasetSeries", "inSeries", "seriesMember", "first", "last", "prev", "next", "version"),
        *("hasVersion", "isVersionOf", "hasCurrentVersion", "isCurrentVersionOf", "nextVersion"),
        *("previousVersion", "inCatalog", "isDistributionOf", "resource", "Resource", "bbox"),
        *("centroid", "startDate", "endDate", "spatialResolutionInMeters", "temporalResolution"),
        *("qualifiedRelation", "hadRole", "Role", "Relationship", "accessService"),
        *("compressFormat", "packageFormat", "servesDataset", "service", "DataService"),
        *("endpointURL", "endpointDescription", "catalog", "themeTaxonomy", "record"),
    },
    ns.RDF: {"reifies", "dirLangString", "JSON", "HTML", "PlainLiteral", "CompoundLiteral"}
    | {"direction", "language"},
    ns.RDFS: {"Proposition"},
    ns.FOAF: {"focus"},
}
"""Terms that rdflib 7.6 does not list yet."""
_OF_TERMS = tuple(f"{ns.RDFS}{name}" for name in ("subClassOf", "subPropertyOf", "domain", "range"))
"""Predicates whose subject is a term, even without a declared type."""
_SHORTEST = 7
"""Letters of the last part of an IRI; shorter ones are often codes, which are alike by design."""


def undeclared(material: Material) -> Iterator[RuleFinding]:
    """Yield uses of terms in the project's namespaces that the ontology does not declare.

    If there is no ontology header and no property is declared, only uses of classes count: shapes
    that are also classes are a complete list of classes, not of properties.
    """
    declared = {quad.subject.value for quad in material.ontology if _is_iri(quad.subject)}
    declared |= material.classes | material.properties | material.ontologies
    for predicate in map(ox.NamedNode, _OF_TERMS):
        for quad in material.store.quads_for_pattern(None, predicate, None):
            declared.add(text(quad.subject))
    used = uses.in_data(material) | uses.in_shapes(material).keys()
    used |= uses.in_queries(material).keys()
    if not (material.ontologies or any(map(material.is_owned, material.properties))):
        used &= uses.as_classes(material)
    for iri in sorted(used - declared):
        namespace, name = names.split(iri)
        if namespace in material.closed_namespaces and name:
            close = _close(iri, [each for each in declared if material.is_owned(each)])
            hint = f"; did you mean {material.short(close)}?" if close else "."
            occurrences = uses.of(material, iri)
            message = (
                f"{material.short(iri)} is not declared in the ontology{hint}{occurrences.times}"
            )
            yield uses.finding(occurrences, message)


def wrong_namespace(material: Material) -> Iterator[RuleFinding]:
    """Yield uses of terms that a well-known vocabulary lacks, or of a misspelt namespace."""
    vocabularies = _vocabularies()
    right = {_loose(each): each for each in (*vocabularies, *material.namespaces)}
    used = uses.in_data(material) | uses.in_shapes(material).keys()
    for iri in sorted(used):
        namespace, name = names.split(iri)
        meant = right.get(_loose(namespace))
        if not name or not meant or (meant in material.namespaces and namespace == meant):
            continue
        if namespace != meant:
            hint = f"has the namespace {namespace}; did you mean {meant}{name}?"
        elif name in vocabularies[meant] or re.fullmatch(r"_[1-9]\d*", name):
            continue
        else:
            close = difflib.get_close_matches(name, vocabularies[meant], 1)
            hint = "is no term of that vocabulary"
            hint += f"; did you mean {material.short(meant + close[0])}?" if close else "."
        occurrences = uses.of(material, iri)
        yield uses.finding(occurrences, f"{material.short(iri)} {hint}{occurrences.times}")


def typos(material: Material) -> Iterator[RuleFinding]:
    """Yield IRIs that occur once, as a value, and differ by one letter from a described IRI.

    Names match if they are equal after one letter is removed, so that the time is linear in their
    number. Names with digits and short names are codes, and are skipped.
    """
    subjects = {
        each.value for each in material.select("SELECT DISTINCT ?s { ?s ?p ?o }") if _is_iri(each)
    }
    mentioned = Counter(
        {
            solution[0].value: int(solution[1].value)
            for solution in _mentions(material)
            if _is_name(solution[0].value)
        }
    )
    spaces = {names.split(each)[0] for each in subjects}
    lone = {
        each
        for each, count in mentioned.items()
        if count == 1 and each not in subjects and names.split(each)[0] in spaces
    }
    if not lone:
        return
    shapes = {short for each in lone for short in _shorter(each)}
    near: dict[str, list[str]] = {}
    for each in filter(_is_name, subjects):
        for short in _shorter(each) & shapes:
            near.setdefault(short, []).append(each)
    for iri in sorted(lone):
        others = {other for short in _shorter(iri) for other in near.get(short, ())}
        meant = sorted(other for other in others if _is_one_edit(iri, other))
        if meant:
            message = f"{material.short(iri)} is described nowhere; did you mean "
            yield uses.finding(uses.of(material, iri), f"{message}{material.short(meant[0])}?")


def _mentions(material: Material) -> Any:
    return material.store.query(
        "SELECT ?o (COUNT(*) AS ?n) { ?s ?p ?o FILTER (isIRI(?o)) } "
        "GROUP BY ?o HAVING (COUNT(*) = 1)"
    )


def _is_iri(term: Any) -> bool:
    return isinstance(term, ox.NamedNode)


def _is_name(iri: str) -> bool:
    name = names.split(iri)[1]
    return len(name) >= _SHORTEST and not re.search(r"\d", name)


def _shorter(iri: str) -> set[str]:
    """Return an IRI, and the same without each letter of its last part."""
    namespace, name = names.split(iri)
    return {iri, *(namespace + name[:at] + name[at + 1 :] for at in range(len(name)))}


def _is_one_edit(one: str, other: str) -> bool:
    """Tell whether two texts differ by one letter more, less or other, or by two exchanged.

    >>> _is_one_edit("gallery", "galery"), _is_one_edit("gallery", "galelry")
    (True, True)
    >>> _is_one_edit("gallery", "galleries")
    False
    """
    if abs(len(one) - len(other)) > 1:
        return False
    start = next(
        (at for at, pair in enumerate(zip(one, other, strict=False)) if len(set(pair)) > 1),
        min(len(one), len(other)),
    )
    rest, other_rest = one[start:], other[start:]
    exchanged = rest[:2] == other_rest[:2][::-1] and rest[2:] == other_rest[2:]
    return rest[1:] in (other_rest[1:], other_rest) or rest == other_rest[1:] or exchanged


def _close(iri: str, candidates: list[str]) -> str | None:
    matches = difflib.get_close_matches(iri, sorted(candidates), 1, cutoff=0.9)
    return matches[0] if matches else None


def _loose(namespace: str) -> str:
    """Return a namespace without the parts that are often wrong: scheme, ``www.`` and end."""
    bare = re.sub(r"^https?://(www\.)?", "", namespace)
    return bare.rstrip("#/").lower()


@cache
def _vocabularies() -> dict[str, frozenset[str]]:
    """Return the terms of well-known vocabularies, by namespace, as rdflib lists them."""
    vocabularies = {
        str(each._NS): frozenset({*each.__annotations__, *each._extras})
        for each in (DCAT, DCTERMS, FOAF, OWL, PROV, RDF, RDFS, SKOS, VOID, XSD)
    }
    return {
        namespace: terms | _NEWER.get(namespace, set()) for namespace, terms in vocabularies.items()
    }
