"""A server over engines of others: the same answers as over files, and engines that come and go."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from base64 import b64encode
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote, urlencode

import engines
import pytest

from kg_server.errors import ProjectFault
from kg_server.server import publication
from kg_server.store import publishing
from kg_server.store.credentials import Credentials
from kg_server.store.results import rows

from ..conftest import ROOT, LiveServer


def command(*arguments: str, **more) -> subprocess.CompletedProcess:
    whole = [sys.executable, "-m", "kg_server", *arguments]
    return subprocess.run(whole, capture_output=True, text=True, timeout=120, check=False, **more)


def published(*endpoints: str, path=ROOT, more=(), **environ: str) -> subprocess.CompletedProcess:
    where = ["--endpoint", ",".join(endpoints), *more]
    return command("publish", str(path), *where, env={**os.environ, **environ})


@pytest.fixture(scope="module")
def replicas():
    started = [engines.Oxigraph(), engines.Oxigraph()]
    done = published(*(each.url for each in started))
    assert done.returncode == 0, done.stderr
    yield started
    for each in started:
        each.stop()


@pytest.fixture(scope="module")
def remote(replicas):
    server = LiveServer("--endpoint", ",".join(each.url for each in replicas), paths=())
    yield server
    assert server.stop() == 0
    assert "Traceback" not in "".join(server.log)


def ask(text: str, **more: str) -> str:
    return "/sparql?" + urlencode({"query": text, **more})


def until(found, within_s: float = 30):
    """Return what ``found`` returns once it is something."""
    end = time.monotonic() + within_s
    while not (result := found()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return result


LABEL = "<http://www.w3.org/2000/01/rdf-schema#label>"
PATHS = [
    "/",
    "/doc/state/CAN",
    "/doc/state/CAN.nt",
    "/doc/mission/CAN-TUR-embassy.jsonld",
    "/queries/",
    "/queries/missions?state=CAN&format=csv",
    "/queries/missions?state=CAN",
    "/things/",
    "/things/mission",
    "/search?q=embassy",
    "/conflicts",
    "/validation",
    "/.well-known/void?format=nt",
    "/sitemap.xml",
    "/dump.nt",
    "/graph/relations?format=nt",
    "/openapi.json",
    ask(f"SELECT ?s ?l {{ ?s {LABEL} ?l }} ORDER BY ?s ?l LIMIT 50", format="csv"),
    ask("DESCRIBE <https://diplomacy.example/id/state/CAN>", format="nt"),
    ask("SELECT ?d { ?d a <http://rdfs.org/ns/void#Dataset> } ORDER BY ?d", format="json"),
]


CHOSEN = [
    r'<svg class="chart network".*?</svg>',
    r'<span class="quiet small">.*?</span>',
    r' placeholder="[^"]*"',
    r"_:\w+",
]
"""What depends on the order of an engine: drawn neighbours, examples, labels of blank nodes."""


def read(server, path: str):
    """Return status, media type and lines of a page, without what depends on the engine."""
    reply = server.ask("GET", path, {"Accept": "text/html, */*;q=0.5"})
    body = reply.body.decode().replace(str(server.port), "PORT")
    for each in CHOSEN:
        body = re.sub(each, "", body, flags=re.DOTALL)
    return reply.status, reply.media_type, Counter(body.splitlines())


@pytest.mark.parametrize("path", PATHS)
def test_every_page_is_the_same_as_over_files(live, remote, path):
    local, over = read(live, path), read(remote, path)

    assert local[0] in (200, 404)
    assert over[:2] == local[:2]
    assert (over[2] - local[2], local[2] - over[2]) == (Counter(), Counter())


OVER_VIRTUOSO = (
    "/doc/state/CAN",
    "/doc/mission/CAN-TUR-embassy.jsonld",
    "/queries/who-serves?sending=CAN&receiving=AZE&format=csv",
    "/things/",
    "/conflicts",
    "/sitemap.xml",
    "/dump.nt",
)


@pytest.mark.parametrize(
    "virtuoso", [each for each in engines.available() if each.path == "/sparql"]
)
def test_the_site_over_virtuoso_is_the_same_as_over_files(live, virtuoso):
    engine = virtuoso()
    done = published(engine.url, **DBA)
    assert done.returncode == 0, done.stderr
    server = LiveServer("--endpoint", engine.url, "--timeout", "60", paths=())

    pages = {path: (read(live, path), read(server, path)) for path in OVER_VIRTUOSO}
    large = server.ask("GET", ask("SELECT * { ?s ?p ?o }"))
    server.stop()
    engine.stop()

    assert [path for path, (local, over) in pages.items() if local != over] == []
    assert large.status == 500
    assert json.loads(large.body)["type"].endswith("result-too-large")


def test_a_query_that_is_none_is_refused_with_its_place(remote):
    reply = remote.ask("GET", ask("SELECT * {\n ?s ?p }"), {"Accept": "application/json"})

    assert reply.status == 400
    assert json.loads(reply.body)["line"] == 2


def test_no_request_reaches_another_host(remote):
    canary = socket.create_server(("127.0.0.1", 0))
    canary.setblocking(False)
    there = f"http://127.0.0.1:{canary.getsockname()[1]}/"
    texts = [
        f"SELECT * {{ SERVICE <{there}> {{ ?s ?p ?o }} }}",
        f"ASK {{ SERVICE SILENT <{there}> {{ ?s ?p ?o }} }}",
        f"PREFIX c: <{there}> SELECT * {{ ?s ?p ?o . SERVICE c: {{ ?s ?p ?o }} }}",
        f"SELECT * {{ VALUES ?u {{ <{there}> }} SERVICE ?u {{ ?s ?p ?o }} }}",
        f"SELECT * FROM <{there}> {{ ?s ?p ?o }}",
        f"SELECT * FROM NAMED <{there}> {{ GRAPH <{there}> {{ ?s ?p ?o }} }}",
        f"SELECT * {{ GRAPH <{there}> {{ ?s ?p ?o }} }}",
        f"DESCRIBE <{there}>",
        f'define get:soft "soft" SELECT * FROM <{there}> {{ ?s ?p ?o }}',
    ]

    statuses = [remote.ask("GET", ask(text)).status for text in texts]
    statuses.append(remote.ask("GET", ask("ASK {}", **{"default-graph-uri": there})).status)
    statuses.append(remote.ask("GET", f"/doc?iri={quote(there, safe='')}").status)

    assert statuses == [403, 403, 403, 403, 200, 200, 200, 200, 400, 200, 404]
    with pytest.raises(BlockingIOError):
        canary.accept()
    canary.close()


def test_no_request_fails_when_one_of_two_replicas_is_killed(replicas, remote):
    begun, killed = threading.Semaphore(0), threading.Event()

    def one(number: int) -> tuple[int, bytes]:
        if number == 150:
            replicas[0].kill()
            killed.set()
        reply = remote.ask("GET", ask(f"SELECT ({number} AS ?n) (COUNT(*) AS ?all) {{ ?s ?p ?o }}"))
        begun.release()
        return reply.status, reply.body[-60:].partition(b"all")[2]

    with ThreadPoolExecutor(8) as clients:
        answers = set(clients.map(one, range(600)))

    assert killed.is_set()
    assert {status for status, _ in answers} == {200}
    assert len(answers) == 1
    replicas[0].start()


def test_a_server_whose_engines_are_away_says_so_and_goes_on_when_they_are_back(replicas, remote):
    for each in replicas:
        each.kill()

    query = remote.ask("GET", ask("SELECT ('away' AS ?x) { ?s ?p ?o } LIMIT 1"))
    page = remote.ask("GET", "/doc/state/TUR", {"Accept": "text/html"})
    for each in replicas:
        each.start()

    assert (query.status, page.status) == (503, 503)
    assert int(query.headers["retry-after"]) > 0
    assert json.loads(query.body)["type"].endswith("engine-unavailable")
    until(lambda: remote.ask("GET", "/doc/state/TUR").status == 200)


@pytest.fixture
def other(tmp_path):
    """A small project of its own."""
    (tmp_path / "data").mkdir()
    (tmp_path / "ontology").mkdir()
    (tmp_path / "kg.toml").write_text('base-iri = "https://small.example/"\n')
    (tmp_path / "data" / "d.ttl").write_text("<urn:first> <urn:p> 1 .\n")
    return tmp_path


def test_what_is_published_anew_is_served_without_a_restart(other):
    engine = engines.Oxigraph()
    assert published(engine.url, path=other).returncode == 0
    server = LiveServer("--endpoint", engine.url, paths=())
    question = ask("SELECT ?s { ?s <urn:p> ?o }", format="csv")
    before = server.ask("GET", question)

    (other / "data" / "d.ttl").write_text("<urn:second> <urn:p> 1 .\n")
    assert published(engine.url, path=other).returncode == 0

    def changed():
        reply = server.ask("GET", question)
        return reply if reply.headers["etag"] != before.headers["etag"] else None

    assert until(changed).body == b"s\r\nurn:second\r\n"
    assert before.body == b"s\r\nurn:first\r\n"
    server.stop()
    engine.stop()


def test_what_does_not_conform_is_not_published_and_says_so(other):
    (other / "shapes.ttl").write_text(
        "@prefix sh: <http://www.w3.org/ns/shacl#> .\n<urn:S> a sh:NodeShape ;\n"
        "  sh:targetSubjectsOf <urn:p> ; sh:property [ sh:path <urn:q> ; sh:minCount 1 ] .\n"
    )
    (other / "kg.toml").write_text('shapes = ["shapes.ttl"]\n')

    done = published("http://127.0.0.1:1/query", path=other)  # where no engine is

    assert done.returncode == 1
    assert "VIOLATION: <urn:first>" in done.stderr
    assert done.stderr.endswith(
        "nothing was published, because the data do not conform; see --allow-invalid\n"
    )


def test_a_server_does_not_start_over_an_engine_without_a_whole_publication():
    engine = engines.Oxigraph()

    empty = command("serve", "--port", "0", "--endpoint", engine.url)
    engine.stop()
    away = command("serve", "--port", "0", "--endpoint", engine.url)

    assert (empty.returncode, away.returncode) == (2, 2)
    assert "kg-server publish" in empty.stderr
    assert "gives no answer" in away.stderr


@pytest.mark.parametrize("given", ["", ",", " , "])
def test_a_list_of_addresses_without_any_is_refused(given):
    with pytest.raises(ProjectFault, match="no endpoint is named"):
        publication.endpoints(given)


XSD = "http://www.w3.org/2001/XMLSchema#"
YEAR, DAY = f'"1958"^^<{XSD}gYear>', f'"1958-01-01"^^<{XSD}date>'
BESIDE = f"""@prefix : <urn:> .
:s :p {YEAR}, {DAY}, 1, "1"^^<{XSD}int> ; :q {DAY}, "1958" .
:t :p {YEAR} .
[ :p {YEAR}, {DAY} ] :r :s .
"""
"""Two years beside days. For our engine, 1 is one literal in all types of integers."""


WRONG = "Basic " + b64encode(b"dba:no").decode()


class Merging(engines.Oxigraph):
    """Oxigraph behind a proxy, by which years beside days get lost, and all that is "lost".

    It does not let dba in with the password "no".
    """

    credentials = Credentials()

    def __init__(self) -> None:
        super().__init__()
        behind = self.port

        class Proxy(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                if self.command == "PUT":
                    days = {line.replace(DAY, YEAR) for line in body.splitlines() if DAY in line}
                    lost = (line for line in body.splitlines() if '"lost"' in line)
                    for line in (*days, *lost):
                        body = body.replace(f"{line}\n", "")
                connection = http.client.HTTPConnection("127.0.0.1", behind, timeout=30)
                headers = {
                    n: self.headers[n] for n in ("Accept", "Content-Type") if n in self.headers
                }
                connection.request(self.command, self.path, body.encode(), headers)
                answer = connection.getresponse()
                content = answer.read()
                connection.close()
                is_known = self.headers["Authorization"] != WRONG
                self.send_response_only(answer.status if is_known else 401)
                self.send_header("Server", answer.headers["Server"])
                self.send_header("Content-Type", answer.headers.get("Content-Type", ""))
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_POST = do_PUT = do_DELETE = do_GET

            def log_message(self, *_):
                pass

        self.proxy = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
        self.port = self.proxy.server_port
        threading.Thread(target=self.proxy.serve_forever).start()

    def stop(self) -> None:
        self.proxy.shutdown()
        self.proxy.server_close()
        super().stop()


@pytest.fixture(
    scope="module",
    params=[Merging, *(each for each in engines.available() if each.path == "/sparql")],
    ids=lambda each: each.__name__,
)
def merging(request):
    """An engine that takes a year for the first day of it."""
    engine = request.param()
    yield engine
    engine.stop()


TOPIC, TRIPLES = "<http://xmlns.com/foaf/0.1/primaryTopic>", "<http://rdfs.org/ns/void#triples>"
DBA = {"KG_SERVER_ENDPOINT_USER": "dba", "KG_SERVER_ENDPOINT_PASSWORD": "dba"}


def test_literals_that_an_engine_takes_for_one_are_named_before_anything_is_written(other, merging):
    def version():
        connection = merging.connection()
        marker = publishing.marker(connection, merging.dialect)
        connection.close()
        return marker

    assert published(merging.url, path=other, **DBA).returncode == 0
    before = version()
    (other / "data" / "d.ttl").write_text(BESIDE)

    done = published(merging.url, path=other, **DBA)

    assert done.returncode == 1
    assert f"takes {YEAR} for {DAY}: it does not keep both of <urn:s> <urn:p>" in done.stderr
    assert len(re.findall("an engine takes", done.stderr)) == 2
    assert "--allow-merged" in done.stderr
    assert before is not None
    assert version() == before


def test_the_description_is_of_what_an_engine_keeps_where_literals_are_left_out(other, merging):
    (other / "data" / "d.ttl").write_text(BESIDE)

    done = published(merging.url, path=other, more=["--allow-merged"], **DBA)

    assert done.returncode == 0, done.stderr
    assert "published without literals that an engine takes for others: 2" in done.stderr
    replicas = publication.endpoints(merging.url)
    store, *_ = publication.opened(replicas, None, Credentials())
    held = rows(store, "SELECT ?o { ?s <urn:p> ?o }")
    counted = rows(store, f"SELECT ?n {{ GRAPH ?g {{ ?file {TOPIC} ?set . ?set {TRIPLES} ?n }} }}")
    store.close()
    assert sorted(str(row["o"]) for row in held) == ["1", "1958", "1958-01-01", "1958-01-01"]
    assert [int(row["n"]) for row in counted] == [7]


def test_a_publication_is_not_called_whole_where_the_engine_holds_other_triples(other):
    (other / "data" / "d.ttl").write_text('<urn:s> <urn:p> "lost", "kept" .\n')
    engine = Merging()

    done = published(engine.url, path=other)
    engine.stop()

    assert done.returncode == 1
    assert "holds 1 triples" in done.stderr
    assert "no version was written" in done.stderr


class Taking:
    """A service that takes the marker of a publication, and the next graph without an answer."""

    def __init__(self) -> None:
        self.put: list[bytes] = []
        self.is_waited_for, self.is_over = threading.Event(), threading.Event()
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.answer(200, b'{"head":{"vars":["graph"]},"results":{"bindings":[]}}')

            def do_PUT(self):
                service.put.append(self.rfile.read(int(self.headers["Content-Length"])))
                if len(service.put) > 1:
                    service.is_waited_for.set()
                    service.is_over.wait(60)
                self.answer(201, b"")

            do_POST = do_GET

            def answer(self, status, content):
                with suppress(OSError):  # the command has ended
                    self.send_response_only(status)
                    self.send_header("Server", "Oxigraph/0.5")
                    self.send_header("Content-Type", "application/sparql-results+json")
                    self.send_header("Content-Length", str(len(content)))
                    self.end_headers()
                    self.wfile.write(content)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/query"
        threading.Thread(target=self.server.serve_forever).start()

    def stop(self) -> None:
        self.is_over.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.mark.parametrize(
    ("limit", "code", "said"),
    [
        ("0.2", 1, r"the graph <\S+> was not written: .* 0\.2 seconds; --request-timeout SECONDS"),
        ("60", 130, "publish again"),  # by Ctrl-C
    ],
)
def test_a_publication_that_does_not_end_writes_no_version(other, limit, code, said):
    (other / "data" / "d.ttl").write_text('<urn:s> <urn:p> "o" .\n')
    service = Taking()
    arguments = ["publish", str(other), "--endpoint", service.url, "--request-timeout", limit]
    whole = [sys.executable, "-m", "kg_server", *arguments]

    process = subprocess.Popen(whole, stderr=subprocess.PIPE, text=True)
    assert service.is_waited_for.wait(60)
    if code == 130:
        process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)
    service.stop()

    assert process.returncode == code
    assert re.search(said, error)
    assert f"{service.url} has no version now, because not all graphs are written" in error
    assert "Traceback" not in error
    assert len(service.put) == 2
    assert b"versionInfo" not in b"".join(service.put)


def test_a_publication_with_the_wrong_password_says_so(other, merging):
    refused = published(merging.url, path=other, **{**DBA, "KG_SERVER_ENDPOINT_PASSWORD": "no"})

    assert refused.returncode == 1
    assert "credentials" in refused.stderr
