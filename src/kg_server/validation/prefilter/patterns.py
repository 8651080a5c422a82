"""SHACL Core constraints as SPARQL patterns that match every node which may violate them.

A *branch* is a group graph pattern without its braces. The focus variable is bound outside it. A
focus node may violate a shape if it is a solution of one of the shape's branches. Branches may
match too many nodes, never too few; ``exact`` branches match only nodes that violate the shape.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from kg_server.rdf import namespaces as ns
from kg_server.rdf import terms
from kg_server.validation.prefilter import values
from kg_server.validation.prefilter.branches import (
    MOST_BRANCHES,
    At,
    Bad,
    count,
    good,
    is_doubtful,
    is_revalued,
)
from kg_server.validation.prefilter.constraints import CONSTRAINTS
from kg_server.validation.prefilter.values import NotExpressible

if TYPE_CHECKING:
    from rdflib import Graph
    from rdflib.term import Node

    from kg_server.validation.aiming import Constraint

_MOST_COUNTED = 4


class Patterns:
    """Translator from shapes to branches.

    Args:
        shapes: the shapes graph.
        subclasses: returns a class and all its subclasses in the data graph.
        altered: the predicates of values whose lexical form the store has changed.
        merged: the predicates with values that the store has merged.
    """

    def __init__(
        self,
        shapes: Graph,
        subclasses: Callable[[Node], Sequence[Node]],
        altered: Collection[str],
        merged: Collection[str],
    ) -> None:
        self._shapes, self._subclasses = shapes, subclasses
        self._altered, self._merged = altered, merged
        self._numbers = itertools.count(1)
        self._open: list[Node] = []
        self._custom = any(shapes.triples((None, values.term("parameter"), None)))

    def each(self, shape: Node) -> Iterator[tuple[Constraint, Bad | None]]:
        """Yield each constraint of a shape with its branches; ``None``: no pattern expresses it.

        Raises:
            NotExpressible: no pattern can express any constraint of the shape.
        """
        with self._opened(shape):
            at = self._at(shape, "?this", altered=False)
            for constraint in self._constraints(shape):
                try:
                    yield constraint, self._constraint(at, *constraint)
                except NotExpressible:
                    yield constraint, None

    def bad(self, shape: Node, focus: str, *, altered: bool) -> Bad:
        """Return the branches of a shape.

        Args:
            shape: a node or property shape.
            focus: the variable of its focus node.
            altered: whether the focus node may be a literal that the store has altered.

        Raises:
            NotExpressible: no pattern can express a constraint of the shape.
        """
        bad = Bad()
        with self._opened(shape):
            at = self._at(shape, focus, altered=altered)
            for constraint in self._constraints(shape):
                bad += self._constraint(at, *constraint)
        return bad

    @contextmanager
    def _opened(self, shape: Node) -> Iterator[None]:
        if shape in self._open or self._custom:
            raise NotExpressible("recursion, or constraint components of one's own")
        self._open.append(shape)
        try:
            yield
        finally:
            self._open.pop()

    def _at(self, shape: Node, focus: str, *, altered: bool) -> At:
        path = self._shapes.value(shape, values.term("path"))
        if path is None:
            return At(
                shape=shape,
                focus=focus,
                path="",
                value=focus,
                altered=altered,
                merged=False,
                predicates=self._altered,
            )
        text = values.path(self._shapes, path)
        steps = set(re.findall(r"<([^<>]*)>", text))
        through = not steps.isdisjoint(self._altered)
        unsure = (altered and bool(re.search(r">[)]*[*?]", text))) or through
        # A path may reach two merged values by different subjects.
        merged = unsure if text != f"<{path}>" else str(path) in self._merged
        return At(
            shape=shape,
            focus=focus,
            path=text,
            value=self._variable(),
            altered=unsure,
            merged=merged,
            predicates=self._altered,
        )

    def _variable(self) -> str:
        return f"?v{next(self._numbers)}"

    def _constraints(self, shape: Node) -> list[Constraint]:
        """Return the constraints of a shape, none if it is deactivated."""
        if values.flag(self._shapes, shape, "deactivated"):
            return []
        pairs = self._shapes.predicate_objects(shape)
        constraints = [(name, value) for name, value in pairs if str(name) in PARAMETERS]
        # rdflib's order of literals raises an error for 1.0 and "NaN"^^xsd:double.
        return sorted(constraints, key=lambda each: (str(each[0]), terms.n_triples(each[1])))

    def _constraint(self, at: At, parameter: Node, value: Node) -> Bad:
        name = str(parameter).removeprefix(ns.SH)
        if name in CONSTRAINTS:
            return CONSTRAINTS[name](self._shapes, at, value)
        if name in _NESTING:
            return _NESTING[name](self, at, value)
        raise NotExpressible(name)

    def _min_count(self, at: At, value: Any) -> Bad:
        return self._fewer(at, count(value))

    def _max_count(self, at: At, value: Any) -> Bad:
        return self._more(at, count(value))

    def _fewer(self, at: At, least: int, good: Callable[[str], str] = lambda _: "") -> Bad:
        if least == 0:
            return Bad()
        # The store has fewer values if some were merged: the branch may then match too many nodes.
        unsure = least > 1 and at.merged
        return Bad((f"FILTER NOT EXISTS {{ {self._several(at, least, good)} }}",), not unsure)

    def _more(self, at: At, most: int, good: Callable[[str], str] = lambda _: "") -> Bad:
        bad = Bad((f"FILTER EXISTS {{ {self._several(at, most + 1, good)} }}",))
        if most and at.merged:
            value = self._variable()
            bad += Bad(
                (f"{at.focus} {at.path} {value} FILTER({is_doubtful(value, at.predicate)})",), False
            )
        return bad

    def _several(self, at: At, count: int, good: Callable[[str], str]) -> str:
        """Return a pattern that matches if there are ``count`` different values."""
        at.on_path()
        if count > _MOST_COUNTED:
            raise NotExpressible("too many to count")
        names = [self._variable() for _ in range(count)]
        parts = []
        for number, name in enumerate(names):
            others = [f"!sameTerm({name}, {before})" for before in names[:number]]
            parts.append(f"{at.focus} {at.path} {name} . {good(name)}")
            parts += [f"FILTER({' && '.join(others)})"] if others else []
        return " ".join(parts)

    def _class(self, at: At, value: Node) -> Bad:
        classes = ", ".join(values.iri(each) for each in self._subclasses(value))
        kind = self._variable()
        has_it = f"{at.value} a {kind} FILTER({kind} IN ({classes}))"
        return Bad((f"{at.reach}FILTER NOT EXISTS {{ {has_it} }}",))

    def _unique_lang(self, at: At, _value: Node) -> Bad:
        if not values.flag(self._shapes, at.shape, "uniqueLang"):
            return Bad()
        at.on_path()
        one, other = self._variable(), self._variable()
        return Bad(
            (
                f"FILTER EXISTS {{ {at.focus} {at.path} {one}, {other} . FILTER("
                f"LANG({one}) != '' && LCASE(LANG({one})) = LCASE(LANG({other})) && "
                f"!sameTerm({one}, {other})) }}",
            )
        )

    def _less_than(self, at: At, value: Node) -> Bad:
        return self._ordered(at, "<", value)

    def _less_than_or_equals(self, at: At, value: Node) -> Bad:
        return self._ordered(at, "<=", value)

    def _ordered(self, at: At, sign: str, value: Node) -> Bad:
        at.on_path()
        other = self._variable()
        good = values.in_order(at.value, sign, other)
        good += f" && !{is_revalued(at.value)}" if at.altered else ""
        good += f" && !{is_revalued(other)}" if str(value) in at.predicates else ""
        branch = f"{at.reach}{at.focus} {values.iri(value)} {other} . "
        return Bad((f"{branch}FILTER(!COALESCE({good}, false))",), exact=False)

    def _closed(self, at: At, _value: Node) -> Bad:
        if not values.flag(self._shapes, at.shape, "closed"):
            return Bad()
        allowed = values.allowed(self._shapes, at.shape)
        predicate, value = self._variable(), self._variable()
        outside = f"FILTER({predicate} NOT IN ({', '.join(allowed)}))" if allowed else ""
        return Bad((f"{at.reach}{at.value} {predicate} {value} . {outside}",))

    def _node(self, at: At, value: Node) -> Bad:
        return self._through(at, self._inner(at, value, at.value))

    def _and(self, at: At, value: Node) -> Bad:
        bad = Bad()
        for member in self._shapes.items(value):
            bad += self._through(at, self._inner(at, member, at.value))
        return bad

    def _or(self, at: At, value: Node) -> Bad:
        return self._through(at, self._all_bad(self._members(at, value)))

    def _xone(self, at: At, value: Node) -> Bad:
        members = self._members(at, value)
        bad = self._all_bad(members)
        for one, other in itertools.combinations(members, 2):
            bad += Bad((f"{good(one)} {good(other)}",))
        return self._through(at, bad)

    def _not(self, at: At, value: Node) -> Bad:
        return self._through(at, Bad((good(self._inner(at, value, at.value)),)))

    def _qualified_value_shape(self, at: At, value: Node) -> Bad:
        if values.flag(self._shapes, at.shape, "qualifiedValueShapesDisjoint"):
            raise NotExpressible("disjoint value shapes")
        bad = Bad(exact=False)
        least = self._shapes.value(at.shape, values.term("qualifiedMinCount"))
        if least is not None:
            # An inexact branch may match a good value, which is not counted: too many suspects.
            bad += self._fewer(
                at, count(least), lambda name: good(self._inner(at, value, name), sure=False)
            )
        most = self._shapes.value(at.shape, values.term("qualifiedMaxCount"))
        if most is not None:
            bad += self._more(at, count(most), lambda name: good(self._inner(at, value, name)))
        return bad

    def _inner(self, at: At, shape: Node, focus: str) -> Bad:
        return self.bad(shape, focus, altered=at.altered)

    def _members(self, at: At, value: Node) -> list[Bad]:
        return [self._inner(at, member, at.value) for member in self._shapes.items(value)]

    def _all_bad(self, members: Sequence[Bad]) -> Bad:
        """Return the branches that violate every member: all combinations of their branches."""
        branches = [""]
        for member in members:
            if len(branches) * len(member.branches) > MOST_BRANCHES:
                raise NotExpressible("too many branches")
            branches = [f"{one} {other}" for one in branches for other in member.branches]
        return Bad(tuple(branches), all(member.exact for member in members))

    def _through(self, at: At, bad: Bad) -> Bad:
        return Bad(tuple(at.reach + branch for branch in bad.branches), bad.exact)


_NESTING: dict[str, Callable[[Patterns, At, Any], Bad]] = {
    "minCount": Patterns._min_count,
    "maxCount": Patterns._max_count,
    "class": Patterns._class,
    "uniqueLang": Patterns._unique_lang,
    "lessThan": Patterns._less_than,
    "lessThanOrEquals": Patterns._less_than_or_equals,
    "closed": Patterns._closed,
    "node": Patterns._node,
    "property": Patterns._node,
    "and": Patterns._and,
    "or": Patterns._or,
    "xone": Patterns._xone,
    "not": Patterns._not,
    "qualifiedValueShape": Patterns._qualified_value_shape,
}
"""Methods for constraints that count, need new variables or refer to shapes, by SHACL's name."""
PARAMETERS = frozenset(f"{ns.SH}{name}" for name in (*CONSTRAINTS, *_NESTING, "sparql"))
"""Parameters that each declare a constraint; others are optional ones of these."""
