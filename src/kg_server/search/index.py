"""Search in an index of labels in alphabetical order.

Labels that begin with the text are found by bisection, labels that contain it by Python's substring
search, which reads gigabytes a second.
"""

from __future__ import annotations

import heapq
import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches
from typing import NamedTuple

from kg_server import work
from kg_server.rdf import namespaces as ns
from kg_server.rdf.labels import fold, rank
from kg_server.rdf.prefixes import local_name
from kg_server.search.columns import Columns, encode

_MOST_HITS = 10_000
"""Most matches that are ranked; very short texts have more."""

EXACT, PREFIX, WORDS, INFIX, NEAR = 100.0, 80.0, 60.0, 40.0, 20.0
"""Scores, from 0 to 100: the label itself, its beginning, the beginnings of words, any part, or
where there is none of these, a spelling near it."""

TEXT = 30.0
"""The score of a thing that is found by a text about it, or by one of its dates."""
_TERM_AFTER = 60.0
"""Score by which a class or property has to match better than a thing to precede it."""

CLASSES = frozenset({ns.OWL + "Class", ns.RDFS + "Class"})
PROPERTIES = frozenset(
    {
        *(ns.OWL + name for name in ("ObjectProperty", "DatatypeProperty", "AnnotationProperty")),
        ns.RDF + "Property",
    }
)
TERMS = CLASSES | PROPERTIES
"""The types of classes and properties."""

_NEIGHBOURS = 300
"""Labels on each side in the alphabet with which a misspelt text is compared."""
_LIKENESS = 0.75
_MOST_COMPARED = 10_000
"""Most names that are compared with a text that matches nothing."""
_PART = 1 << 14
"""Labels that are read at once."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A thing that matches. ``label`` is in the requested language, ``matched`` the matching text.

    ``score`` is 0 to 100; 100 means that a label is the text itself.
    """

    iri: str
    label: str
    language: str
    types: tuple[str, ...]
    matched: str
    score: float


class _Lines:
    """Labels or texts in alphabetical order, a line each."""

    def __init__(self, columns: Columns, name: str) -> None:
        self._folded, self._texts = columns.texts(f"{name} folded"), columns.texts(f"{name} texts")
        self._languages = columns.numbers(f"{name} languages")
        self.things = columns.numbers(f"{name} things")

    def __len__(self) -> int:
        return len(self._folded)

    def folded(self, line: int) -> str:
        """Return a text as it is compared."""
        return self._folded[line]

    def text(self, line: int) -> str:
        """Return a text as it is."""
        return self._texts[line]

    def language(self, line: int) -> int:
        """Return the number of a text's language."""
        return int(self._languages[line])

    def near(self, text: str, neighbours: int) -> Iterator[int]:
        """Yield labels that are spelt nearly like a text, among its neighbours in the alphabet."""
        place = self._place(text)
        for line in range(max(0, place - neighbours), min(len(self), place + neighbours)):
            if _likeness(text, self.folded(line)) >= _LIKENESS:
                yield line

    def containing(self, text: str, most: int) -> Iterator[int]:
        """Yield labels with every word of the text, those that begin with the text first."""
        first = self._place(text)
        last = min(self._place(text + "\U0010ffff"), first + most)
        yield from range(first, last)
        words = sorted((encode(each) for each in text.split()), key=len, reverse=True)
        for line in self._lines_with(words[0], most):
            if not first <= line < last and all(w in self._folded.line(line) for w in words[1:]):
                yield line

    def _place(self, text: str) -> int:
        return bisect_left(range(len(self)), encode(text), key=self._folded.line)

    def _lines_with(self, word: bytes, most: int) -> Iterator[int]:
        """Yield the labels that contain a word, each once.

        The block is read in parts, because the search within ``bytes`` is several times as fast
        as the one within ``mmap`` (Python 3.11).
        """
        block, starts = self._folded.block, self._folded.starts
        for first in range(0, len(self), _PART):
            last = min(first + _PART, len(self))
            begin = starts[first]
            part = block[begin : starts[last]]
            position = part.find(word)
            while position >= 0:
                line = bisect_right(starts, begin + position, first, last) - 1
                yield line
                most -= 1
                if not most:
                    return
                position = part.find(word, starts[line + 1] - begin)
            work.check()


