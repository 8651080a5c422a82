"""Queries of SPARQL constraints, prepared for rdflib."""

from __future__ import annotations

import sys

import rdflib
from rdflib.plugins.sparql.operators import TrueFilter

from kg_server.validation import expressions, prepared


def test_a_query_is_evaluated_after_any_number_of_others_with_optional():
    text = "SELECT ?c { <x:a> <x:p> ?b OPTIONAL { ?b <x:p> ?c } }"
    graph = rdflib.Graph().parse(data="<x:a> <x:p> <x:b> . <x:b> <x:p> <x:c> .")
    query = prepared.query(text)

    for _ in range(sys.getrecursionlimit()):
        expressions.correct(TrueFilter)

    assert [str(row.c) for row in graph.query(query)] == ["x:c"]
