"""JSON-LD documents, framed around their topic, and the published context.

The context is built from the ontology, so that a new term is in it at once. A document contains the
part of the context that it uses. Clients can read it from a file without a second request.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NoReturn

from rdflib import DCTERMS, FOAF, OWL, RDF, RDFS, SKOS, XSD, BNode, Graph, Literal, URIRef
from rdflib.term import Node

from kg_server.linked_data.documents import HYDRA, Document
from kg_server.rdf.prefixes import local_name, shorten

Context = dict[str, Any]

_LANGUAGE_MAP = {"@container": "@language"}
_LINK = {"@type": "@id"}

_GENERAL: Mapping[str, tuple[URIRef, Mapping[str, str]]] = {
    "label": (RDFS.label, _LANGUAGE_MAP),
    "comment": (RDFS.comment, _LANGUAGE_MAP),
    "seeAlso": (RDFS.seeAlso, _LINK),
    "isDefinedBy": (RDFS.isDefinedBy, _LINK),
    "prefLabel": (SKOS.prefLabel, _LANGUAGE_MAP),
    "definition": (SKOS.definition, _LANGUAGE_MAP),
    "inScheme": (SKOS.inScheme, _LINK),
    "hasTopConcept": (SKOS.hasTopConcept, _LINK),
    "sameAs": (OWL.sameAs, _LINK),
    "primaryTopic": (FOAF.primaryTopic, _LINK),
    "license": (DCTERMS.license, _LINK),
    "isPartOf": (DCTERMS.isPartOf, _LINK),
    "member": (HYDRA.member, _LINK),
    "view": (HYDRA.view, _LINK),
    "first": (HYDRA.first, _LINK),
    "next": (HYDRA.next, _LINK),
    "previous": (HYDRA.previous, _LINK),
    "subject": (RDF.subject, _LINK),
    "predicate": (RDF.predicate, _LINK),
    "object": (RDF.object, {}),
}
"""Terms of other vocabularies in documents, by their names in the context."""

_REVERSE = {"claims": RDF.subject}
"""Incoming properties, by the name under which the thing lists the subjects."""

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]*")
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,15}")
_BLANK = "urn:blank:"


def _processor() -> Any:
    """Return PyLD, imported when JSON-LD is first asked for: it takes longer than Flask."""
    from pyld import jsonld

    return jsonld


def _refuse(url: str, _options: Mapping[str, Any]) -> NoReturn:
    details = {"url": url}
    raise _processor().JsonLdError("remote contexts are not loaded", "loading", details)


_OPTIONS = {"documentLoader": _refuse, "processingMode": "json-ld-1.1"}


def context(terms: Graph, namespaces: Mapping[str, str]) -> Context:
    """Return the published context, with a name for each class and property of the project.

    Args:
        terms: the types and ranges of classes and properties.
        namespaces: the prefixes to use.
    """
    names: Context = {"@version": 1.1, "id": "@id", "type": "@type", **namespaces}
    for name, (iri, coercion) in _GENERAL.items():
        names[name] = {"@id": _compact(iri, namespaces), **coercion}
    for name, iri in _REVERSE.items():
        names[name] = {"@reverse": _compact(iri, namespaces)}
    for term in sorted(set(terms.subjects(RDF.type)), key=str):
        name = local_name(str(term))
        if name not in names and _WORD.fullmatch(name):
            names[name] = _own_term(terms, term, namespaces)
    return {"@context": names}


def _own_term(terms: Graph, term: Node, namespaces: Mapping[str, str]) -> Any:
    """Return the definition of a class or property."""
    kinds, compacted = set(terms.objects(term, RDF.type)), _compact(URIRef(str(term)), namespaces)
    if kinds & {OWL.Class, RDFS.Class}:
        return compacted
    if OWL.ObjectProperty in kinds:
        return {"@id": compacted, **_LINK}
    return {"@id": compacted, **_coercion(terms, term, namespaces)}


def _coercion(ontology: Graph, term: Any, namespaces: Mapping[str, str]) -> Mapping[str, str]:
    ranges = set(ontology.objects(term, RDFS.range))
    if ranges == {RDF.langString}:
        return _LANGUAGE_MAP
    only = str(ranges.pop()) if len(ranges) == 1 else ""
    plain = (XSD.string, XSD.integer, XSD.boolean)  # JSON's own values
    if only.startswith(str(XSD)) and only not in map(str, plain):
        return {"@type": _compact(URIRef(only), namespaces)}
    return {}


def _compact(iri: URIRef, namespaces: Mapping[str, str]) -> str:
    return shorten(str(iri), namespaces) or str(iri)


def render(document: Document, published: Context) -> dict[str, Any]:
    """Return the document as compacted JSON-LD, with the part of the context that it uses.

    The document of a thing is a tree with the document and its topic at the root. Nodes that cannot
    be reached from the topic are in ``@included`` (JSON-LD 1.1 §4.13), so that none is lost. The
    document of an ontology has no single root and is a flat ``@graph``.
    """
    published = {"@context": _possible(published["@context"], document.graph)}
    has_root = (URIRef(document.iri), FOAF.primaryTopic, URIRef(document.topic)) in document.graph
    if not has_root and not document.is_collection:
        expanded = _expanded(document.graph)
        compacted = _processor().compact(expanded, published, {**_OPTIONS, "graph": True})
    else:
        compacted = _framed(document, published)
    del compacted["@context"]
    return {"@context": _used(published["@context"], compacted), **compacted}


def can_be_framed(graph: Graph) -> bool:
    """Tell whether PyLD (3.3) reads all IRIs of a graph: it refuses separators such as U+2028."""
    terms = {term for triple in graph for term in triple}
    iris = (each.datatype if isinstance(each, Literal) else each for each in terms)
    return not any(re.search(r"\s", str(iri)) for iri in iris if iri)


def _framed(document: Document, published: Context) -> dict[str, Any]:
    expanded = _expanded(_with_named_blank_nodes(document.graph))
    frame = {"@context": published["@context"], "@id": document.iri, **_frame_of_topic(document)}
    nested = _processor().frame(expanded, frame, {**_OPTIONS, "omitGraph": True, "embed": "@once"})
    seen = set(_identifiers(nested))
    rest = [node for node in expanded if node["@id"] not in seen]
    if rest:
        compacted = _processor().compact(rest, published, {**_OPTIONS, "graph": True})
        nested["@included"] = compacted["@graph"]
    framed: dict[str, Any] = _with_blank_nodes(nested)
    return framed


def ntriples(graph: Graph) -> str:
    """Return a graph as N-Triples in a fixed order."""
    # Not splitlines: a literal may contain other line separators, such as U+2028.
    return "".join(sorted(f"{line}\n" for line in graph.serialize(format="nt").split("\n") if line))


def _expanded(graph: Graph) -> Any:
    """Return a graph as expanded JSON-LD, its nodes in a fixed order.

    The parser for N-Quads of PyLD 3.3 takes quadratic time, and ends a line at U+2028.
    """
    triples = sorted(graph, key=lambda triple: tuple(term.n3() for term in triple))
    names = ("subject", "predicate", "object")
    dataset = [dict(zip(names, map(_term, triple), strict=True)) for triple in triples]
    nodes = _processor().from_rdf({"@default": dataset}, _OPTIONS)
    return [_with_native_values(node) for node in nodes]


def _with_native_values(node: Mapping[str, Any]) -> dict[str, Any]:
    return {key: list(map(native, of)) if isinstance(of, list) else of for key, of in node.items()}


def native(value: Any) -> Any:
    """Return an expanded value with JSON's own number or boolean, where that says the same.

    A double keeps its text, and so does an integer that is not written as JSON writes it, or that
    JavaScript would round (JSON-LD 1.1 API §8.6).

    >>> native({"@value": "7", "@type": "http://www.w3.org/2001/XMLSchema#integer"})
    {'@value': 7}
    >>> native({"@value": "007", "@type": "http://www.w3.org/2001/XMLSchema#integer"})["@value"]
    '007'
    """
    if not isinstance(value, Mapping) or not isinstance(text := value.get("@value"), str):
        return value
    kind = value.get("@type")
    if kind == str(XSD.boolean) and text in ("true", "false"):
        return {"@value": text == "true"}
    if kind == str(XSD.integer) and _INTEGER.fullmatch(text) and abs(int(text)) < 2**53:
        return {"@value": int(text)}
    return value


def _term(term: Node) -> dict[str, str]:
    if isinstance(term, Literal):
        datatype = RDF.langString if term.language else term.datatype or XSD.string
        language = {"language": term.language} if term.language else {}
        return {"type": "literal", "value": str(term), "datatype": str(datatype), **language}
    if isinstance(term, BNode):
        return {"type": "blank node", "value": f"_:{term}"}
    return {"type": "IRI", "value": str(term)}


def _with_named_blank_nodes(graph: Graph) -> Graph:
    """Return the graph with IRIs for blank nodes.

    Framing gives blank nodes new labels (PyLD 3.3), so that the framed nodes and the remaining
    nodes would no longer share them.
    """

    def named(term: Node) -> Node:
        return URIRef(_BLANK + term) if isinstance(term, BNode) else term

    if not any(isinstance(each, BNode) for s, _, o in graph for each in (s, o)):
        return graph
    renamed = Graph()
    for s, p, o in graph:
        renamed.add((named(s), p, named(o)))
    return renamed


def _with_blank_nodes(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _with_blank_nodes(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_with_blank_nodes(each) for each in node]
    if isinstance(node, str) and node.startswith(_BLANK):
        return "_:" + node.removeprefix(_BLANK)
    return node


def _frame_of_topic(document: Document) -> dict[str, Any]:
    topic = URIRef(document.topic)
    pairs = document.graph.subject_predicates(topic)
    # PyLD 3.3 fails if a reverse property has a literal anywhere in the document.
    incoming = {
        str(p)
        for s, p in pairs
        if str(s) != document.iri
        and not any(isinstance(each, Literal) for each in document.graph.objects(None, p))
    }
    reverse: dict[str, Any] = {}
    if incoming:
        reverse["@reverse"] = {predicate: {} for predicate in sorted(incoming)}
    if document.is_collection:
        return reverse
    # The data set sorts first, so its example resources would be nested in it.
    return {
        str(DCTERMS.isPartOf): {"@embed": "@never"},
        str(FOAF.primaryTopic): {"@id": document.topic, **reverse},
    }


def _identifiers(node: Any) -> Iterator[str]:
    """Yield the identifiers of the nodes with a description, not only a reference."""
    if isinstance(node, list):
        for each in node:
            yield from _identifiers(each)
    elif isinstance(node, dict):
        if "id" in node and len(node) > 1:
            yield node["id"]
        for each in node.values():
            yield from _identifiers(each)


def _possible(terms: Mapping[str, Any], graph: Graph) -> Context:
    """Return the part of the context that may name an IRI of a graph.

    PyLD (3.3) compares each IRI with every term of the context.
    """
    nodes = {term for triple in graph for term in triple}
    iris = {str(each) for each in nodes if isinstance(each, URIRef)}
    iris |= {str(each.datatype) for each in nodes if isinstance(each, Literal) and each.datatype}

    def is_possible(definition: Any) -> bool:
        iri = definition if isinstance(definition, str) else _name(definition)
        prefix, _, end = iri.partition(":")
        iri = f"{terms[prefix]}{end}" if isinstance(terms.get(prefix), str) else iri
        return iri in iris or any(each.startswith(iri) for each in iris)

    return {
        name: definition
        for name, definition in terms.items()
        if name.startswith("@") or str(definition).startswith("@") or is_possible(definition)
    }


def _name(definition: Mapping[str, str]) -> str:
    return definition.get("@id") or definition["@reverse"]


def _used(terms: Mapping[str, Any], node: Any) -> Context:
    """Return the part of the context that ``node`` needs."""
    words = set(_words(node))
    kept: Context = {"@version": 1.1, "id": "@id", "type": "@type"}
    for name in terms:
        if name in words and name not in kept:
            kept[name] = terms[name]
            words |= set(_words(terms[name]))
    return {**{k: v for k, v in terms.items() if k in words and k not in kept}, **kept}


def _words(node: Any) -> Iterator[str]:
    """Yield every word in ``node`` that could be a term or a prefix."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from _words(key)
            yield from _words(value)
    elif isinstance(node, list):
        for each in node:
            yield from _words(each)
    elif isinstance(node, str):
        yield node
        yield node.partition(":")[0]


