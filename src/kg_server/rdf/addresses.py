"""Addresses of things, their documents and their pages, under one base IRI.

An IRI is a name and never changes. The document about it is another resource with its own address
(Cool URIs for the Semantic Web §4). Every name below the base IRI is served at its own path. Its
document is at ``/doc/…`` if the name begins with ``id/`` or ``def/``, or if the server does not use
the path itself. All other documents are at ``/doc?iri=…``. This module ignores the host of a
request: a path names the same thing at every address of the server.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from urllib.parse import quote, unquote

_ID, _DEF = "id/", "def/"
DOC = "doc/"
BY_IRI = "doc?iri="

SERVED = frozenset(
    {
        *(".well-known", "about", "api", "completion.json", "conflicts", "context.jsonld"),
        *("dataset", "doc", "embed", "graph", "graphs", "health", "metrics", "openapi.json"),
        *("opensearch.xml", "problems"),
        *("queries", "reconcile", "robots.txt", "search", "sitemap.xml", "sparql", "static"),
        *("things", "validation", "vocabularies"),
    }
)
"""First segments of the server's own paths; names below them have no path of their own."""

_NOT_IN_IRI = re.compile(r'(?:[\x00-\x20<>"{}|^`\\]|%(?![0-9A-Fa-f]{2}))+')
"""Characters that IRIs cannot have, such as a percent sign that begins no octet."""
_OCTETS = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_RUNS = 256
"""Runs whose other forms are kept: an address may have thousands of the same."""
_LETTERS = re.compile(r"[^\x00-\x7f]+")
_SAFE = "/:@!$&'()*+,;=~-._"
_DOTS = re.compile(r"(?:^|/)\.{0,2}(?:/|$)")


def document_path(iri: str, base_iri: str) -> str:
    """Return the path, with its query if any, of the document that describes ``iri``.

    >>> document_path("https://e.org/id/museum/LOUVRE", "https://e.org/")
    '/doc/museum/LOUVRE'
    >>> document_path("https://e.org/museum/louvre", "https://e.org/")
    '/doc/museum/louvre'
    >>> document_path("https://elsewhere.org/x#y", "https://e.org/")
    '/doc?iri=https%3A%2F%2Felsewhere.org%2Fx%23y'
    """
    local = _local(iri, base_iri)
    if local is None:
        return f"/{BY_IRI}{quote(iri, safe='')}"
    return f"/{DOC}{encoded(local.removeprefix(_ID))}"


def page_path(iri: str, base_iri: str, *, is_term: bool = False) -> str:
    """Return the address of the page about ``iri``.

    Args:
        iri: a name in the graph.
        base_iri: the base IRI of the names that are served at their own paths.
        is_term: whether it is a class, a property or a shape. In a namespace that ends with
            ``#``, the document of the vocabulary describes them.

    >>> page_path("https://e.org/ns#Museum", "https://e.org/", is_term=True)
    '/ns#Museum'
    >>> page_path("https://e.org/museum/louvre", "https://e.org/")
    '/museum/louvre'
    """
    namespace, hash_, fragment = iri.partition("#")
    if is_term and hash_ and _local(namespace, base_iri) is not None:
        return f"{local_path(namespace, base_iri)}#{quote(fragment, safe=_SAFE + '?%')}"
    local = _local(iri, base_iri)
    if local is None or local.startswith((_ID, _DEF)):
        return document_path(iri, base_iri)
    # Its own path redirects to its document. /doc/x might be the document of id/x.
    return f"/{encoded(local)}"


def is_local(iri: str, base_iri: str) -> bool:
    """Tell whether a name is served at its own path."""
    return _local(iri, base_iri) is not None


def _local(iri: str, base_iri: str) -> str | None:
    """Return the part of a name after the base IRI; ``None`` if it has no path of its own."""
    if not iri.startswith(base_iri) or iri == base_iri:
        return None
    local = iri[len(base_iri) :]
    if "?" in local or "#" in local or _DOTS.search(local.removesuffix("/")):
        return None
    segment = local.partition("/")[0]
    if segment in SERVED or segment.startswith(("dump", "sitemap-", "validation.")):
        return None
    return local


def thing_iris(document: str, base_iri: str) -> Iterator[str]:
    """Yield the IRIs that a path below ``/doc/`` can mean, most likely first.

    >>> list(thing_iris("museum/LOUVRE", "https://e.org/"))
    ['https://e.org/id/museum/LOUVRE', 'https://e.org/museum/LOUVRE']
    """
    if not document.startswith(_DEF):
        yield from iris(_ID + document, base_iri)
    yield from iris(document, base_iri)


