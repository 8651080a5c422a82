"""What tests of several modules start from: the shipped graph, stored and served."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg_server import description
from kg_server import project as projects
from kg_server.config import Settings
from kg_server.store.oxigraph import OxigraphStore
from kg_server.web import create_app
from kg_server.web.context import Context

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def project():
    return projects.load([ROOT])


@pytest.fixture(scope="session")
def store(project):
    return description.described_store(OxigraphStore(project), project.base_iri)


@pytest.fixture(scope="session")
def app(project, store):
    return create_app(Context(store, project, Settings()))


@pytest.fixture
def client(app):
    return app.test_client()
