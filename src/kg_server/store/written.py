"""Queries as text for another engine, with bound terms, prefixes and base but without FROM."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urljoin

from kg_server.errors import ServiceRefused, UnknownFunction
from kg_server.sparql import discovery, keywords, lexer, rewrite
from kg_server.sparql.lexer import Token
from kg_server.sparql.query import Dataset, Query

NOTHING = "urn:x-kg-server:nothing"
"""The name of no graph: it stands for an empty list, which the protocol cannot send."""

_SERVICE = frozenset(("SERVICE",))
_FOREIGN = ("bif:", "sql:", "java:")
"""Schemes of IRIs that name program code in Virtuoso (bif, sql) and in Jena (java)."""
_ABSOLUTE = re.compile(r"<[A-Za-z][A-Za-z0-9+.-]*:")
_CODEPOINT = re.compile(r"\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8}")
_NOT_IN_IRI = frozenset('<>"{}|^`\\')
_LOCAL_ESCAPE = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Graphs:
    """The named graphs of a dataset: those of its default graph, and all that clients see.

    ``described`` are added to the default graph for queries that ask for a description.
    """

    default: tuple[str, ...]
    named: tuple[str, ...]
    described: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """A query for another engine. Neither list of graphs is empty; ``NOTHING`` stands for none."""

    text: str
    default_graphs: tuple[str, ...]
    named_graphs: tuple[str, ...]


def refuse_foreign(query: Query) -> None:
    """Refuse what would make another engine contact a third one, or run its own program code.

    Raises:
        ServiceRefused: the query has SERVICE (SPARQL 1.1 Federated Query).
        UnknownFunction: the query names code of an engine.
    """
    if keywords.uses(query.text, _SERVICE):
        raise ServiceRefused(
            "This server asks no other one. Ask each yourself, and join the answers."
        )
    if not any(each in query.text.lower() for each in _FOREIGN):
        return
    for iri in lexer.iris(query.text, _prefixes(query)):
        if iri.lower().startswith(_FOREIGN):
            raise UnknownFunction(f"There is no function or property <{iri}>.")


def written(query: Query, graphs: Graphs) -> Written:
    """Return a query as text with its whole dataset (SPARQL 1.1 Protocol §2.1.4).

    Engines disagree whether the protocol's dataset wins over FROM, and what GRAPH ranges over if
    only default graphs are given. So FROM is taken out, and both lists are always sent.

    Args:
        query: a query that the parser accepted.
        graphs: the graphs that the engine has.

    >>> from kg_server.formats import Kind, named
    >>> asked = Query("SELECT ?o FROM <urn:g> { ?s ?p ?o }", named("json", Kind.BINDINGS))
    >>> sent = written(asked, Graphs(("urn:h",), ("urn:g", "urn:h")))
    >>> sent.text, sent.default_graphs, sent.named_graphs
    ('SELECT ?o  { ?s ?p ?o }', ('urn:g',), ('urn:x-kg-server:nothing',))
    """
    text, in_query = _without_from(query)
    if dataset := query.dataset or in_query:
        default = _known(dataset.default_graphs, graphs)
        named = _known(dataset.named_graphs, graphs)
    else:
        default, named = graphs.default, graphs.named
        if graphs.described and discovery.asks_for_description(query):
            default = (*default, *graphs.described)
    text = _with_bindings(text, query.bindings)
    return Written(_prologue(text, query) + text, default or (NOTHING,), named or (NOTHING,))


def with_columns(text: str, variables: Iterable[str]) -> str:
    """Return a SELECT with the names of its columns for ``*``, which engines read differently.

    Virtuoso 7.2 makes a column of a variable that only a filter has.

    >>> with_columns("SELECT DISTINCT * { ?a ?b 1 FILTER(?c > 1) }", ("a", "b"))
    'SELECT DISTINCT ?a ?b { ?a ?b 1 FILTER(?c > 1) }'
    """
    tokens = lexer.significant(text)
    for token in tokens:
        if token.kind == "word" and token.text.upper() == "SELECT":
            break
    for token in tokens:
        if token.text == "*":
            columns = " ".join(f"?{each}" for each in variables)
            return f"{text[: token.offset]}{columns}{text[token.end :]}"
        if token.text.upper() not in ("DISTINCT", "REDUCED"):
            break
    return text


def _known(names: Iterable[str], graphs: Graphs) -> tuple[str, ...]:
    """Return the names of graphs that exist; an engine might fetch any other from the web."""
    existing = {*graphs.default, *graphs.named, *graphs.described}
    return tuple(each for each in names if each in existing)


def _without_from(query: Query) -> tuple[str, Dataset]:
    """Return the text without comments and FROM clauses, and the dataset that they give."""
    kept: list[str] = []
    default: list[str] = []
    named: list[str] = []
    clause: list[str] | None = None
    prefixes: Mapping[str, str] | None = None
    for token in lexer.tokens(query.text):
        word = token.text.upper() if token.kind == "word" else ""
        if token.kind == "comment":
            kept.append(" ")
        elif word == "FROM":
            clause = default
        elif clause is not None and word == "NAMED":
            clause = named
        elif clause is not None and token.kind in ("iri", "name"):
            prefixes = prefixes or _prefixes(query)
            clause.append(_resolved(token, prefixes, query))
            clause = None
        elif clause is None:
            kept.append(_unescaped(token.text) if token.kind == "iri" else token.text)
    return "".join(kept), Dataset(tuple(default), tuple(named))


def _resolved(token: Token, prefixes: Mapping[str, str], query: Query) -> str:
    if token.kind == "iri":
        iri = _unescaped(token.text)
        return iri[1:-1] if _ABSOLUTE.match(iri) else urljoin(_base(query) or "", iri[1:-1])
    prefix, _, local = token.text.partition(":")
    return prefixes.get(prefix, "") + _LOCAL_ESCAPE.sub(r"\1", local)


def _unescaped(iri: str) -> str:
    r"""Return an IRI with characters in place of codepoint escapes (§19.2), which not all read.

    >>> _unescaped(r"<http://x/\u002C\u003E>")
    '<http://x/,\\u003E>'
    """

    def character(match: re.Match[str]) -> str:
        decoded = chr(int(match[0][2:], 16))
        return match[0] if decoded in _NOT_IN_IRI or decoded <= " " else decoded

    return _CODEPOINT.sub(character, iri) if "\\" in iri else iri


def _with_bindings(text: str, bindings: Mapping[str, str]) -> str:
    return rewrite.substitute(text, bindings, signs="?$") if bindings else text


def _prologue(text: str, query: Query) -> str:
    """Return declarations of the base and the prefixes that the query uses without declaring."""
    tokens = list(lexer.significant(text))
    lines = []
    if query.base_iri and any(
        each.kind == "iri" and not _ABSOLUTE.match(each.text) for each in tokens
    ):
        lines.append(f"BASE <{query.base_iri}>")
    if query.prefixes:
        used = {each.text.partition(":")[0] for each in tokens if each.kind == "name"}
        missing = used & query.prefixes.keys() - _declared(query.text).keys()
        lines += [f"PREFIX {each}: <{query.prefixes[each]}>" for each in sorted(missing)]
    return "".join(f"{line}\n" for line in lines)


def _prefixes(query: Query) -> dict[str, str]:
    return {**query.prefixes, **_declared(query.text)}


def _declared(text: str) -> dict[str, str]:
    return {name[:-1]: iri for word, name, iri in _declarations(text) if word == "PREFIX"}


def _base(query: Query) -> str | None:
    bases = [iri for word, _, iri in _declarations(query.text) if word == "BASE"]
    return bases[-1] if bases else query.base_iri


def _declarations(text: str) -> Iterable[tuple[str, str, str]]:
    """Yield the declarations of a prologue (§4.1): the word, the prefix with its colon, the IRI."""
    word = name = ""
    for token in lexer.significant(text):
        if token.kind == "word":
            word, name = token.text.upper(), ""
            if word not in ("PREFIX", "BASE"):
                return
        elif token.kind == "name":
            name = token.text
        elif token.kind == "iri":
            yield word, name, token.text[1:-1]
