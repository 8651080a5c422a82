"""Doubts: focus nodes for which a query may read a value that the store has altered.

Each solution of a query over the files has one over the store. So a query gives the same result in
both for a focus node, unless one of its patterns binds a doubtful value. That is a value that files
write in several ways, or with another value than the store. Further queries find these focus nodes,
by the patterns that lead from the focus node to the value.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from rdflib import BNode, Literal, URIRef, Variable
from rdflib.paths import Path
from rdflib.plugins.sparql import prepareQuery
from rdflib.plugins.sparql.parserutils import CompValue

from kg_server.rdf import terms
from kg_server.validation.prefilter import values
from kg_server.validation.prefilter.branches import ANY, is_altered, is_doubtful, is_revalued
from kg_server.validation.prefilter.data import Altered
from kg_server.validation.prefilter.stored import is_kept
from kg_server.validation.prefilter.values import NotExpressible

if TYPE_CHECKING:
    from rdflib.term import Node

Pattern = tuple[Any, Any, Any]
_THIS = Variable("this")


def queries(
    text: str, prefixes: Mapping[str, str], altered: Altered, *, as_written: bool
) -> Iterator[str]:
    """Yield queries for the focus nodes at which a constraint may have another result in the store.

    Args:
        text: the query of the constraint, with ``$this`` unbound.
        prefixes: its prefixes.
        altered: the literals that the store has altered.
        as_written: whether the query reads the text or the datatype of values.

    Raises:
        NotExpressible: no pattern leads from the focus node to a doubtful value.
    """
    algebra = _algebra(text, tuple(prefixes.items()))
    if as_written and any(map(_is_changed, _literals(algebra))):
        raise NotExpressible("a query with a literal that the store alters")
    groups = list(_scopes(algebra, ()))
    used = Counter(each for own, _ in groups for pattern in own for each in _ends(pattern))
    if any(each.var in used for each in _named(algebra, "Extend")):
        raise NotExpressible("a computed value, which each engine writes in its way")
    for own, scope in groups:
        for pattern in own:
            conditions = list(_conditions(pattern, altered, used, as_written=as_written))
            if conditions:
                chain = " ".join(_written(each) for each in _chain(pattern, scope))
                condition = " || ".join(f"COALESCE({each}, true)" for each in conditions)
                yield f"SELECT DISTINCT ?this WHERE {{ {chain} FILTER({condition}) }}"


@lru_cache(1 << 8)
def _algebra(text: str, prefixes: tuple[tuple[str, str], ...]) -> Any:
    try:
        return prepareQuery(text, initNs=dict(prefixes)).algebra
    except Exception as error:  # pyparsing's, and rdflib's bare ones
        raise NotExpressible("a query") from error


def _ends(pattern: Pattern) -> set[Any]:
    """Return the terms of a pattern."""
    return set(pattern)


def _conditions(
    pattern: Pattern, altered: Altered, used: Mapping[Any, int], *, as_written: bool
) -> Iterator[str]:
    """Yield the conditions under which a pattern binds a doubtful value.

    Raises:
        NotExpressible: a path may join triples at a doubtful value.
    """
    subject, predicate, value = pattern
    named = _predicates(predicate)

    def may_have(predicates: frozenset[str]) -> bool:
        return bool(predicates) and (named is None or not named.isdisjoint(predicates))

    if "^" in _path(predicate) and may_have(altered.doubtful_predicates):
        raise NotExpressible("values that meet in a path")
    if isinstance(value, Literal) and (
        _is_changed(value) or terms.to_pyoxigraph(value) in altered.values
    ):
        yield "true"
    at = terms.n_triples(predicate) if isinstance(predicate, URIRef) else ANY
    for end in (subject, value) if isinstance(predicate, Path) else (value,):
        if not isinstance(end, Variable | BNode):
            continue
        name = _name(end)
        if as_written and may_have(altered.predicates):
            yield is_altered(name, at)
        elif used[end] > 1 and may_have(altered.doubtful_predicates):
            yield is_doubtful(name)
        elif may_have(altered.revalued_predicates):
            yield is_revalued(name, at)
        if may_have(altered.odd):
            yield f"isLiteral({name}) && !({values.is_plain(name)})"


def _is_changed(literal: Literal) -> bool:
    """Tell whether the store alters a literal."""
    return not is_kept(terms.to_pyoxigraph(literal))


def _literals(node: Any) -> Iterator[Literal]:
    """Yield the literals of a query."""
    if isinstance(node, Literal):
        yield node
    for each in _parts(node):
        yield from _literals(each)


def _named(node: Any, name: str) -> Iterator[Any]:
    """Yield the parts of a query with one name of the algebra, such as ``Extend``."""
    if isinstance(node, CompValue) and node.name == name:
        yield node
    for each in _parts(node):
        yield from _named(each, name)


def _parts(node: Any) -> Iterable[Any]:
    if isinstance(node, CompValue):
        return node.values()
    return node if isinstance(node, list | tuple | set) else ()


def _predicates(predicate: Any) -> set[str] | None:
    """Return the predicates that a pattern or a path may match; ``None``: any."""
    if isinstance(predicate, URIRef):
        return {str(predicate)}
    if not isinstance(predicate, Path):
        return None
    predicates: set[str] = set()
    waiting = [predicate]
    while waiting:
        path = waiting.pop()
        if isinstance(path, URIRef):
            predicates.add(str(path))
            continue
        parts = getattr(path, "args", None)
        if parts is None and hasattr(path, "path"):
            parts = [path.path]
        elif parts is None and hasattr(path, "arg"):
            parts = [path.arg]
        if not parts or type(path).__name__ == "NegatedPath":
            return None
        waiting += parts
    return predicates


def _scopes(
    node: Any, inherited: tuple[Pattern, ...]
) -> Iterator[tuple[list[Pattern], tuple[Pattern, ...]]]:
    """Yield the patterns of each group, and those of the group and all groups around it."""
    own: list[Pattern] = []
    inner: list[Any] = []
    _collect(node, own, inner)
    scope = (*inherited, *own)
    yield own, scope
    for each in inner:
        yield from _scopes(each, scope)


def _collect(node: Any, own: list[Pattern], inner: list[Any]) -> None:
    name = node.name if isinstance(node, CompValue) else ""
    if name == "BGP":
        own += node.triples
    if name in ("Builtin_EXISTS", "Builtin_NOTEXISTS"):
        inner.append(node.graph)
    else:
        for each in _parts(node):
            _collect(each, own, inner)


def _chain(pattern: Pattern, scope: Sequence[Pattern]) -> list[Pattern]:
    """Return the shortest chain of patterns from the focus node to a pattern, with that pattern.

    Raises:
        NotExpressible: there is no chain.
    """
    if _THIS in _variables(pattern):
        return [pattern]
    ways: list[list[Pattern]] = [[each] for each in scope if _THIS in _variables(each)]
    seen = {id(way[0]) for way in ways}
    while ways:
        following = []
        for way in ways:
            reached = _variables(way[-1])
            if not reached.isdisjoint(_variables(pattern)):
                return [*way, pattern]
            for each in scope:
                if id(each) not in seen and not reached.isdisjoint(_variables(each)):
                    seen.add(id(each))
                    following.append([*way, each])
        ways = following
    raise NotExpressible("a value that nothing leads to")


def _variables(pattern: Pattern) -> set[Any]:
    return {each for each in pattern if isinstance(each, Variable | BNode)}


def _written(pattern: Pattern) -> str:
    return f"{' '.join(_text(each) for each in pattern)} ."


def _text(term: Any) -> str:
    if isinstance(term, Variable | BNode):
        return _name(term)
    if isinstance(term, Path):
        return f"({_path(term)})"
    return terms.n_triples(term)


def _path(predicate: Any) -> str:
    try:
        return str(predicate.n3())
    except TypeError as error:  # rdflib 7.6 cannot write !(^ex:p)
        raise NotExpressible("a negated inverse") from error


def _name(term: Node) -> str:
    return f"?blank{term}" if isinstance(term, BNode) else f"?{term}"
