"""Publishing: the graphs of a project written into a SPARQL service, and the marker of its version.

The marker is a graph of its own. It is without a version while a publication is under way, so that
servers know that the graphs are not whole; the version is written last.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from urllib.parse import quote, urljoin, urlsplit

import pyoxigraph as ox

from kg_server.errors import EngineFailed, EngineUnavailable, ProjectFault
from kg_server.formats import Kind
from kg_server.project import Project, ProjectFile, parsing
from kg_server.store import merging
from kg_server.store.connection import WRITE_S, Connection, Endpoint
from kg_server.store.dialects import Dialect
from kg_server.store.protocol import EmbeddedStore
from kg_server.store.writing import SYNTAXES
from kg_server.store.written import NOTHING, Graphs

MARKER = "urn:x-kg-server:publication"
"""The name of the marker's graph, and of the publication in it."""
MERGED = "urn:x-kg-server:merged"
"""The graph with triples of the default graph that several graphs of the project have."""
TRIAL = "urn:x-kg-server:trial"
"""The graph in which a service is tried, before anything is published."""

NODE = "http://www.w3.org/2000/01/rdf-schema#seeAlso"
"""The property from the publication to a blank node; ``probe`` looks at how that is labelled."""
_VERSION = "http://www.w3.org/2002/07/owl#versionInfo"
_MODIFIED = "http://purl.org/dc/terms/modified"
_PART = "http://www.w3.org/1999/02/22-rdf-syntax-ns#value"
_COUNT_S = 600.0
"""Seconds for counting what was written: an engine may be at work on it."""
_PART_CHARACTERS = 4000
"""Longer literals are slow in some engines."""
_ASK_VERSION = f"SELECT ?version ?at {{ <{MARKER}> <{_VERSION}> ?version ; <{_MODIFIED}> ?at }}"
_GRAPH = "http://www.w3.org/ns/sparql-service-description#namedGraph"
_ASK_GRAPHS = f"SELECT ?graph {{ <{MARKER}> <{_GRAPH}> ?graph }}"
_ASK_PARTS = f"SELECT ?part ?text {{ ?part <{_PART}> ?text }}"
_ASK_COUNTS = "SELECT ?s (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?s"
_TRIALS = 5000
"""Sets of literals that are tried at a time: an engine may cut results at 10,000 rows."""
_ASK_COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class Marker:
    """The version that a service holds, and when it was published (ISO 8601, UTC)."""

    version: str
    published_at: str


