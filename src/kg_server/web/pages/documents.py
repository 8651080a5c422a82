"""Documents as HTML pages: of a thing, of a vocabulary, of a list of things."""

from __future__ import annotations

from typing import Any

from flask import render_template
from rdflib import URIRef

from kg_server.linked_data import links
from kg_server.linked_data.documents import HYDRA, Document, Site
from kg_server.rdf import addresses
from kg_server.web.pages import claims, schema_org, vocabulary
from kg_server.web.pages.terms import Labels, natural
from kg_server.web.pages.thing import ThingPage


def thing(site: Site, page: ThingPage, document: Document, **citation: Any) -> str:
    """Return the HTML of the page of a thing.

    Args:
        site: what documents are made of.
        page: what the page shows.
        document: the document that the page stands for; it needs no triples.
        citation: how the page is cited, as its template reads it.
    """
    described = schema_org.of_thing(site, document, page.title.text, page.names)
    return render_template(
        "thing.html",
        page=page,
        notes=claims.Notes(page.evidence),
        **citation,
        **_head(site, document, described),
    )


def page(site: Site, document: Document, language: str) -> str:
    """Return the page of a list of things or of a vocabulary."""
    labels = Labels(site, language)
    topic = URIRef(document.topic)
    members = list(document.graph.objects(topic, HYDRA.member))
    if members:
        evidence = claims.among(site, [str(each) for each in members])
        labels.load([*members, *evidence.terms()])
        things = [str(each) for each in members if str(each) not in evidence.claims]
        shown = sorted(
            (labels.show(URIRef(each)) for each in things), key=lambda each: natural(each.text)
        )
        title = document.topic.rstrip("/").rpartition("/")[2]
        described = schema_org.of_thing(site, document, title, ())
        head = _head(site, document, described)
        return render_template(
            "collection.html",
            members=shown,
            evidence=evidence,
            labels=labels,
            title=title,
            count=len(members),
            **head,
        )
    terms = vocabulary.vocabulary_page(document.graph, document.topic, labels)
    described = schema_org.of_thing(site, document, terms.title.text, ())
    return render_template("vocabulary.html", page=terms, **_head(site, document, described))


def _head(site: Site, document: Document, described: dict[str, Any]) -> dict[str, Any]:
    """Return what the head and the foot of every document's page need."""
    path = addresses.local_path(document.iri, site.base_iri)
    return {
        "schema_org": described,
        "canonical": document.iri,
        "licence": document.licence,
        "previous": addresses.with_parameter(path, "page", document.page - 1)
        if document.page > 1
        else None,
        "following": addresses.with_parameter(path, "page", document.page + 1)
        if document.has_more
        else None,
        "alternates": [
            (links.with_extension(path, each), each)
            for each in links.offered(document)
            if not each.is_page
        ],
    }
