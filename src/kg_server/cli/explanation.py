"""Explanation of how a query is evaluated, for ``kg-server query --explain``."""

from __future__ import annotations

from collections.abc import Iterator

from kg_server import formats
from kg_server.formats import Kind
from kg_server.project import Project
from kg_server.rdf import prefixes
from kg_server.sparql import advice, keywords
from kg_server.sparql.query import Query
from kg_server.store import EmbeddedStore, matches


def of(store: EmbeddedStore, text: str, project: Project) -> str:
    """Return the evaluated query, the number of matches of each pattern, and the costly parts.

    Raises:
        Problem: the text is not a query; as ``Store.query``.
    """
    kind = (keywords.form_of(text) or keywords.Form.SELECT).kind
    written = formats.named("turtle" if kind is Kind.GRAPH else "csv", kind)
    query = Query(
        text, written, project.base_iri, prefixes=prefixes.known(project.profile.prefixes)
    )
    store.evaluate(query)  # raises if the text is wrong; no row is computed before it is read
    evaluated = store.evaluated(query)
    if evaluated == text:
        parts = ["The query is evaluated as it is written.\n"]
    else:
        parts = [f"Evaluated in place of the query, with the same solutions:\n\n{evaluated}\n"]
    parts += _matches(store, query)
    if costly := advice.on(text):
        parts.append("Costly:\n" + "".join(f"- {each}\n" for each in costly))
    return "\n".join(parts)


def _matches(store: EmbeddedStore, query: Query) -> Iterator[str]:
    """Yield a list of the patterns, those with most matches first, without repeating paths."""
    counted = [(each.count or 0, each.pattern) for each in matches.of(store, query)]
    if counted:
        width = max(len(f"{count:,}") for count, _ in counted)
        lines = (f"{count:{width},}  {text}\n" for count, text in sorted(counted, reverse=True))
        yield "Matches of each pattern by itself:\n" + "".join(lines)
