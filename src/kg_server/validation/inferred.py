"""Triples that data and ontology entail by RDFS or OWL 2 RL, and contradictions among them.

pySHACL would infer them, too, but then the prefilter could not know them: pySHACL alone takes an
hour for what the prefilter leaves a second of.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pyoxigraph
from rdflib import RDF, Graph, Literal, Namespace, URIRef
from rdflib.term import Node

from kg_server.rdf import terms
from kg_server.validation.report import RULES_IRI, Finding, Severity

INCONSISTENT = f"<{RULES_IRI}inconsistent>"
"""The shape of findings that two triples contradict each other by OWL 2 RL."""

_ERROR = Namespace("http://www.daml.org/2002/03/agents/agent-ont#")
"""The vocabulary in which owlrl 7 adds contradictions to the graph."""


def prepare() -> None:
    """Import what ``infer`` could not in a child that can open no file."""
    import pyshacl.inference  # noqa: F401  # which imports owlrl


def infer(data: Graph, kind: str) -> tuple[list[Any], tuple[Finding, ...]]:
    """Return the inferred triples, as pyoxigraph's, and a finding for each contradiction.

    Args:
        data: data and ontology; it is expanded in place.
        kind: ``rdfs`` or ``owlrl``.
    """
    import owlrl
    from pyshacl.inference import CustomRDFSSemantics

    before = set(data)
    subjects = set(data.subjects())
    owlrl.DeductiveClosure(CustomRDFSSemantics if kind == "rdfs" else owlrl.OWLRL_Semantics).expand(
        data
    )
    errors = set(data.subjects(RDF.type, _ERROR.ErrorMessage))
    messages = sorted({str(each) for each in data.objects(None, _ERROR.error)})
    triples = [
        pyoxigraph.Quad(*map(terms.to_pyoxigraph, triple))
        for triple in data
        # A triple of RDF has no literal as its subject; the rules of OWL 2 RL infer such, too.
        if triple not in before and triple[0] not in errors and not isinstance(triple[0], Literal)
    ]
    return triples, tuple(_contradictions(messages, subjects))


def _contradictions(messages: list[str], subjects: set[Node]) -> Iterator[Finding]:
    for message in messages:
        named = [URIRef(each) for each in re.findall(r"[^\s(),']+:[^\s(),']+", message)]
        about = [each for each in named if each in subjects]
        if about:  # a literal that is not of its datatype is for the rule on literals
            yield Finding(
                severity=Severity.VIOLATION,
                focus_node=terms.n_triples(about[-1]),
                path=None,
                value=None,
                source_shape=INCONSISTENT,
                source_constraint=None,
                component=INCONSISTENT,
                message=f"By OWL 2 RL, data and ontology contradict each other: {message}",
            )
