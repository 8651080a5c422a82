"""Linked data: every name of the graph leads to a document about it (Cool URIs §4.2)."""

from __future__ import annotations

from urllib.parse import quote

from flask import Blueprint, Response, request

from kg_server.errors import BadRequest, NotFound
from kg_server.formats import Format
from kg_server.linked_data import documents, links, serialize, vocabularies
from kg_server.linked_data.catalogue import PAGE_THINGS
from kg_server.linked_data.documents import Document
from kg_server.rdf import addresses
from kg_server.web import caching
from kg_server.web.context import Context, document_format
from kg_server.web.pages import documents as document_pages
from kg_server.web.pages import layout


def send(context: Context, document: Document, form: Format | None) -> Response:
    """Answer with a document in the format that is asked for or negotiated."""
    site, chosen = context.site, form or document_format()
    if chosen.is_page:
        body: str | bytes = document_pages.page(site, document, layout.page_language())
    else:
        body = serialize.render(document, chosen, site.base_iri, context.jsonld_context)
    return sent(context, document, chosen, body, negotiated=form is None)


def sent(
    context: Context, document: Document, chosen: Format, body: str | bytes, *, negotiated: bool
) -> Response:
    """Return the response that carries a document, with its links and its entity tag."""
    base_iri = context.site.base_iri
    response = Response(body, content_type=chosen.content_type)
    response.headers["Link"] = links.header(links.of_document(document, base_iri, chosen))
    if negotiated:
        path = addresses.local_path(document.iri, base_iri)
        response.headers["Content-Location"] = links.with_extension(path, chosen)
    return context.cacheable(response, context.etag(chosen, document.iri, document.page))


def blueprint(context: Context) -> Blueprint:
    """Answer at ``/id/``, ``/def/``, ``/doc/`` and ``/ns/``."""
    routes = Blueprint("resources", __name__)

    @routes.get("/id/<path:name>")
    def named(name: str) -> Response:
        return _see_document(context, name)

    @routes.get("/def/<path:name>")
    def concept(name: str) -> Response:
        return _see_document(context, f"def/{name}")

    @routes.get("/doc/<path:name>")
    def document(name: str) -> Response:
        return _document(context, name)

    @routes.get("/ns/<path:name>")
    def namespace(name: str) -> Response:
        return _namespace(context, f"ns/{name}")

    return routes


def _see_document(context: Context, name: str) -> Response:
    """Redirect from a thing to the document about it (303, RFC 9110 §15.4.4)."""
    kind, _, rest = name.partition("/")
    if not rest and kind in context.catalogue.kinds():
        return _redirect(f"/{addresses.DOC}{kind}/", 303)
    if name.endswith("/"):
        return _permanently(request.path.rstrip("/"))
    iri = documents.find(context.site, name)
    if iri is None:
        raise context.unknown(next(addresses.thing_iris(name, context.site.base_iri)))
    path = addresses.document_path(iri, context.site.base_iri) or "/"
    response = _redirect(path, 303)
    response.headers["Link"] = links.header(
        [(path, "describedby", None), *links.alternates(path), (iri, "canonical", None)]
    )
    return response


def _document(context: Context, name: str) -> Response:
    stem, form = links.split_extension(name)
    page = _page_number()
    site = context.site
    if stem.endswith("/"):
        return _collection(context, stem.rstrip("/"), form, page)
    iri = documents.find(site, stem)
    if iri is None and form is not None:  # the dot may belong to the name
        iri, form = documents.find(site, name), None
    if iri is not None:
        return thing(context, iri, form, page)
    if stem in context.catalogue.kinds():
        return _permanently(f"{request.path}/")
    raise context.unknown(next(addresses.thing_iris(stem, site.base_iri)))


def thing(context: Context, iri: str, form: Format | None, page: int) -> Response:
    """Answer with a page of the document about a thing.

    Raises:
        NotFound: the document has no such page.
    """
    site, chosen = context.site, form or document_format()
    outlined = documents.outline(site, iri, page)
    if outlined is None:
        raise NotFound(f"The document has no page {page}.")
    if chosen.is_page:
        document = documents.head(site, outlined)
        body: str | bytes = document_pages.thing(site, outlined, document, layout.page_language())
    else:
        document = documents.complete(site, outlined)
        body = serialize.render(document, chosen, site.base_iri, context.jsonld_context)
    return sent(context, document, chosen, body, negotiated=form is None)


def _collection(context: Context, kind: str, form: Format | None, page: int) -> Response:
    if kind not in context.catalogue.kinds():
        return _permanently(request.path.rstrip("/"))
    things = context.catalogue.of_kind(kind)
    start = (page - 1) * PAGE_THINGS
    shown = things[start : start + PAGE_THINGS]
    if not shown:
        raise NotFound(f"The list has no page {page}.")
    has_more = len(things) > start + PAGE_THINGS
    document = documents.collection_document(context.site, kind, shown, page, has_more=has_more)
    return send(context, document, form)


def _namespace(context: Context, name: str) -> Response:
    stem, form = links.split_extension(name)
    if stem.endswith("/"):
        return _permanently(request.path.rstrip("/"))
    found = vocabularies.namespace_document(context.site, stem)
    if found is None:
        raise NotFound(f"There is no vocabulary at /{stem}. /ns/diplomacy and /ns/shapes are.")
    return send(context, found, form)


def _permanently(path: str) -> Response:
    """Redirect to the canonical spelling of an address (308, RFC 9110 §15.4.9)."""
    query = f"?{request.query_string.decode('latin-1')}" if request.query_string else ""
    return _redirect(quote(path, safe="/:@!$&'()*+,;=~-._") + query, 308)


def _redirect(location: str, status: int) -> Response:
    response = Response(f"See {location}\n", status, content_type="text/plain; charset=utf-8")
    response.headers["Location"] = location
    response.headers["Cache-Control"] = caching.FRESH
    return response


def _page_number() -> int:
    text = request.args.get("page", "1")
    if not text.isascii() or not text.isdigit() or not 0 < int(text[:9]) < 10**6:
        raise BadRequest("page= takes a number from 1.")
    return int(text)
