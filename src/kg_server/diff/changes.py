"""Changes between two graphs: triples added and removed, ignoring labels of blank nodes.

Triples without blank nodes are compared directly. Triples connected by blank nodes form components.
Each component is compared in its canonical form (RDF Dataset Canonicalization 1.0), so that a
change in one component does not affect the others.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from typing import Any

import pyoxigraph as ox

from kg_server import processes
from kg_server.project import Project, ProjectFile, Role, parsing, roles
from kg_server.rdf import namespaces as ns

TIMEOUT_S = 60.0
"""Time limit of canonicalization, in seconds; for some graphs it would never end."""

_FIRST, _REST = f"<{ns.RDF}first>", f"<{ns.RDF}rest>"
_LABELS = (
    "<http://www.w3.org/2000/01/rdf-schema#label>",
    "<http://www.w3.org/2004/02/skos/core#prefLabel>",
)
_WEIGHTIEST = (Role.ONTOLOGY, Role.SHAPES, Role.DATA, Role.DERIVED)
_NIL = f"<{ns.RDF}nil>"
_NONE = "[]"
"""The subject shown for a blank node to which no triple refers."""

_TICK_S = 0.2

Tell = Callable[[str, float | None], None]
"""Function for progress: gets the present step, and the fraction that is done (0 to 1) if known."""

Triple = tuple[str, str, str]
"""Subject, predicate and object in N-Triples syntax."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A predicate and a value; a blank node as value is written in Turtle, ``[ … ]``."""

    predicate: str
    value: str


@dataclass(frozen=True, slots=True)
class Change:
    """The statements removed and added for one subject, sorted.

    ``name`` has the subject's classes and label, if any. ``known`` and ``kept`` tell whether the
    old and the new graph have statements about it.
    """

    subject: str
    name: str
    removed: tuple[Statement, ...]
    added: tuple[Statement, ...]
    known: bool
    kept: bool


@dataclass(frozen=True, slots=True)
class Changes:
    """The changed subjects, by the role of their files."""

    subjects: dict[Role, tuple[Change, ...]]

    @property
    def added(self) -> int:
        """The number of statements added; a blank node with its own statements counts as one."""
        return sum(len(each.added) for changes in self.subjects.values() for each in changes)

    @property
    def removed(self) -> int:
        """The number of statements removed."""
        return sum(len(each.removed) for changes in self.subjects.values() for each in changes)


def between(
    old: Project,
    new: Project,
    timeout_s: float = TIMEOUT_S,
    tell: Tell = lambda _what, _done: None,
) -> Changes:
    """Compare two projects.

    Args:
        old: the old version.
        new: the new version.
        timeout_s: time limit, in seconds.
        tell: called several times a second with the progress.

    Raises:
        ProjectFault: a file is not well-formed, or the comparison takes too long.
    """
    late = (
        f"the blank nodes of these graphs could not be told apart within {timeout_s:g} seconds; "
        "give them names"
    )
    child = processes.start(partial(_between, old, new))
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(processes.result, child, time.monotonic() + timeout_s, late)
        try:
            while wait([waiting], timeout=_TICK_S).not_done:
                tell("Comparing triples", None)
        except BaseException:  # Ctrl-C: the pool would wait for its thread, which waits for this
            child.kill()
            raise
    changes: Changes = waiting.result()
    return changes


def _between(old: Project, new: Project) -> Changes:
    files = (*old.files, *new.files)
    if any(file.also for file in files) or _roles(old) != _roles(new):
        return _mixed(old, new)
    subjects = {}
    for role in Role:
        before, after = _Side(old.of_role(role)), _Side(new.of_role(role))
        subjects[role] = tuple(_by_subject(before, after))
    return Changes(subjects)


def _roles(project: Project) -> set[Role]:
    return {file.role for file in project.files}


