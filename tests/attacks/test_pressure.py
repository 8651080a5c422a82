"""Cheap requests that cost the HTTP worker much take nothing from anybody else for long."""

from __future__ import annotations

import json
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from urllib.parse import quote, urlencode

import pytest

from ..conftest import LiveServer  # the fixture's class

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
BATCH = urlencode({"queries": json.dumps({f"q{n}": {"query": "a"} for n in range(20)})})
ROWS = quote("SELECT * { ?a ?b ?c . ?d ?e ?f } LIMIT 20000")
MISSPELT = urlencode(
    {"queries": json.dumps({f"q{n}": {"query": f"Canuda {n}"} for n in range(20)})}
)
ODD = ("%4+", "%25", "%2525", "%", "a", "/", "..", "%C3%A9", ";", "?a=b&", "%1a%c2%85")


@pytest.fixture(scope="module")
def server():
    started = LiveServer("--no-validate", "--evaluators", "2")
    yield started
    assert started.stop() == 0


def page(number: int):
    """Each is another page for the cache."""
    return "GET", "/ns/shapes.jsonld", {"Accept": f"*/*;q=0.{number}"}, None


@pytest.mark.parametrize(
    "request_of",
    [
        page,
        lambda _: ("POST", "/reconcile", FORM, BATCH),
        lambda _: ("POST", "/reconcile", FORM, MISSPELT),
        lambda n: ("GET", f"/search?q=zz{n}", {}, None),
        lambda n: ("HEAD", f"/sparql?query={ROWS}%23{n}", {}, None),
        lambda _: ("GET", "/sparql", {"Accept": "a/b," * 7000}, None),
        lambda _: ("POST", "/sparql", FORM, "query=" + "%4+%zz" * 150_000),
        lambda n: ("GET", f"/{ODD[n % len(ODD)] * (15_000 // len(ODD[n % len(ODD)]))}{n}"),
    ],
    ids=[
        "documents",
        "batches",
        "misspelt batches",
        "searches",
        "large results",
        "long headers",
        "long forms",
        "long addresses",
    ],
)
def test_under_pressure_the_server_lives_and_answers_queries(server, request_of):
    with ThreadPoolExecutor(12) as pool:
        attack = [pool.submit(server.ask, *request_of(number)) for number in range(12)]
        statuses = [server.ask("GET", "/health/live", timeout_s=2).status for _ in range(5)]
        statuses += [
            server.ask(
                "POST", "/sparql", {"Content-Type": "application/sparql-query"}, f"ASK {{}} #{n}"
            ).status
            for n in range(5)
        ]
        outcomes = {each.result().status for each in attack}

    assert statuses == [200] * 10
    assert outcomes <= {200, 400, 404, 406, 413, 503}


def test_a_header_in_disguise_does_not_choose_what_others_get(server):
    browser = {"Accept": "text/html,*/*;q=0.8", "Accept-Language": "en-US,en;q=0.9"}

    server.ask("GET", "/conflicts", {**browser, "Accept_Language": "bn"})
    reply = server.ask("GET", "/conflicts", browser)

    assert reply.headers["content-language"] == "en"


@pytest.mark.parametrize(
    ("path", "header"),
    [
        ("/ns/diplomacy.ttl?x={}", "X: {}"),
        ("/conflicts?lang=x{}", "X: {}"),
        ("/conflicts", "Cookie: lang=x{}; a={}"),
        ("/conflicts", "Accept: text/html" + ", a/b" * 200 + ";q=0.{}"),
        ("/conflicts", "Accept-Language: fr" + ", xx-YY" * 200 + ";q=0.{}"),
    ],
    ids=["parameter", "language", "cookie", "media types", "languages"],
)
def test_what_nothing_reads_costs_nothing(server, path, header):
    before = hits(server)
    for number in range(5):
        name, _, value = header.partition(": ")
        headers = {"Accept": "text/html", name: value.replace("{}", str(number))}
        if path.startswith("/ns/"):
            del headers["Accept"]
        assert server.ask("GET", path.format(number), headers).status == 200

    assert hits(server) - before >= 4


def test_readers_that_stand_still_leave_others_an_evaluator(monkeypatch):
    # On a busy machine long queries take as long as they take; nothing but the share helps others.
    monkeypatch.setenv("KG_SERVER_QUEUE_TIMEOUT_S", "60")
    monkeypatch.setenv("KG_SERVER_SEND_TIMEOUT_S", "600")
    server = LiveServer("--no-validate", "--evaluators", "2", "--timeout", "60")
    query = quote("SELECT * { ?a ?b ?c . ?d ?e ?f } LIMIT 200000")  # more than buffers take
    request = f"GET /sparql?query={query} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    with ExitStack() as readers:
        for _ in range(4):  # of two evaluators
            reader = readers.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 14)
            reader.sendall(request)
        statuses = [
            server.ask("GET", f"/sparql?query=ASK%7B%7D%23{n}", timeout_s=90).status
            for n in range(5)
        ]

    assert statuses == [200] * 5
    assert server.stop() == 0


def hits(server) -> float:
    text = server.ask("GET", "/metrics").body.decode()
    return sum(float(x.split()[-1]) for x in text.splitlines() if x.startswith("kg_cache_hits"))
