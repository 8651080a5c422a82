"""The pages that the ``type`` of a problem document leads to (RFC 9457 §3.1.1)."""

from __future__ import annotations

from flask import Blueprint, Response, render_template

from kg_server.errors import NotFound, problem_types
from kg_server.web.context import Context


def blueprint(context: Context) -> Blueprint:
    """Answer at ``/problems/`` and ``/problems/<slug>``."""
    routes = Blueprint("problem_types", __name__)
    types = {
        kind.slug: {
            "type": f"{context.root}problems/{kind.slug}",
            "slug": kind.slug,
            "title": kind.title,
            "status": kind.status,
            "meaning": (kind.__doc__ or "").partition("\n\n")[0].replace("``", ""),
        }
        for kind in problem_types()
    }

    @routes.get("/problems/")
    def every() -> Response:
        page = render_template("problem_types.html", types=list(types.values()))
        return Response(page, mimetype="text/html")

    @routes.get("/problems/<slug>")
    def one(slug: str) -> Response:
        if slug not in types:
            raise NotFound(f"There is no type of problem {slug!r}. /problems/ lists them.")
        page = render_template("problem_types.html", types=[types[slug]])
        return Response(page, mimetype="text/html")

    return routes
