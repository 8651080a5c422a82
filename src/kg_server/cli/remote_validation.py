"""Validation of a graph in a SPARQL service, for ``kg-server validate --endpoint``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kg_server import project
from kg_server.cli import options
from kg_server.errors import ProjectFault
from kg_server.project import Project, Role
from kg_server.server import publication
from kg_server.store import dialects
from kg_server.store.credentials import Credentials
from kg_server.store.dialects import Dialect
from kg_server.store.remote import RemoteStore
from kg_server.store.replicas import Replicas
from kg_server.validation import endpoint as service
from kg_server.validation.report import Report
from kg_server.validation.run import Tell


def checked(
    endpoint: str,
    dialect: str | None,
    shapes: Sequence[Path],
    base_iri: str | None,
    *,
    timeout_s: float,
    language: str | None,
    tell: Tell,
) -> tuple[Report, Project]:
    """Validate the graph in a service; return the report, and the project with the shapes.

    Args:
        endpoint: addresses, separated by commas; the one with the newest publication is used.
        dialect: the name of the dialect; ``None`` recognises it.
        shapes: files with shapes; without any, the shapes of the publication are used.
        base_iri: base IRI of the names in these files.
        timeout_s: seconds that the validation may take.
        language: the language of messages.
        tell: called with the progress.

    Raises:
        ProjectFault: the graph cannot be checked.
    """
    chosen = dialects.named(dialect) if dialect else None
    replicas, credentials = publication.endpoints(endpoint), Credentials.read()
    loaded = project.load(tuple(shapes), base_iri) if shapes else None
    place = publication.published_at(replicas, chosen, credentials)
    data_graphs: list[str] = []
    ontology_graphs: list[str] = []
    if place:
        store, loaded, data_graphs, ontology_graphs = _opened(
            Replicas([place]), chosen, credentials, loaded
        )
    elif loaded:
        place = replicas.endpoints[0]
        store = publication.opened_as_is(place, chosen, credentials)
        options.say(f"{place}, its own default graph, because it holds no publication of kg-server")
    else:
        raise ProjectFault(
            f"{replicas.endpoints[0]} holds no publication of kg-server, so the shapes must be "
            "named, as in --shapes shapes.ttl"
        )
    options.say(
        f"shapes: {', '.join(each.path.name for each in loaded.of_role(Role.SHAPES)) or 'none'}"
    )
    try:
        report = service.validate(
            store,
            loaded,
            str(place),
            data_graphs=data_graphs,
            ontology_graphs=ontology_graphs,
            timeout_s=timeout_s,
            language=language,
            tell=tell,
            say=options.say,
        )
    except ProjectFault as fault:
        if fault.path:
            raise
        raise ProjectFault(f"{place}: {fault.message}") from fault
    finally:
        store.close()
    return report, loaded


def _opened(
    replicas: Replicas, chosen: Dialect | None, credentials: Credentials, loaded: Project | None
) -> tuple[RemoteStore, Project, list[str], list[str]]:
    """Open a publication.

    Returns:
        The store, the project with the shapes, the graphs of data, and those of the ontology.
    """
    store, published, marker = publication.opened(replicas, chosen, credentials)
    ontology = {each.graph_iri for each in published.project.files if each.role is Role.ONTOLOGY}
    data_graphs = [each for each in store.graphs.default if each not in ontology]
    ontology_graphs = [each for each in store.graphs.default if each in ontology]
    loaded = loaded or publication.with_shapes(published, store)
    options.say(f"{replicas.endpoints[0]}, version {marker.version}")
    return store, loaded, data_graphs, ontology_graphs
