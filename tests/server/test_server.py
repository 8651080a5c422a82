"""What only a real server shows: reload, signals, streaming, compression, odd requests."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from kg_server.config import Settings
from kg_server.server.compression import zstd
from kg_server.server.listener import free_port

from ..conftest import ROOT, LiveServer  # the fixture's class

COUNT = "/sparql?" + urlencode({"query": "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", "format": "csv"})
RUNAWAY = "/sparql?" + urlencode(
    {"query": "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"}
)
STATE = "/sparql?" + urlencode({"query": "ASK { <urn:new> ?p ?o }", "format": "csv"})


def test_letters_that_a_client_did_not_encode_are_understood(live):
    with socket.create_connection(("127.0.0.1", live.port), timeout=10) as connection:
        line = "GET /queries/missions?state=কানাডা&format=csv HTTP/1.1\r\n"
        connection.sendall(f"{line}Host: x\r\nConnection: close\r\n\r\n".encode())
        received = b"".join(iter(lambda: connection.recv(1 << 16), b""))

    assert received.startswith(b"HTTP/1.1 200")
    assert b"mission/CAN-TUR-embassy" in received


UNPACK = {"gzip": gzip.decompress, "zstd": zstd.decompress}
LARGE = "/sparql?" + urlencode({"query": "SELECT * { ?s ?p ?o }", "format": "csv"})
MIDDLING = "/sparql?" + urlencode({"query": "SELECT * { ?s ?p ?o } LIMIT 200", "format": "csv"})
PAGE = "/doc/state/CAN.ttl"


@pytest.mark.parametrize("coding", UNPACK)
@pytest.mark.parametrize("path", [LARGE, MIDDLING, PAGE, "/dump.nt"])
def test_a_large_answer_is_compressed_for_a_client_that_takes_it(live, path, coding):
    plain = live.ask("GET", path, {"Accept-Encoding": "identity"})
    packed = live.ask("GET", path, {"Accept-Encoding": coding})

    assert packed.headers["content-encoding"] == coding
    assert sorted(UNPACK[coding](packed.body).split()) == sorted(plain.body.split())
    assert len(packed.body) < len(plain.body) / 2
    assert packed.headers["etag"] == plain.headers["etag"].removesuffix('"') + f'-{coding}"'
    assert "accept-encoding" in plain.headers["vary"].lower()
    assert packed.headers["vary"] == plain.headers["vary"]


@pytest.mark.parametrize("coding", UNPACK)
@pytest.mark.parametrize("path", [MIDDLING, PAGE, "/dump.nt", "/sparql?query=ASK%7B%7D"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_client_that_has_the_compressed_answer_is_told_so(live, path, coding, method):
    first = live.ask("GET", path, {"Accept-Encoding": coding})
    known = {"If-None-Match": f'"other", {first.headers["etag"]}'}

    again = live.ask(method, path, {"Accept-Encoding": coding, **known})

    assert (again.status, again.body) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert again.headers["vary"] == first.headers["vary"]
    assert not {"content-type", "content-encoding"} & again.headers.keys()


def test_a_client_that_has_the_answer_in_a_coding_that_it_takes_no_more_gets_it_whole(live):
    first = live.ask("GET", MIDDLING, {"Accept-Encoding": "zstd"})

    again = live.ask(
        "GET", MIDDLING, {"Accept-Encoding": "gzip", "If-None-Match": first.headers["etag"]}
    )

    assert (again.status, again.headers["content-encoding"]) == (200, "gzip")


ROUTES = [
    *("/", "/sparql", "/sparql?query=ASK%7B%7D", LARGE, MIDDLING, "/graphs?default", "/graphs"),
    *("/graph/relations", "/queries/", "/queries/missions?state=CAN", "/queries/missions.rq"),
    *("/queries/nope", "/search?q=can", "/opensearch.xml", "/search/suggest?q=a", "/reconcile"),
    *("/id/state/CAN", "/id/state/CAM", "/doc/state/CAN", "/doc/state/", "/ns/diplomacy"),
    *("/.well-known/void", "/dataset", "/dump.nt", "/context.jsonld", "/robots.txt"),
    *("/sitemap.xml", "/conflicts", "/validation", "/completion.json", "/openapi.json"),
    *("/problems/", "/health/live", "/health/ready", "/nowhere", "/static/nowhere.css"),
]


@pytest.mark.parametrize("accept", ["*/*", "text/html"])
@pytest.mark.parametrize("coding", ["identity", "gzip"])
@pytest.mark.parametrize("path", ROUTES)
def test_head_has_the_headers_of_get(live, path, accept, coding):
    headers = {"Accept": accept, "Accept-Encoding": coding}
    times = {"date", "transfer-encoding"}
    if accept == "text/html" and path.startswith("/sparql"):
        times.add("content-length")  # the page says how long its query took

    head, full = live.ask("HEAD", path, headers), live.ask("GET", path, headers)

    assert (head.status, head.body) == (full.status, b"")
    assert {**head.headers, **dict.fromkeys(times)} == {**full.headers, **dict.fromkeys(times)}


def raw(server, request: str) -> tuple[int, dict[str, str]]:
    """Send text as it is; return the status and headers of the first answer."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(request.encode())
        head = connection.makefile("rb").read(1 << 16) if "close" in request else b""
        while b"\r\n\r\n" not in head:
            head += connection.recv(1 << 16)
    first, *lines = head.decode().partition("\r\n\r\n")[0].splitlines()
    return int(first.split()[1]), {n.lower(): v for n, _, v in (x.partition(": ") for x in lines)}


