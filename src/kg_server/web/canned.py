"""Canned queries over HTTP: the list, and the answer, description and source of each."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, render_template, request

from kg_server import canned, formats
from kg_server.canned import CannedQuery
from kg_server.canned.parameters import Parameter
from kg_server.description.queries import as_graph
from kg_server.errors import BadRequest, NotAcceptable
from kg_server.formats import JSON, Format, Kind
from kg_server.linked_data import serialize
from kg_server.rdf import transcode
from kg_server.sparql import protocol, rewrite
from kg_server.sparql.query import Query
from kg_server.web import canned_pages, citation, exports, responses
from kg_server.web.context import Context
from kg_server.web.pages import forms, layout, questions
from kg_server.web.paging import Pairs, page_links

SOURCE = "application/sparql-query"
_NO_QUERIES = b"# This project has no canned queries.\n"
"""Content of the list in a syntax in which it would be empty; all of these have such comments."""


def blueprint(context: Context) -> Blueprint:
    """Answer at ``/queries/`` and ``/queries/<name>``, with an extension or without."""
    routes = Blueprint("canned", __name__)

    @routes.get("/queries/")
    def every() -> Response:
        return _list(context)

    @routes.get("/queries/<name>")
    def one(name: str) -> Response:
        stem, _, extension = name.partition(".")
        query = canned.find(context.queries, stem)
        if extension == "rq":
            return _source(context, query)
        if "svg" in (extension, request.args.get("format")):
            return canned_pages.picture(context, query)
        if form := _description_format(query, extension or request.args.get("format")):
            return _description(context, query, form)
        return _answer(context, query, extension or None)

    return routes


def listing(queries: dict[str, CannedQuery], address: str) -> list[dict[str, Any]]:
    """Return what JSON clients read of every query."""
    return [
        {
            "name": query.name,
            "url": f"{address}queries/{query.name}",
            "title": dict(query.titles),
            "description": query.description,
            "descriptions": dict(query.descriptions),
            "result": query.result,
            "results": dict(query.results),
            "tags": list(query.tags),
            "view": list(query.view),
            "parameters": [field(each) for each in query.parameters],
            "example": f"{address}queries/{query.name}?{urlencode(query.example_without_defaults)}",
        }
        for query in queries.values()
    ]


def field(parameter: Parameter, value: str | None = None) -> dict[str, Any]:
    """Return one parameter as JSON clients and the form read it."""
    return {
        "name": parameter.name,
        "type": parameter.type,
        "meaning": parameter.meaning,
        "takes": parameter.takes,
        "required": parameter.required,
        "default": parameter.default,
        "example": parameter.example,
        "choices": list(parameter.choices),
        "of": parameter.of or None,
        "input": {"date": "date", "integer": "number", "iri": "url"}.get(parameter.type, "text"),
        "value": value,
    }


def _list(context: Context) -> Response:
    queries = context.queries
    pairs = canned_pages.request_pairs()
    name = protocol.singles(pairs, {"format", "lang"}).get("format")
    chosen = _choose_listing(name, request.headers.get("Accept"))
    base_iri = context.project.base_iri
    if chosen.is_page:
        content: str | bytes = render_template(
            "queries.html",
            topics=questions.topics(
                queries.values(), layout.page_language(), context.profile.topics
            ),
        )
    elif chosen.name == "json":
        document = {"queries": listing(queries, context.address)}
        content = json.dumps(document, ensure_ascii=False, indent=1) + "\n"
    else:
        graph = transcode.triples([as_graph(queries, base_iri, context.names)])
        syntax = formats.named(chosen.name, Kind.GRAPH)
        content = serialize.flat(graph, syntax, context.site.prefixes) or _NO_QUERIES
    response = Response(content, content_type=chosen.content_type)
    return context.cacheable(response, context.etag(chosen, pairs))


def _choose_listing(name: str | None, accept: str | None) -> Format:
    """Choose the format of the list: a page, plain JSON, or any RDF syntax.

    Raises:
        NotAcceptable: there is none that the client takes.
    """
    if name == "json":
        return JSON
    chosen = protocol.choose_format(name, accept, Kind.GRAPH, html=True)
    return JSON if chosen.media_type == JSON.media_type else chosen


def _description_format(query: CannedQuery, name: str | None) -> Format | None:
    """Return the RDF syntax in which the query itself is to be described; ``None`` for its answer.

    An IRI of a query names the query: in RDF, it is described.
    """
    if query.kind is Kind.GRAPH:
        return None
    with suppress(NotAcceptable):
        if name:
            with suppress(NotAcceptable):
                formats.named(name, query.kind, html=True)
                return None
            return formats.named(name, Kind.GRAPH)
        accept = request.headers.get("Accept")
        chosen = formats.negotiate(accept, query.kind | Kind.GRAPH, html=True)
        return chosen if chosen.kinds is Kind.GRAPH else None
    return None


def _description(context: Context, query: CannedQuery, form: Format) -> Response:
    """Answer with the description of a query as a SHACL-AF executable."""
    described = as_graph({query.name: query}, context.project.base_iri, context.names)
    statements = transcode.triples([described])
    body = serialize.flat(statements, form, context.site.prefixes)
    response = Response(body, content_type=form.content_type)
    _add_links(response, query, {})
    return context.cacheable(response, context.etag(form, query.source))


def _source(context: Context, query: CannedQuery) -> Response:
    response = Response(query.source, content_type=f"{SOURCE}; charset=utf-8")
    source = Format(name="rq", media_type=SOURCE, extension="rq", kinds=query.kind)
    return context.cacheable(response, context.etag(source, query.source))


def _answer(context: Context, query: CannedQuery, extension: str | None) -> Response:
    pairs = canned_pages.request_pairs()
    reserved = canned_pages.reserved_parameters(pairs)
    name = extension or reserved.get("format")
    if form := citation.asked(name, request.headers.get("Accept")):
        return _citation(context, query, pairs, form)
    chosen = _choose(query, name, labels=reserved.get("labels") == "1")
    is_export = chosen in exports.FORMATS.values()
    own = canned_pages.own_parameters(query, pairs, for_people=chosen.is_page or is_export)
    limit, offset = canned_pages.rows_window(query, reserved, html=chosen.is_page)
    shown = canned_pages.page_parameters(query, own, pairs) if chosen.is_page else own
    try:
        text = canned.bind(query, shown, context.names)
    except BadRequest as problem:
        if chosen.is_page and forms.is_about(problem, query):
            return canned_pages.form_again(context, query, shown, problem)
        raise
    cut = rewrite.page(text, limit, offset) if query.kind is Kind.BINDINGS else text
    dated = (layout.page_language(), citation.today()) if is_export or chosen.is_page else ()
    etag = context.etag(chosen, cut, pairs, *dated)
    if responses.matches(request.headers.get("If-None-Match"), etag):
        return context.cacheable(Response(), etag)
    links = _links(context, text, pairs, limit=limit, offset=offset)
    if chosen.is_page:
        response = canned_pages.answer_page(context, query, shown, text=cut, links=links)
    elif is_export:
        title = questions.title(query, layout.page_language())
        about = exports.about(context, title, canned_pages.with_labels(context, query, own))
        json_query = _query(context, cut, formats.named("json", Kind.BINDINGS))
        response = exports.response(context, json_query, chosen, about)
    else:
        response = context.answer(_query(context, cut, chosen))
        filename = f"{query.name}.{chosen.extension}"
        response.headers["Content-Disposition"] = f'inline; filename="{filename}"'
    _add_links(response, query, links)
    return context.cacheable(response, etag)


def _citation(context: Context, query: CannedQuery, pairs: Pairs, form: Format) -> Response:
    """Answer with the citation of a question's page; the query is not run."""
    values = canned_pages.page_parameters(
        query, canned_pages.own_parameters(query, pairs, for_people=True), pairs
    )
    canned.bind(query, values, context.names)
    return citation.response(context, canned_pages.cite(context, query, values), form)


