"""Description of the server in one graph: VoID, DCAT 3 and the SPARQL service description.

All values come from the served graph or are counted in it. The description is loaded as a named
graph, so that clients can query it. ``described`` is called once, when a store is filled.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote

from rdflib import DCAT, DCTERMS, FOAF, OWL, RDF, RDFS, SH, VOID, XSD, Graph, Literal, URIRef
from rdflib.term import Node

from kg_server import canned, formats
from kg_server.canned import names
from kg_server.description import profile as profiles
from kg_server.description import statistics
from kg_server.description.partitions import add_partitions, is_of_the_language
from kg_server.description.queries import as_graph
from kg_server.description.statistics import Statistics
from kg_server.formats import Format, Kind
from kg_server.linked_data import dumps, vocabularies
from kg_server.linked_data.documents import Site
from kg_server.project import Project
from kg_server.project.profile import Profile
from kg_server.rdf import addresses
from kg_server.rdf import namespaces as ns
from kg_server.rdf.prefixes import namespace_of
from kg_server.store import Store
from kg_server.store.results import add_triples, rows, values

GRAPH, QUERIES = dumps.GENERATED
"""Paths below the base IRI of the named graphs with this description, and with that of queries."""

_ENTAILMENT = "http://www.w3.org/ns/entailment/"
_MEDIA_TYPES = "https://www.iana.org/assignments/media-types/"

TARGETS = {
    "http://www.wikidata.org/entity/": ("wikidata", "Wikidata", "https://www.wikidata.org/"),
    "https://sws.geonames.org/": ("geonames", "GeoNames", "https://www.geonames.org/"),
}
"""Data sets that the graph may link to: namespace, key, name, home page."""

_OWN = "CONSTRUCT { ?this ?p ?o } WHERE { ?this ?p ?o }"
_CODES = 'SELECT ?s WHERE { ?s a ?type FILTER(STRSTARTS(STR(?s), "%sdef/")) } LIMIT 1'
_MOST_EXAMPLES = 50
_NOT_IN_FRAGMENT = re.compile(r'[#%<>\[\]"{}|^`\\\x00-\x20]')
_TRIPLES_OF = "CONSTRUCT { ?this ?p ?o } WHERE { VALUES ?this { %s } ?this ?p ?o }"


def described(store: Store, project: Project) -> list[tuple[str, bytes]]:
    """Return the graphs that describe a store's contents: IRIs and N-Triples."""
    base_iri = project.base_iri
    loaded = canned.of_project(project)
    queries = as_graph(loaded, base_iri, names.of_queries(loaded.values(), store))
    profile, size = profiles.completed(project, store), len(set(queries.splitlines()))
    site = Site.of(store, base_iri, profile)
    counted = statistics.count(store, base_iri, tuple(TARGETS))
    beside = {base_iri + QUERIES: size} if size else {}
    graph = _Description(site=site, counted=counted, profile=profile, beside=beside).graph()
    triples = graph.serialize(format="nt", encoding="utf-8")
    return [(base_iri + GRAPH, triples), (base_iri + QUERIES, queries)]


def void_iri(base_iri: str) -> URIRef:
    """Return the IRI of the document that describes the data set (VoID §6.1)."""
    return URIRef(f"{base_iri}.well-known/void")