TOO_MUCH = "Content-Type: application/sparql-query\r\nContent-Length: 5000000\r\n"
EARLY = {
    400: "GET /sparql?query=nonsense HTTP/1.1\r\nHost: x\r\n\r\n",
    405: "DELETE /sparql HTTP/1.1\r\nHost: x\r\n\r\n",
    406: "GET /sparql?query=ASK%7B%7D HTTP/1.1\r\nHost: x\r\nAccept: image/png\r\n\r\n",
    413: f"POST /sparql HTTP/1.1\r\nHost: x\r\n{TOO_MUCH}\r\n",
    414: f"GET /sparql?query={'a' * 20000} HTTP/1.1\r\nHost: x\r\n\r\n",
    431: f"GET / HTTP/1.1\r\nHost: x\r\nAccept: {'a/b, ' * 10000}\r\n\r\n",
    415: "POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
}


@pytest.mark.parametrize("status", EARLY)
def test_errors_from_before_the_application_have_its_headers_too(live, status):
    answered, headers = raw(live, EARLY[status])

    assert answered == status
    assert headers["content-type"] == "application/problem+json"
    assert headers["access-control-allow-origin"] == "*"
    assert "Retry-After" in headers["access-control-expose-headers"]
    assert headers["vary"] == "Accept, Accept-Language"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("", 400),
        ("Host: a\r\nHost: b\r\n", 400),
        ("Host: a b\r\n", 400),
        ("Host: a/b\r\n", 400),
        ("Host: [::1]:80\r\n", 200),
        ("Host: x:80\r\n", 200),
    ],
)
def test_a_request_without_one_proper_host_is_a_bad_request(live, lines, expected):
    assert raw(live, f"GET /health/live HTTP/1.1\r\n{lines}\r\n")[0] == expected


def test_http_1_0_needs_no_host(live):
    assert raw(live, "GET /health/live HTTP/1.0\r\n\r\n")[0] == 200


def test_several_lines_of_one_header_are_one_list(live):
    head = "GET /sparql?query=ASK%7B%7D HTTP/1.1\r\nHost: x\r\n"
    accept = "Accept: image/png\r\nAccept: text/csv\r\n"

    status, headers = raw(live, f"{head}{accept}\r\n")
    tags = f'If-None-Match: "other"\r\nIf-None-Match: {headers["etag"]}\r\n'

    assert (status, headers["content-type"]) == (200, "text/csv; charset=utf-8")
    assert raw(live, f"{head}{accept}{tags}\r\n")[0] == 304


def test_a_compressed_request_is_told_to_come_plain(live):
    headers = {"Content-Type": "application/sparql-query", "Content-Encoding": "gzip"}

    reply = live.ask("POST", "/sparql", headers, gzip.compress(b"ASK {}"))

    assert reply.status == 415
    assert reply.headers["accept-encoding"] == "identity"


