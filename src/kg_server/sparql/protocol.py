"""SPARQL 1.1 Protocol and Graph Store Protocol: pure functions that read requests.

This module needs neither a web framework nor a database. Parameters and headers are its input, a
``Query`` is its output.
"""

from __future__ import annotations

import difflib
import re
from binascii import a2b_qp
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass

from kg_server import formats
from kg_server.errors import (
    BadRequest,
    MalformedQuery,
    NotAcceptable,
    UnsupportedMediaType,
    UpdateRefused,
)
from kg_server.formats import Format, Kind
from kg_server.sparql import keywords, lexer
from kg_server.sparql.query import Dataset, Query
from kg_server.sparql.terms import is_iri

Pairs = Sequence[tuple[str, str]]

FORM = "application/x-www-form-urlencoded"
QUERY = "application/sparql-query"
UPDATE = "application/sparql-update"

PARAMETERS = frozenset({"query", "default-graph-uri", "named-graph-uri", "format", "timeout"})
"""The parameters of a query operation: the protocol's three, and two of our own."""

_OF_DATASETS = frozenset({"default-graph-uri", "named-graph-uri"})
_OF_UPDATES = frozenset({"update", "using-graph-uri", "using-named-graph-uri"})
_NO_DATASET = Dataset()
_LANGUAGE = "lang"
"""The parameter for the language of the page around a query; the operation does not need it."""
_MOST_PARAMETERS = 1000
_STRAY = re.compile("%(?![0-9A-Fa-f]{2})")
"""A percent sign that begins no escape: it stands for itself (URL Standard §1.3)."""
_BEGINNING = 500
"""Characters that are searched for a misspelt keyword."""
_REPEATABLE = _OF_DATASETS | {"format"}


@dataclass(frozen=True, slots=True)
class Operation:
    """A query operation as the client sent it (SPARQL 1.1 Protocol §2.1).

    ``text`` is ``None`` without a query: the client then gets the service description.
    ``format_names`` are the non-empty values of ``format``. ``timeout_s`` is the timeout that the
    client asks for, if any.
    """

    text: str | None
    dataset: Dataset = Dataset()
    format_names: tuple[str, ...] = ()
    timeout_s: float | None = None


def operation(
    method: str, query_string: str, content_type: str = "", body: bytes = b""
) -> Operation:
    """Read a query operation from a request.

    Unknown parameters beside a query are ignored: many clients send parameters of other servers,
    such as ``output`` and ``results`` from SPARQLWrapper.

    Args:
        method: ``GET``, ``HEAD``, ``POST`` or ``QUERY``.
        query_string: the URL's query component, still percent-encoded.
        content_type: the ``Content-Type`` header.
        body: the request's body.

    Raises:
        BadRequest: a parameter is repeated or ill-formed, a POST has no query, or a GET has only
            unknown parameters.
        UnsupportedMediaType: the protocol does not have the media type of the body.
        UpdateRefused: the request is an update operation (§2.2).
    """
    pairs = [pair for pair in decode(query_string) if pair[0] != _LANGUAGE]
    has_body = method in ("POST", "QUERY")
    if has_body:
        pairs = [*pairs, *_body(content_type, body)]
    names = {name for name, _ in pairs}
    if not names.isdisjoint(_OF_UPDATES):
        raise UpdateRefused("This endpoint answers queries; it takes no SPARQL Update.")
    if "query" in names:
        pairs = known(pairs, PARAMETERS)
    single = singles(pairs, PARAMETERS, repeatable=_REPEATABLE)
    if has_body and "query" not in single:
        raise BadRequest("The request has no query. Send it as the parameter 'query'.")
    if names.isdisjoint(_OF_DATASETS):
        dataset = _NO_DATASET
    else:
        dataset = Dataset(_graphs(pairs, "default-graph-uri"), _graphs(pairs, "named-graph-uri"))
    if "query" not in single and dataset:
        raise BadRequest("A dataset is given without a query. Add the parameter 'query'.")
    formats_asked = tuple(value for name, value in pairs if name == "format" and value)
    return Operation(
        text=single.get("query"),
        dataset=dataset,
        format_names=formats_asked,
        timeout_s=_timeout(single.get("timeout")),
    )


def decode(query_string: str) -> list[tuple[str, str]]:
    """Split and decode ``application/x-www-form-urlencoded`` text.

    Raises:
        BadRequest: the text is not percent-encoded UTF-8, or has over 1,000 parameters.

    >>> decode("query=ASK+%7B%7D&a=%C3%A9&&b")
    [('query', 'ASK {}'), ('a', 'é'), ('b', '')]
    """
    if query_string.count("&") >= _MOST_PARAMETERS:
        raise BadRequest("The request has too many parameters.")
    pairs = query_string.split("&")
    try:
        return [
            (_decoded(name), _decoded(value))
            for name, _, value in (pair.partition("=") for pair in pairs if pair)
        ]
    except UnicodeDecodeError as error:
        raise BadRequest("The parameters are not percent-encoded UTF-8.") from error


def _decoded(text: str) -> str:
    if "%" not in text and "+" not in text:
        return text
    # A function lets other threads run between two signs; a text would keep them waiting.
    text = _STRAY.sub(lambda _: "%25", text.replace("+", " "))
    # Quoted-printable is percent-encoding with another sign, and Python decodes it in C: 2 µs
    # instead of 14 for a query.
    return a2b_qp(text.replace("=", "=3D").replace("%", "=").encode()).decode()


def known(pairs: Pairs, names: Collection[str]) -> list[tuple[str, str]]:
    """Return the parameters that have one of these names."""
    return [(name, value) for name, value in pairs if name in names]


