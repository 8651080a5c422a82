"""RDF terms written in SPARQL syntax."""

from __future__ import annotations

import re

_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|^`\\]*")


def is_iri(text: str) -> bool:
    """Tell whether a text is an absolute IRI, which can stand in a query in angle brackets.

    >>> is_iri("https://e.org/x"), is_iri("x"), is_iri("https://e.org/a> . <b")
    (True, False, False)
    """
    return bool(_IRI.fullmatch(text))


def literal(text: str, datatype: str | None = None) -> str:
    r"""Return a literal in SPARQL syntax.

    >>> print(literal('say "hi"'))
    "say \"hi\""
    """
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    escaped = escaped.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    # SPARQL 1.1 §19.2 replaces code point escapes before parsing. rdflib 7.6 does so also in
    # "\\u0022", where the backslash is itself escaped; the quote then ends the string. Every
    # processor reads the letter correctly as an escape of its own, in eight digits.
    escaped = re.sub(r"(?<=\\\\)[uU]", lambda match: f"\\U{ord(match[0]):08X}", escaped)
    return f'"{escaped}"^^<{datatype}>' if datatype else f'"{escaped}"'
