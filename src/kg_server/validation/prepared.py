"""SPARQL queries as rdflib evaluates them, prepared once and so that they take little time.

rdflib 7.6 takes a query as it is written. Two changes keep its solutions and save most of the time:

- Filters of a group are joined by &&, and rdflib evaluates every operand for every solution. Here
  the conditions are evaluated in turn, EXISTS last, until one is not true.
- Triple patterns are evaluated by the number of their unbound terms at the beginning, which makes
  products of patterns that have no variable in common. Here each pattern follows one that binds a
  variable of it. The join of patterns does not depend on their order (SPARQL 1.1 §18.4).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache, partial
from typing import Any

import rdflib
from rdflib import BNode, Literal, Variable
from rdflib.plugins.sparql import prepareQuery
from rdflib.plugins.sparql.evalutils import _ebv
from rdflib.plugins.sparql.operators import AdditiveExpression
from rdflib.plugins.sparql.parserutils import CompValue, Expr
from rdflib.plugins.sparql.sparql import SPARQLError

_BOUND = frozenset((Variable("this"),))
"""Variables that SHACL binds in advance (§5.3.1)."""


@cache
def query(text: str) -> Any:
    """Parse a query that SHACL binds ``$this`` in."""
    parsed = _parsed(text)
    _connect(parsed.algebra, _BOUND)
    for part in list(_parts(parsed.algebra)):
        if part.name == "Filter":
            conditions = sorted(_conditions(part.expr), key=_has_exists)
            part.expr = Expr("InTurn", partial(_in_turn, conditions))
        elif part.name == "AdditiveExpression":
            part._evalfn = partial(_sum, part)
    return parsed


def _parsed(text: str) -> Any:
    before = rdflib.NORMALIZE_LITERALS
    rdflib.NORMALIZE_LITERALS = False  # a query that asks for 01 must find 01, not 1
    try:
        return prepareQuery(text)
    finally:
        rdflib.NORMALIZE_LITERALS = before


def _connect(part: Any, bound: frozenset[Any]) -> None:
    """Put the triple patterns below a part of a query in order.

    Args:
        part: a pattern, an expression, or a list of such.
        bound: the variables that are bound when it is evaluated.
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
    """Put the patterns of a group in order, each after one that binds a variable of it.

    rdflib puts patterns in order by the number of their unbound terms when it begins with them. So
    patterns where this number does not rise become a group of their own, which is joined.
    """
    waiting = list(part.triples)
    if len(waiting) < 2 or any(isinstance(term, BNode) for each in waiting for term in each):
        return  # the label of a blank node is known in one group only
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
    """Return a join that evaluates its second part for each solution of the first."""
    variables = _variables(one) | _variables(other)
    return CompValue("Join", p1=one, p2=other, lazy=True, _vars=variables)


def _is_apart(pattern: Any, known: frozenset[Any]) -> bool:
    """Tell whether a pattern has variables, of which none is bound."""
    variables = {term for term in pattern if isinstance(term, Variable)}
    return bool(variables) and variables.isdisjoint(known)


def _unbound(pattern: Any, known: frozenset[Any]) -> int:
    return sum(isinstance(term, Variable) and term not in known for term in pattern)


def _variables(part: Any) -> frozenset[Any]:
    """Return the variables of a part, as rdflib has found them."""
    return frozenset(getattr(part, "_vars", None) or ())


def _in_turn(conditions: Sequence[Any], _expression: Any, bindings: Any) -> Literal:
    """Tell whether all conditions are true; an error is not (SPARQL 1.1 §17.2)."""
    return Literal(all(_ebv(each, bindings) for each in conditions))


def _sum(expression: Any, bindings: Any) -> Any:
    """Return a sum or difference; rdflib 7.6 adds an ill-typed number to itself without end.

    Raises:
        SPARQLError: a number is ill-typed (SPARQL 1.1 §17.3).
    """
    for each in (expression.expr, *(expression.other or ())):
        if isinstance(each, Literal) and each.ill_typed:
            raise SPARQLError(f"{each.n3()} is no number")
    return AdditiveExpression(expression, bindings)


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

    What rdflib translates, such as the group of an EXISTS, is an attribute beside the parsed item.
    """
    return {**dict(part.items()), **vars(part)}
