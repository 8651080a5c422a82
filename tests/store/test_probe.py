"""Probes of engines: where they differ from the standard, and which must not be used."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode
from urllib.request import Request, urlopen

import engines
import pytest

from kg_server.errors import ProjectFault
from kg_server.store.connection import Connection, Endpoint
from kg_server.store.dialects import GENERIC
from kg_server.store.probe import refuse_wrong
from kg_server.store.publishing import Marker, Publisher

Change = Callable[..., Any]
NO_TEXT = {"type": "literal", "value": ""}
NUMBERS = itertools.count()
TRUE = b'{"head":{},"boolean":true}'


def probe(url: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "kg_server", "probe", url]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("engine", engines.available())
def test_of_an_engine_that_can_be_used_each_difference_is_told(engine):
    started = engine()

    done = probe(started.url)
    started.stop()

    assert done.returncode == 0, done.stdout
    tested = "tested" if engine.dialect.is_tested else "not tested"
    assert f"dialect {engine.dialect.name} ({tested}" in done.stdout
    assert len(re.findall("(?m)^  (?:as the standard says|differs) ", done.stdout)) == 29
    cuts = "100,000 rows: larger results are refused" in done.stdout
    assert cuts == (engine.dialect.name == "virtuoso")


class _Careless(BaseHTTPRequestHandler):
    """A service that says yes to every ASK, whatever the dataset."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "application/sparql-results+json")
        self.send_header("Content-Length", str(len(TRUE)))
        self.end_headers()
        self.wfile.write(TRUE)

    def log_message(self, *_: object) -> None:
        pass


def test_an_engine_that_ignores_the_dataset_must_not_be_used():
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Careless)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()

    done = probe(f"http://127.0.0.1:{server.server_port}/sparql")
    server.shutdown()
    thread.join()
    server.server_close()

    assert done.returncode == 1
    assert re.search("WRONG +dataset: default graph of the request", done.stdout)
    assert done.stdout.endswith("cannot be used\n")


class _Spoilt(ThreadingHTTPServer):
    """A service that asks a real engine, and changes the query or the answer."""

    daemon_threads = True

    def __init__(self, engine: engines.Engine) -> None:
        super().__init__(("127.0.0.1", 0), _Spoiling)
        self.engine = engine
        self.query: Change = lambda pairs: pairs
        self.rows: Change = lambda document: document
        self.triples: Change = lambda text: text


class _Spoiling(BaseHTTPRequestHandler):
    server: _Spoilt

    def do_POST(self) -> None:
        asked = self.rfile.read(int(self.headers["Content-Length"])).decode()
        content = urlencode(self.server.query(parse_qsl(asked))).encode()
        headers = {"Accept": self.headers["Accept"]}
        request = Request(self.server.engine.url, content, headers)  # noqa: S310  # the engine here
        with urlopen(request) as answered:  # noqa: S310
            answer, media_type = answered.read().decode(), answered.headers["Content-Type"]
        if "json" in media_type:
            answer = json.dumps(self.server.rows(json.loads(answer)))
        else:
            answer = self.server.triples(answer)
        self.send_response(200)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(answer.encode())))
        self.end_headers()
        self.wfile.write(answer.encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def spoilt():
    engine = engines.Oxigraph()
    publisher = Publisher(engine.connection(), engine.dialect)
    publisher.end(Marker("1", "2026-11-29T00:00:00.000Z"), (), "content")
    service = _Spoilt(engine)
    thread = threading.Thread(target=service.serve_forever)
    thread.start()
    yield service
    service.shutdown()
    thread.join()
    service.server_close()
    engine.stop()


def of_rows(change: Change) -> Change:
    """Return a change of the rows of an answer."""

    def changed(document):
        if "results" in document:
            rows = document["results"]["bindings"]
            document["results"]["bindings"] = change(rows, document["head"]["vars"])
        return document

    return changed


def of_terms(change: Change) -> Change:
    """Return a change of each term in an answer."""
    return of_rows(lambda rows, _: [{k: change(dict(term)) for k, term in r.items()} for r in rows])


def of_text(pattern: str, replacement: str) -> Change:
    """Return a change of the text of each query."""
    return lambda pairs: [
        (name, re.sub(pattern, replacement, value) if name == "query" else value)
        for name, value in pairs
    ]


def once_each(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return list(dict(reversed(pairs)).items())


def without(*names: str) -> Change:
    return lambda pairs: [each for each in pairs if each[0] not in names]


def no_datatype_of_years(term: dict[str, str]) -> dict[str, str]:
    return {k: v for k, v in term.items() if not v.endswith("gYear")}


def relabelled(labels: Callable[[], str]) -> Change:
    return lambda text: re.sub(r"_:\w+", lambda _: f"_:{labels()}", text)


@pytest.mark.parametrize(
    ("spoils", "change", "named"),
    [
        ("query", without("default-graph-uri"), "dataset"),
        ("query", without("named-graph-uri"), "dataset: named graphs of a publication"),
        ("query", once_each, "dataset"),
        ("query", of_text("SELECT DISTINCT", "SELECT"), "DISTINCT"),
        ("query", of_text("SELECT [?]x", "SELECT DISTINCT ?x"), "rows that are equal"),
        ("query", of_text("OFFSET [0-9]+", ""), "ORDER BY, LIMIT, OFFSET"),
        ("query", of_text("LIMIT [0-9]+", ""), "ORDER BY, LIMIT, OFFSET"),
        ("query", of_text("[?]x > 5", 'STR(?x) > "5"'), "FILTER of numbers"),
        ("query", of_text("[?]x = .A.", 'LCASE(?x) = "a"'), "FILTER of texts"),
        ("rows", of_rows(lambda rows, _: rows[:10_000]), "10,648 rows"),
        ("rows", of_rows(lambda rows, _: rows * 2), "SELECT"),
        ("rows", of_rows(lambda rows, _: rows[1:] + rows[:1]), "ORDER BY, LIMIT, OFFSET"),
        (
            "rows",
            of_rows(lambda rows, names: [{n: r.get(n, NO_TEXT) for n in names} for r in rows]),
            "variables without a value",
        ),
        ("rows", of_terms(no_datatype_of_years), "literals"),
        ("rows", of_terms(lambda term: term | {"value": term["value"].strip()}), "literals"),
        ("triples", lambda text: re.sub("@en-gb", "@en", text), "CONSTRUCT"),
        ("triples", lambda text: re.sub("\\^\\^<[^>]*>", "", text), "CONSTRUCT"),
        ("triples", lambda text: "\n".join(text.split("\n")[:10_000]) + "\n", "10,648 triples"),
        ("triples", relabelled(lambda: "b0"), "blank nodes of two answers"),
        ("triples", relabelled(lambda: f"b{next(NUMBERS)}"), "blank nodes of a publication"),
    ],
)
def test_an_engine_whose_answers_would_be_wrong_is_refused_at_the_start(
    spoilt, monkeypatch, spoils, change, named
):
    connection = Connection(
        Endpoint(f"http://127.0.0.1:{spoilt.server_port}/query"), spoilt.engine.credentials
    )
    refuse_wrong(connection, GENERIC)
    monkeypatch.setattr(spoilt, spoils, change)

    with pytest.raises(ProjectFault, match=f"cannot be used: {re.escape(named)}"):
        refuse_wrong(connection, GENERIC)
    connection.close()


def test_an_engine_that_is_away_is_a_message_and_exit_code_2():
    done = probe("http://127.0.0.1:1/sparql")

    assert done.returncode == 2
    assert "gives no answer" in done.stderr
    assert "Traceback" not in done.stderr
