"""Which files make up the graph, rebased to the base IRI, with a content hash."""

from __future__ import annotations

import codecs
import glob
import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from enum import Enum
from pathlib import Path

from kg_server.config import BASE_IRI, is_base_iri
from kg_server.errors import ProjectFault
from kg_server.project import manifest
from kg_server.project.profile import Profile

SYNTAXES = {
    ".ttl": "turtle",
    ".nt": "ntriples",
    ".nq": "nquads",
    ".trig": "trig",
    ".rdf": "rdfxml",
    ".jsonld": "jsonld",
}
"""File suffix to format name (``formats.py``)."""

_CHUNK_BYTES = 1 << 18
_PACKAGE = Path(__file__).resolve().parents[1]


class Role(Enum):
    """What a file contributes."""

    DATA = "data"
    ONTOLOGY = "ontology"
    SHAPES = "shapes"
    DERIVED = "derived"


FACTS = (Role.DATA, Role.ONTOLOGY, Role.DERIVED)
"""The roles of files that make up the graph that shapes look at."""


@dataclass(frozen=True, slots=True)
class ProjectFile:
    """One file of the project, read and rebased.

    ``graph_iri`` is the named graph that it is loaded into; ``content`` is its UTF-8 text.
    """

    path: Path
    role: Role
    graph_iri: str
    syntax: str
    content: bytes


@dataclass(frozen=True, slots=True)
class QueryFile:
    """One ``.rq`` file of the project, read and rebased."""

    path: Path
    text: str


@dataclass(frozen=True, slots=True)
class Project:
    """Everything that is validated, loaded and served; ``version`` is a hash of its contents.

    ``rules`` are levels of the rules of ``lint``, by name, as the project's manifest has them.
    ``queries`` are the files of its canned queries, ``derive`` those of the CONSTRUCT queries that
    derive triples, both in the order of their names. ``profile`` is what it says of itself.
    """

    files: tuple[ProjectFile, ...]
    base_iri: str
    version: str
    rules: Mapping[str, str] = field(default_factory=dict)
    queries: tuple[QueryFile, ...] = ()
    derive: tuple[QueryFile, ...] = ()
    profile: Profile = field(default_factory=Profile)

    def of_role(self, *roles: Role) -> tuple[ProjectFile, ...]:
        """Return the files with one of these roles, in loading order."""
        return tuple(file for file in self.files if file.role in roles)


def load(
    paths: Sequence[Path] = (), base_iri: str | None = None, *, derive: bool = True
) -> Project:
    """Read the project's files, and run its rules.

    Args:
        paths: data files or directories, or the root of a project. Empty: the project around
            the current directory, or else the one that comes with the package. Data given without
            an ontology or shapes of its own is taken with those.
        base_iri: replaces the base IRI that is written in the files, everywhere; ``None``: it
            stays.
        derive: whether the rules are run.

    Raises:
        ProjectFault: a path does not exist, cannot be read, is not UTF-8 or is no RDF file; a
            directory has no RDF files; a manifest or a rule is wrong.
    """
    from kg_server.project import rules

    said = _manifest(paths)
    written = said.base_iri or BASE_IRI
    wanted = base_iri or written
    if not is_base_iri(wanted):
        raise ProjectFault(f"the base IRI {wanted!r} must be of the web, and end with a slash")
    found = _discover(paths)
    files = tuple(_read(path, role, name, written, wanted) for path, role, name in found)
    if not any(file.path.resolve().is_relative_to(said.root.resolve()) for file in files):
        # Files from elsewhere: the project around us has nothing to say of them.
        said = manifest.Manifest(said.root, said.base_iri, rules=said.rules)
    queries = tuple(_canned_queries(said, written, wanted))
    to_derive = tuple(
        QueryFile(path, _contents(path, written, wanted).decode())
        for path in _query_files(said.derive)
    )
    profile = _profile(said, files, written, wanted)
    digest = hashlib.sha256(wanted.encode())
    named = [(file.graph_iri, file.content) for file in files]
    named += [(query.path.name, query.text.encode()) for query in (*queries, *to_derive)]
    named.append(("profile", repr(profile).encode()))
    for name, content in named:
        for part in (name.encode(), b"\0", content, b"\0"):
            digest.update(part)
    version = digest.hexdigest()
    loaded = Project(files, wanted, version, said.rules, queries, to_derive, profile)
    return rules.with_derived(loaded) if derive else loaded


