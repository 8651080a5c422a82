"""Tables of things over HTTP: the classes of the graph, and the instances of each."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, render_template, request
from rdflib import URIRef
from rdflib.term import Identifier

from kg_server import formats
from kg_server.description import void
from kg_server.errors import BadRequest, NotFound
from kg_server.formats import JSON, RESULT, Format, Kind
from kg_server.rdf.prefixes import local_name
from kg_server.sparql import protocol, rewrite
from kg_server.sparql.query import Query
from kg_server.store import results
from kg_server.store.results import rows
from kg_server.things import columns, filters, queries
from kg_server.things.columns import RESERVED, Column
from kg_server.things.filters import Filter, Vocabulary
from kg_server.things.queries import Table
from kg_server.web import citation, embed, exports, responses
from kg_server.web.canned import SOURCE
from kg_server.web.citation import Citation
from kg_server.web.context import Context
from kg_server.web.pages import embedding, layout
from kg_server.web.pages.listing import Listing
from kg_server.web.pages.terms import Labels
from kg_server.web.paging import page_links, window

PAGE_ROWS = 50
MOST_COLUMNS = 12
"""Most columns on the page; the data formats have all."""
_FACETS = 3
_MOST_COUNTS = 200
_MOST_KEPT = 8
"""Most classes whose things are kept in order, up to 10 MB each."""
_MOST_SORTED = 100_000
"""Most things that are counted and sorted here; the engine does it for more."""
_MOST_COUNTED = 10_000
"""Most filtered things whose values are counted without the parameter ``facet``."""
_SCANNED = 6
"""All texts of a property are read if it has fewer triples than this many times the things."""
_MOST_WINDOW = 200
"""Most things of a window that is read without the rest of the table."""
_MOST_LISTED = 5_000
"""Most things that a query names; for more, it evaluates their filters again."""
_PLAIN = re.compile(r"[\w-]+")
"""Local names that stand in a path as they are; other classes are named by their IRI."""
QUESTION = Format(name="rq", media_type=SOURCE, extension="rq", kinds=RESULT)
_DOWNLOADS = (
    ("CSV", "labelled"),
    ("XLSX", "xlsx"),
    ("Markdown", "md"),
    ("SPARQL CSV", "csv"),
    ("TSV", "tsv"),
    ("JSON", "rows"),
    ("SPARQL JSON", "json"),
)

Pairs = list[tuple[str, str]]


def blueprint(context: Context) -> Blueprint:
    """Answer at ``/things/`` and ``/things/<class>``, with an extension or without.

    Below ``/embed/`` are the same tables for frames of other sites.
    """
    routes = Blueprint("things", __name__)
    tables = _Tables(context)

    @routes.get("/things/")
    def every() -> Response:
        chosen = request.args.get("class")
        return _table(tables, chosen, None) if chosen else _classes(tables)

    @routes.get("/things/<name>")
    def one(name: str) -> Response:
        stem, _, extension = name.partition(".")
        return _table(tables, tables.class_named(stem), extension or None)

    @routes.get("/embed/things/")
    def frame_by_class() -> Response:
        return _table(tables, request.args.get("class", ""), "html", is_framed=True)

    @routes.get("/embed/things/<name>")
    def frame(name: str) -> Response:
        return _table(tables, tables.class_named(name), "html", is_framed=True)

    return routes


class _Tables:
    """Classes and columns of the graph in service, read once."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self._description = context.project.base_iri + void.GRAPH
        self.classes = lru_cache(1)(self._classes)
        self.totals = lru_cache(1)(lambda: columns.totals(context.store, self._description))
        self.blank = lru_cache(1)(lambda: columns.blank_counts(context.store))
        self.columns = lru_cache(256)(self._columns)
        self.singles = lru_cache(256)(self._singles)
        self.names = lru_cache(256)(self._names)
        self.whole_counts = lru_cache(64)(self._whole_counts)
        self.every = lru_cache(_MOST_KEPT)(self._every)
        self.every_by_name = lru_cache(_MOST_KEPT)(self._every_by_name)

    def vocabulary(self, class_iri: str, applied: tuple[Filter, ...]) -> Vocabulary:
        """Return the prefixes, languages and named things that filters are read with."""
        profile = self.context.profile
        languages = tuple(dict.fromkeys((*profile.languages, *layout.LANGUAGES)))
        text = filters.names_query(applied, languages)
        named: dict[str, list[str]] = {}
        for row in rows(self.context.store, text) if text else ():
            if isinstance(row["thing"], URIRef):
                named.setdefault(str(row["name"]), []).append(str(row["thing"]))
        return Vocabulary(
            prefixes=profile.prefixes, languages=languages, named=named, names=self.names(class_iri)
        )

    def class_named(self, name: str) -> str:
        """Return the class with a local name.

        Raises:
            NotFound: there is none, or several have it.
        """
        classes = [each for each in self.classes() if local_name(each) == name]
        if len(classes) == 1:
            return classes[0]
        if classes:
            ways = ", ".join(f"/things/?{urlencode({'class': each})}" for each in classes)
            raise NotFound(f"Several classes are called {name[:80]!r}. Their tables are at {ways}.")
        raise NotFound(f"There is no class {name[:80]!r} with instances. /things/ lists them all.")

    def only_named(self, class_iri: str) -> bool:
        """Tell whether the table leaves out blank nodes: only if the class has named things."""
        return class_iri in self.blank() and self.classes()[class_iri] != self.blank()[class_iri]

    def scanned(self, class_iri: str, wanted: tuple[Filter, ...]) -> Filter | None:
        """Return the text filter for which all values of its property are read, if that is faster.

        The engine (pyoxigraph 0.5.13) needs 7 microseconds to look up a text of a thing, and less
        than 2 to read the next text of a property.
        """
        for each in filter(filters.compares_texts, wanted):
            names = (each.column.iri,) if each.column else self.names(class_iri)
            total = sum(self.totals().get(name, 0) for name in names)
            if 0 < total < _SCANNED * self.classes()[class_iri]:
                return each
        return None

    def count(self, class_iri: str) -> int:
        """Return the number of things in the table of a class."""
        return self.classes()[class_iri] - self.left_out(class_iri)

    def left_out(self, class_iri: str) -> int:
        """Return the number of blank nodes that the table of a class leaves out."""
        return self.blank()[class_iri] if self.only_named(class_iri) else 0

    def counts(
        self, table: Table, faceted: tuple[Column, ...], every: tuple[str, ...] | None
    ) -> list[dict[str, Identifier]]:
        """Return the commonest values of columns; those of a whole class are counted once."""
        if not table.filters:
            return self.whole_counts(table.class_iri, faceted)
        return rows(self.context.store, queries.facets(table, faceted, _MOST_COUNTS, things=every))

    def _whole_counts(
        self, class_iri: str, faceted: tuple[Column, ...]
    ) -> list[dict[str, Identifier]]:
        table, totals = Table(class_iri, faceted), self.totals()
        own = frozenset(each.iri for each in faceted if each.used == totals.get(each.iri))
        return rows(self.context.store, queries.facets(table, faceted, _MOST_COUNTS, own=own))

    def _every(self, class_iri: str, *, only_named: bool) -> tuple[str, ...]:
        """Return the IRIs of all things of a class, sorted."""
        table = Table(class_iri, only_named=only_named)
        text = queries.matching(table, _MOST_SORTED)
        return tuple(sorted(results.iris(self.context.store, text)))

    def _every_by_name(
        self, class_iri: str, names: tuple[str, ...], languages: tuple[str, ...], *, descends: bool
    ) -> tuple[str, ...]:
        """Return the IRIs of all things of a class in the order of their names."""
        table = Table(
            class_iri,
            vocabulary=Vocabulary(names=names),
            languages=languages,
            sort=(None, descends),
        )
        things = self.every(class_iri, only_named=self.only_named(class_iri))
        return tuple(_by_name(self.context, table, things))

    def _singles(self, class_iri: str) -> tuple[Column, ...]:
        return columns.with_singles(self.context.store, class_iri, self.columns(class_iri))

    def _names(self, class_iri: str) -> tuple[str, ...]:
        used = columns.used(self.context.store, class_iri, self._description)
        return tuple(each for each in filters.NAMING if each in used) or filters.NAMING

    def _classes(self) -> dict[str, int]:
        return columns.classes(self.context.store, self._description)

    def _columns(self, class_iri: str) -> tuple[Column, ...]:
        prefixes = self.context.profile.prefixes
        return columns.of_class(self.context.store, class_iri, self._description, prefixes)


