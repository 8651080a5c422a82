"""Formats of answers for people: CSV with labels, spreadsheets, Markdown and plain JSON rows.

SPARQL's own formats show things as IRIs. These formats show labels in the reader's language, and
put the IRIs in the last columns.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlencode

from flask import Response, request
from rdflib import XSD, Literal, URIRef
from rdflib.term import Identifier

from kg_server import escaping
from kg_server.errors import ResultTooLarge
from kg_server.formats import Format, Kind
from kg_server.sparql.query import Query
from kg_server.store import Answer
from kg_server.store.results import solutions
from kg_server.things.columns import NUMBERS
from kg_server.web import citation
from kg_server.web.citation import Citation
from kg_server.web.context import Context
from kg_server.web.pages import layout
from kg_server.web.pages.terms import Labels

XLSX = Format(
    name="xlsx",
    media_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    extension="xlsx",
    kinds=Kind.BINDINGS,
)
MARKDOWN = Format(
    name="md", media_type="text/markdown", extension="md", kinds=Kind.BINDINGS, charset=True
)
ROWS = Format(name="rows", media_type="application/json", extension="json", kinds=Kind.BINDINGS)
LABELLED = Format(
    name="labelled", media_type="text/csv", extension="csv", kinds=Kind.BINDINGS, charset=True
)
FORMATS: Mapping[str, Format] = {each.name: each for each in (XLSX, MARKDOWN, ROWS, LABELLED)}
"""The formats of this module, by the value of ``format=`` or the extension."""

_MOST_BYTES = 32 << 20
_LABELS_AT_ONCE = 1000
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""Beginnings of a text that a spreadsheet may take for a formula; the last are full-width."""
_BOM = "\ufeff"
_EXCEL_BEGINS = date(1900, 3, 1)  # before that, spreadsheets count a day that there was not

Cell = str | int | float | bool | date | None


@dataclass(frozen=True, slots=True)
class About:
    """Origin of an answer: its citation, and the parameters of the question."""

    title: str
    citation: Citation
    parameters: Mapping[str, str] = field(default_factory=dict)
    language: str = "en"

    def translate(self, text: str, **values: object) -> str:
        """Return interface text in the reader's language."""
        return layout.translate(text, self.language, **values)

    def lines(self) -> list[tuple[str, str]]:
        """Return the origin as pairs of name and value; the last one is the citation."""
        cited, t = self.citation, self.translate
        return [
            (t("Question"), self.title),
            *((t("Parameter {name}", name=name), value) for name, value in self.parameters.items()),
            (t("Address"), cited.address),
            (t("Version of the graph"), cited.version),
            *([(t("Licence"), cited.licence)] if cited.licence else []),
            (t("Retrieved"), cited.retrieved.isoformat()),
            (t("Cite as"), cited.in_language(self.language)),
        ]