def flat(nodes: Sequence[Mapping[str, Any]], prefixes: Mapping[str, str]) -> dict[str, Any]:
    """Return expanded nodes as flat JSON-LD, with prefixed names for properties and types.

    It serves documents that are too large to be framed. The context has the prefixes that occur
    (JSON-LD 1.1 §4.4).

    >>> flat([{"@id": "urn:a", "urn:x:p": [{"@value": "1"}]}], {"x": "urn:x:"})["@graph"]
    [{'@id': 'urn:a', 'x:p': '1'}]
    """
    used: dict[str, Mapping[str, Any]] = {}

    def name(iri: str) -> str:
        short = shorten(iri, prefixes)
        if short is None:
            return iri
        prefix = short.partition(":")[0]
        used[prefix] = {"@id": prefixes[prefix], "@prefix": True}
        return short

    def value(term: Mapping[str, Any]) -> Any:
        term = native(term)
        if "@type" in term:
            return {**term, "@type": name(term["@type"])}
        return term["@value"] if term.keys() == {"@value"} else term

    by_iri: dict[str, dict[str, list[Any]]] = {}
    for node in nodes:
        about = by_iri.setdefault(node["@id"], {})
        for predicate, terms in node.items():
            if predicate == str(RDF.type):
                about.setdefault("@type", []).extend(name(term["@id"]) for term in terms)
            elif predicate != "@id":
                about.setdefault(name(predicate), []).extend(map(value, terms))
    graph = [
        {"@id": iri} | {key: of[0] if len(of) == 1 else of for key, of in about.items()}
        for iri, about in by_iri.items()
    ]
    return {"@context": dict(sorted(used.items())), "@graph": graph}
