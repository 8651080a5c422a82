"""Nesting: what the engine's stack cannot hold is refused before the engine sees it."""

from __future__ import annotations

import pytest

from kg_server.errors import NestedTooDeeply
from kg_server.sparql import nesting

GOOD = {
    "groups": "ASK " + "{" * 200 + "}" * 200,
    "functions": "ASK { FILTER(" + "STR(" * 200 + "1" + ")" * 201 + " }",
    "terms of a sum": "ASK { FILTER(1" + " + 1" * 2000 + ") }",
    "alternatives": "ASK { FILTER(?x = 1" + " || ?x = 1" * 2000 + ") }",
    "groups in a row": "ASK { " + " UNION ".join(["{}"] * 1000) + " }",
    "values": "ASK { VALUES ?x { " + "-1 " * 20_000 + "} FILTER(?x IN (" + "1," * 50_000 + "1)) }",
    "triples": "ASK { " + "?s ?p (1 2) . " * 20_000 + "}",
    "triple terms": "ASK { " + "<< ?s ?p <<( <urn:a> <urn:b> 1 )>> >> ?q 1 . " * 2_000 + "}",
    "brackets in strings": "ASK { ?s ?p '" + "(" * 20_000 + "' } # " + "{" * 20_000,
}


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD)
def test_what_people_and_programs_write_is_not_too_deep(text):
    nesting.check(text)


def test_the_place_is_where_it_becomes_too_deep():
    text = "ASK {\n  FILTER(" + "(" * 20_000

    with pytest.raises(NestedTooDeeply, match="line 2, column 407: ") as caught:
        nesting.check(text)

    assert caught.value.members["line"] == 2
    assert caught.value.members["near"].endswith(f"((((\n{' ' * 60}^")


def test_triple_terms_are_brackets_too():
    with pytest.raises(NestedTooDeeply, match="line 1, column "):
        nesting.check("ASK { ?s ?p " + "<<<urn:a> <urn:b>" * 20_000 + "1" + ">>" * 20_000 + " }")


def test_a_bracket_that_is_closed_counts_no_more():
    nesting.check("ASK { FILTER(" + " || ".join(["(((?x)))"] * 1000) + ") }")
