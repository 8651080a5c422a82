"""Group graph patterns of a SPARQL query, parsed as far as rewriting needs (SPARQL 1.1 §19.8).

The input is a query that the engine has accepted. The result gives the positions of groups, filters
and triple patterns, and the variables that they bind. Unknown constructs raise ``NotUnderstood``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

from kg_server.sparql import lexer
from kg_server.sparql.lexer import Token

_LONGEST = 20_000
_DEEPEST = 40
FilterKind = Literal["EXISTS", "NOT EXISTS", "!BOUND"]
PartKind = Literal["GROUP", "OPTIONAL", "MINUS", "GRAPH", "SELECT"]

_IN_LIST = "rdf:rest*/rdf:first"


class NotUnderstood(Exception):
    """The text is not a query, or has a construct that this module does not parse."""


class Node(NamedTuple):
    """One end of a pattern; ``name`` is its variable or blank node, empty for any other term."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Pattern:
    """A triple pattern or a path pattern; ``steps`` is the number of its triple patterns.

    ``is_open``: its predicate is a variable, or its path repeats or negates.
    """

    subject: Node
    predicate: str
    object: Node
    steps: int
    is_open: bool

    @property
    def nodes(self) -> frozenset[str]:
        """The variables and blank nodes at both ends."""
        return frozenset((self.subject.name, self.object.name)) - {""}

    @property
    def repeats(self) -> bool:
        """True if its path repeats or negates."""
        return self.is_open and self.predicate[0] not in "?$"

    @property
    def text(self) -> str:
        """The text of the pattern."""
        return f"{self.subject.text} {self.predicate} {self.object.text}"


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter that may be rewritten: ``[NOT] EXISTS`` (``body``) or ``!BOUND`` (``variable``).

    ``begin`` and ``end`` are offsets in the text, from FILTER to after its last bracket. With
    ``is_part``, they are those of one of several conditions in a filter.
    """

    kind: FilterKind
    begin: int
    end: int
    body: Group | None = None
    variable: str = ""
    is_part: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """A group inside a group, with the variables bound before it.

    ``graph`` is the name or the variable of GRAPH. ``is_branch``: the group is one of a UNION.
    """

    kind: PartKind
    begin: int
    body: Group
    certain: frozenset[str] = frozenset()
    possible: frozenset[str] = frozenset()
    graph: str = ""
    is_branch: bool = False


@dataclass(slots=True)
class Group:
    """A group graph pattern from its opening to its closing brace.

    Every solution binds the variables in ``certain``; some solution may bind those in ``possible``.
    ``mentioned`` has all variables of the text, ``filtered`` those of its filters. ``expressions``
    has the variables in data, and those in expressions where they may be unbound. For these,
    replacing the variable by a value differs from a join with that value. ``is_plain`` holds if
    the group has only joins, unions, filters and data.
    """

    begin: int
    end: int = 0
    certain: set[str] = field(default_factory=set)
    possible: set[str] = field(default_factory=set)
    mentioned: frozenset[str] = frozenset()
    filtered: set[str] = field(default_factory=set)
    expressions: set[str] = field(default_factory=set)
    is_plain: bool = True
    patterns: list[Pattern] = field(default_factory=list)
    filters: list[Filter] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    last_binding: int = 0
    """Offset of the last element that is not a filter."""

    def all_patterns(self) -> Iterator[Pattern]:
        """Yield the patterns of the group and of its nested groups."""
        yield from self.patterns
        for part in self.parts:
            yield from part.body.all_patterns()


@dataclass(frozen=True, slots=True)
class ReadQuery:
    """A query's outermost group; ``has_star``: a SELECT or DESCRIBE selects all variables."""

    where: Group | None
    has_star: bool
    tokens: tuple[Token, ...]

    def mentions(self, *spans: tuple[int, int]) -> set[str]:
        """Return the variables that occur outside of these spans."""
        return {
            token.text[1:]
            for token in self.tokens
            if token.kind == "variable"
            and not any(begin <= token.offset < end for begin, end in spans)
        }


def read(text: str) -> ReadQuery:
    """Read a query.

    Raises:
        NotUnderstood: the text is too long, too deep, an update, or has an unknown construct.
    """
    if len(text) > _LONGEST:
        raise NotUnderstood("long")
    return _Reader(text).query()


