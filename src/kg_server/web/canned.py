"""Canned queries over HTTP: a list, and for each query its answer, its page and its source."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, render_template, request

from kg_server import canned, formats
from kg_server.canned import CannedQuery
from kg_server.canned.parameters import Context as Readings
from kg_server.canned.parameters import Parameter, meant
from kg_server.description.queries import as_graph
from kg_server.errors import BadRequest, NotAcceptable
from kg_server.formats import JSON, Format, Kind
from kg_server.rdf import transcode
from kg_server.sparql import protocol, rewrite
from kg_server.sparql.query import Query
from kg_server.web import caching, citation, exports, responses
from kg_server.web.citation import Citation
from kg_server.web.context import Context
from kg_server.web.pages import (
    charts,
    embedding,
    forms,
    layout,
    questions,
    results,
    standalone,
    tables,
)
from kg_server.web.pages.terms import Labels

Pairs = Sequence[tuple[str, str]]

SOURCE = "application/sparql-query"
MAX_LIMIT = 100_000
PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
"""The policy of a chart as a file: its own style, no script, in no frame."""
_SVG = Format("svg", "image/svg+xml", "svg", Kind.BINDINGS)
_NO_QUERIES = b"# This project has no canned queries.\n"
"""Content of the list in a syntax in which it would be empty; all of these have such comments."""
_OTHER_PAGES = ("prev", "next")
PAGE_ROWS = 100
"""Rows of the HTML page if the request does not say."""


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
            return _picture(context, query)
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
            "example": f"{address}queries/{query.name}?{urlencode(example(query))}",
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


def example(query: CannedQuery) -> dict[str, str]:
    """Return the values of the query's example, but for what has a default."""
    defaults = {each.name for each in query.parameters if each.default is not None}
    return {name: text for name, text in query.example.items() if name not in defaults}


def page_links(path: str, pairs: Pairs, limit: int, offset: int, rows: int) -> dict[str, str]:
    """Return the addresses of the first, previous, next and last page (RFC 8288, RFC 5988 §5).

    >>> page_links("/queries/x", [], 10, 10, 25)["last"]
    '/queries/x?limit=10&offset=20'
    """
    last = max(rows - 1, 0) // limit * limit
    offsets = {"first": 0, "last": last}
    if offset > 0:
        offsets["prev"] = max(0, min(offset - limit, last))
    if offset + limit < rows:
        offsets["next"] = offset + limit
    kept = [(name, value) for name, value in pairs if name not in ("limit", "offset")]
    return {
        relation: f"{path}?{urlencode([*kept, ('limit', limit), ('offset', start)])}"
        for relation, start in offsets.items()
    }


def _list(context: Context) -> Response:
    queries = context.queries
    pairs = _pairs()
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
        content = b"".join(transcode.write(graph, syntax, context.site.prefixes)) or _NO_QUERIES
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
    body = b"".join(transcode.write(statements, form, context.site.prefixes))
    response = Response(body, content_type=form.content_type)
    _add_links(response, query, {})
    return context.cacheable(response, context.etag(form, query.source))


def _source(context: Context, query: CannedQuery) -> Response:
    response = Response(query.source, content_type=f"{SOURCE}; charset=utf-8")
    source = Format("rq", SOURCE, "rq", query.kind)
    return context.cacheable(response, context.etag(source, query.source))


def _answer(context: Context, query: CannedQuery, extension: str | None) -> Response:
    pairs = _pairs()
    reserved = _reserved(pairs)
    name = extension or reserved.get("format")
    if form := citation.asked(name, request.headers.get("Accept")):
        return _citation(context, query, pairs, form)
    chosen = _choose(query, name, labels=reserved.get("labels") == "1")
    is_export = chosen in exports.FORMATS.values()
    own = _own(query, pairs, for_people=chosen.is_page or is_export)
    limit, offset = _window(query, reserved, html=chosen.is_page)
    shown = _shown(query, own, pairs) if chosen.is_page else own
    try:
        text = canned.bind(query, shown, context.names)
    except BadRequest as problem:
        if chosen.is_page and forms.is_about(problem, query):
            return _form_again(context, query, shown, problem)
        raise
    cut = rewrite.page(text, limit, offset) if query.kind is Kind.BINDINGS else text
    dated = (layout.page_language(), citation.today()) if is_export or chosen.is_page else ()
    etag = context.etag(chosen, cut, pairs, *dated)
    if responses.matches(request.headers.get("If-None-Match"), etag):
        return context.cacheable(Response(), etag)
    links = _links(context, text, pairs, limit, offset)
    if chosen.is_page:
        response = _page(context, query, shown, cut, links)
    elif is_export:
        title = questions.title(query, layout.page_language())
        about = exports.about(context, title, _named(context, query, own))
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
    values = _shown(query, _own(query, pairs, for_people=True), pairs)
    canned.bind(query, values, context.names)
    return citation.response(context, _cited(context, query, values), form)


