"""Requests and response headers of the SPARQL endpoint.

The view of Flask (``web.sparql``) and the event loop (``server.query``) both use these pure
functions, so that their answers are the same.
"""

from __future__ import annotations

from dataclasses import dataclass

from werkzeug.http import parse_etags

from kg_server.formats import Format
from kg_server.sparql import keywords, protocol
from kg_server.sparql.query import Query
from kg_server.web import caching

EXPOSED = "Link, ETag, Location, Content-Location, Retry-After, Allow"
"""Response headers that scripts of other origins may read (Fetch §4.9)."""

COMMON_HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": EXPOSED,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
"""Headers of every response: CORS for all origins, and no guessing of media types."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A query for the store, and the entity tag of its answer.

    ``etag`` is empty if the query may have another answer each time.
    """

    query: Query
    format: Format
    etag: str

    def headers(self) -> list[tuple[str, str]]:
        """Return the headers of the answer, without its length and content coding."""
        cache = [("Cache-Control", caching.FRESH), ("ETag", f'"{self.etag}"')]
        return [
            ("Content-Type", self.format.content_type),
            *(cache if self.etag else [("Cache-Control", caching.VOLATILE)]),
            ("Vary", "Accept, Accept-Encoding"),
            *COMMON_HEADERS.items(),
        ]


def asked(
    operation: protocol.Operation,
    accept: str | None,
    *,
    version: str,
    base_iri: str,
    limit_s: float,
) -> Asked:
    """Return the query of a SPARQL operation; ``protocol.query`` lists the errors.

    The entity tag depends on the software, the graph's content hash, the query, its dataset and the
    format. So it is strong, survives a restart, and is known before the query is evaluated.
    """
    query = protocol.query(operation, accept, base_iri=base_iri, limit_s=limit_s)
    chosen = query.format
    etag = ""
    if not keywords.is_volatile(query.text):
        graphs = query.dataset.default_graphs, query.dataset.named_graphs
        etag = caching.etag(version, base_iri, query.text, *graphs, chosen.media_type)
    return Asked(query, chosen, etag)


def matches(if_none_match: str | None, etag: str) -> bool:
    """Tell whether the client has this representation; weak comparison (RFC 9110 §13.1.2).

    Args:
        if_none_match: the header, its tags without codings (``server.compression.plain_tags``).
        etag: the tag's text, without quotes.

    >>> matches('W/"a", "b"', "b"), matches("*", "b"), matches('"bb"', "b"), matches('"a,b"', "a,b")
    (True, True, False, True)
    """
    if not if_none_match or not etag:
        return False
    if etag not in if_none_match and if_none_match.strip() != "*":
        return False  # 32 kB of other tags take 2 ms to parse
    return parse_etags(if_none_match).contains_weak(etag)
