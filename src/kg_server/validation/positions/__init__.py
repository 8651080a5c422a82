"""Places of triples in a file.

The syntaxes that pyoxigraph reads in the order of the text are walked through in the same order, so
that the n-th triple is the one at the n-th place. What is read otherwise has no places.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import pyoxigraph as ox

from kg_server.project import ProjectFile
from kg_server.project.parsing import blank_prefix, parsed
from kg_server.validation.positions import jsonld, rdfxml, turtle

Triple = tuple[Any, Any, Any]


class Placed(NamedTuple):
    """A triple with where its subject and its object stand: offsets in characters, or ``None``."""

    triple: Triple
    subject: int | None
    value: int | None


def placed(file: ProjectFile, text: str) -> Iterator[Placed]:
    """Yield the triples of a file with their places, blank nodes named as findings name them."""
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
    """Pair lines and triples: in these syntaxes a line is a triple, a comment or empty."""
    left, offset = iter(triples), 0
    for line in text.split("\n"):
        statement = line.strip()
        if statement and not statement.startswith("#"):
            triple, start = next(left, None), offset + line.index(statement)
            if triple is None:
                return
            yield Placed(triple, start, start)
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

    for predicate, found in by_predicate.items():
        there = marks.get(predicate, [])
        for number, triple in enumerate(found):
            if len(there) == len(found):
                yield Placed(triple, offset(there[number][0]), offset(there[number][1]))
            else:
                yield Placed(triple, None, None)


def _of_json(triples: Iterable[Triple], text: str, base: str) -> Iterator[Placed]:
    """Pair keys and triples by what they say; of blank nodes by their predicate and value."""
    by_subject: dict[tuple[str | None, str], list[jsonld.Statement]] = defaultdict(list)
    nodes: dict[str, int] = {}
    for each in jsonld.statements(text):
        subject = None if each.subject is None else _absolute(each.subject, base)
        if subject is not None and subject.startswith("_:"):
            subject = None
        by_subject[subject, each.predicate].append(each)
        if subject:
            nodes.setdefault(subject, each.node)
    for triple in triples:
        subject, predicate, value = triple
        name = subject.value if isinstance(subject, ox.NamedNode) else None
        there = by_subject.get((name, predicate.value), [])
        said = getattr(value, "value", None)
        exact = [
            each
            for each in there
            if each.value is not None
            and said is not None
            and (each.value == said or _absolute(each.value, base) == said)
        ]
        found = next(iter(exact or there), None)
        if found is not None and name is None:
            there.remove(found)  # each blank node has its own
        node = nodes.get(name) if name else found.node if found else None
        yield Placed(triple, node, found.offset if found else None)


def _absolute(iri: str, base: str) -> str:
    from urllib.parse import urljoin

    return iri if iri.startswith("_:") else urljoin(base, iri)
