"""How long each canned query takes, and the search, over a graph of any size.

    python benchmarks/canned.py FILE.nt [--most-s 1.0]

FILE is any RDF file of the project's vocabulary, beside which the ontology is loaded. Each query
runs with all its parameters, and with those only that it needs; a state is one that sends missions
or takes part in trade. The best of three runs is printed, and the exit code is 1 if one of them is
over ``--most-s`` seconds.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

if __name__ == "__main__":  # else "import http" of a library would find http.py beside this file
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from kg_server import canned, project
from kg_server.canned import CannedQuery, names
from kg_server.formats import Kind, named
from kg_server.search import building
from kg_server.search.index import Index
from kg_server.sparql.query import Query
from kg_server.store import Store

BASE_IRI = "https://diplomacy.example/"
ROOT = Path(__file__).resolve().parents[1]
T = TypeVar("T")
CSV = named("csv", Kind.BINDINGS)
RUNS = 3
_STATES = f"""
PREFIX dip: <{BASE_IRI}ns/diplomacy#>
SELECT ?state (COUNT(*) AS ?uses)
WHERE {{ ?thing dip:sendingState|dip:receivingState|dip:exporter|dip:importer ?state }}
GROUP BY ?state ORDER BY DESC(?uses) ?state LIMIT 2
"""


def main() -> int:
    """Load, measure, print."""
    reader = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    reader.add_argument("file", type=Path)
    reader.add_argument("--most-s", type=float, default=1.0)
    arguments = reader.parse_args()

    loading, store = best(lambda: Store(project.load([arguments.file])), runs=1)
    print(f"{loading:8.3f} s  loaded")
    indexing, index = best(lambda: building.build(store), runs=1)
    print(f"{indexing:8.3f} s  indexed {index.count():,} things for search")
    slowest = 0.0
    for name, ask in measures(store, index):
        seconds, count = best(ask)
        slowest = max(slowest, seconds)
        print(f"{seconds:8.3f} s  {count:9,} rows  {name}", flush=True)
    print(f"slowest: {slowest:.3f} s, at most {arguments.most_s} s")
    return 0 if slowest <= arguments.most_s else 1


def best(run: Callable[[], T], runs: int = RUNS) -> tuple[float, T]:
    """Return the shortest time of some runs, in seconds, and what the last one gave."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        result = run()
        times.append(time.perf_counter() - start)
    return min(times), result


def measures(store: Store, index: Index) -> Iterator[tuple[str, Callable[[], int]]]:
    """Yield what is measured: each query in full and in its shortest form, and searches."""
    known = names.of_queries(canned.load(project.load([ROOT]).queries).values(), store)
    chosen = rows(store, _STATES)
    for query in canned.load(project.load([ROOT]).queries).values():
        for values in forms(query, [line.partition(",")[0] for line in chosen]):
            text = canned.bind(query, values.items(), known)
            yield f"{query.name} {' '.join(values)}", lambda text=text: len(rows(store, text))
    for text in ("canada", "a", "embassy of", "বা", "no such thing"):
        yield f"search {text!r}", lambda text=text: len(index.search(text))


def forms(query: CannedQuery, states: list[str]) -> Iterator[dict[str, str]]:
    """Yield the parameters of a query's example with these states, then those it needs."""
    left = iter(states)
    example = {
        each.name: next(left) if each.type == "thing" else each.example or ""
        for each in query.parameters
    }
    needed = {each.name: example[each.name] for each in query.parameters if each.required}
    yield example
    if needed != example:
        yield needed


def rows(store: Store, text: str) -> list[str]:
    """Return the lines of an answer as CSV, without the header."""
    answer = store.query(Query(text, CSV)).read().decode()
    return answer.splitlines()[1:]


if __name__ == "__main__":
    sys.exit(main())
