"""Names of the possible values of parameters: labels and codes, read by one query."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from kg_server.canned import CannedQuery
from kg_server.canned.parameters import AllNames, Group, Names
from kg_server.formats import Kind, named
from kg_server.rdf import namespaces as ns
from kg_server.rdf.labels import fold
from kg_server.rdf.prefixes import EXTERNAL, namespace_of
from kg_server.sparql.query import Query
from kg_server.sparql.terms import is_iri, literal
from kg_server.store import Store
from kg_server.store.results import rows

RDFS, SKOS = (EXTERNAL[prefix] for prefix in ("rdfs", "skos"))
DCT, FOAF = (EXTERNAL[prefix] for prefix in ("dct", "foaf"))

MOST_ROWS = 200_000
"""Largest number of names that are kept; beyond it, each value is looked up by a query."""

# Each branch contains its constants, and reads every literal of a thing; ``read`` drops those that
# are not names. With a join around the UNION, or with OPTIONAL, the engine (pyoxigraph 0.5.13)
# reads all labels of the graph: 1 s at a million triples.
_QUERY = """
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT ?type ?of ?thing ?property ?name
WHERE {
  { %s BIND("naming" AS ?type) }
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
_MEMBERS = {
    "thing": "?thing a/rdfs:subClassOf* <%s>",
    "concept": "{ ?thing skos:inScheme|skos:topConceptOf <%s> } UNION "
    "{ <%s> skos:hasTopConcept ?thing }",
}
_NAMED = """
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT DISTINCT ?thing WHERE {
  { SELECT DISTINCT ?thing WHERE {
      { VALUES ?thing { %(iris)s } }
      UNION { VALUES ?name { %(names)s } VALUES ?property { %(naming)s } ?thing ?property ?name }
  } }
  %(members)s
} LIMIT 20
"""
_SAMPLE = """
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT ?thing WHERE { %s } LIMIT 1
"""
_NARROWER = """
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
SELECT DISTINCT ?property WHERE {
  { %s } FILTER(ISIRI(?property))
}
"""
_LANGUAGES = """
SELECT DISTINCT ?language WHERE {
  { SELECT ?name WHERE { VALUES ?property { %s } ?thing ?property ?name } LIMIT 10000 }
  BIND(LANG(?name) AS ?language)
}
"""
_NAMING = (
    *(f"{RDFS}label", f"{DCT}title", f"{DCT}identifier", f"{ns.DC}title", f"{ns.DC}identifier"),
    *(f"{SKOS}{name}" for name in ("prefLabel", "altLabel", "hiddenLabel", "notation")),
    *(f"https://schema.org/{name}" for name in ("name", "alternateName", "identifier")),
    *(f"http://schema.org/{name}" for name in ("name", "alternateName", "identifier")),
    f"{FOAF}name",
)
"""Properties for names of things; their sub-properties in the graph count too."""


def of_queries(
    queries: Iterable[CannedQuery], store: Store, most_rows: int = MOST_ROWS
) -> AllNames:
    """Return the names of all possible values of the parameters of these queries.

    Args:
        queries: the queries.
        store: the store to ask.
        most_rows: most names to keep; the values of a larger group are looked up one by one.
    """
    groups = {each.group for query in queries for each in query.parameters if each.of}
    if not groups:
        return {}
    names, is_cut = _read(groups, store, most_rows)
    if not is_cut:
        return names
    return {group: _of_group(group, store, most_rows) for group in groups}


def _read(groups: Iterable[Group], store: Store, most_rows: int) -> tuple[dict[Group, Names], bool]:
    """Return the names of groups, and whether there are more than ``most_rows``."""
    answer = store.query(Query(query_text(groups, most_rows), named("json", Kind.BINDINGS))).read()
    return read(answer), answer.count(b'"of":{') >= most_rows


def _of_group(group: Group, store: Store, most_rows: int) -> Names:
    """Return the names of one group, or if there are too many, a function that looks them up."""
    names, is_cut = _read([group], store, most_rows)
    return Names(find=_Finder(store, group)) if is_cut else names.get(group, Names())


class _Finder:
    """Looks things up by name, local name or IRI, each time with one query."""

    def __init__(self, store: Store, group: Group) -> None:
        kind, of = group
        self._store = store
        self._members = _MEMBERS[kind].replace("%s", of)
        naming = " ".join(f"<{each}>" for each in _NAMING)
        narrower = (str(row["property"]) for row in rows(store, _NARROWER % _narrower()))
        self._naming = " ".join((naming, *(f"<{each}>" for each in narrower)))
        sample = [str(row["thing"]) for row in rows(store, _SAMPLE % self._members)]
        self._namespaces = [namespace_of(each) for each in sample]
        languages = rows(store, _LANGUAGES % self._naming)
        self._languages = sorted({str(row["language"]) for row in languages} - {""})

    def __call__(self, text: str, iri: str) -> frozenset[str]:
        """Return the IRIs of the things of the group that a text names."""
        spellings = dict.fromkeys((text, text.lower(), text.upper(), text.title(), _first(text)))
        names = " ".join(
            f"{literal(each)}{tag}"
            for each in spellings
            for tag in ("", *(f"@{language}" for language in self._languages))
        )
        iris = (iri, *(namespace + quote(text, safe="") for namespace in self._namespaces))
        written = " ".join(f"<{each}>" for each in iris if is_iri(each))
        parts = {"iris": written, "names": names, "naming": self._naming, "members": self._members}
        return frozenset(str(row["thing"]) for row in rows(self._store, _NAMED % parts))


def _narrower() -> str:
    # Not VALUES: Virtuoso 7.2 follows no path from several nodes at once.
    return " UNION ".join(
        f"{{ ?property rdfs:subPropertyOf+ <{each}> BIND(<{each}> AS ?of) }}" for each in _NAMING
    )


def _first(text: str) -> str:
    return text[:1].upper() + text[1:]


def query_text(groups: Iterable[Group], most_rows: int = MOST_ROWS) -> str:
    """Return the query for the names of some groups."""
    branches = [
        _SHORT % (pattern % iri, kind, iri)
        for kind, iri in sorted(groups)
        for pattern in _BRANCHES[kind]
    ]
    return _QUERY % (_narrower(), "\n  ".join(branches), most_rows)


def read(result: bytes) -> dict[Group, Names]:
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
            frozenset(members),
            {key: frozenset(named) for key, named in by_name[group].items()},
            shown[group],
        )
        for group, members in iris.items()
    }
