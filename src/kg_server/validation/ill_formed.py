"""Ill-formed parts of shapes graphs: found, told, and taken out so that all else can be checked.

pySHACL gives up at most of them, and all shapes would stay unchecked.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

import pyoxigraph as ox
from rdflib import RDF, SH, XSD, BNode, Literal, URIRef
from rdflib.plugins.sparql import prepareQuery

from kg_server.errors import KgError
from kg_server.rdf import namespaces as ns
from kg_server.rdf import regex, terms
from kg_server.sparql import diagnostics, keywords, lexer
from kg_server.validation.prefilter import queries
from kg_server.validation.prefilter.values import Unsievable
from kg_server.validation.report import ILL_FORMED, Finding, Severity
from kg_server.validation.shapes import SHACL_1_2

if TYPE_CHECKING:
    from rdflib import Graph
    from rdflib.term import Node

Fault = tuple["Node", "Node", "Node", str]
"""A triple that is wrong, and why."""

_INTEGERS = (
    "minCount",
    "maxCount",
    "minLength",
    "maxLength",
    "qualifiedMinCount",
    "qualifiedMaxCount",
)
_BOOLEANS = ("closed", "uniqueLang", "deactivated", "qualifiedValueShapesDisjoint")
_OF_SHAPES = ("and", "or", "xone")
_LISTS = ("in", "languageIn", *_OF_SHAPES, "ignoredProperties")
_REFERENCES = ("property", "node", "not", "qualifiedValueShape")
_IRIS = ("class", "datatype", "nodeKind", "severity", "targetClass")
_TEXTS = ("message",)
_ONCE = (
    *("datatype", "nodeKind", "minCount", "maxCount", "minExclusive", "minInclusive"),
    *("maxExclusive", "maxInclusive", "minLength", "maxLength", "pattern", "flags", "languageIn"),
    *("uniqueLang", "in", "closed", "ignoredProperties", "qualifiedValueShape"),
    *("qualifiedMinCount", "qualifiedMaxCount", "deactivated"),
)
_AT_PROPERTIES = (
    *("minCount", "maxCount", "uniqueLang", "lessThan", "lessThanOrEquals"),
    *("qualifiedValueShape", "qualifiedMinCount", "qualifiedMaxCount"),
)
_PATHS = ("inversePath", "zeroOrMorePath", "oneOrMorePath", "zeroOrOnePath", "alternativePath")
_REFUSED_WORDS = {
    "FROM": "it reads the graph that is checked",
    "SERVICE": "it reads the graph that is checked",
    "VALUES": "its variables may have values before (SHACL Appendix A)",
    "MINUS": "its variables may have values before (SHACL Appendix A); write FILTER NOT EXISTS",
}
_REFUSED = "The query must not use {}: {}."
_RESERVED = {"class", "in", "or", "and", "not"}
"""Terms whose name is a word of Python, which rdflib's list of SHACL's terms leaves out."""


def take_out(shapes: Graph) -> tuple[Finding, ...]:
    """Remove the triples that are wrong, so that all else can be checked.

    Args:
        shapes: the shapes graph, which is changed in place.

    Returns:
        A finding for each.
    """
    found: list[Fault] = []
    for faults in (
        *(_unknown_terms, _of_paths, _of_parameters),
        *(_of_references, _of_constraints, _of_components),
    ):
        news = list(faults(shapes))
        for shape, predicate, value, _ in news:
            shapes.remove((shape, predicate, value))
            if faults is _of_constraints:
                shapes.remove((None, SH.sparql, shape))
            elif faults is _of_components:
                shapes.remove((shape, None, None))
            elif faults is _of_paths and predicate != RDF.type:
                _remove_shape(shapes, value if predicate == SH.property else shape)
        found += news
    return tuple(
        Finding(
            severity=Severity.VIOLATION,
            focus_node=terms.n_triples(shape),
            path=terms.n_triples(predicate),
            value=terms.n_triples(value),
            source_shape=ILL_FORMED,
            source_constraint=None,
            component=ILL_FORMED,
            message=message,
        )
        for shape, predicate, value, message in found
    )


def _remove_shape(shapes: Graph, shape: Node) -> None:
    shapes.remove((shape, None, None))
    for name in _REFERENCES:
        shapes.remove((None, URIRef(ns.SH + name), shape))


def _of_paths(shapes: Graph) -> Iterator[Fault]:
    """Yield property shapes without a path, with several, or with one that is none (§2.3.1)."""
    for shape in sorted(set(shapes.subjects(SH.path)), key=str):
        if (shape, SH.parameter, None) in shapes or (None, SH.parameter, shape) in shapes:
            continue
        paths = sorted(shapes.objects(shape, SH.path), key=str)
        if len(paths) > 1:
            shown = " and ".join(map(_shown, paths))
            yield shape, SH.path, paths[0], f"sh:path takes one value, not {shown}."
        elif not _is_path(shapes, paths[0], frozenset()):
            takes = "an IRI, a list of two or more paths, or a path such as [ sh:inversePath ex:p ]"
            yield shape, SH.path, paths[0], f"sh:path takes {takes}, not {_shown(paths[0])}."
        elif (shape, RDF.type, SH.NodeShape) in shapes:
            message = "A shape with sh:path is a property shape, not a sh:NodeShape."
            yield shape, RDF.type, SH.NodeShape, message
    missing = "A property shape needs a sh:path."
    for shape, inner in sorted(shapes.subject_objects(SH.property), key=str):
        if (inner, None, None) in shapes and (inner, SH.path, None) not in shapes:
            yield shape, SH.property, inner, missing
    for shape in sorted(shapes.subjects(RDF.type, SH.PropertyShape), key=str):
        if (shape, SH.path, None) not in shapes and (None, SH.property, shape) not in shapes:
            yield shape, RDF.type, SH.PropertyShape, missing


def _is_path(shapes: Graph, node: Node, above: frozenset[Node]) -> bool:
    if not isinstance(node, BNode):
        return isinstance(node, URIRef) and node != RDF.nil
    if node in above:
        return False
    above |= {node}
    if (node, RDF.first, None) in shapes:
        return _are_paths(shapes, node, above)
    for name in _PATHS:
        for value in shapes.objects(node, URIRef(ns.SH + name)):
            among = _are_paths if name == "alternativePath" else _is_path
            return among(shapes, value, above)
    return False


def _are_paths(shapes: Graph, head: Node, above: frozenset[Node]) -> bool:
    if not _is_list(shapes, head):
        return False
    members = list(shapes.items(head))
    return len(members) > 1 and all(_is_path(shapes, each, above) for each in members)


def _of_parameters(shapes: Graph) -> Iterator[Fault]:
    """Yield parameters that are wrong by themselves, or stand at the wrong kind of shape."""
    yield from _ill_formed(shapes)
    yield from _repeated(shapes)
    for name in _AT_PROPERTIES:
        predicate = URIRef(ns.SH + name)
        for shape, value in shapes.subject_objects(predicate):
            if (shape, SH.path, None) not in shapes:
                yield shape, predicate, value, f"sh:{name} needs a property shape, with sh:path."


def _unknown_terms(shapes: Graph) -> Iterator[Fault]:
    """Yield the triples with a predicate or object that is no term of SHACL, and the one meant."""
    known = set(SH.__annotations__) | _RESERVED | SHACL_1_2 | {""}
    for subject, predicate, value in shapes:
        for term in (predicate, value):
            name = str(term).removeprefix(ns.SH)
            if isinstance(term, URIRef) and name != str(term) and name not in known:
                same = [each for each in known if each.lower() == name.lower()]
                close = same or difflib.get_close_matches(name, known, 1)
                hint = f"; did you mean sh:{close[0]}?" if close else "."
                yield subject, predicate, value, f"sh:{name} is not a term of SHACL{hint}"


def _repeated(shapes: Graph) -> Iterator[Fault]:
    """Yield parameters that have several values where one is allowed (SHACL Appendix C)."""
    for name in _ONCE:
        predicate = URIRef(ns.SH + name)
        for shape in set(shapes.subjects(predicate)):
            values = sorted(shapes.objects(shape, predicate), key=str)
            if len(values) > 1:
                shown = " and ".join(map(_shown, values))
                for value in values:
                    yield shape, predicate, value, f"sh:{name} takes one value, not {shown}."


def _of_constraints(shapes: Graph) -> Iterator[Fault]:
    """Yield SPARQL constraints that have no query, or one that cannot be asked (SHACL §5.3)."""
    for shape, constraint in sorted(shapes.subject_objects(SH.sparql), key=str):
        if (constraint, SH.select, None) not in shapes:
            yield shape, SH.sparql, constraint, "A SPARQL constraint needs a sh:select."
    constraints = set(shapes.objects(None, SH.sparql))
    for predicate in (SH.select, SH.ask):  # of targets and validators
        for other, text in shapes.subject_objects(predicate):
            if other not in constraints and (refused := _refused(str(text))) in ("FROM", "SERVICE"):
                yield other, predicate, text, _REFUSED.format(refused, _REFUSED_WORDS[refused])
    for constraint in sorted(constraints, key=str):
        try:
            prefixes = queries.declared(shapes, constraint)
        except Unsievable:
            holder = next(iter(shapes.objects(constraint, SH.prefixes)))
            message = "Each prefix needs one sh:prefix and one sh:namespace, everywhere the same."
            yield constraint, SH.prefixes, holder, message
            continue
        for text in shapes.objects(constraint, SH.select):
            if fault := _fault_of_query(str(text), prefixes):
                yield constraint, SH.select, text, fault


def _fault_of_query(text: str, prefixes: Mapping[str, str]) -> str | None:
    """Return what is wrong with the query of a constraint."""
    if refused := _refused(text):  # first, because the engine would call a service
        return _REFUSED.format(refused, _REFUSED_WORDS[refused])
    complaint = partial(_complaint, prefixes)
    if complaint(text) and not _rdflib_reads(text, prefixes):
        return f"The query is not SPARQL: {diagnostics.explain(text, complaint, {}).detail}"
    try:
        is_select = keywords.form_of(text) is keywords.Form.SELECT
    except KgError:
        is_select = False
    if not is_select:
        return "The query must be a SELECT query."
    words = [token.text.upper() for token in lexer.significant(text)]
    head = words[words.index("SELECT") : words.index("{")]
    if head[-1:] != ["*"] and head[-2:] != ["*", "WHERE"] and not {"$THIS", "?THIS"} & set(head):
        return "The query must select $this, the focus node."
    return None


def _refused(text: str) -> str | None:
    """Return the first word of a query that a constraint must not use."""
    words = (each.text.upper() for each in lexer.tokens(text) if each.kind == "word")
    return next((word for word in words if word in _REFUSED_WORDS), None)


def _complaint(prefixes: Mapping[str, str], text: str) -> str | None:
    try:
        ox.Store().query(text, prefixes=dict(prefixes))
    except SyntaxError as error:
        return str(error)
    return None


def _rdflib_reads(text: str, prefixes: Mapping[str, str]) -> bool:
    try:
        prepareQuery(text, initNs=dict(prefixes))
    except Exception:  # noqa: BLE001  # pyparsing's, and rdflib's bare ones
        return False
    return True


def _ill_formed(shapes: Graph) -> Iterator[Fault]:
    """Yield parameters whose value is of the wrong kind (SHACL §4), and what kind is right."""
    for names, is_good, takes in (
        (_INTEGERS, _is_count, "a whole number such as 1"),
        (_BOOLEANS, _is_boolean, "true or false"),
        (_LISTS, lambda value: _is_list(shapes, value), "a list in parentheses"),
        (_IRIS, lambda value: isinstance(value, URIRef), "an IRI"),
        (_TEXTS, lambda value: isinstance(value, Literal), "a text"),
    ):
        for name in names:
            predicate = URIRef(ns.SH + name)
            for shape, value in shapes.subject_objects(predicate):
                if not is_good(value):
                    yield shape, predicate, value, f"sh:{name} takes {takes}, not {_shown(value)}."
    predicate = URIRef(f"{ns.SH}pattern")
    for shape, pattern in shapes.subject_objects(predicate):
        flags = "".join(str(each) for each in shapes.objects(shape, URIRef(f"{ns.SH}flags")))
        try:
            regex.compiled(str(pattern), flags)
        except ValueError as error:
            takes = f"takes a regular expression of XPath, not {pattern.n3()}"
            yield shape, predicate, pattern, f"sh:pattern {takes}: {error}."


def _of_references(shapes: Graph) -> Iterator[Fault]:
    """Yield references to shapes and constraints of which nothing is said, and lists of these."""
    for name in (*_REFERENCES, "sparql"):
        predicate = URIRef(ns.SH + name)
        for shape, value in shapes.subject_objects(predicate):
            if (value, None, None) not in shapes:
                message = f"sh:{name} is {value.n3()}, which is nowhere described."
                yield shape, predicate, value, message
    for name in _OF_SHAPES:
        predicate = URIRef(ns.SH + name)
        for shape, head in shapes.subject_objects(predicate):
            members = list(shapes.items(head))
            if not members:
                yield shape, predicate, head, f"sh:{name} takes at least one shape."
            for each in members:
                # A blank node without a triple is a shape without a constraint.
                if not isinstance(each, BNode) and (each, None, None) not in shapes:
                    message = f"sh:{name} has {each.n3()}, which is nowhere described."
                    yield shape, predicate, head, message


def _of_components(shapes: Graph) -> Iterator[Fault]:
    """Yield parameters of constraint components that have no path (SHACL §6.2.1)."""
    for component, parameter in shapes.subject_objects(SH.parameter):
        if not isinstance(shapes.value(parameter, SH.path), URIRef):
            yield component, SH.parameter, parameter, "A parameter needs an IRI as its sh:path."


def _shown(term: Node) -> str:
    """Return a term as a reader knows it: a blank node has no name."""
    return "this blank node" if isinstance(term, BNode) else term.n3()


def _is_count(value: Node) -> bool:
    whole = isinstance(value, Literal) and value.datatype == XSD.integer and not value.ill_typed
    return whole and int(str(value)) >= 0


def _is_boolean(value: Node) -> bool:
    return isinstance(value, Literal) and value.datatype == XSD.boolean and not value.ill_typed


def _is_list(shapes: Graph, head: Node) -> bool:
    seen: set[Node] = set()
    while head != RDF.nil:
        if head in seen or (head, RDF.first, None) not in shapes:
            return False
        seen.add(head)
        following = shapes.value(head, RDF.rest)
        if following is None:
            return False
        head = following
    return True
