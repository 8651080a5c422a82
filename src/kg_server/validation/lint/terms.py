"""Rules about the terms of the ontology: labels, definitions, languages, use."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import pyoxigraph as ox

from kg_server.rdf import namespaces as ns
from kg_server.validation.lint import names, uses
from kg_server.validation.lint.context import Material, RuleFinding, text

_REPLACED_BY = ox.NamedNode(f"{ns.DCTERMS}isReplacedBy")
_DEPRECATED = ox.NamedNode(f"{ns.OWL}deprecated")
_LABELLED = " ".join(str(each) for each in names.LABELS)
_SAME_LABEL = f"""
SELECT ?label (MIN(?thing) AS ?one) (MAX(?thing) AS ?other) WHERE {{
  VALUES ?naming {{ {_LABELLED} }}
  ?thing ?naming ?label ; a ?class FILTER (isIRI(?thing))
}} GROUP BY ?class ?label HAVING (COUNT(DISTINCT ?thing) > 1) ORDER BY ?one
"""


def no_label(material: Material) -> Iterator[RuleFinding]:
    """Yield terms without a label."""
    yield from _without(material, names.LABELS, "has no label: add rdfs:label")


def no_definition(material: Material) -> Iterator[RuleFinding]:
    """Yield terms without a definition."""
    missing = "has no definition: say in a sentence what it means, with skos:definition"
    yield from _without(material, names.DEFINITIONS, missing)


def no_defined_by(material: Material) -> Iterator[RuleFinding]:
    """Yield terms without ``rdfs:isDefinedBy``."""
    missing = "does not say to which ontology it belongs: add rdfs:isDefinedBy"
    yield from _without(material, (names.IS_DEFINED_BY,), missing)


def missing_language(material: Material) -> Iterator[RuleFinding]:
    """Yield terms without a label in a language in which most terms have one."""
    spoken = {iri: _languages(material, iri) for iri in material.own_terms}
    counts = Counter(language for each in spoken.values() for language in each)
    usual = {language for language, count in counts.items() if 2 * count > len(spoken) > 1}
    for iri, languages in spoken.items():
        for language in sorted(usual) if languages else ():
            if names.speaks(languages, language):
                continue
            message = f"{material.short(iri)} has no label in {language!r}, which most terms have."
            yield RuleFinding(ox.NamedNode(iri), message)


def duplicate_label(material: Material) -> Iterator[RuleFinding]:
    """Yield terms and values that have the same label as another of their class.

    Things of the data may share a label: two sources report one figure under the same name.
    """
    solutions: Any = material.ontology.query(_SAME_LABEL)
    for solution in solutions:
        one, other, label = solution["one"], solution["other"], solution["label"]
        if {one.value, other.value} <= material.imported_terms:
            continue
        message = f"{material.short(other.value)} has the label {label} too, and the same class."
        naming = next(
            each
            for each in names.LABELS
            if any(True for _ in material.store.quads_for_pattern(one, each, label))
        )
        yield RuleFinding(focus=one, message=message, path=naming, value=label)


def unused(material: Material) -> Iterator[RuleFinding]:
    """Yield terms without a use, except deprecated ones."""
    used = uses.in_data(material) | uses.in_shapes(material).keys()
    used |= uses.in_queries(material).keys()
    for iri in material.own_terms:
        statements = material.store.quads_for_pattern(
            ox.NamedNode(iri), _DEPRECATED, ox.Literal(True)
        )
        if iri not in used and not any(statements):
            message = f"{material.short(iri)} is used by no data, shape, query or other term."
            yield RuleFinding(ox.NamedNode(iri), message)


def deprecated(material: Material) -> Iterator[RuleFinding]:
    """Yield uses of deprecated terms."""
    statements = material.store.quads_for_pattern(None, _DEPRECATED, ox.Literal(True))
    for iri in sorted(
        quad.subject.value for quad in statements if isinstance(quad.subject, ox.NamedNode)
    ):
        used = uses.of(material, iri)
        if used.quads:
            by = material.store.quads_for_pattern(ox.NamedNode(iri), _REPLACED_BY, None)
            instead = sorted(material.short(text(quad.object)) for quad in by)
            hint = f": use {', '.join(instead)}." if instead else "."
            message = f"{material.short(iri)} is deprecated{hint}{used.times}"
            yield uses.finding(used, message)


def _without(
    material: Material, predicates: tuple[Any, ...], missing: str
) -> Iterator[RuleFinding]:
    for iri in material.own_terms:
        if not material.has(iri, *predicates):
            yield RuleFinding(ox.NamedNode(iri), f"{material.short(iri)} {missing}.")


def _languages(material: Material, iri: str) -> set[str]:
    languages = defaultdict(set)
    for naming in names.LABELS:
        for quad in material.store.quads_for_pattern(ox.NamedNode(iri), naming, None):
            if isinstance(quad.object, ox.Literal) and quad.object.language:
                languages[iri].add(quad.object.language)
    return languages[iri]