def _classes(tables: _Tables) -> Response:
    """Return the list of classes with their numbers of instances."""
    context, classes = tables.context, tables.classes()
    if not _choose(request.args.get("format")).is_page:
        document = [
            {"class": iri, "count": tables.count(iri), "table": _address(tables, iri)}
            for iri in classes
        ]
        return context.cacheable(context.json({"classes": document}), context.etag(JSON))
    labels = Labels(context.site, layout.page_language())
    labels.load(URIRef(iri) for iri in classes)
    listed = [
        (labels.show(URIRef(iri)), _address(tables, iri), tables.count(iri)) for iri in classes
    ]
    page = render_template("things.html", classes=listed)
    response = Response(page, content_type=formats.HTML.content_type)
    return context.cacheable(response, context.etag(formats.HTML))


def _address(tables: _Tables, class_iri: str) -> str:
    name = local_name(class_iri)
    is_only = [local_name(each) for each in tables.classes()].count(name) == 1
    if is_only and _PLAIN.fullmatch(name):
        return f"/things/{name}"
    return f"/things/?{urlencode({'class': class_iri})}"


def _choose(name: str | None) -> Format:
    """Choose the format of a table or a list: a page, results, plain rows, or the query.

    Raises:
        NotAcceptable: there is none that the client takes.
    """
    if name == QUESTION.name:
        return QUESTION
    accept, labels = request.headers.get("Accept"), request.args.get("labels") == "1"
    if export := exports.asked(name, accept, labels=labels):
        return export
    return protocol.choose_format(name or None, accept, Kind.BINDINGS, html=True)


