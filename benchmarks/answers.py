"""Whether servers answer alike: solutions by their values, whatever the order and spelling."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from benchmarks.server import Server
from benchmarks.writer import XSD

Answer = Hashable
_TIMEOUT_S = 60
_SHOWN = 500  # characters of an answer
_NUMBERS = frozenset(f"{XSD}{name}" for name in ("decimal", "integer", "double"))


class Different(Exception):
    """A server answers a query otherwise than another; says which, and how."""


def collect(server: Server, texts: Sequence[str]) -> dict[str, Answer]:
    """Return a server's answers by the text of the query.

    Raises:
        OSError: it does not answer one.
    """
    return {text: canonical(server.ask(text, _TIMEOUT_S)) for text in texts}


def compare(
    expected: Mapping[str, Answer], found: Mapping[str, Answer], names: tuple[str, str]
) -> None:
    """Compare the answers of two servers.

    Args:
        expected: what the first one answers, by the text of the query.
        found: what the second one answers.
        names: of the two.

    Raises:
        Different: an answer of the second differs.
    """
    for text, answer in expected.items():
        if found[text] != answer:
            lines = [f"{names[1]} answers otherwise than {names[0]}", text]
            for name, each in zip(names, (answer, found[text]), strict=True):
                lines.append(f"{name}: {str(each)[:_SHOWN]}")
            raise Different("\n".join(lines))


def canonical(document: bytes) -> Answer:
    """Return an answer in JSON as a value: a boolean, or the sorted solutions.

    >>> canonical(b'{"head": {}, "boolean": true}')
    True
    """
    parsed = json.loads(document)
    if "boolean" in parsed:
        return bool(parsed["boolean"])
    bindings = parsed["results"]["bindings"]
    # Virtuoso 7.2.5 answers ASK with a row of __ASK_RETVAL, or without one.
    if "__ASK_RETVAL" in parsed["head"]["vars"]:
        return bool(bindings)
    return tuple(sorted(tuple(sorted(_solution(each))) for each in bindings))


def _solution(binding: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, ...]]:
    return [(name, *_term(term)) for name, term in binding.items()]


def _term(term: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return kind, value and datatype or language of a term; blank nodes are all the same."""
    if term["type"] == "bnode":
        return "bnode", "", ""
    if term["type"] == "uri":
        return "uri", term["value"], ""
    if "xml:lang" in term:
        return "literal", term["value"], term["xml:lang"].lower()
    datatype = term.get("datatype", "").removesuffix(f"{XSD}string")
    return "literal", _value(term["value"], datatype), datatype


def _value(text: str, datatype: str) -> str:
    """Return one spelling of a value: Virtuoso gives true as 1, and 5.0 as 5.

    >>> _value("5.0", "http://www.w3.org/2001/XMLSchema#decimal")
    '5'
    """
    if datatype == f"{XSD}boolean":
        return {"1": "true", "0": "false"}.get(text, text)
    if datatype in _NUMBERS:
        try:
            return f"{Decimal(text).normalize():f}"
        except InvalidOperation:
            return text
    return text
