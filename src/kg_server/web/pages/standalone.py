"""Charts as files of their own: SVG with its style, title, legend and source inside.

The drawing is that of the page. Its rules come from the style sheet of the pages, with colours in
place of variables, which programs beside browsers do not read.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urljoin
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from kg_server import escaping

SVG = "http://www.w3.org/2000/svg"

_STYLE = Path(__file__).resolve().parent / "static" / "style.css"
_VARIABLE = re.compile(r"--([\w-]+):\s*([^;]+);")
_RULE = re.compile(r"^svg\.chart [^{]+\{[^}]*\}", re.MULTILINE)
_USE = re.compile(r"var\(--([\w-]+)\)")
_PAIR = re.compile(r"light-dark\(([^,]+), ([^)]+)\)")
_OWN = "svg.chart .caption { font-size: 18px; } svg.chart .source { font-size: 11px; }"
_MARGIN, _HEAD, _LINE, _CHARACTER = 16, 44, 16, 7.5
_SWATCH, _GAP = 28, 22


@dataclass(frozen=True, slots=True)
class Key:
    """An entry of the legend: its words, its colour (from 1; 0 is grey) and how it is filled."""

    text: str
    series: int
    look: str = "full"


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing of a page as HTML, of which the first SVG is taken; its heading and its legend."""

    html: str
    heading: str = ""
    keys: tuple[Key, ...] = ()


def picture(
    figures: Sequence[Figure],
    title: str,
    *,
    source: Sequence[str] = (),
    address: str,
    language: str,
) -> bytes:
    """Return the drawings of a page as one SVG document, one below the other.

    Args:
        figures: the drawings.
        title: what stands above them.
        source: what stands below them, such as site, address and licence.
        address: the address of the page, which its links are relative to.
        language: the language of the texts.
    """
    # The text is this server's own; no entity is declared in it.
    pages = [ElementTree.fromstring(f"<div>{escaping.xml(each.html)}</div>") for each in figures]  # noqa: S314
    drawings = [next(page.iter("svg")) for page in pages]
    sizes = [[float(each) for each in one.get("viewBox", "").split()[2:]] for one in drawings]
    width = max(size[0] for size in sizes)
    root = Element("svg", {"xmlns": SVG, "class": "chart", "lang": language, "role": "img"})
    SubElement(root, "title").text = escaping.xml(title)
    SubElement(root, "style").text = style()
    SubElement(root, "rect", {"class": "card-fill", "width": "100%", "height": "100%"})
    longest = int((width - 2 * _MARGIN) / 9)
    _text(
        root, _MARGIN, 28, textwrap.shorten(title, longest, placeholder="…"), name="heading caption"
    )
    y: float = _HEAD
    for figure, drawing, size in zip(figures, drawings, sizes, strict=True):
        y = _figure(root, figure, drawing, size=size, y=y, address=address)
    for line in [line for each in source for line in textwrap.wrap(each, int(width / 6)) or [""]]:
        _text(root, _MARGIN, y, line, name="quiet source")
        y += _LINE
    root.attrib |= {"width": f"{width:g}", "height": f"{y + _MARGIN:g}"}
    root.set("viewBox", f"0 0 {width:g} {y + _MARGIN:g}")
    written: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _figure(
    root: Element,
    figure: Figure,
    drawing: Element,
    *,
    size: Sequence[float],
    y: float,
    address: str,
) -> float:
    """Add a drawing with its heading and its legend; return where the next part begins."""
    if figure.heading:
        _text(root, _MARGIN, y + _LINE, figure.heading, name="heading")
        y += _GAP
    for link in drawing.iter("a"):
        link.set("href", urljoin(address, link.get("href", "")))
    width, height = size
    drawing.attrib |= {"x": "0", "y": f"{y:g}", "width": f"{width:g}", "height": f"{height:g}"}
    root.append(drawing)
    y += height
    rows = _rows(figure.keys, width)
    hatching = f"{drawing.get('id', '')}-hatch-"
    for number, row in enumerate(rows):
        _legend(root, row, y + number * _GAP, hatching)
    return y + (len(rows) + 0.5) * _GAP


@cache
def style() -> str:
    """Return the rules of charts: light, and dark where the reader prefers that."""
    sheet = _STYLE.read_text("utf-8")
    variables, rules = dict(_VARIABLE.findall(sheet)), _RULE.findall(sheet)
    light, dark = (
        [_USE.sub(lambda used: _value(variables, used[1], scheme), rule) for rule in rules]  # noqa: B023
        for scheme in (1, 2)
    )
    night = "\n".join(each for each in dark if each not in light)
    day = "\n".join(light)
    return f"{day}\n{_OWN}\n@media (prefers-color-scheme: dark) {{\n{night}\n}}"


def _value(variables: dict[str, str], name: str, scheme: int) -> str:
    return _PAIR.sub(lambda pair: pair[scheme], variables[name])


def _rows(keys: Iterable[Key], width: float) -> list[list[tuple[float, Key]]]:
    """Return the legend in rows, each entry with its place."""
    rows: list[list[tuple[float, Key]]] = []
    x = width
    for key in keys:
        needed = _SWATCH + 8 + len(key.text) * _CHARACTER + 18
        if not rows or x + needed > width - _MARGIN:
            rows.append([])
            x = _MARGIN
        rows[-1].append((x, key))
        x += needed
    return rows


def _legend(root: Element, row: Iterable[tuple[float, Key]], y: float, hatching: str) -> None:
    for x, key in row:
        swatch = {"class": f"series-{key.series} {key.look}", "x": f"{x:g}", "y": f"{y:g}"}
        if key.look == "hatched":
            swatch["fill"] = f"url(#{hatching}{key.series})"
        SubElement(root, "rect", swatch | {"width": str(_SWATCH), "height": "14"})
        _text(root, x + _SWATCH + 8, y + 11, key.text)


def _text(root: Element, x: float, y: float, text: str, *, name: str = "") -> None:
    place = {"x": f"{x:g}", "y": f"{y:g}"} | ({"class": name} if name else {})
    SubElement(root, "text", place).text = escaping.xml(text)
