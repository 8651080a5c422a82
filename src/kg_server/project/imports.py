"""Imported ontologies: ``owl:imports`` resolved to local files, never over the network.

The file of an ontology stands in ``kg.toml``, or in an XML catalog (OASIS XML Catalogs 1.1 §4) with
Protégé's name, ``catalog-v001.xml``, in the folder of the importing file or in one above.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from posixpath import dirname, relpath
from typing import NamedTuple
from urllib.parse import unquote, urljoin
from xml.etree import ElementTree
from xml.parsers import expat

from kg_server.errors import ProjectFault
from kg_server.project.files import ProjectFile
from kg_server.project.parsing import parsed
from kg_server.rdf import namespaces as ns

CATALOG = "catalog-v001.xml"
_XML_BASE = "{http://www.w3.org/XML/1998/namespace}base"


class Header(NamedTuple):
    """The names of the ontologies that a file holds, and those of the ontologies it imports."""

    names: frozenset[str]
    imports: frozenset[str]


def header(file: ProjectFile) -> Header:
    """Read the ontology headers of a file; none of a file that is not well-formed.

    The fault of such a file is raised where all of its triples are read.
    """
    names, imported = set(), set()
    if b"imports" not in file.content and b"Ontology" not in file.content:
        return Header(frozenset(), frozenset())
    try:
        for quad in parsed(file):
            if quad.predicate.value == f"{ns.OWL}imports":
                imported.add(getattr(quad.object, "value", ""))
            elif quad.predicate.value == f"{ns.OWL}versionIRI":
                names.add(loose(getattr(quad.object, "value", "")))
            elif getattr(quad.object, "value", "") == f"{ns.OWL}Ontology":
                names.add(loose(getattr(quad.subject, "value", "")))
    except ProjectFault:
        return Header(frozenset(), frozenset())
    return Header(frozenset(names), frozenset(imported))


def loose(iri: str) -> str:
    """Return the name of an ontology without the end of its namespace.

    >>> loose("https://e.org/ns#")
    'https://e.org/ns'
    """
    return iri.rstrip("#/")


def local(iri: str, importing: ProjectFile, files: Mapping[str, Path]) -> Path | None:
    """Return the file of an imported ontology, ``None`` if none is known.

    A relative reference, such as ``<other.ttl>``, means a file beside the importing one.

    Args:
        iri: the name of the ontology.
        importing: the file that imports it.
        files: files by the names of ontologies, as the manifest has them.

    Raises:
        ProjectFault: a catalog is not well-formed.
    """
    for name in (iri, loose(iri)):
        if name in files:
            return files[name]
    beside = _beside(iri, importing)
    if beside and beside.is_file():
        return beside
    for folder in importing.path.resolve().parents:
        path = folder / CATALOG
        target = _catalog(path, path.stat().st_mtime_ns).get(loose(iri)) if path.is_file() else None
        if target and target.is_file():
            return target
    return None


def _beside(iri: str, importing: ProjectFile) -> Path | None:
    """Return the file that an IRI means, if it is a relative reference or a file: IRI."""
    if iri.startswith("file:"):
        return Path(unquote(iri.removeprefix("file:").removeprefix("//")))
    root, graph, _ = importing.graph_iri.partition("/graph/")
    if not iri.startswith(root + graph):
        return None
    return importing.path.parent / unquote(relpath(iri, dirname(importing.graph_iri)))


@lru_cache(256)
def _catalog(path: Path, _changed_ns: int) -> dict[str, Path]:
    places: dict[str, Path] = {}
    waiting, seen = [path], set()
    while waiting:
        path = waiting.pop(0)
        if path in seen or not path.is_file():
            continue
        seen.add(path)
        try:
            root = ElementTree.parse(path).getroot()  # noqa: S314  # a file of the project
        except ElementTree.ParseError as error:
            line, column = error.position
            message = f"not XML: {expat.ErrorString(error.code)}"
            raise ProjectFault(message, path=path, line=line, column=column + 1) from error
        for element, base in _elements(root, ""):
            tag = element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
            if tag == "uri" and element.get("name") and element.get("uri"):
                place = _below(path, base, element.get("uri") or "")
                if place:
                    places.setdefault(loose(element.get("name") or ""), place)
            elif tag == "nextCatalog" and element.get("catalog"):
                place = _below(path, base, element.get("catalog") or "")
                waiting += [place] if place else []
    return places


def _elements(element: ElementTree.Element, base: str) -> Iterable[tuple[ElementTree.Element, str]]:
    with suppress(ValueError):  # no URI, such as http://[x
        base = urljoin(base, element.get(_XML_BASE) or "")
    yield element, base
    for child in element:
        yield from _elements(child, base)


def _below(catalog: Path, base: str, reference: str) -> Path | None:
    """Return the file that a reference of a catalog names; ``None`` if it names no file."""
    try:
        target = urljoin(base, reference)
    except ValueError:
        return None
    if target.startswith("file:"):
        target = target.removeprefix("file:").removeprefix("//")
    elif "://" in target or target.startswith(("urn:", "http:", "https:")):
        return None
    return (catalog.parent / unquote(target)).resolve()
