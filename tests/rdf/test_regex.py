"""Regular expressions of XPath."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg_server.rdf.regex import compiled


@pytest.mark.parametrize(
    ("pattern", "flags", "text", "matches"),
    [
        (r"^\p{L}+$", "", "Köln", True),
        (r"^\p{L}+$", "", "123", False),
        (r"^\P{L}+$", "", "123", True),
        (r"^\p{IsGreek}+$", "", "αβ", True),
        (r"^[\p{Lu}-[A-M]]$", "", "A", False),
        (r"^[\p{Lu}-[A-M]]$", "", "Z", True),
        ("^[a-z-[aeiou]]+$", "", "xyz", True),
        ("^[a-z-[aeiou]]+$", "", "aei", False),
        ("^[a-z-[b-y-[m]]]+$", "", "amz", True),
        ("^[a-z-[b-y-[m]]]+$", "", "amc", False),
        ("^abc$", "", "abc\n", False),
        ("^abc$", "m", "abc\n", True),
        ("^b$", "m", "a\nb\nc", True),
        ("^b$", "", "a\nb\nc", False),
        ("^$", "m", "a\n", False),
        ("^.$", "", "\n", False),
        ("^.$", "", "\r", False),
        ("^.$", "s", "\n", True),
        ("a.b", "q", "axb", False),
        ("a.b", "q", "xa.bx", True),
        ("[", "qi", "[", True),
        ("A.B", "qi", "a.b", True),
        ("a b # c", "x", "ab#c", True),
        ("[a b]+", "x", "  ", True),
        ("^[A-Z]+$", "i", "abc", True),
        ("^[^A-Z]+$", "i", "abc", False),
        (r"^\p{Lu}+$", "i", "abc", False),
        ("straße", "i", "STRAßE", True),
        (r"^\i\c*$", "", "a:b-c.1", True),
        (r"^\i\c*$", "", "1a", False),
        (r"^[\i-[:]][\c-[:]]*$", "", "a:b", False),
        (r"^\w+$", "", "a_b", False),
        (r"^\w+$", "", "a+1", True),
        (r"^\s$", "", "\xa0", False),
        (r"^\d+$", "", "৪২", True),
        (r"^[\W\S]$", "", "b", True),
        (r"^[^a\S]$", "", "b", False),
        (r"^(a|b)\1$", "", "aa", True),
        (r"^(a|b)\1$", "", "ab", False),
        (r"^(?:(a)|b)\1$", "", "b", True),
        (r"^(.)\10$", "", "aa0", True),
        ("^a{2,3}?b$", "", "aaab", True),
        (r"^[\^\-\]$]$", "", "$", True),
        ("^[-a]$", "", "-", True),
        ("^[a-]$", "", "-", True),
        ("a||b", "", "", True),
        ("a{0}", "", "", True),
        (r"\$", "", "5$", True),
    ],
)
def test_a_pattern_matches_as_in_xpath(pattern, flags, text, matches):
    assert bool(compiled(pattern, flags).search(text)) is matches


@pytest.mark.parametrize(
    ("pattern", "flags"),
    [
        *((each, "") for each in ("(?=a)", "(?i)a", "(?P<n>a)", r"\b", r"\A", r"\/", r"\u0041")),
        *((each, "") for each in ("a{,3}", "a**", "a++", "a{2}{3}", "a{5,2}", "{2}", "+", "?")),
        *(
            (each, "")
            for each in ("[", "[]", "[^]", "[a", "]", "}", "[a[b]]", "[a-z-[b]c]", "[z-a]")
        ),
        *((each, "") for each in ("(", "a)", "(a", "a\\", r"\p", r"\p{L", r"\p{Foo}", r"[a-\d]")),
        *((each, "") for each in (r"\1", r"(a\1)", r"[\1]", r"\0", "a{99999999999999999999}")),
        ("a", "g"),
        ("a", "I"),
        ("a", " "),
    ],
)
def test_what_xpath_has_not_is_refused_in_words(pattern, flags):
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        compiled(pattern, flags)


@given(st.characters(), st.sampled_from(["L", "Lu", "N", "Nd", "P", "Z", "S", "M", "Cc"]))
def test_categories_are_those_of_unicode(character, category):
    new = unicodedata.category(character) == "Cn"  # not in this Python's version of Unicode
    expected = unicodedata.category(character).startswith(category)

    assert new or bool(compiled(rf"\p{{{category}}}").search(character)) is expected
    assert new or bool(compiled(rf"[^\p{{{category}}}]").search(character)) is not expected


@given(st.text(), st.text())
def test_any_text_is_found_literally_with_the_flag_q(text, around):
    assert compiled(text, "q").search(around + text + around)


@given(
    st.text(alphabet="ab^$.|?*+(){}[]\\-01,pLdwsic\n ", max_size=12), st.text("ab^-\n", max_size=5)
)
def test_any_pattern_is_translated_or_refused(pattern, text):
    try:
        found = compiled(pattern, "")
    except ValueError:
        return

    assert isinstance(found, re.Pattern)
    found.search(text)
