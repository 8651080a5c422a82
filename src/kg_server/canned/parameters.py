"""Typed parameters of canned queries, which convert text to RDF terms in SPARQL syntax."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from kg_server.errors import BadRequest
from kg_server.rdf import namespaces as ns
from kg_server.rdf.labels import fold
from kg_server.sparql.terms import is_iri, literal

_MAX_TEXT = 2000
_MOST_ERRORS = 2
"""Largest number of wrong letters in a name that gets suggestions; in a short name, one in four."""
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8}){0,7}")
_ENUM = re.compile(r"enum\(([^()|]+(?:\|[^()|]+)*)\)")
_OF = re.compile(r"(thing|concept)\(\s*([^()\s]+)\s*\)")


Group = tuple[str, str]
"""A group of names: ``thing`` and the IRI of a class, or ``concept`` and the IRI of a scheme."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a canned query, as its header declares it.

    ``type`` is one of ``TYPES``; the values of an ``enum`` are in ``choices``, and ``of`` is the
    class of a ``thing`` or the scheme of a ``concept``. A parameter with a ``default`` or that is
    ``optional`` need not be given. An optional parameter that is not given stays a variable, which
    matches anything. ``line`` is the line of its declaration.
    """

    name: str
    type: str
    meaning: str
    example: str | None = None
    default: str | None = None
    optional: bool = False
    choices: tuple[str, ...] = ()
    of: str = ""
    line: int = 1
    meanings: Mapping[str, str] = field(default_factory=dict)
    """The meaning by language tag."""
    choice_labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Labels of the words of an ``enum``, by language tag and word."""

    @property
    def kind(self) -> str:
        """The type in a word or two; for a thing, the name of its class."""
        return _words(self.of) or self.type

    @property
    def group(self) -> Group:
        """The group of its names."""
        return self.type, self.of

    @property
    def required(self) -> bool:
        """True if every request has to give the parameter."""
        return self.default is None and not self.optional

    @property
    def sample(self) -> str:
        """A term such as its values become, for checks of syntax."""
        return "<urn:x>" if self.type in ("thing", "concept", "iri") else '"x"'

    @property
    def takes(self) -> str:
        """The accepted values, in words."""
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        return TYPES[self.type].takes.format(of=_words(self.of))


@dataclass(frozen=True, slots=True)
class Names:
    """The possible values of a parameter, by every name, code and IRI."""

    iris: frozenset[str] = frozenset()
    by_name: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Folded name to IRIs."""
    shown: Mapping[str, str] = field(default_factory=dict)
    """Folded name to the name as written."""
    find: Callable[[str, str], frozenset[str]] | None = None
    """Looks up a text and an IRI in the graph; set if there are too many names to keep."""


AllNames = Mapping[Group, Names]
"""Names by group."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """Names of the graph's things, and prefixes of short IRIs, by which values are looked up."""

    names: AllNames = field(default_factory=dict)
    prefixes: Mapping[str, str] = field(default_factory=dict)


class IllTyped(ValueError):
    """The text is not a value of the type; ``suggestions`` are similar values."""

    def __init__(self, reason: str, suggestions: Iterable[str] = ()) -> None:
        super().__init__(reason)
        self.suggestions = tuple(suggestions)


@dataclass(frozen=True, slots=True)
class Type:
    """A parameter type: accepted values in words, JSON Schema, and a function from text to term."""

    takes: str
    schema: Mapping[str, str]
    read: Callable[[str, Parameter, Lookup], str]


def meant(parameter: Parameter, text: str, lookup: Lookup) -> str | None:
    """Return the IRI that a text means for a parameter; ``None`` if it means none.

    >>> meant(Parameter("p", "iri", "a thing"), "https://e.org/x", Lookup())
    'https://e.org/x'
    """
    try:
        written = TYPES[parameter.type].read(text, parameter, lookup)
    except IllTyped:
        return None
    return written[1:-1] if written.startswith("<") else None


def term(parameter: Parameter, text: str, lookup: Lookup) -> str:
    """Return the term that ``text`` means for ``parameter``, in SPARQL syntax.

    Raises:
        BadRequest: the text is not a value of the parameter's type. The problem names the
            parameter, its accepted values, and similar values.
    """
    try:
        return TYPES[parameter.type].read(text, parameter, lookup)
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


def typed(text: str, prefixes: Mapping[str, str]) -> tuple[str, tuple[str, ...], str] | None:
    """Read a declared type; return its name, its choices, and its class or scheme.

    >>> typed("enum(a|b)", {}), typed("thing(ex:Museum)", {"ex": "https://e.org/"})
    (('enum', ('a', 'b'), ''), ('thing', (), 'https://e.org/Museum'))
    """
    if match := _ENUM.fullmatch(text):
        return "enum", tuple(each.strip() for each in match[1].split("|")), ""
    if match := _OF.fullmatch(text):
        prefix, colon, local = match[2].partition(":")
        in_full = match[2].startswith("<") and match[2].endswith(">")
        full = prefixes[prefix] + local if colon and prefix in prefixes else match[2][1:-1]
        is_known = in_full or prefix in prefixes
        return (match[1], (), full) if is_known and is_iri(full) else None
    plain = text in TYPES and not text.startswith(("enum", "thing", "concept"))
    return (text, (), "") if plain else None


