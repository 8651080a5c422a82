"""A world of diplomatic relations, drawn at random over real states: none of it is a fact."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations
from random import Random

from benchmarks.wording import between, directed, kind_of
from benchmarks.world import State
from benchmarks.writer import (
    Writer,
    bengali,
    bounds,
    concept,
    day_of,
    plain,
    text,
    thing,
    typed,
)

LAST_YEAR, FIRST_YEAR = 2024, 1960  # of trade
_TRADE, _GROWTH = 7e12, 1.04  # US dollars of the last year, shared out by the states' ranks
_TOPICS = ("AnnualTaxEvasion", "DoubleTaxation", "TaxOnIncomeAndCapital")


class World:
    """Writes a world piece by piece; each piece stands on those before it.

    The pieces, in order: ``states``, then ``relations`` pair by pair with missions and treaties,
    then ``trade`` year by year. Stopping after any piece leaves a graph that conforms.
    """

    def __init__(self, writer: Writer, random: Random, states: list[State]) -> None:
        self._writer = writer
        self._random = random
        self._states = states
        self._rank = {state.alpha3: place + 3 for place, state in enumerate(states)}
        self._passages: set[str] = set()
        self._places: set[str] = set()
        self._embassies: dict[str, list[tuple[str, str]]] = {}
        self.pairs: list[tuple[State, State]] = []

    def states(self) -> Iterator[int]:
        """Write the states with codes and capitals; yield after each."""
        for state in self._states:
            iri, names = thing("state", state.alpha3), state.names
            self._writer.node(iri, "State", names)
            self._writer.say(iri, "iso3166alpha3", plain(state.alpha3))
            self._writer.say(iri, "iso3166alpha2", plain(state.alpha2))
            capital = self._place(state, "capital", ("Capital of", "রাজধানী:", "Capitale :"))
            words = f"{names['en']} has its capital."
            self._writer.cite((iri, "capital", capital), self._passage("gazetteer", state), words)
            yield self._writer.count

    def relations(self) -> Iterator[int]:
        """Write pair after pair, those of the busier states earlier; yield after each."""
        rank = self._rank
        weighted = [
            (math.log(1 - self._random.random()) * -rank[a.alpha3] * rank[b.alpha3], a.alpha3, a, b)
            for a, b in combinations(sorted(self._states, key=lambda each: each.alpha3), 2)
        ]
        for _, _, one, other in sorted(weighted, key=lambda each: each[0]):
            self.pairs.append((one, other))
            year = self._relation(one, other)
            for sender, receiver in ((one, other), (other, one)):
                self._representation(sender, receiver, year)
            for number in range(self._random.choice((0, 0, 1, 1, 2))):
                self._treaty(one, other, year, number)
            yield self._writer.count

    def trade(self) -> Iterator[int]:
        """Write trade of all pairs, the latest year first; yield after each pair and year."""
        for year in range(LAST_YEAR, FIRST_YEAR - 1, -1):
            for one, other in self.pairs:
                self._exchange(one, other, year)
                yield self._writer.count

    def _relation(self, one: State, other: State) -> int:
        """Write the relation of two states with its beginning; return the year."""
        write, names = self._writer, (one.names, other.names)
        key = f"{one.alpha3}-{other.alpha3}"
        relation, passage = thing("relation", key), self._passage("register", one)
        parties = thing("state", one.alpha3), thing("state", other.alpha3)
        write.node(relation, "DiplomaticRelation", between(*names))
        write.say(relation, "hasParty", *parties)
        year = self._random.randint(1919, 1995)
        day = typed(day_of(year, self._random.randrange(365)), "date")
        if self._random.random() < 0.1:
            self._disputed_start(relation, year, day, passage)
        else:
            words = f"{names[0]['en']} and {names[1]['en']} established relations."
            write.cite((relation, "startDate", day), passage, words)
            write.say(relation, "earliest", day)
            write.say(relation, "latest", day)
        for first, second in (parties, parties[::-1]):
            write.say(first, "hasDiplomaticRelationWith", second)
            write.say(first, "hasForeignRelationsWith", second)
        words = f"{names[0]['en']} has relations with {names[1]['en']}."
        write.claim((parties[0], "hasForeignRelationsWith", parties[1]), passage, words)
        if self._random.random() < 0.2:
            self._recognition(one, other, year)
        return year

    def _disputed_start(self, relation: str, year: int, day: str, passage: str) -> None:
        """Write two beginnings of one year, of different precision, and their conflict."""
        write, first = self._writer, typed(f"{year:04}", "gYear")
        rough = write.cite(
            (relation, "startDate", first), passage, f"It began in {year}.", "Disputed"
        )
        exact = write.cite((relation, "startDate", day), passage, "It began on a day.", "Disputed")
        earliest, latest = bounds(year)
        write.say(relation, "earliest", earliest)
        write.say(relation, "latest", latest)
        write.conflict("DateConflict", "One source gives a day, another only a year.", rough, exact)

    def _recognition(self, one: State, other: State, year: int) -> None:
        """Write that one state recognized the other in the year before relations began."""
        recognition = thing("recognition", f"{one.alpha3}-{other.alpha3}-{year - 1}")
        labels = {
            "en": f"Recognition of {other.names['en']} by {one.names['en']}",
            "bn": f"{one.names['bn']} কর্তৃক স্বীকৃতি: {other.names['bn']}",
        }
        self._writer.node(recognition, "Recognition", labels)
        self._writer.say(recognition, "recognizingState", thing("state", one.alpha3))
        self._writer.say(recognition, "recognizedState", thing("state", other.alpha3))
        fact = (recognition, "date", typed(f"{year - 1:04}", "gYear"))
        self._writer.cite(fact, self._passage("register", other), "It was recognized that year.")
        earliest, latest = bounds(year - 1)
        self._writer.say(recognition, "earliest", earliest)
        self._writer.say(recognition, "latest", latest)

    def _representation(self, sender: State, receiver: State, year: int) -> None:
        """Write an embassy, or an accreditation from a third state, or a denial, or nothing."""
        chance = self._random.random()
        if chance < 0.45:
            self._embassy(sender, receiver, self._random.randint(year, 2004))
            if chance < 0.12:
                self._consulate(sender, receiver)
        elif chance < 0.75 and self._embassies.get(sender.alpha3):
            mission, post = self._random.choice(self._embassies[sender.alpha3])
            self._accreditation(sender, receiver, mission, post, resident=False)
            self._writer.say(mission, "serves", thing("state", receiver.alpha3))
        elif chance < 0.8:
            pair = thing("state", sender.alpha3), thing("state", receiver.alpha3)
            fact = (pair[0], "hasEmbassyIn", pair[1])
            words = f"{sender.names['en']} has no embassy in {receiver.names['en']}."
            passage = self._passage("register", sender)
            self._writer.claim(fact, passage, words, polarity="Negative")
            self._writer.deny(*fact)

    def _embassy(self, sender: State, receiver: State, year: int) -> None:
        """Write a mission with its seat, its head, and their accreditation."""
        write, pair = self._writer, f"{sender.alpha3}-{receiver.alpha3}"
        mission, post = thing("mission", f"{pair}-embassy"), thing("post", f"{pair}-head")
        kind, words, head = kind_of(sender, receiver)
        passage, host = self._passage("register", sender), thing("state", receiver.alpha3)
        self._mission(mission, kind, directed(words, sender, receiver), (sender, receiver))
        write.say(mission, "serves", host)
        write.say(thing("state", sender.alpha3), "hasEmbassyIn", host)
        seat = self._place(receiver, "capital", ())
        write.cite((mission, "seat", seat), passage, "It is in the capital.")
        fact = (mission, "startDate", typed(f"{year:04}", "gYear"))
        write.cite(fact, passage, f"It was opened in {year}.")
        earliest, latest = bounds(year)
        write.say(mission, "earliest", earliest)
        write.say(mission, "latest", latest)
        write.node(post, "Post", directed(head, sender, receiver))
        write.say(post, "headOf", mission)
        self._accreditation(sender, receiver, mission, post, resident=True)
        self._embassies.setdefault(sender.alpha3, []).append((mission, post))

    def _consulate(self, sender: State, receiver: State) -> None:
        """Write a consulate general in another city of the receiving state."""
        mission = thing("mission", f"{sender.alpha3}-{receiver.alpha3}-consulate-general")
        words = ("Consulate General", "কনস্যুলেট জেনারেল", "Consulat général")
        labels = directed(words, sender, receiver)
        self._mission(mission, "ConsulateGeneral", labels, (sender, receiver))
        city = self._place(receiver, "second-city", ("Second city of", "দ্বিতীয় শহর:", "2e ville :"))
        passage = self._passage("register", sender)
        self._writer.cite((mission, "seat", city), passage, "It is in the second city.")

    def _mission(
        self, mission: str, kind: str, labels: dict[str, str], pair: tuple[State, State]
    ) -> None:
        """Write what missions of every kind have."""
        self._writer.node(mission, "Mission", labels)
        self._writer.say(mission, "missionKind", concept(kind))
        self._writer.say(mission, "sendingState", thing("state", pair[0].alpha3))
        self._writer.say(mission, "receivingState", thing("state", pair[1].alpha3))

    def _accreditation(
        self, sender: State, receiver: State, mission: str, post: str, *, resident: bool
    ) -> None:
        """Write the accreditation of a post, through a mission there or in a third state."""
        write, key = self._writer, f"{sender.alpha3}-{receiver.alpha3}"
        accreditation, passage = thing("accreditation", key), self._passage("register", receiver)
        words = ("Accreditation", "প্রতিনিধিত্ব", "Accréditation")
        write.node(accreditation, "Accreditation", directed(words, sender, receiver))
        write.say(accreditation, "sendingState", thing("state", sender.alpha3))
        write.say(accreditation, "receivingState", thing("state", receiver.alpha3))
        write.say(accreditation, "resident", typed(str(resident).lower(), "boolean"))
        write.cite((accreditation, "viaMission", mission), passage, "It goes through the mission.")
        write.cite((accreditation, "accreditedPost", post), passage, "The head is accredited.")

    def _treaty(self, one: State, other: State, year: int, number: int) -> None:
        """Write a treaty of two states with its signature and its entry into force."""
        write, signed = self._writer, self._random.randint(year, 2015)
        treaty = thing("treaty", f"{one.alpha3}-{other.alpha3}-{signed}-{number + 1}")
        passage = self._passage("treaty-series", one)
        parties = thing("state", one.alpha3), thing("state", other.alpha3)
        names = one.names, other.names
        labels = {
            "en": f"{names[0]['en']}-{names[1]['en']} convention of {signed} ({number + 1})",
            "bn": f"{names[0]['bn']}–{names[1]['bn']} চুক্তি, {bengali(signed)}",
        }
        write.node(treaty, "Treaty", labels)
        write.say(treaty, "hasParty", *parties)
        for topic in self._random.sample(_TOPICS, self._random.randint(1, 3)):
            fact = (treaty, "treatySubject", concept(topic))
            write.cite(fact, passage, "The convention deals with this.")
        for kind, when in (("Signature", signed), ("EntryIntoForce", signed + 2)):
            action = f"{treaty[:-1]}/{kind.lower()}>"
            write.node(action, "TreatyAction", {"en": f"{kind} of a convention, {when}"})
            write.say(treaty, "hasAction", action)
            write.say(action, "actionKind", concept(kind))
            write.say(action, "actionBy", *parties)
            fact = (action, "date", typed(f"{when:04}", "gYear"))
            write.cite(fact, passage, f"That was in {when}.")
            earliest, latest = bounds(when)
            write.say(action, "earliest", earliest)
            write.say(action, "latest", latest)

    def _exchange(self, one: State, other: State, year: int) -> None:
        """Write a year of trade of two states, each direction; at times as two sources see it."""
        doubted = self._random.random() < 0.1
        size = _TRADE * _GROWTH ** (year - LAST_YEAR)
        size /= self._rank[one.alpha3] * self._rank[other.alpha3]
        for exporter, importer in ((one, other), (other, one)):
            amount = int(size * 10 ** self._random.uniform(-2, 0.3) / 1000) * 1000
            standing = "Disputed" if doubted else "Accepted"
            pair = exporter, importer
            claim = self._figure(pair, year, ("yearbook", amount, "USD"), standing)
            if doubted:
                other_amount = int(amount * self._random.choice((0.1, 0.8, 1.3, 10)))
                twin = self._figure(pair, year, ("customs", other_amount, "CAD"), standing)
                reason = "The yearbook and the customs office give different figures."
                self._writer.conflict("MagnitudeConflict", reason, claim, twin)

    def _figure(
        self,
        pair: tuple[State, State],
        year: int,
        reported: tuple[str, int, str],
        standing: str,
    ) -> str:
        """Write the figure of a source, amount and currency; return its claim."""
        write, (exporter, importer), (source, amount, currency) = self._writer, pair, reported
        key = f"{source}/{year}-{exporter.alpha3}-to-{importer.alpha3}"
        figure, passage = thing("trade", key), self._passage(f"{source}-{year}", exporter)
        labels = {
            "en": f"Exports of {exporter.names['en']} to {importer.names['en']}, {year}",
            "bn": f"রপ্তানি: {exporter.names['bn']} থেকে {importer.names['bn']}, {bengali(year)}",
        }
        write.node(figure, "TradeObservation", labels)
        write.say(figure, "year", typed(f"{year:04}", "gYear"))
        write.say(figure, "exporter", thing("state", exporter.alpha3))
        write.say(figure, "importer", thing("state", importer.alpha3))
        write.say(figure, "currency", concept(currency))
        write.say(figure, "statedIn", passage)
        fact = (figure, "amount", typed(f"{amount}.0", "decimal"))
        return write.cite(fact, passage, f"The amount is {amount}.", standing)

    def _place(self, state: State, name: str, words: tuple[str, ...]) -> str:
        """Return a place of a state; the first time, write it with these words for it."""
        place = thing("place", f"{state.alpha3.lower()}-{name}")
        if place not in self._places:
            self._places.add(place)
            phrases = zip(("en", "bn", "fr"), words, strict=True)
            labels = {lang: f"{phrase} {state.names[lang]}" for lang, phrase in phrases}
            self._writer.node(place, "Place", labels)
            self._writer.say(place, "inState", thing("state", state.alpha3))
        return place

    def _passage(self, source: str, state: State) -> str:
        """Return the passage of a source on a state; the first time, write it and the source."""
        passage, whole = thing("source", f"{source}/{state.alpha3}"), thing("source", source)
        name = source.replace("-", " ").capitalize()
        if whole not in self._passages:
            self._writer.node(whole, "Source", {"en": f"{name}, generated"})
        if passage not in self._passages:
            self._writer.node(passage, "Passage", {"en": f"{name}, {state.names['en']}"})
            self._writer.say(passage, "passageOf", whole)
            words = text(f"What the generated {name} says of {state.names['en']}.", "en")
            self._writer.say(passage, "restatement", words)
        self._passages |= {whole, passage}
        return passage