def test_options_of_the_server_as_a_whole_is_answered(live):
    status, headers = raw(live, "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n")

    assert status == 200
    assert "QUERY" in headers["allow"]


@pytest.mark.parametrize("path", ["/sparql?query=ASK%7B%7D", "/doc/state/CAN.ttl"])
def test_a_client_that_insists_on_a_representation_gets_no_other(live, path):
    etag = live.ask("GET", path, {"Accept-Encoding": "gzip"}).headers["etag"]

    statuses = {
        given: live.ask("GET", path, {"If-Match": given, "Accept-Encoding": "gzip"}).status
        for given in (etag, "*", '"other"', f"W/{etag}")
    }

    assert list(statuses.values()) == [200, 200, 412, 412]
    refused = live.ask("GET", path, {"If-Match": '"other"'})
    assert refused.media_type == "application/problem+json"


@pytest.mark.parametrize("path", ["/sparql?query=ASK%7B%7D", "/doc/state/CAN", "/robots.txt"])
def test_of_two_conditions_the_one_that_insists_comes_first(live, path):
    etag = live.ask("GET", path).headers["etag"]

    def ask(if_match: str, if_none_match: str) -> int:
        headers = {"If-Match": if_match, "If-None-Match": if_none_match}
        return live.ask("GET", path, headers).status

    assert ask(etag, etag) == ask("*", etag) == ask("*", "*") == 304
    assert ask(etag, '"other"') == 200
    assert ask('"other"', etag) == ask('"other"', '"other"') == 412


def test_a_query_by_its_own_method_is_under_conditions_too(live):
    headers = {"Content-Type": "application/sparql-query", "If-Match": '"other"'}

    assert live.ask("QUERY", "/sparql", headers, "ASK {}").status == 412


@pytest.mark.parametrize("path", ["/doc//state/CAN", "/static//x", "/id/%2f%2fx", "/queries"])
def test_no_redirect_leads_to_where_a_client_says_it_came_to(live, path):
    reply = live.ask("GET", path, {"Host": "evil.example"})

    assert "evil" not in reply.headers.get("location", "")
    assert not reply.headers.get("location", "/").startswith("//")


def test_an_answer_that_was_kept_has_the_date_of_its_sending(live):
    first = live.ask("GET", "/graph/relations")
    time.sleep(1.1)
    again = live.ask("GET", "/graph/relations")
    known = live.ask("GET", "/graph/relations", {"If-None-Match": first.headers["etag"]})

    assert first.headers["date"] < again.headers["date"] <= known.headers["date"]


POSTED = "POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
CHUNKED = f"{POSTED}Transfer-Encoding: chunked\r\n"


@pytest.mark.parametrize(
    ("request_text", "expected"),
    [
        (f"{POSTED}Content-Length: 100\r\n\r\nASK {{}}", 400),
        (f"{POSTED}Content-Length: 6\r\n\r\nASK {{}}", 200),
        (f"{CHUNKED}\r\n6\r\nASK {{}}\r\nzz\r\n", 400),
        (f"{CHUNKED}\r\n6\r\nASK {{}}\r\n", 400),
        (f"{CHUNKED}\r\n6\r\nASK {{}}\r\n0\r\n\r\n", 200),
        (f"{CHUNKED}\r\n3;a=b\r\nASK\r\n4\r\n {{}}\n\r\n0\r\n\r\n", 200),
        (f"{CHUNKED}Trailer: A\r\n\r\n6\r\nASK {{}}\r\n0\r\nA: b\r\n\r\n", 200),
        (f"{POSTED}Transfer-Encoding: gzip, chunked\r\n\r\n6\r\nASK {{}}\r\n0\r\n\r\n", 501),
        ("get / HTTP/1.1\r\nHost: x\r\n\r\n", 501),
    ],
)
def test_only_a_whole_request_that_is_understood_is_answered(live, request_text, expected):
    with socket.create_connection(("127.0.0.1", live.port), timeout=10) as connection:
        connection.sendall(request_text.encode())
        if expected == 400:  # else it would be a client that went away
            connection.shutdown(socket.SHUT_WR)
        status = connection.makefile("rb").readline().split()[1]

    assert int(status) == expected


