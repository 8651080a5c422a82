"""Ill-formed parts of shapes graphs: each is a finding, and is removed before validation.

The checks cover the shapes for shapes (SHACL Appendix C), and more. pySHACL raises an error at most
of these parts, so that no shape at all would be checked. To run the shapes for shapes themselves
takes minutes for a large library.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox
from rdflib import RDF, SH, XSD, BNode, Literal, URIRef
from rdflib.plugins.sparql import prepareQuery

from kg_server.errors import KgError, NestedTooDeeply
from kg_server.rdf import namespaces as ns
from kg_server.rdf import regex, terms
from kg_server.sparql import diagnostics, keywords, lexer, nesting
from kg_server.validation import advanced as features
from kg_server.validation.prefilter import queries
from kg_server.validation.prefilter.values import NotExpressible
from kg_server.validation.report import ILL_FORMED, Finding, Severity
from kg_server.validation.shapes import SHACL_1_2

if TYPE_CHECKING:
    from rdflib import Graph
    from rdflib.term import Node

Fault = tuple["Node", "Node", "Node", str]
"""An ill-formed triple, and the message."""

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
_IRIS = (
    *("class", "datatype", "severity", "targetClass", "targetSubjectsOf", "targetObjectsOf"),
    *("equals", "disjoint", "lessThan", "lessThanOrEquals", "entailment", "shapesGraph"),
)
_BOUNDS = ("minInclusive", "minExclusive", "maxInclusive", "maxExclusive")
_STRINGS = ("pattern", "flags")
_NODE_KINDS = (
    "IRI",
    "Literal",
    "BlankNode",
    "IRIOrLiteral",
    "BlankNodeOrIRI",
    "BlankNodeOrLiteral",
)
_ONCE = (
    *("datatype", "nodeKind", "minCount", "maxCount", "minExclusive", "minInclusive"),
    *("maxExclusive", "maxInclusive", "minLength", "maxLength", "pattern", "flags", "languageIn"),
    *("uniqueLang", "in", "closed", "ignoredProperties", "qualifiedValueShape"),
    *("qualifiedMinCount", "qualifiedMaxCount", "deactivated", "severity"),
    "qualifiedValueShapesDisjoint",
)
_AT_PROPERTIES = (
    *("minCount", "maxCount", "uniqueLang", "lessThan", "lessThanOrEquals"),
    *("qualifiedValueShape", "qualifiedMinCount", "qualifiedMaxCount"),
)
_PATHS = ("inversePath", "zeroOrMorePath", "oneOrMorePath", "zeroOrOnePath", "alternativePath")
_DEEPEST = 100
"""Most levels of shapes within shapes, and of paths within paths; both are walked recursively.
pySHACL evaluates about 14 levels of shapes, and reports those below as unchecked."""
_LONGEST = 200
"""Most members of a sequence path; pySHACL takes minutes for 500."""
_MOST_STEPS = 2000
"""Most members of all lists of a path."""
_ENTAILMENT = {
    "http://www.w3.org/ns/entailment/RDFS": ("rdfs", "owlrl"),
    "http://www.w3.org/ns/entailment/OWL-RDF-Based": ("owlrl",),
    "http://www.w3.org/ns/entailment/OWL-RL": ("owlrl",),
}
"""Values of ``--inference`` that apply an entailment regime."""
_REFUSED_WORDS = {
    "FROM": "it reads the graph that is checked",
    "SERVICE": "it reads the graph that is checked",
    "VALUES": "its variables may have values before (SHACL Appendix A)",
    "MINUS": "its variables may have values before (SHACL Appendix A); write FILTER NOT EXISTS",
}
_REFUSED = "The query must not use {}: {}."
_PREFIXES = "Each prefix needs one sh:prefix and one sh:namespace, everywhere the same."
_NEGATED_INVERSE = re.compile(r"!\s*(?:\^|\([^()]*(?<!\^)\^(?!\^))")
"""A property path at which rdflib 7.6 raises an error."""
_PATH_VARIABLE = re.compile(r"[$?]PATH\b")
_VALIDATORS = (SH.validator, SH.nodeValidator, SH.propertyValidator)
_RESERVED = {"class", "in", "or", "and", "not"}
"""Terms whose name is a word of Python, which rdflib's list of SHACL's terms leaves out."""


def take_out(
    shapes: Graph, *, queries: bool = True, inference: str = "none", advanced: bool = False
) -> tuple[Finding, ...]:
    """Remove the ill-formed triples of shapes, so that all other shapes can be run.

    Args:
        shapes: the shapes graph, which is changed in place.
        queries: whether to check SPARQL constraints and components; to parse a query takes rdflib
            20 ms.
        inference: the entailment that is applied before validation.
        advanced: whether to evaluate SHACL Advanced Features; queries may then call functions of
            the shapes.

    Returns:
        A finding for each of these triples.
    """
    removed: list[Fault] = []
    of_constraints = partial(_of_constraints, advanced)
    of_others = partial(_of_other_queries, advanced)
    of_queries = (of_constraints, of_others, _of_components) if queries else ()
    of_data = partial(_of_entailment, inference)
    of_features = (_of_advanced,) if advanced else ()
    finders = (_of_depth, _unknown_terms, _of_paths, _of_parameters, _of_references, of_data)
    for faults in (*finders, *of_queries, *of_features):
        news = list(faults(shapes))
        for shape, predicate, value, _ in news:
            shapes.remove((shape, predicate, value))
            if faults is of_constraints:
                shapes.remove((None, SH.sparql, shape))
            elif faults is of_others:
                for component in _components_with(shapes, shape):
                    shapes.remove((component, None, None))
            elif faults is _of_components:
                shapes.remove((shape, None, None))
            elif faults is _of_paths and predicate != RDF.type:
                _remove_shape(shapes, value if predicate == SH.property else shape)
        removed += news
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
        for shape, predicate, value, message in removed
    )


def _remove_shape(shapes: Graph, shape: Node) -> None:
    shapes.remove((shape, None, None))
    for name in _REFERENCES:
        shapes.remove((None, URIRef(ns.SH + name), shape))


def _of_depth(shapes: Graph) -> Iterator[Fault]:
    """Yield references to shapes that are nested too deeply."""
    heights: dict[Node, int] = {}
    message = f"Shapes are nested more than {_DEEPEST} deep here; what is below is not checked."
    for shape in sorted({shape for shape, _, _ in _references(shapes, None)}, key=str):
        waiting = [(shape, list(_references(shapes, shape)))]
        heights.setdefault(shape, 0)
        while waiting:
            outer, references = waiting[-1]
            while references and all(each in heights for each in references[-1][2]):
                _, triple, inner = references.pop()
                height = 1 + max((heights[each] for each in inner), default=-1)
                if height > _DEEPEST:
                    yield *triple, message
                else:
                    heights[outer] = max(heights[outer], height)
            if references:
                new = next(each for each in references[-1][2] if each not in heights)
                heights[new] = 0
                waiting.append((new, list(_references(shapes, new))))
            else:
                waiting.pop()


def _references(
    shapes: Graph, shape: Node | None
) -> Iterator[tuple[Node, tuple[Node, Node, Node], list[Node]]]:
    """Yield the references of a shape to others: the shape, the triple, the other shapes."""
    for name in (*_REFERENCES, *_OF_SHAPES):
        for triple in shapes.triples((shape, URIRef(ns.SH + name), None)):
            yield (
                triple[0],
                triple,
                _items(shapes, triple[2]) if name in _OF_SHAPES else [triple[2]],
            )


def _of_paths(shapes: Graph) -> Iterator[Fault]:
    """Yield property shapes that do not have exactly one well-formed path (SHACL §2.3.1)."""
    for shape in sorted(set(shapes.subjects(SH.path)), key=str):
        if (shape, SH.parameter, None) in shapes or (None, SH.parameter, shape) in shapes:
            continue
        paths = sorted(shapes.objects(shape, SH.path), key=str)
        if len(paths) > 1:
            shown = " and ".join(map(_shown, paths))
            yield shape, SH.path, paths[0], f"sh:path takes one value, not {shown}."
        elif fault := _fault_of_path(shapes, paths[0]):
            yield shape, SH.path, paths[0], fault
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


def _fault_of_path(shapes: Graph, path: Node) -> str | None:
    """Return why a path is not well-formed, or too long or too deep to be evaluated."""
    level: Counter[tuple[Node, bool]] = Counter()
    level[path, False] = int(isinstance(path, BNode))
    steps, seen = 0, {path}  # a part counts at each of its uses
    for _ in range(_DEEPEST):
        below: Counter[tuple[Node, bool]] = Counter()
        for (node, is_alternative), count in level.items():
            members = _items(shapes, node)
            steps += count * len(members)
            if steps > _MOST_STEPS or (len(members) > _LONGEST and not is_alternative):
                return "The path has too many steps to be evaluated."
            parts = [(each, False) for each in members] or [
                (value, predicate == SH.alternativePath)
                for predicate, value in shapes.predicate_objects(node)
            ]
            for part in parts:
                below[part] += count if isinstance(part[0], BNode) else 0
        level = +below
        seen.update(node for node, _ in level)
    if level and len(seen) > _DEEPEST:  # otherwise it leads back to itself
        return f"The path is nested more than {_DEEPEST} deep."
    if not _is_path(shapes, path, frozenset()):
        takes = "an IRI, a list of two or more paths, or a path such as [ sh:inversePath ex:p ]"
        return f"sh:path takes {takes}, not {_shown(path)}."
    return None


def _is_path(shapes: Graph, node: Node, above: frozenset[Node]) -> bool:
    if not isinstance(node, BNode):
        return isinstance(node, URIRef) and node != RDF.nil
    if node in above or len(above) > 2 * _DEEPEST:
        return False
    above |= {node}
    if (node, RDF.first, None) in shapes:
        return _are_paths(shapes, node, above)
    statements = list(shapes.predicate_objects(node))
    name = str(statements[0][0]).removeprefix(ns.SH) if len(statements) == 1 else ""
    if name not in _PATHS:
        return False
    among = _are_paths if name == "alternativePath" else _is_path
    return among(shapes, statements[0][1], above)


def _are_paths(shapes: Graph, head: Node, above: frozenset[Node]) -> bool:
    if not _is_list(shapes, head):
        return False
    members = list(shapes.items(head))
    return len(members) > 1 and all(_is_path(shapes, each, above) for each in members)


def _of_parameters(shapes: Graph) -> Iterator[Fault]:
    """Yield parameters with ill-formed values, and parameters at the wrong kind of shape."""
    yield from _ill_formed(shapes)
    yield from _repeated(shapes)
    yield from _of_members(shapes)
    for name in _AT_PROPERTIES:
        predicate = URIRef(ns.SH + name)
        for shape, value in shapes.subject_objects(predicate):
            if (shape, SH.path, None) not in shapes:
                yield shape, predicate, value, f"sh:{name} needs a property shape, with sh:path."


def _unknown_terms(shapes: Graph) -> Iterator[Fault]:
    """Yield triples whose predicate or object is in SHACL's namespace but no term of SHACL."""
    names = set(SH.__annotations__) | _RESERVED | SHACL_1_2 | {""}
    for subject, predicate, value in shapes:
        for term in (predicate, value):
            name = str(term).removeprefix(ns.SH)
            if isinstance(term, URIRef) and name != str(term) and name not in names:
                same = [each for each in names if each.lower() == name.lower()]
                close = same or difflib.get_close_matches(name, names, 1)
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


