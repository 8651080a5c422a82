"""The page about this site: standings, counts, sources, licence, citation, interfaces."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from flask import Blueprint, Response, render_template, request

from kg_server.formats import HTML
from kg_server.project.profile import in_language
from kg_server.web import citation
from kg_server.web.context import Context
from kg_server.web.pages import about, layout
from kg_server.web.pages.terms import Labels


def blueprint(context: Context) -> Blueprint:
    """Answer at ``/about``."""
    routes = Blueprint("about", __name__)

    @routes.get("/about")
    def site() -> Response:
        language = layout.page_language()
        languages = layout.preferred_languages(language, context.profile.languages)
        cited = citation.of(context, "", context.address)
        accept = request.headers.get("Accept")
        if style := citation.asked(request.args.get("format"), accept):
            return citation.response(context, cited, style)
        labels = Labels(context.site, language)
        page = render_template(
            "about.html",
            page=about.about_page(context.site, context.description[0], labels),
            labels=labels,
            description=in_language(context.profile.description, languages),
            cited=cited,
            citation_links=citation.links("/about"),
            examples=_examples(context),
        )
        response = Response(page, content_type=HTML.content_type)
        return context.cacheable(response, context.etag(HTML, citation.today()))

    return routes


def _examples(context: Context) -> list[str]:
    """Return a line of a shell for each interface."""
    address, lines = context.address, []
    if query := next(iter(context.queries.values()), None):
        parameters = urlencode(query.example_without_defaults)
        lines.append(
            f"curl '{address}queries/{query.name}.csv{f'?{parameters}' if parameters else ''}'"
        )
    lines.append(
        f"curl '{address}sparql' -H 'Accept: text/csv' "
        "--data-urlencode 'query=SELECT * WHERE { ?s ?p ?o } LIMIT 10'"
    )
    things = [iri for each in context.overview.classes for iri in each.examples]
    if things:
        iri = quote(things[0], safe=":/")
        lines.append(f"curl '{address}doc?iri={iri}' -H 'Accept: text/turtle'")
    lines.append(f"curl '{address}search?q=a&format=json'")
    lines.append(f"curl '{address}dump.ttl'")
    return lines
