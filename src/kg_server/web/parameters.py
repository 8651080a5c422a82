"""Parts of a request on which answers depend: parameters, cookies, what headers negotiate."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import unquote_plus

from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from kg_server import formats
from kg_server.web import citation, exports
from kg_server.web.pages import layout

_PAGE = frozenset({"lang", "format"})

PARAMETERS: dict[str, frozenset[str]] = {
    "": _PAGE,
    "completion": frozenset(),
    "conflicts": _PAGE,
    "context": frozenset(),
    "dataset": _PAGE,
    "doc": _PAGE | {"iri", "page"},
    "dump": frozenset(),
    "dump-rdf12": frozenset(),
    "graph": frozenset({"format"}),
    "ns": _PAGE | {"page"},
    "openapi": frozenset(),
    "opensearch": frozenset(),
    "problems": _PAGE,
    "robots": frozenset(),
    "static": frozenset({"v"}),
    "validation": _PAGE,
    "vocabularies": _PAGE,
}
"""Parameters by the first segment of the path, without its extension.

Paths that are not listed check their parameters themselves: they refuse unknown ones, or pass them
on to another address.
"""

_BY_NAME = frozenset(
    each.media_type for each in (*exports.FORMATS.values(), *citation.FORMATS.values())
)
"""Media types that are chosen only if ``Accept`` begins with them."""
_TYPES = _BY_NAME | {
    name
    for each in (*formats.FORMATS, formats.HTML, formats.JSON)
    for name in (each.media_type, *each.aliases)
}
_RANGES = _TYPES | {f"{each.partition('/')[0]}/*" for each in _TYPES} | {"*/*"}

_NOTHING = "x/x"
"""Media type of no format; it keeps the first place when the client's first type is left out."""

COOKIES = {"lang": frozenset(layout.LANGUAGES)}
"""The cookies that are read, with the values that say something: the language of pages."""


def relevant(path: str, query_string: str) -> str:
    """Return a query string without the parameters that no view of the path reads.

    >>> relevant("/doc/museum/LOUVRE", "utm_source=x&format=json&&page=2")
    'format=json&page=2'
    >>> relevant("/", "lang=xx&lang=bn")
    'lang=bn'
    >>> relevant("/sparql", "query=ASK{}&x=1")
    'query=ASK{}&x=1'
    """
    segment, *_ = path[1:].split("/", 1)
    names = PARAMETERS.get(segment.partition(".")[0])
    if names is None:
        return query_string
    pairs = query_string.split("&")
    return "&".join(each for each in pairs if _is_read(each, names))


def _is_read(pair: str, names: frozenset[str]) -> bool:
    """Tell whether a view reads a parameter; a language that pages do not have says nothing."""
    name, _, value = pair.partition("=")
    name = unquote_plus(name)
    return name in names and (name != "lang" or unquote_plus(value) in layout.LANGUAGES)


def relevant_cookies(header: str) -> str:
    """Return a ``Cookie`` header without the cookies that no view reads (RFC 6265 §4.2).

    >>> relevant_cookies("session=1; lang=xx; lang=bn; other=2")
    'lang=bn'
    """
    pairs = (each.strip() for each in header.split(";"))
    return "; ".join(each for each in pairs if _says_something(*each.partition("=")))


def _says_something(name: str, _sign: str, value: str) -> bool:
    return value in COOKIES.get(name, ())


def relevant_types(header: str) -> str:
    """Return a shorter ``Accept`` header that gives the same results of negotiation.

    Media types that the server never sends are left out, and weights become ranks. A header that
    names no media type of the server is returned unchanged.

    >>> relevant_types("text/html,application/xhtml+xml,image/avif,*/*;q=0.8,zz/zz;q=0.7")
    'text/html, */*;q=0.99, application/xhtml+xml'
    >>> relevant_types("image/avif;q=0.3")
    'image/avif;q=0.3'
    """
    if len(header) > formats.REMEMBERED_LENGTH:
        return _relevant_types.__wrapped__(header)
    return _relevant_types(header)


@lru_cache(1024)
def _relevant_types(header: str) -> str:
    first = header.partition(",")[0].partition(";")[0].strip().lower()
    weights: dict[str, float] = {}
    for media_range, q in formats.media_ranges(header):
        if media_range in _RANGES:
            weights[media_range] = max(q, weights.get(media_range, 0.0))
    if not weights:
        return header
    ranks = {q: 1 - n / 100 for n, q in enumerate(sorted({*weights.values()} - {0}, reverse=True))}
    ordered = sorted(weights, key=lambda each: (each != first, each in _BY_NAME, each))
    written = [_weighted(each, ranks.get(weights[each], 0.0)) for each in ordered]
    if ordered[0] in _BY_NAME and ordered[0] != first:
        written.insert(0, _NOTHING)
    return ", ".join(written)


def _weighted(media_range: str, rank: float) -> str:
    return media_range if rank == 1 else f"{media_range};q={rank:g}"


def relevant_language(header: str) -> str:
    """Return the language of pages that ``Accept-Language`` asks for; empty for the default.

    Of a long header, only the beginning is read.

    >>> relevant_language("de, fr-CA;q=0.8, en;q=0.5"), relevant_language("en-GB")
    ('fr', '')
    """
    if len(header) > formats.REMEMBERED_LENGTH:
        header = header[: formats.REMEMBERED_LENGTH].rpartition(",")[0]
    return _relevant_language(header)


@lru_cache(1024)
def _relevant_language(header: str) -> str:
    chosen = layout.choose_language("", parse_accept_header(header, LanguageAccept))
    return "" if chosen == next(iter(layout.LANGUAGES)) else chosen
