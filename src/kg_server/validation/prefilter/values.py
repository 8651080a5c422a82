"""SHACL's terms, paths and conditions in SPARQL syntax."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from rdflib import RDF, XSD, BNode, Literal, URIRef

from kg_server.rdf import namespaces as ns
from kg_server.rdf import terms
from kg_server.validation.prefilter.stored import is_kept

if TYPE_CHECKING:
    from rdflib import Graph
    from rdflib.term import Node

_DAY = r"(0[1-9]|1[0-9]|2[0-8])"
_LEAP = r"([1-9][0-9](0[48]|[2468][048]|[13579][26])|([2468][048]|[13579][26])00)"  # 2000, not 1900
_DATE = (
    rf"([1-9][0-9]{{3}}-((0[1-9]|1[0-2])-{_DAY}|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)"
    rf"|{_LEAP}-02-29)"
)
_TIME = (
    r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?(Z|[+-](0[0-9]|1[0-3]):[0-5][0-9])?"
)
LEXICAL = {
    "integer": r"[+-]?[0-9]+",
    "nonNegativeInteger": r"[0-9]+",
    "positiveInteger": r"[0-9]*[1-9][0-9]*",
    "int": r"-?[0-9]{1,9}",
    "long": r"-?[0-9]{1,18}",
    "decimal": r"[+-]?[0-9]+(\.[0-9]+)?",
    "double": r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,2})?",
    "float": r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9])?",
    "boolean": r"true|false|0|1",
    "date": _DATE,
    "time": _TIME,
    "dateTime": f"{_DATE}T{_TIME}",
    "gYear": r"[1-9][0-9]{3}",
    "gYearMonth": r"[1-9][0-9]{3}-(0[1-9]|1[0-2])",
    "anyURI": r"[A-Za-z][A-Za-z0-9+.-]*:[!-;=?-Z_a-z~]*",
}
"""Lexical forms that are certainly valid (XSD 1.1 Part 2); pySHACL checks all others."""
WELL_FORMED_IRI = "urn:x-kg-server:well-formed"
"""IRI of the SPARQL function: is a literal in the lexical space of its datatype?"""


_DOT = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]|(\.)", re.DOTALL)
"""A dot in a regular expression; escapes and character classes are matched first."""


class NotExpressible(Exception):
    """No pattern can express the constraint with certainty: pySHACL must check every focus node."""


def term(name: str) -> Any:
    """Return a term of SHACL."""
    return URIRef(ns.SH + name)


def flag(shapes: Graph, shape: Node, name: str) -> bool:
    """Return a boolean parameter; false if it is absent.

    Raises:
        NotExpressible: it is no boolean, or has several values.
    """
    texts = [str(each) for each in shapes.objects(shape, term(name))]
    if texts in ([], ["false"]):
        return False
    if texts == ["true"]:
        return True
    raise NotExpressible(name)


def is_iri(node: Node) -> bool:
    """Tell whether a term is an IRI."""
    return isinstance(node, URIRef)


def iri(node: Node) -> str:
    """Return an IRI between angle brackets.

    Raises:
        NotExpressible: the term is no IRI, or has characters that SPARQL does not allow.
    """
    if not is_iri(node) or re.search(r'[\x00-\x20<>"{}|^`\\]', str(node)):
        raise NotExpressible("no IRI")
    return f"<{node}>"


def is_constant(node: Node) -> bool:
    """Tell whether ``constant`` accepts a term."""
    try:
        constant(node)
    except NotExpressible:
        return False
    return True


def constant(node: Node) -> str:
    """Return a term in SPARQL syntax.

    Raises:
        NotExpressible: the term is a blank node, or a literal that the store would alter.
    """
    if not isinstance(node, Literal):
        return iri(node)
    if node.datatype is not None and not is_kept(terms.to_pyoxigraph(node)):
        raise NotExpressible("an altered literal")
    return terms.n_triples(node)


def path(shapes: Graph, node: Node) -> str:
    """Convert a property path (SHACL §2.3.1) to SPARQL (SPARQL 1.1 Query §9.1).

    Raises:
        NotExpressible: the path is ill-formed.
    """
    if not isinstance(node, BNode):
        return iri(node)
    if (node, RDF.first, None) in shapes:
        return f"({'/'.join(path(shapes, each) for each in shapes.items(node))})"
    signs = {"zeroOrMorePath": "*", "oneOrMorePath": "+", "zeroOrOnePath": "?"}
    for predicate, value in shapes.predicate_objects(node):
        name = str(predicate).removeprefix(ns.SH)
        if name == "inversePath":
            return f"(^{path(shapes, value)})"
        if name == "alternativePath":
            return f"({'|'.join(path(shapes, each) for each in shapes.items(value))})"
        if name in signs:
            return f"({path(shapes, value)}{signs[name]})"
    raise NotExpressible("a path")


def has_datatype(variable: str, datatype: Node) -> str:
    """Return the condition that a value has a datatype and is certainly well-typed."""
    name = str(datatype)
    if name == f"{ns.RDF}langString":
        return f"isLiteral({variable}) && LANG({variable}) != ''"
    same = f"isLiteral({variable}) && DATATYPE({variable}) = {iri(datatype)}"
    if name == f"{ns.XSD}string" or not name.startswith((ns.XSD, ns.RDF)):
        return same
    lexical = LEXICAL.get(name.removeprefix(ns.XSD))
    if lexical is None:
        return f"{same} && <{WELL_FORMED_IRI}>({variable})"
    return f"{same} && REGEX(STR({variable}), {_string(f'^({lexical})$')})"


def is_plain(variable: str) -> str:
    """Return the condition that a literal is a string, or certainly well-typed."""
    forms = " || ".join(
        f"DATATYPE({variable}) = <{ns.XSD}{name}> && REGEX(STR({variable}), {_string(pattern)})"
        for name, pattern in ((name, f"^({form})$") for name, form in LEXICAL.items())
    )
    # Virtuoso 7.2 gives texts with a language no datatype.
    return f"LANG({variable}) != '' || DATATYPE({variable}) = <{ns.XSD}string> || {forms}"


def is_of_kind(variable: str, kind: Node) -> str:
    """Return the condition of ``sh:nodeKind`` (SHACL §4.1.3)."""
    tests = {"IRI": "isIRI", "BlankNode": "isBlank", "Literal": "isLiteral"}
    names = str(kind).removeprefix(ns.SH).split("Or")
    if not set(names) <= set(tests):
        raise NotExpressible("sh:nodeKind")
    return " || ".join(f"{tests[name]}({variable})" for name in names)


def matches(variable: str, pattern: Node, flags: Node | None) -> str:
    """Return the condition of ``sh:pattern`` (SHACL §4.4.3).

    Raises:
        NotExpressible: XPath and the engine may read an escape or a group differently.
    """
    text = str(pattern)
    bare = re.sub(r"\\[.\-/+*?(){}|^$\[\]d]", "", text)
    classes = re.findall(r"\[\^?([^\]]*)\]", bare)
    alike = "\\" not in bare and not re.search(r"\((?=\?[^:])", bare)
    if not alike or any(not each or re.search(r"\[|&&|--|~~", each) for each in classes):
        raise NotExpressible("sh:pattern")
    if str(flags or "") not in ("", "i"):
        raise NotExpressible("sh:flags")
    # In XPath a dot is no carriage return.
    rewritten = _DOT.sub(lambda match: r"[^\n\r]" if match[1] else match[0], text)
    matching = f"!isBlank({variable}) && REGEX(STR({variable}), {_string(rewritten)}"
    if not flags:
        return f"{matching})"
    # Beyond ASCII, they may differ about letters that are equal but for their case.
    return f"{matching}, 'i') && REGEX(STR({variable}), {_string('^[ -~]*$')})"


def compares(variable: str, sign: str, bound: Node) -> str:
    """Return the condition of a value range (SHACL §4.3), for values whose order is certain."""
    if not isinstance(bound, Literal) or bound.datatype is None:
        raise NotExpressible("a bound")
    name = str(bound.datatype).removeprefix(ns.XSD)
    if not re.fullmatch(LEXICAL.get(name, "(?!)"), str(bound)):
        raise NotExpressible("a bound")
    text = terms.n_triples(bound)
    if name == "date":
        return f"{has_datatype(variable, bound.datatype)} && {variable} {sign} {text}"
    return f"isNumeric({variable}) && isNumeric({text}) && {variable} {sign} {text}"


def in_order(one: str, sign: str, other: str) -> str:
    """Return the condition of ``sh:lessThan`` (SHACL §4.5.3), for values whose order is certain."""
    dates = " && ".join(has_datatype(each, XSD.date) for each in (one, other))
    numbers = f"isNumeric({one}) && isNumeric({other})"
    return f"(({dates}) || ({numbers})) && {one} {sign} {other}"


def allowed(shapes: Graph, shape: Node) -> list[str]:
    """Return the predicates that a closed shape allows (SHACL §4.8.1)."""
    predicates: set[str] = set()
    for ignored in shapes.objects(shape, term("ignoredProperties")):
        predicates.update(iri(each) for each in shapes.items(ignored))
    for each in shapes.objects(shape, term("property")):
        predicate = shapes.value(each, term("path"))
        if predicate is not None and is_iri(predicate):
            predicates.add(iri(predicate))
    return sorted(predicates)


def _string(text: str) -> str:
    return terms.n_triples(Literal(text))
