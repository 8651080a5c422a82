"""Project files in a pyoxigraph store, with a note of the literals that it keeps otherwise."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
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
_NUMBERS = frozenset(f"{ns.XSD}{name}" for name in ("integer", "decimal", "float", "double"))


Triple = tuple[Any, Any, Any]


@dataclass(slots=True)
class Facts:
    """The data and the ontology, merged in the default graph of one store.

    The engine keeps numbers, truth values and dates by value, so that ``"01"^^xsd:integer`` comes
    out as ``1``. ``written`` has what stands in the files for each triple that is so altered.
    ``altered`` has the predicates of those: what a shape says of the characters of their values is
    not for the prefilter to tell. ``merged`` has those where two values of one subject became one,
    so that their number is not right either. ``ontology`` has the triples of the ontology files.
    """

    store: ox.Store = field(default_factory=ox.Store)
    written: dict[Triple, list[ox.Literal]] = field(default_factory=dict)
    altered: set[str] = field(default_factory=set)
    merged: set[str] = field(default_factory=set)
    ontology: set[ox.Quad] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Altered:
    """Literals that the store has altered, as far as a query may notice.

    ``predicates`` are those of all altered values, ``values`` what became of these. ``revalued``
    are those with another value now. ``doubtful`` are the latter, and those that were written in
    several ways, of which it is not certain whether they are equal. ``doubtful_predicates`` and
    ``revalued_predicates`` are their predicates. ``datatypes`` has each altered value of each
    predicate, with the datatype with which it is written, or ``None`` if it is not always the same.
    ``odd`` are the predicates of values that are not well-formed beyond doubt, which engines read
    differently.
    """

    predicates: frozenset[str]
    values: frozenset[ox.Literal]
    revalued: frozenset[ox.Literal]
    revalued_predicates: frozenset[str]
    doubtful: frozenset[ox.Literal]
    doubtful_predicates: frozenset[str]
    datatypes: Mapping[tuple[str, ox.Literal], ox.NamedNode | None]
    odd: frozenset[str]


def altered(facts: Facts, *, odd: bool) -> Altered:
    """Return what the store has altered; with ``odd``, which predicates have odd values, too."""
    at: dict[tuple[str, ox.Literal], set[ox.Literal]] = {}
    for (_, term, kept), spelt in facts.written.items():
        at.setdefault((term.value, kept), set()).update(spelt)
    for (predicate, kept), written in at.items():
        if _stands_as_is(facts, ox.NamedNode(predicate), kept):
            written.add(kept)
    forms: dict[ox.Literal, set[ox.Literal]] = {}
    for (_, kept), written in at.items():
        forms.setdefault(kept, set()).update(written)
    revalued = {
        kept
        for kept, written in forms.items()
        if not all(_has_same_value(kept, each) for each in written)
    }
    doubtful = revalued | {
        kept
        for kept, written in forms.items()
        if len(written) > 1 or _stands_as_is(facts, None, kept)
    }
    return Altered(
        predicates=frozenset(facts.altered),
        values=frozenset(forms),
        revalued=frozenset(revalued),
        revalued_predicates=frozenset(each for each, kept in at if kept in revalued),
        doubtful=frozenset(doubtful),
        doubtful_predicates=frozenset(each for each, kept in at if kept in doubtful),
        datatypes={
            key: next(iter(written)).datatype if _is_of_one_datatype(written) else None
            for key, written in at.items()
        },
        odd=frozenset(_odd(facts) if odd else ()),
    )


def _is_of_one_datatype(written: Set[ox.Literal]) -> bool:
    """Tell whether literals have one datatype, and all are well-formed."""
    return len({each.datatype for each in written}) == 1 and not any(
        datatypes.is_ill_typed(each.value, each.datatype.value) for each in written
    )


def _odd(facts: Facts) -> set[str]:
    """Return the predicates of values that are neither strings nor well-formed beyond doubt."""
    solutions = facts.store.query(
        "SELECT DISTINCT ?predicate { ?any ?predicate ?value "
        f"FILTER(isLiteral(?value) && !({values.is_plain('?value')})) }}"
    )
    return {solution[0].value for solution in cast("Any", solutions)}


def _has_same_value(kept: ox.Literal, written: ox.Literal) -> bool:
    """Tell whether a number or truth value is only written or typed otherwise."""
    if datatypes.is_ill_typed(written.value, written.datatype.value):
        return False
    if kept.datatype.value == f"{ns.XSD}boolean":
        return kept.datatype == written.datatype
    one, other = ((each.value, each.datatype.value) for each in (kept, written))
    return kept.datatype.value in _NUMBERS and datatypes.compare(one, other) == 0


def _stands_as_is(facts: Facts, predicate: ox.NamedNode | None, kept: ox.Literal) -> bool:
    """Tell whether an altered value also stands in a file as it is in the store."""
    quads = facts.store.quads_for_pattern(None, predicate, kept)
    return any((quad.subject, quad.predicate, quad.object) not in facts.written for quad in quads)


def read(files: Sequence[ProjectFile], tell: Callable[[int], None] = lambda _: None) -> Facts:
    """Read data and ontology files. Blank nodes get the names that ``graphs`` gives them.

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
            of_file = list(_quads(file, later))
            facts.ontology.update(of_file)
            facts.store.bulk_extend(of_file)
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


def add(facts: Facts, quads: Iterable[ox.Quad]) -> None:
    """Add triples in the default graph, some of which may be there already."""
    later = []
    for quad in quads:
        literal = quad.object
        if isinstance(literal, ox.Literal) and literal.language is None and not is_kept(literal):
            forms = facts.written.get((quad.subject, quad.predicate, stored(literal)), ())
            later += [] if literal in forms else [quad]
        else:
            facts.store.add(quad)
    _add_altered(facts, later)


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
    """Names the blank nodes of one file as ``graphs`` does: by the order of their mention."""

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
