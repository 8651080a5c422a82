"""What the keywords of a SPARQL text tell, without parsing it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum

from kg_server.errors import UpdateRefused
from kg_server.formats import Kind


class Form(Enum):
    """The query forms (SPARQL 1.1 Query §16)."""

    SELECT = "SELECT"
    ASK = "ASK"
    CONSTRUCT = "CONSTRUCT"
    DESCRIBE = "DESCRIBE"

    @property
    def kind(self) -> Kind:
        """What a query of this form answers."""
        if self is Form.SELECT:
            return Kind.BINDINGS
        return Kind.BOOLEAN if self is Form.ASK else Kind.GRAPH


_UPDATES = frozenset(
    ("INSERT", "DELETE", "LOAD", "CLEAR", "CREATE", "DROP", "COPY", "MOVE", "ADD", "WITH")
)
_FORMS = frozenset(form.value for form in Form)

# The tokens in which a keyword may hide, and runs of the letters that words are made of (SPARQL 1.1
# Query §19.8, productions 139 to 173). The text is anybody's, so that the time has to be linear in
# it: what does not end takes the rest, and what was read in vain (a run without a colon) is taken.
_TOKEN = re.compile(
    r"""
      \#[^\r\n]*+ | <[^<>"{}|^`\\\x00-\x20]*+>
    | \"{3}(?:[^"\\]|\\.|"(?!""))*+(?:\"{3}|\\?) | '{3}(?:[^'\\]|\\.|'(?!''))*+(?:'{3}|\\?)
    | "(?:[^"\\\r\n]|\\.)*+["\\]? | '(?:[^'\\\r\n]|\\.)*+['\\]?
    | [?$@][\w-]++ | [\w.-]*+:[\w.%:-]*+
    | (?P<run>[\w.-]++)
    """,
    re.VERBOSE | re.DOTALL,
)
_WORD = re.compile(r"[A-Za-z]+")
_PROLOGUE = re.compile(
    r"""
    (?: \s | \#[^\r\n]*+
      | (?:BASE | PREFIX\s[^:<>"'\s]*+:)\s*+<[^<>"{}|^`\\\x00-\x20]*+>
    )*+
    """,
    re.VERBOSE | re.IGNORECASE,
)
_ODD_PROLOGUE = 20_000
"""How many characters are looked through for the form of what has no proper prologue (§4)."""
_LONG = 100_000
"""Longer texts are not looked through by those who answer others meanwhile."""


def words(text: str) -> Iterator[str]:
    """Yield the bare words of a SPARQL text in capitals: not those in IRIs, names or strings.

    >>> list(words("PREFIX select: <http://x/from#> ASK { ?from select:where 'load' }"))
    ['PREFIX', 'ASK']
    """
    runs = (found["run"] for found in _TOKEN.finditer(text) if found["run"])
    return (word.upper() for run in runs for word in _WORD.findall(run))


def form_of(text: str) -> Form | None:
    """Return the form of a query; ``None`` when it has none and so cannot be one.

    Raises:
        UpdateRefused: the text is a SPARQL Update.
    """
    begin = prologue.end() if (prologue := _PROLOGUE.match(text)) else 0
    for word in words(text[begin : begin + _ODD_PROLOGUE]):
        if word in _FORMS:
            return Form(word)
        if word in _UPDATES:
            raise UpdateRefused(
                f"{word} is an update operation. This endpoint answers queries only: "
                "SELECT, ASK, CONSTRUCT and DESCRIBE."
            )
    return None


def has_dataset(text: str) -> bool:
    """Tell whether a query says FROM: the word stands nowhere else in the grammar (§13.2)."""
    return "from" in text.lower() and "FROM" in words(text)


_VOLATILE = frozenset(("RAND", "NOW", "UUID", "STRUUID", "BNODE"))


def is_volatile(text: str) -> bool:
    """Tell whether a query may answer differently the next time over the same graph (§17.4)."""
    capitals = text.upper()
    if not any(word in capitals for word in _VOLATILE):  # as most; to find words takes longer
        return False
    return len(text) > _LONG or any(word in _VOLATILE for word in words(text))
