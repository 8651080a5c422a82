"""Project: the files that make up the graph, rebased to the base IRI, with a content hash."""

from __future__ import annotations

import glob
import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import fields, replace
from pathlib import Path
from urllib.parse import quote

from kg_server import escaping
from kg_server.config import NEUTRAL_BASE_IRI, is_base_iri
from kg_server.errors import NoProject, ProjectFault
from kg_server.project import (
    boundary,
    contexts,
    discovery,
    entities,
    imports,
    manifest,
    nesting,
    parsing,
    rdfxml,
    roles,
    rules,
    syntax,
    xml_literals,
)
from kg_server.project.discovery import Source, bundled, is_root
from kg_server.project.files import FACTS, Project, ProjectFile, QueryFile, Role, Unread
from kg_server.project.profile import Profile
from kg_server.project.syntax import SYNTAXES

__all__ = [
    "EXAMPLE",
    "FACTS",
    "SYNTAXES",
    "Project",
    "ProjectFile",
    "QueryFile",
    "Role",
    "Unread",
    "base_iri_of",
    "bundled",
    "home",
    "is_root",
    "load",
    "sound",
    "stamps",
]

EXAMPLE = "the example that comes with kg-server"
"""The origin of the project that ``serve`` shows outside of any other."""
GIVEN = "files given by name"
"""The origin of files outside of a project."""

Chosen = Mapping[Role, Sequence[Path]]
"""Files by the role that an option gives them (``--shapes``, ``--ontology``, ``--data``)."""

_NOT_IN_IRI = re.compile(
    r"""[\x00- "#%<>?\[\\\]^`{|}\x7f-\x9f\ud800-\uf8ff\ufdd0-\ufdef\ufff0-\uffff"""
    r"\U0001fffe\U0001ffff\U0002fffe\U0002ffff\U0003fffe-\U0010ffff]"
)
"""Characters that a path of an IRI cannot have as they are (RFC 3987 §2.2, ``ipchar``)."""


def load(
    paths: Sequence[Path] = (),
    base_iri: str | None = None,
    *,
    chosen: Chosen | None = None,
    example: bool = False,
    derive: bool = True,
    lenient: bool = False,
) -> Project:
    """Read the project's files, and run its rules.

    Args:
        paths: files or directories, or the root of a project. Empty: the project around the
            current directory. The contents of a file decide its role. Data in the folder of a
            project are read with its ontology and shapes, unless ``paths`` have any.
        base_iri: replaces the base IRI that is written in the files, everywhere; ``None``: it
            stays.
        chosen: files whose role is given. They take the place of the project's files of that role.
        example: whether the project that comes with the package is read where there is no other.
        derive: whether the rules are run.
        lenient: whether files that cannot be read are left out and listed as ``unread``.

    Raises:
        ProjectFault: there is no project; a path does not exist, cannot be read, is not UTF-8 or
            is no RDF file; a directory has no RDF files; a manifest or a rule is wrong.
    """
    plan = _Plan(paths, chosen or {}, example=example)
    base_iri = base_iri or plan.manifest.base_iri or NEUTRAL_BASE_IRI
    if not is_base_iri(base_iri):
        raise ProjectFault(f"the base IRI {base_iri!r} must be of the web, and end with a slash")
    read = _Reader(plan.manifest.base_iri or base_iri, base_iri, plan.manifest.imports)
    loaded = _read(plan, read, [] if lenient else None)
    return _with_derived(loaded, lenient=lenient) if derive else loaded


def _read(plan: _Plan, read: _Reader, unread: list[Unread] | None) -> Project:
    """Read all files of a plan; those that cannot be read go to ``unread``, if that is a list."""
    files = list(_readable(discovery.with_unique_names(plan.files), read, unread))
    origin, declared = plan.origin, plan.manifest
    if not plan.roots:  # files given by name: the project around them only says how to read them
        declared = replace(declared, profile=Profile(), queries=(), derive=())
    if plan.lent and not any(each.has_role(Role.ONTOLOGY, Role.SHAPES) for each in files):
        files += _readable(plan.lent, read, unread)
        origin += f", by the ontology and the shapes of {_called(plan.manifest.root)}"
        declared = plan.manifest
    more, imported = _imported(files, plan.manifest, read, unread)
    files += more
    files.sort(key=lambda each: (list(Role).index(each.role), each.graph_iri, each.path))
    queries = tuple(_canned_queries(declared, read))
    derive = (
        QueryFile(path, read.text(path).decode())
        for path in _query_files(declared.derive, declared.root)
    )
    loaded = Project(
        files=tuple(files),
        base_iri=read.base_iri,
        version="",
        rules=declared.rules,
        queries=queries,
        derive=tuple(derive),
        profile=_profile(declared, files, read),
        origin=origin,
        unread=tuple(unread or ()),
        imported=imported,
    )
    return replace(loaded, version=_version(loaded))


