"""The SPARQL endpoint (SPARQL 1.1 Protocol §2.1)."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request

from kg_server import protocol
from kg_server.errors import NotAcceptable
from kg_server.formats import Kind
from kg_server.web import answers
from kg_server.web.context import Context


def blueprint(context: Context) -> Blueprint:
    """Answer at ``/sparql``: a query, or else what this service is."""
    routes = Blueprint("sparql", __name__)

    @routes.route("/sparql", methods=["GET", "POST"])
    def sparql() -> Response:
        operation = protocol.operation(
            request.method,
            request.query_string.decode("latin-1"),
            request.headers.get("Content-Type", ""),
            request.get_data() if request.method == "POST" else b"",
        )
        return _editor() if operation.text is None else _answer(context, operation)

    return routes


def _answer(context: Context, operation: protocol.Operation) -> Response:
    asked = answers.asked(
        operation,
        request.headers.get("Accept"),
        version=context.store.version,
        base_iri=context.project.base_iri,
        limit_s=context.settings.query_timeout_s,
    )
    if request.method != "POST" and answers.matches(
        request.headers.get("If-None-Match"), asked.etag
    ):
        return Response(status=304, headers=asked.headers())
    answer = context.store.query(asked.query)
    return Response(answer.chunks, headers=asked.headers())


def _editor() -> Response:
    """Return the page with a form for a query."""
    chosen = protocol.choose_format(None, request.headers.get("Accept"), Kind.GRAPH, html=True)
    if chosen.name != "html":
        raise NotAcceptable("Without a query, this address answers with a page.")
    return Response(render_template("sparql.html", query=""), mimetype="text/html")
