"""Common namespace of the names in a graph without a base IRI."""

from __future__ import annotations

import os

from kg_server.config import is_base_iri
from kg_server.rdf import prefixes
from kg_server.store import Store
from kg_server.store.results import rows

_MOST_NAMES = 20_000
_ALMOST_ALL = 0.9
_COUNTS = f"""
SELECT ?namespace (COUNT(*) AS ?n) WHERE {{
  {{ SELECT ?name WHERE {{ ?name a ?class FILTER(ISIRI(?name)) }} LIMIT {_MOST_NAMES} }}
  BIND(REPLACE(STR(?name), "[^#/]*$", "") AS ?namespace)
}} GROUP BY ?namespace ORDER BY DESC(?n) ?namespace
"""
_CLASSES = """
SELECT DISTINCT ?namespace WHERE {
  { SELECT DISTINCT ?class WHERE { ?name a ?class FILTER(ISIRI(?class)) } LIMIT 1000 }
  BIND(REPLACE(STR(?class), "[^#/]*$", "") AS ?namespace)
}
"""


def shared(store: Store) -> str:
    """Return the common beginning of almost all names, up to a slash; empty if they differ.

    With this beginning as base IRI, the server shows the names at their own paths.
    """
    counts = [(str(row["namespace"]), int(str(row["n"]))) for row in rows(store, _COUNTS)]
    remaining, chosen = _ALMOST_ALL * sum(count for _, count in counts), []
    for namespace, count in counts:
        if remaining <= 0:
            break
        chosen.append(namespace)
        remaining -= count
    classes = [str(row["namespace"]) for row in rows(store, _CLASSES)]
    own = [each for each in classes if each not in prefixes.EXTERNAL.values()]
    return _common([*chosen, *own]) or _common(chosen)


def _common(namespaces: list[str]) -> str:
    common = os.path.commonprefix(namespaces)  # noqa: RUF071  # letter by letter, to a slash below
    common = common[: common.rfind("/") + 1]
    return common if is_base_iri(common) and common.count("/") > 2 else ""
