"""N-Triples, written as text: nodes with labels, triples, and the claims that cite them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TextIO

BASE = "https://diplomacy.example/"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
XSD = "http://www.w3.org/2001/XMLSchema#"
OWL = "http://www.w3.org/2002/07/owl#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
_ESCAPES = str.maketrans({'"': '\\"', "\\": "\\\\", "\n": "\\n"})
_DIGITS = str.maketrans("0123456789", "০১২৩৪৫৬৭৮৯")


def dip(name: str) -> str:
    """Return a term of the ontology."""
    return f"<{BASE}ns/diplomacy#{name}>"


def concept(name: str) -> str:
    """Return a concept of a code list."""
    return f"<{BASE}def/{name}>"


def thing(kind: str, key: str) -> str:
    """Return the IRI of a thing, such as ``state`` and ``CAN``."""
    return f"<{BASE}id/{kind}/{key}>"


def text(value: str, language: str) -> str:
    """Return a literal with a language tag."""
    return f'"{value.translate(_ESCAPES)}"@{language}'


def plain(value: str) -> str:
    """Return a string literal."""
    return f'"{value}"'


def typed(value: object, datatype: str) -> str:
    """Return a literal of an XML Schema datatype."""
    return f'"{value}"^^<{XSD}{datatype}>'


def bengali(number: object) -> str:
    """Return a number, or what holds one, in Bengali digits.

    >>> bengali(2008)
    '২০০৮'
    """
    return str(number).translate(_DIGITS)


def bounds(year: int) -> tuple[str, str]:
    """Return the first and the last day of a year, as literals."""
    return typed(f"{year:04}-01-01", "date"), typed(f"{year:04}-12-31", "date")


def day_of(year: int, number: int) -> date:
    """Return a day of a year, counted from 0."""
    return date(year, 1, 1) + timedelta(days=number)


class Writer:
    """Writes triples and counts them. Claims are numbered as they come."""

    _TYPE, _LABEL = f"<{RDF}type>", f"<{RDFS}label>"
    _SUBJECT, _PREDICATE, _OBJECT = (
        f"<{RDF}{name}>" for name in ("subject", "predicate", "object")
    )
    _CLAIM, _STATEMENT = dip("Claim"), f"<{RDF}Statement>"

    def __init__(self, output: TextIO, graph: str | None = None) -> None:
        self._output = output
        self._end = f" <{graph}> .\n" if graph else " .\n"
        self.count = 0
        self.claims = 0
        self.conflicts = 0

    def add(self, subject: str, predicate: str, *objects: str) -> None:
        """Write a triple for each object."""
        self.count += len(objects)
        for value in objects:
            self._output.write(f"{subject} {predicate} {value}{self._end}")

    def node(self, iri: str, kind: str, labels: dict[str, str]) -> None:
        """Write the class of a node, and its labels by language."""
        self.add(iri, self._TYPE, dip(kind))
        self.add(iri, self._LABEL, *(text(label, language) for language, label in labels.items()))

    def value(self, name: str, scheme: str, english: str, bengali: str) -> None:
        """Write a concept that belongs to a list of the ontology and stands with the data."""
        iri = concept(name)
        self.add(iri, self._TYPE, f"<{SKOS}Concept>")
        self.add(iri, f"<{SKOS}prefLabel>", text(english, "en"), text(bengali, "bn"))
        self.add(iri, f"<{SKOS}definition>", text(f"What is about {english}.", "en"))
        self.add(iri, f"<{SKOS}inScheme>", concept(scheme))
        self.add(iri, f"<{RDFS}isDefinedBy>", f"<{BASE}graph/world>")

    def say(self, subject: str, name: str, *objects: str) -> None:
        """Write triples of a property of the ontology."""
        self.add(subject, dip(name), *objects)

    def cite(
        self,
        fact: tuple[str, str, str],
        passage: str,
        restatement: str,
        standing: str = "Accepted",
        *also: str,
    ) -> str:
        """Write a fact, and the claim that states it and these properties; return the claim."""
        self.say(*fact)
        claim = self.claim(fact, passage, restatement, standing=standing)
        self.say(claim, "alsoStates", *map(dip, also))
        return claim

    def claim(
        self,
        fact: tuple[str, str, str],
        passage: str,
        restatement: str,
        *,
        standing: str = "Accepted",
        polarity: str = "Positive",
    ) -> str:
        """Write a claim without asserting its fact; return it."""
        self.claims += 1
        number = f"G{self.claims}"
        iri = thing("claim", number)
        self.add(iri, self._TYPE, self._CLAIM, self._STATEMENT)
        labels = text(f"Claim {number}", "en"), text(f"দাবি {number}", "bn")
        self.add(iri, self._LABEL, *labels)
        self.say(iri, "claimNumber", plain(number))
        subject, name, value = fact
        self.add(iri, self._SUBJECT, subject)
        self.add(iri, self._PREDICATE, dip(name))
        self.add(iri, self._OBJECT, value)
        self.say(iri, "polarity", concept(polarity))
        self.say(iri, "standing", concept(standing))
        self.say(iri, "statedIn", passage)
        self.say(iri, "restatement", text(restatement, "en"))
        return iri

    def conflict(self, kind: str, reason: str, *claims: str) -> None:
        """Write that these claims are contested, each by the others, and why."""
        self.conflicts += 1
        iri = thing("conflict", f"G{self.conflicts}")
        labels = {
            "en": f"Conflict {self.conflicts}",
            "bn": f"অসঙ্গতি {bengali(self.conflicts)}",
        }
        self.node(iri, "Conflict", labels)
        self.say(iri, "conflictKind", concept(kind))
        self.say(iri, "contests", *claims)
        self.say(iri, "involves", *claims)
        self.say(iri, "reason", text(reason, "en"))

    def deny(self, subject: str, name: str, value: str) -> None:
        """Write an ``owl:NegativePropertyAssertion``; its claim is written apart."""
        denial = f"_:denial{self.claims}"
        self.add(denial, self._TYPE, f"<{OWL}NegativePropertyAssertion>")
        self.add(denial, f"<{OWL}sourceIndividual>", subject)
        self.add(denial, f"<{OWL}assertionProperty>", dip(name))
        self.add(denial, f"<{OWL}targetIndividual>", value)
