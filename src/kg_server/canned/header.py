"""The text of ``.rq`` files: tokens of SPARQL, header lines, and queries made of queries."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from kg_server.canned.parameters import TYPES, Parameter, choices_of
from kg_server.errors import ProjectFault
from kg_server.formats import Kind
from kg_server.sparql import lexer
from kg_server.sparql.keywords import Form

RESERVED = ("format", "limit", "offset")
"""What a request may give beside a query's own parameters."""


_KEY = re.compile(r"(title(@[a-z-]+)?|description|result|tags|chart|param [a-z][a-z0-9_]*)")


def header(path: Path, lines: Sequence[str]) -> dict[str, str]:
    """Read header lines into values by key.

    Raises:
        ProjectFault: a line has no known key, a key comes twice, or a needed one is missing.
    """
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


def parameter(path: Path, name: str, declaration: str) -> Parameter:
    """Read the declaration of a parameter.

    Raises:
        ProjectFault: it is not of the form, or has no example.
    """
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


def check(path: Path, text: str, parameters: Sequence[Parameter]) -> Kind:
    """Return the query's kind.

    Raises:
        ProjectFault: ``$name`` and the declared parameters differ, a parameter is also written
            ``?name``, or the query has a LIMIT or OFFSET of its own, which are the requests'.
    """
    words = list(lexer.words(text))
    variables = {token.text for token in lexer.tokens(text) if token.kind == "variable"}
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
    form = next((word for word in words if word in Form.__members__), None)
    if form is None:
        raise ProjectFault("there is no query below the header", path=path)
    return Form[form].kind
