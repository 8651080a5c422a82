"""The page of a vocabulary: each term with its names, its definition and how it is used."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rdflib import DCTERMS, OWL, RDF, RDFS, SKOS, Graph, Literal, URIRef
from rdflib.namespace import SH
from rdflib.term import Node

from kg_server.web.pages.terms import Label, Labels, Shown, readable_end

SECTIONS = (
    ("Classes", (OWL.Class,)),
    ("Properties", (OWL.ObjectProperty, OWL.DatatypeProperty)),
    ("Annotation properties", (OWL.AnnotationProperty,)),
    ("Shapes of classes", (SH.NodeShape,)),
    ("Shapes of properties", (SH.PropertyShape,)),
)
"""The sections of a vocabulary's page, in order, with the types of the terms in each."""
_NAMES = (RDFS.label, SKOS.prefLabel, SH.name)
_DEFINITIONS = (SKOS.definition, RDFS.comment, SH.message, SH.description)
_NOTES = (SKOS.scopeNote, SKOS.example, DCTERMS.source)
_HIDDEN = {RDF.type, RDFS.isDefinedBy, *_NAMES, *_DEFINITIONS, SH.select, SH.prefixes}


@dataclass(frozen=True, slots=True)
class Term:
    """A term of a vocabulary; ``anchor`` is its fragment, ``uses`` its other statements."""

    iri: str
    anchor: str
    name: str
    labels: tuple[Label, ...]
    definitions: tuple[Label, ...]
    uses: tuple[tuple[Shown, tuple[Shown, ...]], ...]


@dataclass(frozen=True, slots=True)
class VocabularyPage:
    """What the page of a vocabulary shows."""

    title: Label
    description: Label | None
    version: str
    sections: tuple[tuple[str, tuple[Term, ...]], ...]


def vocabulary_page(graph: Graph, iri: str, labels: Labels) -> VocabularyPage:
    """Return the page of the vocabulary that ``graph`` describes.

    Args:
        graph: the ontology's or the shapes' triples.
        iri: the vocabulary's IRI, without ``#``.
        labels: the labels of the page.
    """
    this = URIRef(iri)
    terms = [each for each in set(graph.subjects(RDF.type)) if _is_term(each, iri)]
    mentioned = (term for each in terms for pair in graph.predicate_objects(each) for term in pair)
    labels.load([this, *terms, *mentioned])
    sections = ((title, _section(graph, terms, types, labels)) for title, types in SECTIONS)
    return VocabularyPage(
        title=labels.of(iri),
        description=_best(
            graph, this, (DCTERMS.description, RDFS.comment, DCTERMS.abstract), labels
        ),
        version=str(graph.value(this, OWL.versionInfo) or ""),
        sections=tuple((title, found) for title, found in sections if found),
    )


def _is_term(term: Node, iri: str) -> bool:
    return isinstance(term, URIRef) and term.startswith(f"{iri}#")


def _section(
    graph: Graph, terms: Iterable[Node], types: Iterable[Node], labels: Labels
) -> tuple[Term, ...]:
    wanted = set(types)
    found = [
        _term(graph, URIRef(str(term)), labels)
        for term in terms
        if wanted & set(graph.objects(term, RDF.type))
    ]
    return tuple(sorted(found, key=lambda term: (term.anchor.lower(), term.anchor)))


def _term(graph: Graph, term: URIRef, labels: Labels) -> Term:
    return Term(
        iri=str(term),
        anchor=readable_end(term),
        name=labels.of(term).text,
        labels=_texts(graph, term, _NAMES),
        definitions=_texts(graph, term, _DEFINITIONS),
        uses=tuple(_uses(graph, term, labels)),
    )


def _uses(graph: Graph, term: URIRef, labels: Labels) -> Iterable[tuple[Shown, tuple[Shown, ...]]]:
    for predicate in sorted(set(graph.predicates(term)), key=_rank):
        if predicate not in _HIDDEN:
            values = [each for each in graph.objects(term, predicate) if not _is_blank(each)]
            if values:
                yield (
                    labels.show(predicate),
                    tuple(labels.show(each) for each in sorted(values, key=str)),
                )


def _rank(predicate: Node) -> tuple[bool, str]:
    return predicate in _NOTES, str(predicate)


def _is_blank(term: Node) -> bool:
    return not isinstance(term, URIRef | Literal)


def _texts(graph: Graph, term: Node, predicates: Iterable[URIRef]) -> tuple[Label, ...]:
    found = [each for predicate in predicates for each in graph.objects(term, predicate)]
    texts = {Label(str(each), each.language) for each in found if isinstance(each, Literal)}
    return tuple(sorted(texts, key=lambda label: (label.language or "", label.text)))


def _best(graph: Graph, term: Node, predicates: Iterable[URIRef], labels: Labels) -> Label | None:
    texts = [each for predicate in predicates for each in graph.objects(term, predicate)]
    found = labels.pick(texts)
    return None if found is None else Label(str(found), found.language)
