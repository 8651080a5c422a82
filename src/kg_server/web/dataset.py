"""The data set as a whole: its description, its dumps, and what crawlers look for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from xml.sax.saxutils import escape

from flask import Blueprint, Response, request
from rdflib import DCAT, VOID, Graph, URIRef

from kg_server import formats
from kg_server.description import void
from kg_server.errors import NotFound
from kg_server.formats import Format, Kind
from kg_server.linked_data import dumps, links, serialize
from kg_server.linked_data.documents import Document, licence_of
from kg_server.rdf import addresses
from kg_server.sparql.query import Dataset
from kg_server.store.results import add_triples
from kg_server.web.context import Context, document_format
from kg_server.web.openapi import document as openapi
from kg_server.web.pages import layout, statements
from kg_server.web.resources import Resources, fingerprint

_WHOLE = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"
_ABOUT = "CONSTRUCT { ?this ?p ?o } WHERE { ?this ?p ?o }"

SITEMAP_URLS = 50_000
"""How many addresses one sitemap may list (sitemaps.org protocol)."""


def blueprint(context: Context) -> Blueprint:
    """Answer at ``/.well-known/void``, ``/dump…``, ``/context.jsonld`` and the like."""
    routes = Blueprint("dataset", __name__)
    resources = Resources(context)

    @routes.get("/.well-known/void")
    def well_known() -> Response:
        chosen = document_format(html=False)
        return negotiated(resources, ".well-known/void", chosen)

    @routes.get("/dataset")
    def dataset() -> Response:
        response = Response("See /\n", 303, content_type="text/plain; charset=utf-8")
        response.headers["Location"] = "/"
        return response

    @routes.get("/dump.<extension>")
    def dump(extension: str) -> Response:
        return _dump(resources, extension, rdf12=False)

    @routes.get("/dump-rdf12.<extension>")
    def dump_rdf12(extension: str) -> Response:
        return _dump(resources, extension, rdf12=True)

    @routes.get("/context.jsonld")
    def jsonld_context() -> Response:
        form = formats.named("jsonld", Kind.GRAPH)
        response = context.json(resources.jsonld_context, media_type=form.media_type)
        return context.cacheable(response, context.etag(form, "context"))

    @routes.get("/robots.txt")
    def robots() -> Response:
        text = _ROBOTS.format(base=context.project.base_iri)
        return Response(text, content_type="text/plain; charset=utf-8")

    @routes.get("/sitemap.xml")
    def sitemap() -> Response:
        return _sitemap(resources, None)

    @routes.get("/sitemap-<int:part>.xml")
    def part_of_sitemap(part: int) -> Response:
        return _sitemap(resources, part)

    return routes


_ROBOTS = """\
User-agent: *
Disallow: /sparql?query=
Disallow: /search?q=
Disallow: /graphs?graph=
Allow: /

