"""The neighbourhood of a thing as a drawing that needs no script.

The thing stands in the middle. What links to it stands on the left, what it links to on the right,
in rows under the property that links them. A row has one label, so labels never overlap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rdflib import RDF, RDFS, SKOS

from kg_server.project.profile import Evidence
from kg_server.web.pages.terms import Shown

FEW_GROUPS, FEW_THINGS = 4, 3
"""Properties on each side at first, and things of each property."""

WIDTH, NARROW = 1120, 340
_ROW, _TOP, _LEAST = 24, 20, 200
_LETTER = 7.4
"""Units that a letter needs at most, on average."""

_HIDDEN = (RDF.type, RDF.subject, RDF.predicate, RDF.object, RDFS.isDefinedBy, SKOS.inScheme)


@dataclass(frozen=True, slots=True)
class Group:
    """A property and the things that it links; ``role`` as that of ``thing.Values``."""

    text: str
    role: str
    things: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Text:
    """Words of the drawing: ``heading`` of a group, a ``thing``, or how many are left out."""

    kind: str
    x: int
    y: int
    anchor: str
    text: str
    group: Group | None = None
    thing: Shown | None = None
    count: int = 0
    dot: int = 0


@dataclass(frozen=True, slots=True)
class Drawing:
    """The places of all words, and the paths of lines."""

    width: int
    height: int
    middle: tuple[int, int]
    title: str
    anchor: str
    texts: tuple[Text, ...]
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Network:
    """The drawing for wide screens, the one for narrow ones, and how many things they leave out."""

    centre: Shown
    wide: Drawing
    narrow: Drawing
    more: int


def hidden_properties(words: Evidence | None) -> tuple[str, ...]:
    """Return the properties that a drawing leaves out: of types, and of the evidence."""
    own: tuple[str | None, ...] = ()
    if words is not None:
        own = (words.stated_in, words.passage_of, *words.links, words.standing, words.polarity)
    return tuple(str(each) for each in (*_HIDDEN, *own) if each)


def drawings(
    centre: Shown, incoming: Sequence[Group], outgoing: Sequence[Group], *, is_whole: bool
) -> Network | None:
    """Return the drawings; ``None`` where no other thing of the graph is connected.

    Args:
        centre: the thing in the middle.
        incoming: what links to it.
        outgoing: what it links to.
        is_whole: whether everything is drawn, and not only the beginning of it.
    """
    if not incoming and not outgoing:
        return None
    most = None if is_whole else FEW_GROUPS
    sides = incoming[:most], outgoing[:most]
    hidden = sum(
        len(each.things)
        for all_, shown in zip((incoming, outgoing), sides, strict=True)
        for each in all_[len(shown) :]
    )
    few = None if is_whole else FEW_THINGS
    more = hidden + sum(
        len(each.things[few:]) for side in sides for each in side if few is not None
    )
    return Network(
        centre=centre,
        wide=_wide(centre, *sides, few),
        narrow=_narrow(centre, *sides, few),
        more=more,
    )


def _wide(
    centre: Shown, incoming: Sequence[Group], outgoing: Sequence[Group], few: int | None
) -> Drawing:
    heights = [_height(side, few) for side in (incoming, outgoing)]
    height = max(*heights, _LEAST) + _TOP
    middle = WIDTH // 2, height // 2
    texts: list[Text] = []
    lines: list[str] = []
    for side, groups, tall in zip((-1, 1), (incoming, outgoing), heights, strict=True):
        spine, dot, edge = (middle[0] + side * each for each in (150, 166, 180))
        room = round((WIDTH / 2 - 180) / _LETTER)
        y = (height - tall) // 2 + _ROW // 2
        anchor = "start" if side > 0 else "end"
        for group in groups:
            words, ends, y = _rows(group, few, at=(dot, edge), y=y, anchor=anchor, room=room)
            texts += words
            half = middle[0] + side * 75
            lines.append(
                f"M{middle[0]} {middle[1]}C{half} {middle[1]} {half} {ends[0]} {spine} {ends[0]}"
            )
            lines.append(f"M{spine} {ends[0]}V{ends[-1]}")
            lines += [f"M{spine} {each}H{dot}" for each in ends[1:]]
    return Drawing(
        width=WIDTH,
        height=height,
        middle=middle,
        title=_cut(centre.text, 36),
        anchor="middle",
        texts=tuple(texts),
        lines=tuple(lines),
    )


def _narrow(
    centre: Shown, incoming: Sequence[Group], outgoing: Sequence[Group], few: int | None
) -> Drawing:
    middle, y = (14, _TOP), _TOP + _ROW
    texts: list[Text] = []
    lines: list[str] = []
    for group in (*incoming, *outgoing):
        words, ends, y = _rows(
            group, few, at=(44, 56), y=y, anchor="start", room=round((NARROW - 56) / _LETTER)
        )
        texts += words
        lines.append(f"M14 {_TOP}V{ends[0]}H30V{ends[-1]}")
        lines += [f"M30 {each}H44" for each in ends[1:]]
    title = _cut(centre.text, round((NARROW - 32) / _LETTER))
    return Drawing(
        width=NARROW,
        height=y,
        middle=middle,
        title=title,
        anchor="start",
        texts=tuple(texts),
        lines=tuple(lines),
    )


def _rows(
    group: Group, few: int | None, *, at: tuple[int, int], y: int, anchor: str, room: int
) -> tuple[list[Text], list[int], int]:
    """Return the words of a group, the heights of its rows, and that of what follows."""
    dot, edge = at
    words = _cut(group.text, room - (14 if group.role == "whose" else 6))
    texts = [Text(kind="heading", x=dot, y=y, anchor=anchor, text=words, group=group)]
    heights = [y]
    for thing in group.things[:few]:
        y += _ROW
        heights.append(y)
        texts.append(
            Text(
                kind="thing",
                x=edge,
                y=y,
                anchor=anchor,
                text=_cut(thing.text, room),
                thing=thing,
                dot=dot,
            )
        )
    left_out = len(group.things) - len(group.things[:few])
    if left_out:
        y += _ROW
        heights.append(y)
        texts.append(
            Text(kind="more", x=edge, y=y, anchor=anchor, text="", count=left_out, dot=dot)
        )
    return texts, heights, y + _ROW + _ROW // 2


def _height(groups: Sequence[Group], few: int | None) -> int:
    rows = 0.0
    for group in groups:
        shown = len(group.things[:few])
        rows += 1.5 + shown + (len(group.things) > shown)
    return round(rows * _ROW)


def _cut(text: str, room: int) -> str:
    """Return a text that fits; its end stays, because names often differ there.

    >>> _cut("Paintings of the city, 2008", 16)
    'Paintings…, 2008'
    """
    if len(text) <= room:
        return text
    end = room * 2 // 5
    return f"{text[: room - 1 - end].rstrip()}…{text[-end:].lstrip()}"
