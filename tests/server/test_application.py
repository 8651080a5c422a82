"""An application in threads: answers, failures, turns."""

from __future__ import annotations

import asyncio
import json
import logging
import threading

from kg_server import work
from kg_server.config import Settings
from kg_server.errors import NotFound
from kg_server.server.application import Application
from kg_server.server.cache import Cached, ResponseCache
from kg_server.server.exchange import Exchange
from kg_server.server.generation import Served
from kg_server.server.request import Request

from .steps import client

SETTINGS = Settings(queue_timeout_s=0.5, page_timeout_s=0.2, cache_entry_bytes=5000)


SCOPE = {
    "method": "GET", "path": "/", "raw_path": b"/", "query_string": b"", "scheme": "http",
    "http_version": "1.1", "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2),
    "headers": [(b"host", b"x")],
}  # fmt: skip


class Store:
    def close(self) -> None: ...


class Serving:
    def __init__(self, app) -> None:
        self._served = Served(1, app, Store(), "https://kg.example/")

    def current(self) -> Served:
        return self._served


def page(environ, start):
    start("200 OK", [("Content-Type", "text/plain"), ("Date", "today")])
    return [environ["PATH_INFO"].encode("latin-1")]


def replies(app, *paths: str, method: str = "GET"):
    async def ask():
        cache = ResponseCache(SETTINGS.cache_bytes, SETTINGS.cache_entry_bytes)
        step = Application(Serving(app), SETTINGS, cache)
        async with client(step, SETTINGS) as asking:
            asked = [asking.request(method, path) for path in paths]
            return await asyncio.gather(*asked, return_exceptions=True)

    return asyncio.run(ask())


def test_an_application_answers():
    (reply,) = replies(page, "/a%2541")

    assert (reply.status_code, reply.text) == (200, "/a%41")  # decoded once (RFC 3986 section 2.4)
    assert "Date" not in reply.headers


def test_an_application_that_can_start_no_thread_is_busy():
    usual = threading.stack_size(1 << 46)  # more than there is (pthread_create(3))
    try:
        (reply,) = replies(page, "/")
    finally:
        threading.stack_size(usual)

    assert (reply.status_code, reply.json()["type"]) == (503, "/problems/overloaded")
    assert "Retry-After" in reply.headers


def test_an_answer_for_which_no_thread_can_be_started_is_busy(caplog):
    def starts_a_thread(_environ, start):
        start("200 OK", [])
        usual = threading.stack_size(1 << 46)
        try:
            threading.Thread(target=print).start()
        finally:
            threading.stack_size(usual)

    (reply,) = replies(starts_a_thread, "/")

    assert (reply.status_code, reply.json()["type"]) == (503, "/problems/overloaded")
    assert not caplog.text


def test_a_long_answer_is_streamed():
    def long(_environ, start):
        start("200 OK", [("Content-Type", "text/plain")])
        return iter([b"x" * 3000] * 100)

    (reply,) = replies(long, "/")

    assert reply.content == b"x" * 300_000


def test_the_head_of_a_long_answer_is_not_kept_as_the_answer():
    headers = [("Content-Type", "text/plain"), ("ETag", '"1"'), ("Cache-Control", "public")]

    def long(_environ, start):
        start("200 OK", headers)
        return iter([b"x" * 3000] * 100)

    async def ask():
        cache = ResponseCache(SETTINGS.cache_bytes, SETTINGS.cache_entry_bytes)
        step = Cached(Serving(long), cache, Application(Serving(long), SETTINGS, cache))
        async with client(step, SETTINGS) as asking:
            return [await asking.head("/"), await asking.get("/"), await asking.get("/")]

    assert [len(reply.content) for reply in asyncio.run(ask())] == [0, 300_000, 300_000]


def test_a_problem_is_answered():
    def missing(_environ, _start):
        raise NotFound("There is nothing.")

    (reply,) = replies(missing, "/")

    assert json.loads(reply.content)["detail"] == "There is nothing."


def test_a_failure_is_logged_and_shows_nothing(caplog):
    def fails(_environ, _start):
        raise ValueError("a secret")

    with caplog.at_level(logging.ERROR):
        (reply,) = replies(fails, "/")

    assert reply.status_code == 500
    assert "secret" not in reply.text
    assert "a secret" in caplog.text


def test_few_requests_compute_at_one_time_and_the_others_wait_or_are_refused():
    computing, most, lock = set(), [], threading.Lock()

    def slow(environ, start):
        with lock:
            computing.add(id(environ))
            most.append(len(computing))
        threading.Event().wait(0.3)
        with lock:
            computing.discard(id(environ))
        return page(environ, start)

    statuses = [reply.status_code for reply in replies(slow, *["/"] * 12)]

    assert max(most) == 2
    assert set(statuses) == {200, 503}


def test_work_ends_when_its_time_is_used_up():
    def endless(_environ, _start):
        while True:
            work.check()

    (reply,) = replies(endless, "/")

    assert reply.status_code == 503
    assert reply.headers["Retry-After"]


def test_work_that_waits_uses_no_time_and_lets_others_compute():
    def waits(environ, start):
        with work.current().pause():
            threading.Event().wait(0.4)
        work.check()
        return page(environ, start)

    assert [reply.status_code for reply in replies(waits, *["/"] * 8)] == [200] * 8


def test_a_lock_that_another_holds_is_no_deadlock():
    lock = threading.Lock()

    def shares(environ, start):
        with work.locked(lock), work.current().pause():
            threading.Event().wait(0.01)
        return page(environ, start)

    assert [reply.status_code for reply in replies(shares, *["/"] * 8)] == [200] * 8


def test_work_ends_when_its_client_leaves():
    ended = threading.Event()

    def endless(_environ, _start):
        try:
            while True:
                work.check()
        finally:
            ended.set()

    async def ask() -> None:
        step = Application(Serving(endless), Settings(), ResponseCache(0, 0))
        sent = []

        async def receive():
            await asyncio.sleep(0)
            return {"type": "http.disconnect"}

        async def send(message) -> None:
            sent.append(message)

        await step(Exchange(Request(SCOPE), receive, send, Settings()))
        assert not sent

    asyncio.run(ask())
    assert ended.is_set()
