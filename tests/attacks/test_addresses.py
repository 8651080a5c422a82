"""A cut answer is a cut connection, over IPv4, IPv6 and both, in HTTP/1.1 and 1.0."""

from __future__ import annotations

import socket
import time
from http.client import IncompleteRead

import pytest

from ..conftest import LiveServer  # the fixture's class

DIRECT = {"Content-Type": "application/sparql-query", "Accept": "text/csv"}
ROWS = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
RUNAWAY = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
ADDRESSES = [("127.0.0.1", "127.0.0.1"), ("::1", "::1"), ("::", "127.0.0.1"), ("::", "::1")]


@pytest.fixture(scope="module")
def servers():
    started = {
        host: LiveServer("--timeout", "1", "--no-validate", "--evaluators", "2", "--host", host)
        for host in dict(ADDRESSES)
    }
    yield started
    assert [server.stop() for server in started.values()] == [0, 0, 0]


@pytest.fixture(params=ADDRESSES, ids=["IPv4", "IPv6", "IPv4 of both", "IPv6 of both"])
def server(request, servers):
    host, address = request.param
    servers[host].address = address
    return servers[host]


@pytest.mark.parametrize("method", ["POST", "QUERY"])  # on the event loop; by the application
def test_a_cut_answer_does_not_pass_for_whole(server, method):
    with pytest.raises((IncompleteRead, ConnectionResetError)):
        server.ask(method, "/sparql", DIRECT, ROWS)


def test_a_client_that_knows_an_end_only_by_the_connection_is_told_by_a_reset(server):
    head = "POST /sparql HTTP/1.0\r\nAccept: text/csv\r\nContent-Type: application/sparql-query\r\n"
    request = f"{head}Content-Length: {len(ROWS)}\r\n\r\n{ROWS}".encode()
    with socket.create_connection((server.address, server.port), timeout=20) as connection:
        connection.sendall(request)

        with pytest.raises(ConnectionResetError):
            read_to_the_end(connection)


def test_a_query_that_lasts_meets_its_own_deadline_and_no_other_end(server):
    assert server.ask("POST", "/sparql", DIRECT, RUNAWAY).status == 504


def test_the_query_of_a_client_that_leaves_behind_a_second_request_is_stopped(server):
    head = "POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
    request = f"{head}Content-Length: {len(RUNAWAY)}\r\n\r\n{RUNAWAY}".encode()
    before = server.disconnects()
    with socket.create_connection((server.address, server.port)) as connection:
        connection.sendall(2 * request)
        time.sleep(0.1)

    # Each would end at its deadline, and then would not count as a client that left.
    deadline = time.monotonic() + 3
    while server.disconnects() == before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert server.disconnects() > before


def read_to_the_end(connection: socket.socket) -> None:
    while connection.recv(1 << 20):
        pass