def _with_derived(project: Project, *, lenient: bool) -> Project:
    """Run the rules; over the files that are well-formed where others may be left out."""
    try:
        return rules.with_derived(project)
    except ProjectFault:
        rest = sound(project) if lenient else project
        if len(rest.files) == len(project.files):
            raise
        return rules.with_derived(rest)


def sound(project: Project) -> Project:
    """Return a project without the files that are not well-formed: they become ``unread``."""
    files, unread = [], list(project.unread)
    for file in project.files:
        if fault := parsing.fault(file):
            unread.append(Unread(file.graph_iri, fault))
        else:
            files.append(file)
    return replace(project, files=tuple(files), unread=tuple(unread))


def _version(project: Project) -> str:
    """Return a hash of all that is served: base IRI, contents, queries, and what kg.toml says."""
    digest = hashlib.sha256(project.base_iri.encode())
    named = [(file.graph_iri, file.content) for file in project.files]
    named += [
        (query.path.name, query.text.encode()) for query in (*project.queries, *project.derive)
    ]
    named.append(("profile", repr(project.profile).encode()))
    named += [(each.graph_iri, str(each.fault).encode()) for each in project.unread]
    for name, content in named:
        for part in (name.encode(), b"\0", content, b"\0"):
            digest.update(part)
    return digest.hexdigest()


def base_iri_of(paths: Sequence[Path], *, example: bool = False) -> str:
    """Return the base IRI that is written in a project's files.

    Raises:
        ProjectFault: there is no project, or its manifest is wrong.
    """
    return _Plan(paths, {}, example=example).manifest.base_iri or NEUTRAL_BASE_IRI


def stamps(paths: Sequence[Path], *, example: bool = False) -> dict[Path, tuple[int, int]]:
    """Return size and time of change of every file of a project, without reading them.

    Raises:
        ProjectFault: as ``load``, as far as the names go.
    """
    plan = _Plan(paths, {}, example=example)
    files = [each.path for each in (*plan.files, *plan.lent)] + _query_files(
        (*plan.manifest.queries, *plan.manifest.derive), plan.manifest.root
    )
    if source := manifest.source(plan.manifest.root):
        files.append(source)
    stats = ((path, path.stat()) for path in files)
    return {path: (stat.st_size, stat.st_mtime_ns) for path, stat in stats}


def home() -> Path:
    """Return the root of the project around the current directory.

    Raises:
        ProjectFault: there is none.
    """
    root = discovery.around(Path.cwd())
    if root is None:
        raise NoProject(discovery.NO_PROJECT)
    return root


class _Plan:
    """Files to read: ``files`` always, ``lent`` only if those have no shapes and no ontology.

    ``manifest`` is the manifest of their project, or an empty one. ``origin`` says in words where
    the files come from.
    """

    def __init__(self, paths: Sequence[Path], chosen: Chosen, *, example: bool) -> None:
        given = [path for each in chosen.values() for path in each]
        for path in (*paths, *given):
            discovery.check(path)
        roots = [path for path in paths if is_root(path)]
        named = [path for path in paths if path not in roots]
        around = discovery.around(Path.cwd())
        needs_root = not paths and not (chosen.get(Role.DATA) or chosen.get(Role.ONTOLOGY))
        if needs_root and around:
            roots = [around]
        elif needs_root and example and not given:
            roots = [bundled()]
        elif needs_root and not given:
            raise NoProject(discovery.NO_PROJECT)
        elif needs_root:
            raise NoProject(f"there are no data for these shapes: {discovery.NO_PROJECT}")
        inside = None if roots else discovery.around_all([*named, *given])
        self.roots = roots
        root = roots[0] if roots else inside
        self.manifest = manifest.read(root) if root else manifest.Manifest(Path.cwd())
        self.lent = self._lent(chosen) if inside else []
        self.files = self._files(roots, named, chosen)
        parts = [_called(each) for each in roots]
        parts += [GIVEN] if named or given else []
        self.origin = (
            EXAMPLE
            if (roots == [bundled()] and not paths and around is None)
            else " and ".join(parts)
        )

    def _lent(self, chosen: Chosen) -> list[Source]:
        return [
            each
            for each in discovery.of_root(self.manifest)
            if each.role is not Role.DATA and each.role not in chosen
        ]

    def _files(self, roots: Sequence[Path], named: Sequence[Path], chosen: Chosen) -> list[Source]:
        files = [
            each
            for root in roots
            for each in discovery.of_root(manifest.read(root))
            if each.role is None or not chosen.get(each.role)
        ]
        files += discovery.given(named, None)
        if chosen.get(Role.SHAPES):
            files = [replace(each, sheds_shapes=True) for each in files]
        for role, places in chosen.items():
            files += discovery.given(places, role)
        return discovery.merged(files)


