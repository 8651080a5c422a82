"""Answers of engines that fail: none is ever shown as a whole answer."""

from __future__ import annotations

import gc
import gzip
import json
import re
import select
import socket
import threading
from contextlib import suppress
from dataclasses import replace
from urllib.parse import unquote_plus

import pytest

from kg_server import formats
from kg_server.errors import (
    EngineFailed,
    EngineUnavailable,
    EvaluationFailed,
    MalformedQuery,
    ProjectFault,
    QueryTimeout,
    ResultTooLarge,
    ServiceRefused,
    UnknownFunction,
)
from kg_server.formats import Kind
from kg_server.sparql.query import Dataset, Query
from kg_server.store import results
from kg_server.store.connection import Endpoint
from kg_server.store.credentials import Credentials
from kg_server.store.dialects import named
from kg_server.store.remote import RemoteStore
from kg_server.store.replicas import Replicas
from kg_server.store.written import Graphs, written

JSON = "application/sparql-results+json"
NTRIPLES = "application/n-triples"
ROWS = b'{"head":{"vars":["o"]},"results":{"bindings":[{"o":{"type":"literal","value":"x"}}]}}'
RESULTS = ROWS[ROWS.index(b'"results"') : -1]
TRIPLES = b"<urn:a> <urn:p> <urn:b> .\n<urn:a> <urn:p> <urn:c> .\n"
SELECT = Query("SELECT ?o { ?s ?p ?o }", formats.named("json", Kind.BINDINGS), timeout_s=5)
CONSTRUCT = Query("CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }", formats.named("ntriples", Kind.GRAPH))
VIRTUOSO = named("virtuoso")
INSIDES = "SQL says: the table of users"


def answer(
    body: bytes, media_type: str = JSON, status: int = 200, length: int | None = None, *more
):
    head = [
        f"HTTP/1.1 {status} Whatever",
        f"Content-Type: {media_type}",
        f"Content-Length: {len(body) if length is None else length}",
        *more,
    ]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def chunked(body: bytes, media_type: str = JSON, more: bytes = b"", trailers: bytes = b""):
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: %s\r\n%s\r\n"
    return head % (media_type.encode(), more) + b"%x\r\n%s\r\n0\r\n%s\r\n" % (
        len(body),
        body,
        trailers,
    )


class FakeEngine:
    """A server that gives each connection its prepared bytes and closes it; ``asked`` are requests.

    With ``stalls``, it keeps the connection open after them and says nothing more. With ``drips``,
    it gives one byte after the other, as long as it is listened to.
    """

    def __init__(
        self, *answers: bytes, stalls: bool = False, drips: bool = False, host: str = "127.0.0.1"
    ) -> None:
        self._answers, self._stalls, self._drips = list(answers), stalls, drips
        self.asked: list[bytes] = []
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._host = f"[{host}]" if ":" in host else host
        self._listening = socket.create_server((host, 0), family=family)
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://{self._host}:{self._listening.getsockname()[1]}/sparql"

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.asked.append(_request(connection))
            prepared = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
            if self._drips:
                _drip(connection, prepared)
            else:
                with suppress(ConnectionError):  # a client may refuse the rest
                    connection.sendall(prepared)
            if self._stalls:
                self._open.append(connection)
            else:
                connection.close()

    def say_more(self, content: bytes) -> None:
        self._open[0].sendall(content)

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()
        for each in self._open:
            each.close()


def _drip(connection: socket.socket, content: bytes) -> None:
    """Send the bytes of an answer one by one, and spaces after it, until nobody listens."""
    with suppress(OSError):
        for byte in content:
            connection.sendall(bytes((byte,)))
        while not select.select([connection], [], [], 0.01)[0]:
            connection.sendall(b" ")


def _request(connection: socket.socket) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    (length,) = [
        int(line[15:]) for line in head.split(b"\r\n") if line.lower()[:15] == b"content-length:"
    ]
    while len(body) < length:
        body += connection.recv(65536)
    return head + body


