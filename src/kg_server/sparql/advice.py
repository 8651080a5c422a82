"""Advice on slow queries: which construct is costly, and what to write instead."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from kg_server.sparql import exists, groups
from kg_server.sparql.groups import Group, NotUnderstood, Pattern, ReadQuery

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
    if not query.where or _ends_early(query, query.where):
        return []
    given = _given(query, query.where)
    advice = list(_inside(query.where, given))
    return list(dict.fromkeys(text for _, text in sorted(advice, key=lambda each: each[0])))


def _ends_early(query: ReadQuery, where: Group) -> bool:
    """Tell whether a query is one pattern of which the first matches are enough."""
    is_one = len(where.patterns) == 1 and not (where.parts or where.filters or where.filtered)
    words = {token.text.upper() for token in query.tokens if token.kind == "word"}
    if not is_one or words & {"ORDER", "GROUP", "DISTINCT", "REDUCED", "OFFSET"}:
        return False
    computes = any(token.text == "(" for token in query.tokens if token.offset < where.begin)
    return "ASK" in words or ("LIMIT" in words and not computes)


def _given(query: ReadQuery, where: Group) -> frozenset[str]:
    """Return the variables of the VALUES block after the outermost group."""
    after = [token for token in query.tokens if token.offset >= where.end]
    at = next((n for n, token in enumerate(after) if token.text.upper() == "VALUES"), len(after))
    return frozenset(token.text[1:] for token in after[at:] if token.kind == "variable")


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


def _inside(group: Group, given: frozenset[str] = frozenset()) -> Iterator[tuple[int, str]]:
    """Yield advice on the costly parts of a group, each with its rank.

    Args:
        group: the group.
        given: variables that have values from elsewhere.
    """
    given |= group.expressions  # from VALUES or BIND
    yield from ((0, text) for text in _product(group))
    yield from ((1, text) for text in _filters(group))
    for each in group.patterns:
        is_given = not given.isdisjoint((*each.nodes, each.predicate[1:]))
        if each.is_open and each.subject.name and each.object.name and not is_given:
            yield 2, _open(each, group)
    for body in _bodies(group):
        yield from _inside(body)


def _product(group: Group) -> Iterator[str]:
    """Yield advice on two patterns that no chain of shared variables connects."""
    with_names = [each for each in group.patterns if each.nodes]
    if not with_names:
        return
    others = [part.body.mentioned for part in group.parts if part.kind != "MINUS"]
    # What BIND and VALUES give a variable may come from any pattern.
    reached, before = set(with_names[0].nodes) | group.expressions, 0
    while len(reached) > before:
        before = len(reached)
        for names in [_names(each) for each in with_names] + others:
            if names & reached:
                reached |= names
    nested = (part.body for part in group.parts if part.kind in ("GROUP", "OPTIONAL", "GRAPH"))
    first = [next(iter(body.patterns), None) for body in nested if not body.mentioned & reached]
    for each in (*with_names, *filter(None, first)):
        if each.nodes and not each.nodes & reached:
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


def _open(pattern: Pattern, group: Group) -> str:
    closed = (each for each in group.patterns if not each.is_open and each.nodes & pattern.nodes)
    text, beside = _quoted(pattern.text), next(closed, None)
    if beside and pattern.repeats:
        return (
            f"{text} is followed from every match of {_quoted(beside.text)}. "
            "Name where it starts or ends."
        )
    if beside:
        return f"{text} is looked up for every match of {_quoted(beside.text)}. Name its predicate."
    if pattern.repeats:
        return f"{text} is followed from every node. Name where it starts or ends."
    return f"{text} can match every triple. Name its predicate or one end."


def _quoted(text: str) -> str:
    return f'"{text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"}"'
