"""Prepared SPARQL queries for rdflib: parsed once, and reordered to be fast.

rdflib 7.6 does not optimise queries. ``expressions`` corrects their expressions. Two
changes keep the solutions and save most of the time:

- rdflib joins the filters of a group by && and evaluates every operand for every solution. Here the
  conditions are evaluated in turn, EXISTS last, until one is not true.
- rdflib orders triple patterns by the number of terms that are unbound at the start. That makes
  products of patterns without a common variable. Here each pattern follows one that binds a
  variable of it. A join does not depend on the order of its patterns (SPARQL 1.1 §18.4).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache, partial
from typing import Any

import rdflib
from rdflib import BNode, Literal, Variable
from rdflib.plugins.sparql import prepareQuery
from rdflib.plugins.sparql.evalutils import _ebv
from rdflib.plugins.sparql.parserutils import CompValue, Expr
from rdflib.plugins.sparql.sparql import SPARQLError

from kg_server.validation import expressions

_BOUND = frozenset((Variable("this"),))
"""Variables that SHACL binds in advance (§5.3.1)."""


@cache
def query(text: str) -> Any:
    """Parse a query in which SHACL pre-binds ``$this``."""
    parsed = _parsed(text)
    _connect(parsed.algebra, _BOUND)
    for part in list(_parts(parsed.algebra)):
        expressions.correct(part)
        if part.name == "Filter":
            conditions = sorted(_conditions(part.expr), key=_has_exists)
            part.expr = Expr("InTurn", partial(_in_turn, conditions))
        elif part.name == "AdditiveExpression":
            part._evalfn = partial(_sum, part, part._evalfn)
    return parsed


def _parsed(text: str) -> Any:
    before = rdflib.NORMALIZE_LITERALS
    rdflib.NORMALIZE_LITERALS = False  # a query that asks for 01 must find 01, not 1
    try:
        return prepareQuery(text)
    finally:
        rdflib.NORMALIZE_LITERALS = before


def _connect(part: Any, bound: frozenset[Any]) -> None:
    """Order the triple patterns in a part of a query.

    Args:
        part: a pattern, an expression, or a list of such.
        bound: the variables that are bound before its evaluation.
    """
    if isinstance(part, list | tuple):
        for each in part:
            _connect(each, bound)
    elif isinstance(part, CompValue):
        if part.name == "BGP":
            _order(part, bound)
            return
        inner = bound
        if part.name == "Filter" or (part.name == "Join" and part.lazy) or part.name == "LeftJoin":
            inner = bound | _variables(part.p if part.name == "Filter" else part.p1)
        for name, each in _children(part).items():
            _connect(each, bound if name in ("p", "p1") else inner)


def _order(part: Any, bound: frozenset[Any]) -> None:
    """Order the patterns of a group, each after one that binds a variable of it.

    rdflib orders the patterns of a group again, by their unbound terms at its start. So the
    patterns are divided into groups in which this number does not fall; the groups are joined in
    turn.
    """
    waiting = list(part.triples)
    if len(waiting) < 2 or any(isinstance(term, BNode) for each in waiting for term in each):
        return  # a blank node label must not be in two groups
    groups: list[list[Any]] = []
    known, at_start, last = bound, bound, 0
    while waiting:
        chosen = min(waiting, key=lambda each: (_is_apart(each, known), _unbound(each, known)))
        waiting.remove(chosen)
        if not groups or _unbound(chosen, at_start) < last:
            groups.append([])
            at_start = known
        groups[-1].append(chosen)
        last = _unbound(chosen, at_start)
        known |= frozenset(term for term in chosen if isinstance(term, Variable))
    first, *others = (CompValue("BGP", triples=each) for each in groups)
    for each in (first, *others):
        each["_vars"] = {term for triple in each.triples for term in triple} & _variables(part)
    for other in others[:-1]:
        first = _joined(first, other)
    if others:
        part.clear()
        part.name = "Join"
    part.update(_joined(first, others[-1]) if others else first)


def _joined(one: Any, other: Any) -> Any:
    """Return a lazy join: the second part is evaluated for each solution of the first."""
    variables = _variables(one) | _variables(other)
    return CompValue("Join", p1=one, p2=other, lazy=True, _vars=variables)


def _is_apart(pattern: Any, known: frozenset[Any]) -> bool:
    """Tell whether a pattern has variables and none of them is bound."""
    variables = {term for term in pattern if isinstance(term, Variable)}
    return bool(variables) and variables.isdisjoint(known)


def _unbound(pattern: Any, known: frozenset[Any]) -> int:
    return sum(isinstance(term, Variable) and term not in known for term in pattern)


def _variables(part: Any) -> frozenset[Any]:
    """Return the variables of a part, as rdflib lists them."""
    return frozenset(getattr(part, "_vars", None) or ())


def _in_turn(conditions: Sequence[Any], _expression: Any, bindings: Any) -> Literal:
    """Tell whether all conditions are true; an error counts as false (SPARQL 1.1 §17.2)."""
    return Literal(all(_ebv(each, bindings) for each in conditions))


def _sum(expression: Any, theirs: Any, bindings: Any) -> Any:
    """Return a sum or difference; with an ill-typed number, rdflib 7.6 does not terminate.

    Raises:
        SPARQLError: a number is ill-typed (SPARQL 1.1 §17.3).
    """
    for each in (expression.expr, *(expression.other or ())):
        if isinstance(each, Literal) and each.ill_typed:
            raise SPARQLError(f"{each.n3()} is no number")
    return theirs(bindings)


def _conditions(expression: Any) -> list[Any]:
    """Return the operands of &&, at every depth."""
    if not isinstance(expression, Expr) or expression.name != "ConditionalAndExpression":
        return [expression]
    operands = [expression.expr, *(expression.other or ())]
    return [each for operand in operands for each in _conditions(operand)]


def _has_exists(expression: Any) -> bool:
    """Tell whether a condition has EXISTS or NOT EXISTS."""
    return any(part.name in ("Builtin_EXISTS", "Builtin_NOTEXISTS") for part in _parts(expression))


def _parts(algebra: Any) -> Iterator[Any]:
    """Yield the patterns and expressions of a query."""
    if isinstance(algebra, CompValue):
        yield algebra
        algebra = _children(algebra).values()
    elif not isinstance(algebra, list | tuple):
        return
    for each in algebra:
        yield from _parts(each)


def _children(part: Any) -> dict[str, Any]:
    """Return the items of a part.

    rdflib stores translated parts, such as the group of an EXISTS, as attributes.
    """
    return {**dict(part.items()), **vars(part)}