def test_what_is_no_query_is_told_even_who_could_not_read_the_answer(live):
    headers = {"Accept": "text/turtle", "Content-Type": "application/sparql-query"}

    statuses = [live.ask("POST", "/sparql", headers, text).status for text in ("ASK {", "ASK {}")]

    assert statuses == [400, 406]


@pytest.mark.parametrize("path", ["/doc/state/CAN", "/", "/ns/diplomacy", "/.well-known/void"])
def test_a_format_by_its_name_wins_over_accept_wherever_there_is_a_document(live, path):
    headers = {"Accept": "application/ld+json"}

    given = live.ask("GET", f"{path}?format=nt", headers)
    unknown = live.ask("GET", f"{path}?format=bogus", headers)

    assert (given.status, given.media_type) == (200, "application/n-triples")
    assert unknown.status == 406


@pytest.mark.parametrize("path", ["/robots.txt", "/problems/", "/reconcile"])
def test_whatever_may_be_kept_has_a_tag_to_ask_by(live, path):
    first = live.ask("GET", path)

    again = live.ask("GET", path, {"If-None-Match": first.headers["etag"]})

    assert again.status == 304


def test_a_posted_query_is_answered_whatever_the_client_has(live):
    headers = {"Content-Type": "application/sparql-query", "If-None-Match": "*"}

    statuses = [live.ask("POST", "/sparql", headers, "ASK {}").status for _ in range(3)]

    assert statuses == [200, 200, 200]


def test_a_client_that_refuses_what_is_not_compressed_gets_even_little_compressed(live):
    reply = live.ask("GET", COUNT, {"Accept-Encoding": "gzip, identity;q=0"})

    assert gzip.decompress(reply.body).startswith(b"n\r\n")


def test_a_port_that_is_taken_is_one_clear_message(live):
    command = [sys.executable, "-m", "kg_server", "serve", "--port", str(live.port)]

    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    assert ended.returncode == 2
    assert "--port" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.fixture
def copy(tmp_path):
    for part in ("data", "ontology"):
        shutil.copytree(ROOT / part, tmp_path / part)
    return tmp_path