def _table(
    tables: _Tables, class_iri: str, extension: str | None, *, is_framed: bool = False
) -> Response:
    """Return the table of a class in the format that is asked for.

    Raises:
        NotFound: the class has no instances.
        BadRequest: a filter, the order, ``limit`` or ``offset`` is wrong.
    """
    protocol.absolute_iri(class_iri, "class")
    context, pairs = tables.context, protocol.decode(request.query_string.decode("latin-1"))
    if class_iri not in tables.classes():
        raise NotFound(f"Nothing is of the class {class_iri}. /things/ lists the classes.")
    reserved = protocol.singles(
        [pair for pair in pairs if pair[0] in RESERVED - {"label", "facet"}], RESERVED
    )
    name = extension or reserved.get("format")
    style = citation.asked(name, request.headers.get("Accept"))
    chosen = style or _choose(name)
    table = _filtered(tables, class_iri, pairs, reserved.get("sort"))
    if style:
        return citation.response(context, _cited(context, table, pairs), style)
    is_for_people = chosen.is_page or chosen in exports.FORMATS.values()
    reader = (layout.page_language(), citation.today()) if is_for_people else ()
    etag = context.etag(chosen, pairs, *reader)
    if responses.matches(request.headers.get("If-None-Match"), etag):
        return context.cacheable(Response(), etag)
    given = {name: text for name, text in reserved.items() if text}  # a form sends empty fields
    limit, offset = window(given, PAGE_ROWS if chosen.is_page else None)
    if chosen.is_page:
        shown = _page(tables, table, pairs, limit=limit or PAGE_ROWS, offset=offset)
        if is_framed:
            return embed.framed(context, render_template("embed_table.html", **shown), pairs)
        page = render_template("table.html", **shown)
        response = Response(page, content_type=formats.HTML.content_type)
    else:
        response = _data(tables, table, pairs, chosen=chosen, limit=limit, offset=offset)
    return context.cacheable(response, etag)


def _filtered(tables: _Tables, class_iri: str, pairs: Pairs, sort: str | None) -> Table:
    """Return the table that a request asks for, with its filters and its order.

    Raises:
        BadRequest: a filter or the order is wrong.
    """
    offered = tables.columns(class_iri)
    applied = filters.read([each for each in pairs if not _is_reserved(each[0])], offered)
    return Table(
        class_iri=class_iri,
        columns=offered,
        filters=applied,
        vocabulary=tables.vocabulary(class_iri, applied),
        languages=layout.preferred_languages(layout.page_language()),
        sort=_sort(sort, offered),
        only_named=tables.only_named(class_iri),
        scanned=tables.scanned(class_iri, applied),
    )


def _is_reserved(name: str) -> bool:
    return name in RESERVED - {filters.LABEL}


def _sort(text: str | None, offered: tuple[Column, ...]) -> tuple[Column | None, bool] | None:
    """Return the column to sort by (``None`` for the label), and whether the order is descending.

    Raises:
        BadRequest: there is no such column.
    """
    if not text:
        return None
    name = text.removeprefix("-")
    named = {each.name: each for each in offered}
    by_name: dict[str, Column | None] = {filters.LABEL: None, **named}
    if name not in by_name:
        names = ", ".join(by_name)
        raise BadRequest(f"There is no column {name[:80]!r} to sort by: {names}.", parameter="sort")
    return by_name[name], text.startswith("-")


