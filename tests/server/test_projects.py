"""Projects of one's own, served: files by name, canned queries and rules that change."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path
from urllib.parse import urlencode

from ..conftest import LiveServer

TURTLE = """@prefix mus: <https://museums.example/ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
<https://museums.example/id/louvre> a mus:Museum ; rdfs:label "Louvre" ; mus:city "Paris" .
"""
ILL_TYPED = """<https://museums.example/id/louvre> mus:floor
  "ground"^^<http://www.w3.org/2001/XMLSchema#integer> .
"""
MUSEUMS = 'title = "Museums"\nbase-iri = "https://museums.example/"\n'
NAMES = """PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
SELECT ?name { ?museum rdfs:label ?name }
"""
RULE = """PREFIX mus: <https://museums.example/ns#>
CONSTRUCT { ?museum mus:in ?city } WHERE { ?museum mus:city ?city }
"""
QUERY = "SELECT ?c { ?m <https://museums.example/ns#in> ?c }"
COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
ENDLESS = """@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix mus: <https://museums.example/ns#> .
mus:Slow a sh:NodeShape ; sh:targetClass mus:Museum ; sh:sparql [ sh:select \"\"\"
  SELECT $this { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?n ?o . ?p ?q ?r . ?s ?t ?u .
    ?v ?w ?x . FILTER(CONCAT(STR(?a), STR(?v), STR(?s), STR(?o)) = STR($this)) }\"\"\" ] .
"""
DERIVED = "/sparql?" + urlencode({"query": QUERY, "format": "csv"})


def eventually(condition, within_s: float = 30) -> bool:
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_a_file_without_shapes_is_served_alone_and_the_first_line_says_what_was_not_done(tmp_path):
    (tmp_path / "my.ttl").write_text(TURTLE + ILL_TYPED)
    server = LiveServer("--evaluators", "1", paths=(str(tmp_path / "my.ttl"),))
    try:
        thing = server.ask("GET", "/doc?iri=https%3A//museums.example/id/louvre")
        counted = server.ask("GET", "/sparql?" + urlencode({"query": COUNT, "format": "csv"}))
        page = server.ask("GET", "/", {"Accept": "text/html"})
    finally:
        assert server.stop() == 0

    assert (thing.status, b"ground" in thing.body) == (200, True)
    assert not any("Traceback" in line for line in server.log)
    assert counted.body.split() == [b"n", b"4"]
    assert "1 file, not validated: there are no shapes" in server.log[0]
    assert "--base-iri https://museums.example/" in server.log[1]
    assert b"Louvre" in page.body
    assert b"iplomatic" not in page.body


def children(pid: int) -> list[int]:
    threads = Path("/proc", str(pid), "task").iterdir()
    return [int(each) for thread in threads for each in (thread / "children").read_text().split()]


def test_a_graph_is_served_while_its_validation_goes_on_and_pages_say_so(tmp_path):
    things = "".join(f"mus:m{n} a mus:Museum ; mus:near mus:m{n + 1} .\n" for n in range(300))
    (tmp_path / "my.ttl").write_text(TURTLE + things)
    (tmp_path / "shapes.ttl").write_text(ENDLESS)
    server = LiveServer(
        "--evaluators",
        "1",
        paths=(str(tmp_path / "my.ttl"), str(tmp_path / "shapes.ttl")),
        prefix=("env", "KG_SERVER_VALIDATION_WAIT_S=0.1"),
    )
    try:
        report = server.ask("GET", "/validation.json")
        page = server.ask("GET", "/validation", {"Accept": "text/html"})
        home = server.ask("GET", "/", {"Accept": "text/html"})

        for child in children(server.process.pid):
            for validator in children(child):
                for worker in children(validator):
                    os.kill(worker, signal.SIGKILL)
        assert eventually(lambda: server.ask("GET", "/validation.json").status == 404)
        given_up = server.ask("GET", "/", {"Accept": "text/html"})
    finally:
        assert server.stop() == 0, server.log

    assert "validation not finished yet" in server.log[0]
    assert (report.status, report.headers["retry-after"]) == (503, "5")
    assert b"The validation has not ended yet." in page.body
    assert b"validation not finished yet" in home.body
    assert b"conforms" not in home.body + page.body + given_up.body
    assert b"validation given up" in given_up.body
    assert any("the validation has ended: not validated: " in line for line in server.log)


def test_canned_queries_and_rules_are_reloaded_and_a_wrong_one_is_told_with_its_line(tmp_path):
    for name, text in (
        ("kg.toml", MUSEUMS),
        ("data/my.ttl", TURTLE),
        ("queries/names.rq", NAMES),
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "ontology" / "rules").mkdir(parents=True)
    server = LiveServer("--evaluators", "1", paths=(str(tmp_path),))
    try:
        assert server.ask("GET", "/queries/names.csv").body.split() == [b"name", b"Louvre"]

        (tmp_path / "queries" / "others.rq").write_text(NAMES.replace("?name", "?label"))
        (tmp_path / "ontology" / "rules" / "in.rq").write_text(RULE)
        os.kill(server.process.pid, signal.SIGHUP)
        assert eventually(lambda: server.ask("GET", "/queries/others.csv").status == 200)
        assert server.ask("GET", DERIVED).body.split() == [b"c", b"Paris"]

        (tmp_path / "queries" / "others.rq").write_text(NAMES.replace("SELECT", "SELCT"))
        os.kill(server.process.pid, signal.SIGHUP)
        assert eventually(lambda: any("not reloaded" in line for line in server.log))
        assert server.ask("GET", "/queries/others.csv").body.split() == [b"label", b"Louvre"]

        (tmp_path / "kg.toml").unlink()
        os.kill(server.process.pid, signal.SIGHUP)
        assert eventually(lambda: any("this file is gone" in line for line in server.log))
        assert server.ask("GET", DERIVED).body.split() == [b"c", b"Paris"]

        (tmp_path / "queries" / "others.rq").unlink()
        os.kill(children(server.process.pid)[-1], signal.SIGKILL)
        told = re.compile("no graph is served; .*kg.toml: this file is gone")
        assert eventually(lambda: any(map(told.search, server.log))), server.log
        assert server.ask("GET", "/sparql?query=ASK%7B%7D").status == 503
        (tmp_path / "kg.toml").write_text(MUSEUMS)
        assert eventually(lambda: server.ask("GET", "/sparql?query=ASK%7B%7D").status == 200)
    finally:
        assert server.stop() == 0

    assert any("others.rq:2" in line for line in server.log), server.log
