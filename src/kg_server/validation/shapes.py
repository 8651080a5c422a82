"""Checks of shapes that the shapes for shapes miss, such as a misspelt SHACL term."""

from __future__ import annotations

import difflib
import hashlib
import os
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pyoxigraph as ox
from rdflib import RDF, SH, XSD, Literal, URIRef
from rdflib.plugins.sparql import prepareQuery

from kg_server.errors import ProjectFault
from kg_server.rdf import namespaces as ns
from kg_server.rdf import regex, terms
from kg_server.sparql import diagnostics, lexer
from kg_server.validation.prefilter import queries
from kg_server.validation.prefilter.values import Unsievable
from kg_server.validation.report import ILL_FORMED, Finding, Severity

if TYPE_CHECKING:
    from rdflib import Graph
    from rdflib.term import Node


_INTEGERS = (
    "minCount",
    "maxCount",
    "minLength",
    "maxLength",
    "qualifiedMinCount",
    "qualifiedMaxCount",
)
_BOOLEANS = ("closed", "uniqueLang", "deactivated", "qualifiedValueShapesDisjoint")
_LISTS = ("in", "languageIn", "and", "or", "xone", "ignoredProperties")
_REFERENCES = ("property", "node", "not", "qualifiedValueShape")
_IRIS = ("class", "datatype", "nodeKind", "severity", "targetClass")
_ONCE = (
    *("datatype", "nodeKind", "minCount", "maxCount", "minExclusive", "minInclusive"),
    *("maxExclusive", "maxInclusive", "minLength", "maxLength", "pattern", "flags", "languageIn"),
    *("uniqueLang", "in", "closed", "ignoredProperties", "qualifiedValueShape"),
    *("qualifiedMinCount", "qualifiedMaxCount", "deactivated"),
)
_RESERVED = {"class", "in", "or", "and", "not"}
"""Terms whose name is a word of Python, which rdflib's list of SHACL's terms leaves out."""
SHACL_1_2 = frozenset(
    (
        *("ShapeClass", "memberShape", "minListLength", "maxListLength", "uniqueMembers", "shape"),
        *("someValue", "singleLine", "subsetOf", "rootClass", "uniqueValuesFor", "targetWhere"),
        *("reifierShape", "reificationRequired", "nodeByExpression", "ByTypes", "Debug", "Trace"),
        *("SPARQLExpr", "conformanceDisallows", "codeIdentifier", "agentInstruction", "values"),
        *("memberDatatype", "minMembers", "maxMembers", "hasConstraint", "constraint"),
    )
)
"""Terms that SHACL 1.2 adds, as far as they are not in SHACL 1.0 or its Advanced Features."""
_TARGETS = ("targetNode", "targetClass", "targetSubjectsOf", "targetObjectsOf", "target")


def check(shapes: Graph) -> None:
    """Check that there are shapes.

    Raises:
        ProjectFault: there are none.
    """
    kinds = (SH.NodeShape, SH.PropertyShape)
    if not any((None, RDF.type, kind) in shapes for kind in kinds) and not any(
        (None, URIRef(ns.SH + target), None) in shapes for target in _TARGETS
    ):
        message = "there is no sh:NodeShape and no sh:PropertyShape: these are no shapes"
        raise ProjectFault(message)


def has_queried_targets(shapes: Graph) -> bool:
    """Tell whether a shape has a target of SHACL Advanced Features (§3.1)."""
    return any(shapes.triples((None, URIRef(f"{ns.SH}target"), None)))


def known_good(shapes: Graph) -> bool:
    """Tell whether these shapes have passed the shapes for shapes before.

    The package carries the hash of the shapes that come with it (``shapes_checked.txt``, which the
    tests hold to the truth); of others it is remembered on this machine.
    """
    digest = digest_of(shapes)
    shipped = Path(__file__).with_name("shapes_checked.txt").read_text("ascii").split()
    return digest in shipped or (_cache() / digest).exists()


def remember(shapes: Graph) -> None:
    """Note that these shapes have passed; where nothing can be written, they are checked again."""
    try:
        _cache().mkdir(parents=True, exist_ok=True)
        (_cache() / digest_of(shapes)).touch()
    except OSError:
        return


def _cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "kg-server" / "shapes"


def digest_of(shapes: Graph) -> str:
    """Return a hash of the shapes; ``loading`` names blank nodes the same each time."""
    from importlib.metadata import version

    minor, _, _ = version("pyshacl").rpartition(".")
    digest = hashlib.sha256(minor.encode())
    for line in sorted(" ".join(term.n3() for term in triple) for triple in shapes):
        digest.update(line.encode() + b"\n")
    return digest.hexdigest()[:40]


