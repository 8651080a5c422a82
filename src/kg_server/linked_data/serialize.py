"""Serialisation of documents in every RDF format."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import pyoxigraph as ox
from rdflib import BNode, Graph

from kg_server.errors import NotAcceptable
from kg_server.formats import Format
from kg_server.linked_data import jsonld, links
from kg_server.linked_data.documents import Document
from kg_server.rdf import transcode
from kg_server.rdf.terms import to_rdflib
from kg_server.store.xml_results import WellFormed

MOST_TRIPLES_NESTED = 4_000
"""A larger document, such as a whole vocabulary, is written flat by the engine.

rdflib and PyLD would take seconds: 20 for the JSON-LD of 15,000 triples.
"""
DATASETS = ("nquads", "trig")
"""Formats for datasets."""


def render(
    document: Document,
    form: Format,
    prefixes: Mapping[str, str],
    context: jsonld.Context,
    *,
    in_graph: bool,
) -> bytes:
    """Return the document's triples in a format.

    Args:
        document: the document to write.
        form: one of ``links.OFFERED``, but no page.
        prefixes: prefixes to use; unused ones are not written.
        context: the published JSON-LD context.
        in_graph: whether dataset formats (TriG, N-Quads) put the triples into a named graph with
            the document's IRI. Then a store of many documents knows the origin of each
            statement. Otherwise they are in the default graph, where linked-data clients look.

    Raises:
        NotAcceptable: the format cannot express this graph.
    """
    if form.name == "rdfxml" and (iri := links.unnameable(document)):
        raise NotAcceptable(
            f"RDF/XML cannot express the property {iri}, because its IRI does not end in a name."
        )
    graph, lines = document.graph, jsonld.ntriples(document.graph).encode()
    is_nested = form.name in _WRITERS and len(graph) <= MOST_TRIPLES_NESTED
    is_nested = is_nested and (form.name != "jsonld" or jsonld.can_be_framed(graph))
    if any(isinstance(term, BNode) for triple in graph for term in triple):
        # Canonical labels depend only on the contents. So a document has the same bytes after a
        # restart, as a strong entity tag requires (RFC 9110 §8.8.1).
        lines = transcode.canonical(lines)
        if is_nested:
            document = replace(document, graph=_read(lines))
    if is_nested:
        return _WRITERS[form.name](document, prefixes, context)
    if form.name == "ntriples":
        return lines
    triples, is_json = transcode.triples([lines]), form.name == "jsonld"
    if in_graph and form.name in DATASETS:
        return b"".join(transcode.write(transcode.in_graph(triples, document.iri), form, prefixes))
    written = flat(triples, form, prefixes)
    return _json(jsonld.flat(json.loads(written), prefixes)) if is_json else written


def flat(triples: Iterable[ox.Triple], form: Format, prefixes: Mapping[str, str]) -> bytes:
    """Return triples in a format, as the engine writes them.

    Raises:
        NotAcceptable: RDF/XML cannot have one of the characters.
    """
    written = b"".join(transcode.write(triples, form, prefixes))
    return _checked(written) if form.name == "rdfxml" else written


def _read(lines: bytes) -> Graph:
    graph = Graph()
    for each in transcode.triples([lines]):
        graph.add((to_rdflib(each.subject), to_rdflib(each.predicate), to_rdflib(each.object)))
    return graph


def turtle(graph: Graph, namespaces: Mapping[str, str]) -> bytes:
    """Return a graph as Turtle with prefixes."""
    return _copy(graph, namespaces).serialize(format="turtle", encoding="utf-8")


def _turtle(document: Document, namespaces: Mapping[str, str], _context: object) -> bytes:
    return turtle(document.graph, namespaces)


def _rdfxml(document: Document, namespaces: Mapping[str, str], _context: object) -> bytes:
    return _checked(_copy(document.graph, namespaces).serialize(format="xml", encoding="utf-8"))


def _checked(xml: bytes) -> bytes:
    """Return RDF/XML, with carriage returns escaped.

    Raises:
        NotAcceptable: it has a character that XML cannot have.
    """
    output = io.BytesIO()
    WellFormed(output).write(xml)
    return output.getvalue()


def _jsonld(document: Document, _namespaces: Mapping[str, str], context: jsonld.Context) -> bytes:
    return _json(jsonld.render(document, context))


def _json(content: object) -> bytes:
    return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode()


def _copy(graph: Graph, namespaces: Mapping[str, str]) -> Graph:
    """Return the graph with only these prefixes; rdflib would add thirty of its own."""
    # Unlike the default store, this one keeps the order in which triples are added.
    copy = Graph("SimpleMemory", bind_namespaces="none")
    for triple in sorted(graph):
        copy.add(triple)
    for prefix, namespace in namespaces.items():
        copy.bind(prefix, namespace, override=True, replace=True)
    return copy


_WRITERS: Mapping[str, Callable[[Document, Mapping[str, str], jsonld.Context], bytes]] = {
    "turtle": _turtle,
    "rdfxml": _rdfxml,
    "jsonld": _jsonld,
}
"""Formats whose documents are nested: blank nodes, and in JSON-LD things, inside their subject."""
