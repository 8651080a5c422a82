"""The Flask application.

A protocol is a module of this package with ``blueprint(context)``; ``create_app`` puts them
together and is the only place that turns problems into responses.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Flask, Response, render_template, request
from jinja2 import StrictUndefined
from werkzeug.exceptions import HTTPException
from werkzeug.exceptions import MethodNotAllowed as WrongMethod
from werkzeug.exceptions import RequestEntityTooLarge as TooLarge
from werkzeug.http import parse_etags

from kg_server import errors, escaping, formats
from kg_server.config import NEUTRAL_BASE_IRI
from kg_server.errors import NotAcceptable, Problem
from kg_server.formats import Kind
from kg_server.linked_data import vocabularies
from kg_server.project import Project
from kg_server.rdf import addresses
from kg_server.web import (
    about,
    api,
    caching,
    canned,
    dataset,
    embed,
    graphs,
    home,
    openapi,
    ops,
    parameters,
    problems,
    resources,
    search,
    sparql,
    things,
    validation,
)
from kg_server.web.context import Context
from kg_server.web.forms import FormRequest
from kg_server.web.pages import charts, details, layout
from kg_server.web.pages.terms import Labels
from kg_server.web.responses import COMMON_HEADERS

log = logging.getLogger(__name__)

PROTOCOLS: tuple[Callable[[Context], Blueprint], ...] = (
    sparql.blueprint,
    graphs.blueprint,
    canned.blueprint,
    search.blueprint,
    openapi.blueprint,
    resources.blueprint,
    dataset.blueprint,
    ops.blueprint,
    problems.blueprint,
    home.blueprint,
    things.blueprint,
    embed.blueprint,
    about.blueprint,
    api.blueprint,
    validation.blueprint,
)
"""The blueprints of this package: one module a protocol."""

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)

_IF_MATCH = "kg_server.if_match"


def create_app(context: Context) -> Flask:
    """Put the application together.

    Args:
        context: the store that is served, the project it holds, and how the server behaves.

    Returns:
        A WSGI application (Flask).
    """
    app = Flask(__name__, template_folder="pages/templates", static_folder="pages/static")
    app.request_class = FormRequest
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.filters["longest"] = lambda text: max(map(len, text.split()), default=0)
    app.jinja_env.policies["json.dumps_kwargs"] = {"ensure_ascii": False}
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.url_map.redirect_defaults = False
    app.url_map.merge_slashes = False  # a name may have two in a row
    app.config["MAX_CONTENT_LENGTH"] = context.settings.max_body_bytes
    app.config["MAX_FORM_MEMORY_SIZE"] = context.settings.max_body_bytes
    layout.init_app(app, lambda: frame(context))
    app.context_processor(lambda: _served(context))
    for blueprint in PROTOCOLS:
        app.register_blueprint(blueprint(context))
    app.register_error_handler(Problem, lambda problem: answer(problem, context))
    app.register_error_handler(HTTPException, lambda error: answer(_translate(error), context))
    app.register_error_handler(Exception, lambda error: answer(_unforeseen(error), context))
    app.before_request(_put_if_match_aside)
    app.before_request(_whole_server)
    # Flask calls the function that was registered last first.
    app.after_request(_with_headers)
    app.after_request(lambda response: _matching(response, context))
    app.after_request(_conditional)
    app.after_request(_as_html)
    return app


def answer(problem: Problem, context: Context) -> Response:
    """Turn a problem into a response: a problem document, or a page for a browser (RFC 9457)."""
    document = problem.document(context.root)
    language = parameters.relevant_language(request.headers.get("Accept-Language", ""))
    shown = details.localized(document, language) if language else document
    response = context.json(shown, problem.status, "application/problem+json")
    if _wants_html():
        with suppress(Problem):  # the page asks the store, which may have failed
            near = [str(each) for each in document.get("nearest", ())]
            labels = Labels(context.site, layout.page_language())
            labels.load(near)
            nearest = [labels.show(each) for each in near]
            name = "embed_problem.html" if embed.is_frame(request.path) else "problem.html"
            page = render_template(name, problem=document, nearest=nearest)
            response = Response(page, problem.status, mimetype="text/html")
    response.headers.update(problem.headers)
    response.headers["Cache-Control"] = caching.NEVER
    response.vary.update(("Accept", "Accept-Language"))
    return response


def _wants_html() -> bool:
    try:
        chosen = formats.negotiate(request.headers.get("Accept"), Kind.BINDINGS, html=True)
    except NotAcceptable:
        return False
    return chosen.is_page


def frame(context: Context) -> layout.Frame:
    """Return what the project gives every page: title, licence, navigation."""
    profile, evidence = context.profile, context.profile.evidence
    navigation = []
    if context.queries:
        navigation.append(("/queries/", "Questions"))
    if context.overview.classes:
        navigation.append(("/things/", "Things"))
    if evidence and evidence.conflict:
        navigation.append(("/conflicts", "Conflicts"))
    if len([each for each in context.vocabularies if each.size]) > 1:
        navigation.append(("/vocabularies", "Vocabularies"))
    elif context.vocabularies:
        main = vocabularies.main(context.vocabularies)
        iri = vocabularies.document_iri(context.site, main)
        navigation.append((addresses.local_path(iri, context.site.base_iri), "Vocabulary"))
    navigation.append(("/sparql", "Query editor"))
    return layout.Frame(
        base_iri=context.project.base_iri,
        titles=profile.title or {"": _untitled(context.project)},
        licence=profile.licence,
        languages=profile.languages,
        navigation=tuple(navigation),
    )


def _untitled(project: Project) -> str:
    """Return a title for a project without one: its host, or the names of its files."""
    if project.base_iri == NEUTRAL_BASE_IRI and project.files:
        names = [file.path.name for file in project.files]
        return names[0] if len(names) == 1 else f"{names[0]} +{len(names) - 1}"
    return project.base_iri.partition("://")[2].rstrip("/#")


def _served(context: Context) -> dict[str, Any]:
    return {
        "validation": context.report,
        "validation_state": "running"
        if context.is_validating
        else context.unvalidated and "given up",
        "graph_version": context.store.version,
        "fitted": charts.fitted,
        "translated": lambda detail: details.translated(detail, layout.page_language()),
        "has_vocabularies": len(context.vocabularies) > 1,
    }


def _translate(error: HTTPException) -> Problem:
    """Turn Werkzeug's exceptions into our problems."""
    if isinstance(error, WrongMethod):
        allowed = ", ".join(sorted(error.valid_methods or ()))
        detail = f"{request.method} is not allowed here. Allowed: {allowed}."
        return errors.MethodNotAllowed(detail, headers={"Allow": allowed})
    if isinstance(error, TooLarge):
        return errors.BodyTooLarge("The request's body is larger than the server reads.")
    if error.code == errors.NotFound.status:
        return errors.NotFound(f"There is nothing at {request.path}.")
    if error.code is not None and error.code < 500:
        return errors.BadRequest(error.description or "The request cannot be understood.")
    return _unforeseen(error)


