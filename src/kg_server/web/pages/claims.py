"""Facts as claims: the statement, its sources, its standing, and the claims against it.

The project's vocabulary of evidence (``project.profile.Evidence``) names the classes and
properties. In a project without one, nothing has claims.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rdflib import RDF, Graph, Literal, URIRef
from rdflib.term import Node

from kg_server.linked_data.documents import Site
from kg_server.project.profile import Evidence as Vocabulary
from kg_server.rdf.prefixes import local_name
from kg_server.store.results import add_triples, iris, values
from kg_server.web.pages.terms import natural

MOST_CLAIMS = 200
"""Most claims on one page."""
MOST_CONFLICTS = 200
"""Most conflicts on one page."""

_CLAIMS = "CONSTRUCT { ?claim ?p ?o } WHERE { VALUES ?claim { %(claims)s } ?claim ?p ?o }"
_CLAIMS_AND_PASSAGES = """
CONSTRUCT { ?claim ?p ?o . ?passage ?q ?x } WHERE {
  { VALUES ?claim { %(claims)s } ?claim ?p ?o }
  UNION { VALUES ?claim { %(claims)s } ?claim <%(stated_in)s> ?passage . ?passage ?q ?x }
}
"""
_CONFLICTS = """
CONSTRUCT { ?conflict ?p ?o } WHERE {
  { SELECT DISTINCT ?conflict WHERE { %(pattern)s } LIMIT %(most)d }
  ?conflict ?p ?o
}
"""


@dataclass(frozen=True, slots=True)
class Passage:
    """Passage of a claim; ``words`` restate it, in one language or several."""

    iri: str
    source: str | None
    words: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim. ``look`` is its standing: ``accepted``, ``disputed``, ``background`` or empty."""

    iri: str
    number: str
    subject: Node
    predicate: Node
    object: Node
    standing: str | None
    look: str
    is_negative: bool
    texts: tuple[Literal, ...]
    passages: tuple[Passage, ...]

    @property
    def is_disputed(self) -> bool:
        """True if the claim is doubted."""
        return self.look == "disputed"

    @property
    def stated(self) -> tuple[Node, Node, bool]:
        """Property, value and polarity: the same in claims of several sources that agree.

        The subject may differ: figures of two sources are two observations.
        """
        return (self.predicate, self.object, self.is_negative)

    @property
    def terms(self) -> tuple[Node, ...]:
        """Everything that needs a label where the claim is shown."""
        places = [iri for each in self.passages for iri in (each.iri, each.source) if iri]
        names = [self.iri, *places, *([self.standing] if self.standing else [])]
        return (self.subject, self.predicate, self.object, *map(URIRef, names))


@dataclass(frozen=True, slots=True)
class Conflict:
    """Claims that do not fit together, or a caveat about one; of what kind, and why.

    ``contested`` is doubted, ``supporting`` says the same, ``opposing`` something else;
    ``involved`` is part of it in a way that nobody tells.
    """

    iri: str
    is_caveat: bool
    kind: str | None
    reasons: tuple[Literal, ...]
    contested: tuple[str, ...]
    supporting: tuple[str, ...]
    opposing: tuple[str, ...]
    involved: tuple[str, ...]

    @property
    def claims(self) -> tuple[str, ...]:
        """All claims, each once."""
        sides = (*self.contested, *self.supporting, *self.opposing, *self.involved)
        return tuple(dict.fromkeys(sides))


