"""RDF terms as people read them: by label, in their language, as plain text and safe links."""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import unquote

from babel.dates import format_date
from babel.numbers import format_compact_decimal, format_scientific
from rdflib import XSD, Literal, URIRef
from rdflib.term import Node

from kg_server.linked_data.documents import Site
from kg_server.rdf import addresses
from kg_server.rdf.labels import pick
from kg_server.store.results import rows, values
from kg_server.web.pages import well_known
from kg_server.web.pages.dates import beginning
from kg_server.web.pages.layout import licence, preferred_languages
from kg_server.web.pages.numbers import DIGITS, number

LONGEST_TEXT = 300
"""Longer literals are cut on the page, in code points; the whole can be unfolded."""

_NUMBERS = {XSD.integer, XSD.decimal, XSD.double, XSD.float, XSD.int, XSD.long, XSD.short} | {
    XSD.nonNegativeInteger
}
_PATTERNS = {XSD.date: "d MMMM y", XSD.gYearMonth: "MMMM y", XSD.gYear: "y"}
_SMALL, _LARGE = 1e-4, 1e15
"""Numbers of an axis that are smaller or larger have an exponent."""
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z][a-z])")
_LONG = 24
"""More characters than the shortest text of a double has."""
_TIME = re.compile(
    r"(?P<day>[0-9-]{10})T(?P<clock>[0-9:]{5}):[0-9.]+(?P<zone>Z|[+-][0-9:]{5})?", re.ASCII
)
_YEAR = re.compile("(^y|Y|_y)ear(?!s|ly)")
_FOUR = re.compile("[0-9]{4}", re.ASCII)
_DIGITS_WITHIN = re.compile(r"(\d{1,18})")
_SITES = {
    "wikidata.org": "Wikidata",
    "geonames.org": "GeoNames",
    "wikipedia.org": "Wikipedia",
    "dbpedia.org": "DBpedia",
    "viaf.org": "VIAF",
    "d-nb.info": "GND",
    "id.loc.gov": "Library of Congress",
    "orcid.org": "ORCID",
    "doi.org": "DOI",
    "openstreetmap.org": "OpenStreetMap",
    "isni.org": "ISNI",
    "ror.org": "ROR",
    "eur-lex.europa.eu": "EUR-Lex",
    "publications.europa.eu": "EU Publications",
    "treaties.un.org": "UN Treaty Collection",
    "vocab.getty.edu": "Getty",
}
"""Names of sites that IRIs lead to, by host."""
_WEB = re.compile(r"https?://[^/]", re.IGNORECASE)

_LOOKUP = """
PREFIX dct: <http://purl.org/dc/terms/>
PREFIX owl: <http://www.w3.org/2002/07/owl#>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT ?iri ?label ?term ?known ?mentioned WHERE {
  { VALUES ?iri { %(iris)s }
    ?iri ?property ?label FILTER(?property IN (rdfs:label, skos:prefLabel, dct:title)) }
  UNION
  { VALUES ?iri { %(iris)s }
    ?iri a ?term FILTER(?term IN (owl:Class, rdfs:Class, rdf:Property, owl:ObjectProperty,
                                  owl:DatatypeProperty, owl:AnnotationProperty)) }
  UNION
  { VALUES ?iri { %(iris)s } FILTER EXISTS { ?iri ?p ?o } BIND(true AS ?known) }
  UNION
  { VALUES ?iri { %(iris)s } FILTER(STRSTARTS(STR(?iri), "%(base)s")
      && (EXISTS { ?s ?q ?iri } || EXISTS { ?s ?iri ?o })) BIND(true AS ?mentioned) }
}
"""
# With a second VALUES in place of the FILTER, the engine (pyoxigraph 0.5.13) reads every label:
# 4 s against 11 ms for 300 IRIs at a million triples.


@dataclass(frozen=True, slots=True)
class Shown:
    """A term on a page.

    ``text`` is plain text, in ``language`` if that is known; ``rest`` is what follows it where it
    was cut; ``href`` is where a link leads, ``None`` for what is no link; ``iri`` is the full name;
    ``sort`` is the value to sort a column by.
    """

    text: str
    language: str | None = None
    href: str | None = None
    iri: str | None = None
    rest: str = ""
    sort: str | None = None
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Label:
    """A label and its language, ``None`` for a plain string."""

    text: str
    language: str | None


class LabelNotLoaded(ResourceWarning):
    """A page shows a thing whose label was not loaded with the others; tests end at it."""


