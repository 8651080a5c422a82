"""Citations of answers, things and claims: as text, as BibTeX and as CSL-JSON.

A citation says title, address, version of the graph, date of retrieval and licence. That of a
claim says where the claim stands: its source, the passage, and the words there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import accumulate
from typing import Any
from urllib.parse import urlencode, urlsplit
from zlib import crc32

from flask import Response
from rdflib import URIRef

from kg_server.formats import ANSWER, Format
from kg_server.project.profile import in_language
from kg_server.rdf import addresses
from kg_server.web.context import Context
from kg_server.web.pages import claims, layout
from kg_server.web.pages.terms import Labels

BIBTEX = Format(
    name="bibtex",
    media_type="application/x-bibtex",
    extension="bib",
    kinds=ANSWER,
    charset=True,
)
CSL = Format(
    name="csl",
    media_type="application/vnd.citationstyles.csl+json",
    extension="json",
    kinds=ANSWER,
)
FORMATS: Mapping[str, Format] = {"bibtex": BIBTEX, "bib": BIBTEX, "csl": CSL}
"""The formats of a citation, by what ``format=`` says."""
WORDS = ("Version", "Retrieved", "Licence", "Source")
"""Words of a citation as text, which are translated."""

_DATE = re.compile(r"[0-9]{4}(-[0-9]{2}){0,2}")
_QUOTED = re.compile(r"[\\{}$&#^_~%]")
_ENDED = re.compile("[.?!।]”?$")
"""The end of a sentence, also within quotation marks."""
_BIBTEX = {
    "\\": r"\textbackslash{}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
}
_ODD_BRACES = {"{": r"\textbraceleft{}", "}": r"\textbraceright{}"}
"""BibTeX counts escaped braces, too: an odd one would end the field, or never end it."""


@dataclass(frozen=True, slots=True)
class Citation:
    """Cited page or answer; without a title, the whole site.

    ``sources`` are the passages that state a claim, ``licence`` is a name or an IRI, ``authors``
    are the authors of the data set that the data name.
    """

    title: str
    site: str
    address: str
    version: str
    retrieved: date
    licence: str | None = None
    sources: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    changed: str | None = None
    """Date of the last change that the graph states: a year, a month or a day."""

    @property
    def text(self) -> str:
        """The citation as a line of text in English."""
        return self.in_language("en")

    def in_language(self, language: str) -> str:
        """Return the citation as a line of text, its words in a language."""
        version, retrieved, licence, source = (layout.translate(w, language) for w in WORDS)
        parts = [
            *([self.title] if self.title else []),
            self.site,
            f"{version} {self.version[:12]}",
            self.address,
            f"{retrieved} {self.retrieved.isoformat()}",
            *([f"{licence}: {_licence(self.licence)}"] if self.licence else []),
            *(f"{source}: {each}" for each in self.sources),
        ]
        return _sentences(parts)

    def source(self, language: str) -> str:
        """Return the line under a chart: site, version, licence and date, without the address."""
        version, retrieved, *_ = (layout.translate(word, language) for word in WORDS)
        licence = layout.licence(self.licence)
        parts = [
            self.site,
            f"{version} {self.version[:12]}",
            *([licence[0]] if licence else []),
            f"{retrieved} {self.retrieved.isoformat()}",
        ]
        return " · ".join(parts)

    @property
    def bibtex(self) -> str:
        """The citation as an entry of BibTeX; the address is not escaped, as ``url`` requires."""
        fields = {
            "title": f"{{{_bibtex(self.title or self.site)}}}",
            "author": " and ".join(f"{{{_bibtex(each)}}}" for each in self.authors),
            "howpublished": f"{{{_bibtex(self.site)}}}" if self.title else "",
            "year": (self.changed or "")[:4],
            "url": re.sub(r"[{}\\\s]", "", self.address),
            "urldate": self.retrieved.isoformat(),
            "version": self.version[:12],
            "note": _bibtex(self._note),
        }
        lines = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items() if value)
        return f"@misc{{{self.key},\n{lines}}}\n"

    @property
    def csl(self) -> dict[str, Any]:
        """The citation as an item of CSL-JSON (schema 1.0.2)."""
        day, changed = self.retrieved, self.changed
        issued = {"date-parts": [[int(part) for part in changed.split("-")]]} if changed else None
        return {
            "id": self.key,
            "type": "webpage" if self.sources else "dataset",
            "title": " ".join((self.title or self.site).split()),
            **({"author": [{"literal": each} for each in self.authors]} if self.authors else {}),
            "container-title": self.site,
            "URL": self.address,
            "version": self.version[:12],
            **({"issued": issued} if issued else {}),
            "accessed": {"date-parts": [[day.year, day.month, day.day]]},
            "note": self._note,
        }

    @property
    def key(self) -> str:
        """A name for the entry: the end of the path, a digest of the parameters, the version."""
        address = urlsplit(self.address)
        end = address.path.rstrip("/").rpartition("/")[2]
        name = re.sub(r"[^A-Za-z0-9]+", "-", end).strip("-") or "graph"
        parameters = f"-{crc32(address.query.encode()):08x}" if address.query else ""
        return f"{name}{parameters}-{self.version[:8]}"

    @property
    def _note(self) -> str:
        licence = [f"Licence: {_licence(self.licence)}"] if self.licence else []
        parts = [f"Version {self.version[:12]}", *licence, *(f"Source: {x}" for x in self.sources)]
        return _sentences(parts).removesuffix(".")


def _sentences(parts: Iterable[str]) -> str:
    return " ".join(part if _ENDED.search(part) else f"{part}." for part in parts)


def of(context: Context, title: str, address: str, sources: Sequence[str] = ()) -> Citation:
    """Return the citation of something on this site, retrieved today."""
    languages = layout.preferred_languages(layout.page_language(), context.profile.languages)
    host = urlsplit(context.project.base_iri).netloc
    changed = _DATE.match(context.overview.changed or "")
    return Citation(
        title=title,
        site=in_language(context.profile.title, languages) or host,
        address=address,
        version=context.store.version,
        retrieved=today(),
        licence=context.profile.licence or context.description[1],
        sources=tuple(sources),
        authors=context.creators,
        changed=changed[0] if changed else None,
    )


def of_answer(context: Context, title: str, address: str, values: Mapping[str, str]) -> Citation:
    """Return the citation of an answer; its title lists the values of the parameters."""
    listed = ", ".join(text for name, text in values.items() if name != "lang" and text)
    return of(context, f"{title} ({listed})" if listed else title, address)


def of_thing(context: Context, iri: str, evidence: claims.Evidence, labels: Labels) -> Citation:
    """Return the citation of a thing's page; the citation of a claim has the claim's passages.

    Args:
        context: the graph.
        iri: the thing.
        evidence: the claims about it.
        labels: the labels of the thing and of its evidence, loaded.
    """
    title, sources = labels.of(iri).text, []
    if claim := evidence.claims.get(iri):
        title = str(labels.pick(claim.texts) or title)
        sources = [_source(each, labels) for each in claim.passages]
    for conflict in evidence.conflicts:
        if conflict.iri == iri and conflict.reasons:
            title = f"{title}: {labels.pick(conflict.reasons)}"
    path = addresses.document_path(iri, context.site.base_iri)
    return of(context, title, context.address + path.removeprefix("/"), sources)


def thing(context: Context, iri: str) -> Citation:
    """Return the citation of a thing without making its page."""
    evidence = claims.about(context.site, iri)
    labels = Labels(context.site, layout.page_language())
    labels.load([iri, *evidence.terms()])
    return of_thing(context, iri, evidence, labels)


def asked(name: str | None, accept: str | None) -> Format | None:
    """Return the citation format that a request asks for; ``None`` if it asks for no citation.

    Args:
        name: the extension, or what ``format=`` says.
        accept: the ``Accept`` header; its first media type counts.
    """
    if name:
        return FORMATS.get(name)
    first = (accept or "").partition(",")[0].partition(";")[0].strip().lower()
    return next((each for each in (BIBTEX, CSL) if each.media_type == first), None)


def links(path: str, pairs: Iterable[tuple[str, str]] = ()) -> list[tuple[str, str]]:
    """Return the names and addresses of the formats in which a page is cited."""
    joint = "&" if "?" in path else "?"
    return [
        (name, f"{path}{joint}{urlencode([*pairs, ('format', each.name)])}")
        for name, each in (("BibTeX", BIBTEX), ("CSL-JSON", CSL))
    ]


def response(context: Context, cited: Citation, chosen: Format) -> Response:
    """Return a citation in one of ``FORMATS``."""
    if chosen is BIBTEX:
        answered = Response(cited.bibtex, content_type=chosen.content_type)
    else:
        answered = context.json([cited.csl], media_type=chosen.content_type)
    name = f"{cited.key}.{chosen.extension}"
    answered.headers["Content-Disposition"] = f'inline; filename="{name}"'
    answered.vary.update(("Accept-Language", "Cookie"))
    return context.cacheable(answered, context.etag(chosen, repr(cited)))


def today() -> date:
    """Return the day of retrieval, in UTC."""
    return datetime.now(UTC).date()


def _source(passage: claims.Passage, labels: Labels) -> str:
    """Return a passage as text: its source, its name, and its words in quotes."""
    places = [each for each in (passage.source, passage.iri) if each]
    place = ", ".join(labels.show(URIRef(each)).text for each in places)
    words = labels.pick(passage.words)
    return f"{place}: “{words}”" if words else place


def _licence(given: str | None) -> str:
    """Return a licence's name and address."""
    name, address = layout.licence(given) or ("", None)
    return f"{name} <{address}>" if address else name


def _bibtex(text: str) -> str:
    r"""Return text that BibTeX and LaTeX print as it is.

    >>> _bibtex("50 % of {A_B")
    '50 \\% of \\textbraceleft{}A\\_B'
    >>> _bibtex("{A}")
    '\\{A\\}'
    """
    one_line = " ".join(text.split())
    written = _BIBTEX if _is_balanced(one_line) else {**_BIBTEX, **_ODD_BRACES}
    return _QUOTED.sub(lambda match: written.get(match[0], f"\\{match[0]}"), one_line)


def _is_balanced(text: str) -> bool:
    depths = list(accumulate({"{": 1, "}": -1}.get(letter, 0) for letter in text))
    return not depths or (min(depths) >= 0 and depths[-1] == 0)