def _words(iri: str) -> str:
    """Return the local name of a class or scheme as words.

    >>> _words("https://e.org/ns#CityMuseum")
    'city museum'
    """
    local = re.split(r"[#/:]", iri.rstrip("#/"))[-1]
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[_-]+", " ", local).lower()


def _read_choice(text: str, parameter: Parameter, _lookup: Lookup) -> str:
    if text not in parameter.choices:
        near = difflib.get_close_matches(text, parameter.choices, cutoff=0.5)
        raise IllTyped(f"{_shown(text)} is none of them", near)
    return literal(text)


def _read_iri(text: str, _parameter: Parameter, lookup: Lookup) -> str:
    return _iri(_expanded(text, lookup))


def _expanded(text: str, lookup: Lookup) -> str:
    prefix, colon, local = text.partition(":")
    return lookup.prefixes[prefix] + local if colon and prefix in lookup.prefixes else text


def _iri(iri: str) -> str:
    if len(iri) > _MAX_TEXT or not is_iri(iri):
        raise IllTyped(f"{_shown(iri)} is not one")
    return f"<{iri}>"


def _read_name(text: str, parameter: Parameter, lookup: Lookup) -> str:
    """Return the IRI of a thing, given its IRI, prefixed name, label, code or local name."""
    names = lookup.names.get(parameter.group, Names())
    key = fold(text[:_MAX_TEXT])
    full = _expanded(text, lookup)
    if names.find is not None:
        iris = set(names.find(text[:_MAX_TEXT], full))
    else:
        iris = {full} if full in names.iris else set(names.by_name.get(key, ()))
    if len(iris) > 1:
        raise IllTyped(f"{_shown(text)} is the name of several", sorted(iris))
    if not iris:
        near = difflib.get_close_matches(key, names.by_name, n=5, cutoff=0.6)
        most = min(_MOST_ERRORS, len(key) // 4)
        near = [each for each in near if _distance(each, key) <= most]
        here = f", which has {len(names.iris)} of the kind {parameter.kind}" if names.iris else ""
        raise IllTyped(
            f"{_shown(text)} is not in this graph{here}", [names.shown[each] for each in near]
        )
    return _iri(iris.pop())


def _distance(one: str, other: str) -> int:
    """Return the number of letters to insert, delete or replace (Levenshtein distance)."""
    row = list(range(len(other) + 1))
    for number, letter in enumerate(one, 1):
        before, row[0] = row[0], number
        for place, its in enumerate(other, 1):
            before, row[place] = (
                row[place],
                min(row[place] + 1, row[place - 1] + 1, before + (letter != its)),
            )
    return row[-1]


def _read_date(text: str, _parameter: Parameter, _lookup: Lookup) -> str:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise IllTyped(f"{_shown(text)} is not one")
    try:
        date.fromisoformat(text)
    except ValueError as error:
        raise IllTyped(f"{text} is no day of the calendar") from error
    return literal(text, ns.XSD + "date")


def _read_year(text: str, _parameter: Parameter, _lookup: Lookup) -> str:
    if not re.fullmatch(r"[0-9]{4}", text) or text == "0000":
        raise IllTyped(f"{_shown(text)} is not one")
    return literal(text, ns.XSD + "gYear")


def _read_integer(text: str, _parameter: Parameter, _lookup: Lookup) -> str:
    if not re.fullmatch(r"[+-]?[0-9]{1,18}", text):
        raise IllTyped(f"{_shown(text)} is not one")
    return literal(text, ns.XSD + "integer")


def _read_string(text: str, _parameter: Parameter, _lookup: Lookup) -> str:
    # RDF literals with control characters or lone surrogates cannot be exchanged.
    if len(text) > _MAX_TEXT or re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]", text):
        raise IllTyped("this one is longer or has control characters")
    return literal(text)


def _read_language(text: str, _parameter: Parameter, _lookup: Lookup) -> str:
    if not _LANGUAGE.fullmatch(text):
        raise IllTyped(f"{_shown(text)} is not one")
    return literal(text.lower())


def _shown(text: str) -> str:
    """Return ``text`` for messages: quoted, printable and shortened."""
    return ascii(text[:77] + "...") if not text.isprintable() else repr(text[:80])


TYPES: Mapping[str, Type] = {
    "iri": Type("an absolute IRI", {"type": "string", "format": "iri"}, _read_iri),
    "thing": Type(
        "the name of a {of} in any language, its code or its IRI", {"type": "string"}, _read_name
    ),
    "concept": Type(
        "a concept of {of}: its label in any language, its notation or its IRI",
        {"type": "string"},
        _read_name,
    ),
    "enum": Type("one of some words", {"type": "string"}, _read_choice),
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
"""Every type by name; written ``enum(a|b|c)``, ``thing(CLASS)`` and ``concept(SCHEME)``."""