class Publisher:
    """Writes graphs into one SPARQL service.

    Args:
        connection: the connection to its query endpoint.
        dialect: the dialect of the service.
        graph_store: the address of its Graph Store Protocol; empty: that of the dialect.
        request_timeout_s: seconds that the service may take to replace a graph.
    """

    def __init__(
        self,
        connection: Connection,
        dialect: Dialect,
        graph_store: str = "",
        *,
        request_timeout_s: float = WRITE_S,
    ) -> None:
        self._connection, self._dialect = connection, dialect
        self._target = _graph_store(connection.endpoint.url, dialect, graph_store)
        self._request_timeout_s = request_timeout_s
        self.is_under_way = False
        """Tells that a publication was begun and not ended: the service has no version."""

    @property
    def endpoint(self) -> Endpoint:
        """The address of the service."""
        return self._connection.endpoint

    def put(self, graph_iri: str, ntriples: bytes) -> None:
        """Replace a graph (SPARQL 1.1 Graph Store Protocol §5.3).

        Raises:
            EngineFailed, EngineUnavailable: it was not replaced.
        """
        if not ntriples.strip():
            self.delete(graph_iri)
            return
        otherwise = f"the graph <{graph_iri}> was not written"
        _expect(self._send("PUT", graph_iri, otherwise, ntriples), (200, 201, 204), otherwise)

    def delete(self, graph_iri: str) -> None:
        """Delete a graph, if there is one (§5.4).

        Raises:
            EngineFailed, EngineUnavailable: it was not deleted.
        """
        otherwise = f"the graph <{graph_iri}> was not deleted"
        _expect(self._send("DELETE", graph_iri, otherwise), (200, 202, 204, 404), otherwise)

    def _send(self, method: str, graph_iri: str, otherwise: str, ntriples: bytes = b"") -> int:
        """Send a request about a graph; return the status.

        Raises:
            EngineFailed, EngineUnavailable: there was no answer, or none in time.
        """
        try:
            status, _ = self._connection.send(
                method,
                self._address(graph_iri),
                ntriples,
                media_type="application/n-triples" if method == "PUT" else "",
                timeout_s=self._request_timeout_s,
            )
        except EngineFailed as problem:
            raise EngineFailed(
                f"{otherwise}: the engine gave no answer in {self._request_timeout_s:g} seconds; "
                "--request-timeout SECONDS gives it more time"
            ) from problem
        except EngineUnavailable as problem:
            raise EngineUnavailable(f"{otherwise}: {problem.detail}") from problem
        return status

    def count(self, graph_iri: str) -> int:
        """Return the number of triples in a graph."""
        (row,) = self._rows(_ASK_COUNT, graph_iri)
        return int(row["n"])

    def kept(self, sets: Iterable[Iterable[bytes]]) -> list[int]:
        """Return how many literals of each set the service keeps, if they stand beside each other.

        Args:
            sets: sets of literals, as N-Triples.

        Raises:
            EngineFailed, EngineUnavailable: it could not be tried.
        """
        kept: list[int] = []
        rest = iter(sets)
        while batch := list(islice(rest, _TRIALS)):
            names = [f"{TRIAL}/{number}" for number in range(len(batch))]
            lines = (
                f"<{name}> <{_PART}> ".encode() + literal + b" .\n"
                for name, literals in zip(names, batch, strict=True)
                for literal in literals
            )
            self.put(TRIAL, b"".join(lines))
            counted = self._rows(_ASK_COUNTS, TRIAL)
            counts = {row["s"]: int(row["n"]) for row in counted}
            kept += [counts.get(name, 0) for name in names]
        if kept:
            self.delete(TRIAL)
        return kept

    def published(self) -> set[str]:
        """Return the names of the graphs that the last publication wrote, whole or not."""
        return {row["graph"] for row in self._rows(_ASK_GRAPHS, MARKER)}

    def begin(self, graphs: Iterable[str]) -> None:
        """Write a marker without a version: the graphs are not whole from now on."""
        self.is_under_way = True
        self.put(MARKER, "".join(f"{line}\n" for line in _listed(graphs)).encode())

    def end(self, marker: Marker, graphs: Iterable[str], content: str) -> None:
        """Write the marker, with the description and queries that servers need."""
        lines = [*_listed(graphs), f"<{MARKER}> <{NODE}> _:node ."]
        lines.append(f"<{MARKER}> <{_VERSION}> {json.dumps(marker.version)} .")
        lines.append(f"<{MARKER}> <{_MODIFIED}> {json.dumps(marker.published_at)} .")
        for number, start in enumerate(range(0, len(content), _PART_CHARACTERS)):
            part = content[start : start + _PART_CHARACTERS]
            lines.append(f"<{MARKER}/{number:06d}> <{_PART}> {ox.Literal(part)} .")
        self.put(MARKER, ("\n".join(lines) + "\n").encode())
        self.is_under_way = False

    def _rows(self, text: str, graph_iri: str) -> list[Row]:
        return rows(self._connection, self._dialect, text, graph_iri, timeout_s=_COUNT_S)

    def _address(self, graph_iri: str) -> str:
        sign = "&" if "?" in self._target else "?"
        return f"{self._target}{sign}{self._dialect.graph_parameter}={quote(graph_iri, safe='')}"


def dataset(store: EmbeddedStore) -> tuple[Graphs, bytes]:
    """Return the graphs of a store's dataset, and the N-Triples of ``MERGED``, if any."""
    graphs, merged = store.graphs(), store.merged()
    return (replace(graphs, default=(*graphs.default, MERGED)) if merged else graphs), merged


def contents(project: Project) -> Iterator[tuple[str, bytes]]:
    """Yield the graphs of a project: their IRIs and N-Triples, with the lexical forms of the files.

    A triple that the embedded store takes for an earlier one is not repeated.

    Raises:
        ProjectFault: a file is not well-formed, or the name of a graph is a blank node.
    """
    graphs: dict[str, list[ox.Triple]] = {}
    for file in project.files:
        for quad in _quads(file):
            graphs.setdefault(str(quad.graph_name)[1:-1], []).append(quad.triple)
    for name, triples in graphs.items():
        ntriples = ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES) or b""
        yield name, merging.once(ntriples)


