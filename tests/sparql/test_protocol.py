"""What a request asks for: the parts that are not the W3C's cases (``tests/w3c``)."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg_server.errors import BadRequest
from kg_server.sparql import protocol

ODD = st.text(alphabet="%&=+;aF09 \r\n_é💬\x00", max_size=40)


@given(st.lists(st.tuples(st.text(), st.text()), max_size=5))
def test_what_a_form_encodes_is_decoded_again(pairs):
    assert protocol.decode(urlencode(pairs)) == pairs


@given(ODD)
def test_odd_parameters_are_decoded_as_by_the_standard_library(text):
    try:
        expected = parse_qsl(text, keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        with pytest.raises(BadRequest):
            protocol.decode(text)
    else:
        assert protocol.decode(text) == expected
