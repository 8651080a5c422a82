"""Random requests to every route: no 5xx but 503 and 504, no word of the server's insides."""

from __future__ import annotations

import re

from benchmarks.routes import ROUTES, Fuzzer


def test_every_route_is_tried(app):
    rules = {
        re.sub("<path:[^>]*>", "<path>", re.sub("<(int:)?(?!path)[^>]*>", "<name>", rule.rule))
        for rule in app.url_map.iter_rules()
    }

    assert len(rules) > 30
    assert rules == set(ROUTES)


def test_no_request_finds_the_server_at_fault(live):
    fuzzer = Fuzzer("127.0.0.1", live.port, 19)

    for _ in range(250):
        fuzzer.send(fuzzer.request())

    assert fuzzer.statuses.total() == 250
    assert len(fuzzer.statuses) > 5
    assert fuzzer.wrong == []


def test_what_the_application_does_wrong_is_seen(monkeypatch, live):
    fuzzer = Fuzzer("127.0.0.1", live.port, 1)
    monkeypatch.setattr("benchmarks.routes._INSIDES", re.compile(rb"title"))

    for _ in range(20):
        fuzzer.send(fuzzer.request())

    assert fuzzer.wrong