def iris(path: str, base_iri: str) -> Iterator[str]:
    """Yield the IRIs that a path below the base IRI can mean, most likely first.

    The same letters can be plain or percent-encoded, and composed or decomposed (RFC 3987 §3.1,
    §5.3.2). A reserved character such as ``%2F`` differs from its plain form.

    Args:
        path: the path of the request, percent-encoded or not, without the first slash.
        base_iri: the base IRI.

    >>> list(iris("place/New%20York", "https://e.org/"))[0]
    'https://e.org/place/New%20York'
    >>> list(iris("plant/a%2Fb", "https://e.org/"))[0]
    'https://e.org/plant/a%2Fb'
    >>> list(iris("%E0%A6%95", "https://e.org/"))
    ['https://e.org/ক', 'https://e.org/%E0%A6%95']
    """
    letters = _OCTETS.sub(lambda run: _readable(run[0]), path)
    plain = _OCTETS.sub(lambda run: _unreserved(run[0]), path)
    spellings: dict[str, None] = {}
    for spelling in (letters, plain):
        for form in ("NFC", "NFD"):
            spellings[unicodedata.normalize(form, spelling)] = None
    for spelling in (letters, unicodedata.normalize("NFC", letters)):
        spellings[_LETTERS.sub(lambda each: quote(each[0]), spelling)] = None
    spellings[path] = None
    for each in spellings:
        yield base_iri + _NOT_IN_IRI.sub(lambda run: _octets(run[0]), each)


@lru_cache(_RUNS)
def _octets(characters: str) -> str:
    return quote(characters)


@lru_cache(_RUNS)
def _readable(octets: str) -> str:
    """Decode only the octets of letters beyond ASCII and of unreserved characters."""
    text = unquote(octets, errors="strict") if _is_utf8(octets) else octets
    if text == octets:
        return text
    return "".join(
        each if not each.isascii() or each.isalnum() or each in "-._~" else quote(each, safe="")
        for each in text
    )


@lru_cache(_RUNS)
def _unreserved(octets: str) -> str:
    """Decode octets except those of a slash, a question mark, a hash and a percent sign."""
    if not _is_utf8(octets):
        return octets
    return "".join(quote(e, safe="") if e in "/?#%" else e for e in unquote(octets))


def _is_utf8(octets: str) -> bool:
    try:
        unquote(octets, errors="strict")
    except UnicodeDecodeError:
        return False
    return True


def local_path(iri: str, base_iri: str) -> str:
    """Return the percent-encoded path of ``iri`` itself.

    >>> local_path("https://e.org/id/museum/জাদুঘর", "https://e.org/")
    '/id/museum/%E0%A6%9C%E0%A6%BE%E0%A6%A6%E0%A7%81%E0%A6%98%E0%A6%B0'
    """
    path, mark, query = iri[len(base_iri) :].partition("#")[0].partition("?")
    return f"/{encoded(path)}" + (f"?{quote(query, safe=_SAFE + '%')}" if mark else "")


def absolute(path: str, base_iri: str) -> str:
    """Return the canonical IRI of a path of this server."""
    return base_iri + path.lstrip("/")


def with_parameter(path: str, name: str, value: object) -> str:
    """Return an address with one more parameter.

    >>> with_parameter("/doc?iri=x", "page", 2)
    '/doc?iri=x&page=2'
    """
    return f"{path}{'&' if '?' in path else '?'}{name}={value}"


def kind(iri: str, base_iri: str) -> str | None:
    """Return the kind in the IRI of a thing, such as ``state``; ``def`` for a concept.

    >>> kind("https://e.org/id/trade/bnwiki/2008-total", "https://e.org/")
    'trade'
    """
    local = iri[len(base_iri) :] if iri.startswith(base_iri) else ""
    if local.startswith(_DEF):
        return "def"
    parts = local.split("/")
    return parts[1] if local.startswith(_ID) and len(parts) > 2 else None


def kinds(iris_: Iterable[str], base_iri: str) -> list[str]:
    """Return the kinds in these names, sorted."""
    return sorted(filter(None, {kind(each, base_iri) for each in iris_}))


def collection_iri(kind_name: str, base_iri: str) -> str:
    """Return the IRI of the list of all things of a kind."""
    return f"{base_iri}{DOC}{kind_name}/"


def encoded(local: str) -> str:
    """Return a path in ASCII, as sent over HTTP; existing octets stay."""
    return quote(local, safe=_SAFE + "%")
