"""Media types of results and graphs in one table, and content negotiation (RFC 9110 §12.5.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Flag, auto
from functools import lru_cache
from itertools import islice

from kg_server.errors import NotAcceptable


class Kind(Flag):
    """Kind of a response's content: a table, a boolean, a graph or nothing."""

    BINDINGS = auto()
    """Solutions of a SELECT."""
    BOOLEAN = auto()
    """The answer of an ASK."""
    GRAPH = auto()
    """Triples: of a CONSTRUCT or DESCRIBE, a named graph, a description."""


RESULT = Kind.BINDINGS | Kind.BOOLEAN
"""The kinds of results of SELECT and ASK."""
ANSWER = RESULT | Kind.GRAPH
"""The kinds of results of all queries."""


@dataclass(frozen=True, slots=True)
class Format:
    """One serialisation.

    ``media_type`` is the registered media type, for ``Content-Type``. ``aliases`` are other media
    types by which clients ask for it. ``iri`` is its name in the W3C list of formats.
    """

    name: str
    media_type: str
    extension: str
    kinds: Kind
    aliases: tuple[str, ...] = ()
    charset: bool = False
    iri: str | None = None

    @property
    def title(self) -> str:
        """Name of a format of graphs for readers, as in the W3C list: ``RDF/XML``."""
        return self.iri.rpartition("/")[2].replace("_", "/") if self.iri else self.name

    @property
    def is_page(self) -> bool:
        """True for HTML, whichever media type asked for it."""
        return self.name == "html"

    @property
    def content_type(self) -> str:
        """The value of ``Content-Type``; text types say that they are UTF-8 (RFC 9110 §8.3)."""
        return f"{self.media_type}; charset=utf-8" if self.charset else self.media_type


_W3 = "http://www.w3.org/ns/formats/"

FORMATS: tuple[Format, ...] = (
    Format(
        name="json",
        media_type="application/sparql-results+json",
        extension="json",
        kinds=RESULT,
        aliases=("application/json", "text/json"),
        iri=_W3 + "SPARQL_Results_JSON",
    ),
    Format(
        name="xml",
        media_type="application/sparql-results+xml",
        extension="xml",
        kinds=RESULT,
        aliases=("application/xml", "text/xml"),
        iri=_W3 + "SPARQL_Results_XML",
    ),
    Format(
        name="csv",
        media_type="text/csv",
        extension="csv",
        kinds=RESULT,
        charset=True,
        iri=_W3 + "SPARQL_Results_CSV",
    ),
    Format(
        name="tsv",
        media_type="text/tab-separated-values",
        extension="tsv",
        kinds=RESULT,
        charset=True,
        iri=_W3 + "SPARQL_Results_TSV",
    ),
    Format(
        name="turtle",
        media_type="text/turtle",
        extension="ttl",
        kinds=Kind.GRAPH,
        aliases=("application/x-turtle",),
        charset=True,
        iri=_W3 + "Turtle",
    ),
    Format(
        name="ntriples",
        media_type="application/n-triples",
        extension="nt",
        kinds=Kind.GRAPH,
        aliases=("text/plain",),
        iri=_W3 + "N-Triples",
    ),
    Format(
        name="rdfxml",
        media_type="application/rdf+xml",
        extension="rdf",
        kinds=Kind.GRAPH,
        aliases=("application/xml", "text/xml"),
        iri=_W3 + "RDF_XML",
    ),
    Format(
        name="jsonld",
        media_type="application/ld+json",
        extension="jsonld",
        kinds=Kind.GRAPH,
        aliases=("application/json",),
        iri=_W3 + "JSON-LD",
    ),
    Format(
        name="nquads",
        media_type="application/n-quads",
        extension="nq",
        kinds=Kind.GRAPH,
        iri=_W3 + "N-Quads",
    ),
    Format(
        name="trig",
        media_type="application/trig",
        extension="trig",
        kinds=Kind.GRAPH,
        iri=_W3 + "TriG",
    ),
)

HTML = Format(
    name="html",
    media_type="text/html",
    extension="html",
    kinds=ANSWER,
    aliases=("application/xhtml+xml",),
    charset=True,
)

NOTHING = Format(name="nothing", media_type="application/octet-stream", extension="", kinds=Kind(0))
"""Format of a query whose text is only checked: it carries no answer."""

JSON = Format(name="json", media_type="application/json", extension="json", kinds=ANSWER)
"""Plain JSON: documents that are neither results nor triples."""

_MOST_RANGES = 100
"""Most ranges of an ``Accept`` header that are read."""
REMEMBERED_LENGTH = 500
"""Longer Accept headers are not cached, so that clients cannot fill the cache."""

