"""Whatever bytes a client sends, answers belong to its requests, in their order."""

from __future__ import annotations

import socket
from dataclasses import replace

import pytest
from benchmarks.streams import Fuzzer, Part, Streams, Victim, fault, hidden

HEAD = b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
ONE, TWO = Part(b"1", mark=b"one"), Part(b"2", mark=b"two")


def answer(body: bytes, status: bytes = b"200 OK") -> bytes:
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body)


def test_streams_of_all_kinds_get_the_answers_to_their_requests_and_no_others(impatient):
    before = len(impatient.log)
    fuzzer = Fuzzer("127.0.0.1", impatient.port, 19)

    with Victim("127.0.0.1", impatient.port) as victim:
        for _ in range(50):
            fuzzer.round()

    assert fuzzer.wrong == []
    assert victim.wrong == []
    assert len(victim.seconds) > 10
    assert fuzzer.statuses[b"200"] > 50
    assert len(fuzzer.statuses) > 5
    assert not [line for line in impatient.log[before:] if "Traceback" in line]


@pytest.mark.parametrize(
    ("received", "wrong"),
    [
        (answer(b"one") + answer(b"two"), ""),
        (answer(b"two") + answer(b"one"), "not the answer"),
        (answer(b"one"), "no answer"),
        (answer(b"one") + answer(b"two") + answer(b"two"), "3 answers to 2"),
        (answer(b"one") + answer(b"", b"500 No"), "500 to"),
        (answer(b"one") + answer(b"two")[:-1], "cut"),
        (answer(b"one") + b"HTTP/1.1 200 OK\nX: y\n\n", "no head"),
        (answer(b"one") + answer(b"two SMUGGLED"), "inside of another"),
    ],
    ids=["right", "order", "missing", "surplus", "status", "cut", "head", "hidden"],
)
def test_answers_that_are_not_those_to_the_requests_are_seen(received, wrong):
    found = fault(received, [ONE, TWO])

    assert wrong in found
    assert bool(found) == bool(wrong)


def test_answers_to_what_was_sent_before_a_refusal_may_be_lost_if_the_connection_is_reset():
    parts = [ONE, replace(TWO, may_end=True)]

    found = [fault(b"", parts, is_reset=is_reset) for is_reset in (False, True)]

    assert "no answer" in found[0]
    assert found[1] == ""


def test_what_must_not_be_answered_is_seen():
    found = fault(answer(b"one") + answer(b"two"), [replace(ONE, must_end=True), TWO])

    assert "goes on" in found


def test_each_request_of_a_stream_has_another_mark():
    streams = Streams(1)

    marks = [part.mark for _ in range(50) for part in streams.stream() if b"MARK" in part.mark]

    assert len(marks) > 100
    assert len(set(marks)) == len(marks)


@pytest.mark.parametrize("coding", ["gzip, chunked", "chunked, chunked", ",chunked"])
def test_behind_a_body_in_an_unknown_coding_nothing_is_answered(impatient, coding):
    head = HEAD + f"Transfer-Encoding: {coding}\r\n\r\n".encode()
    received = b""
    with socket.create_connection(("127.0.0.1", impatient.port), timeout=20) as connection:
        connection.sendall(head + b"6\r\nASK {}\r\n0\r\n\r\n" + hidden())
        while part := connection.recv(1 << 16):
            received += part

    assert received.startswith(b"HTTP/1.1 501")
    assert received.count(b"HTTP/1.1") == 1
