"""Building of a search index from the labels, types and texts of a store."""

from __future__ import annotations

import io
import json
import re
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import IO

from kg_server.rdf.labels import fold
from kg_server.search import columns
from kg_server.search.columns import Columns, encode
from kg_server.search.index import TERMS, Index
from kg_server.store import Store
from kg_server.store.results import lines

MOST_TEXTS = 200_000
"""Most texts in the index; the number of labels has no limit."""

_LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"(?:@([\w-]+))?')


def build(
    store: Store, text_properties: Iterable[str] = (), languages: Sequence[str] = ()
) -> Index:
    """Return an index in the memory of this process; ``write`` makes one for several processes."""
    file = io.BytesIO()
    write(file, store, text_properties)
    return Index(Columns(file.getvalue()), languages)


def write(file: IO[bytes], store: Store, text_properties: Iterable[str] = ()) -> None:
    """Index every label, title and code in a store's default graph, and texts about things.

    A code is a value of ``skos:notation``, or of a property that is declared a part of it. Texts
    are definitions, descriptions, comments and dates.

    Args:
        file: the file to write.
        store: the store.
        text_properties: IRIs of more properties whose values are texts.
    """
    languages: dict[str, int] = {"": 0}
    labels, texts = _Lines(languages), _Lines(languages)
    things, named = _things(store, labels)
    labelled = len(things)
    more = " ".join(f"<{each}>" for each in text_properties)
    for iri, literal in _rows(store, _TEXTS % {"more": more, "most": MOST_TEXTS}, "text"):
        if iri in things:
            texts.add(things[iri], literal)
    classes, of_things, types = _types(store, things)
    counted = Counter(
        type_ for thing, type_ in zip(of_things, types, strict=True) if thing < labelled
    )
    iris = sorted((encode(iri), number) for iri, number in things.items())
    ranks = _places([number for _, number in iris])
    type_starts, ordered_types = _grouped(ranks, of_things, types)
    order, text_order = labels.order(ranks), texts.order(ranks)
    # Engines return labels in any order, so the choice among them follows the alphabet.
    by_place = array("I", (place for place, line in enumerate(order) if line < named))
    by_place.extend(place for place, line in enumerate(order) if line >= named)
    of_places = array("I", (labels.things[order[place]] for place in by_place))
    label_starts, ordered_labels = _grouped(ranks, of_places, by_place)
    columns.write(
        file,
        store.version,
        {
            "type starts": type_starts,
            "types": ordered_types,
            "class counts": array("I", [counted[each] for each in range(len(classes))]),
            "label starts": label_starts,
            "labels of things": ordered_labels,
            **labels.numbers("label", order, ranks),
            **texts.numbers("text", text_order, ranks),
        },
        {
            "things": (iri for iri, _ in iris),
            "classes": map(encode, classes),
            "languages": map(encode, languages),
            **labels.texts("label", order),
            **texts.texts("text", text_order),
        },
    )


class _Lines:
    """Labels or texts in the order of the store, with thing, language and folded form."""

    def __init__(self, languages: dict[str, int]) -> None:
        self._all_languages = languages
        self.things, self._languages = array("I"), array("I")
        self._folded: list[bytes] = []
        self._texts: list[bytes] = []

    def add(self, thing: int, literal: str) -> None:
        """Add a literal, which is in Turtle syntax."""
        match = _LITERAL.match(literal)
        if match:
            text = json.loads(f'"{match[1]}"', strict=False) if "\\" in match[1] else match[1]
            language = (match[2] or "").lower()
            self.things.append(thing)
            self._languages.append(
                self._all_languages.setdefault(language, len(self._all_languages))
            )
            self._folded.append(encode(fold(text)))
            self._texts.append(encode(text))

    def order(self, ranks: Sequence[int]) -> list[int]:
        """Return the numbers of the lines in alphabetical order; equal ones by their things."""
        order = sorted(range(len(self.things)), key=lambda each: ranks[self.things[each]])
        order.sort(key=self._folded.__getitem__)
        return order

    def numbers(
        self, name: str, order: Iterable[int], ranks: Sequence[int]
    ) -> dict[str, array[int]]:
        """Return the columns of numbers in an order."""
        return {
            f"{name} things": array("I", [ranks[self.things[each]] for each in order]),
            f"{name} languages": array("I", [self._languages[each] for each in order]),
        }

    def texts(self, name: str, order: Sequence[int]) -> dict[str, Iterable[bytes]]:
        """Return the columns of texts in an order."""
        return {
            f"{name} folded": (self._folded[each] for each in order),
            f"{name} texts": (self._texts[each] for each in order),
        }


def _things(store: Store, labels: _Lines) -> tuple[dict[str, int], int]:
    """Return the numbers of the things that have labels, and the number of labels proper.

    The labels are added to ``labels``, and after them the other names.
    """
    things: dict[str, int] = {}
    ends = []
    for names in (_NAMED, _ALSO_NAMED):
        for iri, literal in _rows(store, _LABELS % names, "label"):
            labels.add(things.setdefault(iri, len(things)), literal)
        ends.append(len(labels.things))
    return things, ends[0]


def _types(store: Store, things: dict[str, int]) -> tuple[dict[str, int], array[int], array[int]]:
    """Return the numbers of classes, and of things and of their classes, pair by pair.

    Classes and properties without a label are added to the things.
    """
    classes: dict[str, int] = {}
    of_things, types = array("I"), array("I")
    for iri, type_ in _rows(store, _TYPES, "type"):
        if iri in things or type_ in TERMS:
            of_things.append(things.setdefault(iri, len(things)))
            types.append(classes.setdefault(type_, len(classes)))
    return classes, of_things, types


def _places(order: Sequence[int]) -> array[int]:
    """Return the place of each number in an order of all numbers."""
    places = array("I", bytes(4 * len(order)))
    for place, number in enumerate(order):
        places[number] = place
    return places


def _grouped(
    ranks: Sequence[int], things: Sequence[int], values: Sequence[int]
) -> tuple[array[int], array[int]]:
    """Return where the values of each thing begin, and the values by things, in their order."""
    starts = array("I", bytes(4 * (len(ranks) + 1)))
    for thing in things:
        starts[ranks[thing] + 1] += 1
    for rank in range(len(ranks)):
        starts[rank + 1] += starts[rank]
    free, grouped = array("I", starts), array("I", bytes(4 * len(values)))
    for thing, value in zip(things, values, strict=True):
        rank = ranks[thing]
        grouped[free[rank]] = value
        free[rank] += 1
    return starts, grouped


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
  UNION { { ?code rdfs:subPropertyOf+ skos:notation } UNION { ?code rdfs:subPropertyOf+ rdfs:label }
          UNION { ?code rdfs:subPropertyOf+ skos:altLabel }
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


def _rows(store: Store, text: str, name: str) -> Iterator[tuple[str, str]]:
    """Yield rows of two cells; TSV, as JSON takes three times as long to read at this size."""
    for line in lines(store, text, ("thing", name)):
        first, tab, second = line.partition("\t")
        if tab:
            yield first[1:-1], second[1:-1] if second[0] == "<" else second
