"""The queries of the workloads, made from a generated graph."""

from __future__ import annotations

from pathlib import Path
from random import Random
from urllib.parse import quote

from benchmarks.world import CODES
from benchmarks.writer import BASE, RDFS

COLD = 150_000  # lookups, all different: more than a server answers in a run
ROWS = 100_000  # of the heavy SELECT
_PREFIXES = f"PREFIX dip: <{BASE}ns/diplomacy#> PREFIX rdfs: <{RDFS}> "
READY = "ASK { ?s ?p ?o }"
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


def cold(graph: Path, count: int = COLD) -> list[str]:
    """Return lookups of one subject, each different from all others.

    Where there are more lookups than subjects, they differ in the names of variables.
    """
    names = subjects(graph)
    return [
        f"SELECT ?p{round_} ?o WHERE {{ {names[place]} ?p{round_} ?o }}"
        for round_, place in (divmod(number, len(names)) for number in range(count))
    ]


def asks(graph: Path) -> list[str]:
    """Return cheap ASK queries, one a subject, so that none is answered from a cache."""
    return [f"ASK {{ {name} ?p ?o }}" for name in subjects(graph)]


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
