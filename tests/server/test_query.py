"""Plain SPARQL queries over real evaluators; what is left to the application."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import httpx
import pytest

from kg_server.config import Settings
from kg_server.project import Project, ProjectFile, Role
from kg_server.sandbox.client import Client
from kg_server.sandbox.store import SandboxStore
from kg_server.server.cache import ResponseCache
from kg_server.server.generation import Served
from kg_server.server.limits import Limits
from kg_server.server.query import Queries

from ..sandbox.sandboxes import Sandbox
from .steps import Last, client

BASE = "https://kg.example/"
TEXT = b"<urn:a> <urn:p> 1, 2, 3 ."
JSON = {"Accept": "application/sparql-results+json"}
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
ASK = "/sparql?query=ASK%7B%7D"


@pytest.fixture(scope="module")
def sandbox():
    file = ProjectFile(Path("one"), Role.DATA, f"{BASE}graph/one", "turtle", TEXT)
    with Sandbox(Project((file,), BASE, "v1"), queue_timeout_s=2) as started:
        yield started


class Serving:
    """One graph; made on the event loop that asks."""

    def __init__(self, sandbox: Sandbox) -> None:
        queries = Client(str(sandbox.folder / "s"), sandbox.board, queue_timeout_s=2)
        store = SandboxStore(queries, asyncio.get_running_loop(), "v1")
        self._served = Served(1, lambda _environ, _start: (), store, BASE)

    def current(self) -> Served:
        return self._served


def ask(sandbox, method: str, path: str, **options) -> tuple[httpx.Response, Last]:
    async def asked() -> tuple[httpx.Response, Last]:
        last, serving = Last(), Serving(sandbox)
        step = Queries(serving, Settings(), ResponseCache(1 << 20, 1 << 20), last)
        async with client(Limits(Settings(), step)) as asking:  # which reads bodies
            reply = await asking.request(method, path, **options)
        serving.current().retire()
        return reply, last

    return asyncio.run(asked())


@pytest.mark.parametrize(
    ("method", "path", "options"),
    [
        ("GET", ASK, {"headers": JSON}),
        ("GET", "/sparql?query=ASK%7B%7D%20%23%20html", {"headers": JSON}),
        ("GET", f"{ASK}&format=json", {"headers": BROWSER}),
        ("POST", "/sparql", {"data": {"query": "ASK {}"}, "headers": JSON}),
    ],
    ids=["GET", "a query that mentions html", "format wins", "a form of a script"],
)
def test_a_query_is_answered_on_the_event_loop(sandbox, method, path, options):
    reply, last = ask(sandbox, method, path, **options)

    assert json.loads(reply.content)["boolean"] is True
    assert reply.headers["ETag"]
    assert not last.exchanges


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/other", JSON),
        ("GET", ASK, BROWSER),
        ("GET", f"{ASK}&format=html", JSON),
        ("GET", "/sparql", JSON),
        ("GET", "/sparql?query=%ff", BROWSER),
        ("GET", ASK, {"Accept": "image/png"}),
        ("GET", ASK, {**JSON, "If-Match": '"a"'}),
        ("QUERY", ASK, JSON),
        ("POST", "/sparql", BROWSER),
    ],
)
def test_the_application_answers_the_rest(sandbox, method, path, headers):
    reply, last = ask(sandbox, method, path, headers=headers)

    assert reply.text == "the last step"
    assert len(last.exchanges) == 1


def test_an_operation_is_read_once_and_handed_on(sandbox):
    _, last = ask(sandbox, "GET", ASK, headers=BROWSER)

    assert last.exchanges[0].operation.text == "ASK{}"


def test_head_has_the_headers_of_the_answer(sandbox):
    reply, _ = ask(sandbox, "HEAD", ASK, headers=JSON)

    assert (reply.status_code, reply.content) == (200, b"")
    assert reply.headers["Content-Length"] == "26"


@pytest.mark.parametrize(
    ("query", "expected"),
    [("ASK%7B", "malformed-query"), ("ASK%7B%7D&timeout=x", "bad-request")],
)
def test_what_is_wrong_with_a_query_is_a_problem(sandbox, query, expected):
    reply, _ = ask(sandbox, "GET", f"/sparql?query={query}", headers=JSON)

    assert json.loads(reply.content)["type"].endswith(expected)
