"""Names of the possible values of parameters: labels and codes, read in one query."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from kg_server.canned.parameters import AllNames, Group, Names
from kg_server.formats import Kind, named
from kg_server.rdf import namespaces as ns
from kg_server.rdf.labels import fold
from kg_server.rdf.prefixes import EXTERNAL
from kg_server.sparql.query import Query
from kg_server.store import Store

if TYPE_CHECKING:
    from kg_server.canned import CannedQuery

RDFS, SKOS = (EXTERNAL[prefix] for prefix in ("rdfs", "skos"))
DCT, FOAF = (EXTERNAL[prefix] for prefix in ("dct", "foaf"))

MOST_ROWS = 200_000
"""Largest number of names; beyond it, only IRIs are known."""

# Each branch has its constants in it, and every literal of a thing is read; those that are no names
# are left out below. Joined from outside, or with an OPTIONAL, the engine (pyoxigraph 0.5.13) reads
# all labels of the graph: 1 s at a million triples.
_QUERY = """
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT ?type ?of ?thing ?property ?name
WHERE {
  { VALUES ?of { %s } ?property rdfs:subPropertyOf+ ?of BIND("naming" AS ?type) }
  %s
}
LIMIT %d
"""
_BRANCHES = {
    "thing": (
        "?thing a <%s> ; ?property ?name",
        "?narrower rdfs:subClassOf+ <%s> . ?thing a ?narrower ; ?property ?name",
    ),
    "concept": (
        "?thing skos:inScheme <%s> ; ?property ?name",
        "?thing skos:topConceptOf <%s> ; ?property ?name",
        "<%s> skos:hasTopConcept ?thing . ?thing ?property ?name",
        "<%s> skos:hasTopConcept ?thing BIND(1 AS ?name)",
    ),
}
_SHORT = """UNION { %s
    FILTER(IF(isLiteral(?name), STRLEN(STR(?name)) < 200,
              ?property IN (rdf:type, skos:inScheme, skos:topConceptOf)))
    BIND("%s" AS ?type) BIND(<%s> AS ?of) }"""
_NAMING = (
    *(f"{RDFS}label", f"{DCT}title", f"{DCT}identifier", f"{ns.DC}title", f"{ns.DC}identifier"),
    *(f"{SKOS}{name}" for name in ("prefLabel", "altLabel", "hiddenLabel", "notation")),
    *(f"https://schema.org/{name}" for name in ("name", "alternateName", "identifier")),
    *(f"http://schema.org/{name}" for name in ("name", "alternateName", "identifier")),
    f"{FOAF}name",
)
"""Properties for names of things; their sub-properties in the graph count too."""


def of_queries(queries: Iterable[CannedQuery], store: Store) -> AllNames:
    """Return the names of all possible values of the parameters of these queries."""
    groups = {each.group for query in queries for each in query.parameters if each.of}
    if not groups:
        return {}
    answer = store.query(Query(query_text(groups), named("json", Kind.BINDINGS)))
    return read(answer.read())


def query_text(groups: Iterable[Group]) -> str:
    """Return the query for the names of some groups."""
    branches = [
        _SHORT % (pattern % iri, kind, iri)
        for kind, iri in sorted(groups)
        for pattern in _BRANCHES[kind]
    ]
    naming = " ".join(f"<{each}>" for each in _NAMING)
    return _QUERY % (naming, "\n  ".join(branches), MOST_ROWS)


def read(result: bytes) -> AllNames:
    """Read the answer to ``query_text``, in SPARQL 1.1 Query Results JSON."""
    iris: defaultdict[Group, set[str]] = defaultdict(set)
    by_name: defaultdict[Group, defaultdict[str, set[str]]]
    by_name = defaultdict(lambda: defaultdict(set))
    shown: defaultdict[Group, dict[str, str]] = defaultdict(dict)
    rows: list[dict[str, Any]] = json.loads(result)["results"]["bindings"]
    naming = {row["property"]["value"] for row in rows if row["type"]["value"] == "naming"}
    naming.update(_NAMING)
    for row in rows:
        if row.get("thing", {}).get("type") != "uri":
            continue
        group, iri = (row["type"]["value"], row["of"]["value"]), row["thing"]["value"]
        is_named = row.get("property", {}).get("value") in naming
        iris[group].add(iri)
        for name in (re.split(r"[#/:]", iri)[-1], row["name"]["value"] if is_named else ""):
            if key := fold(name):
                by_name[group][key].add(iri)
                shown[group].setdefault(key, name)
    return {
        group: Names(
            frozenset(found),
            {key: frozenset(named) for key, named in by_name[group].items()},
            shown[group],
        )
        for group, found in iris.items()
    }
