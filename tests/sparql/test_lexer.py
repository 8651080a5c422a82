"""Tokens of SPARQL text: nothing is lost, nothing is mistaken, and nothing takes long."""

from __future__ import annotations

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg_server.sparql import lexer

TOKENS = {
    "space": (" ", "\n", "\t \r\n"),
    "comment": ("# a 'comment' <\n", "#\n"),
    "iri": ("<>", "<urn:x>", "<http://x/é#y>", r"<urn:\u00E9\U0001F4AC>"),
    "name": (
        *(":", "a:", ":b", "a.b:c.d", "é:ü", "a:b%4Ac", ":1:2", "a-1:b-"),
        *(r"a:\-\.\~", r"\u03B1:a"),
    ),
    "blank": ("_:b", "_:1.2", "_:é-x"),
    "variable": ("?x", "$x", "?1", "?é_1", r"?\u0078"),
    "string": (
        *("''", '""', "'a\"b'", r'"a\"b"', r"'\\'", r"'\u00E9'", '"# <x> ?y"'),
        *('""""""', "''''''", '"""a\n"b""c"""', "'''a'b''c'''", r'"""\""""'),
    ),
    "language": ("@en", "@en-GB-x-1"),
    "number": ("1", "1.5", ".5", "1e3", "1.e3", "1.5E-3", "+1", "-.5", "+1e+9"),
    "word": ("SELECT", "a", "true", "GROUP_CONCAT", "sha256", "NOT"),
    "sign": (*"{}()[].,;*/+-|^!?=<>", "^^", "&&", "||", "!=", "<=", ">="),
    "unknown": ("§", "\\", "%", "~", "\x00", "\u00a0"),
}
KNOWN = [(kind, text) for kind, texts in TOKENS.items() for text in texts]
PARTS = ["'", '"', '"""', "'''", "\\", "é", "ª", "a.", "%4", "\\u00", "@"]
PIECES = [*(text for _, text in KNOWN), *PARTS]


@given(st.text() | st.lists(st.sampled_from(PIECES)).map("".join))
def test_the_tokens_of_any_text_joined_are_the_text(text):
    tokens = list(lexer.tokens(text))

    assert "".join(token.text for token in tokens) == text
    assert [text[token.offset : token.end] for token in tokens] == [token.text for token in tokens]
    assert all(token.text for token in tokens)


@given(st.lists(st.sampled_from([each for each in KNOWN if each[0] != "space"])))
def test_tokens_between_spaces_are_told_apart(known):
    text = "".join(f"{text}\n" if kind == "comment" else f"{text} " for kind, text in known)

    found = [(token.kind, token.text.rstrip("\n")) for token in lexer.tokens(text)]

    assert [each for each in found if each[0] != "space"] == [
        (kind, text.rstrip("\n")) for kind, text in known
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ASK{?s?p?o.}", ["ASK", "{", "?s", "?p", "?o", ".", "}"]),
        ("true.FILTER(?x>1)", ["true", ".", "FILTER", "(", "?x", ">", "1", ")"]),
        ("a.:b", ["a", ".", ":b"]),
        ("a:b.c.", ["a:b.c", "."]),
        ("_:b.", ["_:b", "."]),
        ("1.?x", ["1", ".", "?x"]),
        ("?x-1", ["?x", "-1"]),
        ("?x<?y && ?z>2", ["?x", "<", "?y", "&&", "?z", ">", "2"]),
        ("'a'@en-GB,'b'^^x:y", ["'a'", "@en-GB", ",", "'b'", "^^", "x:y"]),
        ("^(a:b|!c:d)*/e:f?", ["^", "(", "a:b", "|", "!", "c:d", ")", "*", "/", "e:f", "?"]),
        ("<a b>", ["<", "a", "b", ">"]),
        ("'a\nb", ["'a", "b"]),
        ('"""a\n"b', ['"""a\n"b']),
        (":a%4G", [":a", "%", "4", "G"]),
        ("# <a>\r'b'", ["'b'"]),
    ],
)
def test_tokens_end_where_the_grammar_says(text, expected):
    assert [token.text for token in lexer.significant(text)] == expected


STRINGS = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("'\"\\\n\r#<"))


@given(STRINGS, st.sampled_from(["'", '"', "'''", '"""']))
def test_a_string_of_the_engine_is_one_token(text, quote):
    escaped = text.replace("\\", "\\\\").replace(quote[0], f"\\{quote[0]}")
    string = quote + escaped.replace("\n", "\\n").replace("\r", "\\r") + quote
    query = f"SELECT ({string} AS ?x) {{}}"

    (row,) = ox.Store().query(query)

    assert row["x"].value == text
    assert [token.text for token in lexer.tokens(query) if token.kind == "string"] == [string]


ENDLESS = [
    *('"""\\"', "'\\", "<a", "\\u0061", "a.", "é.é", "a:.", "a:b.%", "1.", "1e", "@a-", "_:a.."),
    *("\\u0061.", "a\\u00", "a.\\u00", "::", ":a\\", ":a\\u", "ª.", "_a.", "a", "1", "#", "?", " "),
]


# In a time that is the square of its length, a text of this length would take minutes.
@pytest.mark.parametrize("piece", ENDLESS)
def test_what_does_not_end_is_read_once(piece):
    text = piece * (300_000 // len(piece))

    assert sum(len(token.text) for token in lexer.tokens(text)) == len(text)


def test_words_are_the_tokens_that_are_words():
    text = "\n".join(text for _, text in KNOWN if _ != "unknown") + "true.FILTER"

    assert list(lexer.words(text)) == [
        token.text.upper() for token in lexer.tokens(text) if token.kind == "word"
    ]


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("BASE <x> PREFIX a: <urn:a> # b\n PREFIX : <urn:b> ASK {}", "ASK {}"),
        ("prefix a:<urn:a>select * {}", "select * {}"),
        ("# nothing", ""),
        ("PREFIX a <urn:a> ASK {}", "PREFIX a <urn:a> ASK {}"),
    ],
)
def test_the_prologue_ends_where_the_query_begins(text, rest):
    assert text[lexer.after_prologue(text) :] == rest
