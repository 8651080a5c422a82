"""Documents as pages: of a thing, of a vocabulary, of a list of things."""

from __future__ import annotations

from flask import render_template
from rdflib import URIRef

from kg_server.formats import HTML
from kg_server.linked_data import links
from kg_server.linked_data.documents import HYDRA, Document, Site
from kg_server.rdf import addresses
from kg_server.web.pages import claims, layout, statements, vocabulary
from kg_server.web.pages import thing as things
from kg_server.web.pages.terms import Labels


def page(site: Site, document: Document, language: str) -> str:
    """Return a document as an HTML page in ``language``."""
    path = addresses.local_path(document.iri, site.base_iri)
    languages = layout.preferred_languages(language)
    shared = {
        "view": statements.page(document, site.base_iri, languages),
        "schema_org": statements.schema_org(site, document, languages),
        "canonical": document.iri,
        "alternates": [
            (links.with_extension(path, each), each)
            for each in links.OFFERED
            if each.name != HTML.name
        ],
    }
    labels = Labels(site.store, site.base_iri, language)
    if addresses.kind(document.topic, site.base_iri):
        thing = things.thing_page(site.store, site.base_iri, document.topic, language)
        if thing is not None:
            return render_template(
                "thing.html", page=thing, notes=claims.Notes(thing.evidence), **shared
            )
    members = list(document.graph.objects(URIRef(document.topic), HYDRA.member))
    if members:
        labels.load(members)
        shown = sorted((labels.show(each) for each in members), key=lambda each: each.text)
        title = document.topic.rstrip("/").rpartition("/")[2]
        return render_template("collection.html", members=shown, title=title, **shared)
    terms = vocabulary.vocabulary_page(document.graph, document.topic, labels)
    if terms.sections:
        return render_template("vocabulary.html", page=terms, **shared)
    return render_template("resource.html", **shared)
