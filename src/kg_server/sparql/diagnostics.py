"""Diagnostics of malformed queries: the place, the cause, and what to write instead.

The engine (pyoxigraph 0.5.13) reports how far it read before it gave up. To find a keyword, it
reads ahead by the length of that keyword. So the position is up to a dozen characters too far, or
on another line. It reports the expected text as a list of character classes. Therefore this module
finds the place by parsing beginnings of the query.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from itertools import pairwise
from typing import Any

import pyoxigraph as ox

from kg_server.errors import MalformedQuery
from kg_server.sparql import lexer
from kg_server.sparql.grouping import ungrouped
from kg_server.sparql.lexer import Token
from kg_server.sparql.terms import is_iri

_ODD_IRI = re.compile(r"<[A-Za-z][A-Za-z0-9+.-]*:[^<>\r\n]*>")
_POSITION = re.compile(
    r"(?:error )?at (?:line )?(\d+)[:,](?: column )?\s*(\d+):?\s*", re.IGNORECASE
)
_REASON = re.compile(r"(?:expected |one of |, )([A-Z][A-Za-z* ]+ [A-Za-z ]+)(?=,|\Z)")
"""Reasons in the engine's message that are not expected tokens: names in SELECT, aggregates."""
_FAR = 60  # longer than any keyword
_NOTHING = "\x01" * 20  # occurs in no query
_MOST_MISSING = 8
_ENDS = ("name", "iri", "variable", "string", "number")
"""Kinds of tokens that can be the object of a triple pattern."""
_OPENED = {
    "{": ("WHERE", "OPTIONAL", "MINUS", "UNION", "EXISTS"),
    "(": ("FILTER", "BIND", "HAVING"),
}
"""Keywords by the bracket that follows them."""
_LIKE = 0.7
"""Least similarity of a word and the keyword that is suggested."""
_SHOWN = 100
_LONGEST = 100_000
"""Longer queries get only the engine's own position."""

_KEYWORDS = re.findall(
    r"\w+",
    """ASK BASE CONSTRUCT DESCRIBE FROM NAMED PREFIX SELECT DISTINCT REDUCED WHERE GROUP BY HAVING
    ORDER ASC DESC LIMIT OFFSET VALUES UNDEF OPTIONAL GRAPH SERVICE SILENT BIND AS UNION MINUS
    FILTER EXISTS NOT IN COUNT SUM MIN MAX AVG SAMPLE GROUP_CONCAT SEPARATOR STR LANG
    LANGMATCHES DATATYPE BOUND IRI URI BNODE RAND ABS CEIL FLOOR ROUND CONCAT STRLEN UCASE LCASE
    ENCODE_FOR_URI CONTAINS STRSTARTS STRENDS STRBEFORE STRAFTER YEAR MONTH DAY HOURS MINUTES
    SECONDS TIMEZONE TZ NOW UUID STRUUID MD5 SHA1 SHA256 SHA384 SHA512 COALESCE IF STRLANG
    STRDT SAMETERM ISIRI ISURI ISBLANK ISLITERAL ISNUMERIC REGEX SUBSTR REPLACE TRUE FALSE""",
)

Complain = Callable[[str], str | None]
"""Returns the engine's message about a query, with a position; ``None`` if it is well-formed."""


def complaint(
    text: str, prefixes: Mapping[str, str] | None = None, base_iri: str | None = None
) -> str | None:
    """Return the engine's message about a query that is not well-formed; evaluate nothing.

    The engine has no function that only parses. It parses first, and then refuses two arguments
    that exclude each other. So no SERVICE is called, and no aggregate is computed.
    """
    try:
        ox.Store().query(
            text,
            base_iri=base_iri,
            prefixes=dict(prefixes or {}),
            use_default_graph_as_union=True,
            default_graph=ox.DefaultGraph(),
        )
    except SyntaxError as error:
        return str(error)
    except ValueError:
        return None
    raise AssertionError("the engine evaluated a query that was to be parsed only")


def explain(text: str, complain: Complain, prefixes: Mapping[str, str]) -> MalformedQuery:
    """Return a problem that says where a query is malformed, and what to write instead.

    Args:
        text: a query that the engine refused.
        complain: parses a text with the engine and returns its message.
        prefixes: namespaces by prefix, suggested for prefixes that are not declared.

    Returns:
        A problem whose ``line`` and ``column`` count from 1, in characters; ``near`` is that line
        with a caret under the first token that cannot stand there.
    """
    complaint = complain(text) or ""
    reached, reason = _offset(complaint, text), _REASON.search(complaint)
    if reached is None or len(text) > _LONGEST:
        return _malformed(text, reached or 0, f"The query is not well-formed: {_short(complaint)}")
    tokens = list(_tokens(text))
    wrong = _first_wrong(text, tokens, complain)
    if wrong is None and tokens and tokens[-1].kind == "unclosed":
        wrong = tokens[-1]
    if (wrong is None or wrong.text == "}") and (free := ungrouped(tokens)):
        name = free.text
        return _malformed(
            text,
            free.offset,
            f"{name} has no single value for each group. Add GROUP BY {name}, or aggregate it: "
            f"(SAMPLE({name}) AS ?one).",
        )
    if wrong is None:
        about = f"{reason[1]}." if reason else f"The query ends too early. {_open(tokens)}".strip()
        return _malformed(text, len(text.rstrip()), about)
    about, more = _about(wrong, tokens, prefixes)
    return _malformed(text, wrong.offset, about, **more)


