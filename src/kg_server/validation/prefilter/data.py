"""Project files in a pyoxigraph store, with a record of the literals that it alters."""

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

    The store keeps numbers, booleans and dates by value: ``"01"^^xsd:integer`` becomes ``1``.
    ``written`` has the literals of the files for each triple altered in that way. ``altered`` has
    the predicates of these triples, whose values the prefilter cannot compare as text. ``merged``
    has the predicates with two values of one subject that became one, which it cannot count.
    ``ontology`` has the triples of the ontology files.
    """

    store: ox.Store = field(default_factory=ox.Store)
    written: dict[Triple, list[ox.Literal]] = field(default_factory=dict)
    altered: set[str] = field(default_factory=set)
    merged: set[str] = field(default_factory=set)
    ontology: set[ox.Quad] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Altered:
    """Literals that the store has altered, so that a query may see a difference.

    ``values`` are these literals as they are in the store, ``predicates`` their predicates.
    ``revalued`` are those whose value differs from the files. ``doubtful`` are these, and those
    that files write in several ways that need not be equal. ``revalued_predicates`` and
    ``doubtful_predicates`` are their predicates. ``datatypes`` has the datatype in the files of
    each altered value of each predicate; ``None`` if there are several. ``odd`` are the predicates
    of values that may be ill-typed, which engines read differently.
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
    """Return the literals that the store has altered; ``odd`` also looks for odd values."""
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
    """Tell whether all literals have the same datatype and are well-typed."""
    return len({each.datatype for each in written}) == 1 and not any(
        datatypes.is_ill_typed(each.value, each.datatype.value) for each in written
    )


def _odd(facts: Facts) -> set[str]:
    """Return the predicates of values that are neither strings nor certainly well-typed."""
    solutions = facts.store.query(
        "SELECT DISTINCT ?predicate { ?any ?predicate ?value "
        f"FILTER(isLiteral(?value) && !({values.is_plain('?value')})) }}"
    )
    return {solution[0].value for solution in cast("Any", solutions)}


def _has_same_value(kept: ox.Literal, written: ox.Literal) -> bool:
    """Tell whether a number or boolean in the store has the same value as in the files."""
    if datatypes.is_ill_typed(written.value, written.datatype.value):
        return False
    if kept.datatype.value == f"{ns.XSD}boolean":
        return kept.datatype == written.datatype
    one, other = ((each.value, each.datatype.value) for each in (kept, written))
    return kept.datatype.value in _NUMBERS and datatypes.compare(one, other) == 0


def _stands_as_is(facts: Facts, predicate: ox.NamedNode | None, kept: ox.Literal) -> bool:
    """Tell whether a file also has an altered value in the form that the store has."""
    quads = facts.store.quads_for_pattern(None, predicate, kept)
    return any((quad.subject, quad.predicate, quad.object) not in facts.written for quad in quads)


def read(files: Sequence[ProjectFile], tell: Callable[[int], None] = lambda _: None) -> Facts:
    """Read data and ontology files. Blank nodes get the names that ``graphs`` gives them.

    Args:
        files: the files.
        tell: receives the number of triples read so far, now and then.

    Raises:
        ProjectFault: the files have no triples, or one is not well-formed; has line and column.
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
    """Yield the triples of a file in the default graph; ``read`` names its blank nodes alike."""
    later: list[ox.Quad] = []
    yield from _quads(file, later)
    yield from later


def add(facts: Facts, quads: Iterable[ox.Quad]) -> None:
    """Add triples to the default graph; some may be there already."""
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
    """Add the triples with altered literals, after all others, to see which of them are merged."""
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
    """Yield the triples of a file without their graphs; add those to be altered to ``later``."""
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
    """Names of the blank nodes of one file, by their order in it, as in ``graphs``."""

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
