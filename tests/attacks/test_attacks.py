"""Nothing that is sent hurts the server or its other clients.

A server with short limits of its own is attacked over real HTTP, on this machine only. After
everything, its processes are those that it started with, its memory is about what it was, and it
answers.
"""

from __future__ import annotations

import gzip
import json
import os
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from http.client import IncompleteRead
from pathlib import Path
from urllib.parse import urlencode

import pytest

from kg_server import formats
from kg_server.sandbox import failures
from kg_server.sparql.query import Query

from ..conftest import LiveServer  # the fixture's class

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
DIRECT = {"Content-Type": "application/sparql-query"}
TIMEOUT_S = 1.0
HEAD = b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
RUNAWAY = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"


@pytest.fixture(scope="module")
def server():
    started = LiveServer("--timeout", str(TIMEOUT_S), "--no-validate")
    started.ask("GET", "/search?q=a")  # the index is made by a process that then ends
    before = steady(started.process.pid)
    yield started
    deadline = time.monotonic() + 10
    while (after := Usage.of(started.process.pid)).processes != before.processes:
        assert time.monotonic() < deadline, "processes are not what they were"
        time.sleep(0.1)
    assert after.evaluators == before.evaluators == 8
    assert after.descriptors <= before.descriptors + 16, "descriptors are left open"
    assert after.memory_bytes < before.memory_bytes + (200 << 20)
    assert started.ask("GET", "/sparql?query=ASK%7B%7D").status == 200
    assert started.stop() == 0


@dataclass(frozen=True)
class Usage:
    """What a server has: processes, those of them that evaluate, descriptors and memory."""

    processes: int
    evaluators: int
    descriptors: int
    memory_bytes: int

    @classmethod
    def of(cls, pid: int) -> Usage:
        found, descriptors, memory = tree(pid), 0, 0
        for each in found:
            with suppress(FileNotFoundError, ProcessLookupError):  # one that ended meanwhile
                descriptors += len(list(Path(f"/proc/{each}/fd").iterdir()))
                for line in Path(f"/proc/{each}/smaps_rollup").read_text().splitlines():
                    if line.startswith("Pss:"):
                        memory += int(line.split()[1]) << 10
        return cls(
            len(found), len([each for each in found if evaluates(each)]), descriptors, memory
        )


def steady(pid: int) -> Usage:
    """Return what a server has once its processes are the evaluators and the four beside them."""
    deadline = time.monotonic() + 10
    while (usage := Usage.of(pid)).processes != usage.evaluators + 4:
        assert time.monotonic() < deadline, "processes are not what they are to be"
        time.sleep(0.1)
    return usage


def evaluates(pid: int) -> bool:
    """Tell an evaluator by how few descriptors it may have at the most."""
    with suppress(FileNotFoundError, ProcessLookupError):
        lines = Path(f"/proc/{pid}/limits").read_text().splitlines()
        return any(
            line.startswith("Max open files") and int(line.split()[4]) < 10 for line in lines
        )
    return False


def tree(pid: int) -> list[int]:
    """Return a process and all that it started."""
    found = [pid]
    for each in found:
        with suppress(FileNotFoundError, ProcessLookupError):
            for task in Path(f"/proc/{each}/task").glob("*/children"):
                found.extend(int(child) for child in task.read_text().split())
    return found


def post(server, text: str, **headers: str):
    return server.ask("POST", "/sparql", {**DIRECT, **headers}, text.encode())


def answers(server) -> bool:
    return server.ask("GET", "/sparql?query=ASK%7B%7D").status == 200


@pytest.mark.parametrize(
    "text",
    [
        "ASK { FILTER" + "(" * 20_000 + "1" + ")" * 20_000 + " }",
        "ASK " + "{" * 20_000 + "}" * 20_000,
        "ASK { ?s " + "(" * 20_000 + "<urn:p>" + ")" * 20_000 + " ?o }",
        "ASK { FILTER(" + "||".join(["?x"] * 50_000) + ") }",
        "ASK { " + " UNION ".join(["{}"] * 50_000) + " }",
        "ASK { FILTER(" + "!" * 100_000 + "?x) }",
        "ASK { ?s ?p ?o " + "FILTER EXISTS { ?s ?p ?o " * 800 + "}" * 801,
        "ASK { FILTER(" + "STR(" * 900 + "1" + ")" * 901 + " }",
        "ASK { FILTER(1" + "-1" * 7000 + ") }",
    ],
    ids=["parentheses", "groups", "paths", "or", "union", "not", "exists", "functions", "sums"],
)
def test_a_query_that_is_nested_too_deeply_is_refused_with_the_place(server, text):
    before = deaths(server, "crash")

    reply = post(server, text)

    assert (reply.status, reply.media_type) == (400, "application/problem+json")
    problem = json.loads(reply.body)
    assert problem["title"] == "The query is nested too deeply"
    assert problem["column"] > 400
    assert deaths(server, "crash") == before