_SYNONYMS = {
    "srj": "json",
    "srx": "xml",
    "nt": "ntriples",
    "n-triples": "ntriples",
    "n3": "turtle",
    "xml": "rdfxml",
    "rdf+xml": "rdfxml",
    "json": "jsonld",
    "json-ld": "jsonld",
    "n-quads": "nquads",
}
"""Other names of formats that clients use; ``json`` and ``xml`` of a graph are RDF syntaxes."""


def of_kind(kind: Kind, *, html: bool = False) -> tuple[Format, ...]:
    """Return the formats that can carry ``kind``, preferred first; HTML last if there is a page."""
    fitting = tuple(each for each in FORMATS if each.kinds & kind)
    return (*fitting, HTML) if html else fitting


def named(name: str, kind: Kind, *, html: bool = False) -> Format:
    """Return the format that a ``format=`` parameter or an extension asks for.

    Args:
        name: a format's name (``json``), extension (``ttl``) or media type.
        kind: what the response carries.
        html: whether there is an HTML page to offer.

    Raises:
        NotAcceptable: there is no such format for this kind.

    >>> named("nt", Kind.GRAPH).media_type
    'application/n-triples'
    """
    offers = of_kind(kind, html=html)
    wanted = name.lower().replace(" ", "+")  # an unencoded plus sign
    for each in offers:
        if wanted in (each.name, each.extension, each.media_type, *each.aliases):
            return each
    if wanted in _SYNONYMS:
        return named(_SYNONYMS[wanted], kind, html=html)
    names = ", ".join(each.name for each in offers)
    raise NotAcceptable(f"There is no format {name!r} for this result. Can produce: {names}.")


def negotiate(accept: str | None, kind: Kind, *, html: bool = False) -> Format:
    """Choose the format for a response.

    Args:
        accept: the ``Accept`` header as received; ``None`` or empty accepts anything.
        kind: what the response carries.
        html: whether there is an HTML page to offer.

    Returns:
        The format; its ``media_type`` is the alias if the client accepts only that.

    Raises:
        NotAcceptable: no format of this kind is acceptable (RFC 9110 §12.5.1).

    >>> negotiate("text/*;q=0.5, application/sparql-results+xml", Kind.BINDINGS).name
    'xml'
    """
    if accept and len(accept) > REMEMBERED_LENGTH:
        return _negotiate.__wrapped__(accept, kind, html)
    return _negotiate(accept, kind, html)


@lru_cache(1024)
def _negotiate(accept: str | None, kind: Kind, html: bool) -> Format:
    offers = of_kind(kind, html=html)
    # Werkzeug compares media-type parameters too, so "text/csv;charset=utf-8" would
    # match none of the offers. Only q matters here; the other parameters are dropped.
    ranges: dict[str, float] = {}
    for media_range, q in media_ranges(accept or "*/*"):
        ranges[media_range] = max(q, ranges.get(media_range, 0.0))
    best, best_rank = None, (0.0, 0)
    for offer in offers:
        for media_type in (offer.media_type, *offer.aliases):
            rank = _quality(media_type, ranges)
            exact_alias = media_type == offer.media_type or rank[1] == 2
            if rank[0] > best_rank[0] and exact_alias:
                best, best_rank = replace(offer, media_type=media_type), rank
    if best is None:
        can = ", ".join(each.media_type for each in offers)
        header = (accept or "")[:200]
        raise NotAcceptable(f"Nothing in 'Accept: {header}' fits. Can produce: {can}.")
    return best


# Quoted strings may have commas and semicolons; a string without an end takes the rest.
_QUOTED = r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)'
_LIST = re.compile(rf"(?:[^,\"]|{_QUOTED})++")
_PARTS = re.compile(rf"(?:[^;\"]|{_QUOTED})++")


def media_ranges(accept: str) -> Iterator[tuple[str, float]]:
    """Yield each media range of an ``Accept`` header with its q, 0 to 1 (RFC 9110 §12.4.2)."""
    for part in islice(_LIST.finditer(accept), _MOST_RANGES):
        media_range, *parameters = (e.strip().lower() for e in _PARTS.findall(part[0]) or [""])
        if media_range.count("/") == 1 or media_range == "*":
            yield (
                media_range.replace("*", "*/*") if media_range == "*" else media_range,
                weight(parameters),
            )


def weight(parameters: Iterable[str]) -> float:
    """Return the weight that the parameters of a range or coding give it (RFC 9110 §12.4.2)."""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0  # an ill-formed weight asks for nothing
    return 1.0


def _quality(media_type: str, ranges: Mapping[str, float]) -> tuple[float, int]:
    """Return q and specificity (0 to 2) of the most specific range that matches."""
    steps = (media_type, media_type.partition("/")[0] + "/*", "*/*")
    for specificity, media_range in zip((2, 1, 0), steps, strict=True):
        if media_range in ranges:
            return ranges[media_range], specificity
    return 0.0, 0
