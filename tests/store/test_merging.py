"""Literals that engines take for one."""

from __future__ import annotations

import pytest

from kg_server.store import merging

XSD = "http://www.w3.org/2001/XMLSchema#"


def lines(*literals: str, subject: str = "<urn:s>") -> bytes:
    typed = (each.rpartition("^") for each in literals)
    terms = (f'"{value}"^^<{XSD}{kind}>' for value, _, kind in typed)
    return "".join(f"{subject} <urn:p> {each} .\n" for each in terms).encode()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["1^integer", "1.5^decimal", "1.5^double"], ["1^integer", "1.5^decimal", "1.5^double"]),
        (["01^integer", "2^integer", "1^int", "1.50^decimal", "1.5^decimal"],
         ["01^integer", "2^integer", "1.50^decimal"]),
        (["1^boolean", "true^boolean", "false^boolean"], ["1^boolean", "false^boolean"]),
        (["x^integer", "1^integer"], ["x^integer", "1^integer"]),
    ],
)  # fmt: skip
def test_what_our_engine_takes_for_one_literal_is_written_once(given, expected):
    texts = b'<urn:s> <urn:p> "1" .\n<urn:s> <urn:q> <urn:1> .\n'

    assert merging.once(lines(*given) + texts) == lines(*expected) + texts


def test_of_literals_that_an_engine_takes_for_one_the_longest_is_kept():
    graphs = {
        "urn:g": lines("1958^gYear", "1958-01-01^date", "1960^gYear", "1958-01^gYearMonth"),
        "urn:h": lines("1958^gYear") + lines("1958-01-01^date", subject="<urn:t>"),
    }

    def trial(sets):
        return [len({each[:5] for each in literals}) for literals in sets]

    found = merging.merged(graphs, trial)

    assert {each.graph_iri for each in found} == {"urn:g"}
    assert {each.literal for each in found} == {
        f'"1958-01"^^<{XSD}gYearMonth>',
        f'"1958"^^<{XSD}gYear>',
    }
    assert {each.kept for each in found} == {f'"1958-01-01"^^<{XSD}date>'}
    assert {each.subject_and_predicate for each in found} == {"<urn:s> <urn:p>"}