def _of_constraints(advanced: bool, shapes: Graph) -> Iterator[Fault]:
    """Yield SPARQL constraints without a query, or with an ill-formed one (SHACL §5.3)."""
    for shape, constraint in sorted(shapes.subject_objects(SH.sparql), key=str):
        if (constraint, SH.select, None) not in shapes:
            yield shape, SH.sparql, constraint, "A SPARQL constraint needs a sh:select."
    constraints = set(shapes.objects(None, SH.sparql))
    for constraint in sorted(constraints, key=str):
        try:
            prefixes = queries.declared(shapes, constraint)
        except NotExpressible:
            holder = next(iter(shapes.objects(constraint, SH.prefixes)))
            yield constraint, SH.prefixes, holder, _PREFIXES
            continue
        for text in shapes.objects(constraint, SH.select):
            fault = _fault_of_query(str(text), prefixes)
            fault = fault or _unknown_function(shapes, str(text), prefixes, advanced)
            if fault:
                yield constraint, SH.select, text, fault


def _of_other_queries(advanced: bool, shapes: Graph) -> Iterator[Fault]:
    """Yield queries of targets and validators that read other graphs or call unknown functions."""
    constraints = set(shapes.objects(None, SH.sparql))
    for predicate in (SH.select, SH.ask):
        for other, text in shapes.subject_objects(predicate):
            if other in constraints:
                continue
            if (refused := _refused(str(text))) in ("FROM", "SERVICE"):
                yield other, predicate, text, _REFUSED.format(refused, _REFUSED_WORDS[refused])
                continue
            if too_deep := _too_deep(str(text)):
                yield other, predicate, text, too_deep
                continue
            with suppress(NotExpressible):
                prefixes = queries.declared(shapes, other)
                fault = None
                if _components_with(shapes, other):  # pySHACL writes the path in place of $PATH
                    fault = _not_sparql(_PATH_VARIABLE.sub("<urn:x:p>", str(text)), prefixes)
                if fault := fault or _unknown_function(shapes, str(text), prefixes, advanced):
                    yield other, predicate, text, fault


