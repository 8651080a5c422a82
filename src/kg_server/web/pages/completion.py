"""Completions of the query editor: prefixes, classes, properties and things of this graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rdflib import DCTERMS, OWL, RDF, RDFS, SKOS, XSD, Literal

from kg_server.store import Store
from kg_server.store.results import rows

MOST_TERMS = 2000
"""A larger graph offers this many terms: the vocabulary first, then things."""

_TERMS = """
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT ?term ?type ?label ?definition WHERE {
  { SELECT DISTINCT ?term ?type WHERE {
      VALUES ?type { %s } ?term a ?type
      FILTER(isIRI(?term))
  } LIMIT %d }
  ?term rdfs:label|skos:prefLabel ?label
  OPTIONAL { ?term skos:definition ?definition
             FILTER(LANG(?definition) = "en") }
}
"""
_CLASSES = "<http://www.w3.org/2002/07/owl#Class>"
_PROPERTIES = " ".join(
    f"<http://www.w3.org/2002/07/owl#{name}>"
    for name in ("ObjectProperty", "DatatypeProperty", "AnnotationProperty")
)
_THINGS = """
SELECT DISTINCT ?class WHERE {
  ?class a <http://www.w3.org/2002/07/owl#Class> FILTER(STRSTARTS(STR(?class), "%s"))
}
"""
_CONCEPT = "<http://www.w3.org/2004/02/skos/core#Concept>"

STANDARD_PREFIXES = {
    "dct": str(DCTERMS),
    "owl": str(OWL),
    "rdf": str(RDF),
    "rdfs": str(RDFS),
    "skos": str(SKOS),
    "xsd": str(XSD),
}


@dataclass(frozen=True, slots=True)
class Source:
    """Where completions come from."""

    store: Store
    base_iri: str

    def document(self) -> dict[str, Any]:
        """Return the document of ``/completion.json``: ``prefixes`` and ``terms``.

        A term has ``iri``, ``kind`` (class, property or thing), ``labels`` by language, and
        ``definition`` where there is one.
        """
        terms: dict[str, dict[str, Any]] = {}
        self._add(terms, "class", _CLASSES)
        self._add(terms, "property", _PROPERTIES)
        self._add(terms, "thing", f"{_CONCEPT} {self._classes_of_things()}")
        return {"prefixes": self.prefixes(terms), "terms": [terms[iri] for iri in sorted(terms)]}

    def prefixes(self, terms: dict[str, dict[str, Any]]) -> dict[str, str]:
        """Return the prefixes that make short names of ``terms``, and the standard ones."""
        kinds = {
            iri.removeprefix(f"{self.base_iri}id/").split("/")[0]
            for iri in terms
            if iri.startswith(f"{self.base_iri}id/")
        }
        own = {"dip": f"{self.base_iri}ns/diplomacy#", "def": f"{self.base_iri}def/"}
        return {
            **own,
            **{kind: f"{self.base_iri}id/{kind}/" for kind in sorted(kinds)},
            **STANDARD_PREFIXES,
        }

    def _classes_of_things(self) -> str:
        found = rows(self.store, _THINGS % f"{self.base_iri}ns/diplomacy#")
        skipped = ("#Claim", "#Passage")
        classes = (row["class"] for row in found)
        return " ".join(each.n3() for each in classes if not str(each).endswith(skipped))

    def _add(self, terms: dict[str, dict[str, Any]], kind: str, types: str) -> None:
        room = MOST_TERMS - len(terms)
        for row in rows(self.store, _TERMS % (types, max(room, 0))):
            iri, label = str(row["term"]), row["label"]
            term = terms.setdefault(iri, {"iri": iri, "kind": kind, "labels": {}})
            if isinstance(label, Literal):
                term["labels"][label.language or ""] = str(label)[:200]
            if "definition" in row:
                term["definition"] = str(row["definition"])[:500]
