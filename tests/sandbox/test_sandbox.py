"""Queries and answers on their way to evaluators and back, beside what every store does."""

from __future__ import annotations

import asyncio
import errno
import os
import resource
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kg_server import formats
from kg_server.errors import BadRequest, Overloaded, QueryTimeout
from kg_server.formats import Kind
from kg_server.project import Project, ProjectFile, Role
from kg_server.sandbox import messages
from kg_server.sandbox.client import Client
from kg_server.sandbox.lanes import SHORT_S, Costs, Lane, form
from kg_server.sparql.query import Dataset, Query
from kg_server.work import ClientLeft, Turns, Work

from .sandboxes import Sandbox

BASE = "https://diplomacy.example/"
LONG = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
LARGE = "SELECT ?a ?f { ?a ?b ?c . ?d ?e ?f }"


def numbers(count: int) -> Project:
    text = "".join(f"<urn:a{n}> <urn:p> {n} .\n" for n in range(count))
    file = ProjectFile(Path("one"), Role.DATA, f"{BASE}graph/one", "turtle", text.encode())
    return Project((file,), BASE, "v1")


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(numbers(400), queue_timeout_s=30) as started:
        yield started


def query(text: str, timeout_s: float = 60) -> Query:
    return Query(text, formats.named("csv", Kind.BINDINGS), timeout_s=timeout_s)


def count(sandbox, text: str = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }") -> bytes:
    return sandbox.store.query(query(text)).read()


def test_a_query_larger_than_a_datagram_is_answered(sandbox):
    text = "SELECT ?x { BIND(1 AS ?x) } #" + "x" * 900_000

    assert count(sandbox, text) == b"x\r\n1\r\n"


def test_an_answer_larger_than_a_datagram_comes_in_chunks(sandbox):
    chunks = list(sandbox.store.query(query(LARGE)).chunks)

    assert len(chunks) > 5
    assert b"".join(chunks).count(b"\r\n") == 400 * 400 + 1


def test_an_answer_that_nobody_reads_holds_no_evaluator(sandbox):
    for _ in range(4):  # of two
        answer = sandbox.store.query(query(LARGE))
        del answer

    assert count(sandbox) == b"n\r\n400\r\n"


def test_a_query_that_waited_in_vain_is_told_so_and_never_evaluated(sandbox, monkeypatch):
    with ThreadPoolExecutor(3) as pool:
        running = [pool.submit(count_for, sandbox, 3.5) for _ in range(2)]
        assert eventually(lambda: evaluated(sandbox) == 2)
        monkeypatch.setattr(sandbox.client, "queue_timeout_s", 1)
        with pytest.raises(Overloaded):
            count_for(sandbox, 60)
        for each in running:
            assert isinstance(each.exception(), QueryTimeout)

    assert eventually(lambda: evaluated(sandbox) == 0)
    assert count(sandbox) == b"n\r\n400\r\n"


@pytest.mark.parametrize("waiting", [False, True], ids=["running", "waiting"])
def test_a_query_that_is_cancelled_ends_while_others_go_on(sandbox, waiting):
    turns = Turns(3, 3)
    *others, last = [Work(turns, budget_s=60, wait_s=60) for _ in range(1 + 2 * waiting)]

    with ThreadPoolExecutor(3) as pool:
        running = [pool.submit(runaway, sandbox, each) for each in others]
        assert eventually(lambda: evaluated(sandbox) == len(others))
        cancelled = pool.submit(runaway, sandbox, last)
        assert eventually(lambda: len(sandbox.client._open) == 1 + len(others))
        assert waiting or eventually(lambda: evaluated(sandbox) == 1)

        sandbox.loop.call_soon_threadsafe(last.cancel)

        assert isinstance(cancelled.exception(), ClientLeft)
        assert not any(each.done() for each in running)
        for each in others:
            sandbox.loop.call_soon_threadsafe(each.cancel)
        assert all(isinstance(each.exception(), ClientLeft) for each in running)
    assert count(sandbox) == b"n\r\n400\r\n"


def evaluated(sandbox) -> int:
    """Return how many queries the evaluators are at."""
    return sum(bool(slot.query_id) for slot in sandbox.board.slots())


def eventually(holds) -> bool:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if holds():
            return True
        time.sleep(0.01)
    return False


def test_an_answer_that_comes_too_late_leaves_no_descriptor_open(sandbox):
    async def call() -> int:
        client = Client(str(sandbox.folder / "s"), sandbox.board, queue_timeout_s=1)
        asked = client.ask(query(LARGE))
        late, other = socket.socketpair()
        asked.stop()
        asked.hear(messages.Message(1, messages.STREAM, b"", late.detach()))
        asked.close()
        with other:
            client.retire()
            return len(other.recv(1))

    assert asyncio.run(call()) == 0  # the end of the stream


def test_a_process_without_a_free_descriptor_refuses_a_large_answer(sandbox):
    assert count(sandbox) == b"n\r\n400\r\n"
    spare = [os.dup(0)]
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (spare[0], limit[1]))
        with pytest.raises(Overloaded):
            sandbox.store.query(query(LARGE))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limit)
        os.close(spare[0])

    assert len(list(sandbox.store.query(query(LARGE)).chunks)) > 5


def test_queries_that_wait_while_the_graph_is_reloaded_are_answered():
    product = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f }"
    with Sandbox(numbers(1200), queue_timeout_s=60) as sandbox, ThreadPoolExecutor(8) as pool:
        asked = query(product, 60)
        sandbox.client.costs.note(form(product), 0)  # taken for short, so all are sent at once
        answers = [pool.submit(lambda: sandbox.store.query(asked).read()) for _ in range(8)]
        assert eventually(lambda: evaluated(sandbox) == 2 and len(sandbox.client._open) == 8)

        sandbox.leave()

        assert {each.result() for each in answers} == {b"n\r\n1440000\r\n"}


