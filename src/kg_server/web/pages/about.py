"""The page about a site: standings of claims, counts, sources."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rdflib import RDFS, SKOS, VOID, Graph, Literal, URIRef

from kg_server.linked_data.documents import Site
from kg_server.project.profile import Evidence
from kg_server.store.results import rows, values
from kg_server.web.pages.claims import look
from kg_server.web.pages.numbers import number
from kg_server.web.pages.terms import Labels, Shown

MOST_SOURCES = 50
"""Most sources on the page; their table has all."""

_STANDINGS = """
SELECT ?standing (COUNT(DISTINCT ?claim) AS ?count)
WHERE { ?claim <%s> ?standing FILTER(ISIRI(?standing)) }
GROUP BY ?standing ORDER BY ?standing LIMIT 20
"""
_DEFINITIONS = f"""
SELECT ?concept ?text WHERE {{
  VALUES ?concept {{ %s }} ?concept <{SKOS.definition}>|<{RDFS.comment}> ?text
}}
"""
_INSTANCES = """
SELECT ?class (COUNT(DISTINCT ?thing) AS ?count)
WHERE { VALUES ?class { %s } ?thing a ?class } GROUP BY ?class
"""
_SOURCES = """
SELECT ?source (COUNT(DISTINCT ?claim) AS ?count) WHERE {
  ?source a <%s> OPTIONAL { %s }
} GROUP BY ?source ORDER BY DESC(?count) ?source LIMIT %d
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """A standing of claims: ``look`` is how pages mark it, perhaps empty."""

    name: Shown
    look: str
    definition: Literal | None
    count: str


@dataclass(frozen=True, slots=True)
class Counted:
    """A thing and a number that belongs to it."""

    name: Shown
    count: str


@dataclass(frozen=True, slots=True)
class AboutPage:
    """Contents of the page; each part may be empty."""

    statements: str
    standings: tuple[Standing, ...]
    kinds: tuple[Counted, ...]
    sources: tuple[Counted, ...]


def about_page(site: Site, description: Graph, labels: Labels) -> AboutPage:
    """Return what a site says of its evidence, in the reader's language."""
    words, language = site.evidence or Evidence(), labels.language
    standings = _counts(site, _STANDINGS % words.standing) if words.standing else {}
    named = [each for each in (words.accepted, words.disputed, words.background) if each]
    concepts = list(dict.fromkeys([*named, *standings]))
    classes = [words.source, words.passage, words.claim, words.conflict, words.caveat]
    kinds = _of_classes(site, [each for each in classes if each])
    sources = _counts(site, _sources(words)) if words.source else {}
    labels.load([*concepts, *kinds, *sources])
    definitions = _definitions(site, concepts)
    total = description.value(URIRef(site.dataset_iri), VOID.triples)
    return AboutPage(
        statements=number(str(total), language) if total is not None else "",
        standings=tuple(
            Standing(
                name=labels.show(each),
                look=look(words, [each]),
                definition=labels.pick(definitions.get(each, ())),
                count=number(str(standings.get(each, 0)), language),
            )
            for each in concepts
        ),
        kinds=_counted(kinds, labels),
        sources=_counted(sources, labels),
    )


def _sources(words: Evidence) -> str:
    stated, passage_of = words.stated_in, words.passage_of
    ways = [f"?claim <{stated}> ?source"] if stated else []
    if stated and passage_of:
        ways.append(f"?claim <{stated}> ?passage . ?passage <{passage_of}> ?source")
    pattern = " UNION ".join(f"{{ {each} }}" for each in ways)
    return _SOURCES % (words.source, pattern, MOST_SOURCES)


def _of_classes(site: Site, classes: Sequence[str]) -> dict[str, int]:
    """Return how many instances these classes have, in their order, without those of none."""
    named = values(map(URIRef, classes))
    counts = _counts(site, _INSTANCES % named) if named else {}
    return {each: counts[each] for each in classes if counts.get(each)}


def _counts(site: Site, text: str) -> dict[str, int]:
    """Return the count of each thing, by IRI; the query's first column has the things."""
    counts = {}
    for row in rows(site.store, text):
        named = [term for term in row.values() if isinstance(term, URIRef)]
        if named:
            counts[str(named[0])] = int(str(row["count"]))
    return counts


def _definitions(site: Site, concepts: Iterable[str]) -> dict[str, list[Literal]]:
    named = values(map(URIRef, concepts))
    texts: dict[str, list[Literal]] = {}
    for row in rows(site.store, _DEFINITIONS % named) if named else ():
        if isinstance(row["text"], Literal):
            texts.setdefault(str(row["concept"]), []).append(row["text"])
    return texts


def _counted(counts: dict[str, int], labels: Labels) -> tuple[Counted, ...]:
    return tuple(
        Counted(labels.show(iri), number(str(count), labels.language))
        for iri, count in counts.items()
    )
