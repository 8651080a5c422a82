"""Positions of triples in a file.

pyoxigraph yields the triples of most syntaxes in the order of the text. A tokenizer yields the
positions in the same order, so that the n-th position is that of the n-th triple. If the two
disagree, triples have no positions.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any, NamedTuple

import pyoxigraph as ox

from kg_server.project import ProjectFile
from kg_server.project.parsing import blank_prefix, parsed
from kg_server.validation.positions import jsonld, rdfxml, turtle

_BEFORE_VALUE = re.compile(r"(?:<[^<>]*>|_:[^\s<]+)\s*<[^<>]*>\s*")
"""Subject and predicate of a statement in N-Triples."""
Triple = tuple[Any, Any, Any]


class Placed(NamedTuple):
    """A triple with the offsets of subject and object, in characters; ``None`` if unknown."""

    triple: Triple
    subject: int | None
    value: int | None


def placed(file: ProjectFile, text: str) -> Iterator[Placed]:
    """Yield the triples of a file with their positions; ``graphs`` names blank nodes alike."""
    triples = _named(file)
    if file.syntax in ("turtle", "trig"):
        yield from _of_turtle(triples, text, trig=file.syntax == "trig")
    elif file.syntax in ("ntriples", "nquads"):
        yield from _of_lines(triples, text)
    elif file.syntax == "rdfxml":
        yield from _of_xml(triples, file.content, text)
    else:
        yield from _of_json(triples, text, file.graph_iri)


def _named(file: ProjectFile) -> Iterator[Triple]:
    prefix, names = blank_prefix(file), dict[str, ox.BlankNode]()

    def named(term: Any) -> Any:
        if not isinstance(term, ox.BlankNode):
            return term
        if term.value not in names:
            names[term.value] = ox.BlankNode(f"{prefix}{len(names) + 1}")
        return names[term.value]

    for quad in parsed(file):
        yield named(quad.subject), quad.predicate, named(quad.object)


def _of_turtle(triples: Iterable[Triple], text: str, *, trig: bool) -> Iterator[Placed]:
    spots = turtle.spots(text, trig=trig)
    for triple in triples:
        try:
            subject, value = next(spots)
        except (StopIteration, turtle.NotUnderstoodError):
            spots = iter(())
            yield Placed(triple, None, None)
        else:
            yield Placed(triple, subject, value)


def _of_lines(triples: Iterable[Triple], text: str) -> Iterator[Placed]:
    """Pair lines and triples: in N-Triples and N-Quads, a line is a triple, a comment or empty."""
    left, offset = iter(triples), 0
    for line in text.split("\n"):
        statement = line.strip()
        if statement and not statement.startswith("#"):
            triple, start = next(left, None), offset + line.index(statement)
            if triple is None:
                return
            before = _BEFORE_VALUE.match(statement)
            yield Placed(triple, start, start + before.end() if before else start)
        offset += len(line) + 1


def _of_xml(triples: Iterable[Triple], content: bytes, text: str) -> Iterator[Placed]:
    marks = rdfxml.marks(content)
    by_predicate: dict[str, list[Triple]] = defaultdict(list)
    for triple in triples:
        by_predicate[triple[1].value].append(triple)
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)

    def offset(mark: tuple[int, int]) -> int:
        return starts[mark[0] - 1] + mark[1] - 1

    for predicate, of_predicate in by_predicate.items():
        places = marks.get(predicate, [])
        for number, triple in enumerate(of_predicate):
            if len(places) == len(of_predicate):
                yield Placed(triple, offset(places[number][0]), offset(places[number][1]))
            else:
                yield Placed(triple, None, None)


def _of_json(triples: Iterable[Triple], text: str, base: str) -> Iterator[Placed]:
    """Pair the objects of a JSON-LD document with subjects, then its keys with triples."""
    listed = list(triples)
    pairing = _Pairing(listed, jsonld.nodes(text), base)
    pairing.run()
    for triple in listed:
        yield pairing.placed(triple)


class _Pairing:
    """Pairing of JSON objects with subjects: by name, then by the triples that lead to them."""

    def __init__(self, triples: list[Triple], nodes: list[jsonld.Node], base: str) -> None:
        self._base, self._nodes = base, nodes
        self._objects: dict[Any, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
        for subject, predicate, value in triples:
            self._objects[subject][predicate.value].append(value)
        self._of: dict[Any, list[jsonld.Node]] = defaultdict(list)
        self._term: dict[int, Any] = {}
        self._labelled: dict[str, list[jsonld.Node]] = defaultdict(list)
        for node in nodes:
            if node.name is not None and node.name.startswith("_:"):
                self._labelled[node.name].append(node)

    def run(self) -> None:
        """Pair named objects, then the blank nodes below them, then other blank nodes."""
        for node in self._nodes:
            if node.name is not None and not node.name.startswith("_:"):
                with suppress(ValueError):  # an invalid IRI: pyoxigraph skips its triples
                    self._pair(node, ox.NamedNode(_absolute(node.name, self._base)))
        self._go_down(list(self._of))
        below = {id(statement.node) for node in self._nodes for statement in node.statements}
        for subject in [each for each in self._objects if isinstance(each, ox.BlankNode)]:
            if subject in self._of:
                continue
            predicates = set(self._objects[subject])
            left = (node for node in self._nodes if node.statements and id(node) not in self._term)
            same = [
                each
                for each in left
                if {statement.predicate for statement in each.statements} == predicates
            ]
            if best := next((each for each in same if id(each) not in below), None) or next(
                iter(same), None
            ):
                self._pair(best, subject)
                self._go_down([subject])

    def _pair(self, node: jsonld.Node, term: Any) -> None:
        also = self._labelled.get(node.name or "", []) or [node]
        for each in also:
            self._term[id(each)] = term
            self._of[term].append(each)

    def _go_down(self, subjects: list[Any]) -> None:
        while subjects:
            subject = subjects.pop()
            below: dict[str, list[jsonld.Node]] = defaultdict(list)
            for node in self._of[subject]:
                for statement in node.statements:
                    if statement.node is not None and id(statement.node) not in self._term:
                        below[statement.predicate].append(statement.node)
            for predicate, nodes in below.items():
                values = dict.fromkeys(self._objects[subject][predicate])
                blanks = [
                    each
                    for each in values
                    if isinstance(each, ox.BlankNode) and each not in self._of
                ]
                if len(blanks) == len(nodes):
                    for node, blank in zip(nodes, blanks, strict=True):
                        self._pair(node, blank)
                        subjects.append(blank)

    def placed(self, triple: Triple) -> Placed:
        """Return a triple with its positions."""
        subject, predicate, value = triple
        nodes = self._of.get(subject, [])
        statements = [
            (node, statement)
            for node in nodes
            for statement in node.statements
            if statement.predicate == predicate.value
        ]
        exact = (each for each in statements if self._matches(each[1], value))
        statement = next(exact, statements[0] if statements else None)
        if statement is None:
            return Placed(triple, nodes[0].offset if nodes else None, None)
        return Placed(triple, statement[0].offset, statement[1].offset)

    def _matches(self, statement: jsonld.Statement, value: Any) -> bool:
        if statement.node is not None:
            return bool(self._term.get(id(statement.node)) == value)
        text = getattr(value, "value", None)
        if text in statement.texts:
            return True
        if isinstance(value, ox.NamedNode):
            return any(_absolute(each, self._base) == text for each in statement.texts)
        try:
            return bool(text and statement.texts and float(statement.texts[0]) == float(text))
        except ValueError:
            return False


def _absolute(iri: str, base: str) -> str:
    return iri if iri.startswith("_:") else jsonld.joined(base, iri)
