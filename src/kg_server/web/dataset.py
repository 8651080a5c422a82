"""The data set as a whole: its description, its dumps, robots.txt and sitemap."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape

from flask import Blueprint, Response, request
from rdflib import DCAT, VOID, Graph, URIRef

from kg_server import formats
from kg_server.errors import NotFound
from kg_server.formats import Format, Kind
from kg_server.linked_data import dumps, links, vocabularies
from kg_server.linked_data.documents import Document, licence_of
from kg_server.rdf import addresses
from kg_server.rdf import namespaces as ns
from kg_server.web import caching
from kg_server.web.context import Context, document_format
from kg_server.web.openapi import document as openapi

SITEMAP_URLS = 50_000
"""Most addresses of one sitemap (sitemaps.org protocol)."""


def blueprint(context: Context) -> Blueprint:
    """Answer at ``/.well-known/void``, ``/dump…``, ``/context.jsonld`` and the like."""
    routes = Blueprint("dataset", __name__)

    @routes.get("/.well-known/void")
    def well_known() -> Response:
        chosen = document_format(html=False)
        return negotiated(context, ".well-known/void", chosen)

    @routes.get("/dataset")
    def dataset() -> Response:
        response = Response("See /\n", 303, content_type="text/plain; charset=utf-8")
        response.headers["Location"] = "/"
        return response

    @routes.get("/dump.<extension>")
    def dump(extension: str) -> Response:
        return _dump(context, extension, rdf12=False)

    @routes.get("/dump-rdf12.<extension>")
    def dump_rdf12(extension: str) -> Response:
        return _dump(context, extension, rdf12=True)

    @routes.get("/context.jsonld")
    def jsonld_context() -> Response:
        form = formats.named("jsonld", Kind.GRAPH)
        response = context.json(context.jsonld_context, media_type=form.media_type)
        return context.cacheable(response, context.etag(form))

    @routes.get("/robots.txt")
    def robots() -> Response:
        text = _ROBOTS.format(base=context.address)
        return Response(text, content_type="text/plain; charset=utf-8")

    @routes.get("/sitemap.xml")
    def sitemap() -> Response:
        return _sitemap(context, None)

    @routes.get("/sitemap-<int:part>.xml")
    def part_of_sitemap(part: int) -> Response:
        return _sitemap(context, part)

    return routes


_ROBOTS = """\
User-agent: *
Disallow: /sparql?query=
Disallow: /search?q=
Disallow: /graphs?graph=
Allow: /

Sitemap: {base}sitemap.xml
"""


_CALLED = frozenset(
    {
        *(VOID.sparqlEndpoint, VOID.dataDump),
        *(DCAT.accessURL, DCAT.downloadURL, DCAT.endpointURL, DCAT.landingPage),
        DCAT.endpointDescription,
        URIRef(ns.SD + "endpoint"),
    }
)
"""Properties whose values are addresses to call. All else in a description is a name."""


def described(context: Context, path: str) -> Document:
    """Return the description of the data set as a document at ``path`` below the base IRI.

    Names are those of the graph; addresses to call lead to where this server is reached.
    """
    site, (description, licence) = context.site, context.description
    graph = Graph()
    for s, p, o in description:
        if p in _CALLED and str(o).startswith(site.base_iri):
            o = URIRef(context.address + str(o)[len(site.base_iri) :])
        graph.add((s, p, o))
    types = (str(VOID.Dataset), str(DCAT.Dataset))
    return Document(
        iri=site.base_iri + path, topic=site.dataset_iri, graph=graph, types=types, licence=licence
    )


def negotiated(context: Context, path: str, chosen: Format) -> Response:
    """Answer with the description of the data set at ``path`` in an RDF format."""
    document = described(context, path)
    body = context.written(document, chosen, in_graph=False)
    response = Response(body, content_type=chosen.content_type)
    response.headers["Link"] = signposts(document, context)
    return context.cacheable(response, context.etag(chosen, document.iri))


def signposts(document: Document, context: Context) -> str:
    """Return the ``Link`` header of the description: types, licence, dumps, services."""
    targets: list[tuple[str, str, str | None]] = [(document.iri, "canonical", None)]
    targets += [("/.well-known/void", "describedby", links.OFFERED[0].media_type)]
    targets += [(iri, "type", None) for iri in document.types]
    targets += [(document.licence, "license", None)] if document.licence else []
    targets += [(document.topic, "cite-as", None)]
    targets += [(f"/dump.{form.extension}", "item", form.media_type) for form in dumps.FORMATS]
    targets += [("/openapi.json", "service-desc", openapi.MEDIA_TYPE)]
    targets += [(f"{context.root}sparql", "service", None)]
    return links.header(targets)


def _dump(context: Context, extension: str, *, rdf12: bool) -> Response:
    site = context.site
    offers = dumps.RDF12_FORMATS if rdf12 else dumps.FORMATS
    form = next((each for each in offers if each.extension == extension), None)
    if form is None:
        extensions = ", ".join(each.extension for each in offers)
        raise NotFound(
            f"There is no dump with the extension {extension!r}. There are: {extensions}."
        )
    chunks = dumps.dump(site, form, rdf12=rdf12)
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
    response.set_etag(context.etag(form), weak=True)
    response.headers["Cache-Control"] = caching.FRESH
    # Werkzeug would make the whole dump to know its length.
    response.automatically_set_content_length = False
    response.make_conditional(request.environ)
    return response


def _sitemap(context: Context, part: int | None) -> Response:
    """List the canonical addresses of all documents (sitemaps.org protocol 0.9)."""
    address = context.address
    paths = ["/", *_document_paths(context)]
    parts = -(-len(paths) // SITEMAP_URLS)
    if part is None and parts > 1:
        body = _xml(
            "sitemapindex", "sitemap", (f"/sitemap-{n + 1}.xml" for n in range(parts)), address
        )
    elif part is None:
        body = _xml("urlset", "url", paths, address)
    elif 0 < part <= parts:
        shown = paths[(part - 1) * SITEMAP_URLS : part * SITEMAP_URLS]
        body = _xml("urlset", "url", shown, address)
    else:
        raise NotFound(f"The sitemap has {parts} parts.")
    response = Response(body, content_type="application/xml; charset=utf-8")
    form = links.OFFERED[0]
    return context.cacheable(response, context.etag(form))


def _document_paths(context: Context) -> Iterator[str]:
    """Yield the addresses of documents: of vocabularies and namespaces, lists, and things."""
    base_iri = context.site.base_iri
    named = {vocabularies.document_iri(context.site, each) for each in context.vocabularies}
    named |= context.catalogue.namespaces()
    yield from sorted(addresses.local_path(iri, base_iri) for iri in named)
    for kind in context.catalogue.kinds():
        yield f"/{addresses.DOC}{kind}/"
    for iri in context.catalogue.things():
        # A thing with a fragment in its IRI is described in the document of its namespace.
        document, hash_, _ = iri.partition("#")
        if document not in named and not (hash_ and iri.startswith(base_iri)):
            yield addresses.document_path(iri, base_iri)


def _xml(root: str, entry: str, paths: Iterable[str], address: str) -> str:
    namespace = "http://www.sitemaps.org/schemas/sitemap/0.9"
    entries = "".join(
        f"<{entry}><loc>{escape(addresses.absolute(path, address))}</loc></{entry}>\n"
        for path in paths
    )
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return f'{head}<{root} xmlns="{namespace}">\n{entries}</{root}>\n'
