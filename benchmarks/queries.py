"""The queries of the workloads, made from a generated graph."""

from __future__ import annotations

from pathlib import Path
from random import Random
from urllib.parse import quote

from benchmarks.world import CODES
from benchmarks.writer import BASE, RDFS

ROWS = 100_000  # of the heavy SELECT
_OF_A_KIND = 5
_PREFIXES = f"PREFIX dip: <{BASE}ns/diplomacy#> PREFIX rdfs: <{RDFS}> "
# Not any triple: Virtuoso has some thousands of its own.
READY = _PREFIXES + "SELECT ?mission WHERE { ?mission dip:sendingState ?state } LIMIT 1"
# Four such queries at once are what a public endpoint must live through.
RUNAWAY = "SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?c != ?f) }"
AGGREGATIONS = {
    "things by class": "SELECT ?class (COUNT(*) AS ?n) WHERE { ?s a ?class } GROUP BY ?class",
    "exports by state": _PREFIXES
    + "SELECT ?state (SUM(?amount) AS ?total) WHERE { ?figure dip:exporter ?state ; "
    "dip:amount ?amount } GROUP BY ?state ORDER BY DESC(?total)",
    "missions by sender and kind": _PREFIXES
    + "SELECT ?state ?kind (COUNT(?m) AS ?n) WHERE { ?m dip:sendingState ?state ; "
    "dip:missionKind ?kind } GROUP BY ?state ?kind ORDER BY ?state ?kind",
}


def hot() -> list[str]:
    """Return 20 queries of the size of canned ones: the missions of a state, at most 60."""
    return [
        _PREFIXES + "SELECT ?mission ?label ?seat ?city WHERE { "
        f"?mission dip:sendingState <{BASE}id/state/{code}> ; rdfs:label ?label ; dip:seat ?seat . "
        '?seat rdfs:label ?city FILTER(LANG(?label) = "en" && LANG(?city) = "en") } '
        "ORDER BY ?mission LIMIT 60"
        for code in CODES[:20]
    ]


def cold(names: list[str], count: int) -> list[str]:
    """Return lookups of one subject, each different from all others."""
    return _each(names, count, "SELECT ?p{lap} ?o WHERE {{ {name} ?p{lap} ?o }}")


def asks(names: list[str], count: int) -> list[str]:
    """Return cheap ASK queries, all different, so that none is answered from a cache."""
    return _each(names, count, "ASK {{ {name} ?p{lap} ?o }}")


def sample(names: list[str]) -> list[str]:
    """Return queries like those of the workloads, by which the answers of servers are compared.

    Some subjects of each kind are looked up; these queries differ from those that are measured.
    """
    kinds: dict[str, list[str]] = {}
    for name in names:
        kinds.setdefault(name.split("/")[4], []).append(name)
    chosen = [name for kind in kinds.values() for name in kind[:_OF_A_KIND]]
    lookups = [f"SELECT ?property ?value WHERE {{ {name} ?property ?value }}" for name in chosen]
    nobody = f"<{BASE}id/state/nobody>"
    return [*hot(), *lookups, *(f"ASK {{ {name} ?property ?value }}" for name in (*chosen, nobody))]


def rows(attempt: int) -> str:
    """Return the heavy SELECT; each attempt is another query."""
    return f"SELECT ?s ?p ?o WHERE {{ ?s ?p ?o }} LIMIT {ROWS + attempt}"


def subjects(graph: Path) -> list[str]:
    """Return the subjects of an N-Triples file, shuffled, but always in the same way."""
    with graph.open(encoding="utf-8") as lines:
        found = dict.fromkeys(line.split(" ", 1)[0] for line in lines)
    names = [name for name in found if name.startswith("<")]
    Random(1).shuffle(names)  # noqa: S311  # wanted to be repeatable
    return names


def save(path: Path, texts: list[str]) -> Path:
    """Write percent-encoded queries, one a line."""
    path.write_text("".join(f"{quote(text, safe='')}\n" for text in texts), encoding="utf-8")
    return path


def _each(names: list[str], count: int, form: str) -> list[str]:
    """Return a query a name; where there are more queries than names, variables differ."""
    return [
        form.format(name=names[place], lap=lap)
        for lap, place in (divmod(number, len(names)) for number in range(count))
    ]
