"""Problems of queries that fail, with their details: timeout (504), memory, crash, overload."""

from __future__ import annotations

import signal

from kg_server.errors import (
    MemoryExceeded,
    NestedTooDeeply,
    Overloaded,
    Problem,
    QueryCrashed,
    QueryTimeout,
)
from kg_server.sparql import advice, lexer
from kg_server.sparql.query import Query

_LESS = "Ask for less: add a LIMIT, name a class or a subject, or join on fewer patterns."
_LESS_TO_COUNT = (
    "LIMIT does not help an aggregate, which reads all of its solutions: name a class or a "
    "subject, join on fewer patterns, or put a sub-select with a LIMIT below it."
)
_AGGREGATES = {"COUNT", "SUM", "AVG", "MIN", "MAX", "SAMPLE", "GROUP_CONCAT"}
_LONG = 3000
"""Characters of a query that is not read for advice, as the HTTP worker has others to serve."""


def death(killed_by: int, query: Query) -> Problem:
    """Return the problem of a query whose evaluator was killed by a signal."""
    if killed_by == signal.SIGALRM:
        return timed_out(query)
    if killed_by in (signal.SIGABRT, signal.SIGKILL):
        return MemoryExceeded(
            "The query needed more memory than one query may use. Ask for less: "
            "add a LIMIT, or leave out ORDER BY, GROUP BY or DISTINCT over many rows."
        )
    if killed_by == signal.SIGSEGV:  # a stack without room, which nesting.check does not foresee
        return NestedTooDeeply(
            "The query has too many parts in a row for the engine. Write lists with VALUES, or ask "
            "in parts."
        )
    return crashed()


def gone() -> Overloaded:
    """Return the problem of a query whose evaluator and zygote ended for an unknown cause."""
    return Overloaded(
        "The processes that evaluate queries ended and are started again. Try again in a few "
        "seconds.",
        headers={"Retry-After": "2"},
    )


def crashed() -> QueryCrashed:
    """Return the problem of a query whose evaluator crashed."""
    return QueryCrashed(
        "The engine ended while it evaluated this query. Nothing else was affected. "
        "Write the query another way, or in parts."
    )


def timed_out(query: Query) -> QueryTimeout:
    """Return the problem of a query that met its deadline, with advice about its costly parts."""
    is_short = len(query.text) < _LONG
    costly = advice.on(query.text) if is_short else []
    counts = is_short and not _AGGREGATES.isdisjoint(lexer.words(query.text))
    hint = costly[0] if costly else _LESS_TO_COUNT if counts else _LESS
    unit = "second" if query.timeout_s == 1 else "seconds"
    detail = f"The query was stopped after {query.timeout_s:g} {unit}. {hint}"
    return QueryTimeout(detail, limit_s=query.timeout_s)


def busy() -> Overloaded:
    """Return the problem of a query for which no evaluator was free in time."""
    return Overloaded(
        "Every evaluator is busy and the queue is full. Try again in a few seconds.",
        headers={"Retry-After": "2"},
    )
