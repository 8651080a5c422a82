"""Branches: SPARQL patterns that match nodes which may violate a shape, and their context."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kg_server.validation.prefilter.values import NotExpressible

if TYPE_CHECKING:
    from rdflib.term import Node

MOST_BRANCHES = 64
"""Most branches of a constraint; more would cost more than pySHACL."""


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
"""IRI of the SPARQL function: has the store altered this term?"""
REVALUED_IRI = "urn:x-kg-server:revalued"
"""IRI of the SPARQL function: may the store have altered the value of this term?"""
DOUBTFUL_IRI = "urn:x-kg-server:doubtful"
"""IRI of the SPARQL function: do files write this term in several ways, or with another value?"""
WRITTEN_IRI = "urn:x-kg-server:written"
"""IRI of the SPARQL function: the datatype of an altered term in the files, if it is certain."""
ANY = '""'
"""Argument in place of a predicate: any predicate."""


def is_altered(term: str, predicate: str = ANY) -> str:
    """Return the condition that the store may have altered a value of a predicate."""
    return f"<{ALTERED_IRI}>({term}, {predicate})"


def is_revalued(term: str, predicate: str = ANY) -> str:
    """Return the condition that the store may have altered the value of a term."""
    return f"<{REVALUED_IRI}>({term}, {predicate})"


def is_doubtful(term: str, predicate: str = ANY) -> str:
    """Return the condition that a term may differ in the files."""
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
        """The predicate of the values; ``ANY`` if the path is not a single predicate."""
        return self.path if re.fullmatch(r"<[^<>]*>", self.path) else ANY

    def each(
        self, good: str, *, exact: bool = True, doubt: Callable[[str, str], str] | None = is_altered
    ) -> Bad:
        """Return the branch of a condition that every value must meet; an error counts as false.

        Args:
            good: the condition.
            exact: whether all values that conform meet the condition.
            doubt: the condition under which the store may have altered a value so that it no
                longer meets the condition; ``None``: no alteration does that.
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
    """Return the negation of a branch; a branch with only a condition is negated without EXISTS.

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
