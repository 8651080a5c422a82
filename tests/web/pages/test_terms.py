"""Terms as people read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdflib import XSD, BNode, Literal, URIRef

from kg_server.linked_data.documents import Site
from kg_server.web.pages import terms
from kg_server.web.pages.terms import LabelNotLoaded, Labels

BASE = "https://diplomacy.example/"


CANADA = URIRef(f"{BASE}id/state/CAN")


def loaded(store, language, *terms):
    labels = Labels(Site(store, BASE), language)
    labels.load(terms)
    return labels


@pytest.fixture
def labels(store):
    return loaded(store, "en", CANADA)


def test_a_thing_is_shown_by_its_label_and_links_to_its_page(labels):
    shown = labels.show(CANADA)

    assert (shown.text, shown.language, shown.href) == ("Canada", "en", "/doc/state/CAN")


@pytest.mark.parametrize(
    ("language", "expected"), [("bn", "কানাডা"), ("fr", "Canada"), ("en", "Canada")]
)
def test_the_label_is_in_the_readers_language_where_there_is_one(store, language, expected):
    assert loaded(store, language, CANADA).of(CANADA).text == expected


def test_what_has_no_label_is_shown_by_the_end_of_its_name(store):
    part, entity = map(URIRef, ("https://example.org/ns#isPartOf", "https://example.org/Q16"))
    labels = loaded(store, "en", part, entity)

    assert [labels.show(each).text for each in (part, entity)] == ["is part of", "Q16"]


def test_a_label_that_was_not_loaded_is_a_fault_and_no_query(store):
    labels = loaded(store, "en")

    with pytest.warns(LabelNotLoaded, match="state/CAN"):
        assert labels.of(CANADA).text == "CAN"


def test_a_blank_node_has_no_name_to_show(labels):
    assert labels.show(BNode("b0")).text == "…"


@pytest.mark.parametrize(
    ("literal", "expected"),
    [
        (Literal("19713000.0", datatype=XSD.decimal, normalize=False), "19,713,000"),
        (Literal("0.5", datatype=XSD.decimal, normalize=False), "0.5"),
        (Literal("NaN", datatype=XSD.double, normalize=False), "NaN"),
        (Literal("1e999999999", datatype=XSD.double, normalize=False), "1e999999999"),
        (Literal("1992-07-10", datatype=XSD.date, normalize=False), "10 July 1992"),
        (Literal("2004-09", datatype=XSD.gYearMonth, normalize=False), "September 2004"),
        (Literal("1992", datatype=XSD.gYear, normalize=False), "1992"),
        (Literal("-0044-03-15", datatype=XSD.date, normalize=False), "-0044-03-15"),
        (Literal("true", datatype=XSD.boolean, normalize=False), "✓"),
    ],
)
def test_a_value_is_shown_with_the_precision_it_was_given_in(labels, literal, expected):
    assert labels.show(literal).text == expected


def test_a_long_text_is_cut_and_its_rest_kept(labels):
    shown = labels.show(Literal("x" * 1000))

    assert len(shown.text) == terms.LONGEST_TEXT
    assert shown.text + shown.rest == "x" * 1000


@given(st.text(max_size=40))
def test_no_text_becomes_a_link_that_runs_something(text):
    href = terms.link(text, BASE)

    assert href is None or href.startswith(("/", "http://", "https://", "HTTP"))
    assert href is None or not href.startswith("//")


@given(
    st.sampled_from(["javascript:", "data:", "vbscript:", "JaVaScRiPt:", " https://x"]), st.text()
)
def test_a_scheme_that_runs_something_is_never_a_link(scheme, rest):
    assert terms.link(scheme + rest, BASE) is None


@given(st.text(max_size=60))
def test_any_literal_can_be_shown(text):
    for datatype in (XSD.date, XSD.gYear, XSD.decimal, XSD.integer, None):
        literal = Literal(text, datatype=datatype, normalize=False)
        assert Labels(Site(None, BASE), "bn").show(literal).text is not None