def test_a_reload_serves_the_new_graph_and_an_invalid_one_is_not_taken(copy):
    server = LiveServer("--no-validate", paths=(str(copy),))
    facts = Path(copy / "data" / "relations.ttl")
    whole = facts.read_text()
    label = "http://www.w3.org/2000/01/rdf-schema#label"
    try:
        before = server.ask("GET", STATE)
        assert b"urn:new" not in server.ask("GET", "/search?q=novelty&format=json").body
        facts.write_text(f'{whole}\n<urn:new> <urn:p> 1 ; <{label}> "Novelty" .\n')
        os.kill(server.process.pid, signal.SIGHUP)
        assert eventually(lambda: b"true" in server.ask("GET", STATE).body)
        assert b"urn:new" in server.ask("GET", "/search?q=novelty&format=json").body
        assert server.ask("GET", STATE).headers["etag"] != before.headers["etag"]

        facts.write_text(whole[: len(whole) // 2])
        os.kill(server.process.pid, signal.SIGHUP)
        assert eventually(lambda: any("not reloaded" in line for line in server.log))
        assert b"true" in server.ask("GET", STATE).body
    finally:
        assert server.stop() == 0


def test_a_query_that_is_being_sent_while_the_graph_is_reloaded_is_answered(server_of_one):
    (before,) = evaluators(server_of_one)
    head = "POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
    with socket.create_connection(("127.0.0.1", server_of_one.port), timeout=30) as connection:
        connection.sendall(f"{head}Content-Length: 6\r\nConnection: close\r\n\r\nASK".encode())
        time.sleep(0.2)
        server_of_one.process.send_signal(signal.SIGHUP)
        assert eventually(
            lambda: evaluators(server_of_one) and before not in evaluators(server_of_one)
        )

        connection.sendall(b" {}")
        received = b"".join(iter(lambda: connection.recv(1 << 16), b""))

    assert received.startswith(b"HTTP/1.1 200")


def test_a_graph_that_was_replaced_leaves_when_no_request_uses_it(server_of_one):
    (before,) = evaluators(server_of_one)
    with ThreadPoolExecutor(1) as pool:
        long = pool.submit(server_of_one.ask, "GET", RUNAWAY + "&timeout=4")
        time.sleep(0.5)
        server_of_one.process.send_signal(signal.SIGHUP)

        assert eventually(lambda: len(evaluators(server_of_one) - {before}) == 1)
        assert server_of_one.ask("GET", COUNT).status == 200
        assert long.result().status == 504

    assert eventually(lambda: before not in evaluators(server_of_one))
    assert eventually(lambda: len(evaluators(server_of_one)) == 1)


def test_a_query_under_way_is_answered_before_the_server_ends():
    server = LiveServer("--no-validate", "--timeout", "20")
    rows = "{ SELECT * { ?a ?b ?c . ?d ?e ?f } LIMIT 2000000 }"
    text = f"SELECT (COUNT(*) AS ?n) {{ {rows} }}"
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=30)
    head = f"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Length: {len(text)}\r\n"
    kind = "Content-Type: application/sparql-query\r\nConnection: close\r\n\r\n"
    connection.sendall(f"{head}{kind}{text}".encode())
    time.sleep(0.3)

    code = server.stop()
    received = b"".join(iter(lambda: connection.recv(1 << 16), b""))
    connection.close()

    assert code == 0
    assert received.startswith(b"HTTP/1.1 200")


def test_an_idle_server_gives_the_old_graph_back_after_a_reload(server_of_one):
    before = offspring(server_of_one.process.pid)

    server_of_one.process.send_signal(signal.SIGHUP)

    assert eventually(lambda: set(offspring(server_of_one.process.pid)) - set(before))
    assert eventually(lambda: len(offspring(server_of_one.process.pid)) == len(before), 15)


def test_a_dump_that_no_evaluator_is_free_for_is_a_problem_and_no_cut(monkeypatch):
    monkeypatch.setenv("KG_SERVER_QUEUE_TIMEOUT_S", "0.3")
    server = LiveServer("--no-validate", "--evaluators", "1")
    try:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(server.ask, "GET", RUNAWAY + "&timeout=3")
            time.sleep(0.5)

            reply = server.ask("GET", "/dump.nt")

        assert (reply.status, reply.media_type) == (503, "application/problem+json")
        assert "retry-after" in reply.headers
        assert not any("Traceback" in line for line in server.log)
    finally:
        server.stop()


def test_an_http_server_that_is_killed_is_started_again(server_of_one):
    time.sleep(3.5)  # one that ends at once is not tried again
    http = next(pid for pid in offspring(server_of_one.process.pid) if not evaluators_of(pid))
    (worker,) = offspring(http)
    assert answers(server_of_one)
    cached = measured(server_of_one, "kg_cache_bytes")

    os.kill(http, signal.SIGKILL)

    assert eventually(lambda: not Path(f"/proc/{worker}").exists())
    assert eventually(lambda: answers(server_of_one))
    assert measured(server_of_one, "kg_cache_bytes") == cached > 0  # not that of the dead as well


def test_a_graph_whose_process_is_killed_is_loaded_again(server_of_one):
    (zygote,) = filter(evaluators_of, offspring(server_of_one.process.pid))

    os.kill(zygote, signal.SIGKILL)

    assert eventually(lambda: not Path(f"/proc/{zygote}").exists())
    assert eventually(lambda: answers(server_of_one))
    assert measured(server_of_one, "kg_evaluators") == 1


def test_a_server_without_standard_streams_serves():
    port = str(free_port(Settings(port=0))[1])
    command = [sys.executable, "-m", "kg_server", "serve", str(ROOT), "--no-validate"]
    closing = 'exec "$@" <&- >&- 2>&-'
    process = subprocess.Popen(["/bin/sh", "-c", closing, "sh", *command, "--port", port])
    url = f"http://127.0.0.1:{port}{COUNT}"
    try:
        assert eventually(lambda: responds(url))
    finally:
        process.terminate()
        assert process.wait(40) == 0


def test_a_folder_with_too_long_a_name_for_sockets_is_one_clear_message(tmp_path):
    long = tmp_path / ("d" * 100)
    long.mkdir()
    command = [sys.executable, "-m", "kg_server", "serve", str(ROOT), "--port", "0"]
    environ = {**os.environ, "TMPDIR": str(long)}

    ended = subprocess.run(
        command, env=environ, capture_output=True, text=True, check=False, timeout=60
    )

    assert ended.returncode == 2
    assert "TMPDIR" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_reload_that_fails_for_a_reason_of_the_system_keeps_the_old_graph(monkeypatch):
    with tempfile.TemporaryDirectory() as place:  # pytest's have names too long for sockets
        monkeypatch.setenv("TMPDIR", place)
        server = LiveServer("--no-validate", "--evaluators", "1")
        (folder,) = Path(place).glob("kg-server-*")
        (folder / "evaluators-2").mkdir()  # where the next graph's socket should be
        try:
            server.process.send_signal(signal.SIGHUP)

            assert eventually(lambda: any("not reloaded" in line for line in server.log))
            assert server.ask("GET", COUNT).status == 200
            assert server.process.poll() is None
        finally:
            assert server.stop() == 0


def test_a_server_that_is_told_to_stop_while_it_reloads_stops():
    server = LiveServer("--evaluators", "1")

    server.process.send_signal(signal.SIGHUP)
    time.sleep(0.2)
    server.process.send_signal(signal.SIGTERM)
    time.sleep(0.05)

    assert server.stop() == 0


def test_an_evaluator_that_is_killed_is_replaced():
    server = LiveServer("--no-validate", "--evaluators", "1")
    try:
        (victim,) = evaluators(server)
        os.kill(victim, signal.SIGKILL)

        assert eventually(lambda: server.ask("GET", COUNT + "&timeout=3").status == 200)
    finally:
        server.stop()


def test_a_server_that_is_as_nice_as_can_be_answers_and_keeps_its_evaluators():
    server = LiveServer("--no-validate", "--evaluators", "2", prefix=("nice", "-n", "19"))
    try:
        before = evaluators(server)
        assert len(before) == 2

        statuses = [server.ask("GET", f"{COUNT}&timeout={n + 3}").status for n in range(6)]

        assert statuses == [200] * 6
        assert eventually(lambda: evaluators(server) == before)
    finally:
        server.stop()


def test_long_queries_give_way_where_processors_are_short_and_what_replaces_them_does_not():
    processors = len(os.sched_getaffinity(0))
    server = LiveServer("--no-validate", "--evaluators", str(processors))
    try:
        first = evaluators(server)
        with ThreadPoolExecutor(processors) as pool:
            path = RUNAWAY + "&timeout=1"
            asked = [pool.submit(server.ask, "GET", f"{path}#{n}") for n in range(processors)]
            assert eventually(lambda: {give_way(pid) for pid in first} == {True})
            assert {each.result().status for each in asked} == {504}

        assert eventually(lambda: len(evaluators(server) - first) == processors)
        time.sleep(0.2)  # a look of the zygote and more
        assert not any(give_way(pid) for pid in evaluators(server))
    finally:
        server.stop()


def test_a_long_query_by_itself_does_not_cost_an_evaluator(monkeypatch):
    if len(os.sched_getaffinity(0)) == 1:
        pytest.skip("one query is already a crowd")
    monkeypatch.setenv("KG_SERVER_EVALUATOR_IDLE_S", "1")
    monkeypatch.setenv("KG_SERVER_QUERY_TIMEOUT_S", "60")
    server = LiveServer("--no-validate", "--evaluators", "1")
    rows = "{ SELECT * { ?a ?b ?c . ?d ?e ?f } LIMIT 200000 }"
    text = f"SELECT ?c ?f {{ {rows} }} ORDER BY ?f ?c LIMIT 1"
    try:
        before = evaluators(server)
        path = "/sparql?" + urlencode({"query": text})
        assert server.ask("GET", path).status == 200
        assert evaluators(server) == before

        # It has grown, and gives that back when nobody asks any more.
        assert eventually(lambda: len(evaluators(server) - before) == 1)
        assert measured(server, "kg_evaluators") == 1
    finally:
        server.stop()


def give_way(pid: int) -> bool:
    return os.sched_getscheduler(pid) == os.SCHED_IDLE


def test_a_slow_reader_of_a_long_answer_gets_it_whole_after_the_deadline(monkeypatch):
    monkeypatch.setenv("KG_SERVER_QUEUE_TIMEOUT_S", "0.2")
    server = LiveServer("--no-validate", "--timeout", "1")
    text = "SELECT ?a ?b ?c ?d { ?a ?b ?c . ?d a ?e } LIMIT 60000"
    try:
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
            path = "/sparql?" + urlencode({"query": text, "format": "csv", "timeout": "1"})
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            received = connection.recv(1000)
            time.sleep(3)  # more than waiting, evaluating and a margin together
            while not received.endswith(b"\r\n0\r\n\r\n"):
                received += (more := connection.recv(1 << 20))
                assert more, "cut"
    finally:
        server.stop()

    assert len(received) > 5_000_000


@pytest.mark.parametrize("wanted", [False, True])
def test_a_trickling_reader_keeps_its_evaluator_until_another_query_waits(monkeypatch, wanted):
    monkeypatch.setenv("KG_SERVER_SEND_TIMEOUT_S", "1")
    server = LiveServer("--no-validate", "--evaluators", "1")
    text = "SELECT * { ?a ?b ?c . ?d ?e ?f } LIMIT 200000"  # 50 MB, more than buffers take
    path = "/sparql?" + urlencode({"query": text, "format": "csv"})
    end = b""
    try:
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            trickle(connection, seconds=3)  # a little too often to be cut for one pause
            if wanted:
                assert server.ask("GET", COUNT).status == 200
            with suppress(ConnectionResetError):
                while not end.endswith(b"\r\n0\r\n\r\n") and (more := connection.recv(1 << 20)):
                    end = (end + more)[-7:]
    finally:
        server.stop()

    assert end.endswith(b"\r\n0\r\n\r\n") is not wanted


@pytest.mark.parametrize("method", ["POST", "QUERY"])  # on the event loop; by the application
def test_the_server_keeps_little_of_an_answer_that_is_not_read(method):
    server = LiveServer("--no-validate", "--evaluators", "1")
    text = "SELECT * { ?a ?b ?c . ?d ?e ?f } LIMIT 1000000"  # 280 MB
    head = (
        f"{method} /sparql HTTP/1.1\r\nHost: x\r\nAccept: text/csv\r\n"
        f"Content-Type: application/sparql-query\r\nContent-Length: {len(text)}\r\n\r\n"
    )
    try:
        (worker,) = workers(server)
        before = memory_bytes(worker)
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
            connection.sendall(f"{head}{text}".encode())
            assert connection.recv(1000).startswith(b"HTTP/1.1 200")
            time.sleep(3)
            grown = memory_bytes(worker) - before
    finally:
        server.stop()

    assert grown < 30_000_000
    assert not [line for line in server.log if "refused to gracefully stop" in line]


def workers(server) -> set[int]:
    http, *_ = offspring(server.process.pid)  # the first that the server starts
    return set(offspring(http))


def memory_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def trickle(connection: socket.socket, seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        assert connection.recv(1 << 14)
        time.sleep(0.05)


@pytest.fixture
def server_of_one(monkeypatch):
    monkeypatch.setenv("KG_SERVER_BODY_TIMEOUT_S", "60")
    server = LiveServer("--no-validate", "--evaluators", "1")
    yield server
    server.stop()


def evaluators(server) -> set[int]:
    return {pid for child in offspring(server.process.pid) for pid in evaluators_of(child)}


def evaluators_of(zygote: int) -> set[int]:
    return {pid for pid in offspring(zygote) if listens_only(pid)}


def answers(server) -> bool:
    return responds(f"http://127.0.0.1:{server.port}{COUNT}")


def measured(server, name: str) -> float:
    text = server.ask("GET", "/metrics").body.decode()
    (value,) = re.findall(rf"(?m)^{name} (.+)$", text)
    return float(value)


def responds(url: str) -> bool:
    try:
        with urlopen(url, timeout=10) as response:  # noqa: S310  # our own server
            return response.status == 200
    except OSError:
        return False


def offspring(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(each) for each in text.split()]


def listens_only(pid: int) -> bool:
    """Tell an evaluator by how few descriptors it may have at the most."""
    lines = Path(f"/proc/{pid}/limits").read_text().splitlines()
    (most,) = (line.split()[4] for line in lines if line.startswith("Max open files"))
    return most.isdigit() and int(most) < 10


def eventually(holds, timeout_s: float = 30) -> bool:
    until = time.monotonic() + timeout_s
    while time.monotonic() < until:
        if holds():
            return True
        time.sleep(0.1)
    return False
