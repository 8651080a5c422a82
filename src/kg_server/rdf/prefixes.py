"""Prefixes: those of common vocabularies, and the short names of IRIs."""

from __future__ import annotations

import re
from collections.abc import Mapping

from kg_server.rdf import namespaces as ns

_LOCAL = re.compile(r"[^\W_](?:[\w.-]*[\w-])?")
_READABLE = re.compile(r"(?:[\w-]+(?:\.[\w-]+)*(?:/[\w.-]*[\w-])*)?")

EXTERNAL: Mapping[str, str] = {
    "bibo": ns.BIBO,
    "dcat": ns.DCAT,
    "dct": ns.DCTERMS,
    "foaf": ns.FOAF,
    "hydra": ns.HYDRA,
    "org": ns.ORG,
    "owl": ns.OWL,
    "prov": ns.PROV,
    "rdf": ns.RDF,
    "rdfs": ns.RDFS,
    "schema": ns.SCHEMA,
    "sd": ns.SD,
    "sh": ns.SH,
    "skos": ns.SKOS,
    "vann": ns.VANN,
    "void": ns.VOID,
    "void-ext": ns.VOID_EXT,
    "wd": ns.WIKIDATA,
    "xsd": ns.XSD,
}
"""Prefixes of common vocabularies."""


def known(declared: Mapping[str, str]) -> dict[str, str]:
    """Return the prefixes for queries: those of a project and of common vocabularies."""
    return {**EXTERNAL, **declared}


def merged(own: Mapping[str, str]) -> dict[str, str]:
    """Return the prefixes for writing: those of a project, and common ones for other namespaces.

    >>> merged({"terms": "http://purl.org/dc/terms/"}).get("dct") is None
    True
    """
    namespaces = set(own.values())
    others = {
        prefix: namespace
        for prefix, namespace in EXTERNAL.items()
        if prefix not in own and namespace not in namespaces
    }
    return {**{prefix: iri for prefix, iri in own.items() if prefix}, **others}


def shorten(iri: str, prefixes: Mapping[str, str], *, to_read: bool = False) -> str | None:
    """Return the prefixed name of an IRI; ``None`` if no prefix fits (SPARQL 1.1 §4.1.1).

    Args:
        iri: the IRI.
        prefixes: the namespaces, by prefix; of those that fit, the longest counts.
        to_read: whether people alone read the name, which may then have slashes, or end with the
            colon.

    >>> shorten("https://e.org/ns#Museum", {"e": "https://e.org/", "ns": "https://e.org/ns#"})
    'ns:Museum'
    >>> shorten("https://e.org/a/b", {"e": "https://e.org/"})
    >>> shorten("https://e.org/a/b", {"e": "https://e.org/"}, to_read=True)
    'e:a/b'
    """
    local = _READABLE if to_read else _LOCAL
    best = None
    for prefix, namespace in prefixes.items():
        longer = best is None or len(namespace) > len(prefixes[best])
        if longer and iri.startswith(namespace) and local.fullmatch(iri, len(namespace)):
            best = prefix
    return None if best is None else f"{best}:{iri[len(prefixes[best]) :]}"


def local_name(iri: str) -> str:
    """Return the part of an IRI after its last hash, slash or colon.

    >>> local_name("https://e.org/ns#Museum"), local_name("urn:x:y"), local_name("https://e.org/a/")
    ('Museum', 'y', 'a')
    """
    return iri[len(namespace_of(iri.rstrip("/#"))) :].rstrip("/#")


def namespace_of(iri: str) -> str:
    """Return the part of an IRI before its local name.

    >>> namespace_of("http://e.org/ns#a"), namespace_of("http://e.org/b"), namespace_of("urn:x:c")
    ('http://e.org/ns#', 'http://e.org/', 'urn:x:')
    """
    end = max(iri.rfind("#"), iri.rfind("/")) + 1 or iri.rfind(":") + 1
    return iri[:end]
