"""The query parameters and cookies that each address reads; others do not change an answer."""

from __future__ import annotations

from urllib.parse import unquote_plus

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
}
"""Parameters by the first segment of the path, without its extension.

What is not here looks at its parameters itself: it refuses those that it does not know, or hands
them on to where it redirects.
"""

COOKIES = frozenset({"lang"})
"""The cookies that are read: the language of pages."""


def relevant(path: str, query_string: str) -> str:
    """Return a query string without the parameters that the address does not read.

    >>> relevant("/doc/museum/LOUVRE", "utm_source=x&format=json&&page=2")
    'format=json&page=2'
    >>> relevant("/sparql", "query=ASK{}&x=1")
    'query=ASK{}&x=1'
    """
    segment, *_ = path[1:].split("/", 1)
    names = PARAMETERS.get(segment.partition(".")[0])
    if names is None:
        return query_string
    pairs = query_string.split("&")
    return "&".join(each for each in pairs if unquote_plus(each.partition("=")[0]) in names)


def relevant_cookies(header: str) -> str:
    """Return a ``Cookie`` header without the cookies of others (RFC 6265 §4.2).

    >>> relevant_cookies("session=1; lang=bn; other=2")
    'lang=bn'
    """
    pairs = (each.strip() for each in header.split(";"))
    return "; ".join(each for each in pairs if each.partition("=")[0] in COOKIES)
