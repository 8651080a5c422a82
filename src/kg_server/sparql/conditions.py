"""Order of the filters of a group: cheap ones, then regular expressions, then EXISTS.

The engine (pyoxigraph 0.5.13) joins the filters of a group to one condition, and evaluates its
operands in the order of their hashes. Those change from one parse to the next, because a path such
as ``a/b`` gets a blank node with a random name. The same query takes 0.3 s one time and 7 s the
other, if EXISTS is evaluated for a product of patterns that another filter would drop.

IF evaluates only the operand that it returns (SPARQL 1.1 §17.4.1.2). ``FILTER(c) FILTER EXISTS G``
keeps a solution if c is true and EXISTS G is. So does ``FILTER(c) FILTER(IF(c, EXISTS G, false))``;
an error of c drops the solution in both.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

from kg_server.sparql import lexer
from kg_server.sparql.lexer import Token

_VOLATILE = re.compile(r"\b(RAND|UUID|STRUUID|BNODE)\b", re.IGNORECASE)
"""Functions that return something else each time."""
_COSTLY = re.compile(r"\b(REGEX|REPLACE)\b", re.IGNORECASE)


Span = tuple[Token, Token]
"""First and last token."""
Edits = Mapping[int, tuple[int, Sequence[str | Span]]]
"""By the offset at which it begins: the end of replaced text, and the parts that replace it."""


def in_turn(query: str) -> str:
    """Return a query with the same solutions, whose EXISTS are evaluated after other filters.

    Several EXISTS of a group are evaluated in the order in which they are written, until one is
    false.

    >>> in_turn("SELECT * { ?a ?b ?c FILTER(?a != ?c) FILTER NOT EXISTS { ?c ?d ?a } }")
    'SELECT * { ?a ?b ?c FILTER(?a != ?c) FILTER (IF((?a != ?c), NOT EXISTS { ?c ?d ?a }, false)) }'
    >>> in_turn("SELECT * { ?a ?b 1 FILTER EXISTS { ?a ?c 1 } FILTER EXISTS { ?b ?c 1 } }")
    'SELECT * { ?a ?b 1 FILTER (IF(EXISTS { ?a ?c 1 }, EXISTS { ?b ?c 1 }, false)) FILTER (true) }'
    """
    if _VOLATILE.search(query):
        return query
    edits: dict[int, tuple[int, list[str | Span]]] = {}
    for plain, negatable in _groups(list(lexer.significant(query))):
        condition = " && ".join(query[first.offset : last.end] for first, last in plain)
        operands: list[str | Span] = [*([condition] if condition else []), *negatable]
        if not negatable or len(operands) == 1:
            continue
        *before, final = operands
        parts: list[str | Span] = ["("]
        for each in before:
            parts += ["IF(", each, ", "]
        parts += [final, ", false)" * len(before), ")"]
        for first, last in negatable:
            edits[first.offset] = last.end, parts
            parts = ["(true)"]
    return _edited(query, edits, 0, len(query))


def _edited(query: str, edits: Edits, begin: int, end: int) -> str:
    """Return a part of a query with the edits inside it, also those of nested groups."""
    written = ""
    for offset in sorted(edits):
        until, parts = edits[offset]
        if begin <= offset and until <= end:
            written += query[begin:offset]
            for part in parts:
                if isinstance(part, str):
                    written += part
                else:
                    first, last = part
                    inner = {at: edits[at] for at in edits if at > first.offset}
                    written += _edited(query, inner, first.offset, last.end)
            begin = until
    return written + query[begin:end]


def cheap_first(query: str) -> str:
    """Return a query with the same solutions, whose regular expressions come after other filters.

    A costly condition is evaluated only where the cheap conditions on its own variables are true.
    Each cheap condition also stays, so that the engine can evaluate it early.

    >>> cheap_first("SELECT * { ?a ?b ?c FILTER (?c != 1 && REGEX(?c, 'x')) }")
    "SELECT * { ?a ?b ?c FILTER (?c != 1 && (IF((?c != 1), REGEX(?c, 'x'), false))) }"
    """
    if _VOLATILE.search(query) or not _COSTLY.search(query):
        return query
    tokens = list(lexer.significant(query))
    places = {id(token): at for at, token in enumerate(tokens)}
    inserted: list[tuple[int, str]] = []
    for plain, _ in _groups(tokens):
        conditions: list[tuple[str, Sequence[Token]]] = []
        for first, last in plain:
            of_filter = tokens[places[id(first)] : places[id(last)] + 1]
            for each in _conjuncts(of_filter):
                conditions.append((query[each[0].offset : each[-1].end], each))
        cheap = [(text, _variables(of)) for text, of in conditions if not _COSTLY.search(text)]
        for text, of in conditions:
            variables = _variables(of)
            before = [f"({one})" for one, needed in cheap if needed and needed <= variables]
            if before and _COSTLY.search(text):
                inserted += [(of[0].offset, f"(IF({' && '.join(before)}, ")]
                inserted += [(of[-1].end, ", false))")]
    for offset, text in sorted(inserted, reverse=True):
        query = query[:offset] + text + query[offset:]
    return query


def _conjuncts(tokens: Sequence[Token]) -> list[Sequence[Token]]:
    """Return the operands of && in a bracketed constraint; else the constraint itself."""
    depth, cuts = 0, [0]
    for at, token in enumerate(tokens):
        depth += (token.text in lexer.CLOSING) - (token.text in lexer.CLOSING.values())
        if depth == 1 and token.text == "||":
            return [tokens]
        if depth == 1 and token.text == "&&":
            cuts.append(at)
    if tokens[0].text != "(" or len(cuts) == 1:
        return [tokens]
    return [tokens[one + 1 : other] for one, other in pairwise((*cuts, len(tokens) - 1))]


def _variables(tokens: Sequence[Token]) -> set[str]:
    return {token.text[1:] for token in tokens if token.kind == "variable"}


def _groups(tokens: Sequence[Token]) -> list[tuple[list[Span], list[Span]]]:
    """Return the constraints of the filters of each group: those without EXISTS, and EXISTS."""
    groups: list[tuple[list[Span], list[Span]]] = []
    open_: list[int] = []
    for at, (token, after) in enumerate(pairwise(tokens)):
        if token.text == "{":
            open_.append(len(groups))
            groups.append(([], []))
        elif token.text == "}" and open_:
            open_.pop()
        elif token.kind == "word" and token.text.upper() == "FILTER" and open_:
            last = _last(tokens, at + 1)
            words = {each.text.upper() for each in tokens[at + 1 : last + 1] if each.kind == "word"}
            plain, negatable = groups[open_[-1]]
            if "EXISTS" not in words:
                plain.append((after, tokens[last]))
            elif after.text.upper() in ("NOT", "EXISTS"):
                negatable.append((after, tokens[last]))
    return groups


def _last(tokens: Sequence[Token], first: int) -> int:
    """Return where the brackets of a constraint, or those after its function, are closed."""
    waiting: list[str] = []
    for at in range(first, len(tokens)):
        text = tokens[at].text
        if text in lexer.CLOSING:
            waiting.append(lexer.CLOSING[text])
        elif waiting and text == waiting[-1]:
            waiting.pop()
            if not waiting:
                return at
    return len(tokens) - 1
