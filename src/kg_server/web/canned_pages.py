"""Pages of canned queries: the question with its form, its answer, and its chart as a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from flask import Response, render_template, request

from kg_server import canned, formats
from kg_server.canned import CannedQuery
from kg_server.canned.parameters import Lookup, meant
from kg_server.errors import BadRequest, NotAcceptable
from kg_server.formats import Format, Kind
from kg_server.sparql import protocol, rewrite
from kg_server.web import caching, citation, exports
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
from kg_server.web.paging import Pairs, window

PAGE_ROWS = 100
"""Rows of the HTML page if the request does not say."""
_PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
"""The policy of a chart as a file: its own style, no script, in no frame."""
_SVG = Format(name="svg", media_type="image/svg+xml", extension="svg", kinds=Kind.BINDINGS)
_OTHER_PAGES = ("prev", "next")


def answer_page(
    context: Context,
    query: CannedQuery,
    shown: Pairs,
    *,
    text: str,
    links: dict[str, str],
) -> Response:
    """Return the page of a question with its answer.

    Args:
        context: the application.
        query: the canned query.
        shown: the parameters of the page.
        text: the query to run, cut to the rows of the page.
        links: addresses of the other windows of rows.
    """
    values = dict(shown)
    labels = Labels(context.site, layout.page_language())
    limit_s = context.settings.query_timeout_s
    table = tables.answer(context.store, text, labels, timeout_s=limit_s)
    parameters = urlencode(shown)
    window = [pair for pair in request_pairs() if pair[0] in ("limit", "offset")]
    same_rows = f"?{urlencode([*shown, *window])}" if shown or window else ""
    page = render_template(
        "query.html",
        **_form(context, query, shown, labels=labels),
        **_answered(
            query, table, labels, values, is_part=not links.keys().isdisjoint(_OTHER_PAGES)
        ),
        text=text,
        links=links,
        picture=f"/queries/{query.name}.svg{same_rows}",
        cited=cite(context, query, shown),
        frame=embedding.iframe(
            f"{context.address}embed/queries/{query.name}{same_rows}",
            questions.title(query, labels.language),
        ),
        citation_links=citation.links(request.path, shown),
        examples=results.code(f"{context.address}queries/{query.name}", values),
        downloads=_downloads(query, parameters),
    )
    return Response(page, mimetype="text/html")


def _form(
    context: Context,
    query: CannedQuery,
    shown: Pairs,
    *,
    labels: Labels,
    problem: BadRequest | None = None,
) -> dict[str, Any]:
    """Return the parts of a query's page above the answer: question, fields, address."""
    return {
        "query": questions.question(query, labels.language),
        "fields": forms.fields(
            query, dict(shown), names=context.names, labels=labels, problem=problem
        ),
        "address": _address(context, query, shown),
    }


def form_again(context: Context, query: CannedQuery, shown: Pairs, problem: BadRequest) -> Response:
    """Answer a form that has a mistake: show it as it was filled in, with the field marked."""
    labels = Labels(context.site, layout.page_language())
    form = _form(context, query, shown, labels=labels, problem=problem)
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
    pairs = request_pairs()
    values = page_parameters(query, own_parameters(query, pairs, for_people=True), pairs)
    text = canned.bind(query, values, context.names)
    limit, offset = rows_window(query, reserved_parameters(pairs), html=True)
    most = min(limit or PAGE_ROWS, tables.MOST_ROWS)
    if query.kind is Kind.BINDINGS:
        text = rewrite.page(text, most + 1, offset)
    labels = Labels(context.site, layout.page_language())
    limit_s = context.settings.query_timeout_s
    table = tables.answer(context.store, text, labels, timeout_s=limit_s, most=most)
    is_part = offset > 0 or table.total > len(table.rows)
    table = replace(table, total=len(table.rows))
    shown = _answered(query, table, labels, dict(values), is_part=is_part)
    return AskedPage(shown, text, cite(context, query, values))


def picture(context: Context, query: CannedQuery) -> Response:
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
    response.headers["Content-Security-Policy"] = _PICTURE_POLICY
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


def cite(context: Context, query: CannedQuery, values: Pairs) -> Citation:
    """Return the citation of a question's page with these parameters."""
    title = questions.title(query, layout.page_language())
    named = with_labels(context, query, values)
    return citation.of_answer(context, title, _address(context, query, values), named)


def with_labels(context: Context, query: CannedQuery, values: Pairs) -> dict[str, str]:
    """Return the values of parameters, with labels in place of the codes of things."""
    parameters = {each.name: each for each in query.parameters}
    lookup = Lookup(context.names, query.prefixes)
    things = {
        name: iri
        for name, text in values
        if name in parameters and (iri := meant(parameters[name], text, lookup))
    }
    labels = Labels(context.site, layout.page_language())
    labels.load(things.values())
    return {name: labels.of(things[name]).text if name in things else x for name, x in values}


def _address(context: Context, query: CannedQuery, values: Pairs) -> str:
    parameters = urlencode(values)
    return f"{context.address}queries/{query.name}" + (f"?{parameters}" if parameters else "")


def own_parameters(query: CannedQuery, pairs: Pairs, *, for_people: bool) -> list[tuple[str, str]]:
    """Return the query's own parameters of a request.

    For people, ``lang`` also chooses the language of all words, and a form sends empty fields.
    """
    names = {each.name for each in query.parameters}
    own = [pair for pair in pairs if pair[0] not in canned.RESERVED]
    if for_people:
        own = [pair for pair in own if pair[1] and (pair[0] in names or pair[0] != "lang")]
    return own


def page_parameters(
    query: CannedQuery, own: list[tuple[str, str]], pairs: Pairs
) -> list[tuple[str, str]]:
    """Return the parameters of a page: those given, and its language.

    Without any, the page shows the example of the required parameters. A form that was sent counts
    as given, even if all its fields were empty.
    """
    parameters = {each.name: each for each in query.parameters}
    asked = any(name in parameters and name != "lang" for name, _ in pairs)
    needed = {
        name: text
        for name, text in query.example_without_defaults.items()
        if parameters[name].required
    }
    shown = own if asked else [*needed.items(), *own]
    if "lang" in parameters and not any(name == "lang" for name, _ in shown):
        shown = [*shown, ("lang", layout.page_language())]
    return shown


def reserved_parameters(pairs: Pairs) -> dict[str, str]:
    """Return the parameters of a request that no query may have as its own."""
    names = set(canned.RESERVED)
    return protocol.singles([pair for pair in pairs if pair[0] in names], names)


def rows_window(
    query: CannedQuery, reserved: dict[str, str], *, html: bool
) -> tuple[int | None, int]:
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


def request_pairs() -> list[tuple[str, str]]:
    """Return the parameters in the address of the present request."""
    return protocol.decode(request.query_string.decode("latin-1"))
