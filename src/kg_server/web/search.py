"""Search over HTTP: things by label, and suggestions while one types (OpenSearch 1.1)."""

from __future__ import annotations

import threading
import time
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, render_template, request

from kg_server import escaping, formats, work
from kg_server.errors import BadRequest, NotAcceptable
from kg_server.formats import HTML, JSON, Format, Kind
from kg_server.rdf import addresses
from kg_server.rdf.labels import fold
from kg_server.rdf.prefixes import local_name
from kg_server.search import building, columns
from kg_server.search.index import Hit, Index
from kg_server.sparql import protocol
from kg_server.web import reconcile
from kg_server.web.context import Context
from kg_server.web.pages import layout, questions, well_known

MAX_LIMIT = 100
MAX_TEXT = 500
"""Most characters of a text to search for."""

_WAYS_ON = 6
"""Number of names, questions and classes that a search without result offers."""
_WAIT_S, _LOOK_S = 2.0, 0.02
"""Longest wait of a request for the index, and the pause between two checks, seconds."""
_PARAMETERS = {"q", "type", "lang", "limit", "format"}
_SUGGESTIONS = "application/x-suggestions+json"
_DESCRIPTION = "application/opensearchdescription+xml"


class LazyIndex:
    """The search index: read if another process makes it, else made at the first search."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._lock = threading.Lock()
        self._index: Index | None = None

    def get(self) -> Index:
        """Return the index.

        Raises:
            Overloaded: the other process has not finished it.
        """
        if self._index is not None:
            return self._index
        if self._context.index:
            return self._shared(self._context.index)
        with work.locked(self._lock):
            if self._index is None:
                profile = self._context.profile
                self._index = building.build(
                    self._context.store, profile.text_properties, profile.languages
                )
            return self._index

    def _shared(self, path: str) -> Index:
        until = time.monotonic() + _WAIT_S
        while not (made := columns.read(path, self._context.store.version)):
            if time.monotonic() > until:
                raise work.overloaded("The search index is being made. Try again in a few seconds.")
            work.sleep(_LOOK_S)
        self._index = Index(made, self._context.profile.languages)
        return self._index


def blueprint(context: Context) -> Blueprint:
    """Answer at ``/search``, ``/search/suggest``, ``/opensearch.xml`` and ``/reconcile``."""
    routes = Blueprint("search", __name__)
    index = LazyIndex(context)

    @routes.get("/search")
    def find() -> Response:
        return _search(context, index.get())

    @routes.get("/search/suggest")
    def suggest() -> Response:
        return _suggest(context, index.get())

    @routes.get("/opensearch.xml")
    def describe() -> Response:
        xml = escaping.xml(render_template("opensearch.xml", address=context.address))
        response = Response(xml, content_type=_DESCRIPTION)
        return context.cacheable(response, context.etag(JSON))

    reconcile.register(routes, context, index.get)
    return routes


def result(hit: Hit, index: Index, base_iri: str, language: str) -> dict[str, Any]:
    """Return a hit as JSON clients read it; ``page`` is the path of its page."""
    kind = next((each for each in hit.types if index.label(each) != each), (*hit.types, None)[0])
    return {
        "iri": hit.iri,
        "label": hit.label,
        "lang": hit.language,
        "type": kind,
        "typeLabel": _name(kind, index, language) if kind else None,
        "types": list(hit.types),
        "isTerm": index.is_term(hit.iri),
        "matched": hit.matched,
        "score": round(hit.score, 1),
        "page": addresses.page_path(hit.iri, base_iri, is_term=index.is_term(hit.iri)),
    }


def _name(class_: str, index: Index, language: str) -> str:
    """Return the label of a class: that of the graph, or else that of a common vocabulary."""
    named = index.name(class_, language)
    is_labelled = index.label(class_, language) != class_
    return named if is_labelled else well_known.labels(language).get(class_, named)


def class_iri(name: str, index: Index) -> str:
    """Return the class that ``type=`` asks for: its IRI, or its local name in any case.

    Raises:
        BadRequest: the index has no instance of the class.
    """
    for each in index.types():
        if name == each or name.casefold() == local_name(each).casefold():
            return each
    names = ", ".join(sorted(local_name(each) for each in index.types()))
    raise BadRequest(
        f"Nothing here is of the type {name[:200]!r}. There are: {names}.", parameter="type"
    )


def _search(context: Context, index: Index) -> Response:
    parameters = _parameters()
    chosen = _choose(parameters.get("format"), request.headers.get("Accept"))
    if "q" not in parameters and chosen is JSON:
        raise BadRequest("The parameter 'q' is missing: the text to find.", parameter="q")
    base_iri = context.project.base_iri
    language = parameters.get("lang") or (layout.page_language() if chosen.is_page else "en")
    hits = _hits(parameters, index, language)
    results = [result(hit, index, base_iri, language) for hit in hits]
    document = {"query": parameters.get("q", ""), "results": results}
    if chosen.is_page:
        results = [_plain(each, parameters.get("q", "")) for each in results]
        terms = [each for each in results if each["isTerm"]]
        page = render_template(
            "search.html",
            query=parameters.get("q", ""),
            results=[each for each in results if not each["isTerm"]],
            terms=terms,
            questions=_questions(context, parameters.get("q", ""), language),
            **({} if results else _ways_on(context, index, parameters.get("q", ""), language)),
        )
        response = Response(page, mimetype="text/html")
    else:
        response = context.json(document)
    return context.cacheable(response, context.etag(chosen, parameters, language))


def _plain(result: dict[str, Any], text: str) -> dict[str, Any]:
    """Return a result for a page: no other text is shown if the label has all words searched."""
    label = fold(result["label"])
    has_all = all(word in label for word in fold(text).split())
    return {**result, "matched": result["label"]} if has_all else result


def _questions(context: Context, text: str, language: str) -> list[tuple[str, str]]:
    """Return title and address of the canned queries that have every word of a text."""
    words = fold(text).split()
    return [
        (questions.title(query, language), f"/queries/{query.name}")
        for query in context.queries.values()
        for texts in (fold(" ".join((*query.titles.values(), *query.descriptions.values()))),)
        if words and all(word in texts for word in words)
    ][:_WAYS_ON]


def _ways_on(context: Context, index: Index, text: str, language: str) -> dict[str, Any]:
    """Return links for a search without results: things with similar names, questions, classes."""
    base_iri, general = context.project.base_iri, well_known.labels(language)
    return {
        "nearest": [
            result(hit, index, base_iri, language)
            for hit in index.nearest(text, _WAYS_ON, language)
        ],
        "others": [
            (questions.title(query, language), f"/queries/{query.name}")
            for query in list(context.queries.values())[:_WAYS_ON]
        ],
        "classes": [
            (_name(each, index, language), f"/things/?{urlencode({'class': each})}")
            for each in sorted(index.commonest(4 * _WAYS_ON), key=general.__contains__)
            if not index.is_term(each) or index.label(each) != each
        ][:_WAYS_ON],
    }


def _suggest(context: Context, index: Index) -> Response:
    """Answer the search field of a browser: text, completions, descriptions, addresses."""
    parameters = _parameters()
    hits = _hits(parameters, index, parameters.get("lang") or "en", texts=False)
    base_iri = context.project.base_iri
    results = [result(hit, index, base_iri, parameters.get("lang") or "en") for hit in hits]
    document = [
        parameters.get("q", ""),
        [each["matched"] for each in results],
        [each["typeLabel"] or "" for each in results],
        [addresses.absolute(each["page"], context.address) for each in results],
    ]
    response = context.json(document, media_type=_SUGGESTIONS)
    return context.cacheable(response, context.etag(JSON, sorted(parameters.items())))


def _parameters() -> dict[str, str]:
    pairs = protocol.decode(request.query_string.decode("latin-1"))
    return protocol.singles(pairs, _PARAMETERS)


def _hits(
    parameters: dict[str, str], index: Index, language: str, *, texts: bool = True
) -> list[Hit]:
    text, limit = parameters.get("q", ""), parameters.get("limit", "20")
    if len(text) > MAX_TEXT:
        raise BadRequest(
            f"The text in the parameter 'q' has over {MAX_TEXT} characters.", parameter="q"
        )
    most = protocol.whole_number(limit, "limit", 1, MAX_LIMIT)
    types = frozenset([class_iri(parameters["type"], index)]) if parameters.get("type") else None
    return index.search(text, types=types, language=language.lower(), limit=most, texts=texts)


def _choose(name: str | None, accept: str | None) -> Format:
    """Choose between the page and JSON.

    Raises:
        NotAcceptable: the client takes neither.
    """
    if name is not None:
        if name in ("json", "html"):
            return JSON if name == "json" else HTML
        raise NotAcceptable(f"There is no format {name[:80]!r} here. Can produce: json, html.")
    chosen = formats.negotiate(accept, Kind.BOOLEAN, html=True)
    if chosen.is_page:
        return HTML
    if chosen.name == "json":
        return JSON
    raise NotAcceptable(
        "None of the media types in Accept is offered. Can produce: application/json, text/html."
    )
