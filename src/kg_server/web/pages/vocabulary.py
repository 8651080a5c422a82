"""The page of a vocabulary: each term with its names, its definition and how it is used."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rdflib import DCTERMS, OWL, RDF, RDFS, SKOS, Graph, Literal, URIRef
from rdflib.namespace import SH
from rdflib.term import Node

from kg_server.web.pages.terms import Label, Labels, Shown, readable_end

SECTIONS = (
    ("Classes", (OWL.Class, RDFS.Class)),
    ("Properties", (OWL.ObjectProperty, OWL.DatatypeProperty, RDF.Property)),
    ("Annotation properties", (OWL.AnnotationProperty,)),
    ("Shapes of classes", (SH.NodeShape,)),
    ("Shapes of properties", (SH.PropertyShape,)),
)
"""The sections of a vocabulary's page, in order, with the types of the terms in each."""
MOST_THINGS = 500
"""Most other names, which are no terms, on the page."""
_NAMES = (RDFS.label, SKOS.prefLabel, SH.name)
_DEFINITIONS = (SKOS.definition, RDFS.comment, SH.message, SH.description)
_NOTES = (SKOS.scopeNote, SKOS.example, DCTERMS.source)
_HIDDEN = {RDF.type, RDFS.isDefinedBy, *_NAMES, *_DEFINITIONS, SH.select, SH.prefixes}


@dataclass(frozen=True, slots=True)
class Term:
    """A term of a vocabulary; ``anchor`` is its fragment, ``uses`` its other statements.

    ``page`` is where it has a page of its own, ``None`` where it has none.
    """

    iri: str
    anchor: str
    page: str | None
    name: str
    labels: tuple[Label, ...]
    definitions: tuple[Label, ...]
    uses: tuple[tuple[Shown, tuple[Shown, ...]], ...]


@dataclass(frozen=True, slots=True)
class VocabularyPage:
    """Contents of the page of a vocabulary."""

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
    ontology = URIRef(iri)
    named = {each for each in graph.subjects(RDF.type) if isinstance(each, URIRef)} - {ontology}
    namespace = iri if iri.endswith(("#", "/")) else f"{iri}#"
    # Where nothing has the vocabulary's own namespace, all that its files define are its terms.
    terms = {each for each in named if each.startswith(namespace)} or named
    mentioned = (term for each in terms for pair in graph.predicate_objects(each) for term in pair)
    labels.load([ontology, *terms, *mentioned])
    sections: list[tuple[str, tuple[Term, ...]]] = []
    shown: set[URIRef] = set()
    for title, types in SECTIONS:
        members = {
            each for each in terms - shown if set(types) & set(graph.objects(each, RDF.type))
        }
        sections.append((title, _section(graph, members, labels)))
        shown |= members
    rest = sorted(terms - shown, key=str)[:MOST_THINGS]
    sections.append(("Things", _section(graph, rest, labels)))
    return VocabularyPage(
        title=labels.of(iri),
        description=_best(
            graph, ontology, (DCTERMS.description, RDFS.comment, DCTERMS.abstract), labels
        ),
        version=str(graph.value(ontology, OWL.versionInfo) or ""),
        sections=tuple((title, listed) for title, listed in sections if listed),
    )


def _section(graph: Graph, terms: Iterable[URIRef], labels: Labels) -> tuple[Term, ...]:
    shown = [_term(graph, term, labels) for term in terms]
    return tuple(sorted(shown, key=lambda term: (term.anchor.lower(), term.anchor)))


def _term(graph: Graph, term: URIRef, labels: Labels) -> Term:
    return Term(
        iri=str(term),
        anchor=readable_end(term),
        page=labels.page(str(term)),
        name=labels.of(term).text,
        labels=_texts(graph, term, _NAMES),
        definitions=_in_language(_texts(graph, term, _DEFINITIONS), labels),
        uses=tuple(_uses(graph, term, labels)),
    )


def _uses(graph: Graph, term: URIRef, labels: Labels) -> Iterable[tuple[Shown, tuple[Shown, ...]]]:
    for predicate in sorted(set(graph.predicates(term)), key=_rank):
        if predicate not in _HIDDEN:
            objects = [each for each in graph.objects(term, predicate) if not _is_blank(each)]
            if values := _for_reader(objects, labels):
                yield (
                    labels.show(predicate),
                    tuple(labels.show(each) for each in sorted(values, key=str)),
                )


def _rank(predicate: Node) -> tuple[bool, str]:
    return predicate in _NOTES, str(predicate)


def _is_blank(term: Node) -> bool:
    return not isinstance(term, URIRef | Literal)


def _texts(graph: Graph, term: Node, predicates: Iterable[URIRef]) -> tuple[Label, ...]:
    objects = [each for predicate in predicates for each in graph.objects(term, predicate)]
    texts = {Label(str(each), each.language) for each in objects if isinstance(each, Literal)}
    return tuple(sorted(texts, key=lambda label: (label.language or "", label.text)))


def _in_language(texts: tuple[Label, ...], labels: Labels) -> tuple[Label, ...]:
    """Return the texts in the reader's language, or else in the language that is shown instead."""
    best = labels.pick(Literal(each.text, lang=each.language) for each in texts)
    return tuple(each for each in texts if best is not None and each.language == best.language)


def _for_reader(values: list[Node], labels: Labels) -> list[Node]:
    """Return values without the texts that another of them says in the reader's language."""
    texts = [each for each in values if isinstance(each, Literal) and each.language]
    best = labels.pick(texts)
    language = best.language if best is not None else None
    return [
        each for each in values if each not in texts or getattr(each, "language", "") == language
    ]


def _best(graph: Graph, term: Node, predicates: Iterable[URIRef], labels: Labels) -> Label | None:
    texts = [each for predicate in predicates for each in graph.objects(term, predicate)]
    label = labels.pick(texts)
    return None if label is None else Label(str(label), label.language)