class _Description:
    def __init__(
        self, site: Site, counted: Statistics, profile: Profile, beside: Mapping[str, int]
    ) -> None:
        self._site, self._counted, self._profile, self._beside = site, counted, profile, beside
        self._graph = Graph()
        self._document = void_iri(site.base_iri)
        self._dataset = URIRef(site.dataset_iri)
        self._endpoint = URIRef(f"{site.base_iri}sparql")
        self._known = Graph()
        add_triples(self._known, site.store, _OWN, this=self._dataset.n3())

    def graph(self) -> Graph:
        self._add_document()
        self._add_dataset()
        self._add_catalogue()
        self._add_linksets()
        self._add_distributions()
        self._add_service()
        self._add_prefixes()
        names = self._site.prefixes
        add_partitions(
            self._graph, self._dataset, self._document, counted=self._counted, namespaces=names
        )
        self._add_sizes()
        return self._graph

    def _add(self, subject: Node, predicate: Node, *objects: Node) -> None:
        for each in objects:
            self._graph.add((subject, predicate, each))

    def _name(self, fragment: str) -> URIRef:
        return URIRef(f"{self._document}#{fragment}")

    def _iri(self, path: str) -> URIRef:
        return URIRef(self._site.base_iri + path)

    def _add_document(self) -> None:
        self._add(self._document, RDF.type, VOID.DatasetDescription, FOAF.Document)
        self._add(self._document, FOAF.primaryTopic, self._dataset)
        self._add(self._document, FOAF.topic, self._name("catalogue"), self._endpoint)
        self._add(self._document, DCTERMS.title, Literal("Description of the data set", "en"))

    def _add_dataset(self) -> None:
        dataset, counted = self._dataset, self._counted
        self._add(dataset, RDF.type, VOID.Dataset, DCAT.Dataset)
        for predicate, texts in (
            (DCTERMS.title, self._profile.title or {"en": "Data set"}),
            (DCTERMS.description, self._profile.description),
        ):
            if not self._known.value(dataset, predicate):
                for language, text in texts.items():
                    self._add(dataset, predicate, Literal(text, language or None))
        if not self._known.value(dataset, DCTERMS.license):
            self._add_licence(dataset)
        self._add_publisher(dataset)
        self._add(dataset, DCTERMS.identifier, Literal(str(dataset)))
        self._add(dataset, OWL.versionInfo, Literal(self._site.store.version))
        self._add(dataset, DCAT.landingPage, self._iri(""))
        self._add(dataset, FOAF.homepage, self._iri(""))
        self._add(dataset, VOID.sparqlEndpoint, self._endpoint)
        if counted.kinds():
            self._add(dataset, VOID.uriSpace, Literal(f"{self._site.base_iri}id/"))
        self._add(dataset, VOID.triples, Literal(counted.triples))
        self._add(dataset, VOID.distinctSubjects, Literal(counted.number("subjects")))
        self._add(dataset, VOID.distinctObjects, Literal(counted.number("objects")))
        for form in (*formats.of_kind(Kind.GRAPH), formats.HTML):
            if form.iri:
                self._add(dataset, VOID.feature, URIRef(form.iri))
        self._add(dataset, VOID.vocabulary, *self._vocabularies())
        self._add(
            dataset,
            DCTERMS.conformsTo,
            *(URIRef(each.iri) for each in vocabularies.vocabularies(self._site)),
        )
        self._add(dataset, VOID.rootResource, *self._lists())
        self._add(dataset, VOID.exampleResource, *self._examples())

    def _add_publisher(self, subject: Node) -> None:
        """Add an agent with the name of the data set's publisher or creator, if the data say it."""
        agents = [
            each
            for predicate in (DCTERMS.publisher, DCTERMS.creator)
            for each in self._known.objects(self._dataset, predicate)
        ]
        if agents:
            agent = self._name("publisher")
            self._add(subject, DCTERMS.publisher, agent)
            self._add(agent, RDF.type, FOAF.Agent)
            self._add(agent, FOAF.name, Literal(min(map(str, agents))))

    def _vocabularies(self) -> Iterable[URIRef]:
        used = {str(row["p"]) for row, _ in self._counted.rows("properties")}
        used |= {str(row["c"]) for row, _ in self._counted.rows("classes")}
        return sorted({URIRef(namespace_of(term)) for term in used})

    def _lists(self) -> Iterable[URIRef]:
        base = self._site.base_iri
        codes = rows(self._site.store, _CODES % base)
        kinds = [*self._counted.kinds(), *(["def"] if codes else [])]
        return [URIRef(addresses.collection_iri(kind, base)) for kind in kinds]

    def _examples(self) -> Iterable[Node]:
        """Return an example of each kind, from its largest class; without kinds, of each class."""
        examples: dict[str, Node] = {}
        has_kinds = bool(self._counted.kinds())
        for row, _ in self._counted.rows("classes"):
            key = str(row.get("kind", "") if has_kinds else row["c"])
            if key and not is_of_the_language(row["c"]) and isinstance(row.get("example"), URIRef):
                examples.setdefault(key, row["example"])
        return list(examples.values())[:_MOST_EXAMPLES]

    def _add_catalogue(self) -> None:
        catalogue = self._name("catalogue")
        self._add(catalogue, RDF.type, DCAT.Catalog)
        self._add(catalogue, DCTERMS.title, Literal("Data sets of this server", "en"))
        self._add(catalogue, DCTERMS.description, Literal("The data set served here.", "en"))
        self._add_publisher(catalogue)
        self._add(catalogue, DCAT.dataset, self._dataset)
        self._add(catalogue, DCAT.service, self._endpoint)
        self._add(catalogue, FOAF.homepage, self._iri(""))
        self._add_licence(catalogue)

    def _add_licence(self, subject: Node) -> None:
        """Add the licence of the data set: from the data, or else from the profile."""
        licences = list(self._known.objects(self._dataset, DCTERMS.license))
        licence = self._profile.licence or ""
        if not licences and re.match(r"[a-z]+:", licence):
            licences = [URIRef(licence)]
        self._add(subject, DCTERMS.license, *licences)

    def _add_linksets(self) -> None:
        for row, number in self._counted.rows("links"):
            namespace, predicate = str(row["target"]), str(row["p"])
            key, name, home = TARGETS[namespace]
            target = self._name(key)
            linkset = self._name(f"links-{key}-{predicate.rpartition('#')[2]}")
            self._add(target, RDF.type, VOID.Dataset)
            self._add(target, DCTERMS.title, Literal(name, "en"))
            self._add(target, FOAF.homepage, URIRef(home))
            self._add(target, VOID.uriSpace, Literal(namespace))
            self._add(linkset, RDF.type, VOID.Linkset)
            self._add(linkset, VOID.subjectsTarget, self._dataset)
            self._add(linkset, VOID.objectsTarget, target)
            self._add(linkset, VOID.linkPredicate, URIRef(predicate))
            self._add(linkset, VOID.triples, Literal(number))
            self._add(self._dataset, VOID.subset, linkset)

    def _add_distributions(self) -> None:
        for form in dumps.FORMATS:
            self._add_distribution(f"dump.{form.extension}", form, "RDF 1.1")
        turtle = dumps.RDF12_FORMATS[0]
        distribution = self._add_distribution(f"dump-rdf12.{turtle.extension}", turtle, "RDF 1.2")
        self._add(distribution, DCTERMS.conformsTo, URIRef("https://www.w3.org/TR/rdf12-concepts/"))

    def _add_distribution(self, path: str, form: Format, version: str) -> URIRef:
        distribution, address = self._name(path.replace(".", "-")), self._iri(path)
        self._add(self._dataset, DCAT.distribution, distribution)
        self._add(self._dataset, VOID.dataDump, address)
        self._add(distribution, RDF.type, DCAT.Distribution)
        self._add(
            distribution, DCTERMS.title, Literal(f"The whole graph as {form.name}, {version}", "en")
        )
        self._add(distribution, DCTERMS.description, Literal("Every triple, streamed.", "en"))
        self._add(distribution, DCAT.accessURL, address)
        self._add(distribution, DCAT.downloadURL, address)
        self._add(distribution, DCAT.mediaType, URIRef(_MEDIA_TYPES + form.media_type))
        self._add(distribution, DCAT.accessService, self._endpoint)
        if form.iri:
            self._add(distribution, DCTERMS["format"], URIRef(form.iri))
        self._add_licence(distribution)
        return distribution

    def _add_service(self) -> None:
        """Describe the SPARQL endpoint (SPARQL 1.1 Service Description §3, DCAT 3 §6.9)."""
        service, default = self._endpoint, self._name("default-dataset")
        self._add(service, RDF.type, URIRef(f"{ns.SD}Service"), DCAT.DataService)
        self._add(service, DCTERMS.title, Literal("SPARQL endpoint", "en"))
        self._add(service, DCAT.endpointURL, service)
        self._add(service, DCAT.endpointDescription, service)
        self._add(service, DCAT.servesDataset, self._dataset)
        self._add(service, URIRef(f"{ns.SD}endpoint"), service)
        self._add(service, URIRef(f"{ns.SD}supportedLanguage"), URIRef(f"{ns.SD}SPARQL11Query"))
        self._add(
            service, URIRef(f"{ns.SD}defaultEntailmentRegime"), URIRef(f"{_ENTAILMENT}Simple")
        )
        for form in formats.FORMATS:
            if form.iri:
                self._add(service, URIRef(f"{ns.SD}resultFormat"), URIRef(form.iri))
        self._add_licence(service)
        self._add(service, URIRef(f"{ns.SD}defaultDataset"), default)
        self._add(default, RDF.type, URIRef(f"{ns.SD}Dataset"))
        graph = self._name("default-graph")
        self._add(default, URIRef(f"{ns.SD}defaultGraph"), graph)
        self._add(graph, RDF.type, URIRef(f"{ns.SD}Graph"))
        sizes = {str(row["g"]): triples for row, triples in self._counted.rows("graphs")}
        for name, triples in {**sizes, **self._beside}.items():
            contents = self._add_named_graph(default, name)
            self._add(contents, VOID.triples, Literal(triples))
        self._add_named_graph(default, self._site.base_iri + GRAPH)

    def _add_named_graph(self, default: URIRef, name: str) -> URIRef:
        """Describe a named graph; return the node for its triples."""
        named_graph = self._named_graph(name)
        self._add(default, URIRef(f"{ns.SD}namedGraph"), named_graph)
        self._add(named_graph, RDF.type, URIRef(f"{ns.SD}NamedGraph"))
        self._add(named_graph, URIRef(f"{ns.SD}name"), URIRef(name))
        contents = self._named_graph(name, "contents-")
        self._add(named_graph, URIRef(f"{ns.SD}graph"), contents)
        self._add(contents, RDF.type, URIRef(f"{ns.SD}Graph"))
        return contents

    def _named_graph(self, name: str, part: str = "") -> URIRef:
        path = name.removeprefix(self._site.base_iri).replace("/", "-")
        return self._name(part + _NOT_IN_FRAGMENT.sub(lambda each: quote(each[0]), path))

    def _add_sizes(self) -> None:
        """Add the size of the description itself, including the triple with this number."""
        self._add(self._name("default-graph"), VOID.triples, Literal(self._counted.triples))
        self._leave_out_data()
        contents = self._named_graph(self._site.base_iri + GRAPH, "contents-")
        self._add(contents, VOID.triples, Literal(len(self._graph) + 1))

    def _leave_out_data(self) -> None:
        """Remove triples that are in the data, so that the default graph has them once."""
        in_data = Graph()
        subjects = values(set(self._graph.subjects()))
        add_triples(in_data, self._site.store, _TRIPLES_OF % subjects)
        self._graph -= in_data

    def _add_prefixes(self) -> None:
        """Publish the prefixes in the form that query editors look for (SHACL §5.2.1)."""
        ontology = self._name("prefixes")
        self._add(ontology, RDF.type, OWL.Ontology)
        self._add(ontology, RDFS.label, Literal("Prefixes for queries", "en"))
        for prefix, namespace in self._site.prefixes.items():
            declaration = self._name(f"prefix-{prefix}")
            self._add(ontology, SH.declare, declaration)
            self._add(declaration, RDF.type, SH.PrefixDeclaration)
            self._add(declaration, SH.prefix, Literal(prefix))
            self._add(declaration, SH.namespace, Literal(namespace, datatype=XSD.anyURI))