@pytest.fixture(autouse=True)
def no_collection_by_other_threads():
    """Results of pyoxigraph must be freed by the thread that made them; the engines have others."""
    gc.disable()
    yield
    gc.collect()
    gc.enable()


@pytest.fixture
def engines():
    started: list[FakeEngine] = []

    def start(*answers: bytes, **how) -> FakeEngine:
        started.append(FakeEngine(*answers, **how))
        return started[-1]

    yield start
    for each in started:
        each.close()


@pytest.fixture
def over():
    opened: list[RemoteStore] = []

    def store(
        *engines: FakeEngine,
        most_triples: int | None = None,
        credentials=None,
        dialect=VIRTUOSO,
    ):
        replicas = Replicas([Endpoint(each.url) for each in engines])
        graphs = Graphs(("urn:g",), ("urn:g",))
        dialect = replace(dialect, most_triples=most_triples)
        opened.append(
            RemoteStore(
                replicas,
                dialect,
                graphs,
                version="v",
                credentials=credentials or Credentials(),
            )
        )
        return opened[-1]

    yield store
    for each in opened:
        each.close()


CUT = [
    answer(ROWS[:-1]),
    answer(ROWS[:40]),
    answer(ROWS, length=len(ROWS) + 1),
    answer(b""),
    answer(b"<html>"),
    answer(b'{"head":{},"boolean":true}'),
    answer(ROWS, "text/html"),
    answer(ROWS, "application/json; charset=utf-8"),
    answer(INSIDES.encode(), status=500),
    answer(INSIDES.encode(), status=401),
    answer(INSIDES.encode(), status=403),
    answer(b"", status=204),
    answer(b"", JSON, 302, None, "Location: http://127.0.0.1:1/"),
    answer(b"", JSON, 200, 5),
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: %s\r\n\r\n%x\r\n%s\r\n"
    % (JSON.encode(), len(ROWS), ROWS),
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: %s\r\n\r\nzz\r\n"
    % JSON.encode(),
    b"SSH-2.0-OpenSSH_9.2\r\n",
    b"",
    answer(b"{}"),
    answer(b"[]"),
    answer(b"null"),
    answer(b'{"head":{}}'),
    answer(b'{"head":{"vars":["o"]}}'),
    answer(b'{"head":{"vars":["o"]},"results":{}}'),
    answer(b'{"head":{"vars":["o","o"]},"results":{"bindings":[]}}'),
    answer(b'{"head":{"vars":["o"]},"results":{"bindings":[{"x":{"type":"uri","value":"u:"}}]}}'),
    answer(ROWS.replace(b"literal", b"number")),
    answer(ROWS + b"Error: out of memory"),
    answer(ROWS + ROWS),
    answer(ROWS.replace(b'"x"', b'"\xe9"')),
    answer(ROWS.decode().encode("utf-16"), f"{JSON}; charset=utf-16"),
    answer(b"\xef\xbb\xbf<html>Log in</html>"),
    answer(b"<html>Log in</html>", "text/html; charset=utf-8"),
    answer(gzip.compress(ROWS), JSON, 200, None, "Content-Encoding: gzip"),
    answer(gzip.compress(ROWS)[:-8], JSON, 200, None, "Content-Encoding: gzip"),
    answer(ROWS, JSON, 206, None, f"Content-Range: bytes 0-{len(ROWS) - 1}/5000"),
    answer(ROWS, JSON, 203),
    answer(b"", JSON, 301, None, "Location: /sparql"),
    answer(ROWS, "application/json"),
    answer(ROWS, "application/sparql-results+xml"),
    answer(ROWS, JSON, 200, len(ROWS), f"Content-Length: {len(ROWS) + 5}"),
    answer(b'{"head":{"vars":[]},"results":{"bindings":[{},{}]}}'),
    answer(ROWS.replace(b'"o"', b'"other"')),
    answer(ROWS.replace(b'["o"]', b'["o","more"]')),
    answer(ROWS[:-2]),
    answer(ROWS[:-1] + b',"error":"timeout"}'),
    answer(ROWS[:-1] + b',"results":{"bindings":[]}}'),
    answer(b"{" + RESULTS + b',"head":{"vars":["o"]}'),
    answer(b"{" + RESULTS + b',"head":{"vars":["o"]}}Error: out of memory'),
    answer(b"{" + RESULTS + b',"head":{"vars":["o"]}' + b" " * (1 << 17) + b"}", length=1 << 18),
    answer(ROWS, JSON, 200, None, "X-SQL-State: 42000", "X-SQL-Message: SR171"),
    answer(ROWS, JSON, 200, None, "X-Error: out of memory"),
    answer(ROWS, JSON, 200, None, "Content-Type: text/html"),
    answer(ROWS, JSON, 200, None, "Content-Encoding: identity", "Content-Encoding: gzip"),
    answer(ROWS, JSON, 200, None, "no header", "X-SQL-State: S1TAT"),
    answer(ROWS, JSON, 200, None, "X-SQL-State : S1TAT"),
    answer(gzip.compress(ROWS)),
    chunked(ROWS, JSON, b"Content-Length: 5\r\n"),
    chunked(ROWS, trailers=b"X-SQL-State: 42000\r\n"),
    chunked(ROWS, trailers=b"X-Stream-Error: out of memory\r\n"),
    chunked(ROWS, trailers=b"X-Err"),
    chunked(ROWS, trailers=b"X: y\r\n" * 200),
]