def _choose(query: CannedQuery, name: str | None, *, labels: bool) -> Format:
    """Choose the format of an answer.

    Raises:
        NotAcceptable: there is none that the client takes.
    """
    accept = request.headers.get("Accept")
    export = exports.asked(name, accept, labels=labels) if query.kind is Kind.BINDINGS else None
    return export or protocol.choose_format(name, accept, query.kind, html=True)


def _links(
    context: Context, text: str, pairs: Pairs, *, limit: int | None, offset: int
) -> dict[str, str]:
    if limit is None:
        return {}
    json_ = formats.named("json", Kind.BINDINGS)
    counted = context.store.query(_query(context, rewrite.counting(text), json_)).read()
    rows = int(json.loads(counted)["results"]["bindings"][0]["rows"]["value"])
    return page_links(request.path, pairs, limit=limit, offset=offset, rows=rows)


def _query(context: Context, text: str, chosen: Format) -> Query:
    timeout_s = context.settings.query_timeout_s
    return Query(text, chosen, context.project.base_iri, timeout_s=timeout_s)


def _add_links(response: Response, query: CannedQuery, links: dict[str, str]) -> None:
    values = [f'<{address}>; rel="{relation}"' for relation, address in sorted(links.items())]
    values.append(f'</queries/{query.name}.rq>; rel="describedby"; type="{SOURCE}"')
    response.headers["Link"] = ", ".join(values)