def _data(
    tables: _Tables,
    table: Table,
    pairs: Pairs,
    *,
    chosen: Format,
    limit: int | None,
    offset: int,
) -> Response:
    """Answer with the table, or a window of it, in a data format or as the query itself."""
    context = tables.context
    whole = replace(table, columns=tables.singles(table.class_iri))
    text = rewrite.page(queries.whole(whole), limit, offset)
    things = _window(tables, table, limit, offset)
    if things is not None:
        text = queries.whole(whole, things)
    if chosen is QUESTION:
        name = local_name(table.class_iri)
        header = f"#+ title: {name}\n#+ description: A table of things of the class {name}.\n"
        content = f"{header}#+ result: One thing with its values.\n{queries.whole(whole)}"
        return Response(content, content_type=f"{SOURCE}; charset=utf-8")
    is_export = chosen in exports.FORMATS.values()
    written = formats.named("json", Kind.BINDINGS) if is_export else chosen
    timeout_s = context.settings.query_timeout_s
    query = Query(text, written, context.project.base_iri, timeout_s=timeout_s)
    if is_export:
        about = exports.about(context, _cited(context, table, pairs).title)
        return exports.response(context, query, chosen, about)
    response = context.answer(query)
    name = f"{local_name(table.class_iri)}.{chosen.extension}"
    response.headers["Content-Disposition"] = f'inline; filename="{name}"'
    return response


def _window(tables: _Tables, table: Table, limit: int | None, offset: int) -> list[str] | None:
    """Return the IRIs of a window of things, if a query can name them all, else ``None``.

    The query for the values of these things is faster than one that evaluates the filters again.
    """
    if limit is not None and limit <= _MOST_WINDOW:
        _, things, _ = _things(tables, table, limit, offset)
    elif table.filters and _is_sorted_here(tables, table):
        total, things, _ = _things(tables, table, limit or _MOST_LISTED, offset)
        if len(things) > _MOST_LISTED or (limit is None and total > offset + len(things)):
            return None
    else:
        return None
    return [str(each) for each in things] if all(isinstance(i, URIRef) for i in things) else None


def _page(
    tables: _Tables, table: Table, pairs: Pairs, *, limit: int, offset: int
) -> dict[str, Any]:
    """Return the variables of the template for the page of a table."""
    context, shown = tables.context, _shown_columns(table.columns)
    total, things, every = _things(tables, table, limit, offset)
    values = _values(context, table, things, shown=shown, limit=limit, offset=offset)
    faceted = _faceted(table, pairs, total)
    counts = tables.counts(table, tuple(faceted), every) if faceted else []
    labels = Labels(context.site, layout.page_language())
    labels.load((URIRef(table.class_iri), *things))
    labels.load(URIRef(each.iri) for each in table.columns)
    labels.load(row["value"] for row in (*values, *counts))
    kept = _kept(pairs)
    listing = Listing(path=_path(), pairs=kept, table=table, labels=labels)
    labels.load(listing.values())
    parameters = urlencode([pair for pair in kept if pair[0] not in ("limit", "offset")])
    more = f"&{parameters}" if parameters else ""
    stem = _path()
    address = f"{context.address}embed{stem}" + (f"?{parameters}" if parameters else "")
    cited = _cited(context, table, pairs)
    return {
        "cited": cited,
        "citation_links": citation.links(stem, kept),
        "frame": embedding.iframe(address, cited.title),
        "heading": listing.heading(None),
        "total": total,
        "left_out": tables.left_out(table.class_iri),
        "heads": listing.heads(shown),
        "hidden": len(table.columns) - len(shown),
        "rows": listing.rows(things, shown, values),
        "chips": listing.chips(),
        "facets": listing.facets(faceted, counts),
        "countable": [] if faceted else listing.countable(table.columns),
        "fields": [(each, listing.heading(each)) for each in table.columns],
        "operators": filters.OPERATORS,
        "kept": [pair for pair in kept if pair[0] not in ("limit", "offset")],
        "links": page_links(_path(), kept, limit=limit, offset=offset, rows=total)
        if total > limit
        else {},
        "downloads": [
            (name, f"{stem}?{urlencode({'format': form})}{more}") for name, form in _DOWNLOADS
        ],
        "question": f"{stem}?format=rq{more}",
        "text": queries.whole(table),
    }


