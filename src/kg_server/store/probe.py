"""Probes of a SPARQL service: questions with known answers, which show where the service differs.

Most need no data in the service; some ask for a publication that is there. A service that fails a
``fatal`` probe must not be used, because some of its answers would be wrong without an error.
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
from kg_server.store.publishing import MARKER, NODE
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
_SIDE = 22
_FEW = _SIDE**3
"""Rows and triples that a server asks for when it starts: over 10,000, where services often cut."""
_CUBE = " ".join(
    f"VALUES ?{name} {{ {' '.join(f'<urn:{each}>' for each in range(_SIDE))} }}" for name in "abc"
)

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
    graphs: tuple[tuple[str, str], ...] = _NO_GRAPHS


@dataclass(frozen=True, slots=True)
class Outcome:
    """Answer of a service to a probe; ``answer`` is its terms in one line, or its error."""

    probe: Probe
    answer: str
    is_as_expected: bool


_LITERALS = (
    '"é"',
    '"x"@en-gb',
    f'"1999"^^<{ns.XSD}gYear>',
    f'"2000-01-02"^^<{ns.XSD}date>',
    '"x"^^<urn:datatype>',
    '" a  b "',
)
"""Literals that services change: letters, region, datatype, white space."""

PROBES = (
    Probe(
        name="SELECT",
        text="SELECT (7 AS ?x) {}",
        expected=_integers(7),
        consequence="queries have no answer, or a wrong one",
        fatal=True,
    ),
    Probe(
        name="ASK",
        text="ASK {}",
        expected=("true",),
        consequence="queries have no answer, or a wrong one",
        kind=Kind.BOOLEAN,
        fatal=True,
    ),
    Probe(
        name="CONSTRUCT",
        text=f"CONSTRUCT {{ <urn:a> <urn:b> {' , '.join(_LITERALS)} }} {{}}",
        expected=tuple(sorted(f"<urn:a> <urn:b> {each}" for each in _LITERALS)),
        consequence="documents have no triples, or others",
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
        text='SELECT ("é𝄞কe\u0301" AS ?x) {}',
        expected=('"é𝄞কe\u0301"',),
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
        name="literals",
        text=(
            "SELECT ?a ?b ?c ?d ?e ?f { VALUES (?a ?b ?c ?d ?e ?f) { ("
            f"{' '.join(_LITERALS)}) }} }}"
        ),
        expected=_LITERALS,
        consequence="texts and values differ",
        fatal=True,
    ),
    Probe(
        name="ORDER BY, LIMIT, OFFSET",
        text="SELECT ?x { VALUES ?x { 3 1 10 2 7 5 9 4 8 6 } } ORDER BY ?x LIMIT 6 OFFSET 2",
        expected=_integers(3, 4, 5, 6, 7, 8),
        consequence="pages of lists are wrong",
        fatal=True,
    ),
    Probe(
        name="rows that are equal",
        text="SELECT ?x { VALUES ?x { 2 1 1 } } ORDER BY ?x",
        expected=_integers(1, 1, 2),
        consequence="rows are missing",
        fatal=True,
    ),
    Probe(
        name="DISTINCT",
        text="SELECT DISTINCT ?x { VALUES ?x { 2 1 1 } } ORDER BY ?x",
        expected=_integers(1, 2),
        consequence="rows are repeated",
        fatal=True,
    ),
    Probe(
        name="variables without a value",
        text="SELECT ?x ?y { VALUES ?x { 1 } OPTIONAL { <urn:a> <urn:b> ?y } }",
        expected=(*_integers(1), "-"),
        consequence="unknown values look known",
        fatal=True,
    ),
    Probe(
        name="FILTER of texts",
        text='SELECT ?x { VALUES ?x { "a" "A" } FILTER(?x = "A") }',
        expected=('"A"',),
        consequence="filters pass other rows",
        fatal=True,
    ),
    Probe(
        name="FILTER of numbers",
        text="SELECT ?x { VALUES ?x { 10 2 9 } FILTER(?x > 5) } ORDER BY ?x",
        expected=_integers(9, 10),
        consequence="filters pass other rows",
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

OF_PUBLICATIONS = tuple(
    Probe(
        name=f"dataset: {named} of a publication",
        text=f"ASK {{ {pattern} }}",
        expected=("true",),
        consequence=f"the service uses one {parameter} only, or none: answers would be incomplete",
        kind=Kind.BOOLEAN,
        fatal=True,
        graphs=((other, NOTHING), *((parameter, each) for each in graphs)),
    )
    for parameter, other, pattern, named in (
        ("default-graph-uri", "named-graph-uri", f"<{MARKER}> ?p ?o", "default graph"),
        ("named-graph-uri", "default-graph-uri", "GRAPH ?g { ?s ?p ?o }", "named graphs"),
    )
    for graphs in ((MARKER, NOTHING), (NOTHING, MARKER))
)
"""Probes over the graph that says what is published."""


_IS_PUBLISHED = Probe(
    name="a publication",
    text=f"ASK {{ <{MARKER}> ?p ?o }}",
    expected=("true",),
    consequence="there is none",
    kind=Kind.BOOLEAN,
    graphs=(("default-graph-uri", MARKER), ("named-graph-uri", NOTHING)),
)
_ITS_NODE = Probe(
    name="blank nodes of a publication",
    text=f"CONSTRUCT {{ <{MARKER}> <{NODE}> ?node }} {{ <{MARKER}> <{NODE}> ?node }}",
    expected=(),
    consequence="a blank node has another label in each answer: documents would be torn apart",
    kind=Kind.GRAPH,
    fatal=True,
    graphs=_IS_PUBLISHED.graphs,
)
_NEW_NODE = Probe(
    name="blank nodes of two answers",
    text="CONSTRUCT { _:a <urn:b> <urn:c> } {}",
    expected=(),
    consequence="different blank nodes have the same label: documents would mix them",
    kind=Kind.GRAPH,
    fatal=True,
)
_MANY_ROWS = Probe(
    name=f"{_ROWS:,} rows",
    text=_MANY,
    expected=(str(_ROWS),),
    consequence="larger results are refused; the service can be set to allow them",
)
_FEW_ROWS = replace(_MANY_ROWS, name=f"{_FEW:,} rows", text=f"SELECT ?none {{ {_CUBE} }}")
_FEW_TRIPLES = Probe(
    name=f"{_FEW:,} triples",
    text=f"CONSTRUCT {{ ?a ?b ?c }} {{ {_CUBE} }}",
    expected=(str(_FEW),),
    consequence="larger graphs are refused; the service can be set to allow them",
    kind=Kind.GRAPH,
)


def probed(connection: Connection, dialect: Dialect) -> Iterator[Outcome]:
    """Ask all questions and yield the answers; the last ones tell whether results are cut.

    Raises:
        EngineUnavailable: the service gives no answer at all.
    """
    for each in PROBES:
        yield _outcome(connection, dialect, each)
    if _outcome(connection, dialect, _IS_PUBLISHED).is_as_expected:
        for each in OF_PUBLICATIONS:
            yield _outcome(connection, dialect, each)
        yield _kept_labels(connection, dialect)
    yield _own_labels(connection, dialect)
    yield _cut(connection, dialect, _MANY_ROWS, _ROWS)
    yield _cut(connection, dialect, _FEW_TRIPLES, _FEW)


def refuse_wrong(connection: Connection, dialect: Dialect, *, own_dataset: bool = False) -> None:
    """Refuse a service that fails a fatal probe.

    Args:
        connection: the connection to the service.
        dialect: its dialect.
        own_dataset: whether no query will have a dataset, because nothing was published.

    Raises:
        ProjectFault: the service fails one of them.
        EngineUnavailable: it gives no answer at all.
    """
    for outcome in _fatal_outcomes(connection, dialect, own_dataset=own_dataset):
        if outcome.probe.fatal and not outcome.is_as_expected:
            raise ProjectFault(
                f"{connection.endpoint} cannot be used: {outcome.probe.name}: "
                f"{outcome.probe.consequence} ({outcome.answer}); kg-server probe has more"
            )


def _fatal_outcomes(
    connection: Connection, dialect: Dialect, *, own_dataset: bool
) -> Iterator[Outcome]:
    for each in PROBES:
        if each.fatal and not (own_dataset and each.name.startswith("dataset")):
            yield _outcome(connection, dialect, each)
    if not own_dataset:
        for each in OF_PUBLICATIONS:
            yield _outcome(connection, dialect, each)
        yield _kept_labels(connection, dialect)
    yield _own_labels(connection, dialect)
    if not dialect.cuts_graphs:  # its limit is measured
        yield _cut(connection, dialect, _FEW_ROWS, _FEW)
        yield _cut(connection, dialect, _FEW_TRIPLES, _FEW)


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
        answer = _ask(connection, dialect, probe)
    except (QueryTimeout, ResultTooLarge) as problem:
        return Outcome(probe, problem.title, is_as_expected=False)
    except Problem as problem:
        if problem.status == 503:
            raise
        return Outcome(probe, problem.detail, is_as_expected=False)
    shown = ", ".join(answer) or "nothing"
    return Outcome(probe, shown, is_as_expected=answer == probe.expected)


def _cut(connection: Connection, dialect: Dialect, probe: Probe, expected: int) -> Outcome:
    """Ask for a large result: a service may cut it, with or without a header that says so."""
    try:
        number = _size(connection, dialect, probe)
    except (QueryTimeout, ResultTooLarge):
        return Outcome(probe, "the service cuts results, and says so", is_as_expected=False)
    except Problem as problem:
        return Outcome(probe, problem.detail, is_as_expected=False)
    if number == expected:
        return Outcome(probe, str(number), is_as_expected=True)
    if probe.kind is Kind.GRAPH and dialect.cuts_graphs:
        return Outcome(probe, f"{number} triples", is_as_expected=False)
    silent = replace(probe, consequence="answers are cut silently", fatal=True)
    return Outcome(silent, f"{number}, without a word", is_as_expected=False)


def _size(connection: Connection, dialect: Dialect, probe: Probe) -> int:
    """Return the number of rows or triples in the answer to a probe."""
    body = connection.ask(
        probe.text, probe.graphs, probe.kind, dialect=dialect, timeout_s=_TIMEOUT_S
    )
    try:
        result = read(body, probe.kind)
        if isinstance(result, ox.QuerySolutions):
            return sum(1 for _ in result)
        return (result.serialize(None, ox.RdfFormat.N_TRIPLES) or b"").count(b"\n")
    except Exception as error:
        raise cut(body, error) from error
    finally:
        body.close()


def _own_labels(connection: Connection, dialect: Dialect) -> Outcome:
    """Tell whether blank nodes of two answers, which are different ones, have different labels."""
    one, other = (_outcome(connection, dialect, _NEW_NODE) for _ in range(2))
    return Outcome(_NEW_NODE, one.answer, is_as_expected=one.answer != other.answer)


def _kept_labels(connection: Connection, dialect: Dialect) -> Outcome:
    """Tell whether the blank node of a publication has one label in all answers."""
    one, other = (_outcome(connection, dialect, _ITS_NODE) for _ in range(2))
    answers = one.answer if one.answer == other.answer else f"{one.answer}, then {other.answer}"
    return Outcome(_ITS_NODE, answers, is_as_expected=one.answer == other.answer)


def _ask(connection: Connection, dialect: Dialect, probe: Probe) -> Rows:
    body = connection.ask(
        probe.text, probe.graphs, probe.kind, dialect=dialect, timeout_s=_TIMEOUT_S
    )
    try:
        return _rows(read(body, probe.kind))
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
    return tuple(sorted(line.removesuffix(" .") for line in written.decode().split("\n") if line))
