"""Rule about texts that lack a language of the project.

The texts are labels, definitions and restatements in the data, headers of canned queries, and the
texts of ``kg.toml``.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping

import pyoxigraph as ox

from kg_server.project import manifest
from kg_server.project.files import QueryFile
from kg_server.rdf import namespaces as ns
from kg_server.validation.lint import manifests, names
from kg_server.validation.lint.context import Material, RuleFinding, text
from kg_server.validation.report import Place

_TITLE = ox.NamedNode(f"{ns.DCTERMS}title")
_MOST_NAMED = 3
"""Things that a finding names."""
_LINE = re.compile(
    r"#\+ (?P<key>title|description|result|param [a-z]\w*)(?:@(?P<tag>[\w-]+))?:(?P<value>.*)"
)

Spoken = Mapping[str, Collection[str]]
"""Language tags by the name of a text."""


def missing(material: Material) -> Iterator[RuleFinding]:
    """Yield texts that are in one language of the project and not in another."""
    languages = material.project.profile.languages
    if len(languages) > 1:
        yield from _of_things(material, languages)
        for file in material.project.queries:
            yield from _of_query(material, file, languages)
        yield from _of_manifest(material, languages)


def _of_things(material: Material, languages: Collection[str]) -> Iterator[RuleFinding]:
    """Yield a finding for each property, class and missing language, with the first such things."""
    stated = (ox.NamedNode(iri) for iri in material.project.profile.text_properties)
    for naming in dict.fromkeys((*names.LABELS, _TITLE, *names.DEFINITIONS, *stated)):
        lacking: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        for iri, tags in _spoken(material, naming).items():
            if iri in material.imported_terms:
                continue
            for language in _lacking(tags, languages):
                lacking[_class(material, iri), language].append(iri)
        for (class_, language), iris in sorted(lacking.items()):
            kind = f" of the class {material.short(class_)}" if class_ else ""
            things = f"{len(iris)} things{kind} have" if len(iris) > 1 else f"A thing{kind} has"
            named = ", ".join(material.short(iri) for iri in sorted(iris)[:_MOST_NAMED])
            more = ", …" if len(iris) > _MOST_NAMED else ""
            message = f"{things} no {material.short(naming.value)} in {language!r}: {named}{more}."
            yield RuleFinding(ox.NamedNode(min(iris)), message, naming)


def _spoken(material: Material, naming: ox.NamedNode) -> Spoken:
    """Return the languages of a property's texts, by subject."""
    languages: defaultdict[str, set[str]] = defaultdict(set)
    for quad in material.store.quads_for_pattern(None, naming, None):
        language = getattr(quad.object, "language", None)
        if isinstance(quad.subject, ox.NamedNode) and language:
            languages[quad.subject.value].add(language)
    return languages


def _class(material: Material, iri: str) -> str:
    types = material.store.quads_for_pattern(ox.NamedNode(iri), names.TYPE, None)
    return min((text(quad.object) for quad in types), default="")


def _lacking(tags: Collection[str], languages: Collection[str]) -> list[str]:
    """Return the languages that a text lacks; none if it has none of them at all.

    >>> _lacking({"fr-CA"}, ("en", "fr")), _lacking({"de"}, ("en", "fr"))
    (['en'], [])
    """
    spoken = {tag.lower() for tag in tags}
    spoken |= {tag.partition("-")[0] for tag in spoken}
    lacking = [each for each in languages if each.lower() not in spoken]
    return lacking if len(lacking) < len(languages) else []


def _of_query(
    material: Material, file: QueryFile, languages: tuple[str, ...]
) -> Iterator[RuleFinding]:
    """Yield the texts of a query's header that lack a language."""
    iri = f"{material.project.base_iri}queries/{file.path.stem}"
    spoken: defaultdict[str, set[str]] = defaultdict(set)
    places: dict[str, Place] = {}
    for number, line in enumerate(file.text.split("\n"), 1):
        header = _LINE.match(line)
        # Pages translate the names of parameters of type language themselves.
        if header and header["value"].partition(";")[0].strip() != "language":
            spoken[header["key"]].add(header["tag"] or languages[0])
            places.setdefault(
                header["key"],
                Place(
                    path=file.path, line=number, column=1, end_column=len(line) + 1, excerpt=line
                ),
            )
        elif not line.startswith("#+"):
            break
    for key, tags in spoken.items():
        for language in _lacking(tags, languages):
            message = f"The query's header has no {key} in {language!r}: add '{key}@{language}'."
            yield RuleFinding(ox.NamedNode(iri), message, place=places[key])


def _of_manifest(material: Material, languages: tuple[str, ...]) -> Iterator[RuleFinding]:
    """Yield the texts of the manifest that lack a language."""
    profile, first = material.project.profile, languages[0]
    texts: dict[manifest.Place, Spoken | Collection[str]] = {
        ("title",): profile.title.keys(),
        ("description",): profile.description.keys(),
        # The variable names a column in the first language, the tag a topic.
        **{("columns", name): {first, *names_} for name, names_ in profile.columns.items()},
        **{("topics", name): {first, *names_} for name, names_ in profile.topics.items()},
        **{("home", n, "title"): each.title.keys() for n, each in enumerate(profile.home)},
    }
    for place, written in texts.items():
        tags = {tag or first for tag in written}
        for language in _lacking(tags, languages):
            named = ".".join(map(str, place))
            message = f"{named} has no text in {language!r}."
            iri = ox.NamedNode(material.project.base_iri)
            yield RuleFinding(iri, message, place=manifests.place_of(profile, place))
