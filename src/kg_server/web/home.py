"""Pages that are no protocol's: home, conflicts, and what the query editor completes."""

from __future__ import annotations

from flask import Blueprint, Response, render_template

from kg_server.formats import HTML, Kind, named
from kg_server.web import dataset
from kg_server.web.context import Context, document_format
from kg_server.web.pages import claims, completion, questions, relation, results
from kg_server.web.pages.layout import page_language
from kg_server.web.pages.terms import Labels
from kg_server.web.resources import Resources

_JSON = named("json", Kind.BINDINGS)


def blueprint(context: Context) -> Blueprint:
    """Answer at ``/``, ``/conflicts`` and ``/completion.json``."""
    routes = Blueprint("pages", __name__)
    base_iri = context.project.base_iri
    resources = Resources(context)

    @routes.get("/")
    def start() -> Response:
        chosen = document_format()
        if chosen.name != HTML.name:
            return dataset.negotiated(resources, "", chosen)
        language = page_language()
        glance = relation.Glance(context.store, base_iri, language)
        relations = glance.relations()
        page = render_template(
            "home.html",
            glance=glance.relation(*relations[0]) if relations else None,
            counts=glance.counts(),
            topics=questions.topics(context.queries.values(), language),
            examples=results.code(f"{context.address}queries/missions", {"state": "CAN"}),
            schema_org=dataset.schema_org(resources, language),
        )
        response = _page(context, page, "home")
        described = dataset.described(resources, "")
        response.headers["Link"] = dataset.signposts(described, base_iri)
        return response

    @routes.get("/conflicts")
    def conflicts() -> Response:
        labels = Labels(context.store, base_iri, page_language())
        evidence = claims.all_conflicts(context.store, base_iri)
        labels.load(evidence.terms())
        page = render_template(
            "conflicts.html", evidence=evidence, labels=labels, notes=claims.Notes(evidence)
        )
        return _page(context, page, "conflicts")

    @routes.get("/completion.json")
    def complete() -> Response:
        response = context.json(completion.Source(context.store, base_iri).document())
        return context.cacheable(response, context.etag(_JSON, "completion"))

    return routes


def _page(context: Context, page: str, name: str) -> Response:
    response = Response(page, content_type=HTML.content_type)
    return context.cacheable(response, context.etag(HTML, name, page_language()))
