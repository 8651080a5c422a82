"""Facts as claims: what is said, who says so, whether it stands, and what contradicts it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rdflib import Literal, URIRef
from rdflib.term import Node

from kg_server.store import Store
from kg_server.store.results import rows, values
from kg_server.web.pages.terms import readable_end

MOST_CLAIMS = 200
"""How many claims one page shows."""

_PREFIXES = """
PREFIX dip: <%sns/diplomacy#>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
"""
# What all claims have stands in every branch: the engine (pyoxigraph 0.5.13) joins a pattern after
# the union to each of its rows anew, which at a million triples takes seconds instead of 10 ms.
_ABOUT = """
SELECT DISTINCT ?claim WHERE {
  { ?claim rdf:subject %(this)s ; dip:polarity ?polarity }
  UNION { ?claim rdf:object %(this)s ; dip:polarity ?polarity }
  UNION { ?node ?link %(this)s . ?claim rdf:subject ?node ; dip:polarity ?polarity
          FILTER(?link != rdf:subject && ?link != rdf:object) }
  UNION { %(this)s dip:involves ?claim . ?claim dip:polarity ?polarity }
  UNION { ?claim dip:statedIn %(this)s ; dip:polarity ?polarity }
  UNION { ?passage dip:passageOf %(this)s . ?claim dip:statedIn ?passage ; dip:polarity ?polarity }
  UNION { VALUES ?claim { %(this)s } ?claim dip:polarity ?polarity }
} LIMIT %(most)d
"""
_CLAIMS = """
SELECT ?claim ?number ?s ?p ?o ?polarity ?standing ?text ?passage ?source ?words WHERE {
  VALUES ?claim { %s }
  ?claim rdf:subject ?s ; rdf:predicate ?p ; rdf:object ?o ;
    dip:polarity ?polarity ; dip:standing ?standing .
  OPTIONAL { ?claim dip:claimNumber ?number }
  OPTIONAL { ?claim dip:restatement ?text }
  OPTIONAL {
    ?claim dip:statedIn ?passage
    OPTIONAL { ?passage dip:passageOf ?source }
    OPTIONAL { ?passage dip:restatement ?words }
  }
}
"""
_CONFLICTS = """
SELECT ?conflict ?kind ?reason ?claim WHERE {
  { SELECT DISTINCT ?conflict WHERE { %s } LIMIT 200 }
  ?conflict dip:conflictKind ?kind ; dip:reason ?reason ; dip:involves ?claim
}
"""


@dataclass(frozen=True, slots=True)
class Passage:
    """Where a claim stands; ``words`` restate it."""

    iri: str
    source: str | None
    words: Literal | None


@dataclass(slots=True)
class Claim:
    """One claim. ``standing`` is the local name of its standing, such as ``Disputed``."""

    iri: str
    number: str
    subject: Node
    predicate: Node
    object: Node
    standing_iri: str
    is_negative: bool
    text: Literal | None
    passages: dict[str, Passage] = field(default_factory=dict)

    @property
    def standing(self) -> str:
        """The local name of the claim's standing."""
        return readable_end(self.standing_iri)

    @property
    def is_disputed(self) -> bool:
        """Whether the claim is doubted."""
        return self.standing == "Disputed"

    @property
    def terms(self) -> tuple[Node, ...]:
        """Everything that needs a label where the claim is shown."""
        places = [
            URIRef(iri) for each in self.passages.values() for iri in (each.iri, each.source) if iri
        ]
        names = (URIRef(self.iri), URIRef(self.standing_iri))
        return (self.subject, self.predicate, self.object, *names, *places)