@dataclass(frozen=True, slots=True)
class Evidence:
    """Claims by IRI, those that were asked for first, and the conflicts they are part of."""

    asked: tuple[str, ...] = ()
    claims: dict[str, Claim] = field(default_factory=dict)
    conflicts: tuple[Conflict, ...] = ()

    @property
    def disputed(self) -> int:
        """Number of doubted claims among those asked for."""
        return sum(self.claims[iri].is_disputed for iri in self.asked)

    @property
    def passages(self) -> dict[str, Passage]:
        """The passages of all claims, by IRI."""
        return {place.iri: place for each in self.claims.values() for place in each.passages}

    def of(self, iris_: Iterable[str]) -> list[Claim]:
        """Return the claims that these IRIs name, in that order."""
        return [self.claims[each] for each in iris_ if each in self.claims]

    def split(self, iri: str) -> tuple[tuple[Claim, ...], tuple[Claim, ...]]:
        """Return the claims of a thing itself, and those of what it takes part in."""
        asked = [self.claims[each] for each in self.asked]
        own = tuple(
            each for each in asked if iri in (each.iri, str(each.subject), str(each.object))
        )
        return own, tuple(each for each in asked if each not in own)

    def around(self, claim: str) -> list[tuple[Conflict, list[tuple[str, list[Claim]]]]]:
        """Return the conflicts of a claim, each with the other claims by what they are to it.

        What they are is ``contradicts``, ``supports`` (they say the same), ``sides`` (they say
        something else in its favour, or speak against the same claim) or ``involves``.
        """
        return [
            (conflict, self._sides(conflict, claim))
            for conflict in self.conflicts
            if claim in conflict.claims
        ]

    def _sides(self, conflict: Conflict, claim: str) -> list[tuple[str, list[Claim]]]:
        same, other = conflict.supporting, conflict.opposing
        if claim in conflict.opposing:
            same, other = conflict.opposing, (*conflict.contested, *conflict.supporting)
        elif claim in conflict.supporting:
            same = (*conflict.contested, *conflict.supporting)
        named = {*same, *other}
        rest = [each for each in conflict.claims if each not in named]
        stated = self.claims[claim].stated
        alike = [
            each for each in same if each in self.claims and self.claims[each].stated == stated
        ]
        beside = [each for each in same if each not in alike]
        sides = (
            ("contradicts", other),
            ("supports", alike),
            ("sides", beside),
            ("involves", rest),
        )
        groups = [
            (word, [self.claims[each] for each in of if each != claim and each in self.claims])
            for word, of in sides
        ]
        return [(word, claims) for word, claims in groups if claims]

    def terms(self) -> list[Node]:
        """Return everything that needs a label."""
        named = [each for one in self.conflicts for each in (one.iri, one.kind) if each]
        shown = [term for claim in self.claims.values() for term in claim.terms]
        return [*map(URIRef, named), *shown]


def about(site: Site, iri: str) -> Evidence:
    """Return the claims about a thing: with it, with what it takes part in, or in its passages."""
    words = site.evidence
    if words is None or words.claim is None:
        return Evidence()
    return evidence(site, iris(site.store, _about(words, URIRef(iri).n3())))


def _about(words: Vocabulary, this: str) -> str:
    # The class stands in every branch: the engine (pyoxigraph 0.5.13) joins a pattern after the
    # union to each of its rows anew, which at a million triples takes seconds instead of 10 ms.
    claim, about = f"?claim a <{words.claim}>", f"<{RDF.subject}>|<{RDF.object}>"
    branches = [
        f"?claim {about} {this} . {claim}",
        f"?node ?link {this} . ?claim <{RDF.subject}> ?node . {claim}"
        f" FILTER(?link != <{RDF.subject}> && ?link != <{RDF.object}>)",
        f"VALUES ?claim {{ {this} }} {claim}",
    ]
    if words.links:
        branches.append(f"{this} {_path(words.links)} ?claim . {claim}")
    if words.stated_in:
        branches.append(f"?claim <{words.stated_in}> {this} . {claim}")
    if words.stated_in and words.passage_of:
        in_source = f"?passage <{words.passage_of}> {this} . ?claim <{words.stated_in}> ?passage"
        branches.append(f"{in_source} . {claim}")
    union = " UNION ".join(f"{{ {branch} }}" for branch in branches)
    return f"SELECT DISTINCT ?claim WHERE {{ {union} }} LIMIT {MOST_CLAIMS}"


def evidence(site: Site, asked: Sequence[str]) -> Evidence:
    """Return these claims, the conflicts that involve them, and the other claims of those."""
    words = site.evidence
    if words is None or not asked:
        return Evidence()
    links = f"VALUES ?c {{ {values(map(URIRef, asked))} }} ?conflict {_path(words.links)} ?c"
    conflicts = _conflicts(site, words, links) if words.links else ()
    involved = {claim for conflict in conflicts for claim in conflict.claims}
    claims = _claims(site, words, {*asked, *involved})
    order = sorted(
        (iri for iri in asked if iri in claims), key=lambda iri: natural(claims[iri].number)
    )
    return Evidence(tuple(order), claims, conflicts)


def among(site: Site, things: Sequence[str]) -> Evidence:
    """Return those of the things that are claims, without their conflicts."""
    words = site.evidence
    if words is None or words.claim is None:
        return Evidence()
    listed = values(map(URIRef, things))
    claim_iris = iris(site.store, f"SELECT ?c {{ VALUES ?c {{ {listed} }} ?c a <{words.claim}> }}")
    claims = _claims(site, words, claim_iris)
    return Evidence(tuple(sorted(claims, key=lambda iri: natural(claims[iri].number))), claims)


def all_conflicts(site: Site) -> Evidence:
    """Return every conflict and caveat (200 at most) with its claims."""
    words = site.evidence
    classes = [each for each in (words.conflict, words.caveat) if each] if words else []
    if words is None or not classes:
        return Evidence()
    of_class = f"VALUES ?class {{ {values(map(URIRef, classes))} }} ?conflict a ?class"
    conflicts = _conflicts(site, words, of_class)
    involved = {claim for conflict in conflicts for claim in conflict.claims}
    return Evidence((), _claims(site, words, involved), conflicts)


