"""Forms of canned queries: fields with labels and choices in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from kg_server.canned import CannedQuery
from kg_server.canned.parameters import AllNames, Lookup, Names, Parameter, meant
from kg_server.errors import BadRequest
from kg_server.project.profile import preferred
from kg_server.rdf.labels import fold
from kg_server.rdf.prefixes import local_name
from kg_server.web.pages import details, layout
from kg_server.web.pages.terms import Labels

MOST_CHOICES = 300
"""Things of a class that are offered as a list; where there are more, a text field suggests."""
MOST_NAMES = 500
"""Names that a text field suggests."""

_INPUTS = {"date": "date", "integer": "number"}


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a list, by its label in the reader's language."""

    value: str
    label: str
    selected: bool


@dataclass(frozen=True, slots=True)
class Field:
    """One field. ``options`` are the choices of a list; without any it is an input."""

    name: str
    label: str
    language: str
    required: bool
    value: str
    input: str
    placeholder: str
    options: tuple[Option, ...]
    names: tuple[str, ...]
    is_iri: bool
    error: str
    suggestions: tuple[tuple[str, str], ...]
    """Text and address of each value that may have been meant."""


def fields(
    query: CannedQuery,
    given: Mapping[str, str],
    *,
    names: AllNames,
    labels: Labels,
    problem: BadRequest | None = None,
) -> tuple[Field, ...]:
    """Return the fields of a query's form, filled in with what was given.

    Args:
        query: the query.
        given: its parameters as the request has them.
        names: the names of things that parameters can mean.
        labels: the labels of the page.
        problem: what is wrong with one of the parameters.
    """
    labels.load(iri for each in query.parameters for iri in _listed(each, names))
    return tuple(
        _field(query, each, given=given, names=names, labels=labels, problem=problem)
        for each in query.parameters
    )


def is_about(problem: BadRequest, query: CannedQuery) -> bool:
    """Tell whether a problem is one of a field of the query's form."""
    return problem.members.get("parameter") in {each.name for each in query.parameters}


def _listed(parameter: Parameter, names: AllNames) -> frozenset[str]:
    members = names.get(parameter.group, Names()).iris if parameter.of else frozenset()
    return members if len(members) <= MOST_CHOICES else frozenset()


def _field(
    query: CannedQuery,
    parameter: Parameter,
    *,
    given: Mapping[str, str],
    names: AllNames,
    labels: Labels,
    problem: BadRequest | None,
) -> Field:
    languages = layout.preferred_languages(labels.language, (query.language,))
    meaning, language = preferred(parameter.meanings, languages)
    if parameter.type == "language":
        language, meaning = labels.language, layout.translate("Language", labels.language)
    value = given.get(parameter.name) or parameter.default or ""
    wrong = problem if problem and problem.members.get("parameter") == parameter.name else None
    of_group = names.get(parameter.group, Names()) if parameter.of else Names()
    suggestions = wrong.members.get("suggestions", ()) if wrong else ()
    return Field(
        name=parameter.name,
        label=meaning[:1].upper() + meaning[1:],
        language=language,
        required=parameter.required,
        value=value,
        input=_INPUTS.get(parameter.type, "text"),
        placeholder=parameter.example or "",
        options=_options(query, parameter, value, names=names, labels=labels),
        names=tuple(sorted(set(of_group.shown.values()))[:MOST_NAMES]),
        is_iri=parameter.type == "iri",
        error=_error(parameter, value, names=of_group, problem=wrong, language=labels.language)
        if wrong
        else "",
        suggestions=tuple(
            (each, f"/queries/{query.name}?{urlencode({**given, parameter.name: each})}")
            for each in suggestions
        ),
    )


def _error(
    parameter: Parameter, value: str, *, names: Names, problem: BadRequest, language: str
) -> str:
    """Return what is wrong with a field; the problem's own words where there are no others."""

    def t(text: str, **values: Any) -> str:
        return layout.translate(text, language, **values)

    if not value:
        return t("This field is needed.")
    if problem.members.get("suggestions"):
        return t("{value} is not in this graph. Was one of these meant?", value=value[:80])
    if names.iris and "suggestions" in problem.members:
        kind = parameter.kind
        return t(
            "{value} is not in this graph. Of the kind “{kind}” it has {count}.",
            value=value[:80],
            kind=kind,
            count=len(names.iris),
        )
    return details.translated(problem.detail, language).text


def _options(
    query: CannedQuery, parameter: Parameter, value: str, *, names: AllNames, labels: Labels
) -> tuple[Option, ...]:
    """Return the choices of a list: things and concepts, words, languages; else none.

    A value that is none of the choices is one more, so that the form shows what was asked.
    """
    if parameter.choices:
        words = parameter.choice_labels.get(labels.language) or parameter.choice_labels.get("en")
        choices = [(each, (words or {}).get(each, each)) for each in parameter.choices]
    elif parameter.type == "language":
        choices = list(layout.LANGUAGES.items())
    else:
        of_group = names.get(parameter.group, Names())
        written = _codes(of_group)
        listed = [(written(iri), labels.of(iri).text) for iri in _listed(parameter, names)]
        choices = sorted(listed, key=lambda each: (fold(each[1]), each[0]))
        if value and choices:
            iri = meant(parameter, value, Lookup(names, query.prefixes))
            value = written(iri) if iri else value
    if not choices:
        return ()
    if value and value not in dict(choices):
        choices = [(value, value), *choices]
    if parameter.default is None and (not parameter.required or not value):
        every = layout.translate("any", labels.language) if not parameter.required else ""
        choices = [("", every), *choices]
    return tuple(Option(each, label, each == value) for each, label in choices)


def _codes(names: Names) -> Callable[[str], str]:
    """Return how things are written in an address: by local name where only one has it."""

    def written(iri: str) -> str:
        local = local_name(iri)
        return local if names.by_name.get(fold(local)) == frozenset({iri}) else iri

    return written