def singles(
    pairs: Pairs, known: Collection[str], *, repeatable: Collection[str] = ()
) -> dict[str, str]:
    """Return the parameters by name; each may occur once.

    Raises:
        BadRequest: a parameter is unknown, or occurs twice and is not ``repeatable``.
    """
    values: dict[str, str] = {}
    for name, value in pairs:
        if name not in known:
            takes = ", ".join(sorted(known))
            raise BadRequest(f"There is no parameter {name!r}. Known are: {takes}.", parameter=name)
        if name in values and name not in repeatable:
            raise BadRequest(f"The parameter {name!r} is given twice.", parameter=name)
        values[name] = value
    return values


def query(asked: Operation, accept: str | None, *, base_iri: str, limit_s: float) -> Query:
    """Turn an operation with a query into a ``Query`` for a store.

    Args:
        asked: the operation; its ``text`` is not ``None``.
        accept: the ``Accept`` header; a ``format`` parameter wins over it.
        base_iri: base for relative IRIs of the query.
        limit_s: the server's limit for a query, seconds.

    Raises:
        NotAcceptable: the client accepts no format that can carry the result.
        UpdateRefused: the text is an update.
        MalformedQuery: the text has no query form at all.
    """
    text = asked.text or ""
    form = keywords.form_of(text)
    if form is None:
        raise MalformedQuery(
            f"The text has none of {', '.join(keywords.Form.__members__)}.{_meant(text)}",
            line=1,
            column=1,
        )
    chosen = format_for(asked, accept, form.kind)
    timeout_s = min(limit_s, asked.timeout_s or limit_s)
    return Query(
        text=text, format=chosen, base_iri=base_iri, dataset=asked.dataset, timeout_s=timeout_s
    )


def _meant(text: str) -> str:
    """Return a suggestion for a misspelt first keyword of a query; empty if there is none."""
    for word in lexer.words(text[:_BEGINNING]):
        if word not in ("BASE", "PREFIX"):
            near = difflib.get_close_matches(word, keywords.Form.__members__, n=1)
            return f" Did you mean {near[0]}?" if near else ""
    return ""


def format_for(asked: Operation, accept: str | None, kind: Kind) -> Format:
    """Choose the format of an operation's result.

    The first ``format`` parameter that names a known format decides. SPARQLWrapper sends both the
    name and the media type if it is not sure of the name.

    Raises:
        NotAcceptable: no parameter names a format, or no format is acceptable.
    """
    *others, last = asked.format_names or (None,)
    for name in others:
        with suppress(NotAcceptable):
            return choose_format(name, accept, kind)
    return choose_format(last, accept, kind)


def choose_format(
    name: str | None, accept: str | None, kind: Kind, *, html: bool = False
) -> Format:
    """Choose a format by the ``format`` parameter or extension, else by ``Accept``.

    Raises:
        NotAcceptable: there is no such format, or no format is acceptable.
    """
    if name is not None:
        return formats.named(name, kind, html=html)
    return formats.negotiate(accept, kind, html=html)


def prefers_page(format_names: Sequence[str], accept: str | None) -> bool:
    """Tell whether the client of a query operation wants a page rather than a result."""
    name = format_names[0] if format_names else None
    try:
        chosen = choose_format(name, accept, formats.ANSWER, html=True)
    except NotAcceptable:
        return False
    return chosen.is_page


def absolute_iri(text: str, what: str) -> str:
    """Return the absolute IRI that a parameter gives, unchanged.

    Raises:
        BadRequest: it is not an absolute IRI (RFC 3987 §2.2).
    """
    if not is_iri(text):
        raise BadRequest(f"{what}={text!r} is not an absolute IRI.", parameter=what)
    return text


def whole_number(text: str, name: str, least: int, most: int) -> int:
    """Return the whole number that a parameter gives.

    Raises:
        BadRequest: the text is not a whole number from ``least`` to ``most``.

    >>> whole_number("020", "limit", 1, 100)
    20
    """
    number = int(text.lstrip("0")[:13] or 0) if text.isascii() and text.isdigit() else -1
    if not least <= number <= most:
        takes = f"a whole number from {least} to {most}"
        raise BadRequest(
            f"The parameter {name!r} takes {takes}; {text[:80]!r} is not one.",
            parameter=name,
            takes=takes,
        )
    return number


_UTF_8 = frozenset(
    f"charset={quote}{name}{quote}" for name in ("utf-8", "utf8", "us-ascii") for quote in ("", '"')
)


def _body(content_type: str, body: bytes) -> list[tuple[str, str]]:
    """Return the parameters that a POST body carries (SPARQL 1.1 Protocol §2.1.2, §2.1.3)."""
    media_type, *parameters = (each.strip().lower() for each in content_type.split(";"))
    if media_type == UPDATE:
        raise UpdateRefused("This endpoint answers queries; it takes no SPARQL Update.")
    if media_type not in (FORM, QUERY):
        raise UnsupportedMediaType(
            f"A query is posted as {QUERY} or {FORM}, not as {media_type or 'nothing'}.",
            headers={"Accept-Post": f"{QUERY}, {FORM}"},
        )
    # A form is percent-encoded UTF-8, whatever charset it declares (URL Standard §5.1).
    if media_type == QUERY and not _UTF_8.issuperset(parameters):
        raise UnsupportedMediaType("A query is posted in UTF-8; see its Content-Type.")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadRequest(f"The body is not UTF-8: byte {error.start} is wrong.") from error
    return decode(text) if media_type == FORM else [("query", text)]


def _graphs(pairs: Pairs, parameter: str) -> tuple[str, ...]:
    values = (value for name, value in pairs if name == parameter)
    return tuple(dict.fromkeys(absolute_iri(value, parameter) for value in values))


def _timeout(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise BadRequest("timeout= takes a number of seconds.", parameter="timeout")
    return seconds or None  # some clients send 0 for "no timeout"