class Labels:
    """Labels of one page in the reader's language.

    ``load`` asks the store for many at once, before the page is written; nothing else asks it.
    """

    def __init__(self, site: Site, language: str) -> None:
        self.site, self.language = site, language
        self._order = preferred_languages(language, site.languages)
        self._labels: dict[str, Label | None] = {}
        self._described: set[str] = set()
        self._terms: set[str] = set()
        self._mentioned: set[str] = set()

    def load(self, terms: Iterable[Node | str]) -> None:
        """Look the labels of all IRIs among ``terms`` up at once."""
        iris = {str(term) for term in terms if _is_iri(term)} - self._labels.keys()
        named = values(map(URIRef, iris))
        labels: dict[str, list[Node]] = {iri: [] for iri in iris}
        text = _LOOKUP % {"iris": named, "base": self.site.base_iri}
        for row in rows(self.site.store, text) if named else ():
            iri = str(row["iri"])
            if "label" in row:
                labels[iri].append(row["label"])
            if "mentioned" in row:
                self._mentioned.add(iri)
            else:
                (self._terms if "term" in row else self._described).add(iri)
        for iri, texts in labels.items():
            label = self.pick(texts)
            self._labels[iri] = None if label is None else Label(str(label), label.language)

    def pick(self, texts: Iterable[Node]) -> Literal | None:
        """Return the text that is best for the reader, ``None`` if there is none."""
        return pick(texts, self._order)

    def of(self, iri: str) -> Label:
        """Return a label of a thing; a readable end of its IRI where it has none."""
        name = str(iri)  # an rdflib term is not equal to its own text
        if name not in self._labels:
            warnings.warn(f"the label of {name} was not loaded", LabelNotLoaded, stacklevel=2)
        label, known = self._labels.get(name), well_known.labels(self.language).get(name)
        if known and (label is None or label.language not in (self.language, None)):
            return Label(known, self.language)
        return label or Label(self._spelt(name), None)

    def _spelt(self, iri: str) -> str:
        """Return the end of an IRI that has no label; another vocabulary's as separate words."""
        if name := outside(iri):
            return name
        end = readable_end(iri)
        if iri.startswith(self.site.base_iri) or not end.isalpha() or end.isupper():
            return end
        return _CAMEL.sub(" ", end).lower()

    def is_thing(self, iri: str) -> bool:
        """Tell whether the graph describes something by this IRI that is no class or property."""
        return iri in self._described and iri not in self._terms

    def link(self, iri: str) -> str | None:
        """Return where an IRI leads: to what this graph says about it, or into the web."""
        base_iri = self.site.base_iri
        if iri in self._described or iri in self._terms:
            return addresses.page_path(iri, base_iri, is_term=iri in self._terms)
        if iri in self._mentioned:
            return addresses.document_path(iri, base_iri)
        return link(iri, base_iri)

    def page(self, iri: str) -> str | None:
        """Return the address of the page about one thing, ``None`` if the graph has none."""
        if iri not in self._described:
            return None
        return addresses.document_path(iri, self.site.base_iri)

    def show(self, term: Node | str, name: str = "") -> Shown:
        """Return a term as the page shows it.

        ``name`` is its column or its property: years written as integers have no separators.
        """
        if isinstance(term, Literal):
            if term.datatype == XSD.integer and _YEAR.search(name) and _FOUR.fullmatch(term):
                return Shown(date(str(term), self.language, XSD.gYear), None, sort=str(term))
            return self._show_literal(term)
        iri = str(term)
        if not _is_iri(term):
            return Shown("…", iri=None, sort=iri)
        label = self.of(iri)
        return cut(Shown(label.text, label.language, href=self.link(iri), iri=iri, sort=label.text))

    def apart(self, terms: Iterable[Node], name: str = "") -> dict[Node, Shown]:
        """Return terms as a drawing names them.

        Different things with the same label have the ends of their IRIs behind it, or else the
        whole ones.
        """
        shown = {term: self.show(term, name) for term in terms}
        for name_of in (readable_end, str):
            same = Counter(each.text for each in shown.values())
            for term, each in shown.items():
                if each.iri and same[each.text] > 1 and name_of(each.iri) != each.text:
                    label = self.of(each.iri).text
                    shown[term] = replace(each, text=f"{label} ({name_of(each.iri)})")
        return shown

    def compact(self, value: float) -> str:
        """Return a number in few characters, for an axis; no tick has more than three digits."""
        if value and not _SMALL <= abs(value) < _LARGE:
            shown = format_scientific(value, locale=self.language)
        else:
            shown = format_compact_decimal(value, locale=self.language, fraction_digits=2)
        return shown.translate(DIGITS.get(self.language, {}))

    def _show_literal(self, literal: Literal) -> Shown:
        text = str(literal)
        if literal.datatype in _NUMBERS:
            text = _shortest(text) if literal.datatype in (XSD.double, XSD.float) else text
            return Shown(number(text, self.language), sort=text, is_number=True)
        if literal.datatype in _PATTERNS:
            return Shown(date(text, self.language, literal.datatype), sort=text)
        if literal.datatype == XSD.dateTime:
            return Shown(_moment(text, self.language), sort=text)
        if literal.datatype == XSD.boolean:
            return Shown({"true": "✓", "1": "✓"}.get(text, "✗"), sort=text)
        return cut(Shown(text, literal.language, sort=text[:LONGEST_TEXT]))


