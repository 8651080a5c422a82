"""What the views of the application share."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flask import Response, request

from kg_server import canned
from kg_server.canned import CannedQuery
from kg_server.config import BASE_IRI, Settings
from kg_server.formats import HTML, Format, Kind
from kg_server.project import Project
from kg_server.sandbox.scoreboard import Board
from kg_server.sparql import protocol
from kg_server.sparql.query import Query
from kg_server.store import Store
from kg_server.web.pages import layout


@dataclass(frozen=True)
class Context:
    """What is served, and how.

    ``report`` is the validation of what is served, ``None`` where it was not asked for; ``board``
    says what the evaluators do, where there are any.
    """

    store: Store
    project: Project
    settings: Settings
    report: Any = None
    board: Board | None = None

    @cached_property
    def queries(self) -> dict[str, CannedQuery]:
        """The canned queries, by name."""
        return canned.load(self.project.queries)

    @property
    def address(self) -> str:
        """Where this server is reached, for commands to copy; ends with a slash.

        That is the base IRI, unless it is still the reserved name that nobody can reach. It
        never comes from a request's ``Host``, which anybody may set.
        """
        if self.project.base_iri != BASE_IRI:
            return self.project.base_iri
        return f"http://{self.settings.host}:{self.settings.port}/"

    def json(
        self, document: Any, status: int = 200, media_type: str = "application/json"
    ) -> Response:
        """Return a JSON response (RFC 8259) with its text readable by people."""
        text = json.dumps(document, ensure_ascii=False, indent=1) + "\n"
        return Response(text, status, content_type=media_type)

    def etag(self, chosen: Format, *parts: str) -> str:
        """Return a strong entity tag for a representation of what is served (RFC 9110 §8.8.3).

        It depends on the graph's content hash, the format and ``parts``, so that it survives a
        restart and differs between formats. That of a page depends on its templates too.
        """
        edition = (layout.edition(),) if chosen.name == HTML.name else ()
        return "-".join((self.store.version[:24], chosen.name, *edition, *parts))

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
        response.headers.setdefault("Cache-Control", "public, max-age=60, must-revalidate")
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
