"""Contents of the page of one thing; ``documents`` renders it.

They are summary, facts, statements, what points to it, its neighbours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from rdflib import OWL, RDF, RDFS, SKOS, Literal, URIRef
from rdflib.term import Node

from kg_server.linked_data.documents import Outline, Site
from kg_server.rdf.prefixes import local_name
from kg_server.store.results import rows, values
from kg_server.web.pages import claims
from kg_server.web.pages.network import Group, Network, drawings, hidden_properties
from kg_server.web.pages.terms import Label, Labels, Shown, natural, with_site

MOST_VALUES = 10
"""Most open values of one property on a page; the others are folded."""
MOST_SUMMARY, MOST_KINDS = 8, 20
"""Most properties and most classes in the summary."""
_FEW_VALUES = 3
_FEW_CLAIMS = 12
"""Facts about other things are folded on pages with more facts than this."""

_NAMES = {RDFS.label, SKOS.prefLabel, SKOS.altLabel}
_DEFINITIONS = (SKOS.definition, RDFS.comment)
_REIFICATION = {RDF.subject, RDF.object, RDF.predicate}
_DENIALS = {OWL.sourceIndividual, OWL.targetIndividual, OWL.assertionProperty, OWL.targetValue}
_LINKS = {OWL.sameAs, RDFS.seeAlso, RDFS.isDefinedBy, SKOS.exactMatch, SKOS.closeMatch}
_ENDS_OPEN = re.compile(r"\s(of|to|in|by|for|with|from|at|on)$")

_CONTEXT = """
PREFIX owl: <http://www.w3.org/2002/07/owl#>
SELECT ?thing ?type ?property ?inverse WHERE {
  { VALUES ?thing { %(things)s } ?thing a ?type FILTER(isIRI(?type)) }
  UNION { VALUES ?property { %(properties)s } ?property owl:inverseOf|^owl:inverseOf ?inverse
          FILTER(isIRI(?inverse)) }
  UNION { VALUES ?property { %(properties)s } ?property a owl:SymmetricProperty
          BIND(?property AS ?inverse) }
}
"""


@dataclass(frozen=True, slots=True)
class Values:
    """A property and its values, each with the claim that it rests on, if there is one.

    ``role`` says how to read ``heading``: ``label`` is a phrase about the thing itself, ``open``
    a phrase that the thing ends, ``whose`` the property of others that has the thing as its value.
    """

    heading: Shown
    role: str
    values: tuple[tuple[Shown, claims.Claim | None], ...]

    @property
    def first(self) -> tuple[tuple[Shown, claims.Claim | None], ...]:
        """The values that stand open."""
        return self.values[:MOST_VALUES]

    @property
    def rest(self) -> tuple[tuple[Shown, claims.Claim | None], ...]:
        """The values that are folded."""
        return self.values[MOST_VALUES:]


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts with the same property, or about the same other thing."""

    heading: Shown
    role: str
    claims: tuple[claims.Claim, ...]
    is_open: bool = True

    @property
    def disputed(self) -> int:
        """Number of doubted facts."""
        return sum(each.is_disputed for each in self.claims)


@dataclass(frozen=True, slots=True)
class Kind:
    """The neighbours of one class: the first by name, and how many there are."""

    of: Shown
    things: tuple[Shown, ...]
    count: int


@dataclass(frozen=True, slots=True)
class Summary:
    """First part of a page: a few properties, and the classes of linked things."""

    properties: tuple[Values, ...]
    kinds: tuple[Kind, ...]


@dataclass(frozen=True, slots=True)
class ThingPage:
    """Contents of the page of a thing."""

    iri: str
    title: Shown
    names: tuple[Label, ...]
    definition: Literal | None
    types: tuple[Shown, ...]
    summary: Summary
    evidence: claims.Evidence
    standings: tuple[tuple[str, str, int], ...]
    """Standings of the facts: look, standing, number of facts."""
    own: tuple[Facts, ...]
    others: tuple[Facts, ...]
    labels: Labels
    outgoing: tuple[Values, ...]
    incoming: tuple[Values, ...]
    uses: tuple[tuple[Shown, Shown], ...]
    """Subject and object of each statement with this property, if it has no statements itself."""
    network: Network | None


@dataclass(frozen=True, slots=True)
class _Context:
    """Neighbours of a thing: their classes, and the inverses of properties."""

    types: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    inverses: Mapping[str, str] = field(default_factory=dict)

    def terms(self) -> list[URIRef]:
        """Return everything that needs a label."""
        classes = (each for iris in self.types.values() for each in iris)
        return [*map(URIRef, classes), *map(URIRef, self.inverses.values())]