def _called(root: Path) -> str:
    source = manifest.source(root)
    listed = source.name if source else "data/ beside ontology/"
    return f"the project in {escaping.line(str(root))} ({listed})"


class _Reader:
    """Reads files, with ``base_iri`` in place of the base IRI that is ``written`` in them.

    ``imports`` are local files by IRI, of contexts here.
    """

    def __init__(self, written: str, base_iri: str, imports: Mapping[str, Path]) -> None:
        self.written, self.base_iri, self._imports = written, base_iri, imports

    def graph_iri(self, source: Source) -> str:
        """Return the name of a file's graph."""
        name = _NOT_IN_IRI.sub(
            lambda each: quote(each[0].encode("utf-8", "surrogateescape"), safe=""), source.name
        )
        return f"{self.base_iri}graph/{name}"

    def __call__(self, source: Source) -> ProjectFile:
        """Read a file.

        Raises:
            ProjectFault: it cannot be read, or is no RDF.
        """
        content = self.text(source.path)
        kind = syntax.of(source.path, content)
        graph_iri = self.graph_iri(source)
        if kind == "rdfxml":
            entities.check(source.path, content)
            rdfxml.check(source.path, content)
            content = rdfxml.with_whole_bases(content, graph_iri)
            content = xml_literals.written_out(source.path, content)
        elif kind == "jsonld":
            content = contexts.inlined(source.path, content, self._imports)
        else:
            nesting.check_triple_terms(source.path, content)
        file = ProjectFile(
            path=source.path,
            role=source.role or Role.DATA,
            graph_iri=graph_iri,
            syntax=kind,
            content=content,
        )
        main, also = _roles(source, file)
        return replace(file, role=main, also=also)

    def text(self, path: Path) -> bytes:
        """Return a file's UTF-8 text, rebased.

        Raises:
            ProjectFault: it cannot be read, or is not UTF-8; says the line.
        """
        content = syntax.text(path)
        # One replacement serves prefixes, full IRIs and literals such as the preferred namespace;
        # it keeps the number of lines, so that messages still point to the right one.
        if self.written != self.base_iri:  # else it would be a copy of them all
            content = content.replace(self.written.encode(), self.base_iri.encode())
        return content


class _OutsideReader(_Reader):
    """Reads files outside of the project, whose faults show nothing of the files."""

    def __call__(self, source: Source) -> ProjectFile:
        try:
            file = super().__call__(source)
            fault = parsing.fault(file)
        except ProjectFault as error:
            fault = error
        if fault:
            message = "an imported file outside of the project is no RDF that can be read"
            raise ProjectFault(message, path=source.path)
        return file


def _readable(
    sources: Iterable[Source],
    read: _Reader,
    unread: list[Unread] | None,
) -> Iterator[ProjectFile]:
    """Yield the files that can be read; others are added to ``unread`` with their fault.

    Raises:
        ProjectFault: one cannot be read, and ``unread`` is ``None``.
    """
    for each in sources:
        try:
            yield read(each)
        except ProjectFault as fault:
            if unread is None:
                raise
            unread.append(Unread(read.graph_iri(each), fault))


def _roles(source: Source, file: ProjectFile) -> tuple[Role, frozenset[Role]]:
    """Return the main role of a file and its others: those of its source, or else by contents."""
    if source.role and not source.by_content:
        return source.role, source.also
    main, more = Role.DATA, frozenset[Role]()
    if roles.may_be_more(file.content):
        try:
            main, more = roles.of(parsing.parsed(file))
        except ProjectFault:  # reported when the file is read again
            return source.role or Role.DATA, source.also
    held = {main} | more
    if source.sheds_shapes:
        held -= {Role.SHAPES}
    if source.role is None:
        kept = held or {Role.DATA}
    elif source.also:
        kept = ({source.role} | source.also) & held or {source.role}
    else:
        kept = {source.role} | (held & {Role.SHAPES})
    if main not in kept:
        main = source.role if source.role in kept else next(each for each in Role if each in kept)
    return main, frozenset(kept - {main})


