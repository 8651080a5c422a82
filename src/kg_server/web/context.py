"""Context that the views of the application share."""

from __future__ import annotations

import datetime
import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from flask import Response, request
from rdflib import DCTERMS, Graph, Literal, URIRef

from kg_server import canned
from kg_server.canned import CannedQuery
from kg_server.canned import names as canned_names
from kg_server.canned.parameters import AllNames
from kg_server.config import Settings
from kg_server.description import profile as profiles
from kg_server.description import void
from kg_server.errors import NotFound
from kg_server.formats import Format, Kind
from kg_server.linked_data import jsonld, serialize, vocabularies
from kg_server.linked_data.catalogue import Catalogue
from kg_server.linked_data.documents import Document, Site
from kg_server.linked_data.vocabularies import Vocabulary
from kg_server.project import Project
from kg_server.project.profile import Profile
from kg_server.sandbox.scoreboard import Board
from kg_server.sparql import protocol
from kg_server.sparql.query import Query
from kg_server.store import Store
from kg_server.store.results import add_triples
from kg_server.web import caching
from kg_server.web.pages import layout, overview
from kg_server.web.pages.overview import Overview
from kg_server.web.pages.terms import date

if TYPE_CHECKING:
    from kg_server.validation.report import Report

_HOST = re.compile(
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?"
)
"""A host's name or address, and perhaps a port; stricter than RFC 9110 §7.2."""
OPERATION = "kg_server.operation"
"""The WSGI variable with the SPARQL operation of a request, where it was read before."""

_DESCRIPTION = """
CONSTRUCT { ?s ?p ?o } WHERE {
  { GRAPH <%(graph)s> { ?s ?p ?o } }
  UNION { VALUES ?s { %(dataset)s } ?s ?p ?o }
}
"""