def thing_page(
    site: Site, outlined: Outline, language: str, *, is_whole: bool = False
) -> ThingPage:
    """Return the contents of the page of a thing from the statements about it.

    Args:
        site: what documents are made of.
        outlined: the statements.
        language: the reader's language.
        is_whole: the drawing shows all neighbours, and not only some of each property.
    """
    iri, out, back = outlined.iri, outlined.outgoing, outlined.incoming
    evidence = claims.about(site, iri)
    context = _context(site, out, back)
    labels = Labels(site, language)
    links = (term for pair in (*out, *back, *outlined.uses) for term in pair)
    labels.load([iri, *evidence.terms(), *context.terms(), *links])
    facts = [pair for pair in out if pair[0] not in {*_NAMES, RDF.type}]
    title = labels.show(URIRef(iri))
    outgoing = _grouped(facts, labels, evidence, iri)
    about_itself = URIRef(site.dataset_iri)  # the server's description names examples
    back = tuple(pair for pair in back if pair[1] != about_itself)
    incoming = _grouped_back(back, labels, context)
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
        summary=_summary(
            iri, outgoing=outgoing, out=out, back=back, labels=labels, context=context
        ),
        evidence=evidence,
        standings=_standings(evidence),
        own=_own_facts(evidence, iri, labels, context),
        others=_other_facts(evidence, iri, labels),
        labels=labels,
        outgoing=outgoing,
        incoming=incoming,
        uses=tuple((labels.show(s), labels.show(o)) for s, o in outlined.uses),
        network=_network(title, incoming, outgoing, labels, is_whole=is_whole),
    )


def _context(
    site: Site, out: Iterable[tuple[Node, Node]], back: Sequence[tuple[Node, Node]]
) -> _Context:
    neighbours = [o for p, o in out if p != RDF.type] + [s for _, s in back]
    named = {"things": values(neighbours), "properties": values(p for p, _ in back)}
    types: dict[str, list[str]] = {}
    inverses: dict[str, str] = {}
    for row in rows(site.store, _CONTEXT % named):
        if "type" in row:
            types.setdefault(str(row["thing"]), []).append(str(row["type"]))
        else:
            inverses[str(row["property"])] = str(row["inverse"])
    return _Context({iri: tuple(sorted(classes)) for iri, classes in types.items()}, inverses)


def _names(out: Iterable[tuple[Node, Node]], title: str) -> tuple[Label, ...]:
    """Return the other names of a thing, by language."""
    names = {
        Label(str(o), o.language)
        for p, o in out
        if p in _NAMES and isinstance(o, Literal) and str(o) != title
    }
    return tuple(sorted(names, key=lambda name: (name.language or "", name.text)))


def _summary(
    iri: str,
    *,
    outgoing: Iterable[Values],
    out: Iterable[tuple[Node, Node]],
    back: Iterable[tuple[Node, Node]],
    labels: Labels,
    context: _Context,
) -> Summary:
    words = labels.site.evidence
    left_out = {*map(str, (*_LINKS, *_DEFINITIONS)), *hidden_properties(words)}
    left_out |= {each for each in (words.text, words.number) if each} if words else set()
    short = [
        each
        for each in (_in_one_language(all_, labels.language) for all_ in outgoing)
        if each.heading.iri not in left_out
        and len(each.values) <= _FEW_VALUES
        and not any(value.rest for value, _ in each.values)
    ]
    short.sort(key=lambda each: each.values[0][0].iri is None)
    named = {value.iri for each in short[:MOST_SUMMARY] for value, _ in each.values}
    linked = [(p, term) for p, term in (*out, *back) if str(term) not in {iri, *named}]
    return Summary(
        tuple(short[:MOST_SUMMARY]),
        _kinds(linked, labels, context, left_out),
    )


def _in_one_language(group: Values, language: str) -> Values:
    """Return a property without values in other languages than the reader's, if it has that."""
    own = tuple(pair for pair in group.values if pair[0].language in (language, None))
    return replace(group, values=own or group.values[:1])


def _kinds(
    pairs: Iterable[tuple[Node, Node]],
    labels: Labels,
    context: _Context,
    left_out: Iterable[str],
) -> tuple[Kind, ...]:
    """Return the neighbours by class; classes with few of them first."""
    by_class: dict[str, set[str]] = {}
    words = labels.site.evidence
    evidence = {words.claim, words.passage} if words else set()
    hidden = {*left_out, *map(str, _REIFICATION)}
    for p, term in pairs:
        other = str(term)
        if isinstance(term, URIRef) and str(p) not in hidden:
            for each in context.types.get(other, ()):
                if each not in evidence and labels.is_thing(other):
                    by_class.setdefault(each, set()).add(other)
    kinds = [
        Kind(labels.show(URIRef(each)), _in_order(labels, things)[:_FEW_VALUES], len(things))
        for each, things in by_class.items()
    ]
    kinds.sort(key=lambda each: (each.count, each.of.text))
    return tuple(kinds[:MOST_KINDS])


def _in_order(labels: Labels, things: Iterable[str]) -> tuple[Shown, ...]:
    shown = (labels.show(URIRef(each)) for each in things)
    return tuple(sorted(shown, key=lambda each: natural(each.text)))


