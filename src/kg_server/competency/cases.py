"""The cases of ``kg-server test``: competency questions and examples of shapes, by convention.

A question is a ``.rq`` file with a file of the expected answer beside it. An example is an RDF
file; its name or the name of its folder begins with ``valid`` or ``invalid``. ``# expect:`` lines
in it give expected findings; ``# include:`` lines add other files.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from kg_server import formats, processes, validation
from kg_server import project as projects
from kg_server.competency import expected as answers_file
from kg_server.errors import KgError, ProjectFault
from kg_server.project import SYNTAXES, Project, Role, boundary, manifest, rules
from kg_server.rdf import prefixes
from kg_server.sandbox import service
from kg_server.sparql import keywords
from kg_server.sparql.query import Query
from kg_server.store import EmbeddedStore, open_store
from kg_server.validation import reports
from kg_server.validation.report import ILL_FORMED, Finding, Severity
from kg_server.validation.reports import junit as junit_xml
from kg_server.validation.reports.ci import Shorten, named

_EXAMPLE = re.compile(r"(in)?valid(?![a-z])")
_EXPECT = re.compile(r"(?m)^\s*# expect:[ \t]*(.+?)\s*$")
_QUESTION_S = 30.0
"""Seconds that one question may take."""
_INCLUDE = re.compile(r"(?m)^\s*# include:[ \t]*(\S+)\s*$")


@dataclass(frozen=True, slots=True)
class Case:
    """One test case: its path, and a function that returns the error (empty if the case passes)."""

    path: Path
    check: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a case: the error in words (empty if it passed), and its seconds."""

    path: Path
    wrong: str
    seconds: float


def find(root: Path, base_iri: str | None, word: str = "") -> list[Case]:
    """Return the cases of a project.

    Args:
        root: the root of the project.
        base_iri: the base IRI of names, if not the one in the files.
        word: return only cases with this word in their path.

    Raises:
        ProjectFault: the project cannot be read, or has no such case.
    """
    if root.is_file():
        hint = "this is a file; name the project's directory, or none inside of it"
        raise ProjectFault(hint, path=root)
    loaded = projects.load([root], base_iri)
    settings = manifest.read(root)
    folders = [*settings.queries, *settings.tests]
    files = sorted({file for each in folders for file in _files(each)})
    store = open_store(loaded)
    service.let_https_fail(store)
    cases = [*_questions(files, store, loaded, root), *_examples(files, loaded, root)]
    selected = [case for case in cases if word in case.path.relative_to(root).as_posix()]
    if not selected:
        places = ", ".join(str(each.relative_to(root)) for each in folders) or "tests/"
        raise ProjectFault(
            f"no case to test in {places}"
            + (f" has {word!r} in its name" if word and cases else "")
            + ": NAME.rq with NAME.csv beside it, or RDF files in valid/ and invalid/"
        )
    return selected


def run(case: Case) -> Outcome:
    """Run a case."""
    begun = time.monotonic()
    try:
        wrong = case.check()
    except KgError as error:
        wrong = str(error)
    return Outcome(case.path, wrong, time.monotonic() - begun)


def junit(outcomes: Sequence[Outcome], root: Path) -> str:
    """Return outcomes as JUnit XML."""
    cases = [_junit_case(each, each.path.relative_to(root)) for each in outcomes]
    return junit_xml.write("kg-server test", cases, sum(each.seconds for each in outcomes))


def _junit_case(outcome: Outcome, path: Path) -> junit_xml.Case:
    return junit_xml.Case(
        classname=path.parent.as_posix(),
        name=path.name,
        failure=outcome.wrong.partition("\n")[0] if outcome.wrong else None,
        output=outcome.wrong,
        seconds=outcome.seconds,
    )


def _files(place: Path) -> Iterator[Path]:
    paths = place.rglob("*") if place.is_dir() else iter((place,))
    return (each for each in paths if each.is_file())


def _questions(
    files: Sequence[Path], store: EmbeddedStore, loaded: Project, root: Path
) -> Iterator[Case]:
    for path in files:
        if path.suffix == ".rq":
            answer = answers_file.beside(path)
            if answer:
                boundary.check(path, root)
                boundary.check(answer, root)
                yield Case(path, partial(_answered, path, answer, store, loaded))


