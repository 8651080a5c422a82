"""The reference store: rdflib, slow and obvious, the tests' second opinion."""

from __future__ import annotations

import io

from rdflib import Dataset as Quads
from rdflib import Graph, URIRef
from rdflib.plugins.sparql import prepareQuery
from rdflib.plugins.sparql.sparql import Query as Prepared
from rdflib.query import Result

from kg_server.errors import MalformedQuery, NotAcceptable
from kg_server.formats import Kind
from kg_server.project import Project
from kg_server.sparql.query import Query
from kg_server.store import Answer

_SYNTAXES = {"ntriples": "nt", "jsonld": "json-ld", "rdfxml": "xml", "rdfxml-out": "pretty-xml"}
_KINDS = {"SELECT": Kind.BINDINGS, "ASK": Kind.BOOLEAN}


class ReferenceStore:
    """The project's files in an rdflib dataset, each in its own named graph.

    The default graph is the union of all but the shapes, as in ``open_store``.
    """

    def __init__(self, project: Project) -> None:
        """Load every file of the project."""
        self.version = project.version
        self._graphs: dict[str, Graph] = {}
        for file in project.files:
            graph = self._graphs.setdefault(file.graph_iri, Graph())
            syntax = _SYNTAXES.get(file.syntax, file.syntax)
            graph.parse(data=file.content, format=syntax, publicID=file.graph_iri)
        hidden = project.hidden_graphs
        self._default = tuple(iri for iri in self._graphs if iri not in hidden)

    def graph_names(self) -> tuple[str, ...]:
        """Return the IRIs of the named graphs, sorted."""
        return tuple(sorted(self._graphs))

    def query(self, query: Query) -> Answer:
        """Evaluate a query with rdflib's engine; ``timeout_s`` is not enforced."""
        try:
            prepared = prepareQuery(query.text, dict(query.prefixes), query.base_iri)
        except Exception as error:
            raise MalformedQuery(f"The query is not well-formed: {error}") from error
        result = self._dataset(query, prepared).query(prepared)
        kind = _KINDS.get(result.type, Kind.GRAPH)
        chosen = query.format
        if kind not in chosen.kinds or chosen.name == "tsv":  # rdflib has none
            raise NotAcceptable("The format that was asked for cannot carry the query's answer.")
        return Answer(iter((_serialize(result, chosen.name),)))

    def close(self) -> None:
        """Give back the memory."""
        self._graphs.clear()

    def _dataset(self, query: Query, prepared: Prepared) -> Quads:
        """Make the dataset that the protocol, or else FROM, or else the store names."""
        default, named = query.dataset.default_graphs, query.dataset.named_graphs
        clauses = prepared.algebra.datasetClause or ()
        prepared.algebra["datasetClause"] = None  # rdflib would try to load them
        if not query.dataset and clauses:
            default = tuple(str(each.default) for each in clauses if each.default)
            named = tuple(str(each.named) for each in clauses if each.named)
        elif not query.dataset:
            default, named = self._default, tuple(self._graphs)
        quads = Quads()
        for iri in default:
            quads.default_graph += self._graphs.get(iri, Graph())
        for iri in named:
            if iri in self._graphs:
                graph = quads.graph(URIRef(iri))
                graph += self._graphs[iri]
        return quads


def _serialize(result: Result, name: str) -> bytes:
    if result.graph is not None:
        written = result.graph.serialize(format=_SYNTAXES.get(name, name), encoding="utf-8")
        return bytes(written)
    if name == "csv" and result.type == "ASK":
        return b"true" if result.askAnswer else b"false"
    stream = io.BytesIO()
    result.serialize(stream, format=name, encoding="utf-8")
    return stream.getvalue()
