"""Canned queries as questions: their titles in the reader's language, by topic."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kg_server.canned import CannedQuery
from kg_server.project.profile import TaggedText, Texts, in_language, preferred
from kg_server.web.pages.layout import preferred_languages


@dataclass(frozen=True, slots=True)
class Question:
    """A canned query in the reader's language, as far as its header has it."""

    name: str
    title: TaggedText
    description: TaggedText
    result: TaggedText
    href: str


def topics(
    queries: Iterable[CannedQuery], language: str, headings: Mapping[str, Texts]
) -> list[tuple[str, list[Question]]]:
    """Return the queries under their first tag, topics and titles in order.

    Args:
        queries: the queries.
        language: the reader's language.
        headings: headings by tag; a tag without one is its own.
    """
    by_topic: dict[str, list[Question]] = {}
    for query in queries:
        tag = query.tags[0] if query.tags else ""
        topic = in_language(headings.get(tag) or {"": tag}, preferred_languages(language))
        by_topic.setdefault(topic, []).append(question(query, language))
    return [
        (topic, sorted(by_topic[topic], key=lambda each: each.title)) for topic in sorted(by_topic)
    ]


def question(query: CannedQuery, language: str) -> Question:
    """Return a query as a question; it opens with its own example filled in."""
    languages = (language, query.language, *preferred_languages(language))
    return Question(
        name=query.name,
        title=preferred(query.titles, languages),
        description=preferred(query.descriptions, languages),
        result=preferred(query.results, languages),
        href=f"/queries/{query.name}",
    )


def title(query: CannedQuery, language: str) -> str:
    """Return the title of a query in the reader's language, as far as it has it."""
    return question(query, language).title.text
