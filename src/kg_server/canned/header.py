"""Headers of ``.rq`` files: header lines, declared parameters, and views."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path

from kg_server.canned.parameters import TYPES, Parameter, typed
from kg_server.errors import ProjectFault
from kg_server.formats import Kind
from kg_server.project import parsing
from kg_server.project.profile import Texts
from kg_server.sparql import lexer
from kg_server.sparql.keywords import Form

RESERVED = ("format", "labels", "limit", "offset")
"""Parameters that a request may have besides those of the query."""


VIEWS = {
    "table": 0,
    "bars": 2,
    "timeline": 3,
    "cards": 0,
    "graph": 2,
    "map": 2,
}
"""The views of a result, with the number of columns that each needs."""

_KEY = re.compile(
    r"((title|description|result)(@[a-zA-Z-]+)?|tags|view"
    r"|param [a-z][a-z0-9_]*(@[a-zA-Z-]+)?)"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One value of a header, and the line where it begins."""

    value: str
    line: int


def header(path: Path, lines: Sequence[str]) -> dict[str, Entry]:
    """Read header lines into values by key.

    Raises:
        ProjectFault: a line has no known key, a key is repeated, or a required key is missing.
    """
    entries: dict[str, Entry] = {}
    key = ""
    for number, line in enumerate(lines, 1):
        content = line[2:].rstrip()
        if content.startswith("   ") and key:
            entries[key] = replace(entries[key], value=f"{entries[key].value} {content.strip()}")
            continue
        key, colon, value = (each.strip() for each in content.partition(":"))
        if not colon or not _KEY.fullmatch(key) or key in entries:
            again = key in entries
            message = f"the header has the key {key!r} twice" if again else _unknown(key)
            raise ProjectFault(message, path=path, line=number)
        entries[key] = Entry(value, number)
    missing = [key for key in ("title", "description", "result") if not has(entries, key)]
    if missing:
        raise ProjectFault(f"the header lacks {', '.join(missing)}", path=path, line=1)
    return entries


def _unknown(key: str) -> str:
    return (
        f"a header has no key {key!r}; keys are title, description, result, tags, view and "
        "'param NAME', followed by a colon"
    )


def texts(header: Mapping[str, Entry], key: str, language: str) -> Texts:
    """Return a text of a header by language tag.

    Args:
        header: the header.
        key: the key of the text, such as ``title``.
        language: the language of the text without a tag.
    """
    by_language = {language: header[key].value} if has(header, key) else {}
    for name, entry in header.items():
        if name.startswith(f"{key}@") and entry.value:
            by_language[name.partition("@")[2]] = entry.value
    return by_language


def has(header: Mapping[str, Entry], key: str) -> bool:
    """Tell whether a header has a non-empty value."""
    return key in header and bool(header[key].value)


def parameters(
    path: Path, header: Mapping[str, Entry], prefixes: Mapping[str, str], language: str
) -> tuple[Parameter, ...]:
    """Read the declarations of all parameters, with their meanings by language.

    ``language`` is that of a meaning without a tag.

    Raises:
        ProjectFault: one is not of the form, has no example, or is only declared in a language.
    """
    entries = {
        key.removeprefix("param "): each for key, each in header.items() if key.startswith("param ")
    }
    declared = {
        name: _parameter(path, name, entry, prefixes=prefixes, language=language)
        for name, entry in entries.items()
        if "@" not in name
    }
    for key, entry in entries.items():
        name, at, language = key.partition("@")
        if at:
            if name not in declared:
                message = f"the parameter {name!r} is not declared"
                raise ProjectFault(message, path=path, line=entry.line)
            declared[name] = _translated(path, declared[name], language, entry)
    return tuple(declared.values())


def _translated(path: Path, parameter: Parameter, language: str, entry: Entry) -> Parameter:
    """Return a parameter with ``MEANING; WORD what it is called; …`` in one more language."""
    meaning, *rest = (each.strip() for each in entry.value.split(";"))
    words = {word: called.strip() for word, _, called in (each.partition(" ") for each in rest)}
    unknown = words.keys() - set(parameter.choices)
    if not meaning or unknown:
        message = f"{parameter.name}@{language} is not written as 'meaning; WORD its label'"
        raise ProjectFault(message, path=path, line=entry.line)
    return replace(
        parameter,
        meanings={**parameter.meanings, language: meaning},
        choice_labels={**parameter.choice_labels, language: words},
    )


