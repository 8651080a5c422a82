"""Rewriting of ORDER BY, so that the engine compares values in a total order.

pyoxigraph 0.5.13 compares two literals by value if both are numbers, and by text if they are of
different kinds: 6 < 1032, "1032" < "1991-12-08" and "1991-12-08" < "6". Such a cycle crashes the
process. SPARQL 1.1 §15.1 leaves the order of a number and another literal undefined, so numbers may
come after all other literals: ``ORDER BY ?x`` becomes ``ORDER BY (isNUMERIC(?x)) ?x``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kg_server.sparql import lexer
from kg_server.sparql.lexer import Token

_ENDS = frozenset(("LIMIT", "OFFSET", "HAVING", "VALUES"))


def total(text: str) -> str:
    """Return a query whose ORDER BY conditions compare numbers with numbers only.

    A condition that is a bare variable gets another one before it; others stay unchanged.

    >>> total("SELECT ?x { ?s ?p ?x } ORDER BY DESC(?x) ?s LIMIT 1")
    'SELECT ?x { ?s ?p ?x } ORDER BY DESC(isNUMERIC(?x)) DESC(?x) (isNUMERIC(?s)) ?s LIMIT 1'
    """
    if "order" not in text.lower():
        return text
    written, end = [], 0
    for offset, condition in _conditions(list(lexer.significant(text))):
        written += [text[end:offset], condition, " "]
        end = offset
    return "".join(written) + text[end:]


def _conditions(tokens: Sequence[Token]) -> Iterator[tuple[int, str]]:
    """Yield the conditions to insert, each with its offset."""
    inside, depth = False, 0
    for index, token in enumerate(tokens):
        word = token.text.upper()
        if word == "BY" and index and tokens[index - 1].text.upper() == "ORDER":
            inside, depth = True, 0
        elif not inside:
            continue
        elif token.text in ("(", ")"):
            depth += 1 if token.text == "(" else -1
        elif token.text in ("{", "}") or (depth == 0 and word in _ENDS):
            inside = False
        elif token.kind == "variable" and depth == 0:
            yield token.offset, f"(isNUMERIC({token.text}))"
        elif word in ("ASC", "DESC") and depth == 0:
            bracket, variable, closing = (each.text for each in _padded(tokens, index))
            if (bracket, closing) == ("(", ")") and variable[:1] in ("?", "$"):
                yield token.offset, f"{word}(isNUMERIC({variable}))"


def _padded(tokens: Sequence[Token], index: int) -> Sequence[Token]:
    nothing = Token("space", "", 0)
    return [*tokens[index + 1 : index + 4], nothing, nothing, nothing][:3]
