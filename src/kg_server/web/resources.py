"""Linked data: each IRI of the graph leads to a document about it (Cool URIs §4.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from urllib.parse import quote, unquote_to_bytes

from flask import Blueprint, Response, request

from kg_server.errors import BadRequest, NotFound
from kg_server.formats import Format
from kg_server.linked_data import documents, links, serialize, vocabularies
from kg_server.linked_data.catalogue import PAGE_THINGS
from kg_server.linked_data.documents import Document
from kg_server.rdf import addresses
from kg_server.sparql import protocol
from kg_server.web import caching, citation, responses
from kg_server.web.context import Context, document_format
from kg_server.web.pages import documents as document_pages
from kg_server.web.pages import embedding, layout
from kg_server.web.pages.thing import thing_page


def blueprint(context: Context) -> Blueprint:
    """Answer at ``/doc/…``, ``/doc?iri=…``, and at every path that no other blueprint answers."""
    routes = Blueprint("resources", __name__)

    @routes.get("/doc")
    def by_iri() -> Response:
        return _by_iri(context)

    @routes.get("/doc/<path:_name>")
    def document(_name: str) -> Response:
        return _document(context, _raw_path().removeprefix(addresses.DOC))

    @routes.get("/<path:_name>")
    def named(_name: str) -> Response:
        return _named(context, _raw_path())

    return routes


def _raw_path() -> str:
    """Return the path as it was sent, percent-encoded, without its first slash.

    Raises:
        BadRequest: it is not UTF-8.
    """
    raw = str(request.environ.get("RAW_URI", "")).partition("?")[0]
    if not raw.startswith("/"):  # an absolute address, or none
        raw = quote(request.path)
    try:
        text = raw.encode("latin-1").decode()  # WSGI strings are Latin-1 (PEP 3333)
        unquote_to_bytes(text).decode()
    except UnicodeError as error:
        raise BadRequest("The path is not UTF-8 text (RFC 3987 §3.1).") from error
    return text[1:]


def _named(context: Context, path: str) -> Response:
    """Answer at the path of an IRI: with its document, or with a redirect to it (303)."""
    base_iri, catalogue = context.site.base_iri, context.catalogue
    query = request.query_string.decode("latin-1")
    stem, form = links.split_extension(path)
    spelt = [*(addresses.iris(f"{path}?{query}", base_iri) if query else ())]
    spelt += addresses.iris(path, base_iri)
    for candidates, extension in ((spelt, None), ([*addresses.iris(stem, base_iri)], form)):
        if response := _vocabulary(context, candidates, extension):
            return response
        if iri := documents.known(context.site, candidates):
            return _see_document(context, iri, extension)
        if namespace := next((each for each in candidates if each in catalogue.namespaces()), None):
            return _namespace(context, namespace, extension)
    return _elsewhere(context, path, spelt)


def _elsewhere(context: Context, path: str, spelt: list[str]) -> Response:
    """Redirect from another spelling of an address to the canonical one.

    Raises:
        NotFound: there is none; the problem lists the nearest names.
    """
    kind = path.removeprefix("id/").rstrip("/")
    if kind != path and kind in context.catalogue.kinds():
        return _redirect(f"/{addresses.DOC}{kind}/", 303)
    if path.endswith("/"):
        stripped = [each.rstrip("/") for each in spelt]
        if _is_vocabulary(context, stripped) or documents.known(context.site, stripped):
            return _permanently(f"/{path.rstrip('/')}")
    raise context.unknown(spelt[0])


def _is_vocabulary(context: Context, candidates: Iterable[str]) -> bool:
    return any(each.is_named(iri) for each in context.vocabularies for iri in candidates)


def _vocabulary(context: Context, candidates: list[str], form: Format | None) -> Response | None:
    """Answer with the document of the vocabulary that one of these IRIs names, if there is one."""
    for each in context.vocabularies:
        if any(each.is_named(iri) for iri in candidates):
            document = vocabularies.document(context.site, each)
            return send(context, document, form) if document else None
    return None


def _see_document(context: Context, iri: str, form: Format | None) -> Response:
    """Redirect from a thing to the document about it (303, RFC 9110 §15.4.4)."""
    path = _document_of(context, iri)
    response = _redirect(links.with_extension(path, form) if form else path, 303)
    response.headers["Link"] = links.header(
        [(path, "describedby", None), *links.alternates(path), (iri, "canonical", None)]
    )
    return response


def _document_of(context: Context, iri: str) -> str:
    """Return the path of a thing's document; ``/doc/x`` is about ``id/x`` if that exists."""
    base_iri = context.site.base_iri
    path = addresses.document_path(iri, base_iri)
    local = iri.removeprefix(base_iri)
    if local.startswith(("id/", "def/")) or "?" in path:
        return path
    twin = documents.known(context.site, [f"{base_iri}id/{local}"])
    return f"/{addresses.BY_IRI}{quote(iri, safe='')}" if twin else path


def _by_iri(context: Context) -> Response:
    """Answer with the document about any IRI that the graph mentions.

    Raises:
        BadRequest: ``iri=`` is missing or not an IRI.
        NotFound: the graph does not mention the IRI.
    """
    iri = request.args.get("iri", "")
    if not iri:
        raise BadRequest("The parameter 'iri' is missing: the IRI to describe.", parameter="iri")
    protocol.absolute_iri(iri, "iri")
    name, page = request.args.get("format"), _page_number()
    form = document_format() if name and not citation.asked(name, None) else None
    if page == 1 and (response := _vocabulary(context, [iri], form)):
        return response
    if documents.known(context.site, [iri]) is None:
        raise context.unknown(iri)
    return thing(context, iri, form, page)