def _cited(context: Context, query: CannedQuery, values: Pairs) -> Citation:
    """Return the citation of a question's page with these parameters."""
    title = questions.title(query, layout.page_language())
    named = _named(context, query, values)
    return citation.of_answer(context, title, _address(context, query, values), named)


def _named(context: Context, query: CannedQuery, values: Pairs) -> dict[str, str]:
    """Return the values of parameters, with labels in place of the codes of things."""
    parameters = {each.name: each for each in query.parameters}
    readings = Readings(context.names, query.prefixes)
    things = {
        name: iri
        for name, text in values
        if name in parameters and (iri := meant(parameters[name], text, readings))
    }
    labels = Labels(context.site, layout.page_language())
    labels.load(things.values())
    return {name: labels.of(things[name]).text if name in things else x for name, x in values}


def _address(context: Context, query: CannedQuery, values: Pairs) -> str:
    parameters = urlencode(values)
    return f"{context.address}queries/{query.name}" + (f"?{parameters}" if parameters else "")


def _choose(query: CannedQuery, name: str | None, *, labels: bool) -> Format:
    """Choose the format of an answer.

    Raises:
        NotAcceptable: there is none that the client takes.
    """
    accept = request.headers.get("Accept")
    export = exports.asked(name, accept, labels=labels) if query.kind is Kind.BINDINGS else None
    return export or protocol.choose_format(name, accept, query.kind, html=True)


def _own(query: CannedQuery, pairs: Pairs, *, for_people: bool) -> list[tuple[str, str]]:
    """Return the query's own parameters of a request.

    For people, ``lang`` also chooses the language of all words, and a form sends empty fields.
    """
    names = {each.name for each in query.parameters}
    own = [pair for pair in pairs if pair[0] not in canned.RESERVED]
    if for_people:
        own = [pair for pair in own if pair[1] and (pair[0] in names or pair[0] != "lang")]
    return own


def _shown(query: CannedQuery, own: list[tuple[str, str]], pairs: Pairs) -> list[tuple[str, str]]:
    """Return the parameters of a page: those given, and its language.

    A page that was asked for without any shows the example of the parameters that are needed. A
    form that was sent has asked, even if all its fields were empty.
    """
    parameters = {each.name: each for each in query.parameters}
    asked = any(name in parameters and name != "lang" for name, _ in pairs)
    needed = {name: text for name, text in example(query).items() if parameters[name].required}
    shown = own if asked else [*needed.items(), *own]
    if "lang" in parameters and not any(name == "lang" for name, _ in shown):
        shown = [*shown, ("lang", layout.page_language())]
    return shown


def _reserved(pairs: Pairs) -> dict[str, str]:
    """Return the parameters of a request that no query may have as its own."""
    names = set(canned.RESERVED)
    return protocol.singles([pair for pair in pairs if pair[0] in names], names)


def _window(query: CannedQuery, reserved: dict[str, str], *, html: bool) -> tuple[int | None, int]:
    """Return limit and offset of a request.

    Raises:
        BadRequest: one is no number in its range, or the answer has no rows to cut.
    """
    if query.kind is not Kind.BINDINGS:
        for name in ("limit", "offset"):
            if name in reserved:
                raise BadRequest(f"The answer has no rows, so no {name}.", parameter=name)
        return None, 0
    return window(reserved, PAGE_ROWS if html else None)


def window(reserved: Mapping[str, str], default: int | None) -> tuple[int | None, int]:
    """Return ``limit``, which has a default, and ``offset``.

    Raises:
        BadRequest: one is not a whole number in its range.
    """
    limit, offset = reserved.get("limit"), reserved.get("offset", "0")
    return (
        default if limit is None else protocol.whole_number(limit, "limit", 1, MAX_LIMIT),
        protocol.whole_number(offset, "offset", 0, 10**9),
    )


