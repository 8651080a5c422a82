"""The query editor: a form that asks by itself, which the script turns into an editor."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from kg_server import canned
from kg_server.canned import CannedQuery
from kg_server.canned.parameters import AllNames
from kg_server.errors import Problem
from kg_server.formats import of_kind
from kg_server.project.profile import Evidence
from kg_server.sparql.protocol import Operation
from kg_server.store import Store
from kg_server.web.pages import questions, results, tables, well_known
from kg_server.web.pages.terms import Labels

STARTER = """\
# How many things of each class there are
SELECT ?class (COUNT(?thing) AS ?things)
WHERE { ?thing a ?class }
GROUP BY ?class
ORDER BY DESC(?things)
LIMIT 100
"""
"""First text of the field: a query that any graph answers."""

WORDS = {
    "query": "SPARQL query",
    "running": "Running …",
    "stopped": "Stopped.",
    "failed": "The query failed",
    "away": "The server could not be reached.",
    "bindings": "rows",
    "graph": "triples",
    "row": "row",
    "triple": "triple",
    "leftOut": results.LEFT_OUT,
    "accepted": "accepted",
    "disputed": "disputed",
    "background": "background",
    "unknown": "standing not stated",
    "moreLinks": "{count} more links are not drawn.",
    "boolean": "answer",
    "bytes": "bytes",
    "line": "line",
    "column": "column",
    "more": "About this problem",
    "view": "View",
    "cut": "Only the first {shown} rows are shown; every download has all.",
    "unknownName": "{name} does not occur in this graph.",
    "didYouMean": "Did you mean",
    "tab": "Query",
    "newTab": "New query",
    "closeTab": "Close",
    "noRows": "No rows.",
    "none": "These patterns have no match even alone:",
    "branches": "In a group of UNION, these patterns have no match even alone:",
    "together": "Each pattern alone has matches; together they have none.",
    "rest": "The pattern alone has matches; the rest of the query leaves none of them.",
    "noMatch": "This pattern alone has no match.",
    "patterns": "Matches of each pattern by itself",
    "costly": "Costly",
    "nothingCostly": "Nothing in the query is known to be costly.",
    "evaluated": "This query, which has the same answer, is evaluated in its place",
}
"""The script's words, in English, by the name it uses."""

VIEWS = {"table": "Table", "raw": "Raw", "chart": "Chart", "graph": "Graph"}


@dataclass(frozen=True, slots=True)
class Answered:
    """A query's table and how long it took, in milliseconds; or the problem document."""

    text: str
    table: tables.Table | None = None
    milliseconds: int = 0
    problem: Mapping[str, object] | None = None
    status: int = 200

    @property
    def downloads(self) -> list[tuple[str, str]]:
        """The formats that the whole result is to be had in: name, and label."""
        offered = of_kind(self.table.kind) if self.table else ()
        return [(each.name, each.name.upper()) for each in offered]


@dataclass(frozen=True, slots=True)
class Example:
    """A query to start from: its title and its text."""

    title: str
    text: str


def run(
    store: Store, operation: Operation, *, labels: Labels, root: str, timeout_s: float
) -> Answered:
    """Answer a query for the page; a problem with it is part of the page.

    ``root`` is where the pages about problems are.
    """
    text = operation.text if operation.text is not None else STARTER
    limit_s = _shorter(operation, timeout_s)
    started = time.perf_counter()
    try:
        table = tables.answer(store, text, labels, dataset=operation.dataset, timeout_s=limit_s)
    except Problem as problem:
        document = {**problem.document(root), "slug": problem.slug}
        return Answered(text, problem=document, status=problem.status)
    return Answered(text, table, round((time.perf_counter() - started) * 1000))


def examples(queries: Iterable[CannedQuery], names: AllNames, language: str) -> list[Example]:
    """Return the canned queries to start from, each with its example's values in place."""
    return [
        Example(questions.title(query, language), canned.example_text(query, names))
        for query in queries
    ]


def words(
    translate: Callable[[str], str], language: str, evidence: Evidence | None
) -> dict[str, object]:
    """Return the script's words in the page's language.

    They include the labels of common vocabularies, and how the standings of claims look.

    Args:
        translate: the page's ``t``.
        language: the page's language.
        evidence: the project's vocabulary of claims.
    """
    named = {name: translate(text) for name, text in WORDS.items()}
    looks = ("accepted", "disputed", "background") if evidence else ()
    return {
        **named,
        "views": {name: translate(text) for name, text in VIEWS.items()},
        "names": well_known.labels(language),
        "standings": {iri: look for look in looks if (iri := getattr(evidence, look)) is not None},
    }


def _shorter(operation: Operation, timeout_s: float) -> float:
    return min(timeout_s, operation.timeout_s or timeout_s)