@dataclass(frozen=True, slots=True)
class Grid:
    """An answer with names in place of IRIs; the columns of IRIs come last."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def asked(name: str | None, accept: str | None, *, labels: bool) -> Format | None:
    """Return the format of this module that a request asks for; ``None`` if it asks for another.

    Args:
        name: the extension, or what ``format=`` says.
        accept: the ``Accept`` header.
        labels: whether ``labels=1`` asks for names in a CSV.
    """
    if name == "csv" and labels:
        return LABELLED
    if name:
        return FORMATS.get(name)
    types = [each.partition(";")[0].strip().lower() for each in (accept or "").split(",")]
    return next((each for each in (XLSX, MARKDOWN) if each.media_type in types[:1]), None)


def grid(answer: Answer, labels: Labels) -> Grid:
    """Read an answer in SPARQL JSON into a grid of labels and values.

    Raises:
        ResultTooLarge: the answer is larger than 32 MB.
    """
    answered = solutions(_whole(answer))
    if isinstance(answered, bool):
        return Grid(("answer",), ((answered,),))
    variables, rows = answered
    _load(labels, rows)
    labels_of = {_base(name): name for name in variables if _base(name) in variables}
    named = [name for name in variables if name not in labels_of.values()]
    # A thing whose label the query names first is one of the first columns, too.
    named.sort(key=lambda name: min(map(variables.index, (name, labels_of.get(name, name)))))
    things = [name for name in named if any(isinstance(row.get(name), URIRef) for row in rows)]
    return Grid(
        (
            *("label" if name == "iri" else name for name in named),
            *("iri" if name == "iri" else f"{name}_iri" for name in things),
        ),
        tuple(
            (
                *(_cell(row.get(name), row.get(labels_of.get(name, "")), labels) for name in named),
                *(_iri(row.get(name)) for name in things),
            )
            for row in rows
        ),
    )


def write(chosen: Format, grid: Grid, about: About) -> bytes:
    """Write a grid in one of ``FORMATS``."""
    writers = {XLSX: _xlsx, MARKDOWN: _markdown, ROWS: _rows, LABELLED: _csv}
    return writers[chosen](grid, about)


def about(context: Context, title: str, parameters: Mapping[str, str] | None = None) -> About:
    """Return the origin of the answer to the present request."""
    values = parameters or {}
    cited = citation.of_answer(context, title, _address(context), values)
    return About(title, cited, values, language=layout.page_language())


def _address(context: Context) -> str:
    """Return the address of the page that has the answer to the present request."""
    path, dot, extension = request.path.rpartition(".")
    if not dot or extension not in (*FORMATS, "csv"):
        path = request.path
    pairs = [
        pair
        for pair in request.args.items(multi=True)
        if pair[0] not in ("format", "labels") and pair[1]
    ]
    return context.address + path.removeprefix("/") + (f"?{urlencode(pairs)}" if pairs else "")


def response(context: Context, query: Query, chosen: Format, about: About) -> Response:
    """Run a query, whose format is SPARQL JSON; return its answer in one of ``FORMATS``."""
    labels = Labels(context.site, layout.page_language())
    content = write(chosen, grid(context.store.query(query), labels), about)
    answered = Response(content, content_type=chosen.content_type)
    stem = PurePosixPath(request.path).stem or "answer"
    name = f"{stem}-{about.citation.version[:8]}.{chosen.extension}"
    shown = "inline" if chosen in (ROWS, MARKDOWN) else "attachment"
    answered.headers["Content-Disposition"] = f'{shown}; filename="{name}"'
    answered.vary.update(("Accept-Language", "Cookie"))
    return answered


def _whole(answer: Answer) -> bytes:
    content = bytearray()
    for chunk in answer.chunks:
        content += chunk
        if len(content) > _MOST_BYTES:
            raise ResultTooLarge(
                "The answer is too large for this format. Ask for plain CSV, or set a limit."
            )
    return bytes(content)


def _load(labels: Labels, rows: Iterable[Mapping[str, Identifier]]) -> None:
    """Load the labels of all IRIs, 1000 by each query."""
    terms = (term for row in rows for term in row.values())
    iris = list(dict.fromkeys(term for term in terms if isinstance(term, URIRef)))
    for start in range(0, len(iris), _LABELS_AT_ONCE):
        labels.load(iris[start : start + _LABELS_AT_ONCE])


def _base(name: str) -> str:
    """Return the column whose things a column labels: ``seat`` for ``seatLabel``."""
    return "iri" if name == "label" else name.removesuffix("Label") if name[-5:] == "Label" else ""


def _cell(term: Identifier | None, label: Identifier | None, labels: Labels) -> Cell:
    """Return a term as the value of a cell: a label, number, date or text."""
    if isinstance(term, URIRef):
        return str(label) if label is not None else labels.of(str(term)).text
    if not isinstance(term, Literal):
        return None if term is None else str(term)
    text, kind = str(term), term.datatype
    if label is not None and kind in (None, XSD.string):  # a code, with its words beside it
        return str(label)
    if kind == XSD.boolean:
        return text in ("true", "1")
    if str(kind) in NUMBERS or kind == XSD.gYear:
        return _number(text)
    if kind == XSD.date:
        return _date(text)
    return text


def _number(text: str) -> Cell:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        value = float(text)
        is_exact = math.isfinite(value) and Decimal(text) == Decimal(repr(value))
    except (ValueError, ArithmeticError):
        return text
    return value if is_exact else text  # with more digits than a float has, or infinite


def _date(text: str) -> Cell:
    try:
        return date.fromisoformat(text)
    except ValueError:  # with a zone, before year 1, or after 9999
        return text


def _iri(term: Identifier | None) -> str | None:
    return str(term) if isinstance(term, URIRef) else None


def _csv(grid: Grid, _about: About) -> bytes:
    """Write CSV that spreadsheets read as UTF-8, and in which no text is a formula."""
    output = io.StringIO()
    writer = csv.writer(output)
    writer.writerow(grid.columns)
    writer.writerows([_safe(cell) for cell in row] for row in grid.rows)
    return (_BOM + output.getvalue()).encode()


def _safe(cell: Cell) -> Cell:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def _markdown(grid: Grid, about: About) -> bytes:
    lines = [f"# {escaping.markdown(about.title)}", ""]
    lines.append(f"| {' | '.join(map(escaping.markdown, grid.columns))} |")
    lines.append("|" + " --- |" * len(grid.columns))
    for row in grid.rows:
        cells = ("" if cell is None else escaping.markdown(str(cell)) for cell in row)
        lines.append(f"| {' | '.join(cells)} |")
    lines.append("")
    lines += [f"- {name}: {escaping.markdown(value)}" for name, value in about.lines()]
    return ("\n".join(lines) + "\n").encode()


def _rows(grid: Grid, _about: About) -> bytes:
    """Write a list of objects, one a row, each on a line of its own."""
    lines = (
        json.dumps(dict(zip(grid.columns, row, strict=True)), ensure_ascii=False, default=str)
        for row in grid.rows
    )
    return ("[\n" + ",\n".join(lines) + "\n]\n").encode()


def _xlsx(grid: Grid, about: About) -> bytes:
    """Write a workbook: a sheet with the answer, and a sheet with its origin (Office Open XML)."""
    import xlsxwriter  # the only place that needs it, and few requests do

    output = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(output, options) as book:
        day, head = book.add_format({"num_format": "yyyy-mm-dd"}), book.add_format({"bold": True})
        sheet = book.add_worksheet(about.translate("Answer"))
        sheet.freeze_panes(1, 0)
        for column, name in enumerate(grid.columns):
            sheet.write_string(0, column, name, head)
        for number, row in enumerate(grid.rows, 1):
            for column, cell in enumerate(row):
                _put(sheet, row=number, column=column, cell=cell, day=day)
        sheet.autofit(400)
        notes = book.add_worksheet(about.translate("About"))
        for number, (name, value) in enumerate(about.lines()):
            notes.write_string(number, 0, name, head)
            notes.write_string(number, 1, value)
        notes.autofit(800)
    return output.getvalue()


def _put(sheet: Any, *, row: int, column: int, cell: Cell, day: Any) -> None:
    if isinstance(cell, bool):
        sheet.write_boolean(row, column, cell)
    elif isinstance(cell, date) and cell >= _EXCEL_BEGINS:
        sheet.write_datetime(
            row, column, datetime(cell.year, cell.month, cell.day), day
        )  # a day, of no zone
    elif isinstance(cell, int | float) and abs(cell) < 1e15:  # a spreadsheet's number has 15 digits
        sheet.write_number(row, column, cell)
    elif cell is not None:
        sheet.write_string(row, column, str(cell)[:32_767])
