"""Rule about names in ``kg.toml`` that no query and no file has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields

import pyoxigraph as ox

from kg_server.project import manifest
from kg_server.project.profile import Profile
from kg_server.validation.lint.context import Material, RuleFinding
from kg_server.validation.report import Place

_TAGS = re.compile(r"(?m)^#\+[ \t]*tags:(.*)$")
_VARIABLE = re.compile(r"[?$](\w+)")


def unused(material: Material) -> Iterator[RuleFinding]:
    """Yield names of topics and columns, and terms of the evidence, that nothing else uses."""
    profile, focus = material.project.profile, ox.NamedNode(material.project.base_iri)
    for place, message in (*_of_queries(material), *_of_evidence(material)):
        yield RuleFinding(focus, message, place=place_of(profile, place))


def _of_queries(material: Material) -> Iterator[tuple[manifest.Place, str]]:
    texts = [each.text for each in material.project.queries]
    lines = (line for text in texts for line in _TAGS.findall(text))
    tags = {tag.strip() for line in lines for tag in line.split(",")}
    variables = {name for text in texts for name in _VARIABLE.findall(text)}
    profile = material.project.profile
    for key, names, known, of in (
        ("topics", profile.topics, tags, "no canned query has the tag"),
        ("columns", profile.columns, variables, "no canned query has the variable"),
    ):
        for name in names:
            if name not in known:
                yield (key, name), f"{key}: {of} {name!r}."


def _of_evidence(material: Material) -> Iterator[tuple[manifest.Place, str]]:
    evidence = material.project.profile.evidence
    for each in fields(evidence) if evidence else ():
        iri = getattr(evidence, each.name)
        if iri is not None and not _occurs(material.store, ox.NamedNode(iri)):
            key = each.name.replace("_", "-")
            yield ("evidence", key), f"{key}: no file uses {material.short(iri)}."


def _occurs(store: ox.Store, term: ox.NamedNode) -> bool:
    patterns = ((term, None, None), (None, term, None), (None, None, term))
    return any(next(store.quads_for_pattern(*each), None) for each in patterns)


def place_of(profile: Profile, place: manifest.Place) -> Place | None:
    """Return where a value of the manifest stands."""
    if profile.path is None:
        return None
    lines = profile.text.split("\n")
    line = manifest.line(lines, place) or 1
    return Place(
        path=profile.path,
        line=line,
        column=1,
        end_column=len(lines[line - 1]) + 1,
        excerpt=lines[line - 1],
    )