@dataclass(frozen=True, slots=True)
class Conflict:
    """Claims that do not fit together, of what kind, and why."""

    iri: str
    kind: str
    reason: Literal
    claims: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Claims by IRI, those that were asked for first, and the conflicts they are part of."""

    asked: tuple[str, ...]
    claims: dict[str, Claim]
    conflicts: tuple[Conflict, ...]

    @property
    def disputed(self) -> int:
        """How many of the claims that were asked for are doubted."""
        return sum(self.claims[iri].is_disputed for iri in self.asked)

    def split(self, iri: str) -> tuple[tuple[Claim, ...], tuple[Claim, ...]]:
        """Return the claims of a thing itself, and those of what it takes part in."""
        asked = [self.claims[each] for each in self.asked]
        own = tuple(
            each for each in asked if iri in (each.iri, str(each.subject), str(each.object))
        )
        return own, tuple(each for each in asked if each not in own)

    def against(self, claim: str) -> list[tuple[Conflict, list[Claim]]]:
        """Return the conflicts of a claim, each with the other claims in it."""
        return [
            (
                conflict,
                [
                    self.claims[each]
                    for each in conflict.claims
                    if each != claim and each in self.claims
                ],
            )
            for conflict in self.conflicts
            if claim in conflict.claims
        ]

    def terms(self) -> list[Node]:
        """Return everything that needs a label."""
        kinds = [URIRef(each.kind) for each in self.conflicts]
        names = [URIRef(each.iri) for each in self.conflicts]
        return [*kinds, *names, *(term for claim in self.claims.values() for term in claim.terms)]


def about(store: Store, base_iri: str, iri: str) -> Evidence:
    """Return the claims about a thing: with it, with what it takes part in, or in its passages."""
    text = _PREFIXES % base_iri + _ABOUT % {"this": URIRef(iri).n3(), "most": MOST_CLAIMS}
    found = [str(row["claim"]) for row in rows(store, text)]
    return evidence(store, base_iri, found)


def of_statement(store: Store, base_iri: str, *pattern: Node | None) -> Evidence:
    """Return the claims of a statement; ``None`` for subject, predicate or object is any."""
    names = ("rdf:subject", "rdf:predicate", "rdf:object")
    parts = [
        f"{name} {term.n3()}" for name, term in zip(names, pattern, strict=True) if term is not None
    ]
    where = f"{{ ?claim {' ; '.join(parts)} }}"
    text = f"{_PREFIXES % base_iri} SELECT ?claim WHERE {where} LIMIT {MOST_CLAIMS}"
    return evidence(store, base_iri, [str(row["claim"]) for row in rows(store, text)])


def evidence(store: Store, base_iri: str, asked: Sequence[str]) -> Evidence:
    """Return these claims, the conflicts that involve them, and the other claims of those."""
    conflicts = _conflicts(
        store, base_iri, f"VALUES ?c {{ {_values(asked)} }} ?conflict dip:involves ?c"
    )
    involved = {claim for conflict in conflicts for claim in conflict.claims}
    claims = _claims(store, base_iri, {*asked, *involved})
    order = sorted(
        (iri for iri in asked if iri in claims), key=lambda iri: natural(claims[iri].number)
    )
    return Evidence(tuple(order), claims, conflicts)


def all_conflicts(store: Store, base_iri: str) -> Evidence:
    """Return every conflict (200 at most) with its claims."""
    conflicts = _conflicts(store, base_iri, "?conflict a dip:Conflict")
    involved = {claim for conflict in conflicts for claim in conflict.claims}
    return Evidence((), _claims(store, base_iri, involved), conflicts)


def natural(text: str) -> tuple[str, int, str]:
    """Return a key that sorts ``F9`` before ``F10``.

    >>> sorted(["F10", "X1", "F9"], key=natural)
    ['F9', 'F10', 'X1']
    """
    found = re.match(r"(\D*)(\d*)", text)
    letters, digits = found.groups() if found else ("", "")
    return letters, int(digits[:18] or 0), text


def _claims(store: Store, base_iri: str, iris: Iterable[str]) -> dict[str, Claim]:
    claims: dict[str, Claim] = {}
    for row in rows(store, _PREFIXES % base_iri + _CLAIMS % _values(iris)):
        iri = str(row["claim"])
        text = row.get("text")
        claim = claims.setdefault(
            iri,
            Claim(
                iri,
                str(row.get("number") or readable_end(iri)),
                row["s"],
                row["p"],
                row["o"],
                str(row["standing"]),
                readable_end(str(row["polarity"])) == "Negative",
                text if isinstance(text, Literal) else None,
            ),
        )
        if "passage" in row:
            words, source = row.get("words"), row.get("source")
            claim.passages[str(row["passage"])] = Passage(
                str(row["passage"]),
                str(source) if source else None,
                words if isinstance(words, Literal) else None,
            )
    for claim in claims.values():
        claim.passages = dict(sorted(claim.passages.items(), key=lambda each: _place(each[0])))
    return claims


def _place(iri: str) -> tuple[str, tuple[str, int, str]]:
    return iri.rpartition("/")[0], natural(readable_end(iri))


def _conflicts(store: Store, base_iri: str, pattern: str) -> tuple[Conflict, ...]:
    found: dict[str, tuple[str, Literal, set[str]]] = {}
    for row in rows(store, _PREFIXES % base_iri + _CONFLICTS % pattern):
        reason = row["reason"]
        if isinstance(reason, Literal):
            entry = found.setdefault(str(row["conflict"]), (str(row["kind"]), reason, set()))
            entry[2].add(str(row["claim"]))
    conflicts = (
        Conflict(iri, kind, reason, tuple(sorted(claims, key=natural)))
        for iri, (kind, reason, claims) in found.items()
    )
    return tuple(sorted(conflicts, key=lambda each: natural(readable_end(each.iri))))


def _values(iris: Iterable[str]) -> str:
    return values(URIRef(iri) for iri in iris)


class Notes:
    """The footnotes of a page: passages, numbered from 1 in the order they are first cited."""

    def __init__(self, evidence: Evidence) -> None:
        self._places = {
            place.iri: place
            for claim in evidence.claims.values()
            for place in claim.passages.values()
        }
        self.passages: list[Passage] = []

    def number(self, iri: str) -> int:
        """Return the number of a passage; the first time, it gets the next one."""
        for index, passage in enumerate(self.passages, start=1):
            if passage.iri == iri:
                return index
        self.passages.append(self._places[iri])
        return len(self.passages)
