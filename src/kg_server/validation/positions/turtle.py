"""Positions of the terms in Turtle and TriG: a tokenizer, in the order of pyoxigraph's triples."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r'''
    (?: [\s]++ | \#[^\n\r]*+ )*+
    (?:
      (?P<iri> <[^<>"{}|^`\\\x00-\x20]*+ (?: \\[uU][^<>"{}|^`\\\x00-\x20]*+ )*+ > )
    | (?P<literal>
        (?: """ (?: [^"\\] | \\. | "(?!"") )*+ """
          | \'\'\' (?: [^'\\] | \\. | '(?!'') )*+ \'\'\'
          | " (?: [^"\\\n\r] | \\. )*+ "
          | ' (?: [^'\\\n\r] | \\. )*+ ' )
        (?: @[A-Za-z]++(?:-[A-Za-z0-9]++)*+(?:--[A-Za-z]++)?+ )?+ )
    | (?P<datatype> \^\^ )
    | (?P<directive> @prefix\b | @base\b | @version\b )
    | (?P<end> [.;,\[\](){}] )
    | (?P<name>
        (?: [^\s<>"'()\[\]{};,.#\\^] | \\. | \.(?=[^\s<>"'()\[\]{};,#]) | (?<=:)\# )++ )
    )
    ''',
    re.VERBOSE | re.DOTALL,
)
_NOTHING = re.compile(r"(?:\s++|#[^\n\r]*+)*+")
_DIRECTIVES = {"@prefix": 3, "@base": 2, "@version": 2}
"""Number of tokens that follow a directive, with the dot at the end."""
_SPARQL_DIRECTIVES = {"prefix": 2, "base": 1, "version": 1}

Spot = tuple[int, int]
"""Offsets of the subject and the object of a triple, in characters."""


@dataclass(slots=True)
class _Frame:
    """An open subject, blank node in brackets, or list, with the offset of its subject.

    ``is_empty``: a list without a member so far. ``as_subject``: a blank node or list that begins a
    statement.
    """

    kind: str
    subject: int
    has_predicate: bool = False
    is_empty: bool = True
    as_subject: bool = False


class NotUnderstoodError(Exception):
    """The tokenizer does not understand the text, so that there are no positions."""


def spots(text: str, *, trig: bool = False) -> Iterator[Spot]:
    """Yield the position of each triple, in the order of pyoxigraph 0.5.

    Raises:
        NotUnderstoodError: the text is not Turtle or TriG.
    """
    return _Walk(text, trig=trig).run()


class _Walk:
    def __init__(self, text: str, *, trig: bool) -> None:
        self._text, self._trig = text, trig
        self._frames: list[_Frame] = []
        self._skip = 0
        self._in_graph = False
        self._string: Spot | None = None
        self._typed: Spot | None = None
        self._tagged: Spot | None = None

    def run(self) -> Iterator[Spot]:
        text, next_token = self._text, _TOKEN.match
        at = 0
        while True:
            match = next_token(text, at)
            if match is None:
                if _NOTHING.fullmatch(text, at):
                    return
                raise NotUnderstoodError
            at = match.end()
            kind = match.lastgroup or ""
            yield from self._in_order(kind, match.start(kind), match[kind])

    def _in_order(self, kind: str, start: int, token: str) -> Iterator[Spot]:
        """Yield the triples that a token completes.

        A string is complete only at the next token, which may be ``^^``. If a token completes
        several triples, the parser yields the last one first.
        """
        string, typed = self._string, self._typed
        self._string = self._typed = None
        if kind == "datatype":
            self._typed = string
        elif typed is not None:  # the IRI of the datatype
            yield typed
        else:
            yield from self._take(kind, start, token)
            if string is not None:
                yield string
            if self._tagged is not None:
                yield self._tagged
                self._tagged = None

    def _take(self, kind: str, start: int, token: str) -> Iterator[Spot]:
        if self._skip:  # an argument of a directive
            self._skip -= 1
            return
        frames = self._frames
        if kind == "directive":
            self._skip = _DIRECTIVES[token]
        elif kind == "end":
            yield from self._punctuation(token, start)
        elif not frames and kind == "name" and token.lower() in _SPARQL_DIRECTIVES:
            self._skip = _SPARQL_DIRECTIVES[token.lower()]
        elif not frames and self._trig and kind == "name" and token.lower() == "graph":
            return
        elif kind == "literal":
            yield from self._literal(start, token)
        elif not frames:
            frames.append(_Frame("statement", start))
        elif frames[-1].kind == "list":
            yield from self._member(start)
        elif not frames[-1].has_predicate:
            frames[-1].has_predicate = True
        else:
            yield from self._object(start)

    def _literal(self, start: int, token: str) -> Iterator[Spot]:
        self._check(bool(self._frames))
        frame = self._frames[-1]
        if frame.kind == "list":
            yield from self._node_begins(start)
        if token.endswith(('"', "'")):
            self._string = frame.subject, start
        else:
            self._tagged = frame.subject, start

    def _punctuation(self, sign: str, start: int) -> Iterator[Spot]:  # noqa: C901  # a branch a sign
        frames = self._frames
        if sign == "[":
            if frames and frames[-1].kind == "list":
                yield from self._node_begins(start)
            frames.append(_Frame("bracket", start, as_subject=not frames))
        elif sign == "(":
            if frames and frames[-1].kind == "list":
                yield from self._node_begins(start)
            frames.append(_Frame("list", start, as_subject=not frames))
        elif sign == "]":
            self._check(bool(frames) and frames[-1].kind == "bracket")
            frame = frames.pop()
            if frame.as_subject:
                frames.append(_Frame("statement", frame.subject))
            else:
                yield from self._object(frame.subject)
        elif sign == ")":
            self._check(bool(frames) and frames[-1].kind == "list")
            yield from self._list_ends(frames.pop(), start)
        elif sign == ";":
            self._check(bool(frames) and frames[-1].kind != "list")
            frames[-1].has_predicate = False
        elif sign == "{":
            frames.clear()  # the name of a graph
            self._in_graph = True
        elif sign == "}":
            self._check(self._in_graph and len(frames) <= 1)
            frames.clear()
            self._in_graph = False
        elif sign == ".":
            self._check(len(frames) <= 1)
            frames.clear()

    def _list_ends(self, frame: _Frame, start: int) -> Iterator[Spot]:
        frames = self._frames
        if not frame.is_empty:
            yield frame.subject, start  # rdf:rest rdf:nil
        if frame.as_subject:
            frames.append(_Frame("statement", frame.subject))
        elif frame.is_empty:
            yield from self._object(frame.subject)

    def _node_begins(self, start: int) -> Iterator[Spot]:
        """Yield the triples that lead to a list member that is a blank node, a list or a string."""
        frame = self._frames[-1]
        if frame.is_empty:
            yield from self._list_begins(frame)
        else:
            yield frame.subject, start  # rdf:rest

    def _list_begins(self, frame: _Frame) -> Iterator[Spot]:
        """Yield the triple whose object is a list, at the first member of the list."""
        frame.is_empty = False
        if not frame.as_subject:
            self._frames.pop()
            yield from self._object(frame.subject)
            self._frames.append(frame)

    def _object(self, start: int) -> Iterator[Spot]:
        """Yield the triple of an object."""
        self._check(bool(self._frames))
        yield self._frames[-1].subject, start

    def _member(self, start: int) -> Iterator[Spot]:
        """Yield the triples of a list member that is a name or a number."""
        frame = self._frames[-1]
        yield frame.subject, start  # rdf:first
        if frame.is_empty:
            yield from self._list_begins(frame)
        else:
            yield frame.subject, start  # rdf:rest

    def _check(self, holds: bool) -> None:
        if not holds:
            raise NotUnderstoodError