def _unforeseen(error: Exception) -> Problem:
    log.error("unforeseen error on %r %r", request.method, request.path, exc_info=error)
    return Problem("The server failed; its log has the reason. The request may be repeated.")


def _whole_server() -> Response | None:
    """Answer ``OPTIONS *``, which asks about the server as a whole (RFC 9110 §9.3.7)."""
    if request.method == "OPTIONS" and request.environ["PATH_INFO"] == "*":
        return Response(headers={"Allow": "GET, HEAD, OPTIONS, POST, QUERY"})
    return None


def _put_if_match_aside() -> None:
    """Hide ``If-Match`` from Werkzeug, which would evaluate it in place of ``If-None-Match``."""
    request.environ[_IF_MATCH] = request.environ.pop("HTTP_IF_MATCH", None)


def _matching(response: Response, context: Context) -> Response:
    """Answer 412 if the representation does not match ``If-Match`` (RFC 9110 §13.1.1).

    This condition is evaluated before ``If-None-Match`` (§13.2.2).
    """
    header = request.environ.get(_IF_MATCH)
    read = request.method in ("GET", "HEAD", "QUERY") and response.status_code in (200, 304)
    if not read or header is None:
        return response
    tags, (etag, is_weak) = parse_etags(header), response.get_etag()
    if tags.star_tag or (etag and not is_weak and tags.is_strong(etag)):
        return response
    response.close()
    changed = errors.PreconditionFailed(
        "The representation has changed since you read it. Read it again, and repeat the request "
        "with its new ETag."
    )
    return answer(changed, context)


def _conditional(response: Response) -> Response:
    """Add an entity tag, a hash of the content, to a read that has none."""
    read = request.method in ("GET", "HEAD") and response.status_code == HTTPStatus.OK
    kept = response.headers.get("Cache-Control", "").startswith("no-")
    if read and not kept and not response.is_streamed and "ETag" not in response.headers:
        response.add_etag()
        response.headers.setdefault("Cache-Control", caching.FRESH)
        response.make_conditional(request.environ)
    return response


def _as_html(response: Response) -> Response:
    """Leave out of a page what HTML cannot carry: control characters of the graph's texts."""
    if response.mimetype == "text/html" and not response.is_streamed:
        text = response.get_data(as_text=True)
        written = escaping.html(text)
        if written is not text:
            response.set_data(written)
    return response


def _with_headers(response: Response) -> Response:
    """Add the headers of every response: CORS, and the content security policy of pages."""
    if request.method == "OPTIONS":
        allowed = response.headers.get("Allow", "GET, HEAD, OPTIONS")
        response.headers["Access-Control-Allow-Methods"] = allowed
        headers = request.headers.get("Access-Control-Request-Headers")
        response.headers["Access-Control-Allow-Headers"] = headers or "Accept, Content-Type"
        response.headers["Access-Control-Max-Age"] = "86400"
        if response.status_code == HTTPStatus.OK:
            response.headers.remove("Content-Type")  # there is no body
    for name, value in COMMON_HEADERS.items():
        response.headers.setdefault(name, value)
    location = response.headers.get("Location", "")
    if location.startswith(request.host_url):  # Werkzeug took it from the header Host
        response.headers["Location"] = f"/{location[len(request.host_url) :].lstrip('/')}"
    if response.mimetype == "text/html":
        policy = embed.POLICY if embed.is_frame(request.path) else CONTENT_SECURITY_POLICY
        response.headers.setdefault("Content-Security-Policy", policy)
    return response
