"""The numbers that the design asks for, each as a bound on what is measured."""

from __future__ import annotations

from dataclasses import dataclass

ENGINE = "engine alone"
"""The column of the engine in a process of its own."""

_ENDLESS = 1 << 62


@dataclass(frozen=True, slots=True)
class Target:
    """A bound on a number of kg-server's, or on its ratio to another's.

    Attributes:
        words: what is asked.
        name: of the number.
        other: whose number is divided by; empty: the number itself.
        bound: at least so much if it is a rate, else at most.
        unit: of the number.
        decimals: that are shown.
        least_triples: of graphs to which it applies.
        most_triples: of graphs to which it applies.
    """

    words: str
    name: str
    other: str
    bound: float
    unit: str = "×"
    decimals: int = 2
    least_triples: int = 0
    most_triples: int = _ENDLESS

    def reached(self, value: float) -> bool:
        """Tell whether a value is within the bound."""
        return value >= self.bound if self.name.endswith("_rate") else value <= self.bound


_ROWS, _MILLION = 100_000, 1_000_000
TARGETS = (
    Target("hot set: ≥ 5 × oxigraph serve", "hot_rate", "oxigraph", 5),
    Target("hot set: ≥ 15 × Virtuoso", "hot_rate", "virtuoso", 15),
    Target("cold lookups: ≥ 0.4 × oxigraph serve", "cold_rate", "oxigraph", 0.4),
    Target("cold lookups: ≥ 4 × Virtuoso", "cold_rate", "virtuoso", 4),
    Target("cold lookups: ≥ 20 × rdflib-endpoint", "cold_rate", "rdflib-endpoint", 20),
    Target("cheap ASK with 4 runaways: p99 ≤ 5 × its idle p99", "overload_to_idle", "", 5),
    Target("cheap ASK with 4 runaways: no error", "overload_errors", "", 0, "errors", 0),
    Target(
        "100,000 rows: first byte ≤ 1.3 × the engine's",
        "heavy_first_s",
        ENGINE,
        1.3,
        least_triples=_ROWS,
    ),
    Target(
        "100,000 rows: in all ≤ 1.3 × the engine's",
        "heavy_total_s",
        ENGINE,
        1.3,
        least_triples=_ROWS,
    ),
    Target("1 M triples: answering in 10 s", "load_s", "", 10, "s", 1, _MILLION, 2 * _MILLION),
    Target(
        "memory of all processes: ≤ 1.5 × one store's",
        "memory_mb",
        ENGINE,
        1.5,
        least_triples=_MILLION,
    ),
)
