"""Labels of the terms of common vocabularies, which most graphs use and few describe."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from rdflib import DCAT, DCTERMS, OWL, RDF, RDFS, SH, SKOS, VOID
from rdflib.term import URIRef

from kg_server.web.pages.layout import translate

ENGLISH: Mapping[URIRef, str] = {
    RDF.type: "kind",
    RDF.Property: "property",
    RDF.Statement: "statement",
    RDF.subject: "subject",
    RDF.predicate: "predicate",
    RDF.object: "object",
    RDFS.Class: "class",
    RDFS.Datatype: "datatype",
    RDFS.label: "label",
    RDFS.comment: "comment",
    RDFS.subClassOf: "subclass of",
    RDFS.subPropertyOf: "subproperty of",
    RDFS.domain: "domain",
    RDFS.range: "range",
    RDFS.seeAlso: "see also",
    RDFS.isDefinedBy: "defined by",
    OWL.Ontology: "ontology",
    OWL.Class: "class",
    OWL.Thing: "thing",
    OWL.NamedIndividual: "individual",
    OWL.Restriction: "restriction",
    OWL.AllDisjointClasses: "disjoint classes",
    OWL.NegativePropertyAssertion: "denial",
    OWL.ObjectProperty: "object property",
    OWL.DatatypeProperty: "datatype property",
    OWL.AnnotationProperty: "annotation property",
    OWL.OntologyProperty: "ontology property",
    OWL.FunctionalProperty: "functional property",
    OWL.InverseFunctionalProperty: "inverse functional property",
    OWL.SymmetricProperty: "symmetric property",
    OWL.AsymmetricProperty: "asymmetric property",
    OWL.TransitiveProperty: "transitive property",
    OWL.ReflexiveProperty: "reflexive property",
    OWL.IrreflexiveProperty: "irreflexive property",
    OWL.sameAs: "same as",
    OWL.inverseOf: "inverse of",
    OWL.disjointWith: "disjoint with",
    OWL.equivalentClass: "equivalent class",
    OWL.versionInfo: "version",
    SKOS.Concept: "concept",
    SKOS.ConceptScheme: "list of concepts",
    SKOS.Collection: "collection of concepts",
    SKOS.prefLabel: "preferred label",
    SKOS.altLabel: "other label",
    SKOS.definition: "definition",
    SKOS.scopeNote: "scope note",
    SKOS.note: "note",
    SKOS.example: "example",
    SKOS.notation: "notation",
    SKOS.broader: "broader",
    SKOS.narrower: "narrower",
    SKOS.related: "related",
    SKOS.exactMatch: "exact match",
    SKOS.closeMatch: "close match",
    SKOS.broadMatch: "broader match",
    SKOS.narrowMatch: "narrower match",
    SKOS.relatedMatch: "related match",
    SKOS.inScheme: "in the list",
    SKOS.topConceptOf: "top concept of",
    SKOS.hasTopConcept: "top concept",
    SH.NodeShape: "node shape",
    SH.PropertyShape: "property shape",
    VOID.Dataset: "data set",
    DCAT.Dataset: "data set",
    DCTERMS.title: "title",
    DCTERMS.description: "description",
    DCTERMS.creator: "creator",
    DCTERMS.publisher: "publisher",
    DCTERMS.contributor: "contributor",
    DCTERMS.source: "source",
    DCTERMS.license: "licence",
    DCTERMS.rights: "rights",
    DCTERMS.language: "language",
    DCTERMS.subject: "topic",
    DCTERMS.created: "created",
    DCTERMS.issued: "issued",
    DCTERMS.modified: "modified",
    DCTERMS.isPartOf: "part of",
    DCTERMS.hasPart: "has part",
    DCTERMS.references: "references",
    DCTERMS.isReferencedBy: "referenced by",
    DCTERMS.bibliographicCitation: "citation",
}
"""English labels by IRI; the translations of the interface have the others."""


@cache
def labels(language: str) -> Mapping[str, str]:
    """Return the labels in a language of the interface, by IRI."""
    return {str(iri): translate(text, language) for iri, text in ENGLISH.items()}
