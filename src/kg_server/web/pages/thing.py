"""The page of one thing: names, facts, statements, what points to it, its neighbours."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rdflib import RDF, RDFS, SKOS, Literal, URIRef
from rdflib.term import Node

from kg_server.linked_data.documents import Outline, Site
from kg_server.web.pages import claims
from kg_server.web.pages.network import Network, radial
from kg_server.web.pages.terms import Label, Labels, Shown

MOST_VALUES = 25
"""How many values of one property a page lists; the data formats have all."""

_NAMES = {RDFS.label, SKOS.prefLabel, SKOS.altLabel}
_DEFINITIONS = (SKOS.definition, RDFS.comment)
_REIFICATION = {RDF.subject, RDF.object, RDF.predicate}


@dataclass(frozen=True, slots=True)
class Values:
    """A property and its values; ``more`` counts those that are left out."""

    property: Shown
    values: tuple[tuple[Shown, claims.Claim | None], ...]
    more: int = 0


@dataclass(frozen=True, slots=True)
class ThingPage:
    """What the page of a thing shows."""

    iri: str
    title: Shown
    names: tuple[Label, ...]
    definition: Literal | None
    types: tuple[Shown, ...]
    evidence: claims.Evidence
    labels: Labels
    outgoing: tuple[Values, ...]
    incoming: tuple[Values, ...]
    network: Network | None


def thing_page(site: Site, outlined: Outline, language: str) -> ThingPage:
    """Return the page of a thing from the statements about it."""
    iri, out, back = outlined.iri, outlined.outgoing, outlined.incoming
    evidence = claims.about(site, iri)
    labels = Labels(site, language)
    labels.load([iri, *evidence.terms(), *(term for pair in (*out, *back) for term in pair)])
    facts = [pair for pair in out if pair[0] not in {*_NAMES, RDF.type}]
    title = labels.show(URIRef(iri))
    return ThingPage(
        iri=iri,
        title=title,
        names=_names(out, title.text),
        definition=labels.pick(o for p, o in out if p in _DEFINITIONS),
        types=tuple(
            labels.show(o)
            for p, o in out
            if p == RDF.type and isinstance(o, URIRef) and o != RDF.Statement
        ),
        evidence=evidence,
        labels=labels,
        outgoing=_grouped(facts, labels, evidence, iri),
        incoming=_grouped([pair for pair in back if pair[0] not in _REIFICATION], labels),
        network=radial(iri, out, back, labels),
    )


def _names(out: Iterable[tuple[Node, Node]], title: str) -> tuple[Label, ...]:
    """Return the other names of a thing, by language."""
    found = {
        Label(str(o), o.language)
        for p, o in out
        if p in _NAMES and isinstance(o, Literal) and str(o) != title
    }
    return tuple(sorted(found, key=lambda name: (name.language or "", name.text)))


def _grouped(
    pairs: Iterable[tuple[Node, Node]],
    labels: Labels,
    evidence: claims.Evidence | None = None,
    iri: str = "",
) -> tuple[Values, ...]:
    groups: dict[Node, list[Node]] = {}
    for p, term in sorted(pairs, key=lambda pair: tuple(map(str, pair))):
        groups.setdefault(p, []).append(term)
    return tuple(
        Values(
            labels.show(p),
            tuple((labels.show(o), _claim_of(evidence, iri, p, o)) for o in terms[:MOST_VALUES]),
            max(len(terms) - MOST_VALUES, 0),
        )
        for p, terms in groups.items()
    )


def _claim_of(evidence: claims.Evidence | None, iri: str, p: Node, o: Node) -> claims.Claim | None:
    """Return the claim that a statement rests on; the doubted one if there are several."""
    if evidence is None:
        return None
    found = [
        claim
        for claim in evidence.claims.values()
        if str(claim.subject) == iri and claim.predicate == p and _same(claim.object, o)
    ]
    return max(found, key=lambda claim: claim.is_disputed, default=None)


def _same(one: Node, other: Node) -> bool:
    if isinstance(one, Literal) and isinstance(other, Literal):
        return str(one) == str(other) and one.datatype == other.datatype
    return one == other