def _imported(
    files: Sequence[ProjectFile],
    declared: manifest.Manifest,
    read: _Reader,
    unread: list[Unread] | None,
) -> tuple[list[ProjectFile], frozenset[str]]:
    """Read the ontologies that files import, directly or not, as far as they have local files.

    Returns:
        The files of these ontologies, and the imported IRIs that have a file.

    Raises:
        ProjectFault: one cannot be read, or a catalog is not well-formed.
    """
    if not any(b"imports" in file.content for file in files):
        return [], frozenset()
    outside = _OutsideReader(read.written, read.base_iri, declared.imports)
    imported: list[ProjectFile] = []
    resolved: set[str] = set()
    waiting = [(file, imports.header(file)) for file in files]
    names = {name for _, header in waiting for name in header.names}
    paths = {file.path.resolve() for file in files}
    while waiting:
        file, header = waiting.pop(0)
        for iri in sorted(header.imports):
            try:
                path = imports.local(iri, file, declared.imports)
            except ProjectFault as fault:  # of a catalog
                if unread is None:
                    raise
                unread.append(Unread(f"{read.base_iri}graph/{imports.CATALOG}", fault))
                continue
            if path is None:
                continue
            resolved.add(iri)
            if imports.loose(iri) in names or path.resolve() in paths:
                continue
            paths.add(path.resolve())
            name = _imported_name(path, {other.graph_iri for other in imported}, read)
            source = Source(path, name, Role.ONTOLOGY, by_content=True)
            inside = boundary.is_inside(path, declared.root, file.path.parent)
            for each in _readable([source], read if inside else outside, unread):
                more = replace(each, imported=True)
                imported.append(more)
                waiting.append((more, imports.header(more)))
                names |= waiting[-1][1].names
    return imported, frozenset(resolved)


def _imported_name(path: Path, used: Set[str], read: _Reader) -> str:
    """Return a name that no other imported file has: the file's name, or more of its path."""
    parts = path.resolve().parts[1:]
    names = ("/".join(("imported", *parts[-depth:])) for depth in range(1, len(parts) + 1))
    return next(
        (name for name in names if read.graph_iri(Source(path, name, None)) not in used),
        "/".join(("imported", *parts)),
    )


def _query_files(places: Iterable[Path], root: Path) -> list[Path]:
    """Return the ``.rq`` files among files and below directories, in the order of their names.

    Raises:
        ProjectFault: one is outside of the project's boundary.
    """
    files = (
        each
        for place in places
        for each in (place.rglob("*.rq") if place.is_dir() else [place])
        if each.suffix == ".rq" and not each.is_dir()
    )
    found = sorted(dict.fromkeys(files), key=lambda path: (path.stem, path))
    for each in found:
        boundary.check(each, root)
    return found


def _canned_queries(declared: manifest.Manifest, read: _Reader) -> Iterator[QueryFile]:
    """Yield the query files but for competency questions: those have no header but an answer."""
    for path in _query_files(declared.queries, declared.root):
        text = read.text(path).decode()
        if text.startswith("#+") or not any(
            each.suffix != path.suffix for each in path.parent.glob(f"{glob.escape(path.stem)}.*")
        ):
            yield QueryFile(path, text)


def _profile(declared: manifest.Manifest, files: Iterable[ProjectFile], read: _Reader) -> Profile:
    """Return the manifest's profile with the files' prefixes, and with IRIs in full.

    Raises:
        ProjectFault: a term of the evidence has a prefix that no file has.
    """
    prefixes = _prefixes(files)
    evidence = declared.profile.evidence
    if evidence:
        prefixed = {each.name: getattr(evidence, each.name) for each in fields(evidence)}
        terms = {
            name: manifest.evidence_iri(declared, name, term, prefixes).replace(
                read.written, read.base_iri
            )
            for name, term in prefixed.items()
            if term is not None
        }
        evidence = replace(evidence, **terms)
    return replace(declared.profile, evidence=evidence, prefixes=prefixes)


def _prefixes(files: Iterable[ProjectFile]) -> dict[str, str]:
    """Return the prefixes at the head of files; where files differ, as most files have them."""
    namespaces: dict[str, Counter[str]] = {}
    for file in files:
        for prefix, namespace in parsing.prefixes(file).items():
            namespaces.setdefault(prefix, Counter())[namespace] += 1
    return {prefix: counts.most_common(1)[0][0] for prefix, counts in sorted(namespaces.items())}
