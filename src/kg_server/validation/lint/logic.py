"""Rules about the logic of classes and properties."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyoxigraph as ox

from kg_server.rdf import namespaces as ns
from kg_server.validation.lint.context import Material, RuleFinding

_CYCLE = "SELECT DISTINCT ?term WHERE {{ ?term <{0}>+ ?term FILTER (isIRI(?term)) }} ORDER BY ?term"
_PAIRS = f"""
SELECT DISTINCT ?one ?other WHERE {{
  {{ ?one <{ns.OWL}disjointWith> ?other }}
  UNION
  {{ ?all a <{ns.OWL}AllDisjointClasses> ; <{ns.OWL}members> ?members .
    ?members <{ns.RDF}rest>*/<{ns.RDF}first> ?one , ?other }}
  FILTER (isIRI(?one) && isIRI(?other) && ?one != ?other)
}}
"""


def cycles(material: Material) -> Iterator[RuleFinding]:
    """Yield classes and properties that are their own subclass or subproperty."""
    for kind in ("subClassOf", "subPropertyOf"):
        path = ox.NamedNode(f"{ns.RDFS}{kind}")
        for term in material.select(_CYCLE.format(path.value)):
            message = f"{material.short(term.value)} is its own rdfs:{kind}, by way of others."
            yield RuleFinding(term, message, path)


def disjoint(material: Material) -> Iterator[RuleFinding]:
    """Yield things and classes that are of two disjoint classes."""
    solutions: Any = material.store.query(_PAIRS)
    pairs = {tuple(sorted((each["one"].value, each["other"].value))) for each in solutions}
    for one, other in sorted(pairs):
        message = f"is of {material.short(one)} and of {material.short(other)}, which are disjoint."
        for path, both in _of_both(material, one, other):
            yield RuleFinding(both, f"{material.short(both.value)} {message}", path)


def _of_both(material: Material, one: str, other: str) -> Iterator[tuple[ox.NamedNode, Any]]:
    ones, others = _subclasses(material, one), _subclasses(material, other)
    for both in sorted(ones & others, key=str):
        yield ox.NamedNode(f"{ns.RDFS}subClassOf"), both
    listed, others_listed = (" ".join(sorted(map(str, each))) for each in (ones, others))
    query = (
        f"SELECT DISTINCT ?both WHERE {{ VALUES ?one {{ {listed} }} ?both a ?one . "
        f"VALUES ?other {{ {others_listed} }} ?both a ?other FILTER (isIRI(?both)) }} "
        "ORDER BY ?both"
    )
    for both in material.select(query):
        yield ox.NamedNode(f"{ns.RDF}type"), both


def _subclasses(material: Material, iri: str) -> set[Any]:
    query = f"SELECT ?kind WHERE {{ ?kind <{ns.RDFS}subClassOf>* <{iri}> FILTER (isIRI(?kind)) }}"
    return set(material.select(query))
