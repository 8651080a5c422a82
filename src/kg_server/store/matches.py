"""Counts of the matches of each pattern of a query by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from kg_server.errors import Problem
from kg_server.formats import Kind, named
from kg_server.sparql import advice, lexer
from kg_server.sparql.groups import NotUnderstood
from kg_server.sparql.query import Query
from kg_server.store.protocol import Store

_CSV = named("csv", Kind.BINDINGS)


@dataclass(frozen=True, slots=True)
class Matches:
    """A pattern and the number of its solutions; ``None`` where they cannot be counted alone.

    ``is_needed``: its group has no solution without them, so the pattern is not optional.
    ``is_in_branch``: it is in a group of a UNION, whose other groups may have solutions.
    """

    pattern: str
    count: int | None
    is_needed: bool
    is_in_branch: bool


def of(store: Store, query: Query) -> Iterator[Matches]:
    """Yield the patterns of a query with their matches; without paths that repeat.

    Nothing is yielded for a query that ``sparql.groups`` cannot read.
    """
    try:
        occurrences = [each for each in advice.patterns(query.text) if not each.pattern.repeats]
    except NotUnderstood:
        return
    for text in dict.fromkeys(each.text for each in occurrences):
        places = [each for each in occurrences if each.text == text]
        yield Matches(
            text,
            _count(store, query, text),
            is_needed=any(each.is_needed for each in places),
            is_in_branch=all(each.is_in_branch for each in places),
        )


def _count(store: Store, query: Query, pattern: str) -> int | None:
    prologue = query.text[: lexer.after_prologue(query.text)]
    text = f"{prologue}\nSELECT (COUNT(*) AS ?kg_count) {{ {pattern} }}"
    try:
        answer = store.query(replace(query, text=text, format=_CSV)).read()
    except Problem:
        return None
    return int(answer.split()[1])
