"""The files of a project, and what each of them contributes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from kg_server import escaping
from kg_server.errors import ProjectFault
from kg_server.project.profile import Profile


class Role(Enum):
    """Role of a file in a project."""

    DATA = "data"
    ONTOLOGY = "ontology"
    SHAPES = "shapes"
    DERIVED = "derived"


FACTS = (Role.DATA, Role.ONTOLOGY, Role.DERIVED)
"""The roles of files that make up the graph that shapes look at."""


@dataclass(frozen=True, slots=True)
class ProjectFile:
    """One file of the project, read and rebased.

    ``role`` is what it mainly contributes, ``also`` what it contributes besides. ``imported`` tells
    that it is read only because another file imports it. ``graph_iri`` is
    the named graph that it is loaded into, and the base of its relative IRIs; ``content`` is its
    UTF-8 text.
    """

    path: Path
    role: Role
    graph_iri: str
    syntax: str
    content: bytes
    also: frozenset[Role] = frozenset()
    imported: bool = False

    def has_role(self, *roles: Role) -> bool:
        """Tell whether the file contributes one of these."""
        return self.role in roles or not self.also.isdisjoint(roles)


@dataclass(frozen=True, slots=True)
class QueryFile:
    """One ``.rq`` file of the project, read and rebased."""

    path: Path
    text: str


@dataclass(frozen=True, slots=True)
class Unread:
    """A file that cannot be read: the named graph that it would be, and its fault."""

    graph_iri: str
    fault: ProjectFault


@dataclass(frozen=True, slots=True)
class Project:
    """Everything that is validated, loaded and served; ``version`` is a hash of its contents.

    ``rules`` are the levels of lint rules in the manifest, by the rule's name. ``queries`` are the
    files of the canned queries, ``derive`` those of the CONSTRUCT queries that derive triples, both
    in the order of their names. ``profile`` has title, licence and the like. ``origin`` says in
    words where the files come from. ``unread`` are files that are left out because they cannot be
    read. ``imported`` are the IRIs of imported ontologies that have a file.
    """

    files: tuple[ProjectFile, ...]
    base_iri: str
    version: str
    rules: Mapping[str, str] = field(default_factory=dict)
    queries: tuple[QueryFile, ...] = ()
    derive: tuple[QueryFile, ...] = ()
    profile: Profile = field(default_factory=Profile)
    origin: str = ""
    unread: tuple[Unread, ...] = ()
    imported: frozenset[str] = frozenset()

    def of_role(self, *roles: Role) -> tuple[ProjectFile, ...]:
        """Return the files with one of these roles, in loading order."""
        return tuple(file for file in self.files if file.has_role(*roles))

    @property
    def hidden_graphs(self) -> frozenset[str]:
        """The named graphs outside of the default graph: shapes, where there are other files."""
        hidden = {file.graph_iri for file in self.files if file.role is Role.SHAPES}
        shown = {file.graph_iri for file in self.files} - hidden
        return frozenset(hidden if shown else ())

    @property
    def summary(self) -> str:
        """One line: where the files come from, and the files of each role."""
        return f"{self.origin}; {self.counted}"

    @property
    def counted(self) -> str:
        """Text that lists the files of each role."""
        own = [file for file in self.files if not file.imported]
        groups = {role.value: [each.path for each in own if each.has_role(role)] for role in Role}
        groups["imported"] = [each.path for each in self.files if each.imported]
        groups["not read"] = [each.fault.path for each in self.unread if each.fault.path]
        counts = Counter(
            each.name for each in {path for paths in groups.values() for path in paths}
        )
        parts = [f"{name}: {_listed(paths, counts)}" for name, paths in groups.items() if paths]
        return "; ".join(parts) or "no RDF files"


def _listed(paths: list[Path], counts: Mapping[str, int]) -> str:
    """Return the names of files, or the paths of those with one name; of many files, the number."""
    names = [path.as_posix() if counts[path.name] > 1 else path.name for path in paths]
    return ", ".join(map(escaping.line, names)) if len(names) <= _SHOWN else f"{len(names):,} files"


_SHOWN = 3
"""Most files that a line lists by name."""