def without(project: Project, dropped: Callable[[Project], Iterable[merging.Merged]]) -> Project:
    """Return a project without some literals: its version is another, its files are N-Quads.

    Args:
        project: the project.
        dropped: returns the literals to leave out, given the project of N-Quads. The labels of
            blank nodes in these are those of its files.

    Raises:
        ProjectFault: as ``contents``.
    """
    files = tuple(
        replace(
            file,
            content=ox.serialize(_quads(file), format=ox.RdfFormat.N_QUADS) or b"",
            syntax="nquads",
        )
        for file in project.files
    )
    project = replace(project, files=files)
    lines = {
        f"{each.subject_and_predicate} {each.literal} <{each.graph_iri}> .".encode()
        for each in dropped(project)
    }
    digest = hashlib.sha256(b"\n".join([project.version.encode(), *sorted(lines)]))
    files = tuple(replace(file, content=merging.without(file.content, lines)) for file in files)
    return replace(project, files=files, version=digest.hexdigest())


def _quads(file: ProjectFile) -> Iterator[ox.Quad]:
    """Yield the quads of a file, each in a named graph.

    Raises:
        ProjectFault: it is not well-formed, or the name of a graph is a blank node.
    """
    own = ox.NamedNode(file.graph_iri)
    try:
        for quad in ox.parse(file.content, format=SYNTAXES[file.syntax], base_iri=file.graph_iri):
            if isinstance(quad.graph_name, ox.BlankNode):
                raise ProjectFault(
                    "a graph whose name is a blank node cannot be published", path=file.path
                )
            named = isinstance(quad.graph_name, ox.NamedNode)
            yield quad if named else ox.Quad(quad.subject, quad.predicate, quad.object, own)
    except (SyntaxError, MemoryError) as error:
        raise parsing.located(file, error) from error


def marker(connection: Connection, dialect: Dialect) -> Marker | None:
    """Return the version that a service holds; ``None`` if it has no whole publication.

    Raises:
        EngineFailed, EngineUnavailable: it does not say.
    """
    solutions = rows(connection, dialect, _ASK_VERSION, MARKER, timeout_s=5.0)
    return Marker(solutions[0]["version"], solutions[0]["at"]) if len(solutions) == 1 else None


def content(connection: Connection, dialect: Dialect) -> str:
    """Return the text that the last publication wrote for servers (``Publisher.end``)."""
    solutions = rows(connection, dialect, _ASK_PARTS, MARKER)
    return "".join(row["text"] for row in sorted(solutions, key=lambda row: row["part"]))


def rows(
    connection: Connection,
    dialect: Dialect,
    text: str,
    graph_iri: str,
    *,
    timeout_s: float | None = None,
) -> list[Row]:
    """Return the solutions of a SELECT over one graph: the values without their kinds.

    Raises:
        EngineFailed, EngineUnavailable, ResultTooLarge: there is no whole answer.
    """
    graphs = [("default-graph-uri", graph_iri), ("named-graph-uri", NOTHING)]
    body = connection.ask(text, graphs, Kind.BINDINGS, dialect=dialect, timeout_s=timeout_s)
    try:
        bindings = json.loads(body.whole())["results"]["bindings"]
        return [{name: term["value"] for name, term in row.items()} for row in bindings]
    except (ValueError, LookupError, TypeError) as error:
        raise EngineFailed("The engine's answer is not well-formed.") from error
    finally:
        body.close()


def _listed(graphs: Iterable[str]) -> list[str]:
    return [f"<{MARKER}> <{_GRAPH}> <{each}> ." for each in sorted(graphs)]


def _graph_store(endpoint: str, dialect: Dialect, given: str) -> str:
    """Return the path of the Graph Store Protocol.

    Raises:
        ProjectFault: it is not known, or on another host.
    """
    if not (given or dialect.graph_store):
        raise ProjectFault("where graphs are written is not known: name it with --graph-store URL")
    whole = urlsplit(urljoin(endpoint, given or dialect.graph_store))
    if whole[:2] != urlsplit(endpoint)[:2]:
        raise ProjectFault("--graph-store must be on the host of the endpoint")
    return whole.path + (f"?{whole.query}" if whole.query else "")


def _expect(status: int, expected: tuple[int, ...], otherwise: str) -> None:
    if status in (401, 403):
        raise EngineFailed(f"{otherwise}: the engine refuses the credentials (status {status}).")
    if status not in expected:
        raise EngineFailed(f"{otherwise}: the engine answered with status {status}.")
