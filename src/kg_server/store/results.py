"""Small results of a store as RDF terms, for descriptions and pages; not for long result sets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import pyoxigraph as ox
from rdflib import Graph, URIRef
from rdflib.term import Identifier, Node

from kg_server.errors import ResultTooLarge
from kg_server.formats import Kind, named
from kg_server.rdf.terms import to_rdflib
from kg_server.sparql import rewrite
from kg_server.sparql.query import Dataset, Query
from kg_server.store.protocol import Store

_N_TRIPLES = named("ntriples", Kind.GRAPH)
_JSON = named("json", Kind.BINDINGS)
_TSV = named("tsv", Kind.BINDINGS)
PAGE_ROWS = 5_000
"""Rows of a page, where an engine cuts longer results; Virtuoso does at 10,000 as installed."""


def add_triples(
    graph: Graph,
    store: Store,
    text: str,
    *,
    dataset: Dataset | None = None,
    timeout_s: float | None = None,
    **bindings: str,
) -> int:
    """Add the triples that a CONSTRUCT gives to ``graph``.

    Args:
        graph: the triples are added to it. Blank nodes keep the store's labels, so that
            several results share them.
        store: the store to query.
        text: a CONSTRUCT query.
        dataset: the dataset to query, if not the store's default.
        timeout_s: seconds that the query may take.
        bindings: values of variables, as terms in N-Triples syntax.

    Returns:
        The number of triples in the result.
    """
    query = Query(
        text, _N_TRIPLES, dataset=dataset or Dataset(), bindings=bindings, timeout_s=timeout_s
    )
    count = 0
    answer = store.query(query).read()
    for triple in ox.parse(answer, format=ox.RdfFormat.N_TRIPLES, lenient=True):
        graph.add(
            (to_rdflib(triple.subject), to_rdflib(triple.predicate), to_rdflib(triple.object))
        )
        count += 1
    return count


def rows(
    store: Store,
    text: str,
    *,
    dataset: Dataset | None = None,
    timeout_s: float | None = None,
    **bindings: str,
) -> list[dict[str, Identifier]]:
    """Return the solutions of a SELECT, each as a mapping of variable name to RDF term."""
    query = Query(text, _JSON, dataset=dataset or Dataset(), bindings=bindings, timeout_s=timeout_s)
    answer = store.query(query).read()
    result = solutions(answer)
    if isinstance(result, bool):
        raise TypeError("rows() takes a SELECT")
    return result[1]


def iris(store: Store, text: str) -> list[str]:
    """Return the IRIs in the result of a SELECT with one variable; fast for long lists."""
    result = store.query(Query(text, _TSV))
    return [line[1:-1] for line in _split(result.chunks) if line.startswith("<")]


def lines(
    store: Store,
    text: str,
    names: Sequence[str],
    *,
    dataset: Dataset | None = None,
    timeout_s: float | None = None,
) -> Iterator[str]:
    """Yield the rows of a SELECT in TSV, however many; fast for long lists.

    Where an engine cuts so many rows, they are asked for in pages of the first variable, which
    must be an IRI in every row.

    Args:
        store: the store to query.
        text: a SELECT without ORDER BY.
        names: its variables.
        dataset: the graphs to query; ``None`` for those of the store.
        timeout_s: seconds for each query.

    Raises:
        ResultTooLarge: one IRI has more rows than a page.
    """
    whole = Query(text, _TSV, dataset=dataset or Dataset(), timeout_s=timeout_s)
    try:
        chunks = store.query(whole).chunks
    except ResultTooLarge:
        yield from _pages(store, whole, names)
    else:
        yield from _split(chunks)


def _pages(store: Store, whole: Query, names: Sequence[str]) -> Iterator[str]:
    last = ""
    while True:
        text = rewrite.after(whole.text, names, last, PAGE_ROWS)
        page = list(_split(store.query(replace(whole, text=text)).chunks))
        if len(page) < PAGE_ROWS:
            yield from page
            return
        cut = page[-1].partition("\t")[0]  # the rows of this IRI may go on in the next page
        kept = [line for line in page if line.partition("\t")[0] != cut]
        if not kept:
            raise ResultTooLarge(f"{cut} has more rows than the engine gives at one time.")
        yield from kept
        last = kept[-1].partition("\t")[0].strip("<>")


def _split(chunks: Iterable[bytes]) -> Iterator[str]:
    """Yield the lines of a result, but for the first, which names the variables."""
    rest, is_first = b"", True
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        yield from (each.decode() for each in whole[is_first:])
        is_first = is_first and not whole
    if rest and not is_first:
        yield rest.decode()


def names(store: Store, text: str) -> list[tuple[str, str, str]]:
    """Return the solutions ``?thing ?name`` of a SELECT as IRI, text and language.

    Fast for long lists: texts keep their escapes.
    """
    lines = store.query(Query(text, _TSV)).read().decode().split("\n")[1:]
    pairs = (line.partition("\t") for line in lines if line.startswith("<"))
    return [
        (iri[1:-1], literal[1 : literal.rfind('"')], literal.rpartition('"')[2].removeprefix("@"))
        for iri, _, literal in pairs
        if literal.startswith('"')
    ]


def values(terms: Iterable[Node]) -> str:
    """Return the IRIs among ``terms``, sorted, in the syntax of a SPARQL VALUES block."""
    return " ".join(sorted(term.n3() for term in set(terms) if isinstance(term, URIRef)))


def solutions(content: bytes) -> tuple[tuple[str, ...], list[dict[str, Identifier]]] | bool:
    """Read SPARQL 1.1 Query Results JSON: variables and solutions, or the boolean of an ASK."""
    result = ox.parse_query_results(content, format=ox.QueryResultsFormat.JSON)
    if isinstance(result, ox.QueryBoolean):
        return bool(result)
    if not isinstance(result, ox.QuerySolutions):
        raise TypeError("a graph is not in Query Results JSON")
    names = tuple(variable.value for variable in result.variables)
    return names, [
        {name: to_rdflib(value) for name in names if (value := solution[name]) is not None}
        for solution in result
    ]
