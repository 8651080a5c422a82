"""Columns of a class, from its SHACL property shapes and the properties of its instances.

A property shape gives a column its name, order and group (SHACL §2.3.2). The VoID partitions of the
data set give the other properties of the instances, and the kinds of values (VoID §4.5).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from rdflib import DCTERMS, OWL, RDF, RDFS, SH, SKOS, XSD, Literal, URIRef
from rdflib.term import Identifier

from kg_server.rdf.prefixes import local_name
from kg_server.sparql.query import Dataset
from kg_server.store import Store
from kg_server.store.results import rows

T = TypeVar("T")

NAMES = (RDFS.label, SKOS.prefLabel, DCTERMS.title)
"""The properties for names of things, shown in the first column."""
RESERVED = frozenset(
    ("class", "format", "lang", "limit", "offset", "sort", "facet", "label", "labels")
)
"""Parameters of a request that are not columns."""

_ODD = re.compile(
    "[^A-Za-z0-9\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u2070-\u218f"
    "\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd]+"
)
"""Runs of what a variable cannot have (SPARQL 1.1 §19.8, ``VARNAME``) become one underscore:
two of them begin an operator."""
_CLASSES = """
PREFIX void: <http://rdfs.org/ns/void#>
SELECT ?class ?n { ?data void:classPartition ?part . ?part void:class ?class ; void:entities ?n }
"""
_TOTALS = """
PREFIX void: <http://rdfs.org/ns/void#>
SELECT ?property (MAX(?n) AS ?most) { ?part void:property ?property ; void:triples ?n }
GROUP BY ?property
"""
_BLANK = """
SELECT ?class (COUNT(DISTINCT ?thing) AS ?n) { ?thing a ?class FILTER(ISBLANK(?thing)) }
GROUP BY ?class
"""
_SHAPES = """
PREFIX sh: <http://www.w3.org/ns/shacl#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
SELECT DISTINCT ?property ?name ?order ?group ?groupOrder ?datatype ?class ?max {
  { %(class)s rdfs:subClassOf* ?target . ?shape sh:targetClass ?target }
  UNION { %(class)s rdfs:subClassOf* ?shape . ?shape a rdfs:Class }
  UNION { %(class)s rdfs:subClassOf* ?shape . ?shape a <http://www.w3.org/2002/07/owl#Class> }
  ?shape sh:property ?part .
  ?part sh:path ?property .
  FILTER(isIRI(?property))
  OPTIONAL { ?part sh:name ?name }
  OPTIONAL { ?part sh:order ?order }
  OPTIONAL { ?part sh:group ?group OPTIONAL { ?group sh:order ?groupOrder } }
  OPTIONAL { ?part sh:datatype ?datatype }
  OPTIONAL { ?part sh:class ?class }
  OPTIONAL { ?part sh:maxCount ?max }
}
"""
_USED = """
PREFIX void: <http://rdfs.org/ns/void#>
SELECT ?property ?n ?datatype ?class {
  ?part void:class %s ; void:propertyPartition ?properties .
  ?properties void:property ?property ; void:triples ?n .
  OPTIONAL { ?properties <http://ldf.fi/void-ext#datatypePartition>/
    <http://ldf.fi/void-ext#datatype> ?datatype }
  OPTIONAL { ?properties void:classPartition/void:class ?class }
}
"""
_COUNTED = """
SELECT ?property (COUNT(*) AS ?n) (SAMPLE(DATATYPE(?value)) AS ?datatype)
{ ?thing a %s ; ?property ?value } GROUP BY ?property
"""
_REPEATED = """
SELECT DISTINCT ?property {
  VALUES ?property { %s }
  ?thing a %s ; ?property ?one , ?other FILTER(!SAMETERM(?one, ?other))
}
"""


@dataclass(frozen=True, slots=True)
class Column:
    """One property of the instances of a class.

    ``iri`` is the property; ``name`` is its name in addresses; ``labels`` are its ``sh:name``.
    ``datatypes`` are the datatypes of its values; ``classes`` are the classes of its values that
    are things. ``used`` is the number of its triples; ``is_single``: a thing has at most one value.
    """

    name: str
    iri: str
    labels: tuple[Literal, ...] = ()
    order: tuple[float, float] = (0.0, 0.0)
    group: str | None = None
    datatypes: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    used: int = 0
    is_single: bool = False

    @property
    def is_number(self) -> bool:
        """True if all its values are numbers."""
        return bool(self.datatypes) and set(self.datatypes) <= NUMBERS

    @property
    def is_moment(self) -> bool:
        """True if all its values are dates, times or years."""
        return bool(self.datatypes) and set(self.datatypes) <= MOMENTS


NUMBERS = frozenset(
    str(XSD[name])
    for name in (
        *("integer", "decimal", "double", "float", "int", "long", "short", "byte"),
        *("nonNegativeInteger", "positiveInteger", "negativeInteger", "nonPositiveInteger"),
        *("unsignedInt", "unsignedLong", "unsignedShort", "unsignedByte"),
    )
)
MOMENTS = frozenset(
    str(XSD[name]) for name in ("date", "dateTime", "dateTimeStamp", "gYear", "gYearMonth")
)


def classes(store: Store, description: str) -> dict[str, int]:
    """Return the classes of a data set with the number of their instances, largest first.

    The classes of RDF, RDFS, OWL and SHACL come last: their instances are terms, not things.

    Args:
        store: the store to query.
        description: the IRI of the named graph with the VoID description.
    """
    solutions = rows(store, _CLASSES, dataset=Dataset(default_graphs=(description,)))
    counts = {str(row["class"]): int(str(row["n"])) for row in solutions}
    return dict(sorted(counts.items(), key=lambda each: (_is_language(each[0]), -each[1], each[0])))


def totals(store: Store, description: str) -> dict[str, int]:
    """Return the number of triples of each property, by the VoID description."""
    solutions = rows(store, _TOTALS, dataset=Dataset(default_graphs=(description,)))
    return {str(row["property"]): int(str(row["most"])) for row in solutions if "most" in row}


def blank_counts(store: Store) -> dict[str, int]:
    """Return the number of instances that are blank nodes, by class."""
    return {str(row["class"]): int(str(row["n"])) for row in rows(store, _BLANK) if "class" in row}


def of_class(
    store: Store, class_iri: str, description: str, prefixes: Mapping[str, str]
) -> tuple[Column, ...]:
    """Return the columns of a class: first those of its shapes, then other used properties.

    Args:
        store: the store to query.
        class_iri: the class.
        description: the IRI of the named graph with the VoID description.
        prefixes: used to name properties with the same local name.
    """
    iri = URIRef(class_iri).n3()
    everything = Dataset(default_graphs=store.graph_names())
    shaped = _shaped(rows(store, _SHAPES % {"class": iri}, dataset=everything))
    used = rows(store, _USED % iri, dataset=Dataset(default_graphs=(description,)))
    columns = _merged(shaped, used or rows(store, _COUNTED % iri))
    return tuple(_named(columns, prefixes))


def used(store: Store, class_iri: str, description: str) -> frozenset[str]:
    """Return the properties of the instances of a class, by the VoID description."""
    text = _USED % URIRef(class_iri).n3()
    solutions = rows(store, text, dataset=Dataset(default_graphs=(description,)))
    return frozenset(str(row["property"]) for row in solutions)


def with_singles(store: Store, class_iri: str, columns: Sequence[Column]) -> tuple[Column, ...]:
    """Return the columns; mark those as single for which no thing has two values."""
    unknown = [each for each in columns if not each.is_single]
    if not unknown:
        return tuple(columns)
    names = " ".join(URIRef(each.iri).n3() for each in unknown)
    solutions = rows(store, _REPEATED % (names, URIRef(class_iri).n3()))
    repeated = {str(row["property"]) for row in solutions}
    return tuple(replace(each, is_single=each.iri not in repeated) for each in columns)


def _shaped(solutions: Iterable[Mapping[str, Identifier]]) -> dict[str, Column]:
    """Return the columns that shapes give, by property."""
    columns: dict[str, Column] = {}
    for row in solutions:
        iri = str(row["property"])
        column = columns.get(iri) or Column(name="", iri=iri, order=_order(row))
        columns[iri] = replace(
            column,
            labels=_more(column.labels, _label(row.get("name"))),
            order=min(column.order, _order(row)),
            group=column.group or _text(row.get("group")),
            datatypes=_more(column.datatypes, _text(row.get("datatype"))),
            classes=_more(column.classes, _text(row.get("class"))),
            is_single=column.is_single or _text(row.get("max")) == "1",
        )
    return columns


def _merged(shaped: Mapping[str, Column], used: Iterable[Mapping[str, Identifier]]) -> list[Column]:
    """Return all columns in order: those of shapes, then the others by number of triples."""
    columns = dict(shaped)
    last = (float("inf"), float("inf"))
    for row in used:
        iri, count = str(row["property"]), int(str(row["n"]))
        column = columns.get(iri) or Column(name="", iri=iri, order=last)
        columns[iri] = replace(
            column,
            used=count,
            datatypes=_more(column.datatypes, _text(row.get("datatype"))),
            classes=_more(column.classes, _text(row.get("class"))),
        )
    shown = [each for each in columns.values() if URIRef(each.iri) not in (RDF.type, *NAMES)]
    return sorted(shown, key=lambda each: (each.order, -each.used, each.iri))


def _named(columns: Sequence[Column], prefixes: Mapping[str, str]) -> Iterable[Column]:
    """Yield the columns with their names: local names if they are unique."""
    locals_ = [_ODD.sub("_", local_name(each.iri)) for each in columns]
    used = {*RESERVED, "iri", "thing"}  # variables of the query for the whole table
    for order, (column, name) in enumerate(zip(columns, locals_, strict=True)):
        prefix = next((p for p, ns in prefixes.items() if ns and column.iri.startswith(ns)), "")
        if not name.strip("_") or locals_.count(name) > 1 or name in used:
            name = _ODD.sub("_", f"{prefix}_{name}" if prefix else f"{name}_{order}")
        while name in used:
            name = _ODD.sub("_", f"{name}_{order}")
        used.add(name)
        yield replace(column, name=name)


def _order(row: Mapping[str, Identifier]) -> tuple[float, float]:
    return _number(row.get("groupOrder")), _number(row.get("order"))


def _number(term: Identifier | None) -> float:
    try:
        return float(str(term)) if term is not None else 1e6
    except ValueError:
        return 1e6


def _is_language(class_iri: str) -> bool:
    return class_iri.startswith((str(RDF), str(RDFS), str(OWL), str(SH)))


def _label(term: Identifier | None) -> Literal | None:
    return term if isinstance(term, Literal) else None


def _text(term: Identifier | None) -> str | None:
    return None if term is None else str(term)


def _more(values: tuple[T, ...], new: T | None) -> tuple[T, ...]:
    return values if new is None or new in values else (*values, new)
