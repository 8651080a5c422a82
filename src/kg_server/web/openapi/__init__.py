"""The OpenAPI document over HTTP."""

from __future__ import annotations

from flask import Blueprint, Response

from kg_server.formats import JSON
from kg_server.web.context import Context
from kg_server.web.openapi import document as openapi


def blueprint(context: Context) -> Blueprint:
    """Answer at ``/openapi.json``."""
    routes = Blueprint("openapi", __name__)
    base_iri = context.project.base_iri
    document = openapi.document(context.queries.values(), base_iri)

    @routes.get("/openapi.json")
    def describe() -> Response:
        response = context.json(document, media_type=openapi.MEDIA_TYPE)
        return context.cacheable(response, context.etag(JSON))

    return routes