def _standings(evidence: claims.Evidence) -> tuple[tuple[str, str, int], ...]:
    counts: dict[tuple[str, str], int] = {}
    for claim in evidence.of(evidence.asked):
        if claim.look and claim.standing:
            key = claim.look, claim.standing
            counts[key] = counts.get(key, 0) + 1
    return tuple((look, standing, count) for (look, standing), count in sorted(counts.items()))


def _own_facts(
    evidence: claims.Evidence, iri: str, labels: Labels, context: _Context
) -> tuple[Facts, ...]:
    """Return the facts of the thing itself by property; those that it is the object of last."""
    own, _ = evidence.split(iri)
    groups: dict[tuple[bool, str], list[claims.Claim]] = {}
    for claim in own:
        is_back = str(claim.object) == iri and str(claim.subject) != iri
        groups.setdefault((is_back, str(claim.predicate)), []).append(claim)
    ordered = []
    for (is_back, name), those in groups.items():
        shown, role = _back(name, labels, context) if is_back else (labels.show(name), "label")
        ordered.append((is_back, Facts(shown, role, tuple(those))))
    ordered.sort(key=lambda each: each[0])
    return tuple(facts for _, facts in ordered)


def _other_facts(evidence: claims.Evidence, iri: str, labels: Labels) -> tuple[Facts, ...]:
    """Return the facts about what the thing takes part in, by what they are about."""
    own, others = evidence.split(iri)
    groups: dict[Node, list[claims.Claim]] = {}
    for claim in others:
        groups.setdefault(claim.subject, []).append(claim)
    few = len(own) + len(others) <= _FEW_CLAIMS
    return tuple(
        Facts(
            heading=labels.show(subject),
            role="label",
            claims=tuple(those),
            is_open=few or any(each.is_disputed for each in those),
        )
        for subject, those in groups.items()
    )


def _grouped(
    pairs: Iterable[tuple[Node, Node]], labels: Labels, evidence: claims.Evidence, iri: str
) -> tuple[Values, ...]:
    groups: dict[Node, list[Node]] = {}
    for p, term in pairs:
        groups.setdefault(p, []).append(term)
    shown = [
        Values(
            labels.show(p),
            "label",
            _sorted(
                (with_site(labels, o, local_name(str(p))), _claim_of(evidence, iri, p, o))
                for o in terms
            ),
        )
        for p, terms in groups.items()
    ]
    return tuple(sorted(shown, key=lambda each: natural(each.heading.text)))


def _grouped_back(
    pairs: Iterable[tuple[Node, Node]], labels: Labels, context: _Context
) -> tuple[Values, ...]:
    groups: dict[str, list[Node]] = {}
    for p, term in pairs:
        if p not in _REIFICATION and p not in _DENIALS:
            groups.setdefault(str(p), []).append(term)
    shown = [
        Values(*_back(name, labels, context), _sorted((labels.show(s), None) for s in terms))
        for name, terms in groups.items()
    ]
    return tuple(sorted(shown, key=lambda each: natural(each.heading.text)))


def _back(name: str, labels: Labels, context: _Context) -> tuple[Shown, str]:
    """Return a property from others to the thing, and how its label is to be read."""
    if name in context.inverses:
        return labels.show(context.inverses[name]), "label"
    shown = labels.show(name)
    is_english = (shown.language or labels.language).startswith("en")
    if is_english and _ENDS_OPEN.search(shown.text):
        return shown, "open"
    return shown, "whose"


def _sorted(
    pairs: Iterable[tuple[Shown, claims.Claim | None]],
) -> tuple[tuple[Shown, claims.Claim | None], ...]:
    return tuple(sorted(pairs, key=lambda pair: natural(pair[0].sort or pair[0].text)))


def _network(
    centre: Shown,
    incoming: Iterable[Values],
    outgoing: Iterable[Values],
    labels: Labels,
    *,
    is_whole: bool,
) -> Network | None:
    hidden = hidden_properties(labels.site.evidence)

    def groups(listed: Iterable[Values]) -> list[Group]:
        drawn = []
        for each in listed:
            things = tuple(
                replace(value, href=labels.page(value.iri))
                for value, _ in each.values
                if value.iri and value.iri != centre.iri and labels.is_thing(value.iri)
            )
            if things and each.heading.iri not in hidden:
                drawn.append(Group(each.heading.text, each.role, things))
        return drawn

    right = groups(outgoing)
    left = [each for each in groups(incoming) if each not in right]  # of symmetric properties
    return drawings(centre, left, right, is_whole=is_whole)


def _claim_of(evidence: claims.Evidence, iri: str, p: Node, o: Node) -> claims.Claim | None:
    """Return the claim that a statement rests on; the doubted one if there are several."""
    matching = [
        claim
        for claim in evidence.claims.values()
        if str(claim.subject) == iri and claim.predicate == p and _same(claim.object, o)
    ]
    return max(matching, key=lambda claim: claim.is_disputed, default=None)


def _same(one: Node, other: Node) -> bool:
    if isinstance(one, Literal) and isinstance(other, Literal):
        return str(one) == str(other) and one.datatype == other.datatype
    return one == other
