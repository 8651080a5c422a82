"""Writing of results in the formats of RDF and SPARQL, by the engine's serializers."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import IO, Any, Protocol, cast

import pyoxigraph as ox

from kg_server.errors import EvaluationFailed, NotAcceptable, Problem, UnknownFunction
from kg_server.formats import Format, Kind
from kg_server.store.csv_results import CsvOfTsv
from kg_server.store.protocol import Writer
from kg_server.store.xml_results import WellFormed

RESULTS = {
    "json": ox.QueryResultsFormat.JSON,
    "xml": ox.QueryResultsFormat.XML,
    "csv": ox.QueryResultsFormat.CSV,
    "tsv": ox.QueryResultsFormat.TSV,
}
SYNTAXES = {
    "turtle": ox.RdfFormat.TURTLE,
    "ntriples": ox.RdfFormat.N_TRIPLES,
    "rdfxml": ox.RdfFormat.RDF_XML,
    "jsonld": ox.RdfFormat.JSON_LD,
    "nquads": ox.RdfFormat.N_QUADS,
    "trig": ox.RdfFormat.TRIG,
}
_UNKNOWN_FUNCTION = re.compile(r"custom function (<.*>) is not supported")


class Result(Protocol):
    """The result of a query, before it is written: of the engine, or read from another."""

    def serialize(self, output: IO[bytes] | None = None, format: Any = None) -> bytes | None:
        """Write the result to ``output``, or return it."""
        ...


def kind_of(result: Result) -> Kind:
    """Return the kind of a result."""
    if isinstance(result, ox.QuerySolutions):
        return Kind.BINDINGS
    return Kind.BOOLEAN if isinstance(result, ox.QueryBoolean) else Kind.GRAPH


def syntax_of(kind: Kind, chosen: Format) -> Any:
    """Return the engine's name for the format of a result.

    Raises:
        NotAcceptable: the format cannot carry a result of this kind.
    """
    syntaxes: dict[str, Any] = dict(SYNTAXES if kind is Kind.GRAPH else RESULTS)
    if chosen.name not in syntaxes:
        raise NotAcceptable("The format that was asked for cannot carry the query's answer.")
    return syntaxes[chosen.name]


def writer(result: Result, chosen: Format, may_have_commas: Callable[[], bool]) -> Writer:
    """Return a writer that streams a result in a format.

    Args:
        result: what is written.
        chosen: the format.
        may_have_commas: tells, for CSV, whether IRIs of the result may have commas.

    Raises:
        NotAcceptable: the format cannot carry a result of this kind.
    """
    kind = kind_of(result)
    syntax = syntax_of(kind, chosen)
    mended: type[WellFormed] | type[CsvOfTsv] | None = None
    if chosen.name in ("xml", "rdfxml"):
        mended = WellFormed
    elif chosen.name == "csv" and kind is Kind.BINDINGS and may_have_commas():
        mended, syntax = CsvOfTsv, RESULTS["tsv"]

    def write(output: IO[bytes] | None) -> bytes:
        if mended is None:
            return _serialize(result, output, syntax)
        whole = io.BytesIO()
        output = cast("IO[bytes]", mended(output or whole))
        return _serialize(result, output, syntax) or whole.getvalue()

    return write


def _serialize(result: Result, output: IO[bytes] | None, syntax: Any) -> bytes:
    try:
        return result.serialize(output, syntax) or b""
    except (OSError, RuntimeError, ValueError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the reader is gone: not an error of the engine
        raise failure(error) from error


def failure(error: Exception) -> Problem:
    """Return the problem for a well-formed query that the engine could not evaluate."""
    unknown = _UNKNOWN_FUNCTION.search(str(error))
    if unknown:
        return UnknownFunction(
            f"There is no function {unknown[1]}. Those with an IRI are the casts xsd:boolean, "
            "xsd:dateTime, xsd:decimal, xsd:double, xsd:float, xsd:integer and xsd:string."
        )
    return EvaluationFailed(f"The engine says: {error}.")
