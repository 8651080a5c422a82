"""Constraint components that replace pySHACL's: values follow XML Schema 1.1 and XPath.

pySHACL 0.40 compares the Python values of literals, and matches patterns with Python's ``re``. Its
public table of components is changed only while a validation runs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pyshacl.constraints import CONSTRAINT_PARAMETERS_MAP
from pyshacl.constraints.core.logical_constraints import (
    AndConstraintComponent,
    NotConstraintComponent,
    OrConstraintComponent,
    XoneConstraintComponent,
)
from pyshacl.constraints.core.property_pair_constraints import (
    LessThanConstraintComponent,
    LessThanOrEqualsConstraintComponent,
)
from pyshacl.constraints.core.shape_based_constraints import (
    QualifiedValueShapeConstraintComponent,
)
from pyshacl.constraints.core.string_based_constraints import (
    LanguageInConstraintComponent,
    MinLengthConstraintComponent,
    PatternConstraintComponent,
    StringBasedConstraintBase,
)
from pyshacl.constraints.core.value_constraints import DatatypeConstraintComponent
from pyshacl.constraints.core.value_range_constraints import (
    MaxExclusiveConstraintComponent,
    MaxInclusiveConstraintComponent,
    MinExclusiveConstraintComponent,
    MinInclusiveConstraintComponent,
)
from rdflib import SH, BNode, Literal, URIRef
from rdflib.term import Node

from kg_server.rdf import datatypes, regex
from kg_server.rdf import namespaces as ns

Outcome = tuple[bool, list[Any]]
"""Result of a constraint: true if it holds, and pySHACL's triples for each violation."""


@contextmanager
def applied() -> Iterator[None]:
    """Replace pySHACL's components by those of this module inside the block."""
    theirs = dict(CONSTRAINT_PARAMETERS_MAP)
    CONSTRAINT_PARAMETERS_MAP.update(_COMPONENTS)
    try:
        yield
    finally:
        CONSTRAINT_PARAMETERS_MAP.update(theirs)


def _datatype(literal: Literal) -> str:
    """Return the IRI of a literal's datatype (SPARQL 1.1 §17.4.2.3)."""
    if literal.language:
        return f"{ns.RDF}langString"
    return str(literal.datatype or f"{ns.XSD}string")


def _compare(one: Node, other: Node) -> int | None:
    """Compare two values: -1, 0 or 1; ``None`` if they cannot be compared."""
    if not isinstance(one, Literal) or not isinstance(other, Literal):
        return None
    return datatypes.compare((str(one), _datatype(one)), (str(other), _datatype(other)))


def _outcome(component: Any, graph: Any, values: Any, conforms: Callable[[Node], bool]) -> Outcome:
    """Return a result for each value node that does not conform."""
    results = [
        component.make_v_result(graph, focus, value_node=value)
        for focus, nodes in values.items()
        for value in nodes
        if not conforms(value)
    ]
    return not results, results


class _Datatype(DatatypeConstraintComponent):
    """``sh:datatype`` (SHACL §4.1.2): the same IRI, and a text in its lexical space.

    pySHACL relies on rdflib, which accepts ``inf`` as a double and rejects dates before the year 1.
    It also accepts every literal for ``rdfs:Literal``.
    """

    def evaluate(self, _executor: Any, graph: Any, values: Any, _path: Any) -> Outcome:
        datatype = str(self.datatype_rule)

        def conforms(value: Node) -> bool:
            return (
                isinstance(value, Literal)
                and _datatype(value) == datatype
                and not datatypes.is_ill_typed(str(value), datatype)
            )

        return _outcome(self, graph, values, conforms)


def _range(base: Any, parameter: str, orders: set[int]) -> Any:
    """Return a component of SHACL §4.3: the value compares with the bound as in ``orders``.

    pySHACL compares different datatypes, such as a year with a date. It does not compare a time
    with a zone and one without, even if they are years apart. It rejects dates before the year 1.
    """

    def evaluate(self: Any, _executor: Any, graph: Any, values: Any, _path: Any) -> Outcome:
        bounds = list(self.shape.objects(SH[parameter]))
        return _outcome(
            self,
            graph,
            values,
            lambda value: all(_compare(value, bound) in orders for bound in bounds),
        )

    return type(base.__name__, (base,), {"evaluate": evaluate})


def _pair(base: Any, orders: set[int]) -> Any:
    """Return a component of SHACL §4.5.3 or §4.5.4: a value that cannot be compared is a result.

    pySHACL raises an error at a blank node, and compares IRIs.
    """

    def evaluate(self: Any, _executor: Any, graph: Any, values: Any, _path: Any) -> Outcome:
        results = [
            self.make_v_result(graph, focus, value_node=value)
            for predicate in self.property_compare_set
            for focus, nodes in values.items()
            for other in set(graph.objects(focus, predicate))
            for value in nodes
            if _compare(value, other) not in orders
        ]
        return not results, results

    return type(base.__name__, (base,), {"evaluate": evaluate})


