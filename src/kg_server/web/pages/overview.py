"""Contents of the graph, for its home page: classes with counts and examples, the last change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from rdflib import RDF, RDFS, VOID, Graph, URIRef

from kg_server.linked_data.documents import Site
from kg_server.project.profile import Evidence
from kg_server.rdf import namespaces as ns
from kg_server.store.results import rows
from kg_server.web.pages.numbers import number
from kg_server.web.pages.terms import Labels, Shown

MOST_CLASSES = 24
"""Most classes on the home page."""
_EXAMPLES = 2

LANGUAGES_OF_MODELS = (
    str(RDF),
    str(RDFS),
    ns.OWL,
    ns.SH,
    ns.VOID,
    ns.SD,
    ns.DCAT,
)
"""Namespaces whose classes say how a graph is written, and not what it is about."""

_TERMS = (
    *("http://www.w3.org/2002/07/owl#Class", f"{RDFS}Class", f"{RDF}Property"),
    *(
        f"http://www.w3.org/2002/07/owl#{name}Property"
        for name in ("Object", "Datatype", "Annotation")
    ),
)
"""Classes of terms, which a graph of nothing but a vocabulary is about."""

_COUNTS = """
SELECT ?class (COUNT(?thing) AS ?count)
WHERE {
  ?thing a ?class
  # What the server says of itself is about no thing of the graph.
  FILTER(ISIRI(?class) && !STRSTARTS(STR(?thing), "%(base)s.well-known/void")
    && !STRSTARTS(STR(?thing), "%(base)squeries/")
    && STR(?thing) NOT IN ("%(base)sdataset", "%(base)ssparql"))
}
GROUP BY ?class ORDER BY DESC(?count) ?class LIMIT 500
"""
_SOME = """
{ SELECT DISTINCT ?class ?thing WHERE {
    VALUES ?class { %s } ?thing a ?class ; %s ?label FILTER(ISIRI(?thing))
} LIMIT %d }
"""
_NAMED = (
    "<http://www.w3.org/2000/01/rdf-schema#label>|<http://www.w3.org/2004/02/skos/core#prefLabel>"
)
_CHANGED = """
PREFIX dct: <http://purl.org/dc/terms/>
PREFIX dcat: <http://www.w3.org/ns/dcat#>
PREFIX owl: <http://www.w3.org/2002/07/owl#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX void: <http://rdfs.org/ns/void#>
SELECT (MAX(?date) AS ?changed) WHERE {
  VALUES ?class { void:Dataset dcat:Dataset owl:Ontology skos:ConceptScheme }
  ?this a ?class ; dct:modified ?date
}
"""


@dataclass(frozen=True, slots=True)
class ClassCount:
    """A class, how many instances it has, and some of them."""

    iri: str
    count: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """The classes of a graph, the commonest first, and when it says that it last changed."""

    classes: tuple[ClassCount, ...]
    changed: str | None

    def terms(self) -> Iterable[str]:
        """Yield the IRIs whose labels a page needs."""
        for each in self.classes:
            yield each.iri
            yield from each.examples


@dataclass(frozen=True, slots=True)
class ClassShown:
    """A class on the home page."""

    name: Shown
    count: str
    href: str
    """The table of its instances."""
    examples: tuple[Shown, ...]


def overview(site: Site, description: Graph) -> Overview:
    """Ask a store what it holds; the answer stays the same as long as the graph does.

    Args:
        site: what is asked.
        description: the VoID description, in which the classes are counted; without it, they are
            counted now.
    """
    counted = _described(description, site.dataset_iri)
    if not counted:
        solutions = rows(site.store, _COUNTS % {"base": site.base_iri})
        counted = {str(row["class"]): int(str(row["count"])) for row in solutions}
    own = [iri for iri in counted if not iri.startswith(LANGUAGES_OF_MODELS)]
    own = own or [iri for iri in counted if iri in _TERMS]
    things = [iri for iri in own if iri not in _of_evidence(site.evidence)]
    chosen = (things + [iri for iri in own if iri not in things])[:MOST_CLASSES]
    some = " UNION ".join(_SOME % (URIRef(iri).n3(), _NAMED, _EXAMPLES) for iri in chosen)
    examples = rows(site.store, f"SELECT ?class ?thing WHERE {{ {some} }}") if some else []
    by_class: dict[str, list[str]] = {iri: [] for iri in chosen}
    for row in examples:
        by_class[str(row["class"])].append(str(row["thing"]))
    changed = rows(site.store, _CHANGED)
    return Overview(
        classes=tuple(
            ClassCount(iri, counted[iri], tuple(of_class)) for iri, of_class in by_class.items()
        ),
        changed=next((str(row["changed"]) for row in changed if "changed" in row), None),
    )


def _described(description: Graph, dataset: str) -> dict[str, int]:
    """Return the numbers of instances by class that a description gives, largest first."""
    counted = {
        str(description.value(part, VOID["class"])): int(str(number))
        for part in description.objects(URIRef(dataset), VOID.classPartition)
        if (number := description.value(part, VOID.entities)) is not None
    }
    return dict(sorted(counted.items(), key=lambda pair: (-pair[1], pair[0])))


def _of_evidence(words: Evidence | None) -> set[str]:
    """Return the classes of evidence, which come after those of what the graph is about."""
    if words is None:
        return set()
    classes = (words.claim, words.passage, words.source, words.conflict, words.caveat)
    return {each for each in classes if each}


def shown(overview: Overview, labels: Labels) -> tuple[ClassShown, ...]:
    """Return the classes as the page shows them; their labels have to be loaded."""
    return tuple(
        ClassShown(
            name=labels.show(URIRef(each.iri)),
            count=number(str(each.count), labels.language),
            href=f"/things/?{urlencode({'class': each.iri})}",
            examples=tuple(labels.show(URIRef(iri)) for iri in each.examples),
        )
        for each in overview.classes
    )
