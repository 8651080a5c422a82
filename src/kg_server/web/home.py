"""Home page, list of conflicts, list of vocabularies, and the terms that the editor completes."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from itertools import groupby
from urllib.parse import urlencode

from flask import Blueprint, Response, render_template, request
from rdflib import URIRef

from kg_server import canned
from kg_server.canned import Standing
from kg_server.errors import NotFound, Problem
from kg_server.formats import HTML, JSON, Kind
from kg_server.linked_data import vocabularies
from kg_server.project.profile import in_language
from kg_server.rdf import addresses
from kg_server.sparql import rewrite
from kg_server.web import api, citation, dataset
from kg_server.web.context import Context, document_format
from kg_server.web.pages import (
    claims,
    completion,
    overview,
    questions,
    results,
    schema_org,
    tables,
)
from kg_server.web.pages.layout import page_language, preferred_languages, translate
from kg_server.web.pages.terms import Labels

MOST_ROWS = 200
"""Most rows of an answer on the home page."""
_HINT = 40
"""Characters of the examples in the search field."""


@dataclass(frozen=True, slots=True)
class Section:
    """The answer of a canned query on the home page, as its view shows it."""

    name: str
    title: str
    href: str
    panels: tuple[results.Panel, ...] = ()
    series: tuple[str, ...] = ()
    cards: tuple[results.Card, ...] = ()
    table: tables.Table | None = None
    notes: tuple[str, ...] = ()
    problem: str = ""
    """The reason if there is no answer."""


def blueprint(context: Context) -> Blueprint:
    """Answer at ``/``, ``/conflicts``, ``/vocabularies`` and ``/completion.json``."""
    routes = Blueprint("pages", __name__)

    @routes.get("/")
    def start() -> Response:
        chosen = document_format()
        if not chosen.is_page:
            return dataset.negotiated(context, "", chosen)
        response = _page(context, _home(context))
        described = dataset.described(context, "")
        response.headers["Link"] = dataset.signposts(described, context)
        return response

    @routes.get("/conflicts")
    def conflicts() -> Response:
        if context.site.evidence is None or context.site.evidence.conflict is None:
            raise NotFound("This graph has no conflicts: its project names no class of them.")
        cited = citation.of(
            context, translate("Conflicts", page_language()), f"{context.address}conflicts"
        )
        accept = request.headers.get("Accept")
        if style := citation.asked(request.args.get("format"), accept):
            return citation.response(context, cited, style)
        labels = Labels(context.site, page_language())
        evidence = claims.all_conflicts(context.site)
        labels.load(evidence.terms())
        page = render_template(
            "conflicts.html",
            evidence=evidence,
            labels=labels,
            notes=claims.Notes(evidence),
            cited=cited,
            citation_links=citation.links("/conflicts"),
        )
        return _page(context, page, citation.today())

    @routes.get("/vocabularies")
    def every_vocabulary() -> Response:
        return _page(context, _vocabularies(context))

    @routes.get("/completion.json")
    def complete() -> Response:
        document = completion.document(context.site, context.description[0])
        # Each page with an editor loads it: no white space, which is a tenth of it.
        text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
        response = Response(text, content_type=JSON.media_type)
        return context.cacheable(response, context.etag(JSON))

    return routes


def _home(context: Context) -> str:
    language, site = page_language(), context.site
    languages = preferred_languages(language, site.languages)
    labels = Labels(site, language)
    answers = [(each, _answer(context, each, language)) for each in context.home]
    answered = [answer for _, answer in answers if isinstance(answer, tables.Result)]
    labels.load(
        [*context.overview.terms(), *(term for each in answered for term in tables.terms(each))]
    )
    classes = overview.shown(context.overview, labels)
    return render_template(
        "home.html",
        description=in_language(context.profile.description, languages),
        sections=_sections([_section(*each, labels) for each in answers]),
        classes=classes,
        hint=_hint([each.examples[0].text for each in classes if each.examples]),
        changed=context.changed(language),
        topics=questions.topics(context.queries.values(), language, context.profile.topics),
        examples=api.example(context)[2],
        schema_org=schema_org.of_dataset(
            dataset.described(context, ""), context.profile, context.address, languages
        ),
    )


def _vocabularies(context: Context) -> str:
    """Return the list of vocabularies, by the folders of their IRIs."""
    base_iri, labels = context.site.base_iri, Labels(context.site, page_language())
    labels.load([each.iri for each in context.vocabularies])
    folders = [
        (
            folder,
            [
                (
                    labels.show(URIRef(each.iri)),
                    addresses.local_path(vocabularies.document_iri(context.site, each), base_iri),
                    each.size,
                )
                for each in listed
            ],
        )
        for folder, listed in vocabularies.grouped(context.vocabularies).items()
    ]
    return render_template("vocabularies.html", folders=folders)


def _hint(names: list[str]) -> str:
    """Return as many first names as fit into a search field, up to three; skip long ones."""
    short = [each for each in names if len(each) <= _HINT]
    return next((hint for n in (3, 2, 1) if len(hint := ", ".join(short[:n])) <= _HINT), "")


def _answer(context: Context, standing: Standing, language: str) -> tables.Result | Problem:
    """Run a query of the home page, in the reader's language if it has the parameter ``lang``.

    Returns:
        The answer, or the problem with it: the rest of the page is shown without it.
    """
    query, given = standing.query, dict(standing.given)
    if any(each.name == canned.LANGUAGE for each in query.parameters):
        given.setdefault(canned.LANGUAGE, language)
    timeout_s = context.settings.query_timeout_s
    try:
        text = canned.bind(query, given.items(), context.names)
        if query.kind is Kind.BINDINGS:
            text = rewrite.page(text, MOST_ROWS + 1, 0)
        return tables.ask(
            context.store, text, context.site.base_iri, timeout_s=timeout_s, most=MOST_ROWS
        )
    except Problem as problem:
        return problem


def _section(standing: Standing, answer: tables.Result | Problem, labels: Labels) -> Section:
    given, name = standing.given, standing.query.name
    query = f"?{urlencode(given)}" if given else ""
    title = in_language(standing.title, preferred_languages(labels.language))
    href = f"/queries/{name}{query}"
    if isinstance(answer, Problem):
        return Section(name, title, href, problem=answer.detail)
    table = tables.table(answer, labels)
    is_part, table = table.total > len(table.terms), replace(table, total=len(table.terms))
    panels = results.panels(standing.view, table, labels)
    as_cards = standing.view[:1] == ("cards",)
    return Section(
        name=name,
        title=title,
        href=href,
        panels=panels,
        series=results.series(standing.view, table, labels),
        cards=results.cards(standing.view, table, given) if as_cards else (),
        table=None if panels or as_cards else results.readable(table),
        notes=results.notes(standing.view, table, panels, labels.language, is_part=is_part),
    )


def _sections(sections: list[Section]) -> list[list[Section]]:
    """Put neighbours with the same title under one heading."""
    return [list(group) for _, group in groupby(sections, key=lambda each: each.title)]


def _page(context: Context, page: str, *parts: object) -> Response:
    response = Response(page, content_type=HTML.content_type)
    return context.cacheable(response, context.etag(HTML, *parts))
