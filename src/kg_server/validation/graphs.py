"""Project files as rdflib graphs, which is what pySHACL judges rightly."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import pyoxigraph
import rdflib
from rdflib import BNode, Literal
from rdflib import Graph as RdflibGraph
from rdflib.plugins.sparql import prepareQuery
from rdflib.plugins.sparql.evalutils import _ebv
from rdflib.plugins.sparql.operators import AdditiveExpression
from rdflib.plugins.sparql.parserutils import CompValue, Expr
from rdflib.plugins.sparql.sparql import SPARQLError

from kg_server.errors import ProjectFault
from kg_server.project import ProjectFile
from kg_server.project.parsing import blank_prefix, parsed
from kg_server.rdf.terms import to_rdflib

if TYPE_CHECKING:
    from rdflib import Graph
    from rdflib.store import Store
    from rdflib.term import Node


# rdflib logs a traceback for each ill-formed literal; that is for the shapes to say.
logging.getLogger("rdflib.term").setLevel(logging.ERROR)


def graph(store: Store | str = "default") -> Graph:
    """Return a graph that parses each query once; empty, or over a store of rdflib.

    pySHACL 0.40 hands over the same text of a SPARQL constraint for every focus node, and
    parsing it takes rdflib 12 ms: 95 % of a validation.
    """

    class PreparedGraph(RdflibGraph):
        def query(self, query_object: Any, *args: Any, **kwargs: Any) -> Any:
            if isinstance(query_object, str):
                query_object = prepared(query_object)
            return super().query(query_object, *args, **kwargs)

    return PreparedGraph(store)


@cache
def prepared(text: str) -> Any:
    """Parse a query; its filters evaluate their conditions in turn, EXISTS last.

    rdflib 7.6 joins the filters of a group by && and evaluates every operand for every solution, so
    that EXISTS, which is costly, is evaluated for solutions that another filter drops.
    """
    query = _parsed(text)
    for part in list(_parts(query.algebra)):
        if part.name == "Filter":
            conditions = sorted(_conditions(part.expr), key=_has_exists)
            part.expr = Expr("InTurn", partial(_in_turn, conditions))
        elif part.name == "AdditiveExpression":
            part._evalfn = partial(_sum, part)
    return query


def _parsed(text: str) -> Any:
    before = rdflib.NORMALIZE_LITERALS
    rdflib.NORMALIZE_LITERALS = False  # a query that asks for 01 must find 01, not 1
    try:
        return prepareQuery(text)
    finally:
        rdflib.NORMALIZE_LITERALS = before


def _in_turn(conditions: Sequence[Any], _expression: Any, bindings: Any) -> Literal:
    """Tell whether all conditions are true; an error is not (SPARQL 1.1 §17.2)."""
    return Literal(all(_ebv(each, bindings) for each in conditions))


def _sum(expression: Any, bindings: Any) -> Any:
    """Return a sum or difference; rdflib 7.6 adds an ill-typed number to itself without end.

    Raises:
        SPARQLError: a number is ill-typed (SPARQL 1.1 §17.3).
    """
    for each in (expression.expr, *(expression.other or ())):
        if isinstance(each, Literal) and each.ill_typed:
            raise SPARQLError(f"{each.n3()} is no number")
    return AdditiveExpression(expression, bindings)


def _conditions(expression: Any) -> list[Any]:
    """Return the operands of &&, at every depth."""
    if not isinstance(expression, Expr) or expression.name != "ConditionalAndExpression":
        return [expression]
    operands = [expression.expr, *(expression.other or ())]
    return [each for operand in operands for each in _conditions(operand)]


def _has_exists(expression: Any) -> bool:
    """Tell whether a condition has EXISTS or NOT EXISTS."""
    return any(part.name in ("Builtin_EXISTS", "Builtin_NOTEXISTS") for part in _parts(expression))


def _parts(algebra: Any) -> Iterator[Any]:
    """Yield the patterns and expressions of a query.

    What rdflib translates, such as the group of an EXISTS, is an attribute beside the parsed item.
    """
    if isinstance(algebra, CompValue):
        yield algebra
        algebra = {**dict(algebra.items()), **vars(algebra)}.values()
    elif not isinstance(algebra, list | tuple):
        return
    for each in algebra:
        yield from _parts(each)


def read(files: Sequence[ProjectFile], what: str) -> Graph:
    """Read files into one rdflib graph: over a pyoxigraph store, pySHACL gives wrong verdicts.

    Named graphs are merged. Blank nodes are numbered in the order of their file.

    Raises:
        ProjectFault: there are no such files, they have no triples, or one is not well-formed.
    """
    if not files:
        raise ProjectFault(f"there are no {what} files")
    merged = graph()
    for file in files:
        parse_into(merged, file)
    if not len(merged):
        raise ProjectFault(f"the {what} files have no triples")
    return merged


def parse_into(merged: Graph, file: ProjectFile) -> None:
    """Add a file's triples, and its prefixes, to a graph.

    Raises:
        ProjectFault: the file is not well-formed; says line and column.
    """
    prefixes: dict[str, str] = {}
    for triple in triples(file, prefixes):
        merged.add(triple)
    for prefix, namespace in prefixes.items():
        merged.bind(prefix, namespace)


def triples(file: ProjectFile, prefixes: dict[str, str]) -> Iterator[tuple[Node, Node, Node]]:
    """Yield a file's triples in their order; afterwards ``prefixes`` has those it declares.

    Parsing is pyoxigraph's, three times as fast as rdflib's on the shipped files and stricter.

    Raises:
        ProjectFault: the file is not well-formed; says line and column.
    """
    terms = _Terms(file)
    for quad in parsed(file, prefixes):
        yield terms(quad.subject), terms(quad.predicate), terms(quad.object)


class _Terms:
    """Turns pyoxigraph's terms of one file into rdflib's, each distinct term once."""

    def __init__(self, file: ProjectFile) -> None:
        self._known: dict[Any, Any] = {}
        self._prefix = blank_prefix(file)
        self._blanks = 0

    def __call__(self, term: Any) -> Any:
        converted = self._known.get(term)
        if converted is None:
            converted = self._known[term] = self._convert(term)
        return converted

    def _convert(self, term: Any) -> Node:
        if isinstance(term, pyoxigraph.BlankNode):
            self._blanks += 1
            return BNode(f"{self._prefix}{self._blanks}")
        return to_rdflib(term)
