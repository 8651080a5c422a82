"""The remote backend: a store whose graphs are held by SPARQL services, asked over HTTP.

A query is parsed here first, over an empty store: syntax errors have line and column, nesting and
functions are checked, and SERVICE is refused. Then it is sent as text with its dataset, and the
answer is read and written again. Another engine is a row of ``dialects``. Why a synchronous client:
docs/decisions/remote.md.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import IO, Any, cast

import pyoxigraph as ox

from kg_server.errors import EngineFailed, EngineUnavailable, Problem, ResultTooLarge
from kg_server.formats import Kind
from kg_server.project import Project, parsing
from kg_server.sparql import exists
from kg_server.sparql.query import Query
from kg_server.store import open_store, writing
from kg_server.store.connection import Body, Connection, too_long, unreachable
from kg_server.store.credentials import Credentials
from kg_server.store.dialects import Dialect
from kg_server.store.protocol import Answer, Writer
from kg_server.store.replicas import Replicas
from kg_server.store.written import Graphs, Written, refuse_foreign, with_columns, written

_ASKED = "__ASK_RETVAL"
"""The variable in which Virtuoso 7.2 answers an ASK as if it were a SELECT."""
_MOST_BOOLEAN_BYTES = 1 << 20
_CLOSED = re.compile(rb"\}\s*\}\s*\Z")
"""The end of Query Results JSON with rows."""
_MADE_UP = frozenset(("_star_fake",))
"""Columns of Virtuoso 7.2 where a query has none."""


class RemoteStore:
    """A dataset in one or several SPARQL services that hold the same graphs.

    Args:
        replicas: where the services are.
        dialect: what they do otherwise.
        graphs: the graphs of the dataset.
        version: the version of the graphs.
        credentials: of the services.
        project: the project that was published; its prefixes may be left out of queries.
        own_dataset: whether queries without a dataset have that of the services.
    """

    needs_network = True

    def __init__(
        self,
        replicas: Replicas,
        dialect: Dialect,
        graphs: Graphs,
        *,
        version: str,
        credentials: Credentials,
        project: Project | None = None,
        own_dataset: bool = False,
    ) -> None:
        self.version, self.graphs, self._own_dataset = version, graphs, own_dataset
        self._replicas, self._dialect = replicas, dialect
        self._connections = [Connection(each, credentials) for each in replicas.endpoints]
        self._parser = open_store(project or Project((), "http://localhost/", version))

    def graph_names(self) -> tuple[str, ...]:
        """Return the IRIs of the named graphs, sorted."""
        return tuple(sorted(self.graphs.named))

    def query(self, query: Query) -> Answer:
        """Evaluate a query; returns when the first part of the answer is here."""
        return Answer(iter((self.evaluate(query)(None),)))

    def evaluate(self, query: Query) -> Writer:
        """Send a query; return a writer that reads its answer and streams it on."""
        refuse_foreign(query)  # before the parser, which evaluates an ASK
        kind, variables = self._parser.head(query)
        writing.syntax_of(kind, query.format)
        body = self._ask(query, self._sent(query, variables), kind)
        try:
            result = read(body, kind, self._dialect.most_triples)
            _check_columns(result, variables, query)
        except BaseException as error:
            body.close()
            raise cut(body, error) from error

        def write(output: IO[bytes] | None) -> bytes:
            try:
                content = writing.writer(result, query.format, lambda: True)(output)
                if kind is Kind.BINDINGS:
                    _check_end(body)
            except (SyntaxError, Problem, RuntimeError, ValueError, MemoryError) as error:
                raise cut(body, error) from error
            else:
                return content
            finally:
                body.close()

        return write

    def evaluated(self, query: Query) -> str:
        """Return the text that is sent."""
        return self._sent(query, self._parser.head(query)[1]).text

    def close(self) -> None:
        """Close the connections."""
        for each in self._connections:
            each.close()
        self._parser.close()

    def _sent(self, query: Query, variables: Sequence[str]) -> Written:
        sent = written(query, self.graphs)
        if variables and not query.bindings:
            sent = replace(sent, text=with_columns(sent.text, variables))
        if not self._dialect.exists_by_row or query.bindings:
            return sent
        return replace(sent, text=exists.rewritten(sent.text))

    def _ask(self, query: Query, sent: Written, kind: Kind) -> Body:
        """Ask the replicas in turn until one answers.

        Raises:
            EngineFailed, EngineUnavailable, QueryTimeout, ResultTooLarge: there is no answer.
        """
        graphs = [("default-graph-uri", each) for each in sent.default_graphs]
        graphs += [("named-graph-uri", each) for each in sent.named_graphs]
        if self._own_dataset and not query.dataset:
            graphs = []
        problem: Problem = unreachable()
        for index in self._replicas.candidates(self.version):
            try:
                body = self._connections[index].ask(
                    sent.text, graphs, kind, dialect=self._dialect, timeout_s=query.timeout_s
                )
            except EngineUnavailable as error:
                self._replicas.failed(index)
                problem = error
            except EngineFailed as error:  # no failure of the replica: a query may be the reason
                problem = error
            else:
                self._replicas.succeeded(index)
                return body
        raise problem


class _Triples:
    """Triples of an answer, read while they are written; ``most`` or more count as cut."""

    def __init__(self, triples: Iterable[ox.Triple], most: int | None) -> None:
        self._triples = triples if most is None else _below(triples, most)

    def serialize(self, output: IO[bytes] | None = None, format: Any = None) -> bytes | None:
        """Write the triples."""
        return ox.serialize(self._triples, output, format=format)


def _below(triples: Iterable[ox.Triple], most: int) -> Iterator[ox.Triple]:
    for number, triple in enumerate(triples, 1):
        if number >= most:
            raise ResultTooLarge(
                f"The engine may have cut this result, which has {most:,} triples or more. "
                "Ask for less."
            )
        yield triple


def read(body: Body, kind: Kind, most_triples: int | None = None) -> writing.Result:
    """Read an answer of an engine, as far as its head."""
    file = cast("IO[bytes]", body)
    if kind is Kind.GRAPH:
        quads = ox.parse(file, format=ox.RdfFormat.N_TRIPLES, lenient=True)
        return _Triples((each.triple for each in quads), most_triples)
    if kind is Kind.BOOLEAN:
        content = _boolean(json.loads(body.whole(_MOST_BOOLEAN_BYTES)))
        return ox.parse_query_results(content, format=ox.QueryResultsFormat.JSON)
    result = ox.parse_query_results(file, format=ox.QueryResultsFormat.JSON)
    if not isinstance(result, ox.QuerySolutions):
        raise TypeError("the answer of a SELECT has no rows")
    return result


def _check_columns(result: writing.Result, variables: Iterable[str], query: Query) -> None:
    """Check that the rows of an answer have the columns of the query; bound ones may be left out.

    Raises:
        EngineFailed: they have others.
    """
    if not isinstance(result, ox.QuerySolutions):
        return
    given = {each.value for each in result.variables}
    if (given ^ set(variables)) - query.bindings.keys() - _MADE_UP:
        raise EngineFailed("The engine's answer has other columns than the query.")


def _check_end(body: Body) -> None:
    """Check the end of rows: the parser reads no further than a head that comes after them.

    Raises:
        EngineFailed: it is not that of Query Results JSON.
    """
    if not _CLOSED.search(body.end()):
        raise EngineFailed("The engine's answer is not well-formed.")


def _boolean(answer: Any) -> bytes:
    """Return the answer of an ASK in Query Results JSON."""
    value = answer.get("boolean")
    if value is None and answer["head"].get("vars") == [_ASKED]:
        rows = answer["results"]["bindings"]
        value = bool(rows) and rows[0][_ASKED]["value"] in ("1", "true")
    if not isinstance(value, bool):
        raise TypeError("the answer of an ASK has no boolean")
    return json.dumps({"head": {}, "boolean": value}).encode()


def cut(body: Body, error: BaseException) -> BaseException:
    """Return the problem of an answer that could not be read: cut, too large or not well-formed."""
    if body.problem:
        return body.problem
    if isinstance(error, MemoryError) and parsing.TOO_LONG in str(error):
        return too_long()
    if isinstance(
        error, RecursionError | SyntaxError | LookupError | TypeError | AttributeError | ValueError
    ):
        return EngineFailed("The engine's answer is not well-formed.")
    return error
