"""Stores: the graph behind one protocol (``Store``), and the table of backends that can be opened.

A backend that holds the graph is one module of this package and one row of ``BACKENDS``. The
backend ``remote`` holds none: its graph is published to SPARQL services (``publishing``), each of
which is a row of ``dialects.DIALECTS``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kg_server.project import Project
from kg_server.store.oxigraph import OxigraphStore
from kg_server.store.protocol import Answer, EmbeddedStore, EvaluatingStore, Store

__all__ = ["BACKENDS", "Answer", "EmbeddedStore", "EvaluatingStore", "Store", "open_store"]

BACKENDS: Mapping[str, Callable[[Project], EmbeddedStore]] = {"oxigraph": OxigraphStore}
"""Functions that load a project into a store, by the name of the backend."""


def open_store(project: Project, backend: str = "oxigraph") -> EmbeddedStore:
    """Load a project into a store.

    Raises:
        ProjectFault: a file is not well-formed; the error gives the place.
    """
    return BACKENDS[backend](project)