@pytest.mark.parametrize("given", CUT, ids=range(len(CUT)))
def test_an_answer_that_is_not_whole_or_not_an_answer_is_none(engines, over, given):
    store = over(engines(given))

    with pytest.raises((EngineFailed, EngineUnavailable)) as caught:
        store.query(SELECT).read()

    assert INSIDES not in caught.value.detail


LONG = b"x" * (7 << 20)
LONGER = b"x" * ((16 << 20) + 1)


@pytest.mark.parametrize(
    ("given", "query"),
    [
        (answer(ROWS.replace(b'"x"', b'"%s"' % LONG)), SELECT),
        (answer(b'<urn:a> <urn:p> "%s" .\n' % LONG, NTRIPLES), CONSTRUCT),
    ],
    ids=["SELECT", "CONSTRUCT"],
)
def test_a_literal_of_some_megabytes_is_handed_on(engines, over, given, query):
    """It is one line of the answer, which comes in hundreds of parts."""
    store = over(engines(given))

    assert LONG in store.query(query).read()


@pytest.mark.parametrize(
    ("given", "query"),
    [
        (answer(ROWS.replace(b'"x"', b'"%s"' % LONGER[: 8 << 20])), SELECT),
        (answer(b'<urn:a> <urn:p> "%s" .\n' % LONGER, NTRIPLES), CONSTRUCT),
    ],
    ids=["SELECT", "CONSTRUCT"],
)
def test_an_answer_with_a_literal_that_the_parser_cannot_hold_is_too_large(
    engines, over, given, query
):
    store = over(engines(given))

    with pytest.raises(ResultTooLarge, match="8 MiB in a row and 16 MiB in a triple"):
        store.query(query).read()


IN_CHUNKS = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: application/n-triples\r\n\r\n"
)


