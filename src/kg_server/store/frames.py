"""How an HTTP worker and an evaluator talk over a Unix socket.

A frame is a type byte, a length (32 bits, big-endian) and that many bytes. The worker sends one
``ASK`` frame; the evaluator answers ``KIND DATA* END`` or ``PROBLEM``. An answer without ``END``
was cut: its evaluator died.
"""

from __future__ import annotations

import json
import socket
import struct
from dataclasses import replace
from typing import Any

from kg_server import errors, formats
from kg_server.errors import Problem
from kg_server.formats import Format, Kind
from kg_server.store import Dataset, Query

ASK, KIND, DATA, END, PROBLEM = b"A", b"K", b"D", b"E", b"P"

_HEAD = struct.Struct("!cI")
_PROBLEMS = {kind.slug: kind for kind in errors.problem_types()}


class Cut(Exception):
    """The other side went away in the middle."""


def pack(kind: bytes, payload: bytes = b"") -> bytes:
    """Return one frame."""
    return _HEAD.pack(kind, len(payload)) + payload


class Frames:
    """Takes bytes as they come and gives whole frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, received: bytes) -> None:
        """Take bytes."""
        self._buffer += received

    def next(self) -> tuple[bytes, bytes] | None:
        """Return type and payload of the next frame; ``None`` when it is not here yet."""
        if len(self._buffer) < _HEAD.size:
            return None
        kind, length = _HEAD.unpack_from(self._buffer)
        end = _HEAD.size + length
        if len(self._buffer) < end:
            return None
        payload = bytes(self._buffer[_HEAD.size : end])
        del self._buffer[:end]
        return kind, payload


class Reader:
    """Reads frames from a socket; ``recv`` may bring several at once."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection, self._frames = connection, Frames()

    def frame(self) -> tuple[bytes, bytes]:
        """Return type and payload of the next frame.

        Raises:
            Cut: the connection ended before the frame did.
            TimeoutError: the socket's timeout passed; the frame can still be waited for.
        """
        while (frame := self._frames.next()) is None:
            try:
                received = self._connection.recv(1 << 18)
            except ConnectionError as error:
                raise Cut from error
            if not received:
                raise Cut
            self._frames.feed(received)
        return frame


def pack_query(query: Query, query_id: int) -> bytes:
    """Return the ``ASK`` frame of a query; the id names it to whoever wants to stop it."""
    wanted = {str(kind.value): [f.name, f.media_type] for kind, f in query.formats.items()}
    document = {
        "id": query_id,
        "text": query.text,
        "formats": wanted,
        "base_iri": query.base_iri,
        "dataset": [query.dataset.default_graphs, query.dataset.named_graphs],
        "bindings": dict(query.bindings),
        "prefixes": dict(query.prefixes),
        "timeout_s": query.timeout_s,
    }
    return pack(ASK, json.dumps(document).encode())


def unpack_query(payload: bytes) -> tuple[Query, int]:
    """Return the query and the id of an ``ASK`` frame."""
    read = json.loads(payload)
    wanted = {Kind(int(kind)): _format(Kind(int(kind)), *f) for kind, f in read["formats"].items()}
    default, named = (tuple(graphs) for graphs in read["dataset"])
    query = Query(
        read["text"],
        wanted,
        read["base_iri"],
        Dataset(default, named),
        read["bindings"],
        read["prefixes"],
        read["timeout_s"],
    )
    return query, read["id"]


def pack_kind(kind: Kind, chosen: Format) -> bytes:
    """Return the ``KIND`` frame of an answer."""
    return pack(KIND, json.dumps([kind.value, chosen.name, chosen.media_type]).encode())


def unpack_kind(payload: bytes) -> tuple[Kind, Format]:
    """Return kind and format of a ``KIND`` frame."""
    value, name, media_type = json.loads(payload)
    return Kind(value), _format(Kind(value), name, media_type)


def pack_problem(problem: Problem) -> bytes:
    """Return the ``PROBLEM`` frame of a problem."""
    return pack(PROBLEM, json.dumps([problem.slug, problem.detail, problem.members]).encode())


def unpack_problem(payload: bytes) -> Problem:
    """Return the problem of a ``PROBLEM`` frame."""
    slug, detail, members = json.loads(payload)
    known: dict[str, Any] = members
    return _PROBLEMS[slug](detail, **known)


def _format(kind: Kind, name: str, media_type: str) -> Format:
    return replace(formats.named(name, kind, html=True), media_type=media_type)
