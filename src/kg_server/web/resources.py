"""Linked data: every name of the graph leads to a document about it (Cool URIs §4.2)."""

from __future__ import annotations

import hashlib
from functools import cached_property
from importlib.metadata import version
from urllib.parse import quote

from flask import Blueprint, Response, request
from rdflib import Graph

from kg_server.errors import BadRequest, NotFound
from kg_server.formats import HTML, Format
from kg_server.linked_data import documents, jsonld, links, serialize, vocabularies
from kg_server.linked_data.catalogue import PAGE_THINGS, Catalogue
from kg_server.linked_data.documents import Document, Site
from kg_server.rdf import addresses
from kg_server.web.context import Context, document_format
from kg_server.web.pages import documents as document_pages
from kg_server.web.pages import layout


class Resources:
    """The documents of one served graph, and what is made once for all of them."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.site = Site(context.store, context.project.base_iri)
        self.catalogue = Catalogue(self.site)

    @cached_property
    def jsonld_context(self) -> jsonld.Context:
        """The published JSON-LD context."""
        ontology = vocabularies.namespace_document(self.site, "ns/diplomacy")
        graph = ontology.graph if ontology else Graph()
        return jsonld.context(graph, self.site.base_iri)

    def namespaces(self) -> list[str]:
        """Return the paths of the vocabularies, such as ``/ns/diplomacy``."""
        base_iri = self.site.base_iri
        found = vocabularies.vocabularies(self.site)
        return [addresses.local_path(iri, base_iri) for iri in found]

    def find(self, document_path: str) -> str:
        """Return the IRI of the thing that a document is about.

        Raises:
            NotFound: the graph does not mention it; says which names are near.
        """
        iri = documents.find(self.site, document_path)
        if iri is None:
            raise self.unknown(next(addresses.thing_iris(document_path, self.site.base_iri)))
        return iri

    def unknown(self, iri: str) -> NotFound:
        """Return the problem that there is no such thing, with the nearest names."""
        near = self.catalogue.nearest(iri)
        hint = f" Did you mean {near[0]}?" if near else ""
        return NotFound(f"The graph knows nothing of {iri}.{hint}", nearest=near)

    def send(self, document: Document, form: Format | None) -> Response:
        """Answer with a document in the format that is asked for or negotiated."""
        site = self.site
        asked = form or document_format()
        digest = fingerprint(document.iri, document.page)
        if asked.name == HTML.name:
            language = layout.page_language()
            response = Response(
                document_pages.page(site, document, language), content_type=HTML.content_type
            )
            etag = self.context.etag(asked, digest, language)
        else:
            body = serialize.render(document, asked, site.base_iri, self.jsonld_context)
            response = Response(body, content_type=asked.content_type)
            etag = self.context.etag(asked, digest)
        response.headers["Link"] = links.header(links.of_document(document, site.base_iri, asked))
        if form is None:
            path = addresses.local_path(document.iri, site.base_iri)
            response.headers["Content-Location"] = links.with_extension(path, asked)
        return self.context.cacheable(response, etag)


def fingerprint(*parts: object) -> str:
    """Return what tells documents apart in entity tags; another software writes other bytes."""
    text = " ".join(map(str, (version("kg-server"), *parts)))
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def blueprint(context: Context) -> Blueprint:
    """Answer at ``/id/``, ``/def/``, ``/doc/`` and ``/ns/``."""
    routes = Blueprint("resources", __name__)
    resources = Resources(context)

    @routes.get("/id/<path:name>")
    def thing(name: str) -> Response:
        return _see_document(resources, name)

    @routes.get("/def/<path:name>")
    def concept(name: str) -> Response:
        return _see_document(resources, f"def/{name}")

    @routes.get("/doc/<path:name>")
    def document(name: str) -> Response:
        return _document(resources, name)

    @routes.get("/ns/<path:name>")
    def namespace(name: str) -> Response:
        return _namespace(resources, f"ns/{name}")

    return routes


def _see_document(resources: Resources, name: str) -> Response:
    """Redirect from a thing to the document about it (303, RFC 9110 §15.4.4)."""
    kind, _, rest = name.partition("/")
    if not rest and kind in resources.catalogue.kinds():
        return _redirect(f"/{addresses.DOC}{kind}/", 303)
    if name.endswith("/"):
        return _permanently(request.path.rstrip("/"))
    iri = resources.find(name)
    path = addresses.document_path(iri, resources.site.base_iri) or "/"
    response = _redirect(path, 303)
    response.headers["Link"] = links.header(
        [(path, "describedby", None), *links.alternates(path), (iri, "canonical", None)]
    )
    return response


def _document(resources: Resources, name: str) -> Response:
    stem, form = links.split_extension(name)
    page = _page_number()
    site = resources.site
    if stem.endswith("/"):
        return _collection(resources, stem.rstrip("/"), form, page)
    found = documents.describe(site, stem, page)
    if found is None and form is not None:  # the dot may belong to the name
        found, form = documents.describe(site, name, page), None
    if found is not None:
        return resources.send(found, form)
    if stem in resources.catalogue.kinds():
        return _permanently(f"{request.path}/")
    if page > 1 and documents.find(site, stem):
        raise NotFound(f"The document has no page {page}.")
    raise resources.unknown(next(addresses.thing_iris(stem, site.base_iri)))


def _collection(resources: Resources, kind: str, form: Format | None, page: int) -> Response:
    if kind not in resources.catalogue.kinds():
        return _permanently(request.path.rstrip("/"))
    things = resources.catalogue.of_kind(kind)
    start = (page - 1) * PAGE_THINGS
    shown = things[start : start + PAGE_THINGS]
    if not shown:
        raise NotFound(f"The list has no page {page}.")
    has_more = len(things) > start + PAGE_THINGS
    document = documents.collection_document(resources.site, kind, shown, page, has_more=has_more)
    return resources.send(document, form)


def _namespace(resources: Resources, name: str) -> Response:
    stem, form = links.split_extension(name)
    if stem.endswith("/"):
        return _permanently(request.path.rstrip("/"))
    found = vocabularies.namespace_document(resources.site, stem)
    if found is None:
        raise NotFound(f"There is no vocabulary at /{stem}. /ns/diplomacy and /ns/shapes are.")
    return resources.send(found, form)


def _permanently(path: str) -> Response:
    """Redirect to the canonical spelling of an address (308, RFC 9110 §15.4.9)."""
    query = f"?{request.query_string.decode('latin-1')}" if request.query_string else ""
    return _redirect(quote(path, safe="/:@!$&'()*+,;=~-._") + query, 308)


def _redirect(location: str, status: int) -> Response:
    response = Response(f"See {location}\n", status, content_type="text/plain; charset=utf-8")
    response.headers["Location"] = location
    response.headers["Cache-Control"] = "public, max-age=60, must-revalidate"
    return response


def _page_number() -> int:
    text = request.args.get("page", "1")
    if not text.isascii() or not text.isdigit() or not 0 < int(text[:9]) < 10**6:
        raise BadRequest("page= takes a number from 1.")
    return int(text)