Sitemap: {base}sitemap.xml
"""


def described(resources: Resources, path: str) -> Document:
    """Return the description of the data set as a document at ``path`` below the base IRI.

    It has what the server says (VoID, DCAT, service description) and what the data say of
    themselves.
    """
    site = resources.site
    graph = Graph()
    name = site.base_iri + void.GRAPH
    add_triples(graph, site.store, _WHOLE, dataset=Dataset(default_graphs=(name,)))
    add_triples(graph, site.store, _ABOUT, this=URIRef(site.dataset_iri).n3())
    licence = licence_of(site, site.dataset_iri)
    types = (str(VOID.Dataset), str(DCAT.Dataset))
    return Document(site.base_iri + path, site.dataset_iri, graph, types, licence)


def negotiated(resources: Resources, path: str, chosen: Format) -> Response:
    """Answer with the description of the data set at ``path`` in an RDF format."""
    site, context = resources.site, resources.context
    document = described(resources, path)
    body = serialize.render(document, chosen, site.base_iri, resources.jsonld_context)
    response = Response(body, content_type=chosen.content_type)
    response.headers["Link"] = signposts(document, site.base_iri)
    return context.cacheable(response, context.etag(chosen, fingerprint(document.iri)))


def schema_org(resources: Resources, language: str) -> dict[str, Any]:
    """Return what the home page tells search engines of the data set."""
    languages = layout.preferred_languages(language)
    return statements.schema_org_dataset(
        described(resources, ""), resources.site.base_iri, languages
    )


def signposts(document: Document, base_iri: str) -> str:
    """Return the ``Link`` header of the description: what it is, its licence, its dumps."""
    found: list[tuple[str, str, str | None]] = [(document.iri, "canonical", None)]
    found += [("/.well-known/void", "describedby", links.OFFERED[0].media_type)]
    found += [(iri, "type", None) for iri in document.types]
    found += [(document.licence, "license", None)] if document.licence else []
    found += [(document.topic, "cite-as", None)]
    found += [(f"/dump.{form.extension}", "item", form.media_type) for form in dumps.FORMATS]
    found += [("/openapi.json", "service-desc", openapi.MEDIA_TYPE)]
    found += [(f"{base_iri}sparql", "service", None)]
    return links.header(found)


def _dump(resources: Resources, extension: str, *, rdf12: bool) -> Response:
    site, context = resources.site, resources.context
    offers = dumps.RDF12_FORMATS if rdf12 else dumps.FORMATS
    form = next((each for each in offers if each.extension == extension), None)
    if form is None:
        known = ", ".join(each.extension for each in offers)
        raise NotFound(f"There is no dump with the extension {extension!r}. There are: {known}.")
    chunks = dumps.dump(site, form, kinds=resources.catalogue.kinds(), rdf12=rdf12)
    version = "; version=1.2" if rdf12 else ""
    response = Response(chunks, content_type=form.content_type + version)
    licence = licence_of(site, site.dataset_iri)
    about: list[tuple[str, str, str | None]] = [
        ("/.well-known/void", "describedby", links.OFFERED[0].media_type),
        (site.dataset_iri, "collection", None),
    ]
    about += [(licence, "license", None)] if licence else []
    response.headers["Link"] = links.header(about)
    name = f"graph-{site.store.version[:12]}{'-rdf12' if rdf12 else ''}.{extension}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    # Weak: blank node labels and the order of statements may differ after a restart.
    response.set_etag(context.etag(form, "rdf12" if rdf12 else "dump"), weak=True)
    response.headers["Cache-Control"] = "public, max-age=60, must-revalidate"
    # Werkzeug would make the whole dump to know its length.
    response.automatically_set_content_length = False
    response.make_conditional(request.environ)
    return response


def _sitemap(resources: Resources, part: int | None) -> Response:
    """List the canonical addresses of all documents (sitemaps.org protocol 0.9)."""
    base_iri = resources.site.base_iri
    paths = ["/", *resources.namespaces(), *_document_paths(resources)]
    parts = -(-len(paths) // SITEMAP_URLS)
    if part is None and parts > 1:
        body = _xml(
            "sitemapindex", "sitemap", (f"/sitemap-{n + 1}.xml" for n in range(parts)), base_iri
        )
    elif part is None:
        body = _xml("urlset", "url", paths, base_iri)
    elif 0 < part <= parts:
        shown = paths[(part - 1) * SITEMAP_URLS : part * SITEMAP_URLS]
        body = _xml("urlset", "url", shown, base_iri)
    else:
        raise NotFound(f"The sitemap has {parts} parts.")
    response = Response(body, content_type="application/xml; charset=utf-8")
    form = links.OFFERED[0]
    return resources.context.cacheable(response, resources.context.etag(form, f"sitemap-{part}"))


def _document_paths(resources: Resources) -> Iterator[str]:
    base_iri = resources.site.base_iri
    for kind in resources.catalogue.kinds():
        yield f"/{addresses.DOC}{kind}/"
    for iri in resources.catalogue.things():
        yield addresses.document_path(iri, base_iri) or "/"


def _xml(root: str, entry: str, paths: Iterable[str], base_iri: str) -> str:
    namespace = "http://www.sitemaps.org/schemas/sitemap/0.9"
    entries = "".join(
        f"<{entry}><loc>{escape(addresses.absolute(path, base_iri))}</loc></{entry}>\n"
        for path in paths
    )
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return f'{head}<{root} xmlns="{namespace}">\n{entries}</{root}>\n'