@pytest.mark.parametrize(
    "given",
    [
        answer(TRIPLES[:-3], NTRIPLES),
        answer(TRIPLES[:26], NTRIPLES, 200, len(TRIPLES)),
        b"HTTP/1.1 200 OK\r\nContent-Type: application/n-triples\r\n\r\n" + TRIPLES[:26],
        b"HTTP/1.1 200 OK\r\nContent-Type: application/n-triples\r\n\r\n" + TRIPLES,
        answer(TRIPLES, NTRIPLES, 200, None, "X-SPARQL-MaxRows: 10000"),
        answer(TRIPLES, NTRIPLES, 200, 26, f"Content-Length: {len(TRIPLES)}"),
        answer(TRIPLES, NTRIPLES, 200, "2_6"),
        answer(b"", NTRIPLES, 200, None, "Content-Encoding: gzip"),
        IN_CHUNKS + b"1a\r\n" + TRIPLES[:26] + b"\r\n0",  # of the size 0a3
        answer(TRIPLES, NTRIPLES, 200, 26, "Transfer-Encoding: gzip"),
        chunked(TRIPLES, NTRIPLES, b"Transfer-Encoding: chunked\r\n"),
        chunked(TRIPLES, NTRIPLES, b"Content-Length: 500\r\n"),
        chunked(TRIPLES, NTRIPLES, trailers=b"X-SPARQL-MaxRows: 10000\r\n"),
        chunked(TRIPLES, NTRIPLES, trailers=b"Error: out of memory\r\n"),
        answer(TRIPLES + b"Error: out of memory\n", NTRIPLES),
    ],
    ids=range(15),
)
def test_triples_that_may_have_been_cut_are_none(engines, over, given):
    """N-Triples has no end of its own: a part of it is well-formed."""
    store = over(engines(given))

    with pytest.raises((EngineFailed, EngineUnavailable, ResultTooLarge)):
        store.query(CONSTRUCT).read()


def test_a_large_answer_that_is_cut_later_is_cut_for_the_client_too(engines, over):
    rows = b",\n".join([b'{"o":{"type":"literal","value":"%s"}}' % (b"x" * 1000)] * 300)
    body = b'{"head":{"vars":["o"]},"results":{"bindings":[' + rows
    store = over(engines(answer(body, length=len(body) + 10)))

    with pytest.raises(EngineFailed, match="cut"):
        store.query(SELECT).read()


@pytest.mark.parametrize(
    ("header", "problem"),
    [("X-SPARQL-MaxRows: 10000", ResultTooLarge), ("X-SQL-State: S1TAT", QueryTimeout)],
)
@pytest.mark.parametrize("dialect", ["virtuoso", "sparql"])
def test_a_part_of_an_answer_with_status_200_is_none(engines, over, header, problem, dialect):
    """Also where a proxy in front of the engine hides which engine it is."""
    as_header = answer(ROWS, JSON, 200, None, header)
    as_trailer = chunked(ROWS, trailers=header.encode() + b"\r\n")
    store = over(engines(as_header, as_trailer), dialect=named(dialect))

    for _ in range(2):
        with pytest.raises(problem):
            store.query(SELECT).read()


@pytest.mark.parametrize("given", [b"", answer(ROWS)[:-20], answer(ROWS[:30], length=len(ROWS))])
def test_an_engine_that_says_nothing_more_is_given_up_after_the_time_of_the_query(
    engines, over, given
):
    store = over(engines(given, stalls=True))
    query = Query(SELECT.text, SELECT.format, timeout_s=0.2)

    with pytest.raises(QueryTimeout, match=r"0\.2 seconds"):
        store.query(query).read()


def test_an_engine_that_gives_a_byte_now_and_then_has_the_time_of_the_query_and_no_more(
    engines, over
):
    store = over(engines(answer(ROWS, length=1 << 20), drips=True))
    query = Query(SELECT.text, SELECT.format, timeout_s=0.3)

    with pytest.raises(QueryTimeout):
        store.query(query).read()


@pytest.mark.parametrize("given", [b"HTTP/1.1 200 ", b"HTTP/1.1 200 OK\r\nX: ", IN_CHUNKS])
def test_an_engine_that_is_slow_within_a_line_has_the_time_of_the_query_and_no_more(
    engines, over, given
):
    store = over(engines(given, drips=True))
    query = Query(CONSTRUCT.text, CONSTRUCT.format, timeout_s=0.3)

    with pytest.raises(QueryTimeout):
        store.query(query).read()


