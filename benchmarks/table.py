"""What was measured of servers as Markdown: numbers, ratios, and what the design asks for."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

from benchmarks.targets import TARGETS, Target
from benchmarks.workloads import Numbers

OURS = "kg-server"
Rounds = Sequence[Numbers]
"""What was measured of a server, round by round; a round in which it failed is empty."""

_NUMBERS = [  # name, title, decimals
    ("load_s", "start and load, s", 1),
    ("memory_mb", "memory after loading, all processes (PSS), MB", 0),
    ("hot_rate", "hot, requests/s", 0),
    ("hot_p50_ms", "hot, p50, ms", 2),
    ("hot_p99_ms", "hot, p99, ms", 2),
    ("hot_errors", "hot, errors", 0),
    ("cold_rate", "cold, requests/s", 0),
    ("cold_p50_ms", "cold, p50, ms", 2),
    ("cold_p99_ms", "cold, p99, ms", 2),
    ("cold_errors", "cold, errors", 0),
    ("heavy_first_s", "heavy, first byte, s", 4),
    ("heavy_total_s", "heavy, in all, s", 3),
    ("things by class_s", "things by class, s", 2),
    ("exports by state_s", "exports by state, s", 2),
    ("missions by sender and kind_s", "missions by sender and kind, s", 2),
    ("idle_asked", "cheap ASK, idle, asked", 0),
    ("idle_p50_ms", "cheap ASK, idle, p50, ms", 2),
    ("idle_p99_ms", "cheap ASK, idle, p99, ms", 2),
    ("in_flight", "runaways in flight, on average", 2),
    ("overload_asked", "cheap ASK, overload, asked", 0),
    ("overload_errors", "cheap ASK, overload, errors", 0),
    ("overload_p50_ms", "cheap ASK, overload, p50, ms", 2),
    ("overload_p99_ms", "cheap ASK, overload, p99, ms", 2),
    ("overload_to_idle", "cheap ASK, p99 under overload : idle", 2),
    ("memory_after_mb", "memory after all, MB", 0),
]
_RATIOS = [
    ("hot_rate", "hot, requests/s"),
    ("cold_rate", "cold, requests/s"),
    ("memory_mb", "memory after loading"),
    ("load_s", "start and load"),
    ("heavy_first_s", "heavy, first byte"),
    ("heavy_total_s", "heavy, in all"),
    ("overload_p99_ms", "cheap ASK, overload, p99"),
]


def document(measured: Mapping[str, Rounds], facts: Mapping[str, str], triples: int) -> str:
    """Return the whole report.

    Args:
        measured: what was measured, by the name of the server.
        facts: how it was got: command, sizes, versions.
        triples: how many the graph has.
    """
    parts = [
        [f"- {name}: {value}" for name, value in {**machine(), **facts}.items()],
        _numbers(measured),
        _ratios(measured),
        _targets(measured, triples),
    ]
    return "\n\n".join("\n".join(lines) for lines in parts if lines) + "\n"


def machine() -> dict[str, str]:
    """Return what the measuring machine is."""
    text = Path("/proc/cpuinfo").read_text()
    models = [line.partition(":")[2].strip() for line in text.splitlines() if "model name" in line]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    name = f"{os.cpu_count()} × {models[0]}" if models else platform.machine()
    return {
        "machine": f"{name}, {memory:.0f} GiB, {platform.system()} {platform.release()}",
        "Python": platform.python_version(),
    }


def ratios(one: Rounds, other: Rounds, name: str) -> list[float]:
    """Return how a number of one server relates to another's, round by round.

    >>> ratios([{"load_s": 6.0}, {}], [{"load_s": 3.0}, {"load_s": 3.0}], "load_s")
    [2.0]
    """
    pairs = zip(one, other, strict=True)
    return [a[name] / b[name] for a, b in pairs if a.get(name) and b.get(name)]


def spread(values: Sequence[float], decimals: int) -> str:
    """Return the median, with the least and the most if they differ.

    >>> spread([3.0, 1.0, 2.0], 1), spread([2.0], 0), spread([], 0)
    ('2.0 (1.0–3.0)', '2', '–')
    """
    if not values:
        return "–"
    shown = [f"{each:,.{decimals}f}" for each in (median(values), min(values), max(values))]
    return shown[0] if shown[1] == shown[2] else f"{shown[0]} ({shown[1]}–{shown[2]})"


def _numbers(measured: Mapping[str, Rounds]) -> list[str]:
    lines = _head("", measured)
    for name, title, decimals in _NUMBERS:
        found = [[each[name] for each in rounds if name in each] for rounds in measured.values()]
        if any(found):
            lines.append(_line(title, [spread(values, decimals) for values in found]))
    return lines


def _ratios(measured: Mapping[str, Rounds]) -> list[str]:
    """Return how many times as fast, as big or as long we are as each other one."""
    ours = measured.get(OURS, [])
    others = {name: rounds for name, rounds in measured.items() if name != OURS}
    if not ours or not others:
        return []
    lines = _head(f"{OURS} in relation to", others)
    for name, title in _RATIOS:
        cells = (spread(ratios(ours, rounds, name), 2) for rounds in others.values())
        lines.append(_line(title, [cell if cell == "–" else f"{cell} ×" for cell in cells]))
    return lines


def _targets(measured: Mapping[str, Rounds], triples: int) -> list[str]:
    lines = ["| asked | measured |", "| --- | --- |"]
    for target in TARGETS:
        values = _found(measured, target)
        if values and target.least_triples <= triples <= target.most_triples:
            unit = f" {target.unit}".rstrip()
            said = f"{spread(values, target.decimals)}{unit}"
            reached = target.reached(median(values))
            lines.append(f"| {target.words} | {said if reached else f'**{said}: not reached**'} |")
    return lines if len(lines) > 2 else []


def _found(measured: Mapping[str, Rounds], target: Target) -> list[float]:
    ours = measured.get(OURS, [])
    if target.other:
        return ratios(ours, measured.get(target.other, [{}] * len(ours)), target.name)
    return [each[target.name] for each in ours if target.name in each]


def _head(title: str, columns: Mapping[str, Rounds]) -> list[str]:
    return [_line(title, list(columns)), "| --- |" + " ---: |" * len(columns)]


def _line(title: str, cells: list[str]) -> str:
    return f"| {title} | " + " | ".join(cells) + " |"