def _answered(path: Path, answer: Path, store: EmbeddedStore, loaded: Project) -> str:
    """Return the difference between the answer of a question and the expected answer.

    The query may be hostile. It runs in a process that cannot open files or sockets, with a time
    limit.
    """
    text = path.read_text("utf-8")
    kind = (keywords.form_of(text) or keywords.Form.SELECT).kind
    form = formats.named(answers_file.form(answer, kind), kind)
    known = prefixes.known(loaded.profile.prefixes)
    query = Query(text, form, loaded.base_iri, prefixes=known)
    late = f"the question was stopped after {_QUESTION_S:g} seconds"
    content: bytes | str = processes.sealed(partial(_content, store, query), _QUESTION_S, late)
    if isinstance(content, str):
        return content
    ordered = re.search(r"(?i)\bORDER\s+BY\b", text) is not None
    return answers_file.difference(answer, content, kind, ordered=ordered)


def _content(store: EmbeddedStore, query: Query) -> bytes | str:
    """Return an answer, or as a string the reason for a failure."""
    try:
        return store.query(query).read()
    except KgError as error:
        return str(error)


def _examples(files: Sequence[Path], loaded: Project, root: Path) -> Iterator[Case]:
    for path in files:
        named = _EXAMPLE.match(path.name) or _EXAMPLE.match(path.parent.name)
        if path.suffix in SYNTAXES and named:
            boundary.check(path, root)
            yield Case(path, partial(_check_example, path, loaded, root, valid=not named[1]))


def _check_example(path: Path, loaded: Project, root: Path, *, valid: bool) -> str:
    """Return the difference between the findings in an example and the expected findings."""
    text = path.read_text("utf-8")
    included = [(path.parent / name).resolve() for name in _INCLUDE.findall(text)]
    for each in included:
        if not boundary.is_inside(each, root):
            return f"# include: {each} leads out of the project"
    example = projects.load([path, *included], loaded.base_iri, derive=False)
    files = tuple(file for file in example.files if file.path in (path, *included))
    world = Project(
        files=(*_as_data(files), *loaded.of_role(Role.ONTOLOGY, Role.SHAPES)),
        base_iri=loaded.base_iri,
        version=f"{example.version} {loaded.version}",
        rules=loaded.rules,
        derive=loaded.derive,
        profile=loaded.profile,
    )
    world = rules.with_derived(world)
    report = validation.validate(world, jobs=1, repeated=True)
    if report.unread:  # an unreadable file does not count as an invalid example
        return "".join(f"{each.place}: {each.message}\n" for each in report.unread)
    findings = report.findings
    wrong = [each for each in findings if each.severity is Severity.VIOLATION]
    expected = _EXPECT.findall(text)
    shorten = reports.shortener({**example.profile.prefixes, **loaded.profile.prefixes})
    if valid and wrong:
        return "should conform, but:\n" + "\n".join(_line(each, shorten) for each in wrong)
    if not valid and not expected and all(each.component == ILL_FORMED for each in wrong):
        return "should not conform, but does"
    missing = [each for each in expected if not any(_fits(each, one, shorten) for one in findings)]
    if missing:
        listed = "\n".join(_line(each, shorten) for each in findings) or "    nothing"
        return "".join(f"expected: {each}\n" for each in missing) + f"found:\n{listed}"
    return ""


def _as_data(files: Sequence[projects.ProjectFile]) -> Iterator[projects.ProjectFile]:
    """Yield files with the role of data, also those in a folder of shapes or ontology."""
    return (replace(file, role=Role.DATA, also=frozenset()) for file in files)


def _fits(expected: str, finding: Finding, shorten: Shorten) -> bool:
    """Tell whether a finding fits an expected line: shape or rule, kind, severity, focus node."""
    return set(expected.split()) <= set(_words(finding, shorten))


def _words(finding: Finding, shorten: Shorten) -> tuple[str, ...]:
    focus = "_:" if finding.focus_node.startswith("_:") else finding.focus_node
    names = (finding.source_shape, f"<{finding.rule}>", focus)
    local = tuple(re.split(r"[#/:]", name.strip("<>"))[-1] for name in names[:2])
    return (
        *names,
        *(shorten(each) for each in names),
        *local,
        finding.kind,
        finding.severity.value,
    )


def _line(finding: Finding, shorten: Shorten) -> str:
    focus, rule = shorten(finding.focus_node), named(finding, shorten)
    return f"    {finding.severity.value} {rule} {focus}: {finding.message}"