def _shortest(text: str) -> str:
    """Return the shortest text of a double that has its value, where the text as given is long.

    >>> _shortest("0." + 323 * "0" + "5"), _shortest("1.50"), _shortest("1e3")
    ('5e-324', '1.50', '1e3')
    """
    if len(text) <= _LONG:
        return text
    try:
        return repr(float(text))
    except ValueError:
        return text


def date(text: str, language: str, datatype: URIRef | None = None) -> str:
    """Return a date with the precision it was given in, in words of a language.

    >>> date("2004-09", "en", XSD.gYearMonth)
    'September 2004'
    >>> date("1992-07-10", "bn")
    '১০ জুলাই ১৯৯২'
    """
    day = beginning(text)
    if day is None:
        return text
    shown = format_date(day, _PATTERNS[datatype or XSD.date], locale=language)
    return shown.translate(DIGITS.get(language, {}))


def _moment(text: str, language: str) -> str:
    """Return a date and time to the minute, in words; as it is where it is none.

    >>> _moment("2004-02-29T08:30:00Z", "en"), _moment("2004-02-29T08:30:00.5+02:00", "fr")
    ('29 February 2004, 08:30 UTC', '29 février 2004, 08:30 +02:00')
    """
    match = _TIME.fullmatch(text)
    if match is None or beginning(match["day"]) is None:
        return text
    zone = "UTC" if match["zone"] == "Z" else match["zone"] or ""
    clock = f"{match['clock']} {zone}".rstrip().translate(DIGITS.get(language, {}))
    return f"{date(match['day'], language)}, {clock}"


def cut(shown: Shown) -> Shown:
    """Return the beginning of a long text, and the rest of it apart."""
    if len(shown.text) <= LONGEST_TEXT:
        return shown
    head, rest = shown.text[:LONGEST_TEXT], shown.text[LONGEST_TEXT:]
    return replace(shown, text=head, rest=rest)


def link(iri: str, base_iri: str) -> str | None:
    """Return the address to which an IRI leads: its path here, or itself if it is of the web.

    >>> link("https://e.org/id/museum/LOUVRE", "https://e.org/")
    '/doc/museum/LOUVRE'
    >>> link("https://e.org/ns/shapes#Mission", "https://e.org/")
    '/ns/shapes#Mission'
    >>> link("javascript:alert(1)", "https://e.org/")
    """
    if not iri.startswith(base_iri):
        return iri if _WEB.match(iri) else None
    if addresses.is_local(iri.partition("#")[0], base_iri):
        return addresses.page_path(iri, base_iri, is_term=True)
    return addresses.local_path(iri, base_iri)


def outside(iri: str) -> str | None:
    """Return the name of an IRI of a well-known site, ``None`` for all others.

    >>> outside("http://www.wikidata.org/entity/Q227"), outside("https://sws.geonames.org/587116/")
    ('Wikidata Q227', 'GeoNames 587116')
    >>> outside("https://creativecommons.org/licenses/by-sa/4.0/"), outside("https://e.org/x")
    ('CC BY-SA 4.0', None)
    """
    if "creativecommons.org/" in iri:
        named = licence(iri)
        return named[0] if named and named[0].startswith("CC") else None
    host = iri.partition("://")[2].partition("/")[0].removeprefix("www.").removeprefix("sws.")
    site = _SITES.get(host) or next(
        (name for end, name in _SITES.items() if host.endswith(f".{end}")), None
    )
    return f"{site} {readable_end(iri).replace('_', ' ')}" if site else None


def natural(text: str) -> tuple[str | int, ...]:
    """Return a key that sorts numbers within texts by value, and letters without case.

    >>> sorted(["F10", "X1", "F9", "sentence 10", "Sentence 2"], key=natural)
    ['F9', 'F10', 'Sentence 2', 'sentence 10', 'X1']
    """
    parts = _DIGITS_WITHIN.split(text.casefold())
    return tuple(int(part) if place % 2 else part for place, part in enumerate(parts))


def with_site(labels: Labels, term: Node, name: str = "") -> Shown:
    """Return a value as a page shows it; an IRI of another site without a label names the site.

    ``name`` is the value's property.
    """
    shown = labels.show(term, name)
    if shown.iri is None or shown.href != shown.iri or shown.language or outside(shown.iri):
        return shown
    site = named_site(shown.iri)
    return shown if site in ("", shown.text) else replace(shown, text=f"{shown.text} ({site})")


def named_site(iri: str) -> str:
    """Return the host of an IRI, without ``www.``.

    >>> named_site("https://www.archive.example/item/7")
    'archive.example'
    """
    return iri.partition("://")[2].partition("/")[0].removeprefix("www.")


def readable_end(iri: str) -> str:
    """Return the last part of an IRI, decoded.

    >>> readable_end("http://www.w3.org/2002/07/owl#sameAs")
    'sameAs'
    """
    parts = [part for part in re.split(r"[/#]", iri) if part]
    return unquote(parts[-1]) if parts else iri


def _is_iri(term: Node | str) -> bool:
    return isinstance(term, URIRef) or (type(term) is str)