def test_what_comes_on_a_kept_connection_unasked_is_no_answer_to_the_next_query(engines, over):
    engine = engines(answer(ROWS), stalls=True)
    store = over(engine)
    store.query(SELECT).read()
    engine.say_more(answer(ROWS.replace(b'"x"', b'"of another query"')))

    assert b"of another" not in store.query(SELECT).read()


@pytest.mark.parametrize("more", [b"\n", answer(ROWS.replace(b'"x"', b'"of another query"'))])
def test_a_connection_on_which_more_comes_than_an_answer_has_is_not_used_again(engines, over, more):
    engine = engines(answer(ROWS) + more, stalls=True)
    store = over(engine)

    answers = [store.query(SELECT).read() for _ in range(2)]

    assert [b"of another" in each for each in answers] == [False, False]
    assert len(engine.asked) == 2


@pytest.mark.parametrize(
    ("given", "text", "kind"),
    [
        (ROWS[:-10], SELECT.text, Kind.BINDINGS),
        (b'{"head":{},"boolean":"', "ASK {}", Kind.BOOLEAN),
    ],
)
def test_a_line_without_end_is_given_up_long_before_the_time_of_the_query(
    engines, over, given, text, kind
):
    engine = engines(answer(given + b"x" * (18 << 20), length=1 << 40), stalls=True)
    query = Query(text, formats.named("json", kind), timeout_s=300)

    with pytest.raises((EngineFailed, ResultTooLarge), match=r"too long|longer"):
        over(engine).query(query).read()


def test_rows_before_their_head_are_whole(engines, over):
    given = answer(b"{" + RESULTS + b',"head":{"vars":["o"]}}\n')

    assert b'"x"' in over(engines(given)).query(SELECT).read()


def test_an_answer_to_ask_that_is_nested_deeply_is_none(engines, over):
    query = Query("ASK {}", formats.named("json", Kind.BOOLEAN))

    with pytest.raises(EngineFailed):
        over(engines(answer(b"[" * 200_000))).query(query).read()


def test_an_engine_without_an_address_gives_no_answer(over):
    class Nowhere:
        url = "http://no-such-engine.invalid/sparql"

    with pytest.raises(EngineUnavailable) as caught:
        over(Nowhere()).query(SELECT).read()

    assert "invalid" not in caught.value.detail


def test_an_engine_is_reached_by_ipv6(engines, over):
    engine = engines(answer(ROWS), host="::1")

    assert b'"x"' in over(engine).query(SELECT).read()


def test_a_body_in_chunks_with_trailers_is_whole(engines, over):
    given = chunked(ROWS, trailers=b"X-Rows: 1\r\n")

    assert b'"x"' in over(engines(given)).query(SELECT).read()


BOOLEANS = [b'{"boolean": "yes"}', b'{"head":{},"boolean":1}', b'{"head":{},"boolean":null}', ROWS]


@pytest.mark.parametrize("given", BOOLEANS)
def test_an_answer_to_ask_that_is_no_boolean_is_none(engines, over, given):
    query = Query("ASK {}", formats.named("json", Kind.BOOLEAN))

    with pytest.raises(EngineFailed):
        over(engines(answer(given))).query(query).read()


def test_triples_that_a_limit_may_have_cut_without_a_word_are_none(engines, over):
    engine = engines(answer(TRIPLES, NTRIPLES))

    with pytest.raises(ResultTooLarge):
        over(engine, most_triples=2).query(CONSTRUCT).read()

    assert over(engine, most_triples=3).query(CONSTRUCT).read() == TRIPLES


def rows_of(*names: str) -> bytes:
    rows = [{"s": {"type": "uri", "value": f"urn:{name}"}} for name in names]
    return answer(json.dumps({"head": {"vars": ["s"]}, "results": {"bindings": rows}}).encode())