@pytest.mark.parametrize(
    "text",
    [
        "ASK { ?x <urn:y> (" + "1 " * 9_000 + ") }",
        "SELECT * { ?a <urn:x> ?b } ORDER BY" + " ?a" * 9_000,
        "ASK {" + " GRAPH ?g { ?a <urn:x> ?b }" * 9_000 + " }",
    ],
    ids=["list", "order", "graphs"],
)
def test_a_row_of_patterns_meets_the_deadline_and_does_not_fill_the_stack(server, text):
    before = deaths(server, "crash")

    reply = server.ask("POST", "/sparql?timeout=0.5", DIRECT, text.encode())

    assert reply.status == 504
    assert deaths(server, "crash") == before


def test_a_query_that_fills_the_stack_is_told_to_be_shorter():
    problem = failures.death(signal.SIGSEGV, Query("ASK {}", formats.JSON))

    assert (problem.status, problem.slug) == (400, "nested-too-deeply")


@pytest.mark.parametrize("parameter", ["default-graph-uri", "named-graph-uri"])
@pytest.mark.parametrize(
    "iri", ["a:%", "a:[", "a:]", "a:\x7f", "a:\x85", "a:\ufffe", "a:\U0010ffff", "x://a:b:c"]
)
def test_a_graph_whose_iri_the_engine_refuses_is_a_bad_request_and_ends_no_evaluator(
    server, parameter, iri
):
    before = deaths(server, "crash")

    reply = server.ask("GET", "/sparql?" + urlencode({"query": "ASK {}", parameter: iri}))

    assert reply.status == 400, reply.body
    assert deaths(server, "crash") == before


PRODUCT = "?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?n ?o"


@pytest.mark.parametrize(
    "text",
    [
        f"SELECT * {{ {PRODUCT} }} ORDER BY ?o ?a",
        f"SELECT ?a (COUNT(*) AS ?x) {{ {PRODUCT} }} GROUP BY ?a",
        f"SELECT DISTINCT * {{ {PRODUCT} }}",
        f"SELECT (GROUP_CONCAT(CONCAT(STR(?a), STR(?d), STR(?g))) AS ?x) {{ {PRODUCT} }}",
        RUNAWAY,
    ],
    ids=["order", "group", "distinct", "group-concat", "count"],
)
def test_a_query_that_never_ends_is_stopped_at_its_deadline_or_its_memory(server, text):
    begun = time.monotonic()

    with suppress(IncompleteRead, ConnectionResetError):  # rows were on their way: cut
        reply = post(server, text)
        assert reply.status in (503, 504), reply.body[:300]
        slug = json.loads(reply.body)["type"].rpartition("/")[2]
        assert slug in ("query-timeout", "memory-exceeded")
    assert time.monotonic() - begun < TIMEOUT_S + 4
    assert answers(server)


def test_a_catastrophic_pattern_costs_no_more_than_the_deadline(server):
    text = f'ASK {{ FILTER(REGEX("{"a" * 40}!", "^(a+)+$")) }}'

    assert post(server, text).status in (200, 504)
    assert answers(server)


def test_a_request_can_only_shorten_the_deadline(server):
    begun = time.monotonic()

    reply = server.ask("POST", "/sparql?timeout=0.2", DIRECT, RUNAWAY)
    longer = server.ask("POST", "/sparql?timeout=60", DIRECT, RUNAWAY)

    assert (reply.status, longer.status) == (504, 504)
    assert json.loads(longer.body)["limit_s"] == TIMEOUT_S
    assert time.monotonic() - begun < 2 * TIMEOUT_S + 3


def test_a_query_of_five_megabytes_is_too_large(server):
    whole = post(server, "ASK {}" + " " * (5 << 20))
    in_parts = server.ask("POST", "/sparql", DIRECT, (b" " * (1 << 20) for _ in range(5)))
    coded = server.ask("POST", "/sparql", {**DIRECT, "Content-Encoding": "br"}, b" " * (5 << 20))

    # A client that sends everything before it reads is told, too.
    assert [whole.status, in_parts.status, coded.status] == [413, 413, 415]