def _document(context: Context, name: str) -> Response:
    """Answer with a document by its path below ``/doc/``."""
    site, page = context.site, _page_number()
    stem, form = links.split_extension(name)
    if stem.endswith("/") and stem.rstrip("/") in context.catalogue.kinds():
        return _collection(context, stem.rstrip("/"), form, page)
    iri = documents.find(site, stem)
    if iri is None and form is not None:  # the dot may belong to the name
        iri, form = documents.find(site, name), None
    if iri is not None:
        return thing(context, iri, form, page)
    if stem in context.catalogue.kinds():
        return _permanently(f"/{addresses.DOC}{stem}/")
    if stem.endswith("/") and documents.find(site, stem.rstrip("/")):
        return _permanently(f"/{addresses.DOC}{stem.rstrip('/')}")
    raise context.unknown(next(addresses.thing_iris(stem, site.base_iri)))


def thing(context: Context, iri: str, form: Format | None, page: int) -> Response:
    """Answer with a page of the document about a thing.

    Raises:
        NotFound: the document has no such page.
    """
    if form is None and (style := _citation_style()):
        return citation.response(context, citation.thing(context, iri), style)
    site, chosen = context.site, form or document_format()
    outlined = documents.outline(site, iri, page)
    if outlined is None:
        raise NotFound(f"The document has no page {page}. Leave out page= for the first one.")
    document = (
        documents.head(site, outlined) if chosen.is_page else documents.complete(site, outlined)
    )

    def write() -> str | bytes:
        if not chosen.is_page:
            return context.written(document, chosen, in_graph=_is_explicit(form))
        shown = thing_page(site, outlined, layout.page_language(), is_whole=_drawn_whole())
        cited = citation.of_thing(context, iri, shown.evidence, shown.labels)
        cited_at = citation.links(_document_of(context, iri))
        named = {*shown.evidence.claims, *(each.iri for each in shown.evidence.conflicts)}
        path = f"embed{_document_of(context, iri)}"
        frame = embedding.iframe(context.address + path, cited.title) if iri in named else None
        return document_pages.thing(
            site, shown, document, cited=cited, citation_links=cited_at, frame=frame
        )

    return sent(context, document, chosen, write, form=form)


def _drawn_whole() -> bool:
    """Tell whether the drawing on the page shows all neighbours (``drawing=whole``)."""
    return request.args.get("drawing") == "whole"


def _citation_style() -> Format | None:
    return citation.asked(request.args.get("format"), request.headers.get("Accept"))


def _collection(context: Context, kind: str, form: Format | None, page: int) -> Response:
    shown, has_more = _page_of(context.catalogue.of_kind(kind), page)
    document = documents.collection_document(context.site, kind, shown, page, has_more=has_more)
    return send(context, document, form)


def _namespace(context: Context, iri: str, form: Format | None) -> Response:
    """Answer with a page of the list of things in a namespace that ends with ``#``."""
    page = _page_number()
    shown, has_more = _page_of(context.catalogue.in_namespace(iri), page)
    document = documents.namespace_document(context.site, iri, shown, page, has_more=has_more)
    return send(context, document, form)


def _page_of(things: Iterable[str], page: int) -> tuple[list[str], bool]:
    """Return the things of a page, and whether there are more.

    Raises:
        NotFound: the list has no such page.
    """
    listed, start = list(things), (page - 1) * PAGE_THINGS
    shown = listed[start : start + PAGE_THINGS]
    if not shown:
        raise NotFound(f"The list has no page {page}. Leave out page= for the first one.")
    return shown, len(listed) > start + PAGE_THINGS


def send(context: Context, document: Document, form: Format | None) -> Response:
    """Answer with a document in the requested or negotiated format."""
    site, chosen = context.site, form or document_format()

    def write() -> str | bytes:
        if chosen.is_page:
            return document_pages.page(site, document, layout.page_language())
        return context.written(document, chosen, in_graph=_is_explicit(form))

    return sent(context, document, chosen, write, form=form)


def _is_explicit(form: Format | None) -> bool:
    """Tell whether an extension or ``format=`` chose the format, rather than ``Accept``."""
    return form is not None or bool(request.args.get("format"))


def sent(
    context: Context,
    document: Document,
    chosen: Format,
    write: Callable[[], str | bytes],
    *,
    form: Format | None,
) -> Response:
    """Return the response with a document, its links and its entity tag.

    ``write`` is not called for a client that has the document, nor for a document that is cached.
    """
    base_iri = context.site.base_iri
    dated = [citation.today(), _drawn_whole()] if chosen.is_page else []
    etag = context.etag(chosen, document.iri, document.page, _is_explicit(form), *dated)
    body: str | bytes = b""
    if not responses.matches(request.headers.get("If-None-Match"), etag):
        body = write() if chosen.is_page else context.written_once.get(etag, write)
    response = Response(body, content_type=chosen.content_type)
    response.headers["Link"] = links.header(links.of_document(document, base_iri, chosen))
    if form is None and chosen.name not in serialize.DATASETS:
        path = addresses.local_path(document.iri, base_iri)
        response.headers["Content-Location"] = links.with_extension(path, chosen)
    return context.cacheable(response, etag)


def _permanently(path: str) -> Response:
    """Redirect to the canonical spelling of an address (308, RFC 9110 §15.4.9)."""
    query = f"?{request.query_string.decode('latin-1')}" if request.query_string else ""
    return _redirect(addresses.encoded(path) + query, 308)


def _redirect(location: str, status: int) -> Response:
    response = Response(f"See {location}\n", status, content_type="text/plain; charset=utf-8")
    response.headers["Location"] = location
    response.headers["Cache-Control"] = caching.FRESH
    return response


def _page_number() -> int:
    return protocol.whole_number(request.args.get("page", "1"), "page", 1, 10**6)
