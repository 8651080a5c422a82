"""Find a thing by its label, in any language and script.

The index is one string of all folded labels in alphabetical order, a line each: a name that begins
with the text is found by bisection, one that contains it by the interpreter's own substring
search, which reads some gigabytes a second.
"""

from __future__ import annotations

import heapq
import json
import math
import re
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches
from itertools import accumulate, islice

from kg_server import work
from kg_server.formats import Kind, named
from kg_server.rdf import namespaces as ns
from kg_server.rdf.labels import fold
from kg_server.rdf.prefixes import local_name
from kg_server.sparql.query import Query
from kg_server.store import Store

_TSV = named("tsv", Kind.BINDINGS)
_MOST_HITS = 10_000
"""How many labels with the text are ranked; the rest of a text as short as that is not read."""
_LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"(?:@([\w-]+))?')

EXACT, PREFIX, WORDS, INFIX, NEAR = 100.0, 80.0, 60.0, 40.0, 20.0
"""Scores, from 0 to 100: the label itself, its beginning, the beginnings of words, any part, or
where there is none of these, a spelling near it."""

TEXT = 30.0
"""The score of a thing that is found by a text about it, or by one of its dates."""
_TERM_AFTER = 60.0
"""By how much a class or property has to match better than a thing to stand before it."""
MOST_TEXTS = 200_000
"""Texts beyond so many are not searched; labels are."""

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
"""How many labels to each side in the alphabet a misspelt text is compared with."""
_LIKENESS = 0.75


@dataclass(frozen=True, slots=True)
class Hit:
    """A thing that was found. ``label`` is in the language asked for, ``matched`` is what matched.

    ``score`` is 0 to 100; 100 means that a label is the text itself.
    """

    iri: str
    label: str
    language: str
    types: tuple[str, ...]
    matched: str
    score: float


@dataclass(frozen=True, slots=True)
class Label:
    """One name of a thing; ``language`` is empty for codes."""

    folded: str
    text: str
    language: str
    iri: str


class _Lines:
    """Labels or texts in alphabetical order, and all of them as one string, a line each."""

    def __init__(self, given: Iterable[Label]) -> None:
        self._labels = sorted(given, key=lambda each: (each.folded, each.iri, each.language))
        self._folded = [each.folded for each in self._labels]
        self._blob = "\n".join(self._folded)
        self._starts = [0, *accumulate(len(each) + 1 for each in self._folded)][:-1]

    def near(self, wanted: str, neighbours: int) -> Iterator[Label]:
        """Yield labels that are spelt nearly like a text, among its neighbours in the alphabet."""
        place = bisect_left(self._folded, wanted)
        around = self._labels[max(0, place - neighbours) : place + neighbours]
        for label in around:
            if _likeness(wanted, label.folded) >= _LIKENESS:
                yield label

    def containing(self, wanted: str, most: int) -> Iterator[Label]:
        """Yield labels with every word of the text, those that begin with the text first."""
        first = bisect_left(self._folded, wanted)
        last = min(bisect_left(self._folded, wanted + "\U0010ffff"), first + most)
        yield from self._labels[first:last]
        words = sorted(wanted.split(), key=len, reverse=True)
        for place in self._lines_with(words[0], most):
            if not first <= place < last and all(w in self._folded[place] for w in words[1:]):
                yield self._labels[place]

    def _lines_with(self, word: str, most: int) -> Iterator[int]:
        """Yield the numbers of the labels that contain a word, each once."""
        position = self._blob.find(word)
        for _ in range(most):
            if position < 0:
                return
            place = bisect_right(self._starts, position) - 1
            yield place
            if place + 1 == len(self._starts):
                return
            position = self._blob.find(word, self._starts[place + 1])


