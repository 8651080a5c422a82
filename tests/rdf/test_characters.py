"""Classes of characters of names, against the ranges of the grammars, for every character."""

from __future__ import annotations

import re

import pytest

from kg_server import escaping, project
from kg_server.rdf.characters import DIGITS, LETTERS, first, inner

FIRST = (
    r"A-Za-z\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u02FF\u0370-\u037D\u037F-\u1FFF\u200C\u200D"
    r"\u2070-\u218F\u2C00-\u2FEF\u3001-\uD7FF\uF900-\uFDCF\uFDF0-\uFFFD\U00010000-\U000EFFFF"
)
INNER = FIRST + r"0-9\u00B7\u0300-\u036F\u203F\u2040"
EVERY = "".join(map(chr, range(0x110000)))


@pytest.mark.parametrize(
    ("made", "ranges"),
    [
        (first(LETTERS), f"[{FIRST}]"),
        (first(LETTERS + DIGITS + "_:"), f"[{FIRST}0-9_:]"),
        (inner(LETTERS + DIGITS), f"[{INNER}]"),
        (inner(LETTERS + DIGITS + "_.-:"), f"[{INNER}_.:-]"),
        (escaping._NO_XML.pattern, r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"),
        (
            project._NOT_IN_IRI.pattern,
            r"[^A-Za-z0-9._~!$&'()*+,;=:@/\-\u00a0-\ud7ff\uf900-\ufdcf\ufdf0-\uffef"
            r"\U00010000-\U0001fffd\U00020000-\U0002fffd\U00030000-\U0003fffd]",
        ),
    ],
)
def test_a_class_has_the_characters_of_the_grammar(made, ranges):
    assert re.findall(made, EVERY) == re.findall(ranges, EVERY)
