"""Headers without what no answer depends on: they negotiate as they did."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kg_server import formats
from kg_server.errors import NotAcceptable
from kg_server.formats import RESULT, Kind
from kg_server.web import citation, exports, parameters

RANGES = st.sampled_from(
    [
        *("text/html", "text/turtle", "application/json", "application/ld+json", "text/csv"),
        *("text/markdown", "application/x-bibtex", exports.XLSX.media_type, "*/*", "text/*"),
        *("image/*", "image/png", "application/*", "zz/zz", "*", "a", "text/plain"),
    ]
)
PARAMETERS = st.sampled_from(["", ";q=0", ";q=0.5", ";q=1", ";q=0.123", ";q=x", ";v=b3;q=0.7"])
HEADERS = st.lists(st.tuples(RANGES, PARAMETERS), max_size=6).map(
    lambda parts: ", ".join(f"{media_range}{q}" for media_range, q in parts)
)


def negotiated(header):
    found = []
    for kind in (Kind.BINDINGS, Kind.BOOLEAN, Kind.GRAPH, RESULT, RESULT | Kind.GRAPH):
        for html in (False, True):
            try:
                found.append(formats.negotiate(header, kind, html=html))
            except NotAcceptable:
                found.append(None)
    exported = [exports.asked(None, header, labels=labels) for labels in (False, True)]
    return found, exported, citation.asked(None, header)


@given(HEADERS)
def test_an_accept_header_without_what_nobody_offers_negotiates_the_same(header):
    kept = parameters.relevant_types(header)

    assert negotiated(kept) == negotiated(header)
    assert parameters.relevant_types(kept) == kept


def test_browsers_ask_for_the_same_pages():
    firefox = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    chrome = (
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,"
        "*/*;q=0.8,application/signed-exchange;v=b3;q=0.7"
    )

    assert parameters.relevant_types(chrome) == parameters.relevant_types(firefox)
    assert parameters.relevant_language("en-GB,en;q=0.9") == ""
    assert parameters.relevant_language("fr-CA,bn") == parameters.relevant_language("de,fr;q=0.3")
