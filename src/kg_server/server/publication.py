"""Publications: a project written into a SPARQL service, and opened there again.

What a server needs beside the graphs (queries, profile, prefixes, report) stands with the version
in the marker of the publication (``store.publishing``), so a server over an engine needs no files.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from kg_server import records
from kg_server.errors import EngineFailed, EngineUnavailable, Problem, ProjectFault
from kg_server.formats import Kind, named
from kg_server.project import Project, Role
from kg_server.sparql.query import Dataset, Query
from kg_server.store import merging, open_store, publishing
from kg_server.store.connection import Connection, Endpoint
from kg_server.store.credentials import Credentials
from kg_server.store.dialects import Dialect, recognised
from kg_server.store.merging import Merged
from kg_server.store.probe import measured, refuse_wrong
from kg_server.store.publishing import MERGED, Marker, Publisher
from kg_server.store.remote import RemoteStore
from kg_server.store.replicas import Replicas
from kg_server.store.written import Graphs
from kg_server.validation.report import Finding, Place, Report

Tell = Callable[[str, float | None], None]
"""Function for progress: gets the present step, and the fraction that is done (0 to 1) if known."""

_NO_PUBLICATION = "the engine has no whole publication"
_N_TRIPLES = named("ntriples", Kind.GRAPH)
_ALL = "CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }"


@dataclass(frozen=True, slots=True)
class Publication:
    """Contents of a publication for servers: project without contents, report, graphs."""

    project: Project
    report: Report | None
    graphs: Graphs


@dataclass(frozen=True, slots=True)
class Difference:
    """A graph of which the engine holds another number of triples than were written."""

    graph_iri: str
    written: int
    held: int


def merged(project: Project, publishers: Iterable[Publisher]) -> list[Merged]:
    """Return the literals that a service would not keep, because it takes them for others.

    Raises:
        ProjectFault: the project cannot be published.
        EngineFailed, EngineUnavailable: a service could not be tried.
    """
    graphs = dict(publishing.contents(project))
    literals = (merging.merged(graphs, each.kept) for each in publishers)
    return list(dict.fromkeys(chain.from_iterable(literals)))


def publish(
    project: Project,
    report: Report | None,
    described: Iterable[tuple[str, bytes]],
    publisher: Publisher,
    *,
    tell: Tell,
) -> list[Difference]:
    """Write a project into a service, graph by graph; the version last, if nothing differs.

    Args:
        project: the project with the contents of its files.
        report: its validation, if it was validated.
        described: the graphs that describe it: IRIs and N-Triples.
        publisher: writes into the service.
        tell: called with the progress.

    Returns:
        The graphs that the engine holds otherwise. If there are any, no version was written.

    Raises:
        ProjectFault: the project cannot be published.
        EngineFailed, EngineUnavailable: the service did not take it.
    """
    store = open_store(project)
    graphs = dict(publishing.contents(project))
    for graph_iri, ntriples in described:
        store.add_graph(graph_iri, ntriples)
        graphs[graph_iri] = ntriples
    dataset, graphs[MERGED] = publishing.dataset(store)
    before = publisher.published()
    publisher.begin({*before, *graphs})
    sizes = {name: len(set(ntriples.splitlines())) for name, ntriples in graphs.items()}
    whole, done = sum(sizes.values()) or 1, 0
    for number, (graph_iri, ntriples) in enumerate(graphs.items(), 1):
        step = f"writing graph {number} of {len(graphs)}, {_sized(graph_iri, sizes)}"
        tell(step, done / whole)
        publisher.put(graph_iri, ntriples)
        done += sizes[graph_iri]
    for graph_iri in before - graphs.keys():
        tell(f"deleting <{graph_iri}>, which the project has no more", None)
        publisher.delete(graph_iri)
    differences = _differences(publisher, sizes, tell)
    tell("writing the version", None)
    if not differences:
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
        content = records.dumped(Publication(_portable(project), _placed(report), dataset))
        publisher.end(Marker(project.version, now), graphs, content)
    return differences


def _differences(publisher: Publisher, sizes: Mapping[str, int], tell: Tell) -> list[Difference]:
    """Return the graphs of which the service holds more or fewer triples than were written."""
    differences = []
    for number, (name, written) in enumerate(sizes.items(), 1):
        tell(f"counting graph {number} of {len(sizes)}, {_sized(name, sizes)}", None)
        if (held := publisher.count(name)) != written:
            differences.append(Difference(name, written, held))
    return differences


def _sized(graph_iri: str, sizes: Mapping[str, int]) -> str:
    size = sizes[graph_iri]
    return f"<{graph_iri}>, {size:,} {'triple' if size == 1 else 'triples'}"


def opened(
    replicas: Replicas, chosen: Dialect | None, credentials: Credentials
) -> tuple[RemoteStore, Publication, Marker]:
    """Open the newest publication that one of the replicas holds.

    Raises:
        ProjectFault: no replica can be reached, none has a whole publication, or the service
            answers wrongly.
    """
    newest, reason = _newest(replicas, chosen, credentials)
    if newest is None:
        raise ProjectFault(
            reason or f"{_NO_PUBLICATION}; write one: kg-server publish --endpoint URL"
        )
    marker, connection, dialect = newest
    try:
        refuse_wrong(connection, dialect)
        dialect = measured(connection, dialect)
    except Problem as problem:
        raise ProjectFault(f"{connection.endpoint}: {problem.detail}") from problem
    publication = _read(connection, dialect)
    connection.close()
    replicas.serve(marker.version)
    store = RemoteStore(
        replicas, dialect, publication.graphs, version=marker.version, credentials=credentials
    )
    return store, publication, marker


def opened_as_is(
    endpoint: Endpoint, chosen: Dialect | None, credentials: Credentials
) -> RemoteStore:
    """Open what a service holds by its own account: its default graph, and all named graphs.

    Raises:
        ProjectFault: the service gives no answer, or answers wrongly.
    """
    connection = Connection(endpoint, credentials)
    try:
        dialect = chosen or recognise(connection)
        refuse_wrong(connection, dialect, own_dataset=True)
        dialect = measured(connection, dialect)
    except Problem as problem:
        raise ProjectFault(f"{endpoint}: {problem.detail}") from problem
    finally:
        connection.close()
    return RemoteStore(
        Replicas([endpoint]),
        dialect,
        Graphs((), ()),
        version="",
        credentials=credentials,
        own_dataset=True,
    )


def published_at(
    replicas: Replicas, dialect: Dialect | None, credentials: Credentials
) -> Endpoint | None:
    """Return the replica that holds the newest publication; ``None`` if all hold none.

    Raises:
        ProjectFault: one that holds none gives no answer.
    """
    newest, reason = _newest(replicas, dialect, credentials)
    if newest:
        return newest[1].endpoint
    if reason:
        raise ProjectFault(reason)
    return None


def with_shapes(publication: Publication, store: RemoteStore) -> Project:
    """Return the project of a publication, its shapes with their contents.

    Raises:
        ProjectFault: the service does not give them.
    """
    files = []
    for each in publication.project.of_role(Role.SHAPES):
        dataset = Dataset((each.graph_iri,))
        try:
            content = store.query(Query(_ALL, _N_TRIPLES, dataset=dataset, timeout_s=60.0)).read()
        except Problem as problem:
            raise ProjectFault(
                f"the shapes in <{each.graph_iri}> cannot be read: {problem.detail.rstrip('.')}; "
                "name them, as in --shapes shapes.ttl"
            ) from problem
        files.append(replace(each, content=content, syntax="ntriples"))
    return replace(publication.project, files=tuple(files))


def _newest(
    replicas: Replicas, chosen: Dialect | None, credentials: Credentials
) -> tuple[tuple[Marker, Connection, Dialect] | None, str]:
    """Return the newest publication and who holds it, or else what the first replica said."""
    newest: tuple[Marker, Connection, Dialect] | None = None
    reason = ""
    for index, endpoint in enumerate(replicas.endpoints):
        connection = Connection(endpoint, credentials)
        try:
            dialect = chosen or recognise(connection)
            marker = publishing.marker(connection, dialect)
        except Problem as problem:
            reason = reason or f"{endpoint}: {problem.detail}"
            continue
        finally:
            connection.close()
        replicas.has(index, marker.version if marker else "")
        if marker and (newest is None or marker.published_at > newest[0].published_at):
            newest = marker, connection, dialect
    return newest, reason


def recognise(connection: Connection) -> Dialect:
    """Return the dialect of a service, by what it says of itself.

    Raises:
        EngineUnavailable: it gives no answer.
    """
    _, headers = connection.send("GET", connection.endpoint.target)
    return recognised(headers.get("server", ""))


def endpoints(text: str) -> Replicas:
    """Return the replicas that a list of addresses names, with commas between them.

    Raises:
        ProjectFault: an address is wrong, or there is none.
    """
    named = [Endpoint(each.strip()) for each in text.split(",") if each.strip()]
    if not named:
        raise ProjectFault("no endpoint is named: give one, as http://localhost:7878/query")
    return Replicas(named)


def _read(connection: Connection, dialect: Dialect) -> Publication:
    try:
        content = publishing.content(connection, dialect)
        publication = records.restored(Publication, content)
    except (EngineFailed, EngineUnavailable) as problem:
        raise ProjectFault(f"{connection.endpoint}: {problem.detail}") from problem
    except (ValueError, TypeError) as error:
        raise ProjectFault(
            "the publication is of another version of kg-server, or damaged: publish again"
        ) from error
    origin = f"the graph in {connection.endpoint}"
    return replace(publication, project=replace(publication.project, origin=origin))


def _portable(project: Project) -> Project:
    """Return a project without the contents of its files, and with paths of no machine."""
    files = (replace(each, content=b"", path=_shown(each.path)) for each in project.files)
    queries = (replace(each, path=_shown(each.path)) for each in project.queries)
    home = (replace(each, path=None) for each in project.profile.home)
    return replace(
        project,
        files=tuple(files),
        queries=tuple(queries),
        derive=(),
        profile=replace(project.profile, home=tuple(home)),
    )


def _placed(report: Report | None) -> Report | None:
    """Return a report whose places have paths of no machine."""
    if report is None:
        return None
    return replace(report, findings=tuple(map(_finding, report.findings)))


def _finding(finding: Finding) -> Finding:
    return replace(
        finding,
        place=_place(finding.place) if finding.place else None,
        related=tuple(map(_place, finding.related)),
        details=tuple(map(_finding, finding.details)),
    )


def _place(place: Place) -> Place:
    return replace(place, path=_shown(place.path))


def _shown(path: Path) -> Path:
    """Return a path relative to the current directory, or else its last part."""
    here = Path.cwd()
    absolute = path.absolute()
    return absolute.relative_to(here) if absolute.is_relative_to(here) else Path(path.name)