def _links(
    context: Context, text: str, pairs: Pairs, limit: int | None, offset: int
) -> dict[str, str]:
    if limit is None:
        return {}
    json_ = formats.named("json", Kind.BINDINGS)
    counted = context.store.query(_query(context, rewrite.counting(text), json_)).read()
    rows = int(json.loads(counted)["results"]["bindings"][0]["rows"]["value"])
    return page_links(request.path, pairs, limit, offset, rows)


def _query(context: Context, text: str, chosen: Format) -> Query:
    timeout_s = context.settings.query_timeout_s
    return Query(text, chosen, context.project.base_iri, timeout_s=timeout_s)


def _page(
    context: Context,
    query: CannedQuery,
    shown: Pairs,
    text: str,
    links: dict[str, str],
) -> Response:
    values = dict(shown)
    labels = Labels(context.site, layout.page_language())
    limit_s = context.settings.query_timeout_s
    table = tables.answer(context.store, text, labels, timeout_s=limit_s)
    parameters = urlencode(shown)
    window = [pair for pair in _pairs() if pair[0] in ("limit", "offset")]
    same_rows = f"?{urlencode([*shown, *window])}" if shown or window else ""
    page = render_template(
        "query.html",
        **_form(context, query, shown, labels),
        **_answered(
            query, table, labels, values, is_part=not links.keys().isdisjoint(_OTHER_PAGES)
        ),
        text=text,
        links=links,
        picture=f"/queries/{query.name}.svg{same_rows}",
        cited=_cited(context, query, shown),
        frame=embedding.iframe(
            f"{context.address}embed/queries/{query.name}{same_rows}",
            questions.title(query, labels.language),
        ),
        citation_links=citation.links(request.path, shown),
        examples=results.code(f"{context.address}queries/{query.name}", values),
        downloads=_downloads(query, parameters),
    )
    return Response(page, mimetype="text/html")


def _answered(
    query: CannedQuery,
    table: tables.Table,
    labels: Labels,
    values: Mapping[str, str],
    *,
    is_part: bool,
) -> dict[str, Any]:
    """Return an answer as its view shows it.

    ``is_part`` says that the answer has more rows than the table.
    """
    seen, same = tables.compact(results.readable(tables.arranged(table)))
    panels = results.panels(query.view, table, labels)
    notes = results.notes(query.view, table, panels, labels.language, is_part=is_part)
    return {
        "table": seen,
        "same": [(tables.named_column(name, labels), cell) for name, cell in same],
        "headings": {name: tables.named_column(name, labels) for name in seen.columns},
        "panels": panels,
        "notes": notes,
        "cards": results.cards(query.view, table, values) if query.view[:1] == ("cards",) else (),
        "series": results.series(query.view, table, labels),
    }


@dataclass(frozen=True, slots=True)
class AskedPage:
    """The answer that a question's page shows: as templates read it, the query, its citation."""

    shown: dict[str, Any]
    text: str
    cited: Citation


def asked_page(context: Context, query: CannedQuery) -> AskedPage:
    """Return the page of the answer that the parameters of the present request ask for."""
    pairs = _pairs()
    values = _shown(query, _own(query, pairs, for_people=True), pairs)
    text = canned.bind(query, values, context.names)
    limit, offset = _window(query, _reserved(pairs), html=True)
    most = min(limit or PAGE_ROWS, tables.MOST_ROWS)
    if query.kind is Kind.BINDINGS:
        text = rewrite.page(text, most + 1, offset)
    labels = Labels(context.site, layout.page_language())
    limit_s = context.settings.query_timeout_s
    table = tables.answer(context.store, text, labels, timeout_s=limit_s, most=most)
    is_part = offset > 0 or table.total > len(table.rows)
    table = replace(table, total=len(table.rows))
    shown = _answered(query, table, labels, dict(values), is_part=is_part)
    return AskedPage(shown, text, _cited(context, query, values))


