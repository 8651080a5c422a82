"""Lexer of SPARQL 1.1 text, of queries and of updates (§19.8, productions 139 to 173)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple, cast

from kg_server.rdf.characters import DIGITS, LETTERS, first, inner

TokenKind = Literal[
    "space",
    "comment",
    "iri",
    "name",
    "blank",
    "variable",
    "string",
    "language",
    "number",
    "word",
    "sign",
    "unclosed",
    "unknown",
]
"""Kinds of tokens.

``name`` is a prefixed name and ``blank`` the label of a blank node. ``word`` is a keyword, the
name of a function, ``a``, ``true`` or ``false``. ``sign`` is an operator or a bracket: ``()`` and
``[]`` are two each, ``<<`` is one (SPARQL 1.2). ``unclosed`` is a string without a closing quote,
up to the end of the line or text. ``unknown`` is one character that begins no token.
"""


class Token(NamedTuple):
    """A token of a text; ``offset`` counts characters from the start of the text."""

    kind: TokenKind
    text: str
    offset: int

    @property
    def end(self) -> int:
        """The offset after the token."""
        return self.offset + len(self.text)


# Names and IRIs may have any escaped character (§19.2), whatever it stands for.
CLOSING = {"(": ")", "{": "}", "[": "]"}
"""Closing brackets by the ones that open."""
_ESCAPED = r"\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8}"
_FIRST, _FIRST_OR_DIGIT = first(LETTERS), first(LETTERS + DIGITS + "_")
_INNER = inner(LETTERS + DIGITS + "_")
_INNER_OR_DASH = inner(LETTERS + DIGITS + "_-")
_INNER_OR_DOT = inner(LETTERS + DIGITS + "_-.")
_LOCAL = r"%[0-9A-Fa-f]{2}|\\[_~.\-!$&'()*+,;=/?\#@%]"

# The time is linear in the text, even for hostile texts: quantifiers are possessive (``*+``), and
# every character that is read becomes part of a token. So a string without a closing quote is one
# token.
_STRINGS = r"""
      (?P<string>
        \"{3}(?:[^"\\]++|\\.|"(?!""))*+\"{3} | '{3}(?:[^'\\]++|\\.|'(?!''))*+'{3}
      | (?!\"{3})"(?:[^"\\\r\n]++|\\[^\r\n])*+" | (?!'{3})'(?:[^'\\\r\n]++|\\[^\r\n])*+')
    | (?P<unclosed>\"{3}.*+ | '{3}.*+ | ["'][^\r\n]*+)
"""
_WITHOUT_NAMES = r"""
      (?P<number>[+-]?(?:[0-9]++\.[0-9]*+[eE][+-]?[0-9]++ | \.?[0-9]++[eE][+-]?[0-9]++
        | [0-9]*+\.[0-9]++ | [0-9]++))
    | (?P<word>[^\W\d]\w*+)
    | (?P<sign>\^\^ | << | >> | && | \|\| | [!<>]= | [{}()\[\].,;*/+|^!?=<>-])
    | (?P<unknown>.)
"""
_TOKEN = re.compile(
    rf"""
      (?P<space>[ \t\r\n]++)
    | (?P<variable>[?$](?:{_FIRST_OR_DIGIT}|{_ESCAPED})
        (?:{_INNER}|{_ESCAPED})*+)
    | (?P<iri><(?:[^<>"{{}}|^`\\\x00-\x20]++|{_ESCAPED})*+>)
    | (?P<name>(?:(?:{_FIRST}|{_ESCAPED})(?:{_INNER_OR_DOT}++|{_ESCAPED})*+(?<!\.))?:
        (?:(?:{first(LETTERS + DIGITS + "_:")}|{_LOCAL}|{_ESCAPED})
          (?:\.*+(?:{inner(LETTERS + DIGITS + "_:-")}|{_LOCAL}|{_ESCAPED}))*+)?+)
    | (?P<run>(?:{_FIRST}|{_ESCAPED})(?:{_INNER_OR_DOT}++|{_ESCAPED})*+)
    | (?P<comment>\#[^\r\n]*+)
    | {_STRINGS}
    | (?P<blank>_:{_FIRST_OR_DIGIT}(?:\.*+{_INNER_OR_DASH})*+)
    | (?P<language>@[A-Za-z]++(?:-[A-Za-z0-9]++)*+)
    | {_WITHOUT_NAMES}
    """,
    re.VERBOSE | re.DOTALL,
)
_IN_RUN = re.compile(_WITHOUT_NAMES, re.VERBOSE | re.DOTALL)
"""Tokens of a run of letters and dots without a colon after it, so that no part is a prefix."""
_LOCAL_ESCAPE = re.compile(r"\\([^uU])")
_PROLOGUE = re.compile(
    rf"""
    (?: [ \t\r\n] | \#[^\r\n]*+
      | (?:(?i:BASE) | (?i:PREFIX)[ \t\r\n]++(?:{_FIRST}{_INNER_OR_DOT}*+)?:)
        [ \t\r\n]*+<[^<>"{{}}|^`\\\x00-\x20]*+>
    )*+
    """,
    re.VERBOSE,
)


def tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of a text, including spaces and comments; joined, they are the text.

    >>> [token.text for token in tokens("ASK{?s a:b.c true.}")]
    ['ASK', '{', '?s', ' ', 'a:b.c', ' ', 'true', '.', '}']
    """
    for match in _TOKEN.finditer(text):
        kind, begin = match.lastgroup, match.start()
        if kind == "run":
            for part in _IN_RUN.finditer(text, begin, match.end()):
                yield Token(cast("TokenKind", part.lastgroup), part[0], part.start())
        else:
            yield Token(cast("TokenKind", kind), match[0], begin)


def significant(text: str) -> Iterator[Token]:
    """Yield the tokens of the grammar: all but spaces and comments."""
    return (token for token in tokens(text) if token.kind not in ("space", "comment"))


def words(text: str) -> Iterator[str]:
    """Yield the words of a text in capitals, without those in IRIs, names or strings.

    >>> list(words("PREFIX select: <http://x/from#> ASK { ?from select:where 'load' }"))
    ['PREFIX', 'ASK']
    """
    for match in _TOKEN.finditer(text):  # building no other tokens is three times as fast
        if match.lastgroup == "word":
            yield match[0].upper()
        elif match.lastgroup == "run":
            run = match[0]
            if run.isalpha():
                yield run.upper()
            else:
                yield from (part[0].upper() for part in _IN_RUN.finditer(run) if part["word"])


def iris(text: str, prefixes: Mapping[str, str]) -> set[str]:
    """Return the IRIs in a text, including prefixed names with known prefixes.

    >>> sorted(iris("SELECT * { ?s ex:a <https://e.org/b> # ex:c", {"ex": "https://e.org/"}))
    ['https://e.org/a', 'https://e.org/b']
    """
    named = set()
    for token in tokens(text):
        prefix, _, local = token.text.partition(":")
        if token.kind == "iri":
            named.add(token.text[1:-1])
        elif token.kind == "name" and local and prefix in prefixes:
            named.add(prefixes[prefix] + _LOCAL_ESCAPE.sub(r"\1", local))
    return named


def after_prologue(text: str) -> int:
    """Return the offset after the prologue of a text (§4.1); 0 if there is none."""
    prologue = _PROLOGUE.match(text)
    return prologue.end() if prologue else 0