class Index:
    """A search index: the labels of a store, and texts about things. It never changes.

    Args:
        columns: the columns that ``building`` wrote. Things are in the order of their IRIs.
        languages: language tags of the project, the preferred language first.
    """

    def __init__(self, columns: Columns, languages: Sequence[str] = ()) -> None:
        self._fallbacks = (*languages, "en")
        self._labels, self._texts = _Lines(columns, "label"), _Lines(columns, "text")
        self._things = columns.texts("things")
        self._label_starts = columns.numbers("label starts")
        self._labels_of_things = columns.numbers("labels of things")
        self._type_starts, self._types = columns.numbers("type starts"), columns.numbers("types")
        classes, tags = columns.texts("classes"), columns.texts("languages")
        self._languages = [tags[each] for each in range(len(tags))]
        self._classes = [classes[each] for each in range(len(classes))]
        self._numbers = {iri: number for number, iri in enumerate(self._classes)}
        self._commonness = [math.log10(1 + each) for each in columns.numbers("class counts")]
        self._terms = {self._numbers[each] for each in TERMS if each in self._numbers}

    def count(self) -> int:
        """Return the number of things with a label, which takes time: no test of truth needs it."""
        return len(set(self._labels.things))

    def __contains__(self, iri: object) -> bool:
        return isinstance(iri, str) and any(True for _ in self._lines_of(self._number(iri)))

    def types(self) -> list[str]:
        """Return the types that things in the index have, sorted."""
        return sorted(iri for iri in self._classes if self._commonness[self._numbers[iri]])

    def label(self, iri: str, language: str = "en") -> str:
        """Return a thing's label in a language, else in one of the project; else its IRI."""
        return self._label(self._number(iri), language)[0] or iri

    def name(self, iri: str, language: str = "en") -> str:
        """Return a thing's label, or else the last part of its IRI."""
        label = self.label(iri, language)
        return local_name(iri) if label == iri else label

    def hit(self, iri: str, language: str = "en") -> Hit:
        """Return a thing as a hit for its IRI."""
        shown, tag = self._label(self._number(iri), language)
        return Hit(
            iri=iri,
            label=shown or local_name(iri) or iri,
            language=tag,
            types=self.types_of(iri),
            matched=iri,
            score=EXACT,
        )

    def has_names_in(self, namespace: str) -> bool:
        """Tell whether the IRI of a thing begins with this namespace."""
        encoded = encode(namespace)
        place = bisect_left(range(len(self._things)), encoded, key=self._things.line)
        return place < len(self._things) and self._things.line(place).startswith(encoded)

    def commonest(self, count: int) -> list[str]:
        """Return the types that most things have, the commonest first."""
        return heapq.nlargest(
            count, self.types(), key=lambda each: self._commonness[self._numbers[each]]
        )

    def is_term(self, iri: str) -> bool:
        """Tell whether something is a class or a property."""
        return self._is_term(self._number(iri))

    def types_of(self, iri: str) -> tuple[str, ...]:
        """Return the types of a thing, the rarest first."""
        return self._types_of(self._number(iri))

    def search(
        self,
        text: str,
        *,
        types: frozenset[str] | None = None,
        language: str = "en",
        limit: int = 20,
        batch: int = 1,
        texts: bool = False,
    ) -> list[Hit]:
        """Return the things that best match, best first; for the IRI of a thing, this thing alone.

        Args:
            text: what to find; every word of it has to be in the label, in any order.
            types: IRIs of classes; things of one of these are returned. ``None``: of any class.
            language: the language of the returned labels, if they have it.
            limit: most things to return.
            batch: number of searches that share the work limit of one.
            texts: whether texts and dates are searched too, as for people. Things then precede
                classes and properties that match equally or a little better.
        """
        work.check()
        wanted, named = fold(text), self._number(text.strip())
        if not wanted:
            return []
        if named < len(self._things) and (
            types is None or not types.isdisjoint(self._types_of(named))
        ):
            return [self.hit(text.strip(), language)]
        best: dict[int, _Match] = {}
        most = max(_MOST_HITS // batch, 1)
        labels = self._of_types(self._labels, self._labels.containing(wanted, most), types)
        texts_matched = []
        if texts:
            texts_matched = self._of_types(self._texts, self._texts.containing(wanted, most), types)
        if not labels and not texts_matched:
            neighbours = max(_NEIGHBOURS // batch, 30)
            labels = self._of_types(self._labels, self._labels.near(wanted, neighbours), types)
        for line in labels:
            thing, folded = self._labels.things[line], self._labels.folded(line)
            score = _score(wanted, folded)
            if thing not in best or score > best[thing].score:
                best[thing] = _Match(
                    score=score, thing=thing, folded=folded, lines=self._labels, line=line
                )
        for line in texts_matched:
            thing = self._texts.things[line]
            if thing not in best:
                best[thing] = _Match(
                    score=TEXT,
                    thing=thing,
                    folded=self._texts.folded(line),
                    lines=self._texts,
                    line=line,
                )
        ranked = heapq.nsmallest(limit, best.values(), key=lambda each: self._rank(each, texts))
        return [self._hit(each, language) for each in ranked]

    def nearest(self, text: str, count: int, language: str = "en") -> list[Hit]:
        """Return the things with names most similar to a text, even if they are not very similar.

        In a large index, only some of the names are compared.
        """
        step = len(self._labels) // _MOST_COMPARED + 1
        sample = {self._labels.folded(line): line for line in range(0, len(self._labels), step)}
        near = get_close_matches(fold(text)[:50], sample, n=count, cutoff=0.5)
        things = {self._labels.things[sample[each]]: each for each in near}
        matches = (
            _Match(score=NEAR, thing=thing, folded=folded, lines=self._labels, line=sample[folded])
            for thing, folded in things.items()
        )
        return [self._hit(each, language) for each in matches]

    def _rank(self, match: _Match, is_for_people: bool) -> tuple[float, float, int, str, bytes]:
        score = match.score
        if is_for_people and self._is_term(match.thing):
            score -= _TERM_AFTER
        types = self._type_numbers(match.thing)
        common = min((self._commonness[each] for each in types), default=math.inf)
        folded = match.folded
        return -score, common, len(folded), folded, self._things.line(match.thing)

    def _hit(self, match: _Match, language: str) -> Hit:
        iri = self._things[match.thing]
        shown, tag = self._label(match.thing, language)
        matched = match.lines.text(match.line)
        return Hit(
            iri=iri,
            label=shown or iri,
            language=tag,
            types=self._types_of(match.thing),
            matched=matched,
            score=match.score,
        )

    def _of_types(
        self, lines: _Lines, candidates: Iterable[int], types: frozenset[str] | None
    ) -> list[int]:
        if types is None:
            return list(candidates)
        numbers = {self._numbers[each] for each in types if each in self._numbers}
        things = lines.things
        return [
            each for each in candidates if not numbers.isdisjoint(self._type_numbers(things[each]))
        ]

    def _number(self, iri: str) -> int:
        """Return the number of a thing, or one that no thing has."""
        encoded = encode(iri)
        number = bisect_left(range(len(self._things)), encoded, key=self._things.line)
        if number < len(self._things) and self._things.line(number) == encoded:
            return number
        return len(self._things)

    def _label(self, thing: int, language: str) -> tuple[str, str]:
        """Return a thing's label, empty where it has none, and the label's language."""
        lines = self._lines_of(thing)
        if not lines:
            return "", ""
        wanted = (language, *self._fallbacks)
        ranked = (rank(tag, wanted) if (tag := self._tag(each)) else math.inf for each in lines)
        best = min(zip(ranked, range(len(lines)), strict=True))[1]
        return self._labels.text(lines[best]), self._tag(lines[best])

    def _tag(self, line: int) -> str:
        return self._languages[self._labels.language(line)]

    def _lines_of(self, thing: int) -> Sequence[int]:
        """Return the labels of a thing in alphabetical order, a label before its other names."""
        if thing == len(self._things):
            return ()
        starts = self._label_starts
        return self._labels_of_things[starts[thing] : starts[thing + 1]]

    def _type_numbers(self, thing: int) -> Sequence[int]:
        if thing == len(self._things):
            return ()
        starts = self._type_starts
        return self._types[starts[thing] : starts[thing + 1]]

    def _types_of(self, thing: int) -> tuple[str, ...]:
        numbers = sorted(self._type_numbers(thing), key=self._commonness.__getitem__)
        return tuple(self._classes[each] for each in numbers)

    def _is_term(self, thing: int) -> bool:
        return not self._terms.isdisjoint(self._type_numbers(thing))


class _Match(NamedTuple):
    """A thing that matches, by the best of its labels or texts so far."""

    score: float
    thing: int
    folded: str
    lines: _Lines
    line: int


def _score(wanted: str, folded: str) -> float:
    if folded == wanted:
        return EXACT
    if any(word not in folded for word in wanted.split()):
        return NEAR * _likeness(wanted, folded)
    closeness = 15 * len(wanted) / max(len(folded), len(wanted))
    if folded.startswith(wanted):
        return PREFIX + closeness
    beginnings = folded.split()
    if all(any(b.startswith(word) for b in beginnings) for word in wanted.split()):
        return WORDS + closeness
    return INFIX + closeness


def _likeness(one: str, other: str) -> float:
    """Return how alike two texts are, 0 to 1."""
    matcher = SequenceMatcher(None, one, other)
    return matcher.ratio() if matcher.quick_ratio() >= _LIKENESS else 0.0
