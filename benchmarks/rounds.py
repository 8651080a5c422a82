"""The rounds of a run: every server in turn, each round beginning with another one."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence

from benchmarks.answers import Answer, compare
from benchmarks.server import Failed, Server
from benchmarks.targets import ENGINE
from benchmarks.workloads import Files, Limits, Numbers, engine, measure

_NOTHING: Numbers = {}


def measure_all(
    servers: Sequence[Server],
    files: Files,
    *,
    rounds: range,
    port: int,
    limits: Limits,
    tell: Callable[[str], None],
) -> tuple[dict[str, list[Numbers]], dict[str, str]]:
    """Measure servers and the engine alone, round by round.

    A server that fails is not started again; its numbers of that and later rounds are empty.

    Args:
        servers: in the order of the first round.
        files: graph and queries.
        rounds: their numbers.
        port: of the first server; each start takes the next.
        limits: how long each load takes.
        tell: is told what goes on.

    Returns:
        The numbers of each round by the server's name, and why servers failed.

    Raises:
        Different: the answers of two servers differ.
    """
    measured: dict[str, list[Numbers]] = {each.name: [] for each in servers} | {ENGINE: []}
    failed: dict[str, str] = {}
    first: tuple[str, Mapping[str, Answer]] | None = None
    ports = itertools.count(port)
    for number in rounds:
        for each in rotated(servers, number):
            numbers = _NOTHING
            if each.name not in failed:
                label = f"round {number + 1}, {each.name}: "
                try:
                    numbers, answers = measure(
                        each,
                        files,
                        port=next(ports),
                        limits=limits,
                        tell=lambda words, of=label: tell(of + words),
                    )
                    first = first or (each.name, answers)
                    compare(first[1], answers, (first[0], each.name))
                except Failed as error:
                    failed[each.name] = str(error)
                    tell(f"{label}{error}")
            measured[each.name].append(numbers)
        tell(f"round {number + 1}, {ENGINE}")
        measured[ENGINE].append(engine(files.graph))
    return measured, failed


def rotated(servers: Sequence[Server], number: int) -> list[Server]:
    """Return the servers in the order of a round.

    What the machine does meanwhile, and how warm it is, then falls on each of them.
    """
    places = [(place + number) % len(servers) for place in range(len(servers))]
    return [servers[place] for place in places]
