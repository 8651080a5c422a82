"""Parsing of project files, with pyoxigraph."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path

import pyoxigraph

from kg_server import escaping
from kg_server.errors import NestedTooDeeply, Problem, ProjectFault
from kg_server.project import nesting, rdfxml, syntax
from kg_server.project.files import ProjectFile
from kg_server.sparql import diagnostics
from kg_server.sparql import nesting as query_nesting

TOO_LONG = "buffer maximal size"
"""In the message of the MemoryError with which pyoxigraph 0.5 refuses a term of over 16 MiB."""
_LONGEST_BYTES = 1 << 24
_PREFIX = re.compile(r"(?:[^\W\d_](?:[\w.-]*[\w-])?)?")
"""A prefix before its colon (RDF 1.1 Turtle §6.5, ``PN_PREFIX``), or none."""


def parsed(file: ProjectFile, prefixes: dict[str, str] | None = None) -> Iterator[pyoxigraph.Quad]:
    """Yield a file's quads as pyoxigraph reads them; afterwards ``prefixes`` has its prefixes.

    Raises:
        ProjectFault: the file is not well-formed, says line and column; or it has triple terms.
    """
    form = getattr(pyoxigraph.RdfFormat, _SYNTAXES[file.syntax])
    try:
        parser = pyoxigraph.parse(file.content, format=form, base_iri=file.graph_iri)
        for quad in parser:
            if isinstance(quad.object, pyoxigraph.Triple):
                raise nesting.no_triple_terms(file.path, file.content)
            yield quad
    except (SyntaxError, MemoryError) as error:
        raise located(file, error) from error
    if prefixes is not None:
        prefixes.update(_usable(parser.prefixes))


def located(file: ProjectFile, error: SyntaxError | MemoryError) -> ProjectFault:
    """Return a parser's error as a fault with file, line and column.

    Raises:
        MemoryError: there is no memory left, which is no matter of the file.
    """
    if isinstance(error, MemoryError):
        if TOO_LONG not in str(error):
            raise error
        start = long_stretch(file.content)
        line = None if start is None else file.content.count(b"\n", 0, start) + 1
        return ProjectFault(
            "a literal or another term is longer than 16 MiB, the longest that the engine reads: "
            "keep the text in a file of its own, and give its address here",
            path=file.path,
            line=line,
        )
    message = re.sub(r"^Parser error[^:]*: ", "", error.msg)
    line, column = error.lineno, error.offset
    if line is None and file.syntax == "rdfxml":
        line, column = rdfxml.place(file.content, partial(_fails, file))
    if language := syntax.language(file.content):
        return ProjectFault(language, path=file.path, line=line, column=column)
    if ending := syntax.other(file.syntax, file.content):
        message = (
            f"{message.rstrip('.')}. The file looks like {ending}, and its name says otherwise"
        )
    return ProjectFault(escaping.line(message), path=file.path, line=line, column=column)


def _fails(file: ProjectFile, beginning: bytes) -> bool:
    try:
        for _ in pyoxigraph.parse(
            beginning, format=pyoxigraph.RdfFormat.RDF_XML, base_iri=file.graph_iri
        ):
            pass
    except SyntaxError:
        return True
    return False


def long_stretch(content: bytes) -> int | None:
    """Return where 16 MiB without a quotation mark begin: perhaps a literal that is too long."""
    start = 0
    while len(content) - start > _LONGEST_BYTES:
        last = content.rfind(b'"', start, start + _LONGEST_BYTES)
        if last < 0:
            return start
        start = last + 1
    return None


def fault(file: ProjectFile) -> ProjectFault | None:
    """Return the fault of a file; ``None`` if it is well-formed."""
    try:
        for _ in parsed(file):
            pass
    except ProjectFault as error:
        return error
    return None


def prefixes(file: ProjectFile) -> dict[str, str]:
    """Return the prefixes at the head of a file, before its first triple."""
    form = getattr(pyoxigraph.RdfFormat, _SYNTAXES[file.syntax])
    parser = pyoxigraph.parse(file.content, format=form, base_iri=file.graph_iri)
    with suppress(SyntaxError, MemoryError):  # whatever reads the whole file says where
        next(parser, None)
    return _usable(parser.prefixes)


def _usable(declared: Mapping[str, str]) -> dict[str, str]:
    """Return the prefixes that Turtle and SPARQL allow; JSON-LD allows any text as a prefix."""
    return {prefix: iri for prefix, iri in declared.items() if _PREFIX.fullmatch(prefix)}


def check_query(
    text: str, path: Path, prefixes: Mapping[str, str] | None = None, first_line: int = 1
) -> None:
    """Check that a file's query is well-formed.

    Args:
        text: the query.
        path: the file.
        prefixes: namespaces by prefix, to propose where one is used and not declared.
        first_line: the line of the file where the query begins.

    Raises:
        ProjectFault: it is not, or it is nested too deeply. The fault has line and column.
    """
    try:
        query_nesting.check(text)
    except NestedTooDeeply as error:
        raise _at(error, path, first_line) from error
    if diagnostics.complaint(text) is not None:
        problem = diagnostics.explain(text, diagnostics.complaint, prefixes or {})
        raise _at(problem, path, first_line)


def _at(problem: Problem, path: Path, first_line: int) -> ProjectFault:
    line = first_line + problem.members["line"] - 1
    message = problem.detail.partition(": ")[2]
    return ProjectFault(message, path=path, line=line, column=problem.members["column"])


def blank_prefix(file: ProjectFile) -> str:
    """Return the prefix of a file's blank node labels; a number follows, in order of mention.

    Two files may both have a ``_:b0``, which are different nodes.
    """
    return f"b{hashlib.sha256(file.graph_iri.encode()).hexdigest()[:16]}n"


_SYNTAXES = {
    "turtle": "TURTLE",
    "ntriples": "N_TRIPLES",
    "nquads": "N_QUADS",
    "trig": "TRIG",
    "rdfxml": "RDF_XML",
    "jsonld": "JSON_LD",
}
