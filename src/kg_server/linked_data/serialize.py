"""Serialisation of documents in every RDF format."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace

from rdflib import BNode, Graph
from rdflib.compare import to_canonical_graph

from kg_server.errors import NotAcceptable
from kg_server.formats import Format
from kg_server.linked_data import jsonld
from kg_server.linked_data.documents import Document
from kg_server.rdf import transcode

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
    if any(isinstance(term, BNode) for triple in document.graph for term in triple):
        # Canonical labels depend only on the contents. So a document has the same bytes after a
        # restart, as a strong entity tag requires (RFC 9110 §8.8.1).
        document = replace(document, graph=to_canonical_graph(document.graph))
    if form.name == "jsonld":
        rendered = jsonld.render(document, context)
        return (json.dumps(rendered, ensure_ascii=False, indent=2) + "\n").encode()
    if form.name in _WRITERS:
        return _WRITERS[form.name](document, prefixes)
    return _quads(document, prefixes, form, in_graph=in_graph)


def turtle(graph: Graph, namespaces: Mapping[str, str]) -> bytes:
    """Return a graph as Turtle with prefixes."""
    return _copy(graph, namespaces).serialize(format="turtle", encoding="utf-8")


def _turtle(document: Document, namespaces: Mapping[str, str]) -> bytes:
    return turtle(document.graph, namespaces)


def _ntriples(document: Document, _namespaces: Mapping[str, str]) -> bytes:
    return jsonld.ntriples(document.graph).encode()


def _rdfxml(document: Document, namespaces: Mapping[str, str]) -> bytes:
    try:
        return _copy(document.graph, namespaces).serialize(format="xml", encoding="utf-8")
    except ValueError as error:  # "Can't split": a property whose IRI does not end in a name
        raise NotAcceptable(f"RDF/XML cannot express this document: {error}.") from error


def _quads(
    document: Document, namespaces: Mapping[str, str], form: Format, *, in_graph: bool
) -> bytes:
    triples = transcode.triples([_ntriples(document, namespaces)])
    if in_graph:
        quads = transcode.in_graph(triples, document.iri)
        return b"".join(transcode.write(quads, form, namespaces))
    return b"".join(transcode.write(triples, form, namespaces))


def _copy(graph: Graph, namespaces: Mapping[str, str]) -> Graph:
    """Return the graph with only these prefixes; rdflib would add thirty of its own."""
    # Unlike the default store, this one keeps the order in which triples are added.
    copy = Graph("SimpleMemory", bind_namespaces="none")
    for triple in sorted(graph):
        copy.add(triple)
    for prefix, namespace in namespaces.items():
        copy.bind(prefix, namespace, override=True, replace=True)
    return copy


_WRITERS: Mapping[str, Callable[[Document, Mapping[str, str]], bytes]] = {
    "turtle": _turtle,
    "ntriples": _ntriples,
    "rdfxml": _rdfxml,
}
