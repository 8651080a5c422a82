"""The list of all things with a document, for indexes, the sitemap and suggestions."""

from __future__ import annotations

import difflib
import threading
from bisect import bisect_left
from collections.abc import Sequence

from kg_server import work
from kg_server.linked_data.documents import Site
from kg_server.rdf import addresses
from kg_server.store.results import lines

PAGE_THINGS = 500
"""Number of things on one page of an index."""

_LONGEST = 500
"""Most characters of a name that are compared with others."""
_NEAR = 200
"""Number of alphabetical neighbours, on each side, that a misspelt name is compared with."""

_SERVER = ("queries/", ".well-known/", "sparql", "dataset", "graph/")
"""Paths below the base IRI that belong to the server and not to things of the graph."""

_ALL = "SELECT DISTINCT ?s WHERE { ?s a ?type FILTER(ISIRI(?s)) }"


class Catalogue:
    """The things of a site, sorted by IRI; queried once, when first needed."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._lock = threading.Lock()
        self._things: list[str] | None = None
        self._folded: list[tuple[str, str]] = []
        self._namespaces: frozenset[str] = frozenset()

    def things(self) -> Sequence[str]:
        """Return the IRIs of all things with a type, except those of the server itself."""
        with work.locked(self._lock):
            if self._things is None:
                base = self._site.base_iri
                own = tuple(base + each for each in _SERVER)
                with_type = (each[1:-1] for each in lines(self._site.store, _ALL, ("s",)))
                self._things = sorted(each for each in with_type if not each.startswith(own))
                self._folded = sorted((self._name(each), each) for each in self._things)
                self._namespaces = frozenset(
                    each.partition("#")[0]
                    for each in self._things
                    if "#" in each and each.startswith(base)
                )
            return self._things

    def kinds(self) -> Sequence[str]:
        """Return the kinds of things, such as ``state``, sorted."""
        return addresses.kinds(self.things(), self._site.base_iri)

    def of_kind(self, kind: str) -> Sequence[str]:
        """Return the things of a kind."""
        base = self._site.base_iri
        return self._beginning_with(f"{base}def/" if kind == "def" else f"{base}id/{kind}/")

    def namespaces(self) -> frozenset[str]:
        """Return the IRIs below the base IRI that form names of things together with a fragment."""
        self.things()
        return self._namespaces

    def in_namespace(self, iri: str) -> Sequence[str]:
        """Return the things whose name is this IRI with a fragment."""
        return self._beginning_with(f"{iri}#")

    def _beginning_with(self, prefix: str) -> Sequence[str]:
        things, after = self.things(), prefix[:-1] + chr(ord(prefix[-1]) + 1)
        return things[bisect_left(things, prefix) : bisect_left(things, after)]

    def nearest(self, iri: str, count: int = 5) -> list[str]:
        """Return the things with names most similar to that of ``iri``, best first."""
        self.things()
        name = self._name(iri)[:_LONGEST]
        place = bisect_left(self._folded, (name, ""))
        names = dict(self._folded[max(0, place - _NEAR) : place + _NEAR])
        return [names[each] for each in difflib.get_close_matches(name, names, count, 0.6)]

    def _name(self, iri: str) -> str:
        return iri.removeprefix(self._site.base_iri).casefold()
