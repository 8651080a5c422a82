"""SPARQL constraints (SHACL §5) as queries over all focus nodes at once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from itertools import pairwise
from typing import TYPE_CHECKING

from rdflib import OWL, RDF

from kg_server.rdf import namespaces as ns
from kg_server.sparql import lexer
from kg_server.validation.prefilter import doubts, values
from kg_server.validation.prefilter.data import Altered
from kg_server.validation.prefilter.values import NotExpressible

if TYPE_CHECKING:
    from rdflib import Graph
    from rdflib.term import Node

_OTHERWISE = re.compile(
    r"\b(MINUS|VALUES|SERVICE|OPTIONAL|UNION|GRAPH|LIMIT|OFFSET|FROM|COALESCE|COUNT\s*\(\s*\*)",
    re.IGNORECASE,
)
_BARE = {"iri": "<>", "name": "x:y", "blank": "x:y", "string": " ", "comment": " "}
_AS_WRITTEN = re.compile(
    r"\b(STR|REGEX|STRLEN|SUBSTR|CONTAINS|STRSTARTS|STRENDS|STRBEFORE|STRAFTER|REPLACE|CONCAT|"
    r"SAMETERM|COUNT|SUM|AVG|SAMPLE|GROUP_CONCAT|MD5|SHA\d+|LCASE|UCASE|DATATYPE|STRDT|"
    r"STRLANG|IRI|URI|ENCODE_FOR_URI|TZ|TIMEZONE)\b|(<>|\bx:y)\s*\(",
    re.IGNORECASE,
)
"""Functions that read the text or the datatype of a value, such as casts."""
_ANY_PREDICATE = re.compile(
    r"([$?]\w+|[>y])\s+[$?]\w+\s+([$?\w<\"']|x:y)|;\s*[$?]\w+\s|[\w>]\s+!\s*\(?\s*(x:y|<>|\^|a\b)"
)
"""A variable in the place of a predicate (between two terms, or after a semicolon), or a negated
property set."""
_KEPT_NUMBER = re.compile(r"0|[1-9][0-9]{0,17}")
"""A number that the store does not alter."""
_SAFE = frozenset(
    ("ISLITERAL", "ISIRI", "ISURI", "ISBLANK", "ISNUMERIC", "BOUND", "SAMETERM", "IN")
)
_TEXT = frozenset(("CONCAT", "STR", "SUBSTR"))
_STANDARD = {
    "rdf": ns.RDF,
    "rdfs": ns.RDFS,
    "owl": ns.OWL,
}
"""Prefixes that pySHACL declares in every query."""


def for_all(shapes: Graph, constraint: Node, altered: Altered) -> list[str]:
    """Return the queries of a SPARQL constraint, to evaluate with ``$this`` unbound.

    SHACL pre-binds ``$this`` (§5.3.1). Each solution with a pre-bound node is also a solution of
    the query without it. That holds if the first pattern binds ``$this``, if no part of the query
    hides a variable, and if none depends on the number of solutions.

    Args:
        shapes: the shapes graph.
        constraint: the value of ``sh:sparql``.
        altered: the literals that the store has altered, which a query may read.

    Raises:
        NotExpressible: this does not hold for a query.
    """
    if values.flag(shapes, constraint, "deactivated"):
        return []
    queries = []
    for text in shapes.objects(constraint, values.term("select")):
        query, prefixes = str(text), declared(shapes, constraint)
        if not is_plain(query):
            raise NotExpressible("a query")
        heads = (f"PREFIX {name}: <{space}>\n" for name, space in prefixes.items())
        queries.append("".join(heads) + _with_errors(query))
        if _may_meet_altered(query, prefixes, altered):
            as_written = bool(_AS_WRITTEN.search(_bare(query)))
            queries += doubts.queries(query, prefixes, altered, as_written=as_written)
    return queries


def _with_errors(query: str) -> str:
    """Return a query whose filters take an error for true, except in NOT EXISTS.

    rdflib finds some comparisons true (a date that is less than a text) that are errors to the
    engine, rightly. Filters with functions, or with variables of BIND, are not changed: their
    errors are on purpose, and the same in both.

    >>> _with_errors("SELECT $this { $this ?p ?v FILTER (?v < 1) FILTER NOT EXISTS { } }")
    'SELECT $this { $this ?p ?v FILTER (COALESCE(!(!(?v < 1)),true)) FILTER NOT EXISTS { } }'
    """
    tokens = list(lexer.significant(query))
    words = [token.text.upper() for token in tokens]
    assigned = {words[at + 1] for at, word in enumerate(words[:-1]) if word == "AS"}
    negative: list[bool] = []
    inserted: list[tuple[int, str]] = []
    for at, word in enumerate(words):
        if word == "{":
            negated = words[max(0, at - 2) : at] == ["NOT", "EXISTS"]
            negative.append(negated or (bool(negative) and negative[-1]))
        elif word == "}" and negative:
            negative.pop()
        elif word == "FILTER" and words[at + 1] not in ("NOT", "EXISTS") and not negative[-1]:
            inner = words[at + 1] == "("
            first, last = _expression(words, at + 1)
            if not _compares(tokens[first : last + 1]) or assigned & set(words[first:last]):
                continue
            start = tokens[first].end if inner else tokens[first].offset
            end = tokens[last].offset if inner else tokens[last].end
            opening = "COALESCE(!(!(" if inner else "(COALESCE(!(!("
            inserted += [(start, opening), (end, ")),true)" if inner else ")),true))")]
    for offset, text in sorted(inserted, reverse=True):
        query = query[:offset] + text + query[offset:]
    return query


def _compares(tokens: Sequence[lexer.Token]) -> bool:
    """Tell whether an expression has only operators, and functions that never raise an error."""
    functions = [one for one, other in pairwise(tokens) if other.text == "("]
    named = any(
        token.kind in ("iri", "name") or (token.kind == "word" and token.text.upper() not in _SAFE)
        for token in functions
    )
    words = {token.text.upper() for token in tokens if token.kind == "word"}
    return not named and words <= {"TRUE", "FALSE", "IN", "NOT"} | _SAFE


def _expression(words: Sequence[str], first: int) -> tuple[int, int]:
    """Return the numbers of the first and last token of a filter's expression."""
    depth = 0
    for at in range(first, len(words)):
        depth += (words[at] == "(") - (words[at] == ")")
        if depth == 0 and words[at] == ")":
            return first, at
    raise NotExpressible("a filter")


