"""Nesting limit of a query, because the engine parses and evaluates recursively.

The engine (pyoxigraph 0.5.13) crashes its process when the stack of 8 MB is full. Measured with one
construct at a time, this happens at 832 nested EXISTS, 928 functions, 2,176 groups, 2,500 MINUS,
OPTIONAL, subqueries or UNION, 4,600 brackets, 6,600 sums and 9,200 ``!``, ``&&`` or ``||``. A row
of the same operators counts as nested too, because each is the left side of the next. So each
construct has a weight, and a query may use half of the stack.
"""

from __future__ import annotations

from collections.abc import Sequence

from kg_server.errors import NestedTooDeeply
from kg_server.sparql import diagnostics, lexer
from kg_server.sparql.lexer import Token

_LIMIT = 4_000_000
_BRACKET = 10_000
_PART = 3_300
_OPERATOR = 1_300
_CLOSING = {**lexer.CLOSING, "<<": ">>"}
_PARTS = frozenset(("BIND", "FILTER", "MINUS", "OPTIONAL", "UNION"))
_OPERATORS = frozenset(("!", "&&", "||", "|", "/", "^", "*", "+", "-"))
_LIGHT = _LIMIT // _BRACKET
"""Length up to which no text can be too heavy, whatever its characters."""


def check(text: str) -> None:
    """Refuse a query that could overflow the engine's stack.

    Raises:
        NestedTooDeeply: with the place at which the query becomes too deep.
    """
    if len(text) < _LIGHT or _most(text) < _LIMIT:
        return
    weight = 0
    around: list[tuple[int, str]] = []
    for token in lexer.significant(text):
        if token.text in _CLOSING:
            around.append((weight, token.text))
            weight += _BRACKET
        elif token.text in _CLOSING.values():
            weight, _ = around.pop() if around else (0, "")
        elif token.text in _OPERATORS or _is_summand(token, around):
            weight += _OPERATOR
        elif token.kind == "word" and token.text.upper() in _PARTS:
            weight += _PART
        if weight > _LIMIT:
            message = "The query is nested too deeply from here on. Write lists with IN or VALUES."
            where = diagnostics.place(text, token.offset)
            raise NestedTooDeeply(diagnostics.at(where, message), **where)


def _is_summand(token: Token, around: Sequence[tuple[int, str]]) -> bool:
    """Tell whether a token is a signed number in an expression; in braces it is data."""
    is_signed = token.kind == "number" and token.text[0] in "+-"
    return is_signed and bool(around) and around[-1][1] == "("


def _most(text: str) -> int:
    """Return an upper bound of the weight of a text, without reading its tokens."""
    capitals = text.upper()
    brackets = sum(map(text.count, _CLOSING))
    operators = sum(text.count(sign) for sign in "!&|/^*+-")
    parts = sum(map(capitals.count, _PARTS))
    return brackets * _BRACKET + operators * _OPERATOR + parts * _PART
