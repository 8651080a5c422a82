"""Keywords of a SPARQL text, which show properties of a query before it is parsed."""

from __future__ import annotations

from enum import Enum

from kg_server.errors import UpdateRefused
from kg_server.formats import Kind
from kg_server.sparql import lexer


class Form(Enum):
    """The query forms (SPARQL 1.1 Query §16)."""

    SELECT = "SELECT"
    ASK = "ASK"
    CONSTRUCT = "CONSTRUCT"
    DESCRIBE = "DESCRIBE"

    @property
    def kind(self) -> Kind:
        """The kind of result of this form."""
        if self is Form.SELECT:
            return Kind.BINDINGS
        return Kind.BOOLEAN if self is Form.ASK else Kind.GRAPH


_UPDATES = frozenset(
    ("INSERT", "DELETE", "LOAD", "CLEAR", "CREATE", "DROP", "COPY", "MOVE", "ADD", "WITH")
)
_FORMS = frozenset(form.value for form in Form)

_ODD_PROLOGUE = 4096
"""Characters that are searched for the form after a malformed prologue (§4)."""
_LONG = 8192
"""Longer texts are not scanned on the event loop; they count as volatile."""


def form_of(text: str) -> Form | None:
    """Return the form of a query; ``None`` if the text has no form and so is not a query.

    Raises:
        UpdateRefused: the text is a SPARQL Update.
    """
    begin = lexer.after_prologue(text)
    for word in lexer.words(text[begin : begin + _ODD_PROLOGUE]):
        if word in _FORMS:
            return Form(word)
        if word in _UPDATES:
            raise UpdateRefused(
                f"{word} is an update operation. This endpoint answers queries only: "
                "SELECT, ASK, CONSTRUCT and DESCRIBE."
            )
    return None


def uses(text: str, words: frozenset[str]) -> bool:
    """Tell whether a text has one of these words, given in capitals.

    >>> uses("SELECT ?from { ?from a 'FROM' }", frozenset(("FROM",)))
    False
    """
    return _mentions(text, words) and not words.isdisjoint(lexer.words(text))


_DATASET = frozenset(("FROM",))
_VOLATILE = frozenset(("RAND", "NOW", "UUID", "STRUUID", "BNODE"))


def has_dataset(text: str) -> bool:
    """Tell whether a query has a FROM clause: the grammar has the word nowhere else (§13.2)."""
    return uses(text, _DATASET)


def is_volatile(text: str) -> bool:
    """Tell whether a query may have another result next time over the same graph (§17.4)."""
    return _mentions(text, _VOLATILE) if len(text) > _LONG else uses(text, _VOLATILE)


def _mentions(text: str, words: frozenset[str]) -> bool:
    """Tell whether a text contains the letters of a word: a fast check that excludes most texts."""
    capitals = text.upper()
    return any(word in capitals for word in words)