def _may_meet_altered(query: str, prefixes: Mapping[str, str], altered: Altered) -> bool:
    """Tell whether a query may read a value that the store has altered; a cheap test."""
    tokens = list(lexer.significant(query))
    if _has_altered_literal(tokens) or _computes_a_term(tokens):
        return True
    predicates = altered.predicates | altered.odd
    if not predicates:
        return False
    return takes_any_predicate(query) or not lexer.iris(query, prefixes).isdisjoint(predicates)


def takes_any_predicate(query: str) -> bool:
    """Tell whether a query may have a pattern that does not name its predicates."""
    body = _bare(query).partition("{")[2].rpartition("}")[0]
    return bool(_ANY_PREDICATE.search(body))


def _has_altered_literal(tokens: Sequence[lexer.Token]) -> bool:
    """Tell whether a query may contain a literal that the store would alter."""
    return any(
        token.text == "^^" or (token.kind == "number" and not _KEPT_NUMBER.fullmatch(token.text))
        for token in tokens
    )


def _computes_a_term(tokens: Sequence[lexer.Token]) -> bool:
    """Tell whether a pattern may use a variable that BIND assigns.

    Parentheses after a word have an expression; others belong to a path or a collection.

    >>> _computes_a_term(list(lexer.significant("{ ?a ?p ?b BIND(1 AS ?c) FILTER(?c = ?b) }")))
    False
    >>> _computes_a_term(list(lexer.significant("{ ?a ?p ?b BIND(1 AS ?c) ?d ?p ?c }")))
    True
    >>> _computes_a_term(list(lexer.significant("SELECT (MIN(?b) AS ?c) { ?a ?p ?b }")))
    False
    >>> _computes_a_term(list(lexer.significant("{ ?a ?p ?b BIND(CONCAT('x') AS ?c) ?d ?p ?c }")))
    False
    >>> squared = "{ ?a ?p ?b BIND(CONCAT(STR(?b * ?b)) AS ?c) ?d ?p ?c }"
    >>> _computes_a_term(list(lexer.significant(squared)))
    True
    """
    texts = [token.text for token in tokens]
    tokens = tokens[texts.index("{") if "{" in texts else 0 :]  # SELECT has no pattern
    assigned: set[str] = set()
    for at, word in enumerate(tokens[:-1]):
        is_assigned = word.kind == "word" and word.text.upper() == "AS"
        if is_assigned and not _is_text(tokens[:at], assigned):
            assigned.add(tokens[at + 1].text[1:])
    in_pattern = False
    inside: list[bool] = []  # for each open bracket: does it have an expression?
    for before, token in pairwise((lexer.Token("sign", "", 0), *tokens)):
        in_expression = bool(inside) and inside[-1]
        if token.text in ("{", "["):
            inside.append(False)
        elif token.text == "(":
            inside.append(in_expression or before.kind == "word")
        elif token.text in ("}", ")", "]") and inside:
            inside.pop()
        elif inside and not in_expression and token.kind == "variable":
            in_pattern = in_pattern or token.text[1:] in assigned
    return in_pattern