def test_a_reader_that_leaves_in_the_middle_of_an_answer_costs_no_evaluator(sandbox):
    before = sandbox.board.deaths(), {slot.pid for slot in sandbox.board.slots()}

    for _ in range(10):
        answer = sandbox.store.query(query(LARGE))
        del answer
        assert eventually(lambda: evaluated(sandbox) == 0)

    assert (sandbox.board.deaths(), {slot.pid for slot in sandbox.board.slots()}) == before


def test_an_evaluator_that_does_not_notice_that_its_reader_left_is_killed(sandbox):
    # Some rows come at once, and no other for minutes.
    rows = "{ SELECT ?a ?f { ?a ?b ?c . ?d ?e ?f } LIMIT 8000 }"
    sums = "?d ?e ?f . ?g ?h ?i . ?j ?k ?l FILTER(?c + ?f + ?i + ?l = -1)"
    never = f"{{ ?a ?b ?c FILTER EXISTS {{ {sums} }} }}"
    before = sandbox.board.deaths()["client left"]

    answer = sandbox.store.query(query(f"SELECT ?a ?f {{ {rows} UNION {never} }}"))
    del answer

    assert eventually(lambda: sandbox.board.deaths()["client left"] == before + 1)
    assert count(sandbox) == b"n\r\n400\r\n"


def test_short_queries_pass_those_that_may_be_long():
    others = [Work(Turns(8, 8), budget_s=60, wait_s=60) for _ in range(8)]
    with Sandbox(numbers(400), 4, queue_timeout_s=60) as sandbox, ThreadPoolExecutor(8) as pool:
        sandbox.client.costs.note(form("ASK { <urn:a> ?p ?o } # 0"), 0)
        running = [pool.submit(runaway, sandbox, each) for each in others]
        assert eventually(lambda: evaluated(sandbox) == 3)

        answers = [count(sandbox, f"ASK {{ <urn:a{n}> ?p ?o }} # {n}") for n in range(9)]

        assert answers == [b"true"] * 9
        assert not any(each.done() for each in running)
        for each in others:
            sandbox.loop.call_soon_threadsafe(each.cancel)
        assert all(isinstance(each.exception(), ClientLeft) for each in running)


def test_a_form_is_short_if_one_of_the_last_two_queries_was():
    costs, asked = Costs(), form("ASK { ?s ?p ?o }")
    known = []

    for seconds in (SHORT_S * 2, 0, SHORT_S * 2, SHORT_S * 2, 0):
        known.append(costs.is_short(asked))
        costs.note(asked, seconds)

    assert known == [False, False, True, True, False]
    assert not costs.is_short(form("x" * 10_000))


def test_a_place_that_is_no_longer_wanted_goes_to_the_next():
    async def places() -> list[bool]:
        lane = Lane(1)
        held, given_up, last = (lane.enter() for _ in range(3))
        lane.leave(given_up)
        before = [each.done() for each in (held, last)]
        lane.leave(held)
        return [*before, last.done(), given_up.cancelled()]

    assert asyncio.run(places()) == [True, False, True, True]


def runaway(sandbox, work: Work) -> bytes:
    with work.turn():
        return count_for(sandbox, 60)


def test_after_the_evaluators_left_a_query_is_refused():
    with Sandbox(numbers(1), queue_timeout_s=1) as sandbox:
        assert count(sandbox) == b"n\r\n1\r\n"
        sandbox.leave()
        os.waitid(os.P_PID, sandbox.pid, os.WEXITED | os.WNOWAIT)

        with pytest.raises(Overloaded):
            count(sandbox)


def test_an_answer_whose_evaluator_and_zygote_are_killed_ends_in_a_problem():
    with Sandbox(numbers(400)) as sandbox:
        chunks = sandbox.store.query(query(LARGE)).chunks
        next(chunks)

        os.kill(sandbox.pid, signal.SIGKILL)

        with pytest.raises(Overloaded):
            list(chunks)


def test_a_graph_name_that_is_no_iri_is_a_bad_request_and_ends_no_evaluator(sandbox):
    no_graph = Dataset(default_graphs=("no IRI",))
    unreadable = Query(LONG, formats.named("csv", Kind.BINDINGS), dataset=no_graph)
    before = sandbox.board.deaths()

    with pytest.raises(BadRequest, match="no valid IRI"):
        sandbox.store.query(unreadable)

    assert sandbox.board.deaths() == before
    assert count(sandbox) == b"n\r\n400\r\n"


def test_evaluators_that_cannot_be_started_now_are_started_later(monkeypatch):
    fork, calls = os.fork, iter((True, False, False, True))  # us, two evaluators, and again

    def sometimes() -> int:
        if next(calls, True):
            return fork()
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr(os, "fork", sometimes)
    with Sandbox(numbers(1)) as sandbox:
        assert count(sandbox) == b"n\r\n1\r\n"


def test_work_beside_the_evaluators_is_done_again_where_it_was_ended(tmp_path):
    done = tmp_path / "done"

    def work() -> None:
        if not done.exists():
            done.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        done.write_text("again")

    with Sandbox(numbers(1), aside=work) as sandbox:
        assert count(sandbox) == b"n\r\n1\r\n"
        until = time.monotonic() + 20
        while not (done.exists() and done.read_text()) and time.monotonic() < until:
            time.sleep(0.05)

    assert done.read_text() == "again"


def count_for(sandbox, timeout_s: float) -> bytes:
    return sandbox.store.query(query(LONG, timeout_s)).read()
