"""Rewriting of SPARQL text: bound parameters, counts and pages of results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from kg_server.sparql import lexer
from kg_server.sparql.lexer import Token

_STARTS = ("SELECT", "GROUP", "ORDER")
_ENDS = ("WHERE", "FROM", "HAVING", "LIMIT", "OFFSET", "VALUES")


def substitute(text: str, terms: Mapping[str, str], *, signs: str = "$") -> str:
    """Replace the tokens ``$name`` of ``text`` by terms in SPARQL syntax.

    ``signs`` are the signs before a name that count; ``?$`` replaces all variables of that name.

    >>> substitute('SELECT $s ?o WHERE { $s ?p ?o, "$s" } # $s', {"s": "<urn:x>"})
    'SELECT (<urn:x> AS ?s) ?o WHERE { <urn:x> ?p ?o, "$s" } # $s'

    ``BOUND`` takes no term, so it becomes true:

    >>> substitute("ASK { FILTER(!BOUND($s) || ?o = $s) }", {"s": "<urn:x>"})
    'ASK { FILTER(!(true) || ?o = <urn:x>) }'

    GROUP BY and ORDER BY take no bare term:

    >>> substitute("SELECT ?o { ?o ?p $s } ORDER BY $s ?o", {"s": "<urn:x>"})
    'SELECT ?o { ?o ?p <urn:x> } ORDER BY (<urn:x>) ?o'
    """
    written: list[str] = []
    before: list[tuple[str, int]] = [("", 0), ("", 0)]
    for token, clause in _clauses(text):
        value = terms.get(token.text[1:]) if token.text[0] in signs else None
        if value is None or token.kind != "variable":
            written.append(token.text)
        elif [each for each, _ in before] == ["BOUND", "("]:
            written[before[0][1]] = ""
            written.append("true")
        else:
            as_name = f" AS ?{token.text[1:]}" if clause == "SELECT" else ""
            written.append(f"({value}{as_name})" if clause else value)
        if not token.text.isspace():
            before = [before[1], (token.text.upper(), len(written) - 1)]
    return "".join(written)


def counting(text: str) -> str:
    """Return a query that counts the rows of the SELECT query ``text``, as ``?rows``."""
    start = next(token.offset for token in lexer.tokens(text) if token.text.upper() == "SELECT")
    return f"{text[:start]}SELECT (COUNT(*) AS ?rows) WHERE {{\n{text[start:]}\n}}"


def page(text: str, limit: int | None, offset: int) -> str:
    """Return the SELECT query ``text`` cut to ``limit`` rows after the first ``offset``."""
    cut = f"\nLIMIT {limit}" if limit is not None else ""
    return text.rstrip() + cut + (f"\nOFFSET {offset}" if offset else "") + "\n"


def after(text: str, names: Sequence[str], value: str, limit: int) -> str:
    """Return the SELECT query ``text`` in the order of its first variable, after a value of it.

    Args:
        text: a query without ORDER BY.
        names: its variables, the first of which is an IRI in every row.
        value: the rows begin after this IRI.
        limit: how many rows at most.
    """
    start = next(token.offset for token in lexer.tokens(text) if token.text.upper() == "SELECT")
    shown, key = " ".join(f"?{name}" for name in names), names[0]
    return (
        f"{text[:start]}SELECT {shown} WHERE {{ {{\n{text[start:]}\n}} "
        f'FILTER(STR(?{key}) > "{value}") }} ORDER BY STR(?{key}) LIMIT {limit}'
    )


def _clauses(text: str) -> Iterator[tuple[Token, str]]:
    """Yield every token; with a bare token of SELECT, GROUP BY or ORDER BY, the clause's word."""
    clause, depth = "", 0
    for token in lexer.tokens(text):
        word = token.text.upper() if token.kind == "word" else ""
        if word in _STARTS:
            clause, depth = word, 0
        elif token.text in ("{", "}") or word in _ENDS:
            clause = ""
        elif token.kind == "sign":
            depth += {"(": 1, ")": -1}.get(token.text, 0)
        yield token, "" if depth else clause
