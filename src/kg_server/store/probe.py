"""Probes of a SPARQL service: questions with known answers, which show where the service differs.

They need no data in the service. A service that fails a ``fatal`` probe must not be used, because
some of its answers would be wrong without an error.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pyoxigraph as ox

from kg_server.errors import Problem, ProjectFault, QueryTimeout, ResultTooLarge
from kg_server.formats import Kind
from kg_server.rdf import namespaces as ns
from kg_server.store.connection import Connection
from kg_server.store.dialects import Dialect
from kg_server.store.remote import cut, read
from kg_server.store.writing import Result
from kg_server.store.written import NOTHING

_TRUE, _FALSE = f'"true"^^<{ns.XSD}boolean>', f'"false"^^<{ns.XSD}boolean>'
_TIMEOUT_S = 20.0
_LIMIT_TIMEOUT_S = 60.0
"""Seconds for as many rows, which Virtuoso makes whole before it sends the first."""
_ROWS = 100_000
_NO_GRAPHS = (("default-graph-uri", NOTHING), ("named-graph-uri", NOTHING))

_MANY = "SELECT ?a {{ {} }}".format(
    " ".join(f"VALUES ?{name} {{ 0 1 2 3 4 5 6 7 8 9 }}" for name in "abcde")
)
"""A query with so many rows, over no data."""
_EMPTY_ROWS = _MANY.replace("?a", "?none", 1)
"""The same with no value in any row, for which Virtuoso takes a tenth of the time."""

Rows = tuple[str, ...]


def _integers(*numbers: int) -> Rows:
    return tuple(f'"{each}"^^<{ns.XSD}integer>' for each in numbers)


@dataclass(frozen=True, slots=True)
class Probe:
    """A question: its text, its answer as terms in N-Triples, and the consequence of another."""

    name: str
    text: str
    expected: Rows
    consequence: str
    kind: Kind = Kind.BINDINGS
    fatal: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """Answer of a service to a probe; ``answer`` is its terms in one line, or its error."""

    probe: Probe
    answer: str
    is_as_expected: bool


PROBES = (
    Probe(
        name="SELECT",
        text="SELECT (7 AS ?x) {}",
        expected=_integers(7),
        consequence="queries have no answer",
        fatal=True,
    ),
    Probe(
        name="ASK",
        text="ASK {}",
        expected=("true",),
        consequence="queries have no answer",
        kind=Kind.BOOLEAN,
        fatal=True,
    ),
    Probe(
        name="CONSTRUCT",
        text='CONSTRUCT { <urn:a> <urn:b> "é" } {}',
        expected=('<urn:a> <urn:b> "é"',),
        consequence="documents have no triples",
        kind=Kind.GRAPH,
        fatal=True,
    ),
    Probe(
        name="dataset: default graph of the request",
        text="ASK { ?s ?p ?o }",
        expected=("false",),
        consequence="the service ignores default-graph-uri: answers would mix the graphs of others",
        kind=Kind.BOOLEAN,
        fatal=True,
    ),
    Probe(
        name="dataset: named graphs of the request",
        text="ASK { GRAPH ?g { ?s ?p ?o } }",
        expected=("false",),
        consequence="the service ignores named-graph-uri: answers would mix the graphs of others",
        kind=Kind.BOOLEAN,
        fatal=True,
    ),
    Probe(
        name="letters beyond ASCII",
        text='SELECT ("é𝄞ক" AS ?x) {}',
        expected=('"é𝄞ক"',),
        consequence="texts differ",
        fatal=True,
    ),
    Probe(
        name="language tags",
        text='SELECT ("x"@en-GB AS ?x) {}',
        expected=('"x"@en-gb',),
        consequence="texts differ",
        fatal=True,
    ),
    Probe(
        name="MINUS",
        text="SELECT ?x { VALUES ?x { 1 2 } MINUS { VALUES ?x { 1 } } }",
        expected=_integers(2),
        consequence="negations are wrong",
        fatal=True,
    ),
    Probe(
        name="NOT EXISTS",
        text="SELECT ?x { VALUES ?x { 1 2 } FILTER NOT EXISTS { VALUES ?x { 1 } } }",
        expected=_integers(2),
        consequence="negations are wrong",
    ),
    Probe(
        name="OPTIONAL with FILTER",
        text="SELECT ?y { VALUES ?x { 1 2 } OPTIONAL { VALUES ?y { 1 3 } FILTER(?y = ?x) } }",
        expected=(*_integers(1), "-"),
        consequence="optional values differ",
    ),
    Probe(
        name="COUNT and GROUP BY",
        text="SELECT (COUNT(*) AS ?n) { VALUES ?x { 1 1 2 } } GROUP BY ?x ORDER BY ?n",
        expected=_integers(1, 2),
        consequence="counts are wrong",
        fatal=True,
    ),
    Probe(
        name="ORDER BY, LIMIT, OFFSET",
        text="SELECT ?x { VALUES ?x { 3 1 10 2 } } ORDER BY ?x LIMIT 2 OFFSET 1",
        expected=_integers(2, 3),
        consequence="pages of lists are wrong",
        fatal=True,
    ),
    Probe(
        name="ORDER BY of unlike kinds",
        text='SELECT ?x { VALUES ?x { "a" <urn:a> } } ORDER BY ?x',
        expected=("<urn:a>", '"a"'),
        consequence="columns with IRIs and texts have another order",
    ),
    Probe(
        name="computed booleans",
        text="SELECT (1 = 1 AS ?x) {}",
        expected=(_TRUE,),
        consequence="they are numbers, 1 and 0",
    ),
    Probe(
        name="booleans in the text of a query",
        text="SELECT ?x { VALUES ?x { false } }",
        expected=(_FALSE,),
        consequence="they are numbers, 1 and 0",
    ),
    Probe(
        name="lexical forms of decimals",
        text="SELECT (234 / 2 AS ?x) {}",
        expected=(f'"117"^^<{ns.XSD}decimal>',),
        consequence="the same number has another form",
    ),
    Probe(
        name="numbers of two datatypes",
        text="SELECT DISTINCT ?x { VALUES ?x { 1.5 1.5e0 } } ORDER BY DATATYPE(?x)",
        expected=(f'"1.5"^^<{ns.XSD}decimal>', f'"1.5"^^<{ns.XSD}double>'),
        consequence=(
            "equal numbers of two datatypes are one value; publish says where that loses triples"
        ),
    ),
    Probe(
        name="comparison of dates",
        text=f'SELECT ("2000-01-02"^^<{ns.XSD}date> > "2000-01-01"^^<{ns.XSD}date> AS ?x) {{}}',
        expected=(_TRUE,),
        consequence="they are numbers, 1 and 0, or dates are not compared",
    ),
    Probe(
        name="paths of length zero from several nodes",
        text="SELECT ?x { VALUES ?s { <urn:a> <urn:b> } ?s <urn:p>* ?x } ORDER BY ?x",
        expected=("<urn:a>", "<urn:b>"),
        consequence=(
            "a path from nodes of VALUES fails (write a UNION of paths), or leaves out nodes "
            "that no triple has"
        ),
    ),
    Probe(
        name="BIND of an expression",
        text='SELECT ?y { VALUES ?x { "a" } BIND(CONCAT(UCASE(?x), STR(STRLEN("𝄞"))) AS ?y) }',
        expected=('"A1"',),
        consequence="functions on texts differ",
    ),
)
"""The probes; each is asked over an empty dataset."""


def probed(connection: Connection, dialect: Dialect) -> Iterator[Outcome]:
    """Ask all questions and yield the answers; the last one tells whether the service cuts results.

    Raises:
        EngineUnavailable: the service gives no answer at all.
    """
    for each in PROBES:
        yield _outcome(connection, dialect, each)
    yield _cut(connection, dialect)


def refuse_wrong(connection: Connection, dialect: Dialect, *, own_dataset: bool = False) -> None:
    """Refuse a service that fails a fatal probe.

    Args:
        connection: the connection to the service.
        dialect: its dialect.
        own_dataset: whether no query will have a dataset.

    Raises:
        ProjectFault: the service fails one of them.
        EngineUnavailable: it gives no answer at all.
    """
    for each in PROBES:
        if not each.fatal or (own_dataset and each.name.startswith("dataset")):
            continue
        if not (outcome := _outcome(connection, dialect, each)).is_as_expected:
            raise ProjectFault(
                f"{connection.endpoint} cannot be used: {each.name}: {each.consequence} "
                f"({outcome.answer}); kg-server probe has more"
            )


def measured(connection: Connection, dialect: Dialect) -> Dialect:
    """Return the dialect with the number of triples from which an answer may have been cut.

    Raises:
        EngineUnavailable, EngineFailed, QueryTimeout: the service gives no answer.
    """
    if not dialect.cuts_graphs:
        return dialect
    try:
        body = connection.ask(
            _EMPTY_ROWS, _NO_GRAPHS, Kind.BINDINGS, dialect=dialect, timeout_s=_LIMIT_TIMEOUT_S
        )
    except ResultTooLarge as problem:
        return replace(dialect, most_triples=problem.members["limit_rows"] or 1)
    body.close()  # the header has said it
    return replace(dialect, most_triples=_ROWS)


def _outcome(connection: Connection, dialect: Dialect, probe: Probe) -> Outcome:
    try:
        answer = _ask(connection, dialect, probe.text, probe.kind)
    except (QueryTimeout, ResultTooLarge) as problem:
        return Outcome(probe, problem.title, is_as_expected=False)
    except Problem as problem:
        if problem.status == 503:
            raise
        return Outcome(probe, problem.detail, is_as_expected=False)
    shown = ", ".join(answer) or "nothing"
    return Outcome(probe, shown, is_as_expected=answer == probe.expected)


def _cut(connection: Connection, dialect: Dialect) -> Outcome:
    """Ask for many rows: a service may send fewer, with or without a header that says so."""
    consequence = "larger results are refused; the service can be set to allow them"
    probe = Probe(
        name=f"{_ROWS:,} rows", text=_MANY, expected=(str(_ROWS),), consequence=consequence
    )
    try:
        number = len(_ask(connection, dialect, probe.text, Kind.BINDINGS))
    except (QueryTimeout, ResultTooLarge):
        return Outcome(probe, "the service cuts results, and says so", is_as_expected=False)
    except Problem as problem:
        return Outcome(probe, problem.detail, is_as_expected=False)
    if number == _ROWS:
        return Outcome(probe, str(_ROWS), is_as_expected=True)
    silent = Probe(
        name=probe.name,
        text=probe.text,
        expected=probe.expected,
        consequence="answers are cut silently",
        fatal=True,
    )
    return Outcome(silent, f"{number} rows, without a word", is_as_expected=False)


def _ask(connection: Connection, dialect: Dialect, text: str, kind: Kind) -> Rows:
    body = connection.ask(text, _NO_GRAPHS, kind, dialect=dialect, timeout_s=_TIMEOUT_S)
    try:
        return _rows(read(body, kind))
    except Exception as error:
        raise cut(body, error) from error
    finally:
        body.close()


def _rows(result: Result) -> Rows:
    """Return the terms of a result, row by row; ``-`` where a variable has no value."""
    if isinstance(result, ox.QueryBoolean):
        return (str(bool(result)).lower(),)
    if isinstance(result, ox.QuerySolutions):
        return tuple(str(term) if term else "-" for row in result for term in row)
    written = result.serialize(None, ox.RdfFormat.N_TRIPLES) or b""
    # Not splitlines: a literal may contain other line separators, such as U+2028.
    return tuple(line.removesuffix(" .") for line in written.decode().split("\n") if line)