class _Pattern(PatternConstraintComponent):
    """``sh:pattern`` (SHACL §4.4.3): a regular expression of XPath (F&O §5.6.1).

    pySHACL uses Python's ``re``. An ill-formed expression matches nothing.
    """

    def __init__(self, shape: Any) -> None:
        StringBasedConstraintBase.__init__(self, shape)  # pySHACL's own would compile
        self.string_rules = list(shape.objects(SH.pattern))
        flags = "".join(str(each) for each in shape.objects(SH.flags))
        self._patterns = [_pattern(str(each), flags) for each in self.string_rules]

    def evaluate(self, _executor: Any, graph: Any, values: Any, _path: Any) -> Outcome:
        def conforms(value: Node) -> bool:
            return not isinstance(value, BNode) and all(
                pattern is not None and pattern.search(str(value)) for pattern in self._patterns
            )

        return _outcome(self, graph, values, conforms)


def _pattern(text: str, flags: str) -> re.Pattern[str] | None:
    try:
        return regex.compiled(text, flags)
    except ValueError:
        return None


class _MinLength(MinLengthConstraintComponent):
    """``sh:minLength`` (SHACL §4.4.1): a blank node has no length, not even 0."""

    def evaluate(self, _executor: Any, graph: Any, values: Any, _path: Any) -> Outcome:
        least = int(self.string_rules[0])
        return _outcome(
            self,
            graph,
            values,
            lambda value: not isinstance(value, BNode) and len(str(value)) >= least,
        )


class _LanguageIn(LanguageInConstraintComponent):
    """``sh:languageIn`` (SHACL §4.4.4), by langMatches: ``zh-Hant`` matches ``zh-Hant-TW``.

    pySHACL compares only the whole tag and its first subtag.
    """

    def evaluate(self, _executor: Any, graph: Any, values: Any, _path: Any) -> Outcome:
        members = self.shape.sg.graph.items(self.string_rules[0])
        ranges = tuple(f"{str(each).lower()}-" for each in members)

        def conforms(value: Node) -> bool:
            tag = value.language if isinstance(value, Literal) else None
            return bool(tag) and ("*-" in ranges or f"{tag}-".lower().startswith(ranges))

        return _outcome(self, graph, values, conforms)


def _logical(base: Any, parameter: str, *, needs_all: bool) -> Any:
    """Return a component of SHACL §4.6 whose results have those of members as details (§3.6.2.6).

    pySHACL gives details for ``sh:node`` only, so that a report does not say why no member fits.
    """

    def evaluate(self: Any, executor: Any, graph: Any, values: Any, path: Any) -> Outcome:  # noqa: PLR0917  # pySHACL's signature
        conforms, results = base.evaluate(self, executor, graph, values, path)
        # In a nested one, each level would double the cost, and no report shows the details.
        if any(isinstance(each, _INSIDE) for each in path[:-1]):
            return conforms, results
        for _, result, triples in results:
            value = next(each[1] for _, predicate, each in triples if predicate == SH.value)
            for head in self.shape.objects(URIRef(ns.SH + parameter)):
                members = [
                    shape.validate(executor, graph, focus=value, _evaluation_path=path[:])
                    for each in self.shape.sg.graph.items(head)
                    if (shape := self.shape.get_other_shape(each))
                ]
                if needs_all or not any(holds for holds, _ in members):
                    nested = [
                        each for _, results_of_member in members for each in results_of_member
                    ]
                    triples.extend((result, SH.detail, inner) for _, inner, _ in nested)
                    triples.extend(triple for _, _, inner in nested for triple in inner)
        return conforms, results

    return type(base.__name__, (base,), {"evaluate": evaluate})


_INSIDE = (
    AndConstraintComponent,
    NotConstraintComponent,
    OrConstraintComponent,
    QualifiedValueShapeConstraintComponent,
    XoneConstraintComponent,
)
_COMPONENTS = {
    URIRef(f"{ns.SH}and"): _logical(AndConstraintComponent, "and", needs_all=True),
    URIRef(f"{ns.SH}or"): _logical(OrConstraintComponent, "or", needs_all=False),
    SH.xone: _logical(XoneConstraintComponent, "xone", needs_all=False),
    SH.datatype: _Datatype,
    SH.minExclusive: _range(MinExclusiveConstraintComponent, "minExclusive", {1}),
    SH.minInclusive: _range(MinInclusiveConstraintComponent, "minInclusive", {0, 1}),
    SH.maxExclusive: _range(MaxExclusiveConstraintComponent, "maxExclusive", {-1}),
    SH.maxInclusive: _range(MaxInclusiveConstraintComponent, "maxInclusive", {-1, 0}),
    SH.lessThan: _pair(LessThanConstraintComponent, {-1}),
    SH.lessThanOrEquals: _pair(LessThanOrEqualsConstraintComponent, {-1, 0}),
    SH.pattern: _Pattern,
    SH.minLength: _MinLength,
    SH.languageIn: _LanguageIn,
}
"""Components by their parameter."""
