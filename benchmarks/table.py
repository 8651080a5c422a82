"""Measures of servers as Markdown: a table of numbers, and a table of ratios."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from pathlib import Path

from benchmarks.loadgen import Load
from benchmarks.workloads import Measures

OURS = "kg-server"
_ROWS: list[tuple[str, Callable[[Measures], str]]] = [
    ("start and load, s", lambda m: f"{m.load_s:.1f}"),
    ("memory, all processes (PSS), MB", lambda m: f"{m.memory_mb:,.0f}"),
    ("hot, requests/s", lambda m: _rate(m.hot)),
    ("hot, p50 / p99, ms", lambda m: _times(m.hot)),
    ("cold, requests/s", lambda m: _rate(m.cold)),
    ("cold, p50 / p99, ms", lambda m: _times(m.cold)),
    ("heavy, first byte / total, s", lambda m: _heavy(m)),
    ("aggregations, s", lambda m: _seconds(m)),
    ("cheap ASK, idle, p50 / p99, ms", lambda m: _times(m.idle)),
    ("cheap ASK, overload, p50 / p99, ms", lambda m: _times(m.overload)),
    ("cheap ASK, overload, answered / errors", lambda m: _answered(m.overload)),
    ("memory after all, MB", lambda m: f"{m.memory_after_mb:,.0f}"),
]


def document(
    measured: dict[str, Measures], engine: tuple[float, float], facts: dict[str, str]
) -> str:
    """Return the whole report.

    Args:
        measured: what was measured, by the name of the server.
        engine: seconds to first byte and in all of the heavy SELECT in the engine's process.
        facts: how it was got: command, sizes, versions.
    """
    lines = [*_facts({**machine(), **facts}), "", *_numbers(measured), "", *_ratios(measured)]
    first, total = engine
    lines += [
        "",
        f"The heavy SELECT in the engine's own process: {first:.4f} s to the first byte, "
        f"{total:.3f} s in all.",
    ]
    ours = measured.get(OURS)
    if ours and ours.heavy:
        ratio = ours.heavy[0] / first, ours.heavy[1] / total
        lines.append(f"{OURS} takes {ratio[0]:.2f} × and {ratio[1]:.2f} × as long.")
    if ours:
        slower = ours.overload.p99_ms / ours.idle.p99_ms
        lines.append(f"Under overload, its p99 of a cheap ASK is {slower:.1f} × its idle p99.")
    return "\n".join(lines) + "\n"


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


def _facts(facts: dict[str, str]) -> list[str]:
    return [f"- {name}: {value}" for name, value in facts.items()]


def _numbers(measured: dict[str, Measures]) -> list[str]:
    head = [
        "| |" + "".join(f" {name} |" for name in measured),
        "| --- |" + " ---: |" * len(measured),
    ]
    body = [
        f"| {title} |" + "".join(f" {show(each)} |" for each in measured.values())
        for title, show in _ROWS
    ]
    return head + body


def _ratios(measured: dict[str, Measures]) -> list[str]:
    """Return how many times as fast, or as big, we are as each peer."""
    ours = measured.get(OURS)
    peers = {name: each for name, each in measured.items() if name != OURS}
    if not ours or not peers:
        return []
    kinds: list[tuple[str, Callable[[Measures], float]]] = [
        ("hot, requests/s", lambda m: m.hot.rate),
        ("cold, requests/s", lambda m: m.cold.rate),
        ("memory", lambda m: m.memory_mb),
        ("start and load, s", lambda m: m.load_s),
        ("heavy, total s", lambda m: m.heavy[1] if m.heavy else 0.0),
        ("cheap ASK under overload, p99", lambda m: m.overload.p99_ms),
    ]
    lines = [f"| {OURS} in relation to |" + "".join(f" {name} |" for name in peers)]
    lines.append("| --- |" + " ---: |" * len(peers))
    for title, number in kinds:
        cells = "".join(f" {_ratio(number(ours), number(each))} |" for each in peers.values())
        lines.append(f"| {title} |{cells}")
    return lines


def _ratio(one: float, other: float) -> str:
    return f"{one / other:.2f} ×" if one and other else "–"


def _rate(load: Load) -> str:
    errors = f" ({load.errors:,} errors)" if load.errors else ""
    return f"{load.rate:,.0f}{errors}"


def _times(load: Load) -> str:
    return f"{load.p50_ms:.2f} / {load.p99_ms:.2f}"


def _answered(load: Load) -> str:
    return f"{load.requests - load.errors:,} / {load.errors:,}"


def _heavy(measures: Measures) -> str:
    if not measures.heavy:
        return "no answer"
    return "{:.3f} / {:.3f}".format(*measures.heavy)


def _seconds(measures: Measures) -> str:
    shown = [f"{each:.2f}" if each is not None else "–" for each in measures.aggregations.values()]
    return " + ".join(shown)