class Index:
    """Every label of a store, ready to be searched, and texts about things. It never changes."""

    def __init__(
        self,
        labels: Iterable[Label],
        types: Mapping[str, Sequence[str]],
        texts: Iterable[Label] = (),
    ) -> None:
        given = list(labels)
        self._lines = _Lines(given)
        self._texts = _Lines(texts)
        self._types = types
        self._of_thing: defaultdict[str, list[Label]] = defaultdict(list)
        for label in given:  # as given, not sorted: a label comes before its other names
            self._of_thing[label.iri].append(label)
        counted = Counter(type_ for iri in self._of_thing for type_ in types.get(iri, ()))
        self._commonness = {each: math.log10(1 + count) for each, count in counted.items()}

    def __len__(self) -> int:
        return len(self._of_thing)

    def __contains__(self, iri: object) -> bool:
        return iri in self._of_thing

    def types(self) -> list[str]:
        """Return the types that things in the index have, sorted."""
        return sorted(self._commonness)

    def label(self, iri: str, language: str = "en") -> str:
        """Return a thing's first label in a language, else in English, else any; else its IRI."""
        found = {each.language: each.text for each in reversed(self._of_thing.get(iri, []))}
        named_ = [text for tag, text in found.items() if tag]
        return found.get(language) or found.get("en") or (named_ or [iri])[0]

    def name(self, iri: str, language: str = "en") -> str:
        """Return a thing's label, or else the last part of its IRI."""
        label = self.label(iri, language)
        return local_name(iri) if label == iri else label

    def commonest(self, count: int) -> list[str]:
        """Return the types that most things have, the commonest first."""
        return heapq.nlargest(count, self._commonness, key=lambda each: self._commonness[each])

    def is_term(self, iri: str) -> bool:
        """Tell whether something is a class or a property."""
        return not TERMS.isdisjoint(self._types.get(iri, ()))

    def types_of(self, iri: str) -> tuple[str, ...]:
        """Return the types of a thing, the rarest first."""
        return tuple(sorted(self._types.get(iri, ()), key=lambda each: self._commonness[each]))

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
        """Return the things that best match, best first.

        Args:
            text: what to find; every word of it has to be in the label, in any order.
            types: the IRIs of classes; the things have to be of one of them. ``None``: of any.
            language: in which the labels are returned where they can be.
            limit: how many things at most.
            batch: how many searches share the work of one.
            texts: whether texts and dates are searched as well, as for people; things then come
                before classes and properties that match as well or a little better.
        """
        work.check()
        wanted = fold(text)
        if not wanted:
            return []
        best: dict[str, tuple[float, Label]] = {}
        most = _MOST_HITS // batch
        labels = self._of_types(self._lines.containing(wanted, most), types)
        said = self._of_types(self._texts.containing(wanted, most), types) if texts else []
        if not labels and not said:
            neighbours = max(_NEIGHBOURS // batch, 30)
            labels = self._of_types(self._lines.near(wanted, neighbours), types)
        for label in labels:
            score = _score(wanted, label.folded)
            if label.iri not in best or score > best[label.iri][0]:
                best[label.iri] = (score, label)
        for label in said:
            if label.iri in self._of_thing:
                best.setdefault(label.iri, (TEXT, label))
        ranked = heapq.nsmallest(limit, best.values(), key=lambda each: self._rank(each, texts))
        return [self._hit(score, label, language) for score, label in ranked]

    def nearest(self, text: str, count: int, language: str = "en") -> list[Hit]:
        """Return the things whose names are the most like a text, however far they are from it."""
        names = {label.folded: label for each in self._of_thing.values() for label in each[:3]}
        sample = dict(islice(names.items(), _MOST_HITS))
        near = get_close_matches(fold(text)[:50], sample, n=count, cutoff=0.5)
        found = {sample[each].iri: sample[each] for each in near}
        return [self._hit(NEAR, label, language) for label in found.values()]

    def _rank(
        self, found: tuple[float, Label], is_for_people: bool
    ) -> tuple[float, float, int, str, str]:
        score, label = found
        if is_for_people and self.is_term(label.iri):
            score -= _TERM_AFTER
        types = self._types.get(label.iri, ())
        common = min((self._commonness[each] for each in types), default=math.inf)
        return -score, common, len(label.folded), label.folded, label.iri

    def _hit(self, score: float, label: Label, language: str) -> Hit:
        shown = self.label(label.iri, language)
        tag = next((n.language for n in self._of_thing[label.iri] if n.text == shown), "")
        return Hit(label.iri, shown, tag, self.types_of(label.iri), label.text, score)

    def _of_types(self, labels: Iterable[Label], types: frozenset[str] | None) -> list[Label]:
        if types is None:
            return list(labels)
        return [each for each in labels if not types.isdisjoint(self._types.get(each.iri, ()))]


def build(store: Store, text_properties: Iterable[str] = ()) -> Index:
    """Index every label, title and code in a store's default graph, and texts about things.

    A code is a value of ``skos:notation``, or of a property that is declared a part of it. Texts
    are definitions, descriptions, comments and dates.

    Args:
        store: what is indexed.
        text_properties: the IRIs of more properties whose values are texts.
    """
    types: defaultdict[str, list[str]] = defaultdict(list)
    for iri, type_ in _rows(store, _TYPES):
        types[iri].append(type_)
    labels = (
        Label(fold(text), text, language, iri)
        for names in (_NAMED, _ALSO_NAMED)  # a union comes in any order
        for iri, literal in _rows(store, _LABELS % names)
        for text, language in _read_literal(literal)
    )
    more = " ".join(f"<{each}>" for each in text_properties)
    texts = (
        Label(fold(text), text, language, iri)
        for iri, literal in _rows(store, _TEXTS % {"more": more, "most": MOST_TEXTS})
        for text, language in _read_literal(literal)
    )
    return Index(labels, types, texts)


_TYPES = "SELECT ?thing ?type WHERE { ?thing a ?type FILTER(ISIRI(?thing) && ISIRI(?type)) }"
_LABELS = """
PREFIX dct: <http://purl.org/dc/terms/>
PREFIX foaf: <http://xmlns.com/foaf/0.1/>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT ?thing ?label
WHERE {
  %s
  FILTER(ISIRI(?thing) && ISLITERAL(?label))
}
"""
_NAMED = """{ ?thing rdfs:label ?label } UNION { ?thing skos:prefLabel ?label }
  UNION { ?thing foaf:name ?label } UNION { ?thing dct:title ?label }"""
_ALSO_NAMED = """{ ?thing skos:altLabel ?label }
  UNION { ?thing skos:hiddenLabel ?label }
  UNION { ?thing skos:notation ?label }
  UNION { ?code rdfs:subPropertyOf+ ?named VALUES ?named { skos:notation rdfs:label skos:altLabel }
          ?thing ?code ?label }"""

_TEXTS = """
PREFIX dct: <http://purl.org/dc/terms/>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX schema: <https://schema.org/>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
SELECT ?thing ?text
WHERE {
  { VALUES ?property { skos:definition skos:note skos:scopeNote skos:example rdfs:comment
                       dct:description schema:description %(more)s }
    ?thing ?property ?text }
  UNION
  { ?thing ?property ?text
    FILTER(DATATYPE(?text) IN (xsd:date, xsd:dateTime, xsd:gYear, xsd:gYearMonth)) }
  FILTER(ISIRI(?thing) && ISLITERAL(?text))
}
LIMIT %(most)d
"""


def _rows(store: Store, text: str) -> Iterator[list[str]]:
    """Yield rows of two cells; TSV, as JSON takes three times as long to read at this size."""
    content = store.query(Query(text, _TSV)).read().decode()
    for line in content.split("\n")[1:]:
        first, tab, second = line.partition("\t")
        if tab:
            yield [first[1:-1], second[1:-1] if second[0] == "<" else second]


def _read_literal(written: str) -> Iterator[tuple[str, str]]:
    """Yield text and language of a literal in Turtle syntax."""
    match = _LITERAL.match(written)
    if match:
        text = json.loads(f'"{match[1]}"') if "\\" in match[1] else match[1]
        yield text, (match[2] or "").lower()


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
