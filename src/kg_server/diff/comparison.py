"""Comparison of triples, versions, query results and findings of two project versions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from kg_server import formats, processes, validation
from kg_server.diff import changes, semver
from kg_server.diff.changes import Changes, Tell
from kg_server.diff.revisions import State
from kg_server.diff.semver import Level, Reason
from kg_server.errors import KgError
from kg_server.project import Project, Role
from kg_server.rdf import prefixes
from kg_server.sandbox import service
from kg_server.sparql import keywords
from kg_server.sparql.query import Query
from kg_server.store import EmbeddedStore, open_store
from kg_server.validation import baseline
from kg_server.validation.report import Finding, Report

_QUERY_S = 30.0
"""Time limit of one query on one side, seconds."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A query with different results: rows only in the old result, and rows only in the new one.

    ``fault`` is the reason if the query fails on one side.
    """

    query: str
    removed: tuple[str, ...]
    added: tuple[str, ...]
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Findings:
    """New and fixed findings of a validation.

    ``fault`` names a side that could not be validated, with the reason; the rest is then empty.
    """

    new: tuple[Finding, ...] = ()
    fixed: tuple[Finding, ...] = ()
    unchanged: int = 0
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """All differences; ``asked`` counts the queries, ``overdue`` has versions not raised enough."""

    changes: Changes
    reasons: list[Reason]
    overdue: list[str]
    answers: tuple[Answer, ...]
    asked: int
    findings: Findings | None

    @property
    def level(self) -> Level:
        """The weight of the change."""
        return semver.level(self.reasons)


def compare(
    old: State,
    new: State,
    queries: Sequence[Path],
    *,
    with_findings: bool,
    tell: Tell = lambda _what, _done: None,
) -> Comparison:
    """Compare two versions.

    Args:
        old: the old version.
        new: the new version.
        queries: files with SPARQL queries to run on both versions.
        with_findings: whether to validate both versions.
        tell: called with the progress.

    Raises:
        ProjectFault: a file is not well-formed, or the comparison takes too long.
    """
    differences = changes.between(old.project, new.project, tell=tell)
    reasons = semver.reasons(differences)
    changed = bool(reasons)
    return Comparison(
        changes=differences,
        reasons=reasons,
        overdue=semver.not_raised(old.project, new.project, _of_ontology(reasons, differences)),
        answers=tuple(_answers(old.project, new.project, queries, tell)) if changed else (),
        asked=len(queries),
        findings=_findings(old, new, tell) if with_findings and changed else None,
    )


def _of_ontology(reasons: Sequence[Reason], differences: Changes) -> Level:
    """Return the weight of changes of ontology and shapes; data have no version."""
    both = (*differences.subjects[Role.ONTOLOGY], *differences.subjects[Role.SHAPES])
    subjects = {change.subject for change in both}
    return semver.level([each for each in reasons if each.subject in subjects])


def _answers(old: Project, new: Project, queries: Sequence[Path], tell: Tell) -> Iterator[Answer]:
    if not queries:
        return
    stores = open_store(old), open_store(new)
    for store in stores:
        service.let_https_fail(store)
    for number, path in enumerate(queries):
        tell(f"Running {len(queries)} queries", number / len(queries))
        sides = [_sealed_rows(store, path, new) for store in stores]
        faults = [side for side in sides if isinstance(side, str)]
        if len(faults) == 1:
            when = "before" if isinstance(sides[0], str) else "now"
            yield Answer(query=path.stem, removed=(), added=(), fault=f"fails {when}: {faults[0]}")
        elif not faults and sides[0] != sides[1]:
            before, after = (Counter(side) for side in sides)
            removed, added = (before - after).elements(), (after - before).elements()
            yield Answer(path.stem, tuple(sorted(removed)), tuple(sorted(added)))


def _sealed_rows(store: EmbeddedStore, path: Path, project: Project) -> list[str] | str:
    """Return the rows of a result, or as a string the reason for a failure.

    The query may be hostile. It runs in a process that cannot open files or sockets, with a time
    limit.
    """
    try:
        text = path.read_text("utf-8")
        ask = partial(_rows, store, text, project)
        late = f"the query was stopped after {_QUERY_S:g} seconds"
        rows: list[str] | str = processes.sealed(ask, _QUERY_S, late)
    except (KgError, UnicodeDecodeError) as error:
        return str(error)
    return rows


def _rows(store: EmbeddedStore, text: str, project: Project) -> list[str] | str:
    try:
        kind = (keywords.form_of(text) or keywords.Form.SELECT).kind
        form = formats.named("nt" if kind is formats.Kind.GRAPH else "tsv", kind)
        known = prefixes.known(project.profile.prefixes)
        query = Query(text, form, project.base_iri, prefixes=known)
        written = store.query(query).read().decode().removesuffix("\n")
    except KgError as error:
        return str(error)
    return written.split("\n") if written else []


def _findings(old: State, new: State, tell: Tell) -> Findings:
    reports: list[Report] = []
    for name, side in (("the old version", old), ("the new version", new)):
        try:
            report = validation.validate(side.whole, tell=tell)
        except KgError as error:
            return Findings(fault=f"{name} cannot be validated: {error}")
        if report.unread:
            return Findings(fault=f"{name} cannot be validated: {report.unread[0].message}")
        reports.append(_within(side, report))
    before, after = reports
    new_ones, fixed = baseline.difference(after, before), baseline.difference(before, after)
    return Findings(new_ones, fixed, len(after.findings) - len(new_ones))


def _within(side: State, report: Report) -> Report:
    """Return a report with the findings about the files that are compared."""
    if side.project is side.whole:
        return report
    files = {file.path for file in side.project.files}
    findings = tuple(each for each in report.findings if each.place and each.place.path in files)
    return replace(report, findings=findings)
