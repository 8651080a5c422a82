"""The SPARQL endpoint (SPARQL 1.1 Protocol §2.1)."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace

from flask import Blueprint, Response, render_template, request

from kg_server.errors import BadRequest, NotAcceptable
from kg_server.formats import NOTHING, Kind
from kg_server.sparql import advice, exists, protocol
from kg_server.sparql.query import Query
from kg_server.store import matches
from kg_server.web import caching, parameters, responses
from kg_server.web.context import OPERATION, Context
from kg_server.web.dataset import negotiated
from kg_server.web.pages import details, editor
from kg_server.web.pages.layout import page_language
from kg_server.web.pages.terms import Labels

MOST_PATTERNS = 20
"""Most patterns of a query that are counted to explain it."""
EXPLAIN_S = 2.0
"""Seconds for the count of one pattern."""


def blueprint(context: Context) -> Blueprint:
    """Answer at ``/sparql``: a query, or without one the service description or the editor."""
    routes = Blueprint("sparql", __name__)

    @routes.route("/sparql", methods=["GET", "POST", "QUERY"])
    def sparql() -> Response:
        has_body = request.method in ("POST", "QUERY")
        operation = request.environ.get(OPERATION) or protocol.operation(
            request.method,
            request.query_string.decode("latin-1"),
            request.headers.get("Content-Type", ""),
            request.get_data() if has_body else b"",
        )
        accept = request.headers.get("Accept")
        may_be_browser = request.method != "QUERY"
        if may_be_browser and protocol.prefers_page(operation.format_names, accept):
            return _editor(context, operation)
        if operation.text is None:
            chosen = protocol.format_for(operation, accept, Kind.GRAPH)
            return negotiated(context, "sparql", chosen)
        return _answer(context, operation)

    @routes.route("/sparql/explain", methods=["GET", "POST"])
    def explained() -> Response:
        return _explain(context, request.values.get("query", ""))

    @routes.after_request
    def tell_bodies(response: Response) -> Response:
        if request.method == "OPTIONS":
            response.headers["Accept-Post"] = f"{protocol.QUERY}, {protocol.FORM}"
            response.headers["Accept-Query"] = f'"{protocol.QUERY}", "{protocol.FORM}"'
        return response

    return routes


def _explain(context: Context, text: str) -> Response:
    """Answer with the matches of each pattern by itself, costly parts, and the rewritten query.

    Raises:
        BadRequest: the parameter ``query`` is missing.
        MalformedQuery: it is not a query.
    """
    if not text:
        raise BadRequest("The parameter 'query' is missing: the query to explain.")
    seconds = context.settings.query_timeout_s
    query = Query(text, NOTHING, context.project.base_iri, timeout_s=seconds)
    with suppress(NotAcceptable):
        context.store.query(query)
    until = time.monotonic() + seconds
    patterns = []
    for each in matches.of(context.store, replace(query, timeout_s=min(seconds, EXPLAIN_S))):
        optional = {} if each.is_needed else {"optional": True}
        branch = {"union": True} if each.is_in_branch else {}
        patterns.append({"pattern": each.pattern, "matches": each.count, **optional, **branch})
        if len(patterns) == MOST_PATTERNS or time.monotonic() > until:
            break
    language = parameters.relevant_language(request.headers.get("Accept-Language", "")) or "en"
    evaluated = exists.rewritten(text)
    response = context.json(
        {
            "patterns": patterns,
            "costly": [details.translated(each, language).text for each in advice.on(text)],
            "evaluated": evaluated if evaluated != text else None,
        }
    )
    response.headers["Cache-Control"] = caching.VOLATILE
    response.vary.add("Accept-Language")
    return response


def _answer(context: Context, operation: protocol.Operation) -> Response:
    try:
        asked = responses.asked(
            operation,
            request.headers.get("Accept"),
            version=context.store.version,
            base_iri=context.project.base_iri,
            limit_s=context.settings.query_timeout_s,
        )
    except NotAcceptable:
        _check(context, operation)
        raise
    if request.method != "POST" and responses.matches(
        request.headers.get("If-None-Match"), asked.etag
    ):
        return Response(status=304, headers=asked.headers())
    answer = context.store.query(asked.query)
    return Response(answer.chunks, headers=asked.headers())


def _check(context: Context, operation: protocol.Operation) -> None:
    """Check the syntax of a query for which no format is acceptable (§2.1.6).

    Raises:
        MalformedQuery: it has a syntax error; its author has to know this before the format.
    """
    nothing = Query(
        operation.text or "",
        NOTHING,
        context.project.base_iri,
        timeout_s=context.settings.query_timeout_s,
    )
    with suppress(NotAcceptable):
        context.store.query(nothing)


def _editor(context: Context, operation: protocol.Operation) -> Response:
    """Return the page of the query editor, with the answer to the query of the request."""
    labels = Labels(context.site, page_language())
    answered = editor.run(
        context.store,
        operation,
        labels=labels,
        root=context.root,
        timeout_s=context.settings.query_timeout_s,
    )
    page = render_template(
        "sparql.html",
        answered=answered,
        script_words=editor.words,
        evidence=context.profile.evidence,
        examples=editor.examples(context.queries.values(), context.names, labels.language),
    )
    # The page says how long the query took, so it differs each time.
    headers = {"Cache-Control": caching.VOLATILE}
    return Response(page, answered.status, headers, mimetype="text/html")
