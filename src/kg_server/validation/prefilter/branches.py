"""Branches: patterns that find what may violate a shape, and where a constraint stands."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kg_server.validation.prefilter.values import NotExpressible

if TYPE_CHECKING:
    from rdflib.term import Node

MOST_BRANCHES = 64
"""More are not worth the queries."""


@dataclass(frozen=True, slots=True)
class Bad:
    """SPARQL patterns that match violating nodes; ``exact`` if they match no other node."""

    branches: tuple[str, ...] = ()
    exact: bool = True

    def __add__(self, other: Bad) -> Bad:
        if len(self.branches) + len(other.branches) > MOST_BRANCHES:
            raise NotExpressible("too many branches")
        return Bad(self.branches + other.branches, self.exact and other.exact)


ALTERED_IRI = "urn:x-kg-server:altered"
"""The function that tells whether the store has altered a term."""
REVALUED_IRI = "urn:x-kg-server:revalued"
"""The function that tells whether it may have altered its value."""
DOUBTFUL_IRI = "urn:x-kg-server:doubtful"
"""The function that tells whether it was written in several ways, or has another value now."""
WRITTEN_IRI = "urn:x-kg-server:written"
"""The function that gives the datatype with which an altered term is written, if it is certain."""
ANY = '""'
"""In place of a predicate: whichever it is."""


def is_altered(term: str, predicate: str = ANY) -> str:
    """Return the condition that the store may have altered a term, as a value of a predicate."""
    return f"<{ALTERED_IRI}>({term}, {predicate})"


def is_revalued(term: str, predicate: str = ANY) -> str:
    """Return the condition that the store may have altered the value of a term."""
    return f"<{REVALUED_IRI}>({term}, {predicate})"


def is_doubtful(term: str, predicate: str = ANY) -> str:
    """Return the condition that a term may be another one in the files."""
    return f"<{DOUBTFUL_IRI}>({term}, {predicate})"


def written_datatype(term: str, predicate: str = ANY) -> str:
    """Return the expression for the datatype with which a term is written; an error if unsure."""
    return f"<{WRITTEN_IRI}>({term}, {predicate})"


@dataclass(frozen=True, slots=True)
class At:
    """Context of a constraint: its shape, the focus variable, and the path to its values."""

    shape: Node
    focus: str
    path: str
    """A SPARQL property path; empty for a node shape, whose value is the focus node."""
    value: str
    altered: bool
    """True if the store may have altered the values' lexical forms or datatypes."""
    merged: bool
    """True if the store may have merged two values."""
    predicates: Collection[str] = ()
    """The predicates of all altered values."""

    @property
    def reach(self) -> str:
        """The pattern that binds the value; empty for a node shape."""
        return f"{self.focus} {self.path} {self.value} . " if self.path else ""

    @property
    def predicate(self) -> str:
        """The predicate whose values these are, if it is one."""
        return self.path if re.fullmatch(r"<[^<>]*>", self.path) else ANY

    def each(
        self, good: str, *, exact: bool = True, doubt: Callable[[str, str], str] | None = is_altered
    ) -> Bad:
        """Return that every value must meet a condition; one that is an error is not met.

        Args:
            good: the condition.
            exact: whether it is met by all values that do not violate the constraint.
            doubt: the condition of a value that the store may have altered so that this one does
                not hold; ``None``: however it alters a value, it does.
        """
        if doubt and self.altered:
            good, exact = f"({good}) && !{doubt(self.value, self.predicate)}", False
        return Bad((f"{self.reach}FILTER(!COALESCE({good}, false))",), exact)

    def on_path(self) -> None:
        """Refuse node shapes."""
        if not self.path:
            raise NotExpressible("no path")


def good(bad: Bad, *, sure: bool = True) -> str:
    """Return the negation: a pattern for nodes that no branch matches."""
    if sure and not bad.exact:
        raise NotExpressible("only an exact pattern can be turned round")
    return " ".join(_not(branch) for branch in bad.branches)


def _not(branch: str) -> str:
    """Return the negation of a branch: of a condition alone the opposite, which is faster.

    >>> _not("FILTER(!COALESCE(isIRI(?a), false))")
    'FILTER(COALESCE(isIRI(?a), false))'
    >>> _not("?a <urn:p> ?b . FILTER(!COALESCE(isIRI(?b), false))")
    'FILTER NOT EXISTS { ?a <urn:p> ?b . FILTER(!COALESCE(isIRI(?b), false)) }'
    """
    # Virtuoso 7.2 finds NOT EXISTS of a group without a pattern true, whatever the filter says.
    start, end = "FILTER(!COALESCE(", ", false))"
    if branch.startswith(start) and branch.endswith(end) and "FILTER" not in branch[1:]:
        return f"FILTER(COALESCE({branch[len(start) : -len(end)]}{end}"
    return f"FILTER NOT EXISTS {{ {branch} }}"


def count(value: Any) -> int:
    """Return a whole number."""
    if not isinstance(value.value, int) or isinstance(value.value, bool):
        raise NotExpressible("not a number")
    return int(value.value)