def _first_wrong(text: str, tokens: Sequence[Token], complain: Complain) -> Token | None:
    """Return the first token at which the text stops being a beginning of a query."""
    low, high = 0, len(tokens)
    while low < high:
        middle = (low + high) // 2
        if _begins_a_query(text[: tokens[middle].end], complain):
            low = middle + 1
        else:
            high = middle
    return tokens[low] if low < len(tokens) else None


def _begins_a_query(start: str, complain: Complain) -> bool:
    """Tell whether a text can be the beginning of a query: the engine reads it to its end."""
    tried = start + " " * _FAR + _NOTHING
    reached = _offset(complain(tried) or "", tried)
    return reached is not None and reached >= len(start) + _FAR


def _offset(message: str, text: str) -> int | None:
    """Return the offset up to which the engine read."""
    position = _POSITION.search(message)
    if not position:
        return None
    lines = text.split("\n")[: int(position[1]) - 1]
    return sum(len(line) + 1 for line in lines) + int(position[2]) - 1


def _about(
    token: Token, tokens: Sequence[Token], prefixes: Mapping[str, str]
) -> tuple[str, dict[str, Any]]:
    """Return the message about a misplaced token, and a suggestion."""
    written = token.text
    if token.kind == "unclosed":
        return f"This string has no end: {_short(written)}", {}
    if _ODD_IRI.match(written) and not is_iri(written[1:-1]):
        return f"{_short(written)} is no IRI. Percent-encode what an IRI cannot have.", {}
    prefix = written.partition(":")[0]
    if token.kind == "name" and prefix not in _declared(tokens):
        line = f"PREFIX {prefix}: <{prefixes[prefix]}>" if prefix in prefixes else ""
        advice = f" Add {line}" if line else ""
        more = {"suggestion": line} if line else {}
        return f"The prefix {prefix}: is not declared.{advice}", more
    message = f"{_short(written)} cannot stand here."
    near = get_close_matches(written.upper(), _KEYWORDS, 1, _LIKE) if token.kind == "word" else []
    if near and near[0] != written.upper():
        return f"{message} Did you mean {near[0]}?", {"suggestion": near[0]}
    return f"{message} {_instead(token, tokens)}".rstrip(), {}


def _instead(token: Token, tokens: Sequence[Token]) -> str:
    """Return what may be wrong at a token that cannot stand there; empty if nothing is likely."""
    before = tokens[: next(n for n, each in enumerate(tokens) if each.offset == token.offset)]
    missing = _missing(before)
    if token.text in lexer.CLOSING.values() and token.text not in missing:
        return f"One {token.text} is too many."
    last = before[-1] if before else token
    for sign, words in _OPENED.items():
        if last.text.upper() in words and token.text != sign:
            return f"Is a {sign} missing before it?"
    if last.kind not in _ENDS or missing[-1:] != ["}"]:
        return ""
    if token.kind in ("name", "iri", "variable"):
        return "Is a ; or . missing before it?"
    return "Is a , missing before it?" if token.kind in ("string", "number") else ""


def _tokens(text: str) -> Iterator[Token]:
    """Yield the tokens; an IRI with forbidden characters is one token."""
    end = 0
    for token in lexer.significant(text):
        if token.offset >= end:
            odd = _ODD_IRI.match(text, token.offset) if token.text == "<" else None
            whole = Token("unknown", odd[0], token.offset) if odd else token
            end = whole.end
            yield whole


def _declared(tokens: Sequence[Token]) -> set[str]:
    """Return the declared prefixes."""
    return {name.text[:-1] for word, name in pairwise(tokens) if word.text.upper() == "PREFIX"}


def _open(tokens: Sequence[Token]) -> str:
    """Return a sentence that names the bracket missing at the end; empty if none is."""
    missing = _missing(tokens)
    return f"Missing: {' '.join(reversed(missing))}" if 0 < len(missing) <= _MOST_MISSING else ""


def _missing(tokens: Sequence[Token]) -> list[str]:
    """Return the brackets that would close what is open after these tokens, the innermost last."""
    missing: list[str] = []
    for token in tokens:
        if token.text in lexer.CLOSING:
            missing.append(lexer.CLOSING[token.text])
        elif missing and token.text == missing[-1]:
            missing.pop()
    return missing


def place(text: str, offset: int) -> dict[str, Any]:
    """Return line and column of an offset, from 1, and ``near``: that line with a caret below."""
    line, begin = text.count("\n", 0, offset) + 1, text.rfind("\n", 0, offset) + 1
    column = offset - begin + 1
    whole = text[begin:].partition("\n")[0].rstrip("\r")
    start = max(0, column - 61)
    pad = re.sub(r"[^\t]", " ", whole[start : column - 1])
    near = f"{whole[start : start + _SHOWN]}\n{pad}^"
    return {"line": line, "column": column, "near": near}


def at(where: Mapping[str, Any], message: str) -> str:
    """Return a message that begins with its line and column."""
    return f"line {where['line']}, column {where['column']}: {message}"


def _malformed(text: str, offset: int, message: str, **more: Any) -> MalformedQuery:
    where = place(text, offset)
    return MalformedQuery(at(where, message), **where, **more)


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
