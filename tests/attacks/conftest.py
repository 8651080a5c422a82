"""A server for several of the attacks."""

from __future__ import annotations

import pytest

from ..conftest import LiveServer  # the fixture's class


@pytest.fixture(scope="session")
def impatient():
    """Return a server that waits a second for a body, and has one evaluator and no queue."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KG_SERVER_BODY_TIMEOUT_S", "1")
        patch.setenv("KG_SERVER_QUEUE_LENGTH", "0")
        started = LiveServer("--no-validate", "--evaluators", "1", "--timeout", "5")
    yield started
    assert started.stop() == 0
