r"""Canned queries: ``.rq`` files with a header, typed parameters and safe binding.

A file begins with lines ``#+ key: value``; a line that is indented further goes on with the value
before it. Keys:

- ``title``, and ``title@bn`` and the like for other languages;
- ``description``: what is asked and how to read the answer;
- ``param NAME``: ``TYPE; meaning; example VALUE``, and ``default VALUE`` or ``optional``; types
  are those of ``parameters.TYPES`` and ``enum(a|b|c)``;
- ``result``: what one row says;
- ``tags``: words, separated by commas;
- ``chart``: a kind of chart and the columns it draws, e.g. ``bars year amount direction``.

In the query, a parameter is written ``$name`` and other variables ``?name``, so the file is a
SPARQL query by itself. To bind a parameter is to put its term where its token stands, in whatever
group or sub-select; in a SELECT clause it becomes ``(term AS ?name)``. The terms are written by
``parameters``, never taken from a request. (The engine's own way, pyoxigraph's ``substitutions``,
needs every parameter in the outer projection and does not reach a sub-select that leaves it out:
there it gives all rows, silently.)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kg_server.config import BASE_IRI
from kg_server.errors import BadRequest, ProjectFault
from kg_server.formats import Kind
from kg_server.parameters import TYPES, Context, Parameter, StateNames, choices_of, term

QUERIES = Path(__file__).resolve().parent / "queries"
RESERVED = ("format", "limit", "offset")
"""What a request may give beside a query's own parameters."""