class _Reader:
    """A recursive-descent parser over the tokens of a query."""

    def __init__(self, text: str) -> None:
        self._tokens = (*lexer.significant(text), Token("unknown", "", len(text)))
        self._at = 0
        self._depth = 0
        self._has_star = False

    def query(self) -> ReadQuery:
        """Read the whole text."""
        while self._word() in ("BASE", "PREFIX"):
            while self._next().kind != "iri":
                pass
        form, where = self._word(), None
        if form == "SELECT":
            _, _, where = self._select()
        elif form in ("ASK", "CONSTRUCT", "DESCRIBE"):
            self._at += 1
            self._has_star |= self._now.text == "*"
            if form == "CONSTRUCT" and self._now.text == "{":
                self._balanced()
            while self._now.text not in ("{", ""):
                self._at += 1
            where = self._group() if self._now.text else None
            self._modifiers()
        if self._at != len(self._tokens) - 1:
            raise NotUnderstood(self._now.text)
        return ReadQuery(where, self._has_star, self._tokens)

    @property
    def _now(self) -> Token:
        return self._tokens[self._at]

    def _next(self) -> Token:
        """Take a token.

        Raises:
            NotUnderstood: no token is left, or its kind is unknown.
        """
        token = self._now
        if token.kind in ("unknown", "unclosed"):
            raise NotUnderstood(token.text or "the end")
        self._at += 1
        return token

    def _word(self) -> str:
        return self._now.text.upper() if self._now.kind == "word" else ""

    def _take(self, *texts: str) -> bool:
        """Take these tokens if they come next, ignoring the case of words."""
        coming = self._tokens[self._at : self._at + len(texts)]
        if tuple(token.text.upper() for token in coming) != texts:
            return False
        self._at += len(texts)
        return True

    def _expect(self, text: str) -> None:
        if not self._take(text):
            raise NotUnderstood(self._now.text)

    def _balanced(self) -> set[str]:
        """Take everything from a bracket to the closing one; return the variables inside."""
        begin, open_ = self._at, [lexer.CLOSING[self._next().text]]
        while open_:
            token = self._next()
            if token.text in lexer.CLOSING:
                open_.append(lexer.CLOSING[token.text])
            elif token.text in lexer.CLOSING.values() and token.text != open_.pop():
                raise NotUnderstood(token.text)
        return self._variables(begin)

    def _variables(self, begin: int) -> set[str]:
        """Return the variables from a token to the current one."""
        tokens = self._tokens[begin : self._at]
        names = {token.text[1:] for token in tokens if token.kind == "variable"}
        if any("\\" in name for name in names):
            raise NotUnderstood("an escape")
        return names

    def _select(self) -> tuple[set[str], set[str], Group]:
        """Read a SELECT; return the variables it projects, those it computes, and its group."""
        self._expect("SELECT")
        plain: set[str] = set()
        made: set[str] = set()
        has_star = False
        while self._now.text != "{":
            if self._now.text == "(":
                self._balanced()
                made.add(self._tokens[self._at - 2].text[1:])
                continue
            token = self._next()
            has_star |= token.text == "*"
            if token.kind == "variable":
                plain.add(token.text[1:])
        where, begin = self._group(), self._at
        self._modifiers()
        if has_star:
            self._has_star = True
            plain |= where.possible
            made |= self._variables(begin)
        return plain, made, where

    def _modifiers(self) -> None:
        """Take the solution modifiers after the group of a query or subquery."""
        while self._now.text not in ("}", ""):
            if self._now.text in lexer.CLOSING:
                self._balanced()
            else:
                self._next()

    def _group(self) -> Group:
        self._deeper()
        group, first = Group(self._now.offset), self._at
        self._expect("{")
        if self._word() == "SELECT":
            begin = self._now.offset
            plain, made, where = self._select()
            group.certain, group.possible = plain & where.certain, plain | made
            group.is_plain = False
            group.parts.append(Part("SELECT", begin, where))
        while not self._take("}"):
            self._element(group)
            self._take(".")
        group.end = self._before().end
        group.mentioned = frozenset(self._variables(first))
        group.expressions |= group.filtered - group.certain
        self._depth -= 1
        return group

    def _element(self, group: Group) -> None:
        begin, word = self._now.offset, self._word()
        if self._take("FILTER"):
            self._filter(group, begin)
            return
        group.last_binding = begin
        if self._now.text == "{":
            self._union(group)
        elif word in ("OPTIONAL", "MINUS"):
            self._at += 1
            self._part(group, begin, "OPTIONAL" if word == "OPTIONAL" else "MINUS")
        elif self._take("GRAPH"):
            graph = self._next().text
            group.possible |= {graph[1:]}
            self._part(group, begin, "GRAPH", graph)
        elif self._take("BIND"):
            group.expressions |= self._balanced() - group.certain
            group.possible.add(self._tokens[self._at - 2].text[1:])
        elif self._take("VALUES"):
            self._values(group)
        else:
            self._triples(group)

    def _part(self, group: Group, begin: int, kind: PartKind, graph: str = "") -> None:
        """Read a group inside another group."""
        certain, possible = frozenset(group.certain), frozenset(group.possible)
        body = self._group()
        part = Part(
            kind=kind,
            begin=begin,
            body=body,
            certain=certain,
            possible=possible,
            graph=graph,
        )
        group.parts.append(part)
        group.is_plain &= kind == "GROUP" and body.is_plain
        group.expressions |= body.expressions
        if kind != "MINUS":
            group.possible |= body.possible
        if kind == "GRAPH":
            group.certain |= body.certain

    def _union(self, group: Group) -> None:
        """Read a group or the union of several."""
        first = len(group.parts)
        self._part(group, self._now.offset, "GROUP")
        while self._take("UNION"):
            self._part(group, self._now.offset, "GROUP")
        branches = group.parts[first:]
        group.certain |= set.intersection(*(part.body.certain for part in branches))
        if len(branches) > 1:
            group.parts[first:] = [replace(part, is_branch=True) for part in branches]

    def _values(self, group: Group) -> None:
        begin = self._at
        if self._now.text == "(":
            self._balanced()
        else:
            self._next()
        data = self._at
        self._expect("{")
        self._at -= 1
        self._balanced()
        bound = self._variables(begin)
        group.expressions |= bound
        group.possible |= bound
        if not any(token.text.upper() == "UNDEF" for token in self._tokens[data : self._at]):
            group.certain |= bound

    def _filter(self, group: Group, begin: int) -> None:
        """Read a constraint; record the filters in it that may be rewritten."""
        first = self._at
        if self._now.text == "(":
            self._balanced()
            group.filters += self._conditions(first, begin)
        else:
            kind, body, variable = self._negatable(is_bracketed=False)
            if kind:
                group.filters.append(
                    Filter(
                        kind=kind, begin=begin, end=self._before().end, body=body, variable=variable
                    )
                )
            else:
                while self._now.text != "(":
                    self._next()
                self._balanced()
        group.filtered |= self._variables(first)

    def _conditions(self, first: int, begin: int) -> list[Filter]:
        """Return the conditions of a filter in brackets that may be rewritten separately.

        Only && may join them, so that a solution has to meet each of them.

        Args:
            first: index of the token that opens the bracket; the current token closes it.
            begin: offset of the filter.
        """
        starts, depth, filters = [first], 0, []
        after, last = self._at, self._at - 1
        for at in range(first + 1, last):
            text = self._tokens[at].text
            depth += (text in lexer.CLOSING) - (text in lexer.CLOSING.values())
            if text == "||" and not depth:
                return []
            if text == "&&" and not depth:
                starts.append(at)
        is_part = len(starts) > 1
        for start, end in zip(starts, [*starts[1:], last], strict=True):
            self._at = start + 1
            span = (self._now.offset, self._tokens[end - 1].end)
            kind, body, variable = self._negatable(is_bracketed=True)
            if kind and self._at == end:
                span = span if is_part else (begin, self._tokens[last].end)
                filters.append(
                    Filter(
                        kind=kind,
                        begin=span[0],
                        end=span[1],
                        body=body,
                        variable=variable,
                        is_part=is_part,
                    )
                )
        self._at = after
        return filters

    def _negatable(self, *, is_bracketed: bool) -> tuple[FilterKind | None, Group | None, str]:
        """Read ``EXISTS {…}``, its negation, or ``!BOUND(?x)``, if one comes next."""
        if is_bracketed and self._take("!", "BOUND", "("):
            variable = self._next().text[1:]
            return ("!BOUND" if self._take(")") else None), None, variable
        kind: FilterKind = "EXISTS"
        if self._take("NOT", "EXISTS") or (is_bracketed and self._take("!", "EXISTS")):
            kind = "NOT EXISTS"
        elif not self._take("EXISTS"):
            return None, None, ""
        return kind, self._group(), ""

    def _triples(self, group: Group) -> None:
        """Read triples of one subject."""
        is_complete = self._now.text in lexer.CLOSING
        subject = self._node(group)
        if not is_complete or self._is_verb():
            self._properties(group, subject)
        group.possible |= group.certain

    def _node(self, group: Group) -> Node:
        """Read a term, a list, or a blank node with properties."""
        begin, token = self._at, self._next()
        if token.text in ("[", "("):
            return self._bracketed(group, token)
        if token.kind == "variable":
            group.certain.add(token.text[1:])
            return Node(token.text[1:], token.text)
        if token.kind == "blank":
            group.is_plain = False  # its label may stand in one group only (§4.1.4)
            return Node(token.text, "[]")
        if token.kind == "string":
            if self._now.kind == "language" or self._take("^^"):
                self._next()
        elif token.kind not in ("iri", "name", "number") and token.text not in ("true", "false"):
            raise NotUnderstood(token.text)
        return Node("", self._text(begin))

    def _bracketed(self, group: Group, token: Token) -> Node:
        """Read the rest of a list, or of a blank node with properties."""
        self._deeper()
        node = Node(f"{token.text}{token.offset}", "[]")
        if token.text == "[":
            if self._now.text != "]":
                self._properties(group, node)
            self._expect("]")
        else:
            while not self._take(")"):
                group.patterns.append(
                    Pattern(
                        subject=node,
                        predicate=_IN_LIST,
                        object=self._node(group),
                        steps=2,
                        is_open=False,
                    )
                )
        self._depth -= 1
        return node

    def _properties(self, group: Group, subject: Node) -> None:
        """Read predicates and objects."""
        while True:
            begin, is_open = self._at, self._now.kind == "variable"
            if is_open:
                group.certain.add(self._next().text[1:])
                steps = 1
            else:
                steps, is_open = self._path()
            predicate = self._text(begin)
            while True:
                object_ = self._node(group)
                group.patterns.append(
                    Pattern(
                        subject=subject,
                        predicate=predicate,
                        object=object_,
                        steps=steps,
                        is_open=is_open,
                    )
                )
                if not self._take(","):
                    break
            if not self._take(";"):
                return
            while self._take(";"):
                pass
            if not self._is_verb():
                return

    def _text(self, begin: int) -> str:
        """Return the text from a token to the current one, without spaces."""
        return "".join(token.text for token in self._tokens[begin : self._at])

    def _is_verb(self) -> bool:
        token = self._now
        return token.kind in ("variable", "iri", "name") or token.text in ("a", "^", "(", "!")

    def _path(self) -> tuple[int, bool]:
        """Read a property path (§9.1); return its steps, and whether it repeats or negates."""
        steps, is_open = 0, False
        while True:
            self._take("^")
            if self._take("("):
                self._deeper()
                inner, repeats = self._path()
                self._depth -= 1
                self._expect(")")
                steps, is_open = steps + inner, is_open or repeats
            elif self._take("!"):
                is_open = True
                self._take("^")
                if self._now.text == "(":
                    self._balanced()
                else:
                    self._next()
            else:
                steps += 1
                if self._next().kind not in ("iri", "name") and self._before().text != "a":
                    raise NotUnderstood(self._before().text)
            if self._take("?") or self._take("*") or self._take("+"):
                is_open = True
            if not (self._take("/") or self._take("|")):
                return steps, is_open

    def _before(self) -> Token:
        return self._tokens[self._at - 1]

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise NotUnderstood("deep")