def base_iri_of(paths: Sequence[Path]) -> str:
    """Return the base IRI that is written in a project's files.

    Raises:
        ProjectFault: its manifest is wrong.
    """
    return _manifest(paths).base_iri or BASE_IRI


def stamps(paths: Sequence[Path]) -> dict[Path, tuple[int, int]]:
    """Return size and time of change of every file of a project, without reading them.

    Raises:
        ProjectFault: as ``load``, as far as the names go.
    """
    said = _manifest(paths)
    found = [path for path, _, _ in _discover(paths)] + _query_files((*said.queries, *said.derive))
    if source := manifest.source(said.root):
        found.append(source)
    stats = ((path, path.stat()) for path in found)
    return {path: (stat.st_size, stat.st_mtime_ns) for path, stat in stats}


def home() -> Path:
    """Return the root of the project to work on when none is named."""
    here = Path.cwd()
    if is_root(here):
        return here
    bundled = _PACKAGE / "project_files"
    return manifest.find(here) or (bundled if bundled.is_dir() else _PACKAGE.parents[1])


def is_root(path: Path) -> bool:
    """Tell whether a directory is the root of a project."""
    usual = (path / "data").is_dir() and (path / "ontology").is_dir()
    return usual or (path.is_dir() and manifest.source(path) is not None)


def _manifest(paths: Sequence[Path]) -> manifest.Manifest:
    """Return the manifest of the project that is named, or that lends its ontology and shapes."""
    roots = [path for path in paths if is_root(path)]
    return manifest.read(roots[0] if roots else home())


def _discover(paths: Sequence[Path]) -> list[tuple[Path, Role, str]]:
    """Return path, role and graph name of every file, ontology and shapes included."""
    roots = [path for path in paths if is_root(path)] or ([] if paths else [home()])
    found = [each for root in roots for each in _files_of_root(root)]
    for path in paths:
        if path not in roots:
            found.extend((each, _role(each), each.stem) for each in _rdf_files(path))
    if not roots and not any(role is not Role.DATA for _, role, _ in found):
        found.extend(each for each in _files_of_root(home()) if each[1] is not Role.DATA)
    order = list(Role)
    found = _told_apart(found)
    return sorted(found, key=lambda each: (order.index(each[1]), each[2], each[0]))


def _told_apart(found: Iterable[tuple[Path, Role, str]]) -> list[tuple[Path, Role, str]]:
    """Return each file once, and with a graph name that no other file has.

    The names of blank nodes come from the graph's name, so that ``a/points.ttl`` and
    ``b/points.ttl`` would share theirs. Where names are the same, as much of the paths counts as
    tells the files apart.
    """
    files = {path.resolve(): (path, role, name) for path, role, name in reversed(list(found))}
    counts = Counter(name for _, _, name in files.values())
    same = {path: name for path, (_, _, name) in files.items() if counts[name] > 1}
    taken = {name for name in counts if counts[name] == 1}
    for path, name in sorted(same.items()):
        alike = [other.parent for other, its in same.items() if its == name]
        relative = path.relative_to(os.path.commonpath(alike))
        longer = relative.with_suffix("").as_posix()
        number = 0
        while longer in taken:
            longer = f"{relative.as_posix()}{number or ''}"
            number += 1
        taken.add(longer)
        files[path] = (*files[path][:2], longer)
    return list(files.values())


def _files_of_root(root: Path) -> Iterable[tuple[Path, Role, str]]:
    said = manifest.read(root)
    taken: set[Path] = set()
    # Shapes first: a pattern for the ontology may fit their files as well.
    for places, role, prefix in (
        (said.shapes, Role.SHAPES, "shapes/"),
        (said.ontology, Role.ONTOLOGY, "ontology/"),
        (said.data, Role.DATA, ""),
    ):
        for place in places:
            # A project may keep its terms elsewhere and have nothing in ontology/ but shapes/.
            if role is Role.ONTOLOGY and place.is_dir() and not any(place.glob("*.*")):
                continue
            base = place if place.is_dir() else place.parent
            for path in _rdf_files(place, recursive=role is Role.DATA):
                if path not in taken:
                    taken.add(path)
                    yield path, role, prefix + path.relative_to(base).with_suffix("").as_posix()


