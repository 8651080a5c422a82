"""Weight of a change: patch, minor or major, by the table in ``docs/diff.md``.

Ontology, code lists and shapes share a version; data may change under any version.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from kg_server.diff.changes import Change, Changes
from kg_server.project import Project, Role
from kg_server.rdf import namespaces as ns
from kg_server.validation.prefilter import data

_WORDS = re.compile(
    rf"<({ns.RDFS}(label|comment|seeAlso|isDefinedBy)|{ns.DCTERMS}(?!isReplacedBy)\w+|"
    rf"{ns.SKOS}(prefLabel|altLabel|hiddenLabel|definition|note|scopeNote|example|editorialNote|"
    rf"changeNote|historyNote|notation)|"
    rf"{ns.OWL}(versionInfo|versionIRI|priorVersion|annotated(Source|Property|Target))|"
    r"http://www.w3.org/ns/prov#\w+|http://purl.org/vocab/vann/\w+)>"
)
"""Predicates of labels, definitions, notes and sources."""
_LINKS = re.compile(
    rf"<({ns.SKOS}(exact|close|broad|narrow|related)Match|{ns.OWL}(equivalentClass|equivalentProperty|"
    rf"sameAs|deprecated|incompatibleWith|backwardCompatibleWith)|{ns.DCTERMS}isReplacedBy|"
    rf"{ns.SKOS}hasTopConcept|{ns.SKOS}member)>"
)
"""Predicates of alignments, of deprecation, and of the members of code lists."""
_NARROWING = re.compile(
    rf"<({ns.RDFS}(domain|range)|{ns.OWL}(disjointWith|propertyDisjointWith|hasKey))>"
)
"""Predicates of which each value restricts the data further."""


_ANNOTATIONS = (f"<{ns.OWL}Axiom>", f"<{ns.OWL}Annotation>")
"""Types of nodes that only say something of an axiom; their other statements are weighed."""


class Level(IntEnum):
    """The weight of a change; the exit code of ``kg-server diff`` is 10 + the value - 1."""

    NONE = 0
    PATCH = 1
    MINOR = 2
    MAJOR = 3

    @property
    def exit_code(self) -> int:
        """0 for no change, else 10, 11 or 12."""
        return 9 + self.value if self.value else 0


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason for the weight of a change: the subject, and the change in words."""

    level: Level
    subject: str
    why: str


def reasons(changes: Changes) -> list[Reason]:
    """Return the reasons for each changed subject, the greatest weight first."""
    listed: list[Reason] = []
    for change in changes.subjects[Role.ONTOLOGY]:
        listed.extend(_of_term(change))
    for change in changes.subjects[Role.SHAPES]:
        listed.append(Reason(Level.MINOR, change.subject, "a shape changed"))
    for change in changes.subjects[Role.DATA]:
        listed.append(Reason(Level.PATCH, change.subject, "data changed"))
    return sorted(set(listed), key=lambda each: (-each.level, each.subject, each.why))


def level(listed: list[Reason]) -> Level:
    """Return the greatest weight."""
    return max((each.level for each in listed), default=Level.NONE)


def _of_term(change: Change) -> Iterator[Reason]:
    if not change.known:
        yield Reason(Level.MINOR, change.subject, "new")
        return
    if not change.kept:
        yield Reason(Level.MAJOR, change.subject, "removed")
        return
    for added, statements in ((True, change.added), (False, change.removed)):
        for statement in statements:
            if statement.value in _ANNOTATIONS:
                continue
            weight, why = _of_statement(statement.predicate, added=added)
            yield Reason(weight, change.subject, f"{why} {statement.predicate}")


def _of_statement(predicate: str, *, added: bool) -> tuple[Level, str]:
    """Return the weight of one changed statement about a term that both versions have."""
    done = "added" if added else "removed"
    if _WORDS.fullmatch(predicate):
        return Level.PATCH, f"words {done}:"
    if _LINKS.fullmatch(predicate):
        return Level.MINOR, f"link {done}:"
    if _NARROWING.fullmatch(predicate) and not added:
        return Level.MINOR, "widened, removed"
    return Level.MAJOR, f"{'narrowed' if added else 'meaning changed'}, {done}"


def versions(project: Project) -> dict[str, str]:
    """Return ``owl:versionInfo`` of each ontology of a project's ontology and shapes files."""
    facts: dict[str, str] = {}
    for file in project.of_role(Role.ONTOLOGY, Role.SHAPES):
        for quad in data.quads(file):
            if quad.predicate.value == f"{ns.OWL}versionInfo":
                facts[str(quad.subject)] = getattr(quad.object, "value", "")
    return facts


def not_raised(old: Project, new: Project, needed: Level) -> list[str]:
    """Return a sentence for each ontology whose version was not raised enough for the change."""
    if needed <= Level.NONE:
        return []
    before, after = versions(old), versions(new)
    return [
        f"{subject} has version {after[subject]} but needs {_after(before[subject], needed)}"
        for subject in sorted(before.keys() & after.keys())
        if _numbers(after[subject]) < _numbers(_after(before[subject], needed))
    ]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(each) for each in re.findall(r"\d+", version)[:3])


def _after(version: str, needed: Level) -> str:
    """Return the next version (Semantic Versioning 2.0.0 §4: before 1.0.0, major is minor).

    >>> _after("1.2.3", Level.MINOR), _after("0.2.3", Level.MAJOR)
    ('1.3.0', '0.3.0')
    """
    major, minor, patch = (*_numbers(version), 0, 0, 0)[:3]
    if needed is Level.MAJOR and major:
        return f"{major + 1}.0.0"
    if needed in (Level.MINOR, Level.MAJOR):
        return f"{major}.{minor + 1}.0"
    return f"{major}.{minor}.{patch + 1}"