def test_a_client_that_waits_to_be_asked_for_its_body_is_refused_before(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(HEAD + b"Expect: 100-continue\r\nContent-Length: 5000000\r\n\r\n")

        assert connection.recv(1000).startswith(b"HTTP/1.1 413")


def test_an_address_that_is_too_long_is_refused(server):
    path = "/sparql?" + urlencode({"query": "ASK {}" + " " * 20_000})

    assert server.ask("GET", path).status == 414


@pytest.mark.parametrize(
    ("body", "expected"),
    [(b"ASK {} # \xff\xfe", 400), (b"ASK {} # \x00\x00", 200), (b"ASK \x00 {}", 400)],
)
def test_bytes_that_are_no_text_are_a_bad_request(server, body, expected):
    reply = server.ask("POST", "/sparql", DIRECT, body)

    assert reply.status == expected


def test_a_compressed_bomb_is_not_unpacked(server):
    bomb = gzip.compress(b"ASK {}" + b" " * (200 << 20))
    headers = {**DIRECT, "Content-Encoding": "gzip"}

    assert server.ask("POST", "/sparql", headers, bomb).status in (400, 415)


class Canary:
    """A listener that counts who comes."""

    def __enter__(self):
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(0.1)
        self.hits, self._open = 0, True
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/"
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()
        return self

    def _listen(self) -> None:
        while self._open:
            try:
                connection, _ = self._socket.accept()
            except TimeoutError:
                continue
            self.hits += 1
            connection.close()

    def __exit__(self, *_: object) -> None:
        self._open = False
        self._thread.join()
        self._socket.close()


def test_no_query_reaches_another_host(server):
    with Canary() as canary:
        socket.create_connection(("127.0.0.1", int(canary.url.rsplit(":", 1)[1][:-1]))).close()
        texts = [
            f"SELECT * {{ SERVICE <{canary.url}> {{ ?s ?p ?o }} }}",
            f"SELECT * {{ SERVICE SILENT <{canary.url}> {{ ?s ?p ?o }} }}",
            f"SELECT * {{ BIND(<{canary.url}> AS ?u) SERVICE ?u {{ ?s ?p ?o }} }}",
            f"SELECT * FROM <{canary.url}> {{ ?s ?p ?o }}",
            f"SELECT * FROM NAMED <{canary.url}> {{ GRAPH ?g {{ ?s ?p ?o }} }}",
            f"LOAD <{canary.url}>",
            f"LOAD SILENT <{canary.url}>",
        ]

        statuses = [post(server, text).status for text in texts]
        named = server.ask(
            "POST", f"/sparql?default-graph-uri={canary.url}", DIRECT, "ASK { ?s ?p ?o }"
        )
        time.sleep(0.5)

        assert canary.hits == 1, "the canary hears, and heard only ourselves"
        assert named.status == 200
        assert statuses == [403, 200, 403, 200, 200, 403, 403]


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("host", ["127.0.0.1:8000", "kg.example.org", "localhost"])
def test_a_service_is_refused_with_a_reason_and_a_silent_one_is_left_out(server, scheme, host):
    before = [deaths(server, cause) for cause in ("memory", "crash")]

    refused = post(server, f"SELECT * {{ SERVICE <{scheme}://{host}/> {{ ?s ?p ?o }} }}")
    silent = post(server, f"ASK {{ SERVICE SILENT <{scheme}://{host}/> {{ ?s ?p ?o }} }}")

    problem = json.loads(refused.body)
    assert (refused.status, problem["title"]) == (403, "This endpoint contacts no other")
    assert "SERVICE SILENT" in problem["detail"]
    assert (silent.status, json.loads(silent.body)["boolean"]) == (200, True)
    after = [deaths(server, cause) for cause in ("memory", "crash")]
    assert after == before, "no evaluator died of it"


def test_cheap_queries_are_answered_while_runaways_are_in_flight(server):
    with ThreadPoolExecutor(4) as pool:
        runaways = [pool.submit(post, server, RUNAWAY + f" # {n}") for n in range(4)]
        most = yielding = 0
        cheap, beside = [], 0
        while not all(each.done() for each in runaways):
            cheap.append(server.ask("GET", f"/sparql?query=ASK%7B%7D%23{len(cheap)}").status)
            yielding = len([each for each in tree(server.process.pid) if gives_way(each)])
            most, beside = max(most, yielding), beside + (yielding == 4)
        statuses = [each.result().status for each in runaways]

    assert set(cheap) == {200}
    assert statuses == [504] * 4
    crowded = len(os.sched_getaffinity(0)) <= 4
    assert most == (4 if crowded else 0), "the kernel gives them only what the others leave"
    assert beside > 0 or not crowded, "cheap queries are answered between"


@pytest.mark.parametrize(
    "part",
    [
        b".",
        b"a-",
        b"<a",
        b'"',
        b'"\\',
        b'"' * 3 + b"\\",
        b"\\" + b'"' * 3 + b"\n",
        b"'''a\\",
        b"?a-",
        b"PREFIX ",
        b"@",
    ],
)
def test_a_megabyte_of_anything_is_read_in_no_time(server, part):
    body = part * (1_000_000 // len(part))

    texts = [body, b"ASK { # now()\n" + body]
    replies = [server.ask("POST", "/sparql", DIRECT, text, timeout_s=10) for text in texts]

    # A reader that goes over it again from every place takes hours, and nobody else is answered.
    assert {each.status for each in replies} <= {400, 504}


def test_the_memory_of_what_clients_send_is_given_back(server):
    def memory() -> int:
        return Usage.of(server.process.pid).memory_bytes

    post(server, "ASK {}")
    before = memory()
    for number in range(50):
        assert post(server, f"ASK {{ }} #{number} {'x' * 1_000_000}").status == 200
        server.ask("GET", f"/sparql?query=ASK%7B%7D%23{number}", {"Accept-Language": "x" * 30_000})
    with ThreadPoolExecutor(16) as pool:  # each thread of the server has a heap of its own
        form = "query=ASK" + "%7B" * 300_000
        list(
            pool.map(lambda n: server.ask("POST", "/sparql/explain", FORM, f"{form}{n}"), range(40))
        )

    def is_given_back() -> bool:
        post(server, "ASK {}")  # bodies in reference cycles go with the next collection
        return memory() < before + (50 << 20)  # of 90 MB that were sent

    wait_until(is_given_back)


@pytest.mark.parametrize("after", [b"", b"\r\n", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"])
@pytest.mark.parametrize("method", ["POST", "QUERY"])  # on the event loop; by the application
def test_the_query_of_a_client_that_left_is_stopped_whatever_it_sent_after_it(method, after):
    server = LiveServer("--no-validate", "--timeout", "60")
    try:
        request = HEAD.replace(b"POST", method.encode()) + b"Content-Length: %d\r\n\r\n%s"
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(request % (len(RUNAWAY), RUNAWAY.encode()) + after)
            wait_until(lambda: busy(server) == 1)

        wait_until(lambda: deaths(server, "client left") == 1)
        assert busy(server) == 0
    finally:
        assert server.stop() == 0


def busy(server) -> int:
    """Return how many evaluators use a processor."""
    running = 0
    for each in filter(evaluates, tree(server.process.pid)):
        with suppress(FileNotFoundError, ProcessLookupError):
            running += Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()[0] == "R"
    return running


def wait_until(true) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.05)


def gives_way(pid: int) -> bool:
    with suppress(ProcessLookupError):
        return os.sched_getscheduler(pid) == os.SCHED_IDLE
    return False


def test_under_overload_requests_are_told_to_come_back(server):
    def ask(number: int):
        return post(server, RUNAWAY + f" # overload {number}")

    with ThreadPoolExecutor(150) as pool:
        replies = list(pool.map(ask, range(150)))

    assert {reply.status for reply in replies} <= {503, 504}
    refused = [reply for reply in replies if reply.status == 503]
    assert refused
    assert all("retry-after" in reply.headers for reply in refused if b"busy" in reply.body)


def test_the_query_of_a_client_that_goes_away_is_stopped(server):
    connection = socket.create_connection(("127.0.0.1", server.port))
    body = (RUNAWAY + " # leaving").encode()
    head = (
        "POST /sparql?timeout=1 HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
    )
    connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    time.sleep(0.3)
    before = server.disconnects()

    connection.close()

    deadline = time.monotonic() + 0.6
    while server.disconnects() == before and time.monotonic() < deadline:
        time.sleep(0.02)
    assert server.disconnects() > before


def test_the_deaths_of_evaluators_are_counted_by_their_cause(server):
    wait_until(lambda: at_work(server) == 0)  # queries of clients that left
    before = [deaths(server, cause) for cause in ("deadline", "crash")]

    reply = post(server, RUNAWAY + " # for its deadline")

    assert reply.status == 504
    assert '"?a ?b ?c" is combined with each of' in json.loads(reply.body)["detail"]
    # Where the processors are busy, the client is told before the zygote sees the death.
    wait_until(lambda: deaths(server, "deadline") > before[0])
    wait_until(lambda: at_work(server) == 0)
    after = [deaths(server, cause) for cause in ("deadline", "crash")]
    assert after == [before[0] + 1, before[1]]


def at_work(server) -> float:
    text = server.ask("GET", "/metrics").body.decode()
    return float(
        next(x.split()[-1] for x in text.splitlines() if x.startswith("kg_evaluators_busy"))
    )


def deaths(server, cause: str) -> float:
    text = server.ask("GET", "/metrics").body.decode()
    (line,) = (each for each in text.splitlines() if f'deaths_total{{cause="{cause}"}}' in each)
    return float(line.split()[-1])


def test_half_a_request_holds_nothing_but_its_own_connection(server):
    halves = []
    for _ in range(50):
        connection = socket.create_connection(("127.0.0.1", server.port))
        connection.sendall(HEAD + b"Content-Length: 1000\r\n\r\nASK")
        halves.append(connection)

    assert answers(server)

    for connection in halves:
        connection.close()


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET / HTTP/1.1\r\nHost: x\r\nX-",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0",
    ],
    ids=["nothing", "half a head", "the preface of HTTP/2"],
)
def test_a_connection_on_which_no_request_comes_is_closed(impatient, sent):
    with socket.create_connection(("127.0.0.1", impatient.port), timeout=20) as connection:
        connection.sendall(sent)

        with suppress(ConnectionResetError):
            while connection.recv(1000):  # it may say why first
                pass


def test_connections_that_only_wait_keep_no_others_out(crowded):
    head, half = b"GET / HTTP/1.1\r\nHost: x\r\n", HEAD + b"Content-Length: 1000\r\n\r\nASK"
    with ExitStack() as opened:
        for sent in (b"", head, half) * 14:  # more than 32, for a minute each
            connection = socket.create_connection(("127.0.0.1", crowded.port))
            opened.enter_context(connection).sendall(sent)

        assert crowded.ask("GET", "/health/live", timeout_s=30).status == 200


@pytest.fixture(scope="module")
def crowded():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KG_SERVER_BODY_TIMEOUT_S", "60")
        few = ("prlimit", "--nofile=128:128")
        started = LiveServer("--no-validate", "--evaluators", "1", prefix=few)
    yield started
    assert started.stop() == 0


def test_under_overload_the_server_still_says_that_it_lives(impatient):
    pages = {"Accept": "text/html"}
    path = "/sparql?" + urlencode({"query": RUNAWAY, "timeout": "3"})
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(impatient.ask, "GET", f"{path}&n={n}", pages) for n in range(8)]
        time.sleep(0.5)

        watched = [impatient.ask("GET", path).status for path in ("/health/live", "/metrics")]

        assert not all(each.done() for each in asked)
        assert watched == [200, 200]
        assert 503 in {each.result().status for each in asked}


