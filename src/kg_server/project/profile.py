"""The profile of a project: title, licence, home page, evidence, prefixes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

Texts = Mapping[str, str]
"""A text by language tag; ``""`` is the tag of a text without a language."""


@dataclass(frozen=True, slots=True)
class HomeQuery:
    """A canned query whose answer stands on the home page.

    ``view`` and ``title`` replace the query's own where they are given; ``path`` and ``line`` say
    where the manifest names it.
    """

    query: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    view: tuple[str, ...] = ()
    title: Texts = field(default_factory=dict)
    path: Path | None = field(default=None, repr=False)
    line: int | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The vocabulary of evidence: IRIs of classes, properties and values; ``None``: there is none.

    A claim has ``rdf:subject``, ``rdf:predicate`` and ``rdf:object``, whatever its class.
    """

    claim: str | None = None
    """Class of claims."""
    passage: str | None = None
    """Class of passages, the places in a source where claims stand."""
    source: str | None = None
    """Class of sources."""
    conflict: str | None = None
    """Class of conflicts among claims."""
    caveat: str | None = None
    """Class of notes on claims that nothing contradicts."""
    stated_in: str | None = None
    """From a claim to its passage, or straight to its source."""
    passage_of: str | None = None
    """From a passage to its source."""
    number: str | None = None
    """From a claim to its short number."""
    text: str | None = None
    """From a claim or a passage to a sentence that restates it."""
    standing: str | None = None
    """From a claim to its standing."""
    accepted: str | None = None
    """The standing of claims that are accepted."""
    disputed: str | None = None
    """The standing of claims that are doubted."""
    background: str | None = None
    """The standing of claims that are given as background."""
    polarity: str | None = None
    """From a claim to its polarity."""
    negative: str | None = None
    """The polarity of claims that deny their statement."""
    also_states: str | None = None
    """From a claim to further properties of its subject that it states."""
    involves: str | None = None
    """From a conflict to the claims that are part of it."""
    contests: str | None = None
    """From a conflict to the claim that it contests."""
    evidence_for: str | None = None
    """From a conflict to what supports the contested claim."""
    evidence_against: str | None = None
    """From a conflict to what contradicts the contested claim."""
    caveat_on: str | None = None
    """From a caveat to its claim."""
    kind: str | None = None
    """From a conflict or a caveat to its kind."""
    reason: str | None = None
    """From a conflict or a caveat to its reason in words."""

    @property
    def links(self) -> tuple[str, ...]:
        """The properties from conflicts and caveats to claims."""
        sides = (self.contests, self.evidence_for, self.evidence_against)
        return tuple(each for each in (self.involves, *sides, self.caveat_on) if each)


@dataclass(frozen=True, slots=True)
class Profile:
    """Description of a project by itself; an unknown field is empty."""

    title: Texts = field(default_factory=dict)
    description: Texts = field(default_factory=dict)
    licence: str | None = None
    """The IRI of the licence of the data, or its name."""
    languages: tuple[str, ...] = ()
    """Language tags, the preferred language first."""
    home: tuple[HomeQuery, ...] = ()
    evidence: Evidence | None = None
    columns: Mapping[str, Texts] = field(default_factory=dict)
    """Names of columns of answers, by variable."""
    topics: Mapping[str, Texts] = field(default_factory=dict)
    """Headings for the tags of canned queries, by tag."""
    prefixes: Mapping[str, str] = field(default_factory=dict)
    """The prefixes of the project's files, those of the base IRI and of its ontologies."""
    path: Path | None = field(default=None, repr=False, compare=False)
    """The file of the manifest."""
    text: str = field(default="", repr=False, compare=False)
    """The text of that file."""

    @property
    def text_properties(self) -> tuple[str, ...]:
        """The properties of the vocabulary of evidence whose values are texts."""
        properties = (self.evidence.text, self.evidence.reason) if self.evidence else ()
        return tuple(each for each in properties if each)


class TaggedText(NamedTuple):
    """A text and the tag of its language, ``""`` if that is unknown."""

    text: str
    language: str


def preferred(texts: Texts, languages: Iterable[str]) -> TaggedText:
    """Return a text in the first of these languages that it is in, or else in any.

    >>> preferred({"en": "Museums", "fr": "Musées"}, ["fr-CA", "fr"])
    TaggedText(text='Musées', language='fr')
    >>> preferred({"de": "Museen"}, ["fr", "en"])
    TaggedText(text='Museen', language='de')
    """
    for language in (*languages, "", "en", *texts):
        if language in texts:
            return TaggedText(texts[language], language)
    return TaggedText("", "")


def in_language(texts: Texts, languages: Iterable[str]) -> str:
    """Return a text in the first of these languages that it is in, or else in any.

    >>> in_language({"en": "Museums", "fr": "Musées"}, ["fr-CA", "fr"])
    'Musées'
    """
    return preferred(texts, languages).text