def _components_with(shapes: Graph, validator: Node) -> list[Node]:
    """Return the constraint components that have a validator."""
    return [each for name in _VALIDATORS for each in shapes.subjects(name, validator)]


def _fault_of_query(text: str, prefixes: Mapping[str, str]) -> str | None:
    """Return the fault of the query of a SPARQL constraint."""
    if refused := _refused(text):  # first, because the parser below would call a SERVICE
        return _REFUSED.format(refused, _REFUSED_WORDS[refused])
    if fault := _not_sparql(text, prefixes):
        return fault
    try:
        is_select = keywords.form_of(text) is keywords.Form.SELECT
    except KgError:
        is_select = False
    if not is_select:
        return "The query must be a SELECT query."
    tokens = list(lexer.significant(text))
    if _NEGATED_INVERSE.search(" ".join(each.text for each in tokens if each.kind != "string")):
        return "The query has an inverse in a negated path, as in !(^ex:p): it is not evaluated."
    words = [token.text.upper() for token in tokens]
    head = words[words.index("SELECT") : words.index("{")]
    if head[-1:] != ["*"] and head[-2:] != ["*", "WHERE"] and not {"$THIS", "?THIS"} & set(head):
        return "The query must select $this, the focus node."
    return None


def _of_advanced(shapes: Graph) -> Iterator[Fault]:
    """Yield ill-formed targets, rules and expressions of SHACL Advanced Features."""
    return features.faults(
        _fault_of_other, lambda path: _is_path(shapes, path, frozenset()), shapes
    )