def test_methods_that_a_client_makes_up_are_counted_as_one(server):
    for number in range(5):
        server.ask(f"MADEUP{number}", "/")

    text = server.ask("GET", "/metrics").body.decode()

    assert 'kg_requests_total{method="other"' in text
    assert "MADEUP" not in text


def test_a_crash_in_the_middle_of_an_answer_is_no_proper_end(server):
    text = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
    connection = socket.create_connection(("127.0.0.1", server.port))
    connection.settimeout(20)
    head = "POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
    connection.sendall(
        f"{head}Accept: text/csv\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode()
    )
    received, tail = 0, b""
    try:
        while chunk := connection.recv(1 << 20):
            received += len(chunk)
            tail = (tail + chunk)[-7:]
    except ConnectionResetError:
        pass

    connection.close()
    assert received > 0
    assert not tail.endswith(b"0\r\n\r\n")
    assert answers(server)


def test_the_metrics_add_up_what_the_workers_count(server):
    before = requests_counted(server)

    for _ in range(3):
        assert answers(server)

    assert requests_counted(server) >= before + 3


def requests_counted(server) -> float:
    text = server.ask("GET", "/metrics").body.decode()
    lines = [line for line in text.splitlines() if line.startswith("kg_requests_total{")]
    return sum(float(line.split()[-1]) for line in lines)
