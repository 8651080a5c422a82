"""VoID partitions: counts by class, by property, and by class or datatype of the values (§4.5)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from rdflib import OWL, RDF, VOID, Graph, Literal, Namespace, URIRef

from kg_server.description.statistics import Statistics
from kg_server.rdf import namespaces as ns

VOID_EXT = Namespace(ns.VOID_EXT)

_NOT_IN_FRAGMENT = re.compile(r"[^A-Za-z0-9_.-]")


class _Namer:
    """A generator of readable names, such as ``#class-ex-Museum-property-ex-city``."""

    def __init__(self, document: URIRef, namespaces: Mapping[str, str]) -> None:
        self._document, self._namespaces = document, namespaces
        self._words: dict[str, str] = {}

    def name(self, *parts: object) -> URIRef:
        return URIRef(f"{self._document}#" + "-".join(self._word(str(part)) for part in parts))

    def _word(self, part: str) -> str:
        if part not in self._words:
            self._words[part] = self._new_word(part)
        return self._words[part]

    def _new_word(self, part: str) -> str:
        for prefix, namespace in self._namespaces.items():
            if part.startswith(namespace):
                return _NOT_IN_FRAGMENT.sub("_", f"{prefix}-{part[len(namespace) :]}")
        is_word = part in ("class", "property", "value")
        return part if is_word else hashlib.sha256(part.encode()).hexdigest()[:16]


def add_partitions(
    graph: Graph,
    dataset: URIRef,
    document: URIRef,
    *,
    counted: Statistics,
    namespaces: Mapping[str, str],
) -> None:
    """Add class and property partitions of a data set, as ``document#class-…``.

    A class partition has a partition for each property of its instances. A property partition has
    a partition for each class or datatype of the values. Query editors use them for completion.
    The ranges of the properties imply that each part is a data set, so no triple states it.
    """
    namer = _Namer(document, namespaces)
    _add_classes(graph, dataset, counted, namer)
    for row, number in counted.rows("properties"):
        partition = namer.name("property", row["p"])
        graph.add((dataset, VOID.propertyPartition, partition))
        graph.add((partition, VOID.property, row["p"]))
        graph.add((partition, VOID.triples, Literal(number)))
    number_of_properties = len(counted.results["properties"])
    graph.add((dataset, VOID.properties, Literal(number_of_properties)))
    for class_, predicate, number in counted.class_properties():
        if is_of_the_language(class_):
            continue
        partition = namer.name("class", class_, "property", predicate)
        graph.add((namer.name("class", class_), VOID.propertyPartition, partition))
        graph.add((partition, VOID.property, predicate))
        graph.add((partition, VOID.triples, Literal(number)))
    _add_values(graph, counted, namer)


def is_of_the_language(term: object) -> bool:
    """Tell whether a class is one of OWL or RDF, whose instances are ontology and not data."""
    return str(term).startswith((str(OWL), str(RDF)))


def _add_classes(graph: Graph, dataset: URIRef, counted: Statistics, namer: _Namer) -> None:
    entities: dict[URIRef, int] = {}
    for row, number in counted.rows("classes"):
        entities[URIRef(str(row["c"]))] = entities.get(URIRef(str(row["c"])), 0) + number
    graph.add((dataset, VOID.classes, Literal(len(entities))))
    for each, number in entities.items():
        partition = namer.name("class", each)
        graph.add((dataset, VOID.classPartition, partition))
        graph.add((partition, VOID["class"], each))
        graph.add((partition, VOID.entities, Literal(number)))


def _add_values(graph: Graph, counted: Statistics, namer: _Namer) -> None:
    for name, partition, predicate in (
        ("object_classes", VOID.classPartition, VOID["class"]),
        ("datatypes", VOID_EXT.datatypePartition, VOID_EXT.datatype),
    ):
        for row, number in counted.rows(name):
            if "x" not in row or is_of_the_language(row["c"]):
                continue
            part = namer.name("class", row["c"], "property", row["p"], "value", row["x"])
            graph.add((namer.name("class", row["c"], "property", row["p"]), partition, part))
            graph.add((part, predicate, row["x"]))
            graph.add((part, VOID.triples, Literal(number)))
