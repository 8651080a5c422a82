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
_ACCREDITED = ("Accreditation", "প্রতিনিধিত্ব", "Accréditation")
_TOPICS = {
    "AnnualTaxEvasion": ("annual tax evasion", "বার্ষিক কর ফাঁকি"),
    "DoubleTaxation": ("double taxation", "দ্বৈত করারোপ"),
    "TaxOnIncomeAndCapital": (
        "taxing on the basis of income and capital",
        "আয় ও মূলধনের ভিত্তিতে কর",
    ),
}
"""Subjects of treaties, by name: the labels in English and in Bengali."""


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
        self._sources: set[str] = set()
        self._places: set[str] = set()
        self._capitals: dict[str, tuple[str, str]] = {}
        self._embassies: dict[str, list[tuple[str, str]]] = {}
        self.pairs: list[tuple[State, State]] = []

    def states(self) -> Iterator[int]:
        """Write subjects of treaties, and states with codes and capitals; yield after each."""
        for name, labels in _TOPICS.items():
            self._writer.value(name, "TreatySubjects", *labels)
        for state in self._states:
            iri, names = thing("state", state.alpha3), state.names
            self._writer.node(iri, "State", names)
            self._writer.say(iri, "iso3166alpha3", plain(state.alpha3))
            self._writer.say(iri, "iso3166alpha2", plain(state.alpha2))
            words = ("Capital of", "রাজধানী:", "Capitale :")
            capital, name, passage = self._place(state, "capital", words)
            stated = f"{names['en']} has its capital in {name}."
            self._writer.cite((iri, "capital", capital), passage, stated)
            self._capitals[state.alpha3] = capital, name
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
        relation, both = thing("relation", key), f"{names[0]['en']} and {names[1]['en']}"
        parties = thing("state", one.alpha3), thing("state", other.alpha3)
        write.node(relation, "DiplomaticRelation", between(*names))
        write.say(relation, "hasParty", *parties)
        year = self._random.randint(1919, 1995)
        day = day_of(year, self._random.randrange(365))
        doubted = self._random.random() < 0.1
        words = f"{both} established relations on {day.day} {day:%B %Y}."
        passage, fact = self._passage("register", key, words), typed(day, "date")
        standing = "Disputed" if doubted else "Accepted"
        claim = write.cite((relation, "startDate", fact), passage, words, standing, "hasParty")
        if doubted:
            self._rough_start(
                relation, key, f"{both} established relations", year=year, exact=claim
            )
        else:
            write.say(relation, "earliest", fact)
            write.say(relation, "latest", fact)
        for first, second in (parties, parties[::-1]):
            write.say(first, "hasDiplomaticRelationWith", second)
            write.say(first, "hasForeignRelationsWith", second)
        write.claim((parties[0], "hasForeignRelationsWith", parties[1]), passage, words)
        if self._random.random() < 0.2:
            self._recognition(one, other, year)
        return year

    def _rough_start(self, relation: str, key: str, words: str, *, year: int, exact: str) -> None:
        """Write a beginning that names only the year, and its conflict with the exact one."""
        write, stated = self._writer, f"{words} in {year}."
        passage = self._passage("chronicle", key, stated)
        fact = (relation, "startDate", typed(f"{year:04}", "gYear"))
        rough = write.cite(fact, passage, stated, "Disputed", "hasParty")
        self._bounds(relation, year)
        write.conflict("DateConflict", "One source gives a day, another only a year.", rough, exact)

    def _recognition(self, one: State, other: State, year: int) -> None:
        """Write that one state recognized the other in the year before relations began."""
        write, key = self._writer, f"{one.alpha3}-{other.alpha3}-{year - 1}"
        recognition = thing("recognition", key)
        labels = {
            "en": f"Recognition of {other.names['en']} by {one.names['en']}",
            "bn": f"{one.names['bn']} কর্তৃক স্বীকৃতি: {other.names['bn']}",
        }
        write.node(recognition, "Recognition", labels)
        write.say(recognition, "recognizingState", thing("state", one.alpha3))
        write.say(recognition, "recognizedState", thing("state", other.alpha3))
        words = f"{one.names['en']} recognized {other.names['en']} in {year - 1}."
        passage = self._passage("register", f"{key}-recognition", words)
        fact = (recognition, "date", typed(f"{year - 1:04}", "gYear"))
        write.cite(fact, passage, words, "Accepted", "recognizingState", "recognizedState")
        self._bounds(recognition, year - 1)

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
            key = f"{sender.alpha3}-{receiver.alpha3}-denial"
            passage = self._passage("register", key, words)
            self._writer.claim(fact, passage, words, polarity="Negative")
            self._writer.deny(*fact)

    def _embassy(self, sender: State, receiver: State, year: int) -> None:
        """Write a mission with its seat, its head, and their accreditation."""
        write, pair = self._writer, f"{sender.alpha3}-{receiver.alpha3}"
        kind, names, head = kind_of(sender, receiver)
        labels, heads = directed(names, sender, receiver), directed(head, sender, receiver)
        seat, city = self._capitals[receiver.alpha3]
        words = f"{labels['en']}: opened in {year} in {city}."
        mission, passage = self._mission(kind, labels, (sender, receiver), seat=seat, words=words)
        write.say(mission, "serves", thing("state", receiver.alpha3))
        write.say(thing("state", sender.alpha3), "hasEmbassyIn", thing("state", receiver.alpha3))
        fact = (mission, "startDate", typed(f"{year:04}", "gYear"))
        write.cite(fact, passage, words)
        self._bounds(mission, year)
        post = thing("post", f"{pair}-head")
        write.node(post, "Post", heads)
        write.cite((post, "headOf", mission), passage, f"{heads['en']}: heads the mission.")
        self._accreditation(sender, receiver, mission, post, resident=True)
        self._embassies.setdefault(sender.alpha3, []).append((mission, post))

    def _consulate(self, sender: State, receiver: State) -> None:
        """Write a consulate general in another city of the receiving state."""
        words = ("Second city of", "দ্বিতীয় শহর:", "2e ville :")
        seat, city, _ = self._place(receiver, "second-city", words)
        names = ("Consulate General", "কনস্যুলেট জেনারেল", "Consulat général")
        labels = directed(names, sender, receiver)
        stated = f"{labels['en']}: in {city}."
        self._mission("ConsulateGeneral", labels, (sender, receiver), seat=seat, words=stated)

    def _mission(
        self, kind: str, labels: dict[str, str], pair: tuple[State, State], *, seat: str, words: str
    ) -> tuple[str, str]:
        """Write what missions of every kind have; return the mission and its passage."""
        sender, receiver = pair[0].alpha3, pair[1].alpha3
        key = f"{sender}-{receiver}-{kind.lower()}"
        mission, passage = thing("mission", key), self._passage("register", key, words)
        self._writer.node(mission, "Mission", labels)
        self._writer.say(mission, "missionKind", concept(kind))
        self._writer.say(mission, "sendingState", thing("state", sender))
        self._writer.say(mission, "receivingState", thing("state", receiver))
        also = "missionKind", "sendingState", "receivingState"
        self._writer.cite((mission, "seat", seat), passage, words, "Accepted", *also)
        return mission, passage

    def _accreditation(
        self, sender: State, receiver: State, mission: str, post: str, *, resident: bool
    ) -> None:
        """Write the accreditation of a post, through a mission there or in a third state."""
        write, key = self._writer, f"{sender.alpha3}-{receiver.alpha3}"
        accreditation, labels = thing("accreditation", key), directed(_ACCREDITED, sender, receiver)
        words = f"{labels['en']}: of the head of a mission {'there' if resident else 'elsewhere'}."
        passage = self._passage("register", f"{key}-accreditation", words)
        write.node(accreditation, "Accreditation", labels)
        write.say(accreditation, "sendingState", thing("state", sender.alpha3))
        write.say(accreditation, "receivingState", thing("state", receiver.alpha3))
        write.say(accreditation, "resident", typed(str(resident).lower(), "boolean"))
        also = "sendingState", "receivingState", "resident"
        write.cite((accreditation, "viaMission", mission), passage, words, "Accepted", *also)
        write.cite((accreditation, "accreditedPost", post), passage, words)

    def _treaty(self, one: State, other: State, year: int, number: int) -> None:
        """Write a treaty of two states with its signature and its entry into force."""
        write, signed = self._writer, self._random.randint(year, 2015)
        key = f"{one.alpha3}-{other.alpha3}-{signed}-{number + 1}"
        treaty, names = thing("treaty", key), (one.names, other.names)
        parties = thing("state", one.alpha3), thing("state", other.alpha3)
        labels = {
            "en": f"{names[0]['en']}-{names[1]['en']} convention of {signed} ({number + 1})",
            "bn": f"{names[0]['bn']}–{names[1]['bn']} চুক্তি, {bengali(f'{signed} ({number + 1})')}",
        }
        about = "double taxation, annual tax evasion, and taxing on the basis of income and capital"
        words = f"{labels['en']}: on {about}, in force since {signed + 2}."
        passage = self._passage("treaty-series", key, words)
        write.node(treaty, "Treaty", labels)
        write.say(treaty, "hasParty", *parties)
        also = "hasParty", "hasAction"
        for topic in self._random.sample(tuple(_TOPICS), self._random.randint(1, 3)):
            fact = (treaty, "treatySubject", concept(topic))
            write.cite(fact, passage, words, "Accepted", *also)
        also = "actionKind", "actionBy"
        for kind, when in (("Signature", signed), ("EntryIntoForce", signed + 2)):
            action = f"{treaty[:-1]}/{kind.lower()}>"
            write.node(action, "TreatyAction", {"en": f"{kind} of a convention, {when}"})
            write.say(treaty, "hasAction", action)
            write.say(action, "actionKind", concept(kind))
            write.say(action, "actionBy", *parties)
            fact = (action, "date", typed(f"{when:04}", "gYear"))
            write.cite(fact, passage, words, "Accepted", *also)
            self._bounds(action, when)

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
        key = f"{exporter.alpha3}-to-{importer.alpha3}"
        sold = f"Exports of {exporter.names['en']} to {importer.names['en']}, {year}"
        words = f"{sold}: {amount} {currency}."
        passage = self._passage(f"{source}-{year}", key, words)
        figure = thing("trade", f"{source}/{year}-{key}")
        labels = {
            "en": sold,
            "bn": f"রপ্তানি: {exporter.names['bn']} থেকে {importer.names['bn']}, {bengali(year)}",
        }
        write.node(figure, "TradeObservation", labels)
        write.say(figure, "year", typed(f"{year:04}", "gYear"))
        write.say(figure, "exporter", thing("state", exporter.alpha3))
        write.say(figure, "importer", thing("state", importer.alpha3))
        write.say(figure, "currency", concept(currency))
        write.say(figure, "statedIn", passage)
        fact = (figure, "amount", typed(amount, "decimal"))
        also = "year", "exporter", "importer", "currency"
        return write.cite(fact, passage, words, standing, *also)

    def _bounds(self, event: str, year: int) -> None:
        """Write the first and the last day of what is known by its year."""
        earliest, latest = bounds(year)
        self._writer.say(event, "earliest", earliest)
        self._writer.say(event, "latest", latest)

    def _place(self, state: State, name: str, words: tuple[str, ...]) -> tuple[str, str, str]:
        """Write a place of a state, once, with these words for it.

        Returns:
            The place, its English name, and the passage on it.
        """
        key = f"{state.alpha3.lower()}-{name}"
        place, phrases = thing("place", key), zip(("en", "bn", "fr"), words, strict=True)
        labels = {lang: f"{phrase} {state.names[lang]}" for lang, phrase in phrases}
        stated = f"{labels['en']}: a city in {state.names['en']}."
        passage = thing("source", f"gazetteer/{key}")
        if place not in self._places:
            self._places.add(place)
            self._writer.node(place, "Place", labels)
            self._passage("gazetteer", key, stated)
            fact = (place, "inState", thing("state", state.alpha3))
            self._writer.cite(fact, passage, stated)
        return place, labels["en"], passage

    def _passage(self, source: str, key: str, words: str) -> str:
        """Write a passage of a source, in these words, and the source the first time."""
        passage, whole = thing("source", f"{source}/{key}"), thing("source", source)
        name = source.replace("-", " ").capitalize()
        if whole not in self._sources:
            self._sources.add(whole)
            self._writer.node(whole, "Source", {"en": f"{name}, generated"})
        self._writer.node(passage, "Passage", {"en": f"{name}, {key.upper()}"})
        self._writer.say(passage, "passageOf", whole)
        self._writer.say(passage, "restatement", text(words, "en"))
        return passage
