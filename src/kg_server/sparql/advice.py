"""Advice on slow queries: which construct is costly, and what to write instead."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from kg_server.sparql import exists, groups
from kg_server.sparql.groups import Group, NotUnderstood, Pattern

_SHOWN = 60
_INSTEAD = {
    "EXISTS": "Join with { SELECT DISTINCT … { … } }",
    "NOT EXISTS": "Write MINUS { … }",
    "!BOUND": "Write MINUS { … } in place of it and of FILTER(!BOUND)",
}


def on(text: str) -> list[str]:
    """Return advice on the costly parts of a query as it is evaluated, the most costly first.

    >>> on("SELECT * { ?a <p> ?b . ?c <q> ?d }")[0]
    'Each match of "?a <p> ?b" is combined with each of "?c <q> ?d": they share no variable. ...'
    """
    try:
        query = groups.read(exists.rewritten(text))
    except NotUnderstood:
        return []
    advice = list(_inside(query.where)) if query.where else []
    return list(dict.fromkeys(text for _, text in sorted(advice, key=lambda each: each[0])))


@dataclass(frozen=True, slots=True)
class Placed:
    """A pattern of a query, and where it stands.

    ``text`` has the GRAPH around it. ``is_needed``: it is not in OPTIONAL, MINUS or NOT EXISTS.
    ``is_in_branch``: it is in a group of a UNION.
    """

    text: str
    pattern: Pattern
    is_needed: bool = True
    is_in_branch: bool = False


def patterns(text: str) -> list[Placed]:
    """Return the patterns of a query, including those in the groups of its filters.

    Raises:
        NotUnderstood: ``groups`` cannot read the query.
    """
    query = groups.read(text)
    return list(_placed(query.where)) if query.where else []


def _placed(group: Group) -> Iterator[Placed]:
    for pattern in group.patterns:
        yield Placed(pattern.text, pattern)
    for part in group.parts:
        for each in _placed(part.body):
            yield replace(
                each,
                text=f"GRAPH {part.graph} {{ {each.text} }}" if part.graph else each.text,
                is_needed=each.is_needed and part.kind not in ("OPTIONAL", "MINUS"),
                is_in_branch=each.is_in_branch or part.is_branch,
            )
    for condition in group.filters:
        if condition.body:
            for each in _placed(condition.body):
                yield replace(each, is_needed=each.is_needed and condition.kind == "EXISTS")


def _patterns(group: Group) -> Iterator[Pattern]:
    yield from group.patterns
    for body in _bodies(group):
        yield from _patterns(body)


def _bodies(group: Group) -> list[Group]:
    """Return the groups in a group, including those of its filters."""
    filtered = [each.body for each in group.filters if each.body]
    return [*(part.body for part in group.parts), *filtered]


def _inside(group: Group) -> Iterator[tuple[int, str]]:
    """Yield advice on the costly parts of a group, each with its rank."""
    yield from ((0, text) for text in _product(group))
    yield from ((1, text) for text in _filters(group))
    for each in group.patterns:
        is_bound = each.predicate[1:] in group.expressions  # by VALUES or BIND
        if each.is_open and each.subject.name and each.object.name and not is_bound:
            yield 2, _open(each)
    for body in _bodies(group):
        yield from _inside(body)


def _product(group: Group) -> Iterator[str]:
    """Yield advice on two patterns that no chain of shared variables connects."""
    with_names = [each for each in group.patterns if each.nodes]
    if not with_names:
        return
    others = [part.body.mentioned for part in group.parts if part.kind != "MINUS"]
    reached, before = set(with_names[0].nodes), 0
    while len(reached) > before:
        before = len(reached)
        for names in [_names(each) for each in with_names] + others:
            if names & reached:
                reached |= names
    for each in with_names:
        if not each.nodes & reached:
            yield (
                f"Each match of {_quoted(with_names[0].text)} is combined with each of "
                f"{_quoted(each.text)}: they share no variable. Join them by a pattern between "
                "them, or ask two queries."
            )
            return


def _names(pattern: Pattern) -> frozenset[str]:
    is_any = pattern.is_open and not pattern.repeats
    return pattern.nodes | ({pattern.predicate[1:]} if is_any else frozenset())


def _filters(group: Group) -> Iterator[str]:
    """Yield advice on filters that are evaluated for each solution."""
    for each in group.filters:
        body = each.body or _optional(group, each.variable)
        inner = list(_patterns(body)) if body else []
        if sum(pattern.steps for pattern in inner) > 1:
            kind = "OPTIONAL" if each.kind == "!BOUND" else each.kind
            yield (
                f"{kind} {{ {inner[0].text} … }} is evaluated for each solution. "
                f"{_INSTEAD[each.kind]}, with variables that both sides always bind, and no others "
                "of the outer group in its filters."
            )


def _optional(group: Group, variable: str) -> Group | None:
    """Return the OPTIONAL that binds a variable."""
    parts = (part for part in group.parts if part.kind == "OPTIONAL")
    return next((part.body for part in parts if variable in part.body.possible), None)


def _open(pattern: Pattern) -> str:
    if pattern.repeats:
        return f"{_quoted(pattern.text)} is followed from every node. Name where it starts or ends."
    return f"{_quoted(pattern.text)} can match every triple. Name its predicate or one end."


def _quoted(text: str) -> str:
    return f'"{text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"}"'
