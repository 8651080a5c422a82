"""Addresses of things, their documents and their pages, under one base IRI.

A thing's IRI is its name and never changes; its document is another resource with an address of
its own (Cool URIs for the Semantic Web §4). Nothing here looks at the host of a request: a path
names the same thing wherever the server is reached.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import quote, unquote

_ID, _DEF = "id/", "def/"
DOC = "doc/"

_NOT_IN_IRI = re.compile(r'[\x00-\x20<>"{}|^`\\%]')
_SAFE = "/:@!$&'()*+,;=~-._"


def document_path(iri: str, base_iri: str) -> str | None:
    """Return the path of the document that describes ``iri``; ``None`` if it is not ours.

    >>> document_path("https://e.org/id/state/CAN", "https://e.org/")
    '/doc/state/CAN'
    >>> document_path("https://e.org/ns/diplomacy#Mission", "https://e.org/")
    '/ns/diplomacy'
    """
    if not iri.startswith(base_iri):
        return None
    local = iri[len(base_iri) :].partition("#")[0]
    if local.startswith(_ID):
        return _path(DOC + local[len(_ID) :])
    if local.startswith(_DEF):
        return _path(DOC + local)
    return _path(local)


def thing_iris(document: str, base_iri: str) -> Iterator[str]:
    """Yield the IRIs that a document's path below ``/doc/`` can stand for, likeliest first.

    A path arrives decoded, so an IRI that is written with percent-encoding and one that is
    written with the letters themselves look alike; composed and decomposed letters may differ
    too (RFC 3987 §5.3.2).

    >>> list(thing_iris("state/CAN", "https://e.org/"))
    ['https://e.org/id/state/CAN']
    >>> list(thing_iris("def/x y", "https://e.org/"))
    ['https://e.org/def/x%20y']
    """
    local = document if document.startswith(_DEF) else _ID + document
    spellings = (local, unicodedata.normalize("NFC", local), unicodedata.normalize("NFD", local))
    found: dict[str, None] = {}
    for spelling in spellings:
        found[base_iri + _NOT_IN_IRI.sub(lambda each: quote(each[0]), spelling)] = None
    for spelling in spellings:
        found[base_iri + quote(spelling, safe=_SAFE)] = None
    yield from found


def local_path(iri: str, base_iri: str) -> str:
    """Return the path, percent-encoded, at which ``iri`` itself is asked for.

    >>> local_path("https://e.org/id/state/কানাডা", "https://e.org/")
    '/id/state/%E0%A6%95%E0%A6%BE%E0%A6%A8%E0%A6%BE%E0%A6%A1%E0%A6%BE'
    """
    return _path(iri[len(base_iri) :].partition("#")[0])


def absolute(path: str, base_iri: str) -> str:
    """Return the canonical IRI of a path of this server."""
    return base_iri + path.lstrip("/")


def kind(iri: str, base_iri: str) -> str | None:
    """Return the kind that a thing's IRI names, such as ``state``; ``def`` for a concept.

    >>> kind("https://e.org/id/trade/bnwiki/2008-total", "https://e.org/")
    'trade'
    """
    local = iri[len(base_iri) :] if iri.startswith(base_iri) else ""
    if local.startswith(_DEF):
        return "def"
    parts = local.split("/")
    return parts[1] if local.startswith(_ID) and len(parts) > 2 else None


def collection_iri(kind_name: str, base_iri: str) -> str:
    """Return the IRI of the list of all things of a kind."""
    return f"{base_iri}{DOC}{kind_name}/"


def _path(local: str) -> str:
    return "/" + quote(unquote(local) if _is_encoded(local) else local, safe=_SAFE)


def _is_encoded(local: str) -> bool:
    return "%" in local
