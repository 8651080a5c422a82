"""Messages between HTTP workers and evaluators: datagrams over Unix sockets (unix(7)).

All evaluators receive on one socket, and the kernel gives each query to one that waits. The answer
comes to the client's own socket, in one datagram if it fits. For a larger answer, the datagram has
the descriptor of a stream with its bytes, and another datagram confirms its end. A query that is
too large for a datagram is passed as a descriptor of memory.

Every message to a client starts with the id of its query: the number of the client in the upper 32
bits, the number of the query in the lower. The address of a client is made from its number. Then
come the type and the processor time that the query has taken.
"""

from __future__ import annotations

import array
import json
import marshal
import os
import socket
import struct
from dataclasses import dataclass

from kg_server import errors
from kg_server.errors import Problem
from kg_server.formats import FORMATS, NOTHING
from kg_server.sparql.query import Dataset, Query

DATAGRAM_BYTES = 1 << 16
"""Most bytes of an answer in one datagram; every kernel accepts this size."""

WHOLE, STREAM, END, PROBLEM, DEATH = b"W", b"S", b"E", b"P", b"D"
LEAVE = b""

_HEAD = struct.Struct("!QcI")  # query id, type, processor time in microseconds
_MOST_US = (1 << 32) - 1
_NOW = int(socket.MSG_CMSG_CLOEXEC | socket.MSG_DONTWAIT)
_NO_DATASET = Dataset()
_BUFFER_BYTES = DATAGRAM_BYTES + (1 << 12)
_FORMATS = {each.name: each for each in FORMATS}
_PROBLEMS = {kind.slug: kind for kind in errors.problem_types()}


@dataclass(frozen=True, slots=True)
class Message:
    """Message from an evaluator to a client about one of its queries.

    ``stream`` is the descriptor of the stream that came with the message, if any. ``spent_s`` is
    the processor time that the evaluator has needed.
    """

    query_id: int
    type: bytes
    payload: bytes
    stream: int | None = None
    spent_s: float = 0.0


class Inbox:
    """Reader of datagrams from a socket, with one buffer for all.

    Args:
        receiving: the socket.
    """

    def __init__(self, receiving: socket.socket) -> None:
        self._socket = receiving
        self._buffer = memoryview(bytearray(_BUFFER_BYTES))

    def receive(self) -> tuple[bytes, int | None, str]:
        """Return a datagram, the descriptor that came with it, and its sender's address.

        Raises:
            BlockingIOError: no datagram is there.
        """
        length, ancillary, _, sender = self._socket.recvmsg_into([self._buffer], 64, _NOW)
        descriptor = array.array("i", ancillary[0][2][:4])[0] if ancillary else None
        return bytes(self._buffer[:length]), descriptor, sender

    def message(self) -> Message:
        """Return the next message to a client.

        Raises:
            BlockingIOError: no message is there.
        """
        datagram, stream, _ = self.receive()
        query_id, type_, spent_us = _HEAD.unpack_from(datagram)
        return Message(
            query_id=query_id,
            type=type_,
            payload=datagram[_HEAD.size :],
            stream=stream,
            spent_s=spent_us / 1e6,
        )


def asker_address(evaluators: str, number: int) -> str:
    """Return the path of a client's socket, from the path of the evaluators."""
    return f"{evaluators}-{number:x}"


def pack(query_id: int, type_: bytes, payload: bytes = b"", spent_s: float = 0.0) -> bytes:
    """Return the datagram of a message."""
    return _HEAD.pack(query_id, type_, min(int(spent_s * 1e6), _MOST_US)) + payload


def pack_query(query: Query, query_id: int) -> bytes:
    """Return the datagram of a query."""
    graphs = query.dataset.default_graphs, query.dataset.named_graphs
    names = dict(query.bindings), dict(query.prefixes)
    # Not JSON, which takes ten times as long; both ends are forked from one process.
    return marshal.dumps(
        (query_id, query.text, query.format.name, query.base_iri, *graphs, *names, query.timeout_s)
    )


def unpack_query(content: bytes) -> tuple[Query, int]:
    """Return a query and its id."""
    fields = marshal.loads(content)  # noqa: S302  # from a worker, by a socket in a folder of mode 0700
    query_id, text, name, base, default, named, bindings, prefixes, timeout_s = fields
    dataset = Dataset(default, named) if default or named else _NO_DATASET
    query = Query(
        text=text,
        format=_FORMATS.get(name, NOTHING),
        base_iri=base,
        dataset=dataset,
        bindings=bindings,
        prefixes=prefixes,
        timeout_s=timeout_s,
    )
    return query, query_id


def in_memory(content: bytes) -> int:
    """Write content to anonymous memory; return its descriptor (memfd_create(2))."""
    descriptor = os.memfd_create("query")
    with os.fdopen(os.dup(descriptor), "wb") as memory:
        memory.write(content)
    return descriptor


def from_memory(descriptor: int) -> bytes:
    """Return the content of memory, and close its descriptor."""
    with os.fdopen(descriptor, "rb") as memory:
        memory.seek(0)
        return memory.read()


def pack_problem(problem: Problem) -> bytes:
    """Return the payload of a problem."""
    return json.dumps([problem.slug, problem.detail, problem.headers, problem.members]).encode()


def unpack_problem(payload: bytes) -> Problem:
    """Return the problem of a payload."""
    slug, detail, headers, members = json.loads(payload)
    return _PROBLEMS[slug](detail, headers=headers, **members)