def test_a_long_list_is_asked_for_in_pages_where_the_engine_cuts_it(engines, over, monkeypatch):
    monkeypatch.setattr(results, "PAGE_ROWS", 3)
    cut = answer(ROWS, JSON, 200, None, "X-SPARQL-MaxRows: 3")
    engine = engines(cut, rows_of("a", "a", "b"), rows_of("b", "b", "c"), rows_of("c"))

    found = list(results.lines(over(engine), "SELECT ?s { ?s ?p ?o }", ("s",)))

    assert found == ["<urn:a>", "<urn:a>", "<urn:b>", "<urn:b>", "<urn:c>"]
    asked = [unquote_plus(each.decode()) for each in engine.asked[1:]]
    assert [re.findall('> "(.*?)"', text) for text in asked] == [[""], ["urn:a"], ["urn:b"]]


def test_what_one_engine_refuses_is_not_asked_of_another(engines, over):
    first, second = engines(answer(INSIDES.encode(), status=400)), engines(answer(ROWS))

    with pytest.raises(EvaluationFailed) as caught:
        over(first, second).query(SELECT).read()

    assert INSIDES not in caught.value.detail
    assert (len(first.asked), len(second.asked)) == (1, 0)


def test_one_replica_is_asked_as_long_as_it_answers(engines, over):
    """Blank nodes have other labels in each replica, and the queries of a page must agree."""
    first, second = engines(answer(ROWS)), engines(answer(ROWS))
    store = over(first, second)

    for _ in range(5):
        store.query(SELECT).read()

    assert (len(first.asked), len(second.asked)) == (5, 0)


@pytest.mark.parametrize(
    "given",
    [
        b"",
        answer(ROWS, length=len(ROWS) + 1),
        answer(b"", status=503),
        answer(b"<html>", "text/html"),
    ],
)
def test_a_replica_that_fails_is_replaced_by_another(engines, over, given):
    broken, sound = engines(given), engines(answer(ROWS))
    store = over(broken, sound)

    answers = {store.query(SELECT).read() for _ in range(4)}

    assert len(answers) == 1
    assert broken.asked


def test_a_replica_that_gives_no_answer_is_left_alone_for_a_while(engines, over):
    broken, sound = engines(b""), engines(answer(ROWS))
    store = over(broken, sound)

    for _ in range(40):
        store.query(SELECT).read()

    assert len(broken.asked) <= 10
    assert len(sound.asked) == 40


def test_a_query_that_an_engine_cannot_evaluate_does_not_keep_others_from_it(engines, over):
    engine = engines(*[answer(b"", status=500)] * 10, answer(ROWS))
    store = over(engine)

    for _ in range(10):
        with pytest.raises(EngineFailed):
            store.query(SELECT).read()

    assert b'"x"' in store.query(SELECT).read()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }", ServiceRefused),
        (
            "SELECT * { ?s ?p ?o . service silent <http://127.0.0.1:1/> { ?s ?p ?o } }",
            ServiceRefused,
        ),
        ("ASK { FILTER(<bif:exit>(1)) }", UnknownFunction),
        ("PREFIX b: <bif:> SELECT * { ?s ?p ?o FILTER(b:exit(1)) }", UnknownFunction),
        ("PREFIX b: <bif:> SELECT * { ?s b:contains 'x' }", UnknownFunction),
        ("SELECT * { ?s ?p ?o FILTER(<java:java.lang.Runtime>(1)) }", UnknownFunction),
        ("SELECT * { ?s ?p ?o FILTER(<sql:x>(1)) }", UnknownFunction),
        ("define input:default-graph-uri <urn:x> SELECT * { ?s ?p ?o }", MalformedQuery),
        (r"SELECT * { SERV\u0049CE <http://127.0.0.1:1/> { ?s ?p ?o } }", MalformedQuery),
        ("SELECT * { ?s ?p }", MalformedQuery),
    ],
)
def test_what_could_reach_another_host_or_run_code_never_reaches_the_engine(
    engines, over, text, problem
):
    engine = engines(answer(ROWS))
    store = over(engine)

    with pytest.raises(problem):
        store.query(Query(text, SELECT.format)).read()

    assert engine.asked == []


