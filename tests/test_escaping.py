"""Untrusted text in what kg-server prints."""

from __future__ import annotations

import html
import re
import xml.etree.ElementTree as ElementTree

import html5rdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg_server import escaping

HOSTILE = (
    "\x1b]0;title\x07 \x9b31m \x7f \u202ertl\u2066 \u2028 \u2029 \x85 \ufffe \uffff \ud800 "
    "```\n<img src=x> @everyone [x](https://evil.example) $a$ | ::error::x ##[add-mask]y\r\n"
)
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@pytest.mark.parametrize("write", [escaping.terminal, escaping.line, escaping.markdown])
def test_a_terminal_has_nothing_to_obey(write):
    assert OBEYED.search(HOSTILE)
    assert not OBEYED.search(write(HOSTILE))


@given(st.text())
def test_a_line_stays_one_line(text):
    assert len(escaping.line(text).splitlines()) <= 1


@given(st.text())
def test_whatever_a_text_holds_its_xml_can_be_parsed(text):
    written = ElementTree.Element("a", {"b": escaping.xml(text)})

    assert ElementTree.fromstring(ElementTree.tostring(written)) is not None  # noqa: S314


@given(st.text())
def test_whatever_a_page_holds_html_can_carry_it(text):
    parser = html5rdf.HTMLParser()

    parser.parse(f"<!DOCTYPE html><title>x</title><p>{html.escape(escaping.html(text))}</p>")

    assert parser.errors == []


@given(st.text())
def test_text_that_xml_can_carry_is_left_alone(text):
    kept = all(char in "\t\n\r" or char >= " " for char in text) and text.isprintable()

    assert not kept or escaping.xml(text) == text


@given(st.text(alphabet="`a\n"))
def test_no_text_ends_its_fence(text):
    fence, *within, last = escaping.fenced(text).split("\n")

    assert last == fence
    assert not any(line.strip().startswith(fence) for line in within)


def test_a_workflow_runner_is_told_where_commands_stop_and_go_on():
    first, *_, last = escaping.no_commands(HOSTILE).splitlines()

    token = first.removeprefix("::stop-commands::")
    assert last == f"::{token}::"
    assert token not in HOSTILE


def test_a_message_of_a_workflow_command_is_one_line():
    assert "\n" not in escaping.workflow_message(HOSTILE)
    assert not {":", ","} & set(escaping.workflow_property("a:b,c"))


def test_a_message_of_sarif_has_no_link():
    assert "[x]" not in escaping.sarif(HOSTILE).replace("\\[", "").replace("\\]", "")
