"""The neighbourhood of a thing as a drawing that needs no script: neighbours in a ring."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from rdflib import RDF, RDFS, SKOS, URIRef
from rdflib.term import Node

from kg_server.project.profile import Evidence
from kg_server.web.pages.terms import Labels, Shown

MOST_NEIGHBOURS = 12

WIDTH, HEIGHT = 800, 440

_HIDDEN = (RDF.type, RDF.subject, RDF.predicate, RDF.object, RDFS.isDefinedBy, SKOS.inScheme)


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
    """A thing in the middle and its neighbours; ``more`` counts those that are left out.

    ``hidden`` are the properties that are not drawn.
    """

    iri: str
    centre: Shown
    neighbours: tuple[Neighbour, ...]
    more: int
    hidden: tuple[str, ...]
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
    hidden = hidden_properties(labels.site.evidence)
    for p, term in (*outgoing, *incoming):
        other = str(term)
        is_thing = isinstance(term, URIRef) and labels.is_thing(other) and other != iri
        if is_thing and str(p) not in hidden:
            found.setdefault(other, {})[labels.of(str(p)).text] = None
    if not found:
        return None
    shown = list(found.items())[:MOST_NEIGHBOURS]
    neighbours = tuple(
        _placed(labels.show(URIRef(term)), ", ".join(properties), index, len(shown))
        for index, (term, properties) in enumerate(shown)
    )
    return Network(
        iri=iri,
        centre=labels.show(URIRef(iri)),
        neighbours=neighbours,
        more=len(found) - len(shown),
        hidden=hidden,
    )


def hidden_properties(words: Evidence | None) -> tuple[str, ...]:
    """Return the properties that a drawing leaves out: of types, and of the evidence."""
    own: tuple[str | None, ...] = ()
    if words is not None:
        own = (words.stated_in, words.passage_of, *words.links, words.standing, words.polarity)
    return tuple(str(each) for each in (*_HIDDEN, *own) if each)


def _placed(thing: Shown, properties: str, index: int, count: int) -> Neighbour:
    angle = 2 * math.pi * (index + 0.5) / count - math.pi / 2
    x = WIDTH / 2 + 235 * math.cos(angle)
    y = HEIGHT / 2 + 165 * math.sin(angle)
    side = math.cos(angle)
    anchor = "middle" if abs(side) < 0.25 else ("start" if side > 0 else "end")
    label_x = x + (0 if anchor == "middle" else math.copysign(14, side))
    label_y = y + (math.copysign(22, math.sin(angle)) if anchor == "middle" else 0)
    return Neighbour(
        thing=thing,
        properties=properties,
        x=round(x, 1),
        y=round(y, 1),
        label_x=round(label_x, 1),
        label_y=round(label_y, 1),
        anchor=anchor,
    )
