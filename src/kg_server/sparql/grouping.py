"""Variables of a SELECT that its GROUP BY leaves without one value (SPARQL 1.1 §11.4, §19.8)."""

from __future__ import annotations

from collections.abc import Sequence

from kg_server.sparql.lexer import Token

_AGGREGATES = frozenset(["COUNT", "SUM", "MIN", "MAX", "AVG", "SAMPLE", "GROUP_CONCAT"])
_AFTER_GROUPS = frozenset(["HAVING", "ORDER", "LIMIT", "OFFSET", "VALUES"])
_OPENS, _CLOSES = "({", ")}"


def ungrouped(tokens: Sequence[Token]) -> Token | None:
    """Return the first variable of a grouped SELECT that is not one of its groups.

    Args:
        tokens: a query, without spaces and comments.
    """
    for start, token in enumerate(tokens):
        if token.text.upper() == "SELECT" and (variable := _of_select(tokens, start + 1)):
            return variable
    return None


def _of_select(tokens: Sequence[Token], start: int) -> Token | None:
    body = _first(tokens, start, "{")
    head = tokens[start:body]
    end = _end(tokens, body)
    groups = _groups(tokens, end)
    if groups is None and not _AGGREGATES & {each.text.upper() for each in head}:
        return None
    named = groups or frozenset()
    plain = (each for each in _outside(head) if each.kind == "variable")
    return next((each for each in plain if each.text[1:] not in named), None)


def _groups(tokens: Sequence[Token], start: int) -> frozenset[str] | None:
    """Return the names of the groups behind a body; ``None`` where there is no GROUP BY."""
    if start >= len(tokens) or tokens[start].text.upper() != "GROUP":
        return None
    names, before = set(), ""
    depth = 0
    for token in tokens[start + 2 :]:
        word = token.text.upper()
        if depth == 0 and (word in _AFTER_GROUPS or word == "}"):
            break
        depth += (word in _OPENS) - (word in _CLOSES)
        if token.kind == "variable" and (depth == 0 or before == "AS"):
            names.add(token.text[1:])
        before = word
    return frozenset(names)


def _outside(tokens: Sequence[Token]) -> list[Token]:
    """Return the tokens outside of brackets."""
    outside, depth = [], 0
    for token in tokens:
        depth += (token.text == "(") - (token.text == ")")
        if depth == 0:
            outside.append(token)
    return outside


def _first(tokens: Sequence[Token], start: int, text: str) -> int:
    places = (place for place in range(start, len(tokens)) if tokens[place].text == text)
    return next(places, len(tokens))


def _end(tokens: Sequence[Token], body: int) -> int:
    """Return the place behind the body that opens at ``body``."""
    depth = 0
    for place in range(body, len(tokens)):
        depth += (tokens[place].text == "{") - (tokens[place].text == "}")
        if depth == 0:
            return place + 1
    return len(tokens)