def _kept(pairs: Pairs) -> Pairs:
    """Return the parameters that links of a table keep, without the empty fields of a form."""
    return [
        (name, value)
        for name, value in pairs
        if name not in ("lang", "format") and (value or name.endswith("__missing"))
    ]


def _path() -> str:
    """Return the address of the present table on this server, without extension and parameters."""
    return request.path.removeprefix("/embed").partition(".")[0]


def _cited(context: Context, table: Table, pairs: Pairs) -> Citation:
    """Return the citation of a table; its title lists the filters."""
    kept = _kept(pairs)
    labels = Labels(context.site, layout.page_language())
    listing = Listing(path=_path(), pairs=kept, table=table, labels=labels)
    labels.load([table.class_iri, *(each.iri for each in table.columns), *listing.values()])
    words = "; ".join(chip.text for chip in listing.chips())
    title = listing.heading(None) + (f" ({words})" if words else "")
    parameters = f"?{urlencode(kept)}" if kept else ""
    return citation.of(context, title, context.address + _path().removeprefix("/") + parameters)


def _values(
    context: Context,
    table: Table,
    things: list[Identifier],
    *,
    shown: tuple[Column, ...],
    limit: int,
    offset: int,
) -> list[dict[str, Identifier]]:
    """Return the values of a page of things: ``thing``, ``property``, ``value``."""
    if not things:
        return []
    if all(isinstance(each, URIRef) for each in things):
        text = queries.cells([str(each) for each in things], shown)
    else:  # a query cannot name a blank node
        text = queries.cells_of_page(table, shown, limit, offset)
    return rows(context.store, text)


def _things(
    tables: _Tables, table: Table, limit: int, offset: int
) -> tuple[int, list[Identifier], tuple[str, ...] | None]:
    """Return the number of things, those of the page, and all if they are few.

    Without a column to sort by, one evaluation of the filters is enough.
    """
    store, count = tables.context.store, tables.count(table.class_iri)
    if _is_sorted_here(tables, table):
        if table.filters:
            every = tuple(sorted(results.iris(store, queries.matching(table, _MOST_SORTED))))
        else:
            every = tables.every(table.class_iri, only_named=table.only_named)
        few = every if table.filters and len(every) <= _MOST_LISTED else None
        if table.sort is None or table.sort[0] is None:
            if table.sort is not None and table.filters:
                every = tuple(_by_name(tables.context, table, every))
            elif table.sort is not None:
                every = tables.every_by_name(
                    table.class_iri,
                    tuple(table.vocabulary.names),
                    table.languages,
                    descends=table.sort[1],
                )
            window = every[offset : offset + limit]
            return len(every), [URIRef(each) for each in window], few
        count = len(every)
    else:
        few = None
        if table.filters:
            (row,) = rows(store, queries.count(table))
            count = int(str(row["n"]))
    return count, [row["thing"] for row in rows(store, queries.page(table, limit, offset))], few


def _is_sorted_here(tables: _Tables, table: Table) -> bool:
    """Tell whether all things have IRIs and are few enough to be sorted in this process."""
    is_named = table.only_named or table.class_iri not in tables.blank()
    return is_named and tables.count(table.class_iri) <= _MOST_SORTED


def _by_name(context: Context, table: Table, things: Iterable[str]) -> list[str]:
    """Return things in the order of their names, those without a name last."""
    text = queries.names(table)
    order = {language: n for n, language in enumerate(table.languages)}
    best: dict[str, tuple[int, str]] = {}
    for thing, name, language in results.names(context.store, text) if text else ():
        ranked = (order.get(language, len(order)), name)
        best[thing] = min(best.get(thing, ranked), ranked)
    things = tuple(things)
    named = sorted((each for each in things if each in best), key=lambda each: best[each][1])
    if table.sort is not None and table.sort[1]:
        named.reverse()
    return [*named, *(each for each in things if each not in best)]


def _shown_columns(offered: tuple[Column, ...]) -> tuple[Column, ...]:
    return tuple(each for each in offered if each.used)[:MOST_COLUMNS]


def _faceted(table: Table, pairs: Pairs, total: int) -> list[Column]:
    """Return the columns whose values are counted: those of ``facet``, or columns of things.

    Without ``facet``, the values of many filtered things are not counted: it would take a second.
    """
    names = {value for name, value in pairs if name == "facet"}
    if names:
        return [each for each in table.columns if each.name in names][:_FACETS]
    if table.filters and total > _MOST_COUNTED:
        return []
    return [each for each in table.columns if each.used and each.classes][:_FACETS]