def look(words: Vocabulary | None, terms: Iterable[Node | str | None]) -> str:
    """Return the weakest standing among the terms of a claim or a row.

    Returns:
        ``disputed``, ``background``, ``accepted``, or nothing where no standing is among them.
    """
    names = {str(term) for term in terms if term is not None}
    if words is not None:
        for name in ("disputed", "background", "accepted"):
            if getattr(words, name) in names:
                return name
    return ""


def _path(links: Iterable[str]) -> str:
    return "(" + "|".join(f"<{each}>" for each in links) + ")"


def _claims(site: Site, words: Vocabulary, iris_: Iterable[str]) -> dict[str, Claim]:
    names = {"claims": values(map(URIRef, iris_)), "stated_in": words.stated_in}
    graph = Graph()
    text = _CLAIMS_AND_PASSAGES if words.stated_in else _CLAIMS
    if names["claims"]:
        add_triples(graph, site.store, text % names)
    return {str(each): _claim(graph, each, words) for each in graph.subjects(RDF.subject)}


def _claim(graph: Graph, node: Node, words: Vocabulary) -> Claim:
    standing = _value(graph, node, words.standing)
    iri = str(node)
    return Claim(
        iri=iri,
        number=_value(graph, node, words.number) or local_name(iri),
        subject=graph.value(node, RDF.subject) or node,
        predicate=graph.value(node, RDF.predicate) or node,
        object=graph.value(node, RDF.object) or node,
        standing=standing,
        look=look(words, [standing]),
        is_negative=bool(words.negative) and words.negative in _all(graph, node, words.polarity),
        texts=_texts(graph, node, words.text),
        passages=tuple(
            Passage(each, _value(graph, URIRef(each), words.passage_of), _texts(
                graph, URIRef(each), words.text
            ))
            for each in sorted(_all(graph, node, words.stated_in), key=_place)
        ),
    )  # fmt: skip


def _conflicts(site: Site, words: Vocabulary, pattern: str) -> tuple[Conflict, ...]:
    graph = Graph()
    add_triples(graph, site.store, _CONFLICTS % {"pattern": pattern, "most": MOST_CONFLICTS})
    conflicts = [_conflict(graph, each, words) for each in set(graph.subjects())]
    return tuple(
        sorted(conflicts, key=lambda each: (each.is_caveat, natural(local_name(each.iri))))
    )


def _conflict(graph: Graph, node: Node, words: Vocabulary) -> Conflict:
    def claims(*predicates: str | None) -> tuple[str, ...]:
        named = {claim for each in predicates for claim in _all(graph, node, each)}
        return tuple(sorted(named, key=natural))

    caveat = words.caveat and (node, RDF.type, URIRef(words.caveat)) in graph
    return Conflict(
        iri=str(node),
        is_caveat=bool(caveat),
        kind=_value(graph, node, words.kind),
        reasons=_texts(graph, node, words.reason),
        contested=claims(words.contests),
        supporting=claims(words.evidence_for),
        opposing=claims(words.evidence_against),
        involved=claims(words.involves, words.caveat_on),
    )


def _all(graph: Graph, node: Node, predicate: str | None) -> list[str]:
    objects = graph.objects(node, URIRef(predicate)) if predicate else ()
    return sorted(str(each) for each in objects)


def _value(graph: Graph, node: Node, predicate: str | None) -> str | None:
    return next(iter(_all(graph, node, predicate)), None)


def _texts(graph: Graph, node: Node, predicate: str | None) -> tuple[Literal, ...]:
    objects = graph.objects(node, URIRef(predicate)) if predicate else ()
    return tuple(sorted((each for each in objects if isinstance(each, Literal)), key=str))


def _place(iri: str) -> tuple[str, tuple[str | int, ...]]:
    return iri.rpartition("/")[0], natural(local_name(iri))


class Notes:
    """The footnotes of a page: passages, numbered from 1 in the order they are first cited."""

    def __init__(self, evidence: Evidence) -> None:
        self._places = evidence.passages
        self._numbers: dict[str, int] = {}
        self._shown: set[str] = set()

    @property
    def passages(self) -> list[Passage]:
        """The passages that were cited, in order."""
        return [self._places[iri] for iri in self._numbers]

    def number(self, iri: str) -> int:
        """Return the number of a passage; the first time, it gets the next one."""
        return self._numbers.setdefault(iri, len(self._numbers) + 1)

    def is_first(self, conflict: str) -> bool:
        """Tell whether a conflict is shown for the first time on this page."""
        is_first = conflict not in self._shown
        self._shown.add(conflict)
        return is_first
