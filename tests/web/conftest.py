"""Applications of projects that several tests of pages ask."""

from __future__ import annotations

import pytest

from kg_server import project as projects
from kg_server.config import Settings
from kg_server.web.app import create_app
from kg_server.web.context import Context

from ..conftest import described_store


@pytest.fixture(scope="session")
def plain(tmp_path_factory):
    """A client of a project without title, evidence, licence and questions."""
    root = tmp_path_factory.mktemp("plain")
    (root / "kg.toml").write_text(
        'base-iri = "https://e.org/"\ndata = ["d.ttl"]\nshapes = []\nontology = []\n'
    )
    (root / "d.ttl").write_text("<https://e.org/id/a> a <https://e.org/ns#Thing> .")
    loaded = projects.load([root])
    return create_app(Context(described_store(loaded), loaded, Settings())).test_client()
