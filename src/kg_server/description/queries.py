"""Description of canned queries as SHACL-AF executables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kg_server.canned import CannedQuery, example_text
from kg_server.canned.parameters import AllNames, Parameter
from kg_server.formats import Kind
from kg_server.rdf import namespaces as ns
from kg_server.sparql.terms import literal


def as_graph(queries: Mapping[str, CannedQuery], base_iri: str, names: AllNames) -> bytes:
    """Describe queries as SHACL-AF executables, in N-Triples (SHACL-AF §5, §7).

    Each query is bound to its example, so that an editor or an agent can run it at once. Prefixes
    are declared with ``sh:prefix`` and ``sh:namespace``, which query editors look for.
    """
    lines = [*_describe_prefixes(queries, base_iri)]
    for query in queries.values():
        lines.extend(_describe(query, base_iri, names))
    return "".join(f"{line} .\n" for line in lines).encode()


_TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"


_EXECUTABLES = {
    Kind.BINDINGS: ("SPARQLSelectExecutable", "select"),
    Kind.BOOLEAN: ("SPARQLAskExecutable", "ask"),
    Kind.GRAPH: ("SPARQLConstructExecutable", "construct"),
}


def _describe(query: CannedQuery, base_iri: str, names: AllNames) -> Iterator[str]:
    iri = f"{base_iri}queries/{query.name}"
    executable, form = _EXECUTABLES[query.kind]
    for kind in ("SPARQLExecutable", executable):
        yield f"<{iri}> {_TYPE} <{ns.SH}{kind}>"
    for language, title in query.titles.items():
        yield f"<{iri}> <{ns.RDFS}label> {literal(title)}@{language}"
        description = query.descriptions.get(language)
        if description or language == query.language:
            comment = f"{title}. {description or ''}".rstrip()
            yield f"<{iri}> <{ns.RDFS}comment> {literal(comment)}@{language}"
    yield f"<{iri}> <{ns.SH}prefixes> <{base_iri}queries/>"
    yield f"<{iri}> <{ns.SH}{form}> {literal(example_text(query, names))}"
    yield f"<{iri}> <https://schema.org/target> <{base_iri}sparql>"
    for tag in query.tags:
        yield f"<{iri}> <https://schema.org/keywords> {literal(tag)}"
    for parameter in query.parameters:
        yield from _describe_parameter(parameter, iri, query.language)


def _describe_parameter(parameter: Parameter, query_iri: str, language: str) -> Iterator[str]:
    iri = f"{query_iri}#{parameter.name}"
    yield f"<{query_iri}> <{ns.SH}parameter> <{iri}>"
    yield f"<{iri}> {_TYPE} <{ns.SH}Parameter>"
    yield f"<{iri}> <{ns.SH}path> <{iri}>"
    yield f"<{iri}> <{ns.SH}name> {literal(parameter.name)}"
    for tag, meaning in parameter.meanings.items():
        # What it takes is in English.
        description = f"{meaning}: {parameter.takes}" if tag == language == "en" else meaning
        yield f"<{iri}> <{ns.SH}description> {literal(description)}@{tag}"
    optional = literal(str(not parameter.required).lower(), f"{ns.XSD}boolean")
    yield f"<{iri}> <{ns.SH}optional> {optional}"


def _describe_prefixes(queries: Mapping[str, CannedQuery], base_iri: str) -> Iterator[str]:
    iri = f"{base_iri}queries/"
    merged = {prefix: ns for query in queries.values() for prefix, ns in query.prefixes.items()}
    for prefix, namespace in sorted(merged.items()):
        declaration = f"{iri}#prefix-{prefix}"
        yield f"<{iri}> <{ns.SH}declare> <{declaration}>"
        yield f"<{declaration}> <{ns.SH}prefix> {literal(prefix)}"
        yield f"<{declaration}> <{ns.SH}namespace> {literal(namespace, f'{ns.XSD}anyURI')}"
