"""The read part of the Graph Store Protocol (SPARQL 1.1 Graph Store HTTP Protocol §4, §5.2)."""

from __future__ import annotations

from flask import Blueprint, Response, request

from kg_server.errors import BadRequest, NotFound
from kg_server.formats import Kind
from kg_server.sparql import protocol
from kg_server.sparql.query import Dataset, Query
from kg_server.web.context import Context

_PARAMETERS = ("graph", "default", "format")
_ALL = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"


def blueprint(context: Context) -> Blueprint:
    """Answer at ``/graphs?graph=IRI``, ``/graphs?default``, and at each graph's own path."""
    routes = Blueprint("graphs", __name__)

    @routes.get("/graphs")
    def indirect() -> Response:
        pairs = protocol.decode(request.query_string.decode("latin-1"))
        single = protocol.singles(protocol.known(pairs, _PARAMETERS), _PARAMETERS)
        if ("graph" in single) == ("default" in single):
            raise BadRequest("Name one graph: ?default or ?graph=IRI.")
        name = single.get("graph")
        if name is not None:
            protocol.absolute_iri(name, "graph")
        return _graph(context, name, single.get("format"))

    @routes.get("/graph/<path:name>")
    def direct(name: str) -> Response:
        return _graph(
            context, f"{context.project.base_iri}graph/{name}", request.args.get("format")
        )

    return routes


def _graph(context: Context, name: str | None, format_name: str | None) -> Response:
    """Return one graph; the default graph without a name."""
    if name is not None and name not in context.store.graph_names():
        raise NotFound(f"There is no graph {name}. /graphs?default is the default graph.")
    chosen = protocol.choose_format(format_name, request.headers.get("Accept"), Kind.GRAPH)
    dataset = Dataset() if name is None else Dataset(default_graphs=(name,))
    limit_s = context.settings.query_timeout_s
    response = context.answer(Query(_ALL, chosen, dataset=dataset, timeout_s=limit_s))
    return context.cacheable(response, context.etag(chosen, name))