def _parameter(
    path: Path, name: str, entry: Entry, *, prefixes: Mapping[str, str], language: str
) -> Parameter:
    """Read the declaration of a parameter.

    Raises:
        ProjectFault: the declaration is malformed, or has no example.
    """
    type_, _, remainder = (each.strip() for each in entry.value.partition(";"))
    meaning, *rest = (each.strip() for each in remainder.split(";"))
    declared = typed(type_, prefixes)
    values: dict[str, str] = {}
    for each in rest:
        word, _, value = each.partition(" ")
        values[word] = value.strip()
    if declared is None:
        message = f"the parameter {name!r} has the unknown type {type_!r}; types are"
        message += f" {', '.join(_TYPES)}; CLASS and SCHEME are IRIs or have a prefix of the query"
        raise ProjectFault(message, path=path, line=entry.line)
    if wrong := _wrong(name, meaning, values.keys()):
        raise ProjectFault(f"the parameter {name!r} {wrong}", path=path, line=entry.line)
    kind, choices, of = declared
    return Parameter(
        name=name,
        type=kind,
        meaning=meaning,
        example=values.get("example"),
        default=values.get("default"),
        optional="optional" in values,
        choices=choices,
        of=of,
        line=entry.line,
        meanings={language: meaning},
    )


def _wrong(name: str, meaning: str, words: Set[str]) -> str:
    """Return the end of a sentence that says what is wrong with a declaration; perhaps empty."""
    if name in RESERVED:
        return f"has a name that every request may use: {', '.join(RESERVED)}; rename it"
    if not meaning or words - _WORDS:
        return "is not declared as 'TYPE; meaning; example VALUE'"
    if not words & _WORDS:
        return "has no example; add 'example VALUE', 'default VALUE' or 'optional'"
    return ""


_WORDS = {"example", "default", "optional"}
_WRITTEN = {"enum": "enum(a|b)", "thing": "thing(CLASS)", "concept": "concept(SCHEME)"}
_TYPES = [_WRITTEN.get(each, each) for each in TYPES]


def view(path: Path, entry: Entry | None, text: str, kind: Kind) -> tuple[str, ...]:
    """Read the view of a result: its kind and its columns.

    Raises:
        ProjectFault: there is no such view, it has too few columns, or the query has no such
            column.
    """
    words = tuple(entry.value.split()) if entry else ()
    if not words or entry is None:
        return ()
    columns = words[1:]
    variables = {token.text[1:] for token in lexer.tokens(text) if token.kind == "variable"}
    missing = [each for each in columns if each not in variables]
    message = ""
    if words[0] not in VIEWS:
        message = f"there is no view {words[0]!r}; views are {', '.join(VIEWS)}"
    elif len(columns) < VIEWS[words[0]]:
        message = f"the view {words[0]!r} needs the names of {VIEWS[words[0]]} columns"
    elif missing:
        message = f"the view names {missing[0]!r}, which is no variable of the query"
    elif kind is not Kind.BINDINGS:
        message = "only the answer of a SELECT has a view"
    if message:
        raise ProjectFault(message, path=path, line=entry.line)
    return words


def check(path: Path, text: str, parameters: Sequence[Parameter], first_line: int) -> Kind:
    """Return the query's kind.

    Args:
        path: the file.
        text: the query below its header.
        parameters: the declared parameters.
        first_line: the line of the file where the text begins.

    Raises:
        ProjectFault: ``$name`` and the declared parameters differ, a parameter is also written
            ``?name``, or the query has a LIMIT or OFFSET, which only requests may set.
    """

    def line_of(word: str) -> int:
        """Return the line of a parameter's declaration, or else of the word in the text."""
        declared = [each.line for each in parameters if each.name == word]
        match = re.search(rf"(?i)[?$]?\b{re.escape(word)}\b", text)
        return (
            declared[0]
            if declared
            else first_line + text.count("\n", 0, match.start() if match else 0)
        )

    tokens = list(lexer.tokens(text))
    words = [token.text.upper() for token in tokens if token.kind == "word"]
    variables = {token.text for token in tokens if token.kind == "variable"}
    used = {each[1:] for each in variables if each[0] == "$"}
    declared = {each.name for each in parameters}
    plain = declared & {each[1:] for each in variables if each[0] == "?"}
    for wrong, message in (
        (plain, "written with ? and not with $"),
        (used ^ declared, "either not declared or not used"),
        ({"LIMIT", "OFFSET"} & set(words), "set by requests; remove it from the query"),
    ):
        if wrong:
            names = sorted(wrong)
            raise ProjectFault(f"{', '.join(names)}: {message}", path=path, line=line_of(names[0]))
    form = next((word for word in words if word in Form.__members__), None)
    if form is None:
        if words:  # the parser finds the place of a misspelt keyword
            parsing.check_query(text, path, first_line=first_line)
        raise ProjectFault("there is no query below the header", path=path, line=first_line)
    return Form[form].kind