_TOKEN = re.compile(
    r"""(?P<comment>\#[^\n]*)
    | (?P<iri><[^<>"{}|^`\\\x00-\x20]*>)
    | (?P<string>\"{3}(?:\"{0,2}(?:[^"\\]|\\.))*\"{3} | '{3}(?:'{0,2}(?:[^'\\]|\\.))*'{3}
        | "(?:[^"\\\n\r]|\\.)*" | '(?:[^'\\\n\r]|\\.)*')
    | (?P<escape>\\.)
    | (?P<variable>[?$]\w+)
    | (?P<word>[\w:@][\w:.%-]*)
    | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_KINDS = {"SELECT": Kind.BINDINGS, "ASK": Kind.BOOLEAN} | dict.fromkeys(
    ("CONSTRUCT", "DESCRIBE"), Kind.GRAPH
)
_PREFIX = re.compile(r"^\s*PREFIX\s+([\w.-]*):\s*<([^>]*)>", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class CannedQuery:
    """One ``.rq`` file. ``source`` is the whole file, ``text`` the query below its header."""

    name: str
    title: str
    description: str
    result: str
    source: str
    text: str
    kind: Kind
    titles: Mapping[str, str] = field(default_factory=dict)
    parameters: tuple[Parameter, ...] = ()
    tags: tuple[str, ...] = ()
    chart: tuple[str, ...] = ()
    prefixes: Mapping[str, str] = field(default_factory=dict)

    @property
    def example(self) -> dict[str, str]:
        """The values of its example, by parameter."""
        return {each.name: each.example for each in self.parameters if each.example is not None}


def load(directory: Path = QUERIES, base_iri: str = BASE_IRI) -> dict[str, CannedQuery]:
    """Read every ``.rq`` file of a directory, by name.

    Raises:
        ProjectFault: a file's header or its use of parameters is wrong; says file and line.
    """
    paths = sorted(directory.glob("*.rq"))
    return {path.stem: _read(path, base_iri) for path in paths}


def bind(query: CannedQuery, given: Iterable[tuple[str, str]], states: StateNames) -> str:
    """Return the query's text with its parameters bound to the terms that ``given`` means.

    Raises:
        BadRequest: a parameter is missing, unknown, given twice or ill-typed. The problem names
            it and says what it takes.
    """
    values = _once(query, given)
    context = Context(states, query.prefixes)
    terms: dict[str, str] = {}
    for parameter in query.parameters:
        text = values.get(parameter.name, parameter.default)
        if text is not None:
            terms[parameter.name] = term(parameter, text, context)
        elif parameter.required:
            detail = f"The parameter {parameter.name!r} is missing: {parameter.meaning}."
            detail += f" It takes {parameter.takes}, for example {parameter.example}."
            raise BadRequest(detail, parameter=parameter.name, takes=parameter.takes)
    return substitute(query.text, terms)


def substitute(text: str, terms: Mapping[str, str]) -> str:
    """Put terms in SPARQL syntax where the tokens ``$name`` of ``text`` stand.

    >>> substitute('SELECT $s ?o WHERE { $s ?p ?o, "$s" } # $s', {"s": "<urn:x>"})
    'SELECT (<urn:x> AS ?s) ?o WHERE { <urn:x> ?p ?o, "$s" } # $s'
    """
    written: list[str] = []
    for token, kind, projected in _tokens(text):
        if kind == "variable" and token[0] == "$" and token[1:] in terms:
            value = terms[token[1:]]
            written.append(f"({value} AS ?{token[1:]})" if projected else value)
        else:
            written.append(token)
    return "".join(written)


def counting(text: str) -> str:
    """Return a query that counts the rows of the SELECT query ``text``, as ``?rows``."""
    start = sum(len(token) for token, _, _ in _prologue(text))
    return f"{text[:start]}SELECT (COUNT(*) AS ?rows) WHERE {{\n{text[start:]}\n}}"


def page(text: str, limit: int | None, offset: int) -> str:
    """Return the SELECT query ``text`` cut to ``limit`` rows after the first ``offset``."""
    cut = f"\nLIMIT {limit}" if limit is not None else ""
    return text.rstrip() + cut + (f"\nOFFSET {offset}" if offset else "") + "\n"


def _once(query: CannedQuery, given: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the given values by name, each of which has to be known and given once."""
    known = {each.name for each in query.parameters}
    values: dict[str, str] = {}
    for name, value in given:
        if name not in known:
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


def _tokens(text: str) -> Iterator[tuple[str, str, bool]]:
    """Yield every token with its kind, and whether it stands bare in a SELECT clause."""
    clause, depth = False, 0
    for match in _TOKEN.finditer(text):
        token, kind = match[0], match.lastgroup or "other"
        if kind == "word" and token.upper() == "SELECT":
            clause, depth = True, 0
        elif kind in ("word", "other") and token.upper() in ("{", "WHERE", "FROM"):
            clause = False
        elif kind == "other":
            depth += {"(": 1, ")": -1}.get(token, 0)
        yield token, kind, clause and depth == 0


def _prologue(text: str) -> Iterator[tuple[str, str, bool]]:
    """Yield the tokens before the query form."""
    for token, kind, projected in _tokens(text):
        if kind == "word" and token.upper() in _KINDS:
            return
        yield token, kind, projected


def _read(path: Path, base_iri: str) -> CannedQuery:
    source = path.read_text(encoding="utf-8").replace(BASE_IRI, base_iri)
    lines = source.splitlines(keepends=True)
    size = next((n for n, line in enumerate(lines) if not line.startswith("#+")), len(lines))
    header = _header(path, lines[:size])
    text = "".join(lines[size:]).lstrip("\n")
    parameters = tuple(
        _parameter(path, key.removeprefix("param "), value)
        for key, value in header.items()
        if key.startswith("param ")
    )
    return CannedQuery(
        name=path.stem,
        title=header["title"],
        description=header["description"],
        result=header["result"],
        source=source,
        text=text,
        kind=_check(path, text, parameters),
        titles={key[6:]: value for key, value in header.items() if key.startswith("title@")},
        parameters=parameters,
        tags=tuple(each.strip() for each in header.get("tags", "").split(",") if each.strip()),
        chart=tuple(header.get("chart", "").split()),
        prefixes=dict(_PREFIX.findall(text)),
    )


_KEY = re.compile(r"(title(@[a-z-]+)?|description|result|tags|chart|param [a-z][a-z0-9_]*)")


def _header(path: Path, lines: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    key = ""
    for number, line in enumerate(lines, 1):
        content = line[2:].rstrip()
        if content.startswith("   ") and key:
            found[key] += " " + content.strip()
            continue
        key, colon, value = (each.strip() for each in content.partition(":"))
        if not colon or not _KEY.fullmatch(key) or key in found:
            raise ProjectFault(f"not a line of a query's header: {key!r}", path=path, line=number)
        found[key] = value
    missing = [key for key in ("title", "description", "result") if not found.get(key)]
    if missing:
        raise ProjectFault(f"the header lacks {', '.join(missing)}", path=path, line=1)
    return found


def _parameter(path: Path, name: str, declaration: str) -> Parameter:
    type_, _, remainder = (each.strip() for each in declaration.partition(";"))
    meaning, *rest = (each.strip() for each in remainder.split(";"))
    choices = choices_of(type_)
    values: dict[str, str] = {}
    for each in rest:
        word, _, value = each.partition(" ")
        values[word] = value.strip()
    unknown = values.keys() - {"example", "default", "optional"}
    if (type_ not in TYPES and not choices) or not meaning or unknown or name in RESERVED:
        message = f"the parameter {name!r} is not declared as 'TYPE; meaning; example VALUE'"
        raise ProjectFault(message, path=path, line=1)
    example, default = values.get("example"), values.get("default")
    if example is None and default is None and "optional" not in values:
        raise ProjectFault(f"the parameter {name!r} has no example", path=path, line=1)
    return Parameter(
        name, "enum" if choices else type_, meaning, example, default, "optional" in values, choices
    )


def _check(path: Path, text: str, parameters: Sequence[Parameter]) -> Kind:
    """Return the query's kind.

    Raises:
        ProjectFault: ``$name`` and the declared parameters differ, a parameter is also written
            ``?name``, or the query has a LIMIT or OFFSET of its own, which are the requests'.
    """
    tokens = [(token, kind) for token, kind, _ in _tokens(text)]
    words = [token.upper() for token, kind in tokens if kind == "word"]
    variables = {token for token, kind in tokens if kind == "variable"}
    used = {each[1:] for each in variables if each[0] == "$"}
    declared = {each.name for each in parameters}
    plain = declared & {each[1:] for each in variables if each[0] == "?"}
    for wrong, message in (
        (used ^ declared, "either not declared or not used"),
        (plain, "written with ? and not with $"),
        ({"LIMIT", "OFFSET"} & set(words), "for requests to say, not for the query"),
    ):
        if wrong:
            raise ProjectFault(f"{', '.join(sorted(wrong))}: {message}", path=path)
    form = next((word for word in words if word in _KINDS), None)
    if form is None:
        raise ProjectFault("there is no query below the header", path=path)
    return _KINDS[form]