def _fault_of_other(shapes: Graph, holder: Node, query: Node, form: str) -> str | None:
    """Return the fault of the query of a target or a rule, which must have the given form."""
    text = str(query)
    if (refused := _refused(text)) in ("FROM", "SERVICE"):
        return _REFUSED.format(refused, _REFUSED_WORDS[refused])
    if too_deep := _too_deep(text):
        return too_deep
    try:
        prefixes = queries.declared(shapes, holder)
    except NotExpressible:
        return _PREFIXES
    if fault := _not_sparql(text, prefixes):
        return fault
    words = [token.text.upper() for token in lexer.significant(text)]
    if form not in words:
        return f"The query must be a {form} query."
    head = words[words.index(form) : words.index("{")]
    if form == "SELECT" and not {"$THIS", "?THIS", "*"} & set(head):
        return "The query must select ?this, the focus node."
    return _unknown_function(shapes, text, prefixes, True)


def _refused(text: str) -> str | None:
    """Return the first keyword of a query that SHACL does not allow."""
    words = (each.text.upper() for each in lexer.tokens(text) if each.kind == "word")
    return next((word for word in words if word in _REFUSED_WORDS), None)


def _not_sparql(text: str, prefixes: Mapping[str, str]) -> str | None:
    """Return why a query is not SPARQL: none of the two engines reads it."""
    if too_deep := _too_deep(text):
        return too_deep
    complaint = partial(diagnostics.complaint, prefixes=prefixes)
    if complaint(text) and not _rdflib_reads(text, prefixes):
        return f"The query is not SPARQL: {diagnostics.explain(text, complaint, {}).detail}"
    return None


