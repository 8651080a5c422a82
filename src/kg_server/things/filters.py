"""Filters of a table, which translate parameters of an address to SPARQL patterns.

A parameter is ``COLUMN=VALUE`` or ``COLUMN__OPERATOR=VALUE``. Values become terms of the kinds in
the column; they are never copied into the query as text.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from rdflib import SKOS

from kg_server.errors import BadRequest
from kg_server.rdf import datatypes
from kg_server.rdf import namespaces as ns
from kg_server.sparql.terms import is_iri, literal
from kg_server.things.columns import NAMES, NUMBERS, Column

OPERATORS: Mapping[str, str] = {
    "": "is",
    "not": "is not",
    "contains": "contains",
    "starts": "starts with",
    "gt": "is after",
    "ge": "is at least",
    "lt": "is before",
    "le": "is at most",
    "missing": "is missing",
}
"""Operators by the suffix of a parameter's name, with their descriptions."""
NUMBER_OPERATORS: Mapping[str, str] = {"gt": "is more than", "lt": "is less than"}
"""Descriptions of operators that differ for columns of numbers."""
_COMPARED = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_MOST_TEXT = 500
LABEL = "label"
"""The name of the first column, which compares things by their names."""
NAMING = tuple(map(str, (*NAMES, SKOS.altLabel, SKOS.notation)))
"""The properties by which a filter finds things."""
_NAMED = "|".join(f"<{each}>" for each in NAMING)


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition: a column (``None`` for names of things), an operator, alternative values."""

    column: Column | None
    operator: str
    values: tuple[str, ...]

    @property
    def name(self) -> str:
        """The parameter's name."""
        name = self.column.name if self.column else LABEL
        return f"{name}__{self.operator}" if self.operator else name


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Prefixes, languages and names to read values with.

    ``prefixes`` are for short IRIs, ``languages`` for literals. ``named`` gives the IRIs of the
    things with a name (``names_query``). ``names`` are the naming properties that the table's
    things have: the engine looks for each of them at every thing.
    """

    prefixes: Mapping[str, str] = field(default_factory=dict)
    languages: Sequence[str] = ()
    named: Mapping[str, Sequence[str]] = field(default_factory=dict)
    names: Sequence[str] = NAMING


def read(pairs: Iterable[tuple[str, str]], columns: Sequence[Column]) -> tuple[Filter, ...]:
    """Read filters; several values of one parameter are alternatives.

    Raises:
        BadRequest: there is no such column or operator, or a value does not fit the column.
    """
    by_name: dict[str, Column | None] = {LABEL: None, **{each.name: each for each in columns}}
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        if value or name.endswith("__missing"):
            values.setdefault(name, []).append(value)
    filters = []
    for name, texts in values.items():
        column_name, _, operator = name.partition("__")
        if column_name not in by_name:
            near = difflib.get_close_matches(column_name, by_name, 3, 0.5)
            listed = ", ".join(near or list(by_name)[:12])
            hint = f"Near it: {listed}." if near else f"There are: {listed}."
            raise BadRequest(f"There is no column {column_name[:80]!r}. {hint}", parameter=name)
        if operator not in OPERATORS:
            operators = ", ".join(each for each in OPERATORS if each)
            detail = f"There is no operator {operator[:80]!r}. There are: {operators}."
            raise BadRequest(detail, parameter=name)
        column = by_name[column_name]
        for text in texts:
            _check(column, operator, text, name)
        filters.append(Filter(column, operator, tuple(texts)))
    return tuple(filters)


def compares_texts(each: Filter) -> bool:
    """Tell whether a filter compares the text of each value of its property, and no label."""
    is_text = each.operator in ("contains", "starts")
    return is_text and not (each.column and each.column.classes)


def names_query(filters: Iterable[Filter], languages: Sequence[str]) -> str | None:
    """Return the query for the things named in filters: ``?name ?thing``.

    Return ``None`` if no filter compares things by their names.
    """
    texts = {text for each in filters if _by_name(each) for text in each.values}
    if not texts:
        return None
    values = " ".join(term for text in sorted(texts) for term in _texts(text, languages))
    ways = " UNION ".join(f"{{ ?thing {path} ?name }}" for path in _NAMED.split("|"))
    return f"SELECT DISTINCT ?name ?thing {{ VALUES ?name {{ {values} }} {ways} }} LIMIT 1000"


def iri_of(text: str, vocabulary: Vocabulary) -> str | None:
    """Return the IRI that a filter's value is, whole or with a prefix; ``None`` if it is none."""
    prefix, colon, local = text.partition(":")
    if colon and prefix in vocabulary.prefixes:
        text = vocabulary.prefixes[prefix] + local
    return text if is_iri(text) else None


