"""The pyoxigraph backend: a store in memory."""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from functools import partial
from typing import Any

import pyoxigraph as ox

from kg_server.errors import BadRequest, MalformedQuery, ProjectFault
from kg_server.formats import Kind
from kg_server.project import Project, ProjectFile, parsing
from kg_server.rdf import prefixes
from kg_server.sparql import diagnostics, discovery, exists, keywords, nesting, ordering
from kg_server.sparql.query import Query
from kg_server.store import csv_results, writing
from kg_server.store.protocol import Answer, Writer
from kg_server.store.written import Graphs

_Name = ox.NamedNode | ox.BlankNode
_Graph = _Name | ox.DefaultGraph
_Term = _Name | ox.Literal | ox.Triple


class OxigraphStore:
    """A pyoxigraph store with the project's files, each in its own named graph.

    The default graph is the union of the project's graphs except the shapes graphs, so that a
    query without FROM finds facts and labels. For queries that ask for a description
    (``discovery``), it includes the graphs that describe the data set.
    """

    needs_network = False

    def __init__(self, project: Project) -> None:
        """Load every file of the project.

        Raises:
            ProjectFault: a file is not well-formed; the error gives the place.
        """
        self.version = project.version
        self._prefixes = prefixes.known(project.profile.prefixes)
        self._store = ox.Store()
        self._has_commas = False
        for file in project.files:
            self._load(file)
        hidden = project.hidden_graphs
        blank = [name for name in self._store.named_graphs() if isinstance(name, ox.BlankNode)]
        self._default: list[_Graph] = [*blank]
        self._described: list[_Graph] = []
        sizes = {file.graph_iri: len(file.content) for file in project.files}
        named = [name for name in self._store.named_graphs() if isinstance(name, ox.NamedNode)]
        for name in sorted(named, key=lambda name: (-sizes.get(name.value, 0), name.value)):
            if name.value not in hidden:
                self._add_to_default(name)

    def add_graph(self, graph_iri: str, ntriples: bytes) -> None:
        """Add a named graph about the dataset; its triples must not be in the default graph yet."""
        graph = ox.NamedNode(graph_iri)
        self._has_commas |= csv_results.in_an_iri(ntriples)
        self._store.load(ntriples, format=ox.RdfFormat.N_TRIPLES, to_graph=graph)
        self._described.append(graph)

    def merged(self) -> bytes:
        """Return the triples that the default graph has beside its named graphs, as N-Triples."""
        own = self._store.quads_for_pattern(None, None, None, ox.DefaultGraph())
        return ox.serialize((quad.triple for quad in own), format=ox.RdfFormat.N_TRIPLES) or b""

    def graphs(self) -> Graphs:
        """Return the graphs of the dataset; that of ``merged`` is without a name.

        Raises:
            ProjectFault: the name of a graph is a blank node, so that nobody else can ask for it.
        """
        default = [name for name in self._default if not isinstance(name, ox.DefaultGraph)]
        if any(isinstance(name, ox.BlankNode) for name in default):
            raise ProjectFault("a graph whose name is a blank node cannot be published")
        named = tuple(name.value for name in default)
        described = tuple(str(name)[1:-1] for name in self._described)
        return Graphs(named, self.graph_names(), described)

    def _add_to_default(self, graph: ox.NamedNode) -> None:
        """Make a graph part of the default graph, which must have each triple once (§13.1).

        The engine (pyoxigraph 0.5.13) does not merge graphs: it returns a triple once per graph.
        So a graph that shares triples with an earlier one is copied into the store's own default
        graph, without the shared triples. The first graph, from the largest file, is never copied.
        """
        shared = self._shared(graph)
        if not shared:
            self._default.append(graph)
            return
        merged = ox.DefaultGraph()
        if merged not in self._default:
            self._default.append(merged)
        quads = list(self._store.quads_for_pattern(None, None, None, graph))
        own = (_in_graph(quad, merged) for quad in quads if quad.triple not in shared)
        self._store.extend(own)

    def _shared(self, graph: ox.NamedNode) -> set[ox.Triple]:
        """Return the triples of a graph that the default graph has already."""
        if not self._default:
            return set()
        text = f"CONSTRUCT {{ ?s ?p ?o }} {{ GRAPH {graph} {{ ?s ?p ?o }} ?s ?p ?o }}"
        triples: Any = self._store.query(text, default_graph=self._default, named_graphs=[graph])
        return set(triples)

    def graph_names(self) -> tuple[str, ...]:
        """Return the IRIs of the named graphs, sorted."""
        names = (graph.value for graph in self._store.named_graphs())
        return tuple(sorted(names))

    def query(self, query: Query) -> Answer:
        """Evaluate a query in this process; ``timeout_s`` is not enforced here."""
        return Answer(iter((self.evaluate(query)(None),)))

    def evaluate(self, query: Query) -> Writer:
        """Start a query; return a writer that streams its result in Rust."""
        result = self._query(query)
        return writing.writer(result, query.format, lambda: self._may_have_commas(query))

    def head(self, query: Query) -> tuple[Kind, tuple[str, ...]]:
        """Return the kind of a query's result, which is not read, and the names of its variables.

        Raises:
            MalformedQuery, NestedTooDeeply, UnknownFunction: as in ``query``.
        """
        result = self._query(query)
        variables = result.variables if isinstance(result, ox.QuerySolutions) else ()
        return writing.kind_of(result), tuple(each.value for each in variables)

    def evaluated(self, query: Query) -> str:
        """Return the equivalent text that is evaluated in place of a query's own."""
        text = ordering.total(query.text)
        # A replaced variable is no longer bound, so the two sides of MINUS might share no variable.
        return text if query.bindings else exists.rewritten(text)

    def close(self) -> None:
        """Free the memory."""
        self._store = ox.Store()

    def _query(self, query: Query) -> ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples:
        nesting.check(query.text)
        default: list[_Graph] | None = self._default
        named: list[_Name] | None = None
        if query.dataset:
            default = [_name(iri) for iri in query.dataset.default_graphs]
            named = [_name(iri) for iri in query.dataset.named_graphs]
        elif keywords.has_dataset(query.text):
            default = None  # an argument would win over FROM
        elif self._described and discovery.asks_for_description(query):
            default = [*self._default, *self._described]
        ask = partial(
            self._store.query,
            base_iri=query.base_iri,
            default_graph=default,
            named_graphs=named,
            prefixes=dict(query.prefixes) if query.prefixes else None,
            substitutions=_substitutions(query) if query.bindings else None,
        )
        try:
            for text in dict.fromkeys((self.evaluated(query), query.text)):
                with suppress(SyntaxError):
                    return ask(text)
        except (OSError, RuntimeError, ValueError) as error:
            raise writing.failure(error) from error
        raise self._malformed(query)

    def _may_have_commas(self, query: Query) -> bool:
        """Tell whether the answer may have IRIs with commas."""
        bound = "".join(query.bindings.values())
        return self._has_commas or csv_results.in_an_answer(bound + query.text)

    def _malformed(self, query: Query) -> MalformedQuery:
        complain = partial(diagnostics.complaint, prefixes=query.prefixes, base_iri=query.base_iri)
        return diagnostics.explain(query.text, complain, self._prefixes)

    def _load(self, file: ProjectFile) -> None:
        # A dataset syntax has its own graph names; other triples go to the graph of the file.
        syntax, graph = writing.SYNTAXES[file.syntax], ox.NamedNode(file.graph_iri)
        in_turtle = file.syntax in ("turtle", "ntriples", "trig", "nquads")
        has_commas = csv_results.in_an_iri(file.content) if in_turtle else b"," in file.content
        self._has_commas |= has_commas or "," in file.graph_iri
        try:
            if syntax.supports_datasets:
                for quad in ox.parse(file.content, format=syntax, base_iri=file.graph_iri):
                    named = isinstance(quad.graph_name, ox.NamedNode)
                    self._store.add(quad if named else _in_graph(quad, graph))
            else:
                if parsing.long_stretch(file.content) is not None:
                    # The loader reads longer terms than the parser, which every dump needs.
                    deque(ox.parse(file.content, format=syntax, base_iri=file.graph_iri), 0)
                self._store.bulk_load(
                    file.content, format=syntax, base_iri=file.graph_iri, to_graph=graph
                )
        except (SyntaxError, MemoryError) as error:
            raise parsing.located(file, error) from error


def _in_graph(quad: ox.Quad, graph: _Graph) -> ox.Quad:
    return ox.Quad(quad.subject, quad.predicate, quad.object, graph)


def _substitutions(query: Query) -> dict[ox.Variable, _Term]:
    return {ox.Variable(name): _term(term) for name, term in query.bindings.items()}


def _name(iri: str) -> ox.NamedNode:
    """Return the IRI of a graph.

    Raises:
        BadRequest: the engine takes it for none.
    """
    try:
        return ox.NamedNode(iri)
    except ValueError as error:
        raise BadRequest(f"The graph {iri[:200]!r} has no valid IRI: {error}.") from error


def _term(ntriples: str) -> ox.NamedNode | ox.Literal:
    """Read one term in N-Triples syntax."""
    line = f"<urn:s> <urn:p> {ntriples} ."
    (quad,) = ox.parse(line, format=ox.RdfFormat.N_TRIPLES)
    if isinstance(quad.object, ox.NamedNode | ox.Literal):
        return quad.object
    raise ValueError(f"{ntriples} is not an IRI or a literal")
