"""Canned queries as questions: their titles in the reader's language, by topic."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kg_server.canned import CannedQuery


@dataclass(frozen=True, slots=True)
class Question:
    """A canned query in a list."""

    name: str
    title: str
    description: str
    href: str


def topics(queries: Iterable[CannedQuery], language: str) -> list[tuple[str, list[Question]]]:
    """Return the queries under their first tag, topics and titles in order."""
    found: dict[str, list[Question]] = {}
    for query in queries:
        topic = query.tags[0] if query.tags else ""
        found.setdefault(topic, []).append(question(query, language))
    return [(topic, sorted(found[topic], key=lambda each: each.title)) for topic in sorted(found)]


def question(query: CannedQuery, language: str) -> Question:
    """Return a query as a question; it opens with its own example filled in."""
    title = query.titles.get(language, query.title)
    return Question(query.name, title, query.description, f"/queries/{query.name}")
