"""Order of the filters of a group: EXISTS is evaluated only where the other filters are true.

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
from collections.abc import Sequence
from itertools import pairwise

from kg_server.sparql import lexer
from kg_server.sparql.lexer import Token

_VOLATILE = re.compile(r"\b(RAND|UUID|STRUUID|BNODE)\b", re.IGNORECASE)
"""Functions that return something else each time."""


def in_turn(query: str) -> str:
    """Return a query with the same solutions, whose EXISTS are evaluated after other filters.

    >>> in_turn("SELECT * { ?a ?b ?c FILTER(?a != ?c) FILTER NOT EXISTS { ?c ?d ?a } }")
    'SELECT * { ?a ?b ?c FILTER(?a != ?c) FILTER (IF((?a != ?c), NOT EXISTS { ?c ?d ?a }, false)) }'
    """
    if _VOLATILE.search(query):
        return query
    tokens = list(lexer.significant(query))
    inserted: list[tuple[int, str]] = []
    for plain, negatable in _groups(tokens):
        if not plain:
            continue
        condition = " && ".join(query[first.offset : last.end] for first, last in plain)
        for first, last in negatable:
            inserted += [(first.offset, f"(IF({condition}, "), (last.end, ", false))")]
    for offset, text in sorted(inserted, reverse=True):
        query = query[:offset] + text + query[offset:]
    return query


Span = tuple[Token, Token]
"""First and last token."""


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
