"""The neighbourhood of a thing as a drawing that needs no script: neighbours in a ring."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from rdflib import URIRef
from rdflib.term import Node

from kg_server.web.pages.terms import Labels, Shown

MOST_NEIGHBOURS = 12

WIDTH, HEIGHT = 800, 440

_EVIDENCE = ("statedIn", "passageOf", "involves", "standing", "polarity")


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A neighbour, where it is drawn, and by which properties it is connected."""

    thing: Shown
    properties: str
    x: float
    y: float
    label_x: float
    label_y: float
    anchor: str


@dataclass(frozen=True, slots=True)
class Network:
    """A thing in the middle and its neighbours; ``more`` counts those that are left out."""

    iri: str
    centre: Shown
    neighbours: tuple[Neighbour, ...]
    more: int
    width: int = WIDTH
    height: int = HEIGHT


def radial(
    iri: str,
    outgoing: Iterable[tuple[Node, Node]],
    incoming: Iterable[tuple[Node, Node]],
    labels: Labels,
) -> Network | None:
    """Return the drawing, ``None`` where no other thing of the graph is connected."""
    found: dict[str, dict[str, None]] = {}
    things = f"{labels.base_iri}id/"
    for p, term in (*outgoing, *incoming):
        if _is_drawn(p, term, iri, things, labels.base_iri):
            found.setdefault(str(term), {})[labels.of(str(p)).text] = None
    if not found:
        return None
    shown = list(found.items())[:MOST_NEIGHBOURS]
    neighbours = tuple(
        _placed(labels.show(URIRef(term)), ", ".join(properties), index, len(shown))
        for index, (term, properties) in enumerate(shown)
    )
    return Network(iri, labels.show(URIRef(iri)), neighbours, len(found) - len(shown))


def _is_drawn(p: Node, term: Node, iri: str, things: str, base_iri: str) -> bool:
    vocabulary = f"{base_iri}ns/diplomacy#"
    name = str(p).removeprefix(vocabulary)
    is_fact = str(p).startswith(vocabulary) and name not in _EVIDENCE
    return is_fact and isinstance(term, URIRef) and term.startswith(things) and str(term) != iri


def _placed(thing: Shown, properties: str, index: int, count: int) -> Neighbour:
    angle = 2 * math.pi * (index + 0.5) / count - math.pi / 2
    x = WIDTH / 2 + 235 * math.cos(angle)
    y = HEIGHT / 2 + 165 * math.sin(angle)
    side = math.cos(angle)
    anchor = "middle" if abs(side) < 0.25 else ("start" if side > 0 else "end")
    label_x = x + (0 if anchor == "middle" else math.copysign(14, side))
    label_y = y + (math.copysign(22, math.sin(angle)) if anchor == "middle" else 0)
    return Neighbour(
        thing, properties, round(x, 1), round(y, 1), round(label_x, 1), round(label_y, 1), anchor
    )
