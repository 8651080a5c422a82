"""Project files in a pyoxigraph store, with a note of the literals that it keeps otherwise."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pyoxigraph as ox

from kg_server.errors import ProjectFault
from kg_server.project import ProjectFile, Role, parsing
from kg_server.rdf import datatypes
from kg_server.rdf import namespaces as ns
from kg_server.validation.prefilter import values
from kg_server.validation.prefilter.stored import is_kept, stored

_STEP = 50_000


Triple = tuple[Any, Any, Any]


@dataclass(slots=True)
class Facts:
    """The data and the ontology, merged in the default graph of one store.

    The engine keeps numbers, truth values and dates by value, so that ``"01"^^xsd:integer`` comes
    out as ``1``. ``written`` has what stands in the files for each triple that is so altered.
    ``altered`` has the predicates of those: what a shape says of the characters of their values is
    not for the sieve to judge. ``merged`` has those where two values of one subject became one, so
    that their number is not right either. ``ontology`` has the triples of the ontology files.
    """

    store: ox.Store = field(default_factory=ox.Store)
    written: dict[Triple, list[ox.Literal]] = field(default_factory=dict)
    altered: set[str] = field(default_factory=set)
    merged: set[str] = field(default_factory=set)
    ontology: set[ox.Quad] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Altered:
    """Literals that the store has altered, as far as a query may notice.

    ``predicates`` are those of all altered values, and ``values`` what became of these. ``retyped``
    are those with another datatype or another value now. ``unsure`` are the predicates of these and
    of those that were written in several ways: where they meet, or do not, is not certain either.
    So are those of values that are not well-formed beyond doubt, which engines read differently.
    """

    predicates: frozenset[str]
    values: frozenset[ox.Literal]
    retyped: frozenset[ox.Literal]
    unsure: frozenset[str]


def altered(facts: Facts, *, odd: bool) -> Altered:
    """Return what the store has altered; with ``odd``, which predicates have odd values, too."""
    forms: dict[ox.Literal, set[ox.Literal]] = {}
    for (_, _, kept), written in facts.written.items():
        forms.setdefault(kept, set()).update(written)
    retyped = {
        kept
        for kept, written in forms.items()
        if not all(_is_respelled(kept, each) for each in written)
    }
    unsure = retyped | {
        kept for kept, written in forms.items() if len(written) > 1 or _stands_as_is(facts, kept)
    }
    doubtful = {each[1].value for each in facts.written if each[2] in unsure}
    return Altered(
        frozenset(facts.altered),
        frozenset(forms),
        frozenset(retyped),
        frozenset(doubtful | _odd(facts)) if odd else frozenset(doubtful),
    )


def _odd(facts: Facts) -> set[str]:
    """Return the predicates of values that are neither strings nor well-formed beyond doubt."""
    found = facts.store.query(
        "SELECT DISTINCT ?predicate { ?any ?predicate ?value "
        f"FILTER(isLiteral(?value) && !({values.is_plain('?value')})) }}"
    )
    return {solution[0].value for solution in cast("Any", found)}


def _is_respelled(kept: ox.Literal, written: ox.Literal) -> bool:
    """Tell whether a number or truth value is only written otherwise, its value the same."""
    name = kept.datatype.value.removeprefix(ns.XSD)
    return (
        kept.datatype == written.datatype
        and name in ("integer", "decimal", "float", "double", "boolean")
        and not datatypes.is_ill_typed(written.value, written.datatype.value)
    )


def _stands_as_is(facts: Facts, kept: ox.Literal) -> bool:
    """Tell whether an altered value also stands in a file as it is in the store."""
    quads = facts.store.quads_for_pattern(None, None, kept)
    return any((quad.subject, quad.predicate, quad.object) not in facts.written for quad in quads)


def read(files: Sequence[ProjectFile], tell: Callable[[int], None] = lambda _: None) -> Facts:
    """Read data and ontology files. Blank nodes get the names that ``loading`` gives them.

    Args:
        files: the files.
        tell: is told now and then how many triples were read.

    Raises:
        ProjectFault: the files have no triples, or one is not well-formed; says line and column.
    """
    facts = Facts()
    later: list[ox.Quad] = []
    counted = _counted(tell)
    for file in files:
        if file.role is Role.ONTOLOGY:
            facts.ontology.update(_quads(file, later))
            facts.store.bulk_extend(facts.ontology)
        else:
            facts.store.bulk_extend(counted(_quads(file, later)))
    if not (len(facts.store) or later):
        raise ProjectFault("the files of data and ontology have no triples")
    _add_altered(facts, later)
    return facts


def quads(file: ProjectFile) -> Iterator[ox.Quad]:
    """Yield the triples of a file in the default graph, its blank nodes named as by ``read``."""
    later: list[ox.Quad] = []
    yield from _quads(file, later)
    yield from later


def _counted(tell: Callable[[int], None]) -> Callable[[Iterator[ox.Quad]], Iterator[ox.Quad]]:
    numbers = itertools.count(1)

    def count(quads: Iterator[ox.Quad]) -> Iterator[ox.Quad]:
        for number, quad in zip(numbers, quads, strict=False):
            if not number % _STEP:
                tell(number)
            yield quad

    return count


def _add_altered(facts: Facts, quads: Sequence[ox.Quad]) -> None:
    """Add the triples with altered literals, last, to see which become one with another."""
    for quad in dict.fromkeys(quads):
        literal = cast("ox.Literal", quad.object)
        predicate, kept = quad.predicate.value, stored(literal)
        facts.altered.add(predicate)
        forms = facts.written.setdefault((quad.subject, quad.predicate, kept), [])
        if quad in facts.store:
            facts.merged.add(predicate)
            forms.extend([] if forms else [kept])
        forms.append(literal)
        facts.store.add(quad)


def _quads(file: ProjectFile, later: list[ox.Quad]) -> Iterator[ox.Quad]:
    """Yield the triples of a file, out of their named graphs; those to be altered go elsewhere."""
    blank = _Blanks(file)
    for quad in parsing.parsed(file):
        subject, predicate, value = quad.subject, quad.predicate, quad.object
        if isinstance(value, ox.Literal) and value.language is None and not is_kept(value):
            later.append(ox.Quad(blank(subject), predicate, value))
            continue
        if isinstance(subject, ox.NamedNode) and not isinstance(value, ox.BlankNode):
            yield ox.Quad(subject, predicate, value)
        else:
            yield ox.Quad(blank(subject), predicate, blank(value))


class _Blanks:
    """Names the blank nodes of one file as ``loading`` does: by the order of their mention."""

    def __init__(self, file: ProjectFile) -> None:
        self._prefix = parsing.blank_prefix(file)
        self._names: dict[str, ox.BlankNode] = {}

    def __call__(self, term: Any) -> Any:
        if not isinstance(term, ox.BlankNode):
            return term
        named = self._names.get(term.value)
        if named is None:
            name = f"{self._prefix}{len(self._names) + 1}"
            named = self._names[term.value] = ox.BlankNode(name)
        return named
