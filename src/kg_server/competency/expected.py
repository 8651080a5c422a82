"""Expected answers in files beside queries, and the comparison of an answer with them.

Rows are compared as a list if the query orders them, else as a bag. Numbers are compared by value;
labels of blank nodes are ignored.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from kg_server.errors import ProjectFault
from kg_server.formats import Kind
from kg_server.project import nesting

_RESULTS = {
    ".srj": ox.QueryResultsFormat.JSON,
    ".json": ox.QueryResultsFormat.JSON,
    ".srx": ox.QueryResultsFormat.XML,
    ".tsv": ox.QueryResultsFormat.TSV,
}
_GRAPHS = {".ttl": ox.RdfFormat.TURTLE, ".nt": ox.RdfFormat.N_TRIPLES}
SUFFIXES = (".csv", *_RESULTS, *_GRAPHS, ".txt")
"""Suffixes of files with an expected answer; ``.txt`` has true or false."""

Row = tuple[str, ...]


def beside(query: Path) -> Path | None:
    """Return the file with a query's expected answer."""
    candidates = (query.with_suffix(suffix) for suffix in SUFFIXES)
    return next((path for path in candidates if path.is_file()), None)


def form(answer: Path, kind: Kind) -> str:
    """Return the name of the result format that can be compared with the expected answer."""
    if kind is Kind.GRAPH:
        return "nt"
    return "csv" if answer.suffix == ".csv" and kind is Kind.BINDINGS else "json"


def difference(answer: Path, content: bytes, kind: Kind, *, ordered: bool) -> str:
    """Return the difference between an answer and the expected one; empty if there is none.

    Args:
        answer: the file with the expected answer.
        content: the answer, in the format that ``form`` names.
        kind: the kind of the answer.
        ordered: whether the order of rows matters.

    Raises:
        ProjectFault: the file is not well-formed, or is not an answer of this kind.
    """
    try:
        if kind is Kind.GRAPH:
            nesting.check_triple_terms(answer, answer.read_bytes())
            return _of_graphs(_triples(answer.read_bytes(), _GRAPHS[answer.suffix]), content)
        if kind is Kind.BOOLEAN:
            return _of_booleans(_boolean(answer), content)
        if answer.suffix == ".csv":
            sides = (_csv(answer.read_text("utf-8")), _csv(content.decode()))
        else:
            sides = (
                _rows(answer.read_bytes(), _RESULTS[answer.suffix]),
                _rows(content, ox.QueryResultsFormat.JSON),
            )
    except KeyError as error:
        message = f"a {answer.suffix} file cannot have an answer of this kind"
        raise ProjectFault(message, path=answer) from error
    except (SyntaxError, ValueError, csv.Error) as error:
        raise ProjectFault(str(error), path=answer) from error
    return _of_rows(*sides, ordered=ordered)


def _csv(text: str) -> list[Row]:
    return [tuple(map(_cell, row)) for row in csv.reader(io.StringIO(text, newline=""))]


def _cell(text: str) -> str:
    if text.startswith("_:"):
        return "_:"
    try:
        return format(Decimal(text).normalize(), "f")
    except InvalidOperation:
        return text


def _rows(content: bytes, form: ox.QueryResultsFormat) -> list[Row]:
    results: Any = ox.parse_query_results(content, form)
    names = [each.value for each in results.variables]
    order = sorted(range(len(names)), key=names.__getitem__)
    head = tuple(names[place] for place in order)
    return [head, *(tuple(_term(row[place]) for place in order) for row in results)]


def _term(term: Any) -> str:
    if isinstance(term, ox.BlankNode):
        return "_:"
    if isinstance(term, ox.Literal) and term.datatype.value.rpartition("#")[2] in (
        *("integer", "decimal", "double", "float"),
    ):
        return f"{_cell(term.value)}^^{term.datatype}"
    return "" if term is None else str(term)


def _boolean(answer: Path) -> bool:
    if answer.suffix == ".txt":
        text = answer.read_text("utf-8").strip().lower()
        if text not in ("true", "false"):
            raise ValueError(f"true or false is expected, not {text!r}")
        return text == "true"
    return bool(ox.parse_query_results(answer.read_bytes(), _RESULTS[answer.suffix]))


def _of_booleans(expected: bool, content: bytes) -> str:
    answered = bool(ox.parse_query_results(content, ox.QueryResultsFormat.JSON))
    says = {True: "true", False: "false"}
    return "" if answered is expected else f"is {says[answered]}, not {says[expected]}"


def _triples(content: bytes, form: ox.RdfFormat) -> ox.Dataset:
    dataset = ox.Dataset(ox.parse(content, form))
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return dataset


def _of_graphs(expected: ox.Dataset, content: bytes) -> str:
    answered = _triples(content, ox.RdfFormat.N_TRIPLES)
    lines = [(str(quad.triple),) for quad in expected], [(str(quad.triple),) for quad in answered]
    return _of_rows(*lines, ordered=False)


def _of_rows(expected: Sequence[Row], answered: Sequence[Row], *, ordered: bool) -> str:
    if list(expected) == list(answered):
        return ""
    missing, more = Counter(expected) - Counter(answered), Counter(answered) - Counter(expected)
    if missing or more:
        lines = [("-", row) for row in missing.elements()] + [("+", row) for row in more.elements()]
        return "\n".join(f"{sign} {', '.join(row)}" for sign, row in lines)
    return "the same rows in another order" if ordered else ""
