"""Names of the things that parameters can mean: labels and codes, from the store in one query."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from kg_server.canned.parameters import AllNames, Group, Names
from kg_server.formats import Kind, named
from kg_server.rdf.labels import fold
from kg_server.sparql.query import Query
from kg_server.store import Store

if TYPE_CHECKING:
    from kg_server.canned import CannedQuery

MOST_ROWS = 200_000
"""Names beyond so many are not known; IRIs are."""

_QUERY = """
PREFIX dc: <http://purl.org/dc/elements/1.1/>
PREFIX dct: <http://purl.org/dc/terms/>
PREFIX foaf: <http://xmlns.com/foaf/0.1/>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX schema: <https://schema.org/>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT ?type ?of ?thing ?name
WHERE {
  { VALUES ?of { %(things)s } BIND("thing" AS ?type)
    { ?thing a ?of } UNION { ?narrower rdfs:subClassOf+ ?of . ?thing a ?narrower } }
  UNION
  { VALUES ?of { %(concepts)s } BIND("concept" AS ?type)
    { ?thing skos:inScheme ?of } UNION { ?thing skos:topConceptOf ?of }
    UNION { ?of skos:hasTopConcept ?thing } }
  OPTIONAL {
    { VALUES ?naming { %(naming)s } }
    UNION
    { VALUES ?general { %(naming)s } ?naming rdfs:subPropertyOf+ ?general }
    ?thing ?naming ?name
    FILTER(isLiteral(?name))
  }
  FILTER(isIRI(?thing))
}
LIMIT %(most)d
"""
_NAMING = (
    *("rdfs:label", "skos:prefLabel", "skos:altLabel", "skos:hiddenLabel", "skos:notation"),
    *("dct:title", "dct:identifier", "dc:title", "dc:identifier", "foaf:name"),
    *("schema:name", "schema:alternateName", "schema:identifier"),
)
"""Properties that name a thing; their sub-properties in the graph do so, too."""


def of_queries(queries: Iterable[CannedQuery], store: Store) -> AllNames:
    """Return the names of everything that parameters of these queries can mean."""
    groups = {each.group for query in queries for each in query.parameters if each.of}
    if not groups:
        return {}
    answer = store.query(Query(query_text(groups), named("json", Kind.BINDINGS)))
    return read(answer.read())


def query_text(groups: Iterable[Group]) -> str:
    """Return the query for the names of some groups."""
    of: Mapping[str, list[str]] = {"thing": [], "concept": []}
    for kind, iri in sorted(groups):
        of[kind].append(f"<{iri}>")
    return _QUERY % {
        "things": " ".join(of["thing"]),
        "concepts": " ".join(of["concept"]),
        "naming": " ".join(_NAMING),
        "most": MOST_ROWS,
    }


def read(result: bytes) -> AllNames:
    """Read the answer to ``query_text``, in SPARQL 1.1 Query Results JSON."""
    iris: defaultdict[Group, set[str]] = defaultdict(set)
    by_name: defaultdict[Group, defaultdict[str, set[str]]]
    by_name = defaultdict(lambda: defaultdict(set))
    shown: defaultdict[Group, dict[str, str]] = defaultdict(dict)
    rows: list[dict[str, Any]] = json.loads(result)["results"]["bindings"]
    for row in rows:
        group, iri = (row["type"]["value"], row["of"]["value"]), row["thing"]["value"]
        iris[group].add(iri)
        local = re.split(r"[#/:]", iri)[-1]
        for name in (local, row["name"]["value"] if "name" in row else ""):
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