def _picture(context: Context, query: CannedQuery) -> Response:
    """Answer with the charts of a question's page, as one SVG.

    Raises:
        NotAcceptable: the question has no chart, or nothing in its answer can be drawn.
    """
    asked, language = asked_page(context, query), layout.page_language()
    panels, table, cited = asked.shown["panels"], asked.shown["table"], asked.cited
    if not panels:
        view = query.view[0] if query.view else "table"
        raise NotAcceptable(
            f"There is no chart of this answer: its view is {view!r}, and {table.total} rows were "
            f"found. The page is at /queries/{query.name}, the rows at /queries/{query.name}.csv."
        )
    figures = []
    for number, panel in enumerate(panels, 1):
        named = f"{cited.title}, {panel.title}" if panel.title else cited.title
        drawn = render_template("_figure.html", panel=panel, title=named, id=f"chart-{number}")
        keys = _keys(panel, asked.shown["series"], language)
        figures.append(standalone.Figure(drawn, panel.title or "", keys))
    content = standalone.picture(
        figures,
        cited.title,
        source=[*asked.shown["notes"], cited.source(language), cited.address],
        address=cited.address,
        language=language,
    )
    response = Response(content, content_type="image/svg+xml")
    response.headers["Content-Security-Policy"] = PICTURE_POLICY
    name = f"{query.name}-{cited.version[:8]}.svg"
    response.headers["Content-Disposition"] = f'inline; filename="{name}"'
    response.vary.update(("Accept-Language", "Cookie"))
    return context.cacheable(response, context.etag(_SVG, asked.text, language, citation.today()))


def _keys(panel: results.Panel, series: Sequence[str], language: str) -> tuple[standalone.Key, ...]:
    """Return the legend of a chart: its colours, and the standings that occur."""
    chart = panel.chart
    drawn = chart.colours if isinstance(chart, charts.Chart) else frozenset()
    names = [pair for pair in enumerate(series, 1) if pair[0] in drawn]
    colours = [standalone.Key(name, number) for number, name in names]
    standings = chart.standings if isinstance(chart, charts.Chart) else ()
    grey = 0 if colours else 1
    looks = {
        "disputed": ("disputed", "hatched"),
        "accepted": ("accepted", "full"),
        "unknown": ("standing not stated", "faint"),
    }
    named = [looks.get(each, ("background", "hollow")) for each in standings]
    filled = [standalone.Key(layout.translate(text, language), grey, look) for text, look in named]
    return (*colours, *filled)


def _form(
    context: Context,
    query: CannedQuery,
    shown: Pairs,
    labels: Labels,
    problem: BadRequest | None = None,
) -> dict[str, Any]:
    """Return the parts of a query's page above the answer: question, fields, address."""
    return {
        "query": questions.question(query, labels.language),
        "fields": forms.fields(query, dict(shown), context.names, labels, problem),
        "address": _address(context, query, shown),
    }


def _form_again(
    context: Context, query: CannedQuery, shown: Pairs, problem: BadRequest
) -> Response:
    """Answer a form that has a mistake: show it as it was filled in, with the field marked."""
    labels = Labels(context.site, layout.page_language())
    form = _form(context, query, shown, labels, problem)
    page = render_template("query.html", **form, table=None, links={})
    response = Response(page, problem.status, mimetype="text/html")
    response.headers["Cache-Control"] = caching.NEVER
    return response


def _downloads(query: CannedQuery, parameters: str) -> list[tuple[str, str, str]]:
    """Return name, media type and address of each format, those for people first."""
    path, more = f"/queries/{query.name}", f"&{parameters}" if parameters else ""
    people = (("CSV", exports.LABELLED), ("XLSX", exports.XLSX), ("Markdown", exports.MARKDOWN))
    rows = (*people, ("JSON", exports.ROWS)) if query.kind is Kind.BINDINGS else ()
    own = formats.of_kind(query.kind)
    return [
        *((name, each.media_type, f"{path}?format={each.name}{more}") for name, each in rows),
        *(
            (f"SPARQL {each.extension.upper()}", each.media_type, address)
            for each in own
            for address in (f"{path}.{each.extension}" + (f"?{parameters}" if parameters else ""),)
        ),
    ]


def _add_links(response: Response, query: CannedQuery, links: dict[str, str]) -> None:
    values = [f'<{address}>; rel="{relation}"' for relation, address in sorted(links.items())]
    values.append(f'</queries/{query.name}.rq>; rel="describedby"; type="{SOURCE}"')
    response.headers["Link"] = ", ".join(values)


def _pairs() -> list[tuple[str, str]]:
    return protocol.decode(request.query_string.decode("latin-1"))
