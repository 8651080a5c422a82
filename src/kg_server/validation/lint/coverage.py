"""Rules about gaps of the validation: unused shapes, constraints not evaluated, missing imports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyoxigraph as ox

from kg_server.rdf import namespaces as ns
from kg_server.validation.lint import names
from kg_server.validation.lint.context import Material, RuleFinding, text
from kg_server.validation.shapes import SHACL_1_2

_TARGETS = ("targetNode", "targetClass", "targetSubjectsOf", "targetObjectsOf", "target")
_REFERENCES = ("property", "node", "not", "qualifiedValueShape", "shape", "filterShape", "nodes")
_LISTS = ("and", "or", "xone")
_ADVANCED = {
    "target": "a target of the SHACL Advanced Features",
    "expression": "a constraint of the SHACL Advanced Features",
    "rule": "a rule of the SHACL Advanced Features",
    "values": "a rule of the SHACL Advanced Features",
}
_MAY_BE_SCRIPTS = ("validator", "nodeValidator", "propertyValidator", "target", "rule")


def unreached(material: Material) -> Iterator[RuleFinding]:
    """Yield named shapes without a target to which no other shape refers."""
    store = material.shapes
    referred = {
        quad.object
        for name in _REFERENCES
        for quad in store.quads_for_pattern(None, ox.NamedNode(ns.SH + name), None)
    }
    for name in _LISTS:
        for quad in store.quads_for_pattern(None, ox.NamedNode(ns.SH + name), None):
            referred.update(_items(store, quad.object))
    classes = _classes(store)
    for shape in sorted(_shapes(store), key=str):
        telling = (ox.NamedNode(ns.SH + name) for name in (*_TARGETS, "deactivated"))
        has_target = any(_has(store, shape, each) for each in telling)
        kinds = {quad.object for quad in store.quads_for_pattern(shape, names.TYPE, None)}
        if not (has_target or shape in referred or kinds & classes):
            message = f"{material.short(shape.value)} has no target and no shape refers to it"
            yield RuleFinding(shape, f"{message}, so it checks nothing.")


def unevaluated(material: Material) -> Iterator[RuleFinding]:
    """Yield constraints and targets that are not evaluated."""
    store = material.shapes
    for quad in store:
        name = quad.predicate.value.removeprefix(ns.SH)
        kind = text(quad.object).removeprefix(ns.SH) if quad.predicate == names.TYPE else ""
        if quad.predicate.value == f"{ns.SH}js" or (
            name in _MAY_BE_SCRIPTS and _is_javascript(store, quad.object)
        ):
            why = "is of SHACL-JS, which is not evaluated"
        elif quad.predicate.value.startswith(ns.SH) and name in _ADVANCED and not material.advanced:
            why = f"is {_ADVANCED[name]}, which only --advanced evaluates"
        elif quad.predicate.value.startswith(ns.SH) and name in SHACL_1_2:
            why = "is of SHACL 1.2, which is not evaluated"
        elif kind in SHACL_1_2 and text(quad.object).startswith(ns.SH):
            name, why = kind, "is of SHACL 1.2, which is not evaluated"
        else:
            continue
        yield RuleFinding(
            focus=quad.subject, message=f"sh:{name} {why}.", path=quad.predicate, value=quad.object
        )


def missing_imports(material: Material) -> Iterator[RuleFinding]:
    """Yield imports of ontologies that are not among the files."""
    for quad in material.missing_imports:
        message = (  # the full IRI: kg.toml and a catalog need it
            f"{text(quad.object)} is imported and not among the files: name its file in "
            "kg.toml under [imports], or in catalog-v001.xml. Nothing is fetched."
        )
        yield RuleFinding(
            focus=quad.subject, message=message, path=quad.predicate, value=quad.object
        )


def _is_javascript(store: ox.Store, validator: Any) -> bool:
    return _has(store, validator, ox.NamedNode(f"{ns.SH}jsFunctionName"))


def _shapes(store: ox.Store) -> set[Any]:
    return {
        quad.subject
        for kind in ("NodeShape", "PropertyShape")
        for quad in store.quads_for_pattern(None, names.TYPE, ox.NamedNode(ns.SH + kind))
        if isinstance(quad.subject, ox.NamedNode)
    }


def _classes(store: ox.Store) -> set[Any]:
    """Return the classes whose instances are classes (SHACL §2.1.3.3)."""
    classes: set[Any] = set()
    waiting: list[Any] = [ox.NamedNode(f"{ns.RDFS}Class"), ox.NamedNode(f"{ns.OWL}Class")]
    below = ox.NamedNode(f"{ns.RDFS}subClassOf")
    while waiting:
        kind = waiting.pop()
        if kind not in classes:
            classes.add(kind)
            waiting += [quad.subject for quad in store.quads_for_pattern(None, below, kind)]
    return classes


def _has(store: ox.Store, subject: Any, predicate: ox.NamedNode) -> bool:
    if isinstance(subject, ox.Literal):  # an ill-formed shape, which ill_formed reports
        return False
    return next(iter(store.quads_for_pattern(subject, predicate, None)), None) is not None


def _items(store: ox.Store, head: Any) -> Iterator[Any]:
    first, rest = ox.NamedNode(f"{ns.RDF}first"), ox.NamedNode(f"{ns.RDF}rest")
    seen: set[Any] = set()
    while head not in seen and not isinstance(head, ox.Literal):
        seen.add(head)
        for quad in store.quads_for_pattern(head, first, None):
            yield quad.object
        following = next(iter(store.quads_for_pattern(head, rest, None)), None)
        if following is None:
            return
        head = following.object