def pattern(each: Filter, index: int, vocabulary: Vocabulary) -> str:
    """Return a filter as a SPARQL group that binds or restricts ``?thing``."""
    variable = f"?v{index}"
    naming = "|".join(f"<{name}>" for name in vocabulary.names) or _NAMED
    path = f"<{each.column.iri}>" if each.column else naming
    reach = f"?thing {path} {variable} ."
    if each.operator == "missing":
        return f"MINUS {{ {reach} }}"
    if each.operator in ("", "not"):
        group = _equal(each, variable, path, vocabulary)
        return f"MINUS {{ {group} }}" if each.operator else group
    tests = " || ".join(_test(each, text, variable) for text in each.values)
    if each.column and each.column.classes and each.operator in ("contains", "starts"):
        return f"{reach} {variable} {_NAMED} {variable}Name . FILTER({tests})"
    return f"{reach} FILTER({tests})"


def _by_name(each: Filter) -> bool:
    things = each.column is None or bool(each.column.classes) or not each.column.datatypes
    return things and each.operator in ("", "not")


def _check(column: Column | None, operator: str, text: str, name: str) -> None:
    if len(text) > _MOST_TEXT or _CONTROLS.search(text):
        detail = f"A value is a text of at most {_MOST_TEXT} characters without control characters."
        raise BadRequest(detail, parameter=name)
    if column is None or operator not in ("", "not", *_COMPARED):
        return
    if column.is_number and not _NUMBER.fullmatch(text):
        raise BadRequest(f"{name} takes a number; {text[:80]!r} is not a number.", parameter=name)
    if column.is_moment and not re.fullmatch(r"-?[0-9]{4}[0-9T:.Z+-]*", text):
        detail = f"{name} takes a year or a date such as 1990 or 1990-05-31, not {text[:80]!r}."
        raise BadRequest(detail, parameter=name)


def _equal(each: Filter, variable: str, path: str, vocabulary: Vocabulary) -> str:
    """Return a pattern for things with one of the filter's values."""
    if each.column is None:
        iris = [iri for text in each.values for iri in vocabulary.named.get(text, ())]
        return f"VALUES ?thing {{ {' '.join(f'<{iri}>' for iri in iris)} }}"
    if each.column.is_number or each.column.is_moment:
        tests = " || ".join(_is(each.column, text, variable) for text in each.values)
        return f"?thing {path} {variable} . FILTER({tests})"
    meant = (term for text in each.values for term in _terms(each.column, text, vocabulary))
    terms = list(dict.fromkeys(meant))
    if len(terms) == 1:  # the engine can then start with the rarest pattern
        return f"?thing {path} {terms[0]} ."
    return f"VALUES {variable} {{ {' '.join(terms)} }} ?thing {path} {variable} ."


def _is(column: Column, text: str, variable: str) -> str:
    if column.is_number:
        return f"{variable} = {_number(text)}"
    return f"STRSTARTS(STR({variable}), {literal(text)})"


def _terms(column: Column, text: str, vocabulary: Vocabulary) -> Iterable[str]:
    """Yield the terms that a text may mean in a column."""
    iri = iri_of(text, vocabulary)
    if iri:
        yield f"<{iri}>"
    if column.classes or not column.datatypes:
        yield from (f"<{named}>" for named in vocabulary.named.get(text, ()))
    kinds = column.datatypes
    if not kinds or ns.LANG_STRING in kinds or f"{ns.XSD}string" in kinds:
        yield from _texts(text, vocabulary.languages)
    for kind in kinds:
        is_text = kind in (ns.LANG_STRING, f"{ns.XSD}string") or not is_iri(kind)
        if not is_text and not datatypes.is_ill_typed(text, kind):
            yield literal(text, kind)


def _texts(text: str, languages: Sequence[str]) -> Iterable[str]:
    yield literal(text)
    yield from (f"{literal(text)}@{language}" for language in languages)


def _test(each: Filter, text: str, variable: str) -> str:
    named = each.column is not None and bool(each.column.classes)
    shown = f"STR({variable}{'Name' if named else ''})"
    if each.operator == "contains":
        return f"CONTAINS(LCASE({shown}), LCASE({literal(text)}))"
    if each.operator == "starts":
        return f"STRSTARTS(LCASE({shown}), LCASE({literal(text)}))"
    sign = _COMPARED[each.operator]
    if each.column and set(each.column.datatypes) & NUMBERS and _NUMBER.fullmatch(text):
        return f"{variable} {sign} {_number(text)}"
    if each.column and each.column.is_moment:
        # A year includes all its days: "at most 1990" matches 1990-05-31.
        return f"SUBSTR(STR({variable}), 1, {len(text)}) {sign} {literal(text)}"
    return f"STR({variable}) {sign} {literal(text)}"


def _number(text: str) -> str:
    kind = "double" if "e" in text.lower() else "decimal"
    return literal(text, ns.XSD + kind)
