"""Ill-formed parts of the SHACL Advanced Features: targets, rules, node expressions.

At each of them pySHACL raises an error, so that the whole shape would go unchecked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from rdflib import RDF, SH, XSD, BNode, Literal, URIRef

from kg_server.rdf import datatypes
from kg_server.rdf import namespaces as ns

if TYPE_CHECKING:
    from rdflib import Graph
    from rdflib.term import Node

Fault = tuple["Node", "Node", "Node", str]
"""An ill-formed triple, and the message."""
Complain = Callable[["Graph", "Node", "Node", str], str | None]
"""Returns the fault of a query; takes the shapes, its node, the query and its form (``SELECT``)."""

_EXPRESSION, _RULE, _TARGET = (URIRef(ns.SH + name) for name in ("expression", "rule", "target"))
_TRIPLE_RULE, _SPARQL_RULE, _TARGET_TYPE, _FUNCTION = (
    URIRef(ns.SH + name)
    for name in ("TripleRule", "SPARQLRule", "SPARQLTargetType", "SPARQLFunction")
)
_CONSTRUCT, _CONDITION, _ORDER, _FILTER = (
    URIRef(ns.SH + name) for name in ("construct", "condition", "order", "filterShape")
)
_PARTS = ("subject", "predicate", "object")


def faults(complain: Complain, is_path: Callable[[Node], bool], shapes: Graph) -> Iterator[Fault]:
    """Yield the ill-formed targets, rules and expressions of a shapes graph."""
    for shape, target in sorted(shapes.subject_objects(_TARGET), key=str):
        if fault := _of_target(shapes, target, complain):
            yield shape, _TARGET, target, fault
    for shape, rule in sorted(shapes.subject_objects(_RULE), key=str):
        if fault := _of_rule(shapes, rule, complain, is_path):
            yield shape, _RULE, rule, fault
    for shape, expression in sorted(shapes.subject_objects(_EXPRESSION), key=str):
        if fault := _of_expression(shapes, expression, is_path):
            yield shape, _EXPRESSION, expression, fault


def _of_target(shapes: Graph, target: Node, complain: Complain) -> str | None:
    """Return the fault of a target (SHACL-AF §3)."""
    kinds = set(shapes.objects(target, RDF.type))
    if SH.SPARQLTarget in kinds:
        return _of_query(shapes, target, SH.select, what="A sh:SPARQLTarget", complain=complain)
    own = [each for each in kinds if (each, RDF.type, _TARGET_TYPE) in shapes]
    if not own:
        return (
            "A target needs the type sh:SPARQLTarget, or one that is a sh:SPARQLTargetType and a "
            "subclass of sh:Target."
        )
    missing = [
        path
        for parameter in shapes.objects(own[0], SH.parameter)
        if (parameter, SH.optional, Literal(True)) not in shapes
        for path in shapes.objects(parameter, SH.path)
        if (target, path, None) not in shapes
    ]
    if missing:
        return f"A target of the type {own[0].n3()} needs {missing[0].n3()}."
    return _of_query(shapes, own[0], SH.select, what="A sh:SPARQLTargetType", complain=complain)


def _of_rule(
    shapes: Graph, rule: Node, complain: Complain, is_path: Callable[[Node], bool]
) -> str | None:
    """Return the fault of a rule (SHACL-AF §8)."""
    kinds = {_TRIPLE_RULE, _SPARQL_RULE} & set(shapes.objects(rule, RDF.type))
    if len(kinds) != 1:
        return "A rule needs one of the types sh:TripleRule and sh:SPARQLRule."
    orders = list(shapes.objects(rule, _ORDER))
    if len(orders) > 1 or any(not _is_number(each) for each in orders):
        return "sh:order takes one number."
    for condition in shapes.objects(rule, _CONDITION):
        if (condition, None, None) not in shapes:
            return f"sh:condition is {condition.n3()}, which is not defined."
    if kinds == {_SPARQL_RULE}:
        return _of_query(shapes, rule, _CONSTRUCT, what="A sh:SPARQLRule", complain=complain)
    for name in _PARTS:
        values = list(shapes.objects(rule, URIRef(ns.SH + name)))
        if len(values) != 1:
            return f"A sh:TripleRule needs one sh:{name}, and has {len(values) or 'none'}."
        if fault := _of_expression(shapes, values[0], is_path):
            return fault
    return None


def _of_query(
    shapes: Graph, holder: Node, predicate: Node, *, what: str, complain: Complain
) -> str | None:
    name = str(predicate).removeprefix(ns.SH)
    texts = list(shapes.objects(holder, predicate))
    if not texts:
        return f"{what} needs a sh:{name}."
    complaints = (complain(shapes, holder, each, name.upper()) for each in texts)
    return next(filter(None, complaints), None)


def _of_expression(
    shapes: Graph, node: Any, is_path: Callable[[Node], bool], above: Sequence[Node] = ()
) -> str | None:
    """Return the fault of a node expression (SHACL-AF §6)."""
    if not isinstance(node, BNode):
        return None
    if node in above:
        return "A node expression must not lead to itself."
    above = (*above, node)
    if (node, _FILTER, None) in shapes:
        return "sh:filterShape is not evaluated."
    for path in shapes.objects(node, SH.path):
        return None if is_path(path) else "The sh:path of a node expression is not a path."
    lists = [*shapes.objects(node, SH.union), *shapes.objects(node, SH.intersection)]
    if not lists:
        calls = [
            (function, arguments)
            for function, arguments in shapes.predicate_objects(node)
            if (arguments, RDF.first, None) in shapes or arguments == RDF.nil
        ]
        if len(calls) != 1:
            return (
                "A node expression is sh:this, a term, or a blank node with sh:path, sh:union, "
                "sh:intersection or a function and its arguments."
            )
        ((function, arguments),) = calls
        if (function, RDF.type, _FUNCTION) not in shapes:
            return f"The function {function.n3()} needs a definition (sh:SPARQLFunction)."
        lists = [arguments]
    inner = (
        _of_expression(shapes, each, is_path, above)
        for head in lists
        for each in shapes.items(head)
    )
    return next(filter(None, inner), None)


def _is_number(value: Any) -> bool:
    if not isinstance(value, Literal) or value.datatype not in (XSD.integer, XSD.decimal):
        return False
    return not datatypes.is_ill_typed(str(value), str(value.datatype))
