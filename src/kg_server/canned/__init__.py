r"""Canned queries: ``.rq`` files with a header, typed parameters and safe binding.

A file begins with lines ``#+ key: value``; a line that is indented further continues the value
before it. Keys:

- ``title``;
- ``description``: the question, and how to read the answer;
- ``param NAME``: ``TYPE; meaning; example VALUE``, and ``default VALUE`` or ``optional``; types
  are those of ``parameters.TYPES``, such as ``year``, ``enum(a|b)`` and ``thing(CLASS)``;
- ``param NAME@LANGUAGE``: the meaning in another language, which labels the field of a form; of an
  ``enum``, then ``; WORD label`` for its words;
- ``result``: the meaning of one row;
- ``title@LANGUAGE``, ``description@LANGUAGE``, ``result@LANGUAGE``: the same in another language;
  without a tag, a text is in the first of the project's languages;
- ``tags``: words, separated by commas;
- ``view``: the view of the result and its columns: ``bars GROUP VALUE [SERIES]``,
  ``timeline EARLIEST LATEST LABEL``, ``graph SOURCE TARGET``, ``map LATITUDE LONGITUDE [LABEL]``,
  ``cards`` or ``table``.

In the query, a parameter is written ``$name`` and other variables ``?name``, so the file is a
SPARQL query by itself. Binding replaces each token of the parameter by its term, in every group and
sub-select; in a SELECT clause the term becomes ``(term AS ?name)``. ``parameters`` writes the
terms; text of a request is never copied.

The engine's own ``substitutions`` (pyoxigraph) needs every parameter in the outer projection. It
does not reach a sub-select without the parameter, which then silently returns all rows.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kg_server.canned import header as rq
from kg_server.canned.parameters import AllNames, Lookup, Parameter, term
from kg_server.errors import BadRequest, NotFound, Problem, ProjectFault
from kg_server.formats import Kind
from kg_server.project import Project, QueryFile, parsing
from kg_server.project.profile import Profile, Texts
from kg_server.sparql import rewrite

RESERVED = rq.RESERVED
"""Parameters that a request may have besides those of the query."""
LANGUAGE = "lang"
"""The parameter that the home page sets to the language of the reader, if a query has it."""

_NOT_IN_NAME = re.compile(r"""[\s"#%./<>?\[\\\]^`{|}]""")
"""Characters that a segment of a path cannot have as they are (RFC 3987 §2.2), and the dot, which
begins an extension."""
_JOINERS = re.compile("[\u200c\u200d]")
"""Characters without a width that words of Persian and Bengali have."""
_PREFIX = re.compile(r"^\s*PREFIX\s+([\w.-]*):\s*<([^>]*)>", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class CannedQuery:
    """One ``.rq`` file.

    ``source`` is the whole file, ``text`` the query below its header, from ``first_line`` on.
    ``title``, ``description`` and ``result`` are in ``language``; ``titles`` and so on have them by
    language tag.
    """

    name: str
    title: str
    description: str
    result: str
    source: str
    text: str
    kind: Kind
    language: str = "en"
    titles: Texts = field(default_factory=dict)
    descriptions: Texts = field(default_factory=dict)
    results: Texts = field(default_factory=dict)
    parameters: tuple[Parameter, ...] = ()
    tags: tuple[str, ...] = ()
    view: tuple[str, ...] = ()
    prefixes: Mapping[str, str] = field(default_factory=dict)
    path: Path = Path()
    first_line: int = 1

    @property
    def example(self) -> dict[str, str]:
        """The values of its example, by parameter."""
        return {each.name: each.example for each in self.parameters if each.example is not None}

    @property
    def example_without_defaults(self) -> dict[str, str]:
        """The values of its example, except for parameters that have a default."""
        defaults = {each.name for each in self.parameters if each.default is not None}
        return {name: text for name, text in self.example.items() if name not in defaults}


def of_project(project: Project) -> dict[str, CannedQuery]:
    """Read the canned queries of a project; see ``load``."""
    return load(project.queries, next(iter(project.profile.languages), "en"))


def load(files: Iterable[QueryFile], language: str = "en") -> dict[str, CannedQuery]:
    """Read query files, by name. The title of a file without a header is its name.

    Args:
        files: the files.
        language: the language of their texts without a tag.

    Raises:
        ProjectFault: a header or the use of a parameter is wrong, a name cannot be part of an
            address, or two files share one; gives file and line.
    """
    queries: dict[str, CannedQuery] = {}
    for file in files:
        name = file.path.stem
        if _NOT_IN_NAME.search(name) or not _JOINERS.sub("", name).isprintable():
            message = (
                f"the name {name!r} cannot be part of an address, as that of a canned query is: "
                "use letters, digits and hyphens, such as my-query.rq"
            )
            raise ProjectFault(message, path=file.path, line=1)
        if name in queries:
            message = f"another canned query is called {name!r} already"
            raise ProjectFault(message, path=file.path, line=1)
        queries[name] = _read(file, language)
    return queries


@dataclass(frozen=True, slots=True)
class Standing:
    """A canned query whose result is on the home page, with its parameters and its view."""

    query: CannedQuery
    given: Mapping[str, str]
    view: tuple[str, ...]
    title: Texts


def at_home(queries: Mapping[str, CannedQuery], profile: Profile) -> tuple[Standing, ...]:
    """Return the canned queries of the home page, as the project's manifest names them.

    Raises:
        ProjectFault: there is no such query, it has no such parameter or view, or a value is
            missing or ill-typed; gives file and line. Whether things exist is not checked.
    """
    standing = []
    for each in profile.home:
        try:
            query = find(queries, each.query)
            _check_values(query, each.parameters)
        except Problem as problem:
            raise ProjectFault(problem.detail, path=each.path, line=each.line) from problem
        if each.view and each.path:
            entry = rq.Entry(" ".join(each.view), each.line or 1)
            rq.view(each.path, entry, query.text, query.kind)
        title = each.title or query.titles
        standing.append(
            Standing(query=query, given=each.parameters, view=each.view or query.view, title=title)
        )
    return tuple(standing)


def bind(query: CannedQuery, given: Iterable[tuple[str, str]], names: AllNames) -> str:
    """Return the query's text with its parameters bound to the values in ``given``.

    Raises:
        BadRequest: a parameter is missing, unknown, given twice or ill-typed. The problem names
            the parameter and its type.
    """
    values = _once(query, given)
    lookup = Lookup(names, query.prefixes)
    terms: dict[str, str] = {}
    for parameter in query.parameters:
        text = values.get(parameter.name, parameter.default)
        if text is not None:
            terms[parameter.name] = term(parameter, text, lookup)
        elif parameter.required:
            raise _missing(parameter)
    return rewrite.substitute(query.text, terms)


def _check_values(query: CannedQuery, given: Mapping[str, str]) -> None:
    """Check the parameters of a query on the home page, as far as that needs no graph.

    Raises:
        BadRequest: as ``bind``.
    """
    values = _once(query, given.items())
    for each in query.parameters:
        text = values.get(each.name, each.default)
        if text is not None and each.type not in ("thing", "concept"):
            term(each, text, Lookup({}, query.prefixes))
        elif text is None and each.required and each.name != LANGUAGE:
            raise _missing(each)


def _missing(parameter: Parameter) -> BadRequest:
    detail = f"The parameter {parameter.name!r} is missing: {parameter.meaning}."
    detail += f" It takes {parameter.takes}, for example {parameter.example}."
    return BadRequest(detail, parameter=parameter.name, takes=parameter.takes)


def find(queries: Mapping[str, CannedQuery], name: str) -> CannedQuery:
    """Return a query by its name.

    Raises:
        NotFound: there is no such query; the error lists similar names.
    """
    if name in queries:
        return queries[name]
    near = difflib.get_close_matches(name, queries, n=3)
    hint = f"Near it: {', '.join(near)}" if near else f"There are: {', '.join(queries) or 'none'}"
    raise NotFound(f"There is no canned query {name[:80]!r}. {hint}.")


def pairs(texts: Iterable[str]) -> list[tuple[str, str]]:
    """Split parameters ``name=value`` of a command line.

    Raises:
        BadRequest: a text has no equals sign.

    >>> pairs(["city=Paris"])
    [('city', 'Paris')]
    """
    parts = [text.partition("=") for text in texts]
    for name, equals, _ in parts:
        if not equals:
            raise BadRequest(f"A parameter is written NAME=VALUE; {name!r} has no '='.")
    return [(name, value) for name, _, value in parts]


def _once(query: CannedQuery, given: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the given values by name; each name must be known and given once."""
    names = {each.name for each in query.parameters}
    values: dict[str, str] = {}
    for name, value in given:
        if name not in names:
            takes = ", ".join(each.name for each in query.parameters) or "none of its own"
            raise BadRequest(
                f"The query {query.name!r} has no parameter {name[:80]!r}. It takes: {takes};"
                f" and {', '.join(RESERVED)}.",
                parameter=name[:80],
            )
        if name in values:
            raise BadRequest(f"The parameter {name!r} is given more than once.", parameter=name)
        values[name] = value
    return values


def _read(file: QueryFile, language: str) -> CannedQuery:
    path, source = file.path, file.text
    lines = re.findall(r"[^\n]*\n|[^\n]+", source)
    size = next((n for n, line in enumerate(lines) if not line.startswith("#+")), len(lines))
    title = re.sub(r"[-_.]+", " ", path.stem).capitalize()
    header = rq.header(path, lines[:size]) if size else {"title": rq.Entry(title, 1)}
    below = "".join(lines[size:])
    text = below.lstrip("\n")
    first_line = size + 1 + len(below) - len(text)
    prefixes = dict(_PREFIX.findall(text))
    parameters = rq.parameters(path, header, prefixes, language)
    values = {key: entry.value for key, entry in header.items()}
    kind = rq.check(path, text, parameters, first_line)
    return CannedQuery(
        name=path.stem,
        title=values["title"],
        description=values.get("description", ""),
        result=values.get("result", ""),
        source=source,
        text=text,
        kind=kind,
        language=language,
        titles=rq.texts(header, "title", language),
        descriptions=rq.texts(header, "description", language),
        results=rq.texts(header, "result", language),
        parameters=parameters,
        tags=tuple(each.strip() for each in values.get("tags", "").split(",") if each.strip()),
        view=rq.view(path, header.get("view"), text, kind),
        prefixes=prefixes,
        path=path,
        first_line=first_line,
    )


def check(project: Project) -> None:
    """Check the canned queries and the home page of a project, and the syntax of each query.

    Raises:
        ProjectFault: a query or the home page is wrong; gives file and line.
    """
    queries = of_project(project)
    at_home(queries, project.profile)
    for query in queries.values():
        parsing.check_query(query.text, query.path, project.profile.prefixes, query.first_line)
        _check_bound(query)


def _check_bound(query: CannedQuery) -> None:
    """Check that each parameter stands where SPARQL takes a term, as in no VALUES or BIND AS."""

    def check(parameters: Sequence[Parameter]) -> None:
        values = {each.name: each.sample for each in parameters}
        bound = rewrite.substitute(query.text, values)
        parsing.check_query(bound, query.path, first_line=query.first_line)

    try:
        check(query.parameters)
    except ProjectFault:
        for each in query.parameters:
            try:
                check([each])
            except ProjectFault as fault:
                message = f"${each.name} stands where a variable is needed; a value takes its place"
                raise ProjectFault(message, path=query.path, line=fault.line) from fault
        raise


def example_text(query: CannedQuery, names: AllNames) -> str:
    """Return the query bound to its example, or unbound if the graph lacks the example."""
    try:
        return bind(query, query.example_without_defaults.items(), names)
    except BadRequest:
        return query.text
