"""The relation of two states at a glance: embassies, dates, trade and conflicts, from claims."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from rdflib import URIRef
from rdflib.term import Node

from kg_server.store import Store
from kg_server.store.results import rows
from kg_server.web.pages import charts
from kg_server.web.pages import claims as facts
from kg_server.web.pages.terms import Labels, Shown, link, readable_end

_PREFIXES = """
PREFIX dip: <%(base)sns/diplomacy#>
PREFIX def: <%(base)sdef/>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX owl: <http://www.w3.org/2002/07/owl#>
"""
_RELATIONS = """
SELECT ?relation ?one ?other WHERE {
  ?relation a dip:DiplomaticRelation ; dip:hasParty ?one , ?other
  FILTER(STR(?one) < STR(?other))
} ORDER BY ?relation LIMIT 50
"""
_COUNTS = """
SELECT ?what (COUNT(?thing) AS ?count) WHERE {
  VALUES ?what { dip:State dip:Mission dip:Claim dip:Conflict dip:Source }
  ?thing a ?what
} GROUP BY ?what
"""
_EMBASSIES = """
SELECT ?mission ?seat WHERE {
  ?mission dip:sendingState %(one)s ; dip:receivingState %(other)s ; dip:missionKind def:Embassy
  OPTIONAL { ?mission dip:seat ?seat }
} ORDER BY ?mission
"""
_DENIED = """
SELECT ?denial WHERE {
  ?denial a owl:NegativePropertyAssertion ; owl:sourceIndividual %(one)s ;
    owl:assertionProperty dip:hasEmbassyIn ; owl:targetIndividual %(other)s
}
"""
_SERVING = """
SELECT DISTINCT ?mission WHERE {
  ?accreditation a dip:Accreditation ; dip:sendingState %(one)s ; dip:receivingState %(other)s ;
    dip:viaMission ?mission
  MINUS { ?mission dip:receivingState %(other)s }
} ORDER BY ?mission
"""
_BETWEEN = """
SELECT DISTINCT ?claim WHERE {
  { ?node ?p %(one)s . ?node ?q %(other)s }
  UNION { VALUES ?state { %(one)s %(other)s }
          VALUES ?kind { dip:IndependenceAct dip:StateSuccession }
          ?node ?link ?state ; a ?kind }
  UNION { ?treaty dip:hasParty %(one)s , %(other)s ; dip:hasAction ?node }
  UNION { VALUES (?node ?end) { (%(one)s %(other)s) (%(other)s %(one)s) }
          ?said rdf:subject ?node ; rdf:object ?end }
  UNION { { ?comparison dip:left ?side } UNION { ?comparison dip:right ?side }
          ?side ?p %(one)s ; ?q %(other)s BIND(?comparison AS ?node) }
  ?claim rdf:subject ?node
} LIMIT 400
"""
_TRADE = """
SELECT DISTINCT ?claim ?observation ?year ?from ?to ?currency WHERE {
  { VALUES (?from ?to) { (%(one)s %(other)s) (%(other)s %(one)s) }
    ?observation dip:exporter ?from ; dip:importer ?to ; dip:year ?year ; dip:currency ?currency .
    ?claim rdf:subject ?observation ; rdf:predicate dip:amount }
  UNION {
    ?observation dip:betweenState %(one)s , %(other)s ; dip:year ?year ; dip:currency ?currency .
    ?claim rdf:subject ?observation ; rdf:predicate dip:amount }
} ORDER BY ?year ?currency ?from ?observation LIMIT 200
"""

_DATES = ("date", "startDate", "endDate")


@dataclass(frozen=True, slots=True)
class Direction:
    """Whether one state has an embassy in another: ``yes``, ``denied`` or ``unknown``."""

    sender: Shown
    receiver: Shown
    status: str
    missions: tuple[tuple[Shown, Shown | None], ...]
    serving: tuple[Shown, ...]
    claims: tuple[facts.Claim, ...]


@dataclass(frozen=True, slots=True)
class TradePanel:
    """Amounts in one currency; amounts in different ones are never drawn to one scale."""

    currency: Shown
    chart: charts.Chart


@dataclass(frozen=True, slots=True)
class Relation:
    """Two states at a glance; ``query`` has them as parameters of canned queries."""

    relation: Shown
    states: tuple[Shown, Shown]
    directions: tuple[Direction, ...]
    timeline: charts.Chart | None
    trade: tuple[TradePanel, ...]
    series: tuple[str, ...]
    query: str
    evidence: facts.Evidence
    labels: Labels


class Glance:
    """Reads what is known of two states' relation."""

    def __init__(self, store: Store, base_iri: str, language: str) -> None:
        self.store, self.base_iri = store, base_iri
        self.labels = Labels(store, base_iri, language)

    def relations(self) -> list[tuple[str, str, str]]:
        """Return each relation with its two parties."""
        found = self._rows(_RELATIONS)
        return [(str(row["relation"]), str(row["one"]), str(row["other"])) for row in found]

    def counts(self) -> list[tuple[Shown, str]]:
        """Return how many states, missions, claims, conflicts and sources there are."""
        found = {str(row["what"]): row["count"] for row in self._rows(_COUNTS)}
        self.labels.load(URIRef(iri) for iri in found)
        return [
            (self.labels.show(URIRef(iri)), self.labels.show(n).text) for iri, n in found.items()
        ]

    def relation(self, relation: str, one: str, other: str) -> Relation:
        """Return a relation at a glance."""
        names = {"one": URIRef(one).n3(), "other": URIRef(other).n3()}
        between = self._evidence(str(row["claim"]) for row in self._rows(_BETWEEN, **names))
        trade = self._rows(_TRADE, **names)
        amounts = self._evidence(str(row["claim"]) for row in trade)
        self.labels.load([relation, one, other, *between.terms(), *amounts.terms()])
        return Relation(
            self.labels.show(URIRef(relation)),
            (self.labels.show(URIRef(one)), self.labels.show(URIRef(other))),
            (self._direction(one, other), self._direction(other, one)),
            charts.timeline(self._moments(between)),
            tuple(self._panels(trade, amounts, (one, other))),
            (self._arrow(one, other), self._arrow(other, one)),
            urlencode({"state": one, "other": other}),
            between,
            self.labels,
        )

    def _direction(self, one: str, other: str) -> Direction:
        names = {"one": URIRef(one).n3(), "other": URIRef(other).n3()}
        missions = self._rows(_EMBASSIES, **names)
        denied = self._rows(_DENIED, **names)
        serving = self._rows(_SERVING, **names)
        has_embassy = URIRef(f"{self.base_iri}ns/diplomacy#hasEmbassyIn")
        pattern = (URIRef(one), has_embassy, URIRef(other))
        said = [facts.of_statement(self.store, self.base_iri, *pattern)]
        said += [
            facts.of_statement(self.store, self.base_iri, row["mission"], None, None)
            for row in missions
        ]
        self.labels.load([*(term for row in (*missions, *serving) for term in row.values())])
        for each in said:
            self.labels.load(each.terms())
        status = "yes" if missions else ("denied" if denied else "unknown")
        return Direction(
            self.labels.show(URIRef(one)),
            self.labels.show(URIRef(other)),
            status,
            tuple(
                (self._show(row["mission"]), self._optional(row.get("seat"))) for row in missions
            ),
            tuple(self._show(row["mission"]) for row in serving),
            tuple(each.claims[iri] for each in said for iri in each.asked),
        )

    def _moments(self, between: facts.Evidence) -> list[charts.Moment]:
        """Return each date that is claimed of something once, by the claim that stands most."""
        chosen: dict[tuple[Node, str], facts.Claim] = {}
        dated = (between.claims[iri] for iri in between.asked)
        for claim in (each for each in dated if readable_end(str(each.predicate)) in _DATES):
            key = (claim.subject, str(claim.object))
            if key not in chosen or chosen[key].standing == "Background":
                chosen[key] = claim
        return [
            charts.Moment(
                self.labels.show(claim.subject).text,
                str(claim.object),
                self.labels.show(claim.object).text,
                claim.standing,
                link(claim.iri, self.base_iri),
            )
            for claim in chosen.values()
        ]

    def _panels(
        self, trade: list[dict[str, Node]], amounts: facts.Evidence, states: tuple[str, str]
    ) -> Iterable[TradePanel]:
        currencies = sorted({row["currency"] for row in trade}, key=str, reverse=True)
        self.labels.load(currencies)
        for currency in currencies:
            found = [
                self._bar(row, amounts.claims[str(row["claim"])], states)
                for row in trade
                if row["currency"] == currency
            ]
            chart = charts.bars([bar for bar in found if bar], self.labels.compact)
            if chart:
                yield TradePanel(self.labels.show(currency), chart)

    def _bar(
        self, row: dict[str, Node], claim: facts.Claim, states: tuple[str, str]
    ) -> charts.Bar | None:
        length = charts.drawable(str(claim.object))
        if length is None:
            return None
        direction = str(row.get("from", ""))
        label = self._arrow(direction, str(row["to"])) if direction else self._both(states)
        number = self.labels.show(claim.object)
        return charts.Bar(
            self.labels.show(row["year"]).text,
            label,
            length,
            number.text,
            states.index(direction) + 1 if direction in states else 3,
            readable_end(claim.standing_iri),
            link(claim.iri, self.base_iri),
        )

    def _arrow(self, one: str, other: str) -> str:
        return f"{self.labels.of(one).text} → {self.labels.of(other).text}"

    def _both(self, states: tuple[str, str]) -> str:
        return f"{self.labels.of(states[0]).text} ↔ {self.labels.of(states[1]).text}"

    def _show(self, term: Node) -> Shown:
        return self.labels.show(term)

    def _optional(self, term: Node | None) -> Shown | None:
        return None if term is None else self.labels.show(term)

    def _evidence(self, claims: Iterable[str]) -> facts.Evidence:
        return facts.evidence(self.store, self.base_iri, list(dict.fromkeys(claims)))

    def _rows(self, text: str, **names: str) -> list[dict[str, Node]]:
        found = rows(
            self.store, _PREFIXES % {"base": self.base_iri} + (text % names if names else text)
        )
        return [dict(row) for row in found]