def _mixed(old: Project, new: Project) -> Changes:
    """Compare projects with files of several roles; the types of a subject give its role."""
    held = {**_by_types(old.files), **_by_types(new.files)}
    by_role: dict[Role, list[Change]] = {role: [] for role in Role}
    for change in _by_subject(_Side(old.files), _Side(new.files)):
        by_role[held.get(change.subject, (*new.files, *old.files)[0].role)].append(change)
    return Changes({role: tuple(changes) for role, changes in by_role.items()})


def _by_types(files: Sequence[ProjectFile]) -> dict[str, Role]:
    """Return the role of each subject; in several files, the role with the greatest weight."""
    by_subject: dict[str, Role] = {}
    for file in files:
        types: dict[str, set[str]] = defaultdict(set)
        for quad in parsing.parsed(file):
            kinds = types[str(quad.subject)]
            if quad.predicate.value == f"{ns.RDF}type":
                kinds.add(getattr(quad.object, "value", ""))
        for subject, kinds in types.items():
            among = {file.role, *file.also}
            role = roles.of_types(kinds, among, file.role) if file.also else file.role
            earlier = by_subject.get(subject, role)
            by_subject[subject] = min(role, earlier, key=_WEIGHTIEST.index)
    return by_subject


class _Side:
    """The triples of one side: those without blank nodes, and the components of the others."""

    def __init__(self, files: Sequence[ProjectFile]) -> None:
        self.ground: set[Triple] = set()
        linked: list[ox.Triple] = []
        for file in files:
            for triple in _triples(file):
                terms = triple.subject, triple.object
                if any(isinstance(term, ox.BlankNode) for term in terms):
                    linked.append(triple)
                else:
                    self.ground.add(_text(triple))
        self.components = Counter(map(_canonical, _components(linked)))
        self._said: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for subject, predicate, value in self.ground:
            if predicate in _LABELS or predicate == f"<{ns.RDF}type>":
                self._said[subject].append((predicate, value))
        self.subjects = {str(triple.subject) for triple in linked}
        self.subjects.update(subject for subject, _, _ in self.ground)

    def name(self, subject: str) -> str:
        """Return the classes of a subject and its label, in English if possible."""
        statements = self._said.get(subject, [])
        kinds = sorted(value for predicate, value in statements if predicate not in _LABELS)
        labels = sorted(value for predicate, value in statements if predicate in _LABELS)
        best = [each for each in labels if each.endswith("@en")] or labels
        return " ".join([*kinds, *best[:1]])

    def without(self, other: _Side) -> list[Triple]:
        """Return the triples that are missing on the other side."""
        triples = [*(self.ground - other.ground)]
        for number, component in enumerate((self.components - other.components).elements()):
            triples.extend(_numbered(triple, number) for triple in component)
        return triples


def _numbered(triple: Triple, number: int) -> Triple:
    """Return a triple with the number of its component in the labels of its blank nodes."""
    subject, predicate, value = (
        f"_:b{number}{term[2:]}" if term.startswith("_:") else term for term in triple
    )
    return subject, predicate, value


def _triples(file: ProjectFile) -> Iterator[ox.Triple]:
    """Yield the triples of a file, with blank node labels that no other file has."""
    prefix = parsing.blank_prefix(file)

    def apart(term: Any) -> Any:
        return ox.BlankNode(prefix + term.value) if isinstance(term, ox.BlankNode) else term

    for quad in parsing.parsed(file):
        yield ox.Triple(apart(quad.subject), quad.predicate, apart(quad.object))


def _text(triple: ox.Triple) -> Triple:
    return str(triple.subject), str(triple.predicate), str(triple.object)


def _components(triples: Iterable[ox.Triple]) -> Iterator[list[ox.Triple]]:
    """Yield groups of triples that are connected by blank nodes."""
    parents: dict[Any, Any] = {}

    def root(node: Any) -> Any:
        while parents.setdefault(node, node) != node:
            parents[node] = node = parents[parents[node]]
        return node

    kept = list(triples)
    for triple in kept:
        blanks = [each for each in (triple.subject, triple.object) if _is_blank(each)]
        parents[root(blanks[0])] = root(blanks[-1])
    components = defaultdict(list)
    for triple in kept:
        components[root(triple.subject if _is_blank(triple.subject) else triple.object)].append(
            triple
        )
    yield from components.values()