def _query_files(places: Iterable[Path]) -> list[Path]:
    """Return the ``.rq`` files at some places, in the order of their names."""
    found = (
        each
        for place in places
        for each in (place.rglob("*.rq") if place.is_dir() else [place])
        if each.suffix == ".rq"
    )
    return sorted(dict.fromkeys(found), key=lambda path: (path.stem, path))


def _role(path: Path) -> Role:
    if "shapes" in path.parts[-2:] or path.stem.endswith("shapes"):
        return Role.SHAPES
    return Role.ONTOLOGY if "ontology" in path.parts[-2:] else Role.DATA


def _rdf_files(path: Path, *, recursive: bool = True) -> list[Path]:
    if not path.exists():
        raise ProjectFault("there is no such file or directory", path=path)
    if path.is_file():
        if path.suffix not in SYNTAXES:
            known = ", ".join(SYNTAXES)
            raise ProjectFault(f"not a kind of RDF file that is known here ({known})", path=path)
        return [path]
    entries = path.rglob("*") if recursive else path.glob("*")
    files = sorted(each for each in entries if each.suffix in SYNTAXES and each.is_file())
    if not files:
        raise ProjectFault("the directory has no RDF files", path=path)
    return files


def _read(path: Path, role: Role, name: str, written: str, base_iri: str) -> ProjectFile:
    content = _contents(path, written, base_iri)
    return ProjectFile(path, role, f"{base_iri}graph/{name}", SYNTAXES[path.suffix], content)


def _canned_queries(said: manifest.Manifest, written: str, base_iri: str) -> Iterator[QueryFile]:
    """Yield the query files but for competency questions: without a header, with an answer."""
    for path in _query_files(said.queries):
        text = _contents(path, written, base_iri).decode()
        if text.startswith("#+") or not any(
            each.suffix != path.suffix for each in path.parent.glob(f"{glob.escape(path.stem)}.*")
        ):
            yield QueryFile(path, text)


def _profile(
    said: manifest.Manifest, files: Iterable[ProjectFile], written: str, base_iri: str
) -> Profile:
    """Return the manifest's profile with the files' prefixes, and with IRIs in full.

    Raises:
        ProjectFault: a term of the evidence has a prefix that no file has.
    """
    prefixes = _prefixes(files)
    evidence = said.profile.evidence
    if evidence:
        given = {each.name: getattr(evidence, each.name) for each in fields(evidence)}
        terms = {
            name: manifest.evidence_iri(said, name, term, prefixes).replace(written, base_iri)
            for name, term in given.items()
            if term is not None
        }
        evidence = replace(evidence, **terms)
    return replace(said.profile, evidence=evidence, prefixes=prefixes)


def _prefixes(files: Iterable[ProjectFile]) -> dict[str, str]:
    """Return the prefixes at the head of files; where they differ, those of most files."""
    from kg_server.project import parsing

    found: dict[str, Counter[str]] = {}
    for file in files:
        for prefix, namespace in parsing.prefixes(file).items():
            found.setdefault(prefix, Counter())[namespace] += 1
    return {prefix: counts.most_common(1)[0][0] for prefix, counts in sorted(found.items())}


def _contents(path: Path, written: str, base_iri: str) -> bytes:
    """Return a file's UTF-8 text with the base IRI that is wanted in place of the written one.

    Raises:
        ProjectFault: it cannot be read, or is not UTF-8; says the line.
    """
    try:
        content = path.read_bytes()
        _check_utf8(content)
    except OSError as error:
        raise ProjectFault(f"cannot be read: {error.strerror}", path=path) from error
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ProjectFault("not UTF-8 text", path=path, line=line) from error
    # One replacement serves prefixes, full IRIs and literals such as the preferred namespace;
    # it keeps the number of lines, so that messages still point to the right one.
    if base_iri != written:  # else it would be a copy of them all
        content = content.replace(written.encode(), base_iri.encode())
    return content


def _check_utf8(content: bytes) -> None:
    """Check that bytes are UTF-8, without making a string of them all: four times their size.

    Raises:
        UnicodeDecodeError: they are not; says where.
    """
    decode = codecs.getincrementaldecoder("utf-8")().decode
    try:
        for start in range(0, len(content), _CHUNK_BYTES):
            decode(content[start : start + _CHUNK_BYTES])
        decode(b"", True)
    except UnicodeDecodeError:
        content.decode()  # raises it again, with the place in the whole
