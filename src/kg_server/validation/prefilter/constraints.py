"""Branches of the constraints on each value, or on the values of one property."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from kg_server.rdf import terms
from kg_server.validation.prefilter import values
from kg_server.validation.prefilter.branches import (
    At,
    Bad,
    count,
    is_altered,
    is_revalued,
    written_datatype,
)

if TYPE_CHECKING:
    from rdflib import Graph
    from rdflib.term import Node


def _datatype(_: Graph, at: At, value: Node) -> Bad:
    good = values.has_datatype(at.value, value)
    if at.altered:
        altered = is_altered(at.value, at.predicate)
        written = f"{written_datatype(at.value, at.predicate)} = {values.iri(value)}"
        good = f"({good}) && !{altered} || {written}"
    return at.each(good, exact=False, doubt=None)


def _node_kind(_: Graph, at: At, value: Node) -> Bad:
    return at.each(values.is_of_kind(at.value, value), doubt=None)


def _in(shapes: Graph, at: At, value: Node) -> Bad:
    members = list(shapes.items(value))
    # A member that the store alters is left out: a value equal to it is altered, too, so a suspect.
    kept = [each for each in members if values.is_constant(each)]
    iris = [values.iri(each) for each in kept if values.is_iri(each)]
    same = [f"{at.value} IN ({', '.join(iris)})"] if iris else []
    same += [
        f"sameTerm({at.value}, {values.constant(each)})" for each in kept if not values.is_iri(each)
    ]
    literals = any(not values.is_iri(each) for each in members)
    return at.each(
        " || ".join(same) or "false",
        exact=len(kept) == len(members),
        doubt=is_altered if literals else None,
    )


def _has_value(_: Graph, at: At, value: Node) -> Bad:
    constant, literal = values.constant(value), not values.is_iri(value)
    if not at.path:
        return at.each(f"sameTerm({at.focus}, {constant})", doubt=is_altered if literal else None)
    unsure = literal and at.altered
    pattern = f"{at.focus} {at.path} {constant}"
    pattern += f" FILTER(!{is_altered(constant)})" if unsure else ""
    return Bad((f"FILTER NOT EXISTS {{ {pattern} }}",), exact=not unsure)


def _pattern(shapes: Graph, at: At, value: Node) -> Bad:
    flags = shapes.value(at.shape, values.term("flags"))
    exact = flags is None and r"\d" not in str(value)
    return at.each(values.matches(at.value, value, flags), exact=exact)


def _min_length(_: Graph, at: At, value: Any) -> Bad:
    return at.each(f"!isBlank({at.value}) && STRLEN(STR({at.value})) >= {count(value)}")


def _max_length(_: Graph, at: At, value: Any) -> Bad:
    return at.each(f"!isBlank({at.value}) && STRLEN(STR({at.value})) <= {count(value)}")


def _min_inclusive(_: Graph, at: At, value: Node) -> Bad:
    return at.each(values.compares(at.value, ">=", value), exact=False, doubt=is_revalued)


def _min_exclusive(_: Graph, at: At, value: Node) -> Bad:
    return at.each(values.compares(at.value, ">", value), exact=False, doubt=is_revalued)


def _max_inclusive(_: Graph, at: At, value: Node) -> Bad:
    return at.each(values.compares(at.value, "<=", value), exact=False, doubt=is_revalued)


def _max_exclusive(_: Graph, at: At, value: Node) -> Bad:
    return at.each(values.compares(at.value, "<", value), exact=False, doubt=is_revalued)


def _language_in(shapes: Graph, at: At, value: Node) -> Bad:
    ranges = [terms.n_triples(each) for each in shapes.items(value)]
    fits = [f"LANGMATCHES(LANG({at.value}), {each})" for each in ranges]
    return at.each(" || ".join(fits) or "false", doubt=None)


def _equals(_: Graph, at: At, value: Node) -> Bad:
    at.on_path()
    other = values.iri(value)
    other_reach = f"{at.focus} {other} {at.value} . "
    branches = [
        f"{at.reach}FILTER NOT EXISTS {{ {at.focus} {other} {at.value} }}",
        f"{other_reach}FILTER NOT EXISTS {{ {at.focus} {at.path} {at.value} }}",
    ]
    for reach, unsure in ((at.reach, at.altered), (other_reach, str(value) in at.predicates)):
        branches += [f"{reach}FILTER({is_altered(at.value)})"] if unsure else []
    return Bad(tuple(branches), exact=False)


def _disjoint(_: Graph, at: At, value: Node) -> Bad:
    at.on_path()
    return Bad((f"{at.reach}{at.focus} {values.iri(value)} {at.value} .",), exact=False)


CONSTRAINTS: dict[str, Callable[[Graph, At, Any], Bad]] = {
    "datatype": _datatype,
    "nodeKind": _node_kind,
    "in": _in,
    "hasValue": _has_value,
    "pattern": _pattern,
    "minLength": _min_length,
    "maxLength": _max_length,
    "minInclusive": _min_inclusive,
    "minExclusive": _min_exclusive,
    "maxInclusive": _max_inclusive,
    "maxExclusive": _max_exclusive,
    "languageIn": _language_in,
    "equals": _equals,
    "disjoint": _disjoint,
}
"""Functions that give the branches of each constraint, by its name in SHACL."""
