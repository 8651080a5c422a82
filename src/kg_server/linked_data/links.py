"""Link headers for formats, names and licences of a resource (RFC 8288, FAIR Signposting)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from urllib.parse import quote
from xml.parsers import expat

from rdflib.namespace import NAME_START_CATEGORIES, split_uri

from kg_server.formats import Format, Kind, of_kind
from kg_server.linked_data.documents import Document
from kg_server.rdf import addresses

OFFERED: tuple[Format, ...] = of_kind(Kind.GRAPH, html=True)
"""The formats of a document."""

_ALWAYS = tuple(each for each in OFFERED if each.name != "rdfxml")
"""The formats of a document whose properties are not known."""
_METADATA = ("turtle", "jsonld")
_LANDING_PAGE = "https://schema.org/AboutPage"


def header(links: Iterable[tuple[str, str, str | None]]) -> str:
    """Return the value of a ``Link`` header from targets, relations and media types."""
    return ", ".join(
        f'<{quote(target, safe=_RESERVED)}>; rel="{relation}"'
        + (f'; type="{media_type}"' if media_type else "")
        for target, relation, media_type in links
    )


_RESERVED = ":/?#[]@!$&'()*+,;=%~-._"


def offered(document: Document) -> tuple[Format, ...]:
    """Return the formats that can express a document."""
    if unnameable(document) is None:
        return OFFERED
    return tuple(each for each in OFFERED if each.name != "rdfxml")


def unnameable(document: Document) -> str | None:
    """Return a property of a document that RDF/XML cannot express; ``None`` if it can all."""
    properties = sorted(map(str, {*document.properties, *document.graph.predicates()}))
    return next((each for each in properties if not _ends_in_name(each)), None)


@lru_cache(4096)
def _ends_in_name(iri: str) -> bool:
    """Tell whether the end of an IRI, as rdflib splits it, can be the name of an XML element."""
    try:
        _, name = split_uri(iri, NAME_START_CATEGORIES)
        expat.ParserCreate().Parse(f"<{name}/>", True)
    except (ValueError, expat.ExpatError):
        return False
    return True


def of_document(
    document: Document, base_iri: str, chosen: Format
) -> Iterator[tuple[str, str, str | None]]:
    """Yield the links of a document in the format ``chosen``."""
    path = addresses.local_path(document.iri, base_iri)
    yield document.page_iri(document.page), "canonical", None
    yield from alternates(path, document.page, chosen, offered(document))
    if chosen.is_page:
        yield _LANDING_PAGE, "type", None
    for iri in document.types:
        yield iri, "type", None
    if document.topic != document.iri:
        yield document.topic, "cite-as", None
        yield document.topic, "describes", None
    if document.licence:
        yield document.licence, "license", None
    yield f"{base_iri}dataset", "collection", None
    if document.page > 1:
        yield _page(path, document.page - 1), "prev", None
    if document.has_more:
        yield _page(path, document.page + 1), "next", None


def alternates(
    path: str, page: int = 1, chosen: Format | None = None, formats: Iterable[Format] = _ALWAYS
) -> Iterator[tuple[str, str, str | None]]:
    """Yield links to the other formats of a document; RDF formats also describe it to programs."""
    for each in formats:
        if chosen is None or each.name != chosen.name:
            yield _page(with_extension(path, each), page), "alternate", each.media_type
    for each in OFFERED:
        if each.name in _METADATA:
            yield _page(with_extension(path, each), page), "describedby", each.media_type


def with_extension(path: str, form: Format) -> str:
    """Return the address of a document in one format.

    >>> from kg_server.formats import HTML
    >>> with_extension("/doc/museum/", HTML)
    '/doc/museum/index.html'
    >>> with_extension("/doc?iri=x", HTML)
    '/doc?iri=x&format=html'
    """
    if "?" in path:
        return addresses.with_parameter(path, "format", form.extension)
    return f"{path}{'index' if path.endswith('/') else ''}.{form.extension}"


def split_extension(path: str) -> tuple[str, Format | None]:
    """Split the extension of a format off a path; any other dot belongs to the name.

    >>> split_extension("ns/museum/0.1.0")
    ('ns/museum/0.1.0', None)
    """
    stem, dot, extension = path.rpartition(".")
    for each in OFFERED:
        if dot and stem and extension == each.extension:
            return stem.removesuffix("index") if stem.endswith("/index") else stem, each
    return path, None


def _page(path: str, page: int) -> str:
    return path if page == 1 else addresses.with_parameter(path, "page", page)
