"""Context that the views of the application share."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from flask import Response, request
from rdflib import DCTERMS, Graph, URIRef

from kg_server import canned
from kg_server.canned import CannedQuery
from kg_server.canned import names as canned_names
from kg_server.canned.parameters import AllNames
from kg_server.config import BASE_IRI, NEUTRAL_BASE_IRI, Settings
from kg_server.description import profile as profiles
from kg_server.description import void
from kg_server.errors import NotFound
from kg_server.formats import Format, Kind
from kg_server.linked_data import jsonld, vocabularies
from kg_server.linked_data.catalogue import Catalogue
from kg_server.linked_data.documents import Site
from kg_server.project import Project
from kg_server.project.profile import Profile
from kg_server.sandbox.scoreboard import Board
from kg_server.sparql import protocol
from kg_server.sparql.query import Dataset, Query
from kg_server.store import Store
from kg_server.store.results import add_triples
from kg_server.web import caching
from kg_server.web.pages import layout

if TYPE_CHECKING:
    from kg_server.validation.report import Report

_WHOLE = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"
_ABOUT = "CONSTRUCT { ?this ?p ?o } WHERE { ?this ?p ?o }"
OPERATION = "kg_server.operation"
"""The WSGI variable with the SPARQL operation of a request, where it was read before."""


@dataclass(frozen=True)
class Context:
    """What is served, and how.

    ``report`` is the validation of what is served, ``None`` where it was not asked for; ``board``
    says what the evaluators do, where there are any.
    """

    store: Store
    project: Project
    settings: Settings
    report: Report | None = None
    board: Board | None = None

    @cached_property
    def queries(self) -> dict[str, CannedQuery]:
        """The canned queries, by name."""
        return canned.load(self.project.queries)

    @cached_property
    def names(self) -> AllNames:
        """The names of everything that parameters of the canned queries can mean."""
        return canned_names.of_queries(self.queries.values(), self.store)

    @cached_property
    def site(self) -> Site:
        """What documents are made of."""
        return Site(self.store, self.project.base_iri)

    @cached_property
    def catalogue(self) -> Catalogue:
        """The list of all things."""
        return Catalogue(self.site)

    @cached_property
    def jsonld_context(self) -> jsonld.Context:
        """The published JSON-LD context."""
        ontology = vocabularies.namespace_document(self.site, "ns/diplomacy")
        graph = ontology.graph if ontology else Graph()
        return jsonld.context(graph, self.site.base_iri)

    @cached_property
    def description(self) -> tuple[Graph, str | None]:
        """The description of the data set, and the licence that it gives.

        It has what the server says (VoID, DCAT, service description) and what the data say of
        themselves.
        """
        graph, this = Graph(), URIRef(self.site.dataset_iri)
        described = Dataset(default_graphs=(self.site.base_iri + void.GRAPH,))
        add_triples(graph, self.store, _WHOLE, dataset=described)
        add_triples(graph, self.store, _ABOUT, this=this.n3())
        licences = sorted(str(each) for each in graph.objects(this, DCTERMS.license))
        return graph, next(iter(licences), None)

    def unknown(self, iri: str) -> NotFound:
        """Return the problem that there is no such thing, with the nearest names."""
        near = self.catalogue.nearest(iri)
        hint = f" Did you mean {near[0]}?" if near else ""
        return NotFound(f"No data about {iri}.{hint}", nearest=near)

    @cached_property
    def home(self) -> tuple[canned.Standing, ...]:
        """The canned queries whose answers stand on the home page."""
        return canned.at_home(self.queries, self.project.profile)

    @cached_property
    def profile(self) -> Profile:
        """What the project and its data say of themselves: title, licence, prefixes and so on."""
        graphs = (self.project.base_iri + void.GRAPH, self.project.base_iri + void.QUERIES)
        return profiles.completed(self.project, self.store, graphs)

    @property
    def address(self) -> str:
        """Where this server is reached, for commands to copy; ends with a slash.

        That is the base IRI, unless it is still the reserved name that nobody can reach. It
        never comes from a request's ``Host``, which anybody may set.
        """
        if self.project.base_iri not in (BASE_IRI, NEUTRAL_BASE_IRI):
            return self.project.base_iri
        return f"http://{self.settings.host}:{self.settings.port}/"

    def json(
        self, document: Any, status: int = 200, media_type: str = "application/json"
    ) -> Response:
        """Return a JSON response (RFC 8259) with its text readable by people."""
        text = json.dumps(document, ensure_ascii=False, indent=1) + "\n"
        return Response(text, status, content_type=media_type)

    @cached_property
    def _edition(self) -> tuple[object, ...]:
        """What every representation depends on: graph, base IRI, validation."""
        report = self.report
        validated = None if report is None else (report.conforms, len(report.findings))
        return self.store.version, self.project.base_iri, self.address, validated

    def etag(self, chosen: Format, *parts: object) -> str:
        """Return a strong entity tag for a representation of what is served (RFC 9110 §8.8.3).

        It depends on the software, the graph, the format, the language of a page, and ``parts``.
        """
        language = layout.page_language() if chosen.is_page else ""
        return caching.etag(self._edition, request.path, chosen.media_type, language, *parts)

    def answer(self, query: Query) -> Response:
        """Have a query answered; return its answer as a response, chunk by chunk."""
        chunks = self.store.query(query).chunks
        return Response(chunks, content_type=query.format.content_type)

    def cacheable(self, response: Response, etag: str) -> Response:
        """Mark a read as one that caches may keep, and answer 304 where the client has it.

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
    """Choose the format of the document that the request is for, by ``format=`` or ``Accept``.

    Raises:
        NotAcceptable: there is no such format, or none that is acceptable.
    """
    name = request.args.get("format") or None
    return protocol.choose_format(name, request.headers.get("Accept"), Kind.GRAPH, html=html)
