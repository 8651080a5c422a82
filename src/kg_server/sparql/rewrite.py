"""Rewriting of SPARQL text: bound parameters, counts and pages of results."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from kg_server.formats import Kind

_TOKEN = re.compile(
    r"""(?P<comment>\#[^\n]*)
    | (?P<iri><[^<>"{}|^`\\\x00-\x20]*>)
    | (?P<string>\"{3}(?:\"{0,2}(?:[^"\\]|\\.))*\"{3} | '{3}(?:'{0,2}(?:[^'\\]|\\.))*'{3}
        | "(?:[^"\\\n\r]|\\.)*" | '(?:[^'\\\n\r]|\\.)*')
    | (?P<escape>\\.)
    | (?P<variable>[?$]\w+)
    | (?P<word>[\w:@][\w:.%-]*)
    | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)


KINDS = {"SELECT": Kind.BINDINGS, "ASK": Kind.BOOLEAN} | dict.fromkeys(
    ("CONSTRUCT", "DESCRIBE"), Kind.GRAPH
)


def substitute(text: str, terms: Mapping[str, str]) -> str:
    """Put terms in SPARQL syntax where the tokens ``$name`` of ``text`` stand.

    >>> substitute('SELECT $s ?o WHERE { $s ?p ?o, "$s" } # $s', {"s": "<urn:x>"})
    'SELECT (<urn:x> AS ?s) ?o WHERE { <urn:x> ?p ?o, "$s" } # $s'
    """
    written: list[str] = []
    for token, kind, projected in tokens(text):
        if kind == "variable" and token[0] == "$" and token[1:] in terms:
            value = terms[token[1:]]
            written.append(f"({value} AS ?{token[1:]})" if projected else value)
        else:
            written.append(token)
    return "".join(written)


def counting(text: str) -> str:
    """Return a query that counts the rows of the SELECT query ``text``, as ``?rows``."""
    start = sum(len(token) for token, _, _ in _prologue(text))
    return f"{text[:start]}SELECT (COUNT(*) AS ?rows) WHERE {{\n{text[start:]}\n}}"


def page(text: str, limit: int | None, offset: int) -> str:
    """Return the SELECT query ``text`` cut to ``limit`` rows after the first ``offset``."""
    cut = f"\nLIMIT {limit}" if limit is not None else ""
    return text.rstrip() + cut + (f"\nOFFSET {offset}" if offset else "") + "\n"


def tokens(text: str) -> Iterator[tuple[str, str, bool]]:
    """Yield every token with its kind, and whether it stands bare in a SELECT clause."""
    clause, depth = False, 0
    for match in _TOKEN.finditer(text):
        token, kind = match[0], match.lastgroup or "other"
        if kind == "word" and token.upper() == "SELECT":
            clause, depth = True, 0
        elif kind in ("word", "other") and token.upper() in ("{", "WHERE", "FROM"):
            clause = False
        elif kind == "other":
            depth += {"(": 1, ")": -1}.get(token, 0)
        yield token, kind, clause and depth == 0


def _prologue(text: str) -> Iterator[tuple[str, str, bool]]:
    """Yield the tokens before the query form."""
    for token, kind, projected in tokens(text):
        if kind == "word" and token.upper() in KINDS:
            return
        yield token, kind, projected
