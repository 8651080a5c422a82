"""Dialects of SPARQL services: where each engine differs from the standard, a row per engine.

A new engine is a new row. ``is_tested`` says whether the test suite asks this engine; the other
rows are from the engines' documentation.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from kg_server.errors import ProjectFault

Mends = Sequence[tuple[re.Pattern[bytes], bytes]]
"""Patterns in one line of an answer, and what replaces them."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """Deviations of an engine from the SPARQL 1.1 Protocol and Graph Store Protocol.

    ``server`` begins the ``Server`` header by which the engine is recognised. ``graph_store`` is
    the address of the Graph Store Protocol, relative to that of the query endpoint, and
    ``graph_parameter`` the parameter for a graph's IRI there. ``time_limit`` is the parameter for
    the time limit of a query, and how many of its units make a second. It is empty where closing
    the connection stops the query, or where the engine has no such parameter. ``json`` and
    ``ntriples`` mend answers. ``cuts_graphs``: triples of CONSTRUCT and DESCRIBE are cut at the
    same limit as rows, but no header says so. Then an answer of ``most_triples`` or more, if that
    is known, counts as cut.
    """

    name: str
    server: str = ""
    graph_store: str = ""
    graph_parameter: str = "graph"
    time_limit: tuple[str, int] | None = None
    json: Mends = ()
    ntriples: Mends = ()
    cuts_graphs: bool = False
    most_triples: int | None = None
    exists_by_row: bool = False
    is_tested: bool = False


_BOOLEAN = rb'"datatype": "http://www\.w3\.org/2001/XMLSchema#boolean", "value": '
_VIRTUOSO_JSON = (
    (re.compile(rb'"type": "typed-literal"'), b'"type": "literal"'),
    (re.compile(rb'"type": "bnode", "value": "nodeID://'), b'"type": "bnode", "value": "'),
    (re.compile(rb"(%s)\"1\"" % _BOOLEAN), rb'\1"true"'),
    (re.compile(rb"(%s)\"0\"" % _BOOLEAN), rb'\1"false"'),
)
"""Virtuoso 7.2: quotes inside a JSON string are escaped, so no literal has these patterns."""

GENERIC = Dialect("sparql")
"""An engine that does as the standards say; its Graph Store Protocol is at no known address."""

DIALECTS = (
    Dialect(
        "virtuoso",
        server="Virtuoso",
        graph_store="/sparql-graph-crud-auth",
        graph_parameter="graph-uri",
        json=_VIRTUOSO_JSON,
        cuts_graphs=True,
        is_tested=True,
    ),
    Dialect(
        "oxigraph",
        server="Oxigraph",
        graph_store="store",
        exists_by_row=True,
        is_tested=True,
    ),
    Dialect("fuseki", server="Apache Jena Fuseki", graph_store="data", time_limit=("timeout", 1)),
    Dialect(
        "graphdb", server="GraphDB", graph_store="rdf-graphs/service", time_limit=("timeout", 1)
    ),
    Dialect("stardog", server="Stardog", graph_store="../DATABASE", time_limit=("timeout", 1000)),
    Dialect("neptune", graph_store="gsp/"),
    Dialect("qlever", time_limit=("timeout", 1)),
    Dialect("blazegraph"),
    GENERIC,
)
"""The dialects; the first whose ``server`` fits is taken."""


def named(name: str) -> Dialect:
    """Return a dialect by its name.

    Raises:
        ProjectFault: there is no such dialect.
    """
    for each in DIALECTS:
        if each.name == name:
            return each
    names = ", ".join(each.name for each in DIALECTS)
    raise ProjectFault(f"there is no dialect {name!r}; known are {names}")


def recognised(server: str) -> Dialect:
    """Return the dialect of an engine by its ``Server`` header.

    >>> recognised("Virtuoso/07.20.3229 (Linux)").name
    'virtuoso'
    >>> recognised("nginx").name
    'sparql'
    """
    for each in DIALECTS:
        if each.server and server.startswith(each.server):
            return each
    return GENERIC


def mended(line: bytes, mends: Mends) -> bytes:
    r"""Return a line of an answer in the form of the standard.

    >>> mended(b'{ "type": "bnode", "value": "nodeID://b1" }', named("virtuoso").json)
    b'{ "type": "bnode", "value": "b1" }'
    """
    for pattern, replacement in mends:
        line = pattern.sub(replacement, line)
    return line
