"""Queries over the graphs that pySHACL looks at."""

from __future__ import annotations

from rdflib import XSD, Graph, Literal, URIRef
from rdflib.plugins.stores.memory import Memory

from kg_server.validation import graphs

EX = "https://e.org/"


class Counting(Memory):
    """A store that counts how often a predicate is looked up."""

    looked_up = 0

    def triples(self, triple_pattern, context=None):
        self.looked_up += triple_pattern[1] == URIRef(f"{EX}q")
        return super().triples(triple_pattern, context)


def test_exists_is_evaluated_only_where_the_other_filters_are_true():
    store = Counting()
    graph = graphs.graph(store)
    for number in range(20):
        graph.add((URIRef(f"{EX}{number}"), URIRef(f"{EX}p"), URIRef(f"{EX}{number}")))
    plain = Graph(store, graph.identifier)
    condition = f"FILTER NOT EXISTS {{ ?this <{EX}q> ?any }} FILTER(?value = <{EX}7>)"
    text = f"SELECT ?this {{ ?this <{EX}p> ?value {condition} }}"

    solutions = list(graph.query(text))

    assert store.looked_up == 1
    assert solutions == list(plain.query(text)) == [(URIRef(f"{EX}7"),)]


def test_a_filter_that_is_an_error_drops_a_solution_within_and_without_exists():
    graph = graphs.graph()
    graph.add((URIRef(f"{EX}a"), URIRef(f"{EX}p"), URIRef(f"{EX}b")))
    wrong = f"?this <{EX}p> ?value FILTER(?value > 1) FILTER EXISTS {{ ?this ?any ?value }}"

    assert not list(graph.query(f"SELECT ?this {{ {wrong} }}"))
    assert list(graph.query(f"SELECT ?a {{ ?a ?b ?c FILTER NOT EXISTS {{ {wrong} }} }}"))


def test_a_sum_with_an_ill_typed_number_is_an_error_that_leaves_the_variable_unbound():
    graph = graphs.graph()
    for value in ("one", "2"):
        graph.add((URIRef(f"{EX}{value}"), URIRef(f"{EX}p"), Literal(value, datatype=XSD.integer)))

    found = graph.query(f"SELECT ?a ?sum {{ ?a <{EX}p> ?value BIND(1 + ?value AS ?sum) }}")

    assert set(found) == {(URIRef(f"{EX}one"), None), (URIRef(f"{EX}2"), Literal(3))}
