"""Streaming conversion of triples between serialisations, with prefixes, and RDF 1.2 reifiers.

The engine's parsers and serialisers do the work; only a few chunks are in memory.
"""

from __future__ import annotations

import io
import queue
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

import pyoxigraph as ox

from kg_server.formats import Format
from kg_server.rdf import namespaces as ns

Triple = ox.Triple

Claims = Mapping[ox.NamedNode | ox.BlankNode, ox.Triple]
"""The triple that each reifier reifies."""

_TYPE, _STATEMENT = ox.NamedNode(ns.RDF + "type"), ox.NamedNode(ns.RDF + "Statement")
_SUBJECT, _PREDICATE, _OBJECT = (
    ox.NamedNode(ns.RDF + name) for name in ("subject", "predicate", "object")
)
_REIFIES = ox.NamedNode(ns.RDF + "reifies")

_CHUNK_BYTES = 1 << 16
_CHUNKS_AHEAD = 8


class _Reader(io.RawIOBase):
    """A binary file for a parser that reads chunks."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks, self._rest = iter(chunks), memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._rest = memoryview(chunk)
        taken = self._rest[: len(buffer)]
        buffer[: len(taken)] = taken
        self._rest = self._rest[len(taken) :]
        return len(taken)


class _Writer(io.RawIOBase):
    """A binary file for a serialiser; another thread reads it as chunks."""

    def __init__(self) -> None:
        self.chunks: queue.Queue[bytes | Exception | None] = queue.Queue(_CHUNKS_AHEAD)
        self.abandoned = threading.Event()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.put(bytes(data))
        return len(data)

    def put(self, item: bytes | Exception | None) -> None:
        while not self.abandoned.is_set():
            with suppress(queue.Full):
                self.chunks.put(item, timeout=0.1)
                return
        raise BrokenPipeError("the reader has closed the stream")


def triples(chunks: Iterable[bytes]) -> Iterator[ox.Triple]:
    """Read N-Triples; blank nodes keep their labels."""
    reader = io.BufferedReader(_Reader(chunks), _CHUNK_BYTES)
    for quad in ox.parse(reader, format=ox.RdfFormat.N_TRIPLES, lenient=True):
        yield quad.triple


def canonical(content: bytes) -> bytes:
    """Return N-Triples with canonical labels of blank nodes, sorted (RDF Canonicalization 1.0).

    The same graph gives the same bytes, whatever its blank nodes were called.

    Args:
        content: the graph as Turtle or N-Triples.
    """
    graph = ox.Dataset(ox.parse(content, format=ox.RdfFormat.TURTLE, lenient=True))
    graph.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return b"".join(sorted(f"{quad.triple} .\n".encode() for quad in graph))


def in_graph(statements: Iterable[ox.Triple], graph_iri: str) -> Iterator[ox.Quad]:
    """Put triples into a named graph."""
    name = ox.NamedNode(graph_iri)
    for each in statements:
        yield ox.Quad(each.subject, each.predicate, each.object, name)


def write(
    statements: Iterable[ox.Triple] | Iterable[ox.Quad],
    form: Format,
    prefixes: Mapping[str, str],
) -> Iterator[bytes]:
    """Serialise triples or quads, chunk by chunk, in their order.

    The serialiser pushes and the response pulls, so the serialiser runs in its own thread. Closing
    the iterator ends the thread.
    """
    syntax = ox.RdfFormat.from_media_type(form.media_type)
    writer = _Writer()
    thread = threading.Thread(
        target=_push, args=(statements, writer, syntax, dict(prefixes)), daemon=True
    )
    thread.start()
    try:
        yield from _sorted_prefixes(writer)
    finally:
        writer.abandoned.set()
        thread.join()


def _sorted_prefixes(writer: _Writer) -> Iterator[bytes]:
    """Yield the chunks of a writer, with the prefixes at the start in alphabetical order."""
    head: bytes | None = b""
    while (item := writer.chunks.get()) is not None:
        if isinstance(item, Exception):
            raise item
        if head is None:
            yield item
            continue
        head += item
        lines = head.splitlines(keepends=True)
        body = next((n for n, line in enumerate(lines) if not line.startswith(b"@prefix")), None)
        if body is not None:
            yield b"".join([*sorted(lines[:body]), *lines[body:]])
            head = None
    if head:
        yield head


def _push(
    statements: Iterable[ox.Triple] | Iterable[ox.Quad],
    writer: _Writer,
    syntax: ox.RdfFormat | None,
    prefixes: dict[str, str],
) -> None:
    with suppress(BrokenPipeError):
        try:
            with io.BufferedWriter(writer, _CHUNK_BYTES) as buffer:
                ox.serialize(statements, buffer, syntax, prefixes=prefixes)
        except BrokenPipeError:
            raise
        except Exception as error:  # noqa: BLE001  # raised again in the reading thread
            writer.put(error)
        else:
            writer.put(None)


def claims(reifications: Iterable[ox.Triple]) -> Claims:
    """Return the triple of each ``rdf:Statement`` that reifies exactly one.

    Args:
        reifications: triples with ``rdf:subject``, ``rdf:predicate`` and ``rdf:object``.
    """
    parts: dict[ox.NamedNode | ox.BlankNode, list[ox.Triple]] = {}
    for each in reifications:
        parts.setdefault(each.subject, []).append(each)  # type: ignore[arg-type]
    return {reifier: made for reifier, of in parts.items() if (made := _statement(of))}


def _statement(parts: list[ox.Triple]) -> ox.Triple | None:
    by_predicate = {part.predicate: part.object for part in parts}
    if len(parts) != 3 or set(by_predicate) != {_SUBJECT, _PREDICATE, _OBJECT}:
        return None
    subject, predicate = by_predicate[_SUBJECT], by_predicate[_PREDICATE]
    if isinstance(subject, ox.Literal | ox.Triple) or not isinstance(predicate, ox.NamedNode):
        return None
    return ox.Triple(subject, predicate, by_predicate[_OBJECT])


def as_reifiers(statements: Iterable[ox.Triple], reified: Claims) -> Iterator[ox.Triple]:
    """Turn reification into ``rdf:reifies`` with a triple term (RDF 1.2 Concepts §3.1).

    Each claim of ``reified`` becomes the reifier of its statement. Other statements about the claim
    are unchanged.
    """
    for each in statements:
        statement = reified.get(each.subject)  # type: ignore[arg-type]
        if statement is None or each.predicate not in (_TYPE, _SUBJECT, _PREDICATE, _OBJECT):
            yield each
        elif each.predicate == _SUBJECT:
            yield ox.Triple(each.subject, _REIFIES, statement)
        elif each.predicate == _TYPE and each.object != _STATEMENT:
            yield each
