"""The list of all things that have a document: for indexes, the sitemap and near misses."""

from __future__ import annotations

import difflib
import threading
from bisect import bisect_left
from collections.abc import Sequence

from kg_server import work
from kg_server.linked_data.documents import Site
from kg_server.rdf import addresses
from kg_server.store.results import iris

PAGE_THINGS = 500
"""How many things one page of an index lists."""

_NEAR = 200
"""How many neighbours in the alphabet a misspelt name is compared with, to each side."""

_ALL = """
SELECT DISTINCT ?s WHERE {{ ?s a ?type FILTER(STRSTARTS(STR(?s), "{base}")) }}
"""


class Catalogue:
    """The things of a site, sorted by IRI; asked from the store once, when first needed."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._lock = threading.Lock()
        self._things: list[str] | None = None
        self._folded: list[tuple[str, str]] = []

    def things(self) -> Sequence[str]:
        """Return the IRIs of everything that a document under ``/doc/`` describes."""
        with work.locked(self._lock):
            if self._things is None:
                base = self._site.base_iri
                found = iris(self._site.store, _ALL.format(base=base))
                self._things = sorted(each for each in found if addresses.kind(each, base))
                self._folded = sorted((self._name(each), each) for each in self._things)
            return self._things

    def kinds(self) -> Sequence[str]:
        """Return the kinds of things, such as ``state``, sorted."""
        base = self._site.base_iri
        return sorted({kind for each in self.things() if (kind := addresses.kind(each, base))})

    def of_kind(self, kind: str) -> Sequence[str]:
        """Return the things of a kind."""
        base = self._site.base_iri
        prefix = f"{base}def/" if kind == "def" else f"{base}id/{kind}/"
        things = self.things()
        return things[bisect_left(things, prefix) : bisect_left(things, prefix[:-1] + "0")]

    def nearest(self, iri: str, count: int = 5) -> list[str]:
        """Return the things whose names are most like that of ``iri``, best first."""
        self.things()
        name = self._name(iri)
        place = bisect_left(self._folded, (name, ""))
        names = dict(self._folded[max(0, place - _NEAR) : place + _NEAR])
        return [names[each] for each in difflib.get_close_matches(name, names, count, 0.6)]

    def _name(self, iri: str) -> str:
        return iri.removeprefix(self._site.base_iri).casefold()