def _is_blank(term: Any) -> bool:
    return isinstance(term, ox.BlankNode)


def _canonical(triples: Iterable[ox.Triple]) -> tuple[Triple, ...]:
    dataset = ox.Dataset(ox.Quad(*triple) for triple in triples)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return tuple(sorted(_text(quad.triple) for quad in dataset))


def _by_subject(before: _Side, after: _Side) -> Iterator[Change]:
    removed, added = _statements(before.without(after)), _statements(after.without(before))
    for subject in sorted({*removed, *added}):
        # Unchanged triples of a changed component are on both sides; they cancel out.
        gone, come = Counter(removed.get(subject, ())), Counter(added.get(subject, ()))
        less, more = _sorted(gone - come), _sorted(come - gone)
        if less or more:
            known, kept = subject in before.subjects, subject in after.subjects
            if subject == _NONE:  # there may be others, which are no part of the change
                known = kept = True
            name = after.name(subject) or before.name(subject)
            yield Change(
                subject=subject, name=name, removed=less, added=more, known=known, kept=kept
            )


def _sorted(statements: Counter[Statement]) -> tuple[Statement, ...]:
    return tuple(sorted(statements.elements(), key=lambda each: (each.predicate, each.value)))


def _statements(triples: Sequence[Triple]) -> dict[str, list[Statement]]:
    """Return the statements of each named subject, with blank nodes as nested values."""
    of_blank: dict[str, list[Triple]] = defaultdict(list)
    referred: Counter[str] = Counter()
    for triple in triples:
        if triple[0].startswith("_:"):
            of_blank[triple[0]].append(triple)
        if triple[2].startswith("_:"):
            referred[triple[2]] += 1
    nested = _Nested(of_blank, referred)
    statements: dict[str, list[Statement]] = defaultdict(list)
    for subject, predicate, value in triples:
        if not subject.startswith("_:"):
            statements[subject].append(Statement(predicate, nested.value(value)))
    for blank in sorted(of_blank, key=lambda each: referred[each] > 0):  # cycles come last
        if blank not in nested.shown:
            statements[_NONE].extend(
                Statement(predicate, nested.value(value)) for _, predicate, value in of_blank[blank]
            )
            nested.shown.add(blank)
    return statements


class _Nested:
    """A writer of blank nodes in Turtle syntax: ``[ … ]``, and lists as ``( … )``."""

    def __init__(self, of_blank: dict[str, list[Triple]], referred: Counter[str]) -> None:
        self._of_blank, self._referred = of_blank, referred
        self.shown: set[str] = set()

    def value(self, term: str) -> str:
        """Return a value in Turtle; a blank node with several references keeps its label."""
        if not term.startswith("_:") or term in self.shown or term not in self._of_blank:
            return term
        self.shown.add(term)
        triples = sorted(self._of_blank[term])
        if [predicate for _, predicate, _ in triples] == [_FIRST, _REST]:
            return self._list(triples)
        label = f"{term} = " if self._referred[term] > 1 else ""
        inner = " ; ".join(f"{predicate} {self.value(value)}" for _, predicate, value in triples)
        return f"{label}[ {inner} ]"

    def _list(self, triples: list[Triple]) -> str:
        items = []
        while True:
            items.append(self.value(triples[0][2]))
            rest = triples[1][2]
            triples = sorted(self._of_blank.get(rest, ()))
            if rest == _NIL:
                return f"( {' '.join(items)} )"
            is_cell = [predicate for _, predicate, _ in triples] == [_FIRST, _REST]
            if not is_cell or rest in self.shown:
                return f"( {' '.join(items)} … {rest} )"
            self.shown.add(rest)
