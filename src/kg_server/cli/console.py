"""Answers of queries on the command line: tables for people, formats for programs."""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections.abc import Iterable

from kg_server import canned, escaping, formats
from kg_server.canned import names
from kg_server.errors import ServiceRefused
from kg_server.formats import Kind
from kg_server.project import Project
from kg_server.rdf import prefixes, transcode
from kg_server.sparql import keywords, protocol
from kg_server.sparql.query import Query
from kg_server.store import Store

_SERVICE = frozenset(("SERVICE",))


def expand(name: str, project: Project) -> str:
    """Return the full IRI of a full IRI, a path below the base IRI, or a prefixed name."""
    prefix, colon, local = name.partition(":")
    declared = prefixes.known(project.profile.prefixes)
    if colon and prefix in declared:
        return declared[prefix] + local
    if colon and re.fullmatch(r"[A-Za-z][\w+.-]*", prefix.lstrip("<")):
        return protocol.absolute_iri(name.strip("<>"), "iri")
    return protocol.absolute_iri(project.base_iri + name.lstrip("/"), "iri")


def undeclared(name: str, project: Project) -> str:
    """Return what to add to a message about a name whose prefix no file declares; else nothing."""
    prefix, colon, local = name.partition(":")
    declared = prefixes.known(project.profile.prefixes)
    if not colon or prefix in declared or local.startswith("//") or name.startswith("<"):
        return ""
    close = difflib.get_close_matches(prefix, declared, 1)
    hint = f"; did you mean {close[0]}:{local}?" if close else ""
    own = ", ".join(f"{each}:" for each in sorted(project.profile.prefixes) if each) or "none"
    return f". {prefix}: is no prefix of the files{hint or f', which declare {own}'}"


def exists(store: Store, iri: str) -> bool:
    """Tell whether the graph has a statement about a thing."""
    text = f"ASK {{ {{ <{iri}> ?p ?o }} UNION {{ ?s ?q <{iri}> }} }}"
    answer = store.query(Query(text, formats.named("csv", Kind.BOOLEAN)))
    return answer.read().strip() == b"true"


def refuse_service(text: str) -> None:
    """Refuse a query with SERVICE, because the engine would contact other endpoints.

    Raises:
        ServiceRefused: the query has SERVICE (SPARQL 1.1 Federated Query).
    """
    if keywords.uses(text, _SERVICE):
        raise ServiceRefused(
            "SERVICE is refused, because nothing is fetched from the network. Ask each endpoint "
            "yourself, and join the answers."
        )


def answer(store: Store, text: str, form: str | None, project: Project, *, terminal: bool) -> bytes:
    """Return a query's answer in the format for the output.

    Args:
        store: the store.
        text: the query.
        form: the format's name, or ``table``; ``None`` chooses by kind and ``terminal``.
        project: its base IRI resolves relative IRIs, and its prefixes shorten names in tables.
        terminal: whether the output is a terminal.

    Raises:
        NotAcceptable: answers of this kind have no such format.
    """
    kind = (keywords.form_of(text) or keywords.Form.SELECT).kind
    table = kind is not Kind.GRAPH and (form == "table" or (form is None and terminal))
    default = "turtle" if kind is Kind.GRAPH else "csv"
    chosen = formats.named("csv" if table else form or default, kind)
    declared = prefixes.known(project.profile.prefixes)
    is_turtle = chosen.name == "turtle"
    asked = formats.named("ntriples", kind) if is_turtle else chosen
    content = store.query(Query(text, asked, project.base_iri, prefixes=declared)).read()
    if is_turtle:
        used = {name: iri for name, iri in declared.items() if f"<{iri}".encode() in content}
        return b"".join(transcode.write(transcode.triples([content]), chosen, used))
    return _table(content, declared, kind).encode() if table else content


def canned_list(project: Project) -> str:
    """Return the canned queries with their parameters, one a line."""
    lines = []
    for name, query in canned.of_project(project).items():
        takes = " ".join(f"{each.name}=<{each.kind}>" for each in query.parameters)
        line = f"{name:<22} {query.title}{f'  ({takes})' if takes else ''}"
        lines.append(escaping.message(escaping.line(line)) + "\n")
    return "".join(lines)


def canned_text(name: str, params: Iterable[str], store: Store, project: Project) -> str:
    """Return the text of a canned query with its parameters bound.

    Raises:
        NotFound: there is no such query.
        BadRequest: a parameter is missing, unknown or ill-typed.
    """
    query = canned.find(canned.of_project(project), name)
    return canned.bind(query, canned.pairs(params), names.of_queries([query], store))


def _table(content: bytes, declared: dict[str, str], kind: Kind) -> str:
    """Return CSV results as a table with short names."""
    from rich.console import Console
    from rich.table import Column, Table

    if kind is Kind.BOOLEAN:
        return content.decode().strip() + "\n"
    usual = csv.field_size_limit(len(content) + 1)
    try:
        header, *rows = list(csv.reader(io.StringIO(content.decode())))
    finally:
        csv.field_size_limit(usual)
    table = Table(*(Column(name, overflow="fold") for name in header))
    for row in rows:
        shown = (prefixes.shorten(cell, declared, to_read=True) or cell for cell in row)
        table.add_row(*map(escaping.message, shown))
    console = Console(file=io.StringIO(), width=None if rows else 80, markup=False)
    console.print(table)
    console.print(f"{len(rows)} row{'' if len(rows) == 1 else 's'}")
    written = console.file
    assert isinstance(written, io.StringIO)  # noqa: S101  # for the type checker
    return written.getvalue()