def _too_deep(text: str) -> str | None:
    """Return what is wrong with a query that would overflow the engine's stack."""
    try:
        nesting.check(text)
    except NestedTooDeeply as problem:
        return problem.detail
    return None


def _unknown_function(
    shapes: Graph, text: str, prefixes: Mapping[str, str], advanced: bool
) -> str | None:
    """Return the fault of a query that calls an unknown function.

    rdflib does not report it: a condition with an unknown function is false.
    """
    own = {str(each) for each in shapes.subjects(RDF.type, SH.SPARQLFunction)}
    known: dict[ox.NamedNode, Callable[..., Any]] = {}
    if advanced:
        known = {ox.NamedNode(each): lambda *_: None for each in own}
    try:
        ox.Store().query(text, prefixes=dict(prefixes), custom_functions=known)
    except SyntaxError:  # rdflib may read it
        return None
    except RuntimeError as error:
        called = re.search(r"<([^<>]*)>", str(error))
        if called is None:
            return None
        needs = "--advanced" if called[1] in own else "a definition (sh:SPARQLFunction)"
        return f"The query calls the function {called[0]}, which needs {needs}."
    return None


def _rdflib_reads(text: str, prefixes: Mapping[str, str]) -> bool:
    try:
        prepareQuery(text, initNs=dict(prefixes))
    except Exception:  # noqa: BLE001  # pyparsing's, and rdflib's bare ones
        return False
    return True


def _ill_formed(shapes: Graph) -> Iterator[Fault]:
    """Yield parameters whose value is of the wrong kind (SHACL §4)."""
    kinds = {URIRef(ns.SH + name) for name in _NODE_KINDS}
    for names, is_good, takes in (
        (_INTEGERS, _is_count, "a whole number such as 1"),
        (_BOOLEANS, _is_boolean, "true or false"),
        (_LISTS, lambda value: _is_list(shapes, value), "a list in parentheses"),
        (_IRIS, lambda value: isinstance(value, URIRef), "an IRI"),
        (_BOUNDS, lambda value: isinstance(value, Literal), "a literal"),
        (("message",), _is_text, "a text"),
        (_STRINGS, _is_string, "a string"),
        (("targetNode",), lambda value: not isinstance(value, BNode), "an IRI or a literal"),
        (("nodeKind",), lambda value: value in kinds, "sh:IRI, sh:Literal, sh:BlankNode or two"),
    ):
        for name in names:
            predicate = URIRef(ns.SH + name)
            for shape, value in shapes.subject_objects(predicate):
                if not is_good(value):
                    yield shape, predicate, value, f"sh:{name} takes {takes}, not {_shown(value)}."
    predicate = URIRef(f"{ns.SH}pattern")
    for shape, pattern in shapes.subject_objects(predicate):
        if not _is_string(pattern):
            continue
        flags = "".join(str(each) for each in shapes.objects(shape, URIRef(f"{ns.SH}flags")))
        try:
            regex.compiled(str(pattern), flags)
        except ValueError as error:
            takes = f"takes a regular expression of XPath, not {pattern.n3()}"
            yield shape, predicate, pattern, f"sh:pattern {takes}: {error}."


def _of_references(shapes: Graph) -> Iterator[Fault]:
    """Yield references to shapes and constraints that have no triples, and lists of these."""
    for name in (*_REFERENCES, "sparql"):
        predicate = URIRef(ns.SH + name)
        for shape, value in shapes.subject_objects(predicate):
            if (value, None, None) not in shapes:
                message = f"sh:{name} is {_shown(value)}, which is not defined."
                yield shape, predicate, value, message
    for name in _OF_SHAPES:
        predicate = URIRef(ns.SH + name)
        for shape, head in shapes.subject_objects(predicate):
            members = _items(shapes, head)
            if not members:
                yield shape, predicate, head, f"sh:{name} takes at least one shape."
            for each in members:
                # A blank node without a triple is a shape without a constraint.
                if not isinstance(each, BNode) and (each, None, None) not in shapes:
                    message = f"sh:{name} has {each.n3()}, which is not defined."
                    yield shape, predicate, head, message


