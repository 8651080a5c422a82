"""The OpenAPI document over HTTP."""

from __future__ import annotations

from flask import Blueprint, Response

from kg_server.formats import JSON
from kg_server.project.profile import in_language
from kg_server.web.context import Context
from kg_server.web.openapi import document as openapi


def blueprint(context: Context) -> Blueprint:
    """Answer at ``/openapi.json``."""
    routes = Blueprint("openapi", __name__)

    @routes.get("/openapi.json")
    def describe() -> Response:
        profile = context.profile
        title = in_language(profile.title, ("en",)) or context.project.base_iri
        document = openapi.document(
            context.queries.values(),
            title=title,
            description=in_language(profile.description, ("en",)),
            root=context.root,
        )
        response = context.json(document, media_type=openapi.MEDIA_TYPE)
        return context.cacheable(response, context.etag(JSON))

    return routes
