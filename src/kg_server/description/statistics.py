"""Statistics of the graph, counted with SPARQL: classes, properties, links."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from rdflib import URIRef
from rdflib.term import Identifier

from kg_server.store import Store
from kg_server.store.results import rows

_QUERIES: Mapping[str, str] = {
    "graphs": "SELECT ?g (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g",
    "subjects": "SELECT (COUNT(DISTINCT ?s) AS ?n) WHERE { ?s ?p ?o }",
    "objects": "SELECT (COUNT(DISTINCT ?o) AS ?n) WHERE { ?s ?p ?o }",
    "properties": "SELECT ?p (COUNT(*) AS ?n) WHERE { ?s ?p ?o } GROUP BY ?p",
    "classes": """
        SELECT ?c ?kind (COUNT(?s) AS ?n) (MIN(?s) AS ?example)
        WHERE {
          ?s a ?c
          BIND(STRBEFORE(STRAFTER(STR(?s), "%(base)sid/"), "/") AS ?kind)
        }
        GROUP BY ?c ?kind
    """,
    # The inner SELECT keeps the engine from looking up the class of every literal: 1.5 s, not 3.5.
    "object_classes": """
        SELECT ?c ?p ?x (COUNT(*) AS ?n)
        WHERE {
          { SELECT ?c ?p ?o WHERE { ?s a ?c ; ?p ?o FILTER(!isLiteral(?o)) } }
          ?o a ?x
        }
        GROUP BY ?c ?p ?x
    """,
    "datatypes": """
        SELECT ?c ?p ?x (COUNT(*) AS ?n)
        WHERE { ?s a ?c ; ?p ?o BIND(DATATYPE(?o) AS ?x) }
        GROUP BY ?c ?p ?x
    """,
    "links": """
        PREFIX owl: <http://www.w3.org/2002/07/owl#>
        PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
        SELECT ?p ?target (COUNT(*) AS ?n)
        WHERE {
          VALUES ?p { owl:sameAs skos:exactMatch skos:closeMatch skos:relatedMatch }
          ?s ?p ?o
          VALUES ?target { %(targets)s }
          FILTER(STRSTARTS(STR(?o), ?target))
        }
        GROUP BY ?p ?target
    """,
}

Row = Mapping[str, Identifier]
_NAMED = URIRef("")


@dataclass(frozen=True, slots=True)
class Statistics:
    """Counts over the default graph and the named graphs, by the names of the queries."""

    results: Mapping[str, tuple[Row, ...]]

    def rows(self, name: str) -> Iterator[tuple[Row, int]]:
        """Yield the rows of one query, largest count first, each with its count."""
        counts = [(row, int(str(row["n"]))) for row in self.results[name] if len(row) > 1]
        yield from sorted(counts, key=lambda each: (-each[1], sorted(map(str, each[0].values()))))

    def class_properties(self) -> Iterator[tuple[Identifier, Identifier, int]]:
        """Yield each class, a property of its instances, and how many triples have both."""
        sums: dict[tuple[Identifier, Identifier], int] = {}
        for row, number in self.rows("datatypes"):  # includes values without a datatype: things
            pair = (row["c"], row["p"])
            sums[pair] = sums.get(pair, 0) + number
        for (class_, predicate), number in sums.items():
            yield class_, predicate, number

    def number(self, name: str) -> int:
        """Return a count that is a single number."""
        return int(str(self.results[name][0]["n"]))

    @property
    def triples(self) -> int:
        """The number of triples in the default graph."""
        return sum(n for _, n in self.rows("properties"))

    def kinds(self) -> list[str]:
        """Return the kinds of things in their IRIs."""
        return sorted({str(row.get("kind", "")) for row, _ in self.rows("classes")} - {""})


def _is_named(row: Row) -> bool:
    """Tell whether the class, the class of the value and the graph of a row have IRIs."""
    return all(isinstance(row.get(name, _NAMED), URIRef) for name in ("c", "x", "g"))


def count(store: Store, base_iri: str, targets: tuple[str, ...]) -> Statistics:
    """Count classes, properties and links of a store; 2 to 3 s for a million triples on two cores.

    Args:
        store: the store to query.
        base_iri: the base IRI of its things.
        targets: namespaces of other data sets, whose incoming links are counted.
    """
    names = {"base": base_iri, "targets": " ".join(f'"{each}"' for each in targets)}

    def ask(name: str) -> tuple[str, tuple[Row, ...]]:
        text = _QUERIES[name]
        solutions = rows(store, text % names if "%(" in text else text)
        return name, tuple(row for row in solutions if _is_named(row))

    # The slowest queries first; the engine releases Python's lock while it counts.
    with ThreadPoolExecutor(2) as pool:
        return Statistics(dict(pool.map(ask, reversed(list(_QUERIES)))))