def _unknown_terms(shapes: Graph) -> Iterator[tuple[Node, Node, Node, str]]:
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


def take_out_ill_formed(shapes: Graph) -> tuple[Finding, ...]:
    """Remove the triples that are wrong, so that all else can be checked.

    Args:
        shapes: the shapes graph, which is changed in place.

    Returns:
        A finding for each.
    """
    found = [
        *_unknown_terms(shapes),
        *_ill_formed(shapes),
        *_repeated(shapes),
        *_dangling(shapes),
    ]
    for shape, predicate, value, _ in found:
        shapes.remove((shape, predicate, value))
    for faults in (_outside, _malformed_queries):  # in this order: the engine would call a service
        malformed = list(faults(shapes))
        for constraint, _, _, _ in malformed:
            shapes.remove((None, SH.sparql, constraint))
        found += malformed
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


def _repeated(shapes: Graph) -> Iterator[tuple[Node, Node, Node, str]]:
    """Yield parameters that have several values where one is allowed (SHACL Appendix C)."""
    for name in _ONCE:
        predicate = URIRef(ns.SH + name)
        for shape in set(shapes.subjects(predicate)):
            values = sorted(shapes.objects(shape, predicate), key=str)
            if len(values) > 1:
                shown = " and ".join(value.n3() for value in values)
                for value in values:
                    yield shape, predicate, value, f"sh:{name} takes one value, not {shown}."


def _malformed_queries(shapes: Graph) -> Iterator[tuple[Node, Node, Node, str]]:
    """Yield SPARQL constraints whose query neither the engine nor rdflib can read."""
    for constraint in set(shapes.objects(None, SH.sparql)):
        try:
            prefixes = queries.declared(shapes, constraint)
        except Unsievable:
            continue
        for text in shapes.objects(constraint, SH.select):
            complaint = partial(_complaint, prefixes)
            if complaint(str(text)) and not _rdflib_reads(str(text), prefixes):
                problem = diagnostics.explain(str(text), complaint, {})
                yield constraint, SH.select, text, f"The query is not SPARQL: {problem.detail}"


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


def _ill_formed(shapes: Graph) -> Iterator[tuple[Node, Node, Node, str]]:
    """Yield parameters whose value is of the wrong kind (SHACL §4), and what kind is right."""
    for names, is_good, takes in (
        (_INTEGERS, _is_count, "a whole number such as 1"),
        (_BOOLEANS, _is_boolean, "true or false"),
        (_LISTS, lambda value: _is_list(shapes, value), "a list in parentheses"),
        (_IRIS, lambda value: isinstance(value, URIRef), "an IRI"),
    ):
        for name in names:
            predicate = URIRef(ns.SH + name)
            for shape, value in shapes.subject_objects(predicate):
                if not is_good(value):
                    yield shape, predicate, value, f"sh:{name} takes {takes}, not {value.n3()}."
    predicate = URIRef(f"{ns.SH}pattern")
    for shape, pattern in shapes.subject_objects(predicate):
        flags = "".join(str(each) for each in shapes.objects(shape, URIRef(f"{ns.SH}flags")))
        try:
            regex.compiled(str(pattern), flags)
        except ValueError as error:
            takes = f"takes a regular expression of XPath, not {pattern.n3()}"
            yield shape, predicate, pattern, f"sh:pattern {takes}: {error}."


def _outside(shapes: Graph) -> Iterator[tuple[Node, Node, Node, str]]:
    """Yield queries that read what is elsewhere: rdflib takes what it cannot fetch for empty."""
    for predicate in (SH.select, SH.ask):
        for constraint, text in shapes.subject_objects(predicate):
            words = (token.text for token in lexer.tokens(str(text)) if token.kind == "word")
            word = next((word for word in words if word.upper() in ("FROM", "SERVICE")), None)
            if word:
                message = f"The query must not use {word}: it reads the graph that is checked."
                yield constraint, predicate, text, message


def _dangling(shapes: Graph) -> Iterator[tuple[Node, Node, Node, str]]:
    """Yield references to shapes and constraints of which nothing is said."""
    for name in (*_REFERENCES, "sparql"):
        predicate = URIRef(ns.SH + name)
        for shape, value in shapes.subject_objects(predicate):
            if (value, None, None) not in shapes:
                message = f"sh:{name} is {value.n3()}, which is nowhere described."
                yield shape, predicate, value, message


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