def _is_text(tokens: Sequence[lexer.Token], computed: Set[str]) -> bool:
    """Tell whether the expression of the BIND at the end is a text, the same in each engine.

    Such is CONCAT of texts, and of integers of at most 18 digits: of casts to xsd:integer, from
    which a number may be taken. How an engine writes other numbers that it computes is its own.

    Args:
        tokens: of the query, up to the expression's end.
        computed: variables with other computed values.
    """
    words = [token.text.upper() for token in tokens]
    if "BIND" not in words:
        return False
    begin = len(words) - words[::-1].index("BIND")
    casts: list[bool] = []  # for each open bracket: is it that of a cast?
    is_cast = False
    for before, token in pairwise(tokens[begin:]):
        if before.kind == "sign" and before.text in "+-":
            is_known = token.kind == "number" or token.text == "xsd:integer"
        elif token.kind == "sign" and token.text in "+-":
            is_known = is_cast
        elif token.kind == "word":
            is_known = token.text.upper() in _TEXT
        elif token.kind in ("name", "iri"):
            is_known = token.text == "xsd:integer"
        elif token.kind == "variable":
            is_known = token.text[1:] not in computed
        else:
            is_known = token.kind != "sign" or token.text in "(),"
        if not is_known:
            return False
        if token.text == "(":
            casts.append(before.text == "xsd:integer")
        is_cast = token.text == ")" and bool(casts) and casts.pop()
    return words[begin : begin + 2] == ["(", "CONCAT"]


def is_plain(query: str) -> bool:
    """Tell whether a query can be evaluated for all focus nodes at once.

    >>> is_plain("SELECT $this { $this <urn:p> ?v . FILTER NOT EXISTS { ?v <urn:q> $this } }")
    True
    >>> is_plain("SELECT $this { { $this <urn:p> ?v } UNION { $this <urn:q> ?v } }")
    False
    """
    bare = _bare(query)
    head, brace, body = bare.partition("{")
    if not brace or _OTHERWISE.search(bare) or len(re.findall(r"(?i)\bSELECT\b", bare)) != 1:
        return False
    if re.search(r"[$?](shapesGraph|currentShape|failure|PATH)\b", bare):
        return False
    if not re.search(r"[$?]this\b", head) or not re.match(r"\s*[$?]this\s+[^\s{}.]", body):
        return False
    inner = [body[: match.start()] for match in re.finditer(r"\{", body)]
    if not all(re.search(r"(?i)\bEXISTS\s*$", before) for before in inner):
        return False
    grouped = re.search(r"(?i)\bGROUP\s+BY\b([^{}]*?)(?:\bHAVING\b|\bORDER\b|$)", body)
    if grouped:
        return bool(re.search(r"[$?]this\b", grouped[1]))
    return "(" not in head and not re.search(r"(?i)\bHAVING\b", body)


def _bare(query: str) -> str:
    """Return a query without strings and comments, with one placeholder for all IRIs and names."""
    return "".join(_BARE.get(token.kind, token.text) for token in lexer.tokens(query))


def declared(shapes: Graph, constraint: Node) -> dict[str, str]:
    """Return the prefixes of a constraint (SHACL §5.2.1), as pySHACL declares them.

    Raises:
        NotExpressible: a prefix has two namespaces.
    """
    holders = {*shapes.objects(constraint, values.term("prefixes"))}
    if holders:
        holders.update(shapes.subjects(RDF.type, OWL.Ontology))
    prefixes = dict(_STANDARD)
    for holder in sorted(holders, key=str):
        for each in shapes.objects(holder, values.term("declare")):
            prefix = shapes.value(each, values.term("prefix"))
            namespace = shapes.value(each, values.term("namespace"))
            if (
                prefix is None
                or namespace is None
                or prefixes.get(str(prefix), str(namespace)) != str(namespace)
            ):
                raise NotExpressible("prefixes")
            prefixes[str(prefix)] = str(namespace)
    return prefixes
