"""Typed parameters of canned queries: text in, an RDF term in SPARQL syntax out."""

from __future__ import annotations

import difflib
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from kg_server.errors import BadRequest
from kg_server.formats import Kind, named
from kg_server.rdf.labels import fold
from kg_server.sparql.query import Query
from kg_server.store import Store

XSD = "http://www.w3.org/2001/XMLSchema#"
_MAX_TEXT = 2000
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|^`\\]*")
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8}){0,7}")
_ENUM = re.compile(r"enum\(([^()|]+(?:\|[^()|]+)*)\)")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a canned query, as its header declares it.

    ``type`` is one of ``TYPES`` or ``enum``, whose values are in ``choices``. A parameter with a
    ``default`` or that is ``optional`` need not be given; an optional one that is not given stays
    a variable, which matches anything.
    """

    name: str
    type: str
    meaning: str
    example: str | None = None
    default: str | None = None
    optional: bool = False
    choices: tuple[str, ...] = ()

    @property
    def required(self) -> bool:
        """Whether every request has to give it."""
        return self.default is None and not self.optional

    @property
    def takes(self) -> str:
        """What it takes, in the reader's words."""
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        return TYPES[self.type].takes


@dataclass(frozen=True, slots=True)
class StateNames:
    """The states of a graph by every name, code and IRI that they go by."""

    iris: frozenset[str] = frozenset()
    by_name: Mapping[str, frozenset[str]] = field(default_factory=dict)
    shown: Mapping[str, str] = field(default_factory=dict)
    """Folded name to the name as written."""


@dataclass(frozen=True, slots=True)
class Context:
    """What values are read with: the states of the graph, and prefixes for short IRIs."""

    states: StateNames = StateNames()
    prefixes: Mapping[str, str] = field(default_factory=dict)


class IllTyped(ValueError):
    """The text is no value of the type; ``suggestions`` are values near it."""

    def __init__(self, reason: str, suggestions: Iterable[str] = ()) -> None:
        super().__init__(reason)
        self.suggestions = tuple(suggestions)


@dataclass(frozen=True, slots=True)
class Type:
    """A type of parameter: what it takes, its JSON Schema, and how its text becomes a term."""

    takes: str
    schema: Mapping[str, str]
    read: Callable[[str, Context], str]


def term(parameter: Parameter, text: str, context: Context) -> str:
    """Return the term that ``text`` means for ``parameter``, in SPARQL syntax.

    Raises:
        BadRequest: the text is no value of the parameter's type. The problem names the parameter,
            what it takes, and values near the one given.
    """
    try:
        if parameter.choices:
            return _read_choice(text, parameter.choices)
        return TYPES[parameter.type].read(text, context)
    except IllTyped as error:
        detail = f"The parameter {parameter.name!r} takes {parameter.takes}; {error}."
        if error.suggestions:
            detail += f" Near it: {', '.join(error.suggestions)}."
        raise BadRequest(
            detail,
            parameter=parameter.name,
            takes=parameter.takes,
            suggestions=list(error.suggestions),
        ) from error


def choices_of(type_: str) -> tuple[str, ...]:
    """Return the values of ``enum(a|b)``; nothing for any other type."""
    match = _ENUM.fullmatch(type_)
    return tuple(each.strip() for each in match[1].split("|")) if match else ()


def state_names(store: Store, base_iri: str) -> StateNames:
    """Collect the names, codes and IRIs of every state in the store, in all languages."""
    text = state_names_query(base_iri)
    answer = store.query(Query(text, named("json", Kind.BINDINGS)))
    return read_state_names(answer.read())


def state_names_query(base_iri: str) -> str:
    """Return the query for every state with every name and code that it has."""
    return f"""
PREFIX dip: <{base_iri}ns/diplomacy#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT ?state ?name
WHERE {{
  ?state a dip:State .
  OPTIONAL {{
    ?state rdfs:label|skos:altLabel|dip:iso3166alpha3|dip:iso3166alpha2|dip:iso3166former ?name
  }}
}}
ORDER BY ?state ?name
"""


def read_state_names(result: bytes) -> StateNames:
    """Read the answer to ``state_names_query``, in SPARQL 1.1 Query Results JSON."""
    rows = json.loads(result)["results"]["bindings"]
    by_name: defaultdict[str, set[str]] = defaultdict(set)
    shown: dict[str, str] = {}
    for row in rows:
        if "name" in row:
            key = fold(row["name"]["value"])
            by_name[key].add(row["state"]["value"])
            shown[key] = row["name"]["value"]
    iris = frozenset(row["state"]["value"] for row in rows)
    return StateNames(iris, {key: frozenset(value) for key, value in by_name.items()}, shown)


def literal(text: str, datatype: str | None = None) -> str:
    r"""Return a literal in SPARQL syntax.

    >>> print(literal('say "hi"'))
    "say \"hi\""
    """
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    escaped = escaped.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    # SPARQL 1.1 §19.2 replaces code point escapes before it parses, and rdflib 7.6 does so in
    # "\\u0022" too, where the backslash is itself escaped: the quote then ends the string. The
    # letter as an escape of its own, in eight digits, reads the same in every processor.
    escaped = re.sub(r"(?<=\\\\)[uU]", lambda match: f"\\U{ord(match[0]):08X}", escaped)
    return f'"{escaped}"^^<{datatype}>' if datatype else f'"{escaped}"'


def _read_choice(text: str, choices: tuple[str, ...]) -> str:
    if text not in choices:
        near = difflib.get_close_matches(text, choices, cutoff=0.5)
        raise IllTyped(f"{_shown(text)} is none of them", near)
    return literal(text)


def _read_iri(text: str, context: Context) -> str:
    prefix, colon, local = text.partition(":")
    iri = context.prefixes[prefix] + local if colon and prefix in context.prefixes else text
    if len(iri) > _MAX_TEXT or not _IRI.fullmatch(iri):
        raise IllTyped(f"{_shown(text)} is not one")
    return f"<{iri}>"


def _read_state(text: str, context: Context) -> str:
    states = context.states
    key = fold(text[:_MAX_TEXT])
    found = {text} if text in states.iris else set(states.by_name.get(key, ()))
    if len(found) > 1:
        raise IllTyped(f"{_shown(text)} is the name of several states", sorted(found))
    if not found:
        near = difflib.get_close_matches(key, states.by_name, n=5, cutoff=0.6)
        raise IllTyped(f"{_shown(text)} is not known here", [states.shown[each] for each in near])
    return _read_iri(found.pop(), Context())


def _read_date(text: str, _context: Context) -> str:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise IllTyped(f"{_shown(text)} is not one")
    try:
        date.fromisoformat(text)
    except ValueError as error:
        raise IllTyped(f"{text} is no day of the calendar") from error
    return literal(text, XSD + "date")


def _read_year(text: str, _context: Context) -> str:
    if not re.fullmatch(r"[0-9]{4}", text) or text == "0000":
        raise IllTyped(f"{_shown(text)} is not one")
    return literal(text, XSD + "gYear")


def _read_integer(text: str, _context: Context) -> str:
    if not re.fullmatch(r"[+-]?[0-9]{1,18}", text):
        raise IllTyped(f"{_shown(text)} is not one")
    return literal(text, XSD + "integer")


def _read_string(text: str, _context: Context) -> str:
    # Controls and lone surrogates are in no RDF literal that can be exchanged.
    if len(text) > _MAX_TEXT or re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]", text):
        raise IllTyped("this one has control characters or is longer")
    return literal(text)


def _read_language(text: str, _context: Context) -> str:
    if not _LANGUAGE.fullmatch(text):
        raise IllTyped(f"{_shown(text)} is not one")
    return literal(text.lower())


def _shown(text: str) -> str:
    """Return ``text`` as messages quote it: printable, and not endless."""
    return ascii(text[:77] + "...") if not text.isprintable() else repr(text[:80])


TYPES: Mapping[str, Type] = {
    "iri": Type("an absolute IRI", {"type": "string", "format": "iri"}, _read_iri),
    "state": Type(
        "a state: its ISO 3166 code, its name in any language, or its IRI",
        {"type": "string"},
        _read_state,
    ),
    "date": Type("a date as YYYY-MM-DD", {"type": "string", "format": "date"}, _read_date),
    "year": Type("a year in four digits", {"type": "string", "pattern": "^[0-9]{4}$"}, _read_year),
    "integer": Type("a whole number", {"type": "integer"}, _read_integer),
    "string": Type(f"text of at most {_MAX_TEXT} characters", {"type": "string"}, _read_string),
    "language": Type(
        "a language tag such as en or bn",
        {"type": "string", "pattern": "^[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8}){0,7}$"},
        _read_language,
    ),
}
"""Every type by name; ``enum(a|b|c)`` comes beside them."""