def test_a_user_is_told_to_the_engine_and_to_nobody_else(engines, over):
    engine = engines(answer(b"", status=401))
    credentials = Credentials("reader", "hidden")

    with pytest.raises(EngineFailed) as caught:
        over(engine, credentials=credentials).query(SELECT).read()

    assert b"Authorization: Basic cmVhZGVyOmhpZGRlbg==" in engine.asked[0]
    assert "hidden" not in caught.value.detail + repr(credentials)


def test_credentials_come_from_the_environment_or_a_file(tmp_path):
    file = tmp_path / "password"
    file.write_text("secret\n")

    read = Credentials.read(
        {"KG_SERVER_ENDPOINT_USER": "me", "KG_SERVER_ENDPOINT_PASSWORD_FILE": str(file)}
    )

    assert (read.user, read.password) == ("me", "secret")


@pytest.mark.parametrize(
    "url",
    [
        "localhost:7878",
        "ftp://x/",
        "http://",
        "http://u:hidden@host/sparql",
        "http://u:hidden@host/sparql#x",
        "http://u:hidden@host:port/",
        "http://u:hidden@[host/",
        "http://host:port/",
        "http://host/é",
        "http://host/a b",
        "http://host/a\nb",
    ],
)
def test_an_address_that_is_none_or_has_credentials_is_refused(url):
    with pytest.raises(ProjectFault) as caught:
        Endpoint(url)

    assert "hidden" not in str(caught.value)


GRAPHS = Graphs(("urn:d",), ("urn:d", "urn:n"), ("urn:void",))


@pytest.mark.parametrize(
    ("text", "more", "sent", "default", "named_"),
    [
        ("ASK {}", {}, "ASK {}", ("urn:d",), ("urn:d", "urn:n")),
        ("ASK FROM <urn:n> {}", {}, "ASK  {}", ("urn:n",), ("urn:x-kg-server:nothing",)),
        (
            "ASK FROM <urn:web> {}",
            {},
            "ASK  {}",
            ("urn:x-kg-server:nothing",),
            ("urn:x-kg-server:nothing",),
        ),
        (
            "PREFIX u: <urn:> ASK FROM NAMED u:n {}",
            {},
            "PREFIX u: <urn:> ASK  {}",
            ("urn:x-kg-server:nothing",),
            ("urn:n",),
        ),
        ("ASK {} # FROM <urn:n>", {}, "ASK {}  ", ("urn:d",), ("urn:d", "urn:n")),
        (
            "ASK { ?a u:b 'FROM' }",
            {"prefixes": {"u": "urn:", "v": "urn:"}},
            "PREFIX u: <urn:>\nASK { ?a u:b 'FROM' }",
            ("urn:d",),
            ("urn:d", "urn:n"),
        ),
        (
            "ASK { <a> ?b ?c }",
            {"base_iri": "http://x/"},
            "BASE <http://x/>\nASK { <a> ?b ?c }",
            ("urn:d",),
            ("urn:d", "urn:n"),
        ),
        (
            "ASK {}",
            {"dataset": Dataset(("urn:n", "urn:web"))},
            "ASK {}",
            ("urn:n",),
            ("urn:x-kg-server:nothing",),
        ),
        (
            "SELECT ?s ?p { ?s ?p $s }",
            {"bindings": {"s": "<urn:x>"}},
            "SELECT (<urn:x> AS ?s) ?p { <urn:x> ?p <urn:x> }",
            ("urn:d",),
            ("urn:d", "urn:n"),
        ),
        (
            "ASK { ?s a <http://rdfs.org/ns/void#Dataset> }",
            {},
            "ASK { ?s a <http://rdfs.org/ns/void#Dataset> }",
            ("urn:d", "urn:void"),
            ("urn:d", "urn:n"),
        ),
    ],
)
def test_a_query_is_sent_with_its_whole_dataset(text, more, sent, default, named_):
    found = written(Query(text, SELECT.format, **more), GRAPHS)

    assert (found.text, found.default_graphs, found.named_graphs) == (sent, default, named_)