def _of_entailment(inference: str, shapes: Graph) -> Iterator[Fault]:
    """Yield entailment regimes that this run does not apply (SHACL §1.5)."""
    for holder, regime in shapes.subject_objects(SH.entailment):
        applied_by = _ENTAILMENT.get(str(regime), ())
        if inference not in applied_by:
            hint = f": run with --inference {applied_by[0]}" if applied_by else ""
            message = f"The entailment {_shown(regime)} is not applied{hint}."
            yield holder, SH.entailment, regime, message


def _of_components(shapes: Graph) -> Iterator[Fault]:
    """Yield parameters without a path, and components without a validator (SHACL §6.2)."""
    broken = set()
    for component, parameter in shapes.subject_objects(SH.parameter):
        if not isinstance(shapes.value(parameter, SH.path), URIRef):
            broken.add(component)
            yield component, SH.parameter, parameter, "A parameter needs an IRI as its sh:path."
    for component in sorted(set(shapes.subjects(SH.parameter)) - broken, key=str):
        bodies = [each for name in _VALIDATORS for each in shapes.objects(component, name)]
        if any((each, name, None) in shapes for each in bodies for name in (SH.select, SH.ask)):
            continue
        if any((each, SH.jsFunctionName, None) in shapes for each in bodies):
            shapes.remove((component, None, None))  # the lint rule not-checked reports it
            continue
        functions = (SH.SPARQLFunction, SH.JSFunction, SH.SPARQLTargetType, SH.JSTargetType)
        if not any((component, RDF.type, kind) in shapes for kind in functions):
            missing = "A constraint component needs a validator with a sh:select or sh:ask."
            yield component, RDF.type, SH.ConstraintComponent, missing


def _shown(term: Node) -> str:
    """Return a term for a message; a blank node has no name there."""
    return "this blank node" if isinstance(term, BNode) else term.n3()


def _of_members(shapes: Graph) -> Iterator[Fault]:
    """Yield lists with wrong members (SHACL §4.4.4, §4.8.1), and wrong uses of ``sh:node``."""
    table: tuple[tuple[str, Callable[[Any], bool], str], ...] = (
        ("ignoredProperties", lambda value: isinstance(value, URIRef), "IRIs"),
        ("languageIn", _is_string, "language tags"),
    )
    for name, is_good, takes in table:
        predicate = URIRef(ns.SH + name)
        for shape, head in shapes.subject_objects(predicate):
            odd = [each for each in _items(shapes, head) if not is_good(each)]
            if odd:
                yield shape, predicate, head, f"sh:{name} takes {takes}, not {_shown(odd[0])}."
    for shape, inner in shapes.subject_objects(SH.node):
        if (inner, SH.path, None) in shapes:
            message = f"sh:node takes a node shape, and {_shown(inner)} has a sh:path: sh:property."
            yield shape, SH.node, inner, message


def _items(shapes: Graph, head: Node) -> list[Any]:
    """Return the members of a list; none if it is not well-formed."""
    return list(shapes.items(head)) if _is_list(shapes, head) else []


def _is_text(value: Any) -> bool:
    return isinstance(value, Literal) and value.datatype in (None, XSD.string, RDF.langString)


def _is_string(value: Any) -> bool:
    return _is_text(value) and not value.language


def _is_count(value: Node) -> bool:
    whole = isinstance(value, Literal) and value.datatype == XSD.integer and not value.ill_typed
    return whole and int(str(value)) >= 0


def _is_boolean(value: Node) -> bool:
    return isinstance(value, Literal) and value.datatype == XSD.boolean and not value.ill_typed


def _is_list(shapes: Graph, head: Node) -> bool:
    """Tell whether a node is a well-formed list: one rdf:first and one rdf:rest at each cell."""
    seen: set[Node] = set()
    while head != RDF.nil:
        following = list(shapes.objects(head, RDF.rest))
        if head in seen or len(following) != 1 or len(list(shapes.objects(head, RDF.first))) != 1:
            return False
        seen.add(head)
        head = following[0]
    return True