@dataclass(frozen=True)
class Context:
    """Graph, project and settings for the blueprints, and values computed from them once.

    ``report`` is the validation of the graph, ``None`` if there is none: ``is_validating`` tells
    that it goes on, ``unvalidated`` is the reason why it was given up. ``board`` shows
    what the evaluators do, ``None`` without evaluators. ``index`` is the path of the search index,
    ``None`` if this process makes it.
    """

    store: Store
    project: Project
    settings: Settings
    report: Report | None = None
    board: Board | None = None
    index: str | None = None
    unvalidated: str = ""
    is_validating: bool = False

    @cached_property
    def queries(self) -> dict[str, CannedQuery]:
        """The canned queries, by name."""
        return canned.of_project(self.project)

    @cached_property
    def names(self) -> AllNames:
        """The names of everything that parameters of the canned queries can mean."""
        return canned_names.of_queries(self.queries.values(), self.store)

    @cached_property
    def site(self) -> Site:
        """Graph and profile from which documents are made."""
        return Site.of(self.store, self.project.base_iri, self.profile)

    @cached_property
    def catalogue(self) -> Catalogue:
        """The list of all things."""
        return Catalogue(self.site)

    @cached_property
    def vocabularies(self) -> tuple[Vocabulary, ...]:
        """The ontologies of the project."""
        return vocabularies.vocabularies(self.site)

    @cached_property
    def jsonld_context(self) -> jsonld.Context:
        """The published JSON-LD context."""
        terms = vocabularies.terms(self.site)
        return jsonld.context(terms, self.site.prefixes)

    def written(self, document: Document, chosen: Format, *, in_graph: bool) -> bytes:
        """Return a document in a format, with the project's prefixes; see ``serialize.render``."""
        context = self.jsonld_context if chosen.name == "jsonld" else {}
        return serialize.render(document, chosen, self.site.prefixes, context, in_graph=in_graph)

    @cached_property
    def written_once(self) -> caching.Written:
        """The documents that were written last, by their entity tags."""
        return caching.Written()

    @cached_property
    def description(self) -> tuple[Graph, str | None]:
        """The description of the data set, and the licence that it gives.

        It has what the server says (VoID, DCAT, service description) and what the data say of
        themselves.
        """
        graph, dataset = Graph(), URIRef(self.site.dataset_iri)
        names = {"graph": self.site.base_iri + void.GRAPH, "dataset": dataset.n3()}
        add_triples(graph, self.store, _DESCRIPTION % names)
        licences = sorted(str(each) for each in graph.objects(dataset, DCTERMS.license))
        return graph, next(iter(licences), self.site.licence)

    @cached_property
    def creators(self) -> tuple[str, ...]:
        """The names of who made the data set, as far as the data say it, sorted."""
        made = self.description[0].objects(URIRef(self.site.dataset_iri), DCTERMS.creator)
        return tuple(sorted(str(each) for each in made if isinstance(each, Literal)))

    def unknown(self, iri: str) -> NotFound:
        """Return the problem that the graph has no such thing, with the nearest names."""
        near = self.catalogue.nearest(iri)
        hint = f" Did you mean {near[0]}?" if near else ""
        return NotFound(f"No data about {iri}.{hint}", nearest=near)

    @cached_property
    def home(self) -> tuple[canned.Standing, ...]:
        """The canned queries whose answers stand on the home page."""
        return canned.at_home(self.queries, self.project.profile)

    @cached_property
    def profile(self) -> Profile:
        """Title, licence, prefixes and so on, by the manifest and the data."""
        graphs = (self.project.base_iri + void.GRAPH, self.project.base_iri + void.QUERIES)
        return profiles.completed(self.project, self.store, graphs)

    @cached_property
    def overview(self) -> Overview:
        """The classes of the graph, with counts and examples."""
        return overview.overview(self.site, self.description[0])

    def changed(self, language: str) -> str:
        """Return when the graph says that it last changed, or else its newest file; or nothing."""
        if self.overview.changed:
            return date(self.overview.changed, language)
        times = [file.path.stat().st_mtime for file in self.project.files if file.path.is_file()]
        if not times:
            return ""
        newest = datetime.datetime.fromtimestamp(max(times), datetime.UTC).date()
        return date(newest.isoformat(), language)

    @property
    def address(self) -> str:
        """Address of this server, for links to copy or to call; ends with a slash.

        It is the public URL that the operator gives, or else the host that the request asked, if
        that is the name of a host and nothing else.
        """
        settings, host = self.settings, request.headers.get("Host", "")
        if settings.public_url:
            return settings.public_url
        if _HOST.fullmatch(host):
            return f"{request.scheme}://{host}/"
        return f"http://{settings.host}:{settings.port}/"

    @property
    def root(self) -> str:
        """Address of this server, for formats in which links may be relative."""
        return self.settings.public_url or "/"

    def json(
        self, document: Any, status: int = 200, media_type: str = "application/json"
    ) -> Response:
        """Return a JSON response (RFC 8259) with its text readable by people."""
        text = json.dumps(document, ensure_ascii=False, indent=1) + "\n"
        return Response(text, status, content_type=media_type)

    @cached_property
    def _edition(self) -> tuple[object, ...]:
        """Values on which every representation depends: graph, base IRI, validation."""
        report = self.report
        validated = None if report is None else (report.conforms, len(report.findings))
        validation = validated, self.unvalidated, self.is_validating
        return self.store.version, self.project.base_iri, validation

    def etag(self, chosen: Format, *parts: object) -> str:
        """Return a strong entity tag for a representation of what is served (RFC 9110 §8.8.3).

        It depends on the software, the graph, the address of this server, the format, the language
        of a page, and ``parts``.
        """
        language = layout.page_language() if chosen.is_page else ""
        return caching.etag(
            self._edition, self.address, request.path, chosen.media_type, language, *parts
        )

    def answer(self, query: Query) -> Response:
        """Run a query; return its answer as a response that is streamed chunk by chunk."""
        chunks = self.store.query(query).chunks
        return Response(chunks, content_type=query.format.content_type)

    def cacheable(self, response: Response, etag: str) -> Response:
        """Mark a read as cacheable, and answer 304 if the client has this representation.

        Caches revalidate after a minute; ``Vary`` says that the format was negotiated
        (RFC 9110 §12.5.5, §13.1.2; RFC 9111 §5.2.2).
        """
        response.set_etag(etag)
        response.headers.setdefault("Cache-Control", caching.FRESH)
        response.vary.add("Accept")
        if response.is_streamed:  # Werkzeug would read it all to know its length
            response.automatically_set_content_length = False
        response.make_conditional(request.environ)
        return response


def document_format(*, html: bool = True) -> Format:
    """Choose the format of the requested document by ``format=`` or ``Accept``.

    Raises:
        NotAcceptable: there is no such format, or none that is acceptable.
    """
    name = request.args.get("format") or None
    return protocol.choose_format(name, request.headers.get("Accept"), Kind.GRAPH, html=html)
