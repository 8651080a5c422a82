"""Pages that are no protocol's: home, conflicts, and what the query editor completes."""

from __future__ import annotations

from flask import Blueprint, Response, render_template

from kg_server.formats import HTML, JSON
from kg_server.web import dataset
from kg_server.web.context import Context, document_format
from kg_server.web.pages import claims, completion, questions, relation, results, schema_org
from kg_server.web.pages.layout import page_language, preferred_languages
from kg_server.web.pages.terms import Labels


def blueprint(context: Context) -> Blueprint:
    """Answer at ``/``, ``/conflicts`` and ``/completion.json``."""
    routes = Blueprint("pages", __name__)
    base_iri = context.project.base_iri

    @routes.get("/")
    def start() -> Response:
        chosen = document_format()
        if not chosen.is_page:
            return dataset.negotiated(context, "", chosen)
        language = page_language()
        glance = relation.Glance(context.store, base_iri, language)
        relations = glance.relations()
        page = render_template(
            "home.html",
            glance=glance.relation(*relations[0]) if relations else None,
            counts=glance.counts(),
            topics=questions.topics(context.queries.values(), language),
            examples=results.code(f"{context.address}queries/missions", {"state": "CAN"}),
            schema_org=schema_org.of_dataset(
                dataset.described(context, ""), base_iri, preferred_languages(language)
            ),
        )
        response = _page(context, page)
        described = dataset.described(context, "")
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
        return _page(context, page)

    @routes.get("/completion.json")
    def complete() -> Response:
        response = context.json(completion.Source(context.store, base_iri).document())
        return context.cacheable(response, context.etag(JSON))

    return routes


def _page(context: Context, page: str) -> Response:
    response = Response(page, content_type=HTML.content_type)
    return context.cacheable(response, context.etag(HTML))
